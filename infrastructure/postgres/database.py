"""Opening the database: the embedded server or the one that is named, migrated, with the application's rights checked."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier
from psycopg_pool import ConnectionPool

from domain.messages import tell
from infrastructure.settings import Settings

from .connection_strings import checked, why_not
from .embedded import APP_ROLE, EmbeddedPostgres
from .errors import DatabaseUnavailableError, PrivilegeError
from .factory import FACTORY_TOPIC, RegistryFactory
from .free_space import FreeSpace
from .given import check_given
from .listener import EventListener
from .migrations import migrate
from .pools import blocking_pool

TOO_MUCH = "UPDATE, DELETE, TRUNCATE, TRIGGER"


@dataclass(frozen=True)
class Database:
    """An open, migrated database: connection strings for both roles, and the application's pool."""

    owner_url: str
    """Connection string of the role that owns the schema."""

    app_url: str
    """Connection string whose connections have the application's rights; for pools that others open."""

    pool: ConnectionPool[psycopg.Connection[TupleRow]]
    """Connections with the application's rights."""

    recorder_pool_size: int
    """Connections the event recorder may open."""

    patience: float = 5.0
    """Seconds a caller waits for a connection."""

    save_seconds: float = 10.0
    """Seconds after which a save that is not answered is given up."""

    space: FreeSpace | None = None
    """The disk of the embedded database; None where the server is given, which knows its own."""

    server: EmbeddedPostgres | None = None
    """The embedded server; None where one is given."""

    def connect_as_owner(self) -> psycopg.Connection[TupleRow]:
        """A new connection of the owner's, which the caller closes (it is a context manager)."""
        return psycopg.connect(self.owner_url)

    def listener(self) -> EventListener:
        """A listener for new events, with a connection of its own."""
        return EventListener(self.app_url)

    def application_environment(self) -> dict[str, str]:
        """The environment that makes an `eventsourcing` application store its events here."""
        return {
            "PERSISTENCE_MODULE": FACTORY_TOPIC,
            RegistryFactory.CONNINFO: self.app_url,
            RegistryFactory.POOL_SIZE: str(self.recorder_pool_size),
            RegistryFactory.PATIENCE: str(self.patience),
            RegistryFactory.SAVE_SECONDS: str(self.save_seconds),
        } | (
            {RegistryFactory.SPACE: str(self.space.folder), RegistryFactory.LEAST_SPACE: str(self.space.least)}
            if self.space
            else {}
        )

    def require_room(self) -> None:
        """Let something be stored. Raises ``NoRoomError`` where the embedded database's disk is nearly full."""
        if self.space is not None:
            self.space.require()


@contextlib.contextmanager
def open_database(settings: Settings, name: str = "DATABASE_URL") -> Iterator[Database]:
    """Open the database the settings name, starting the embedded one if they name none, and migrate it.

    Everything is closed, and the embedded server let go, when the context ends. Raises a `DatabaseUnavailableError`
    with the way out, which calls the setting of the connection string by `name`: the server doesn't start or answer, the
    schema doesn't fit, or a role has the wrong rights.
    """
    with contextlib.ExitStack() as stack:
        server: EmbeddedPostgres | None = None
        space: FreeSpace | None = None
        owner_name = name
        if settings.database_url is None:
            server = stack.enter_context(EmbeddedPostgres(settings.data_dir))
            server.supervise()
            space = FreeSpace(settings.data_dir, settings.least_free_space)
            owner_url, app_url = server.owner_url, server.app_url
        elif settings.database_owner_url is None:
            owner_url = checked(settings.database_url, name)
            app_url = step_down(owner_url)
        else:
            owner_name = "DATABASE_OWNER_URL"
            owner_url = checked(settings.database_owner_url, owner_name)
            app_url = checked(settings.database_url, name)
        if server is None:
            check_given(owner_url, owner_name, synchronous=settings.synchronous_replication)
            if app_url != owner_url and settings.database_owner_url is not None:
                check_given(app_url, name, synchronous=settings.synchronous_replication)
        migrate(owner_url, name=owner_name)
        admit(owner_url, app_url)
        check_application(app_url, name)
        pool = pool_of(app_url, settings)
        stack.enter_context(pool)
        sizes = (settings.recorder_pool_size, settings.pool_timeout, settings.save_timeout)
        yield Database(owner_url, app_url, pool, *sizes, space, server)


def pool_of(app_url: str, settings: Settings) -> ConnectionPool[psycopg.Connection[TupleRow]]:
    """The application's pool, as the settings want it; whoever enters it opens it."""
    return blocking_pool(
        app_url,
        name="registry",
        min_size=min(settings.pool_min_size, settings.pool_max_size),
        max_size=settings.pool_max_size,
        timeout=settings.pool_timeout,
    )


def step_down(owner_url: str) -> str:
    """The owner's connection string, for connections that have the application's rights instead of the owner's.

    That keeps our own mistakes out; a connection could still become the owner again. Where that matters, give the
    application a login of its own in `DATABASE_URL` and the owner's in `DATABASE_OWNER_URL`.
    """
    options = conninfo_to_dict(owner_url).get("options")
    return make_conninfo(owner_url, options=f"{options or ''} -c role={APP_ROLE}".strip())


def admit(owner_url: str, app_url: str) -> None:
    """Give the application's login the application's role, as the owner, unless it has it already."""
    login = conninfo_to_dict(app_url).get("user")
    if login is None or login in (APP_ROLE, conninfo_to_dict(owner_url).get("user")):
        return
    try:
        with psycopg.connect(owner_url) as connection:
            row = connection.execute("SELECT pg_has_role(%s, %s, 'USAGE')", [login, APP_ROLE]).fetchone()
            if row is None or not row[0]:
                connection.execute(SQL("GRANT {} TO {}").format(Identifier(APP_ROLE), Identifier(str(login))))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject) as error:
        raise PrivilegeError(
            tell("trouble.role_absent", role=str(login), run=f"CREATE ROLE {login} LOGIN; GRANT {APP_ROLE} TO {login};")
        ) from error


def check_application(app_url: str, name: str = "DATABASE_URL") -> None:
    """Refuse an application login that may do too much or too little, or that doesn't wait for the disk.

    Raises `PrivilegeError`, or `DatabaseUnavailableError` when it can't log in.
    """
    try:
        with psycopg.connect(app_url) as connection:
            row = connection.execute(
                "SELECT current_user,"
                " has_table_privilege('registry.events', %s) OR rolsuper,"
                " has_table_privilege('registry.events', 'SELECT')"
                " AND has_any_column_privilege('registry.events', 'INSERT'),"
                " current_setting('synchronous_commit') = 'off' OR current_setting('fsync') = 'off'"
                " FROM pg_roles WHERE rolname = current_user",
                [TOO_MUCH],
            ).fetchone()
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(
            tell("trouble.application_cant_log_database", reason=why_not(error), name=name)
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise PrivilegeError(tell("trouble.login_without_role", run=f"GRANT {APP_ROLE} TO <login>;")) from error
    user, too_much, enough, unsafe = row or ("?", True, False, True)
    if too_much:
        raise PrivilegeError(tell("trouble.application_would_run_as_which_may", user=user, app_role=APP_ROLE))
    if not enough:
        raise PrivilegeError(tell("trouble.role_without_rights", role=user, run=f"GRANT {APP_ROLE} TO {user};"))
    if unsafe:
        raise DatabaseUnavailableError(tell("trouble.server_acknowledges_what_hasnt_written_synchronous"))
