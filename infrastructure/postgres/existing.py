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

from domain.messages import Message, tell
from infrastructure.postgres.cluster import cluster_data
from infrastructure.postgres.connection_strings import checked
from infrastructure.postgres.database import Database, pool_of, step_down
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.errors import DatabaseUnavailableError, MigrationError, RegistryAbsentError
from infrastructure.postgres.migrations import due, load_migrations
from infrastructure.settings import Settings

CONNECT_SECONDS = 10
"""How long a command waits for a database that does not answer, unless its connection string says otherwise."""


def whereabouts(settings: Settings, name: str = "DATABASE_URL") -> Message:
    """Which registry the settings name, as people say it: a data directory, or a database's name and host.

    Never a user or a password. Raises ``DatabaseUnavailableError`` where the setting, called `name`, is no connection string.
    """
    if settings.database_url is None:
        return tell("trouble.data_directory", folder=str(settings.data_dir.absolute()))
    parts = _parts(checked(settings.database_url, name))
    port = f":{parts['port']}" if parts.get("port") else ""
    host = parts.get("host") or parts.get("hostaddr")
    at = f"{host}{port}" if host else tell("trouble.local_socket")
    named = parts.get("dbname")
    return tell("trouble.database", name=str(named), host=at) if named else tell("trouble.database_of_user", host=at)


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
def _saying(where: Message) -> Iterator[None]:
    """Say which database does not answer, now or in the midst of a question."""
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout, OperationalError, InterfaceError) as error:
        raise DatabaseUnavailableError(tell("trouble.does_not_answer", where=where)) from error


def _check_folder(data_dir: Path, where: Message) -> None:
    try:
        present = (cluster_data(data_dir) / "PG_VERSION").exists()
    except OSError:
        return  # somebody else's folder, perhaps: whoever opens it says what is in the way
    if not present:
        raise RegistryAbsentError(where)


def _check_schema(connection: psycopg.Connection[TupleRow], where: Message) -> None:
    # By the catalogue, which everybody may read: to_regclass() is refused to who may not use the schema.
    found = connection.execute(
        "SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'registry' AND c.relname = 'migrations'"
    ).rowcount
    if not found:
        raise RegistryAbsentError(where)


def _check_release(connection: psycopg.Connection[TupleRow], where: Message) -> None:
    try:
        pending = due(connection, load_migrations())
    except psycopg.errors.InsufficientPrivilege:
        return  # a login that may not read what was applied; what it may read is asked all the same
    except MigrationError as error:
        raise MigrationError(tell("trouble.said_of", where=where, said=error.said)) from error
    if pending:
        raise MigrationError(
            tell(
                "trouble.schema_older",
                where=where,
                version=pending[0].version - 1,
                latest=pending[-1].version,
            )
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
