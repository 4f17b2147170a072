"""A database as it stands, for commands that read: nothing is made, migrated or granted, and its name can be said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from infrastructure.postgres.cluster import cluster_data
from infrastructure.postgres.connection_strings import checked
from infrastructure.postgres.database import Database, pool_of, step_down
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.errors import DatabaseUnavailableError, MigrationError, RegistryAbsentError
from infrastructure.postgres.migrations import due, load_migrations
from infrastructure.settings import Settings

CONNECT_SECONDS = 10
"""How long a command waits for a database that does not answer, unless its connection string says otherwise."""


def whereabouts(settings: Settings, name: str = "DATABASE_URL") -> str:
    """Which registry the settings name, as people say it: a data directory, or a database's name and host.

    Never a user or a password. Raises ``DatabaseUnavailableError`` where the setting, called `name`, is no connection string.
    """
    if settings.database_url is None:
        return f"the data directory {settings.data_dir.absolute()}"
    parts = _parts(checked(settings.database_url, name))
    host = parts.get("host") or parts.get("hostaddr") or "the local socket"
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"the database {parts.get('dbname') or 'of its user'} at {host}{port}"


def check_present(settings: Settings) -> None:
    """Make sure that there is a registry, of whatever release. Raises ``RegistryAbsentError``, or another
    ``DatabaseUnavailableError`` where the database does not answer.
    """
    where = whereabouts(settings)
    if settings.database_url is None:
        _check_folder(settings.data_dir, where)
        return
    url = _asked(settings)
    with _saying(where), _connected(url) as connection:
        _check_schema(connection, where)


@contextlib.contextmanager
def open_existing_database(settings: Settings, name: str = "DATABASE_URL") -> Iterator[Database]:
    """Open the database the settings name as it stands; its embedded server is started if it does not run.

    Raises ``RegistryAbsentError`` where there is no registry, ``MigrationError`` where its schema is another release's, and
    ``DatabaseUnavailableError`` where it does not answer, now or while it is in use; each says which database was asked.
    """
    where = whereabouts(settings, name)
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            _check_folder(settings.data_dir, where)
            server = stack.enter_context(EmbeddedPostgres(settings.data_dir))
            owner_url, app_url = server.owner_url, server.app_url
        elif settings.database_owner_url is None:
            owner_url = checked(settings.database_url, name)
            app_url = step_down(owner_url)
        else:
            owner_url = checked(settings.database_owner_url, "DATABASE_OWNER_URL")
            app_url = checked(settings.database_url, name)
        stack.enter_context(_saying(where))
        with _connected(owner_url) as connection:
            _check_schema(connection, where)
            _check_release(connection, where)
        pool: ConnectionPool[psycopg.Connection[TupleRow]] = pool_of(app_url, settings)
        stack.enter_context(pool)
        yield Database(owner_url, app_url, pool, settings.recorder_pool_size)


@contextlib.contextmanager
def _saying(where: str) -> Iterator[None]:
    """Say which database does not answer, now or in the midst of a question."""
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout, OperationalError, InterfaceError) as error:
        raise DatabaseUnavailableError(
            f"{where[0].upper()}{where[1:]} does not answer; check that it runs, and check DATABASE_OWNER_URL or DATABASE_URL."
        ) from error


def _check_folder(data_dir: Path, where: str) -> None:
    try:
        present = (cluster_data(data_dir) / "PG_VERSION").exists()
    except OSError:
        return  # somebody else's folder, perhaps: whoever opens it says what is in the way
    if not present:
        raise RegistryAbsentError(where)


def _check_schema(connection: psycopg.Connection[TupleRow], where: str) -> None:
    # By the catalogue, which everybody may read: to_regclass() is refused to who may not use the schema.
    found = connection.execute(
        "SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'registry' AND c.relname = 'migrations'"
    ).rowcount
    if not found:
        raise RegistryAbsentError(where)


def _check_release(connection: psycopg.Connection[TupleRow], where: str) -> None:
    try:
        pending = due(connection, load_migrations())
    except psycopg.errors.InsufficientPrivilege:
        return  # a login that may not read what was applied; what it may read is asked all the same
    except MigrationError as error:
        raise MigrationError(f"{where[0].upper()}{where[1:]}: {error}") from error
    if pending:
        raise MigrationError(
            f"The schema of {where} is {len(pending)} step{'s' if len(pending) > 1 else ''} older than this release"
            f" (version {pending[0].version - 1} of {pending[-1].version}); start `recognition serve` once, which migrates it."
        )


def _asked(settings: Settings) -> str:
    if settings.database_owner_url is not None:
        return checked(settings.database_owner_url, "DATABASE_OWNER_URL")
    return checked(str(settings.database_url), "DATABASE_URL")


def _connected(url: str) -> psycopg.Connection[TupleRow]:
    given: dict[str, str | int | None] = {"connect_timeout": CONNECT_SECONDS, **_parts(url)}
    return psycopg.connect(make_conninfo("", **given), autocommit=True)


def _parts(url: str) -> dict[str, str | int | None]:
    return dict(conninfo_to_dict(url))
