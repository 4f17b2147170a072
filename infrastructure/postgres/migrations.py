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

from domain.messages import tell
from infrastructure.locks import MIGRATION

from .connection_strings import why_not
from .errors import MigrationError

OLDEST_SERVER = 150000
FILE_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")
_OWNER_ROLE = "CREATE ROLE registry_app NOLOGIN; GRANT registry_app TO <owner>;"


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
                raise MigrationError(tell("trouble.migration_misnamed", file=file.name))
            # Line ends are what a checkout makes of them; the checksum is of the text.
            sql = file.read_bytes().replace(b"\r\n", b"\n")
            found.append(Migration(int(match["version"]), match["name"], sql))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(tell("trouble.migrations_misnumbered", found=[each.version for each in found]))
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
                    tell("trouble.server_runs_postgresql", version=connection.info.server_version // 10000)
                )
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION])
            pending = _pending(connection, migrations)
            for migration in pending:
                _apply(connection, migration)
            return pending
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            tell("trouble.owner_may_not", reason=str(error.diag.message_primary), run=_OWNER_ROLE)
        ) from error
    except psycopg.OperationalError as error:
        raise MigrationError(
            tell("trouble.database_cant_reached_as_owner", reason=why_not(error), name=name)
        ) from error
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise MigrationError(tell("trouble.database_takes_no_writes", name=name)) from error


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
            tell("trouble.database_version_schema_release_knows", found=len(rows), known=len(migrations))
        )
    for migration, (version, name, checksum) in zip(migrations, rows, strict=False):
        if (migration.version, migration.checksum) != (version, checksum):
            raise MigrationError(tell("trouble.migration_changed_after_database_applied", version=version, name=name))
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
            tell(
                "trouble.migration_doesnt_fit_database_which_stays",
                version=migration.version,
                name=migration.name,
                reason=str(error.diag.message_primary),
            )
        ) from error
