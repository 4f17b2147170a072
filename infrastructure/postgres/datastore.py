"""The recorder's connections: the library's datastore over a connection string and a pool of our own."""

from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import dict_row

from infrastructure.postgres.pools import recorder_pool

SCHEMA = "registry"


class RegistryDatastore(PostgresDatastore):
    """The library's datastore for a connection string, whatever options it carries; errors map as the library's do."""

    def __init__(self, conninfo: str, *, pool_size: int = 4, patience: float = 5.0) -> None:
        """Describe the pool, which opens with the first connection asked for; ``patience`` is a caller's, in seconds."""
        super().__init__(dbname="", host="", port="", user="", password="", schema=SCHEMA)
        self.conninfo = conninfo
        self.pool = recorder_pool(
            conninfo,
            {"row_factory": dict_row, "autocommit": True},
            name="recorder",
            min_size=1,
            max_size=pool_size,
            timeout=patience,
        )

    def register_type_adapters(self) -> None:
        """Do nothing: the append statement takes arrays, not composite types as the library's does."""
