"""The recorder's connections: the library's datastore over a connection string and a pool of our own."""

import select
from typing import Any

from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

SCHEMA = "registry"


class RegistryDatastore(PostgresDatastore):
    """The library's datastore for a connection string, whatever options it carries; errors map as the library's do."""

    def __init__(self, conninfo: str, *, pool_size: int = 4, connect_timeout: float = 10.0) -> None:
        """Describe the pool; it opens with the first connection that is asked for."""
        super().__init__(dbname="", host="", port="", user="", password="", schema=SCHEMA)
        self.conninfo = conninfo
        self.pool = ConnectionPool(
            conninfo,
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True},
            min_size=1,
            max_size=pool_size,
            open=False,
            timeout=connect_timeout,
            check=check_idle_connection,
            name="recorder",
        )

    def register_type_adapters(self) -> None:
        """Do nothing: the append statement takes arrays, not composite types as the library's does."""


def check_idle_connection(connection: Connection[Any]) -> None:
    """Refuse a pooled connection that the server has closed meanwhile, without a round trip for one that is well.

    An idle connection has nothing to read; where there is something, only talking to the server tells what.
    """
    readable, _, _ = select.select([connection.fileno()], [], [], 0)
    if readable:
        connection.execute("")
