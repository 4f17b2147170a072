"""Bringing the schema of a registry up to this release, as a step of its own: for operators whose servers may not do so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from domain.messages import tell
from infrastructure.postgres.connection_strings import checked, why_not
from infrastructure.postgres.database import admit, check_application, step_down
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.errors import DatabaseUnavailableError
from infrastructure.postgres.existing import check_present
from infrastructure.postgres.migrations import due, load_migrations
from infrastructure.postgres.migrations import migrate as apply
from infrastructure.settings import Settings


def standing_version(settings: Settings, *, may_be_empty: bool = False) -> tuple[int, int]:
    """The version of the schema that the settings name, and this release's; 0 for a database without one, if it ``may_be_empty``.

    Raises ``DatabaseUnavailableError``: there is no registry, it does not answer, or a newer release has migrated it.
    """
    with _owner(settings, may_be_empty=may_be_empty) as (owner_url, _):
        return _versions(owner_url)


def bring_up(settings: Settings, *, may_be_empty: bool = False) -> tuple[int, int]:
    """Apply every migration that is due, all or none; the version before and after. Raises as ``standing_version``."""
    with _owner(settings, may_be_empty=may_be_empty) as (owner_url, app_url):
        before, release = _versions(owner_url)
        apply(owner_url)
        admit(owner_url, app_url)
        check_application(app_url)
        return before, release


def _versions(owner_url: str) -> tuple[int, int]:
    release = load_migrations()
    with psycopg.connect(owner_url) as connection:
        there = connection.execute(
            "SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'registry' AND c.relname = 'migrations'"
        ).rowcount
        left = due(connection, release) if there else release
    return len(release) - len(left), len(release)


@contextlib.contextmanager
def _owner(settings: Settings, *, may_be_empty: bool) -> Iterator[tuple[str, str]]:
    """The connection strings of owner and application; the embedded server runs meanwhile."""
    if settings.database_url is None:
        check_present(settings)
        with EmbeddedPostgres(settings.data_dir) as server:
            yield server.owner_url, server.app_url
        return
    if not may_be_empty:
        check_present(settings)
    app_url = checked(settings.database_url, "DATABASE_URL")
    owner_url = app_url
    if settings.database_owner_url is not None:
        owner_url = checked(settings.database_owner_url, "DATABASE_OWNER_URL")
    else:
        app_url = step_down(owner_url)
    try:
        yield owner_url, app_url
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(tell("trouble.database_not_reached", reason=why_not(error))) from error
