"""Schema migrations: numbered SQL files beside this module, applied once each, in order, all or none.

`migrations/0001_event_store.sql` and so on. What was applied stands in `registry.migrations` with the file's SHA-256, so
a file that was changed after it was applied is noticed, and so is a database that a newer release has migrated.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import psycopg
from psycopg.rows import TupleRow

from infrastructure.locks import MIGRATION

from .connection_strings import why_not
from .errors import MigrationError

OLDEST_SERVER = 150000
FILE_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True)
class Migration:
    """One step of the schema: its number, its name, and the SQL text as bytes."""

    version: int
    name: str
    sql: bytes

    @property
    def checksum(self) -> str:
        """SHA-256 of the SQL file, in hexadecimal."""
        return hashlib.sha256(self.sql).hexdigest()


def load_migrations(folder: Traversable | None = None) -> list[Migration]:
    """The migrations of a folder (this release's own by default), in order.

    Raises `MigrationError` when a file is misnamed or the numbers aren't 1, 2, 3, ….
    """
    folder = folder if folder is not None else resources.files(__package__).joinpath("migrations")
    found = []
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            match = FILE_NAME.fullmatch(file.name)
            if match is None:
                raise MigrationError(f"Rename the migration {file.name}: four digits, an underscore, a name, .sql.")
            # Line ends are what a checkout makes of them; the checksum is of the text.
            sql = file.read_bytes().replace(b"\r\n", b"\n")
            found.append(Migration(int(match["version"]), match["name"], sql))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(
            f"Number the migrations 1, 2, 3, … without gaps or doubles: found {[m.version for m in found]}."
        )
    return found


def migrate(
    owner_url: str, migrations: Sequence[Migration] | None = None, *, name: str = "DATABASE_OWNER_URL or DATABASE_URL"
) -> list[Migration]:
    """Bring the database up to this release, as its owner; answers what was applied now, empty when nothing was due.

    One transaction under an advisory lock: several processes may call it at once, and a crash leaves the schema as
    it was. Raises `MigrationError` with the way out when the server is older than PostgreSQL 15, the database is newer
    than this release, an applied file was changed, or the owner's rights don't suffice; ``name`` is what the setting of the
    connection string is called.
    """
    migrations = load_migrations() if migrations is None else migrations
    try:
        with psycopg.connect(owner_url) as connection:
            if connection.info.server_version < OLDEST_SERVER:
                raise MigrationError(
                    f"The server runs PostgreSQL {connection.info.server_version // 10000}; the registry needs 15 or later."
                )
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION])
            pending = _pending(connection, migrations)
            for migration in pending:
                _apply(connection, migration)
            return pending
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"The owner role may not do that ({error.diag.message_primary}); as an administrator, run CREATE ROLE "
            "registry_app NOLOGIN; GRANT registry_app TO <owner>; and make that owner the database's owner."
        ) from error
    except psycopg.OperationalError as error:
        raise MigrationError(f"The database can't be reached as its owner: {why_not(error)}; check {name}.") from error
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise MigrationError(
            f"The database takes no writes: it is a standby or set to read-only; name the primary in {name}."
        ) from error


def _pending(connection: psycopg.Connection[TupleRow], migrations: Sequence[Migration]) -> list[Migration]:
    exists = connection.execute("SELECT to_regclass('registry.migrations') IS NOT NULL").fetchone()
    if exists is None or not exists[0]:
        connection.execute("CREATE SCHEMA IF NOT EXISTS registry")
        connection.execute(
            "CREATE TABLE registry.migrations (version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
    return due(connection, migrations)


def due(connection: psycopg.Connection[TupleRow], migrations: Sequence[Migration]) -> list[Migration]:
    """Which migrations a database with a registry still lacks; it is only read.

    Raises `MigrationError` when the database is newer than these, or an applied file was changed.
    """
    rows = connection.execute("SELECT version, name, checksum FROM registry.migrations ORDER BY version").fetchall()
    if len(rows) > len(migrations):
        raise MigrationError(
            f"The database is at version {len(rows)} of its schema and this release knows {len(migrations)}: run the "
            "release that migrated it, or a later one."
        )
    for migration, (version, name, checksum) in zip(migrations, rows, strict=False):
        if (migration.version, migration.checksum) != (version, checksum):
            raise MigrationError(
                f"Migration {version} ({name}) was changed after this database applied it: restore the file as it was, "
                "and put the change into a new migration."
            )
    return list(migrations[len(rows) :])


def _apply(connection: psycopg.Connection[TupleRow], migration: Migration) -> None:
    try:
        connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO registry.migrations (version, name, checksum) VALUES (%s, %s, %s)",
            [migration.version, migration.name, migration.checksum],
        )
    except psycopg.errors.InsufficientPrivilege:
        raise
    except (psycopg.ProgrammingError, psycopg.DataError, psycopg.IntegrityError) as error:
        raise MigrationError(
            f"Migration {migration.version} ({migration.name}) doesn't fit this database, which stays as it was: "
            f"{error.diag.message_primary}. Restore a backup of this release's own schema, or report it."
        ) from error
