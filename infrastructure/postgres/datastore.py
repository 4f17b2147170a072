"""The recorder's connections: the library's datastore over a connection string and a pool of our own."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import dict_row, tuple_row
from psycopg.sql import SQL, Composed

from infrastructure.postgres.overdue import Watchdog
from infrastructure.postgres.pools import recorder_pool

SCHEMA = "registry"
_ERRORS: Final[tuple[tuple[type[psycopg.Error], type[PersistenceError]], ...]] = (
    (psycopg.InterfaceError, InterfaceError),
    (psycopg.OperationalError, OperationalError),
    (psycopg.DataError, DataError),
    (psycopg.IntegrityError, IntegrityError),
    (psycopg.InternalError, InternalError),
    (psycopg.ProgrammingError, ProgrammingError),
    (psycopg.NotSupportedError, NotSupportedError),
    (psycopg.DatabaseError, DatabaseError),
    (psycopg.Error, PersistenceError),
)
"""The driver's errors and those of the library that say the same, as ``PostgresDatastore.get_connection`` maps them."""


class RegistryDatastore(PostgresDatastore):
    """The library's datastore for a connection string, whatever options it carries; errors map as the library's do."""

    def __init__(self, conninfo: str, *, pool_size: int = 4, patience: float = 5.0, save_seconds: float = 10.0) -> None:
        """Describe the pool, which opens with the first connection asked for.

        ``patience`` is a caller's, in seconds; a save that is not answered in ``save_seconds`` is given up.
        """
        super().__init__(dbname="", host="", port="", user="", password="", schema=SCHEMA)
        self.conninfo = conninfo
        self.pool = recorder_pool(
            conninfo,
            {"row_factory": dict_row, "autocommit": True},
            name="recorder",
            min_size=1,
            max_size=pool_size,
            timeout=patience,
            lock_seconds=save_seconds,
        )
        self._saves = Watchdog(save_seconds)
        self._cursors: dict[psycopg.Connection[Any], psycopg.Cursor[tuple[Any, ...]]] = {}

    def rows(
        self, statement: SQL | Composed, params: Sequence[Any] = (), *, saves: bool = False
    ) -> list[tuple[Any, ...]]:
        """The rows of one prepared statement, which is a transaction of its own; raises as ``get_connection`` does.

        ``saves``: it stores something, and is given up where the server does not say in time that it has. Each connection keeps its cursor, and nothing is committed after the statement: that would cost as much as asking.
        """
        try:
            if self.pool.closed:
                self.pool.open()
            connection = self.pool.getconn()
            try:
                cursor = self._cursors.get(connection) or self._cursor_of(connection)
                if not saves:
                    return cursor.execute(statement, params, prepare=True).fetchall()
                with self._saves.watching(connection):
                    return cursor.execute(statement, params, prepare=True).fetchall()
            finally:
                self.pool.putconn(connection)
        except psycopg.Error as error:
            kind = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
            raise kind(str(error)) from error

    def _cursor_of(self, connection: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
        kept = {each: cursor for each, cursor in self._cursors.items() if not each.closed}
        kept[connection] = cursor = connection.cursor(row_factory=tuple_row, binary=True)
        self._cursors = kept  # of two threads that do so at once, one makes a cursor again the next time
        return cursor

    def register_type_adapters(self) -> None:
        """Do nothing: the append statement takes arrays, not composite types as the library's does."""
