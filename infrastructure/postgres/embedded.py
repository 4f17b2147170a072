"""The registry's own PostgreSQL, for installations without `DATABASE_URL`: durable, private, never left behind.

Several processes may use one data directory at once: the first starts the server, the others connect, the last one
out stops it. A process that ends in any way, `kill -9` included, counts as out (see `keeper`). A server that is
killed is started again as long as somebody uses it.
"""

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from domain.messages import Message, tell

from . import keeper
from .cluster import PORT, SUPERUSER, Cluster, find_cluster
from .errors import EmbeddedServerError

DATABASE = "registry"
OWNER_ROLE = "registry_owner"
APP_ROLE = "registry_app"
POLL_SECONDS = 0.01
START_ATTEMPTS = 20
WATCH_SECONDS = 2.0
LONGEST_WATCH_SECONDS = 30.0

log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """One process's use of the embedded server under a data directory, as a context manager or by start() and stop().

    The server listens on a Unix socket only, in a folder that only its own system user (and root) may enter.
    """

    def __init__(self, data_dir: Path, *, patience: float = 120.0) -> None:
        """Name the data directory; `patience` is how many seconds a start (with crash recovery) or stop may take."""
        self._data_dir = data_dir
        self._patience = patience
        self._cluster: Cluster | None = None
        self._use: int | None = None  # the file descriptor whose shared lock says that this process uses the server
        self._leaving = threading.Event()
        self._supervision: threading.Thread | None = None

    @property
    def owner_url(self) -> str:
        """Connection string of the role that owns the database and runs migrations; it is no superuser."""
        return self.url(OWNER_ROLE)

    @property
    def app_url(self) -> str:
        """Connection string of the application's role."""
        return self.url(APP_ROLE)

    def url(self, user: str, database: str = DATABASE) -> str:
        """Connection string of a role for a database of this server."""
        host = str(self._started().sockets)
        return make_conninfo("", host=host, port=PORT, user=user, dbname=database)

    def start(self) -> Self:
        """Use the server, starting it unless another process did; returns when it takes connections.

        Raises `EmbeddedServerError` with the way out when it can't be started.
        """
        if self._use is not None:
            return self
        cluster = find_cluster(self._data_dir)
        self._use = self._open_lock(cluster, "users.lock")
        self._cluster = cluster
        try:
            self._lock(self._use, fcntl.LOCK_SH)
            with self._starting(cluster):
                self._start_with_database(cluster)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop using the server; for the last user this returns when the server has ended."""
        self._leaving.set()
        if self._supervision is not None:
            self._supervision.join()
            self._supervision = None
        if self._use is None:
            return
        cluster, use = self._started(), self._use
        try:
            with self._starting(cluster):
                if _try_lock(use, fcntl.LOCK_EX):
                    self._stop_server(cluster)
                else:
                    # Others use it, or the keeper is stopping it: then this waits until it has.
                    self._lock(use, fcntl.LOCK_SH)
        finally:
            os.close(use)
            self._use = None

    def supervise(self) -> None:
        """See to it, until `stop`, that the server has a keeper, which starts it again after any crash; log both.

        A keeper goes with the last user, or when somebody kills it. What can't be started is tried again with growing pauses.
        """
        self._leaving.clear()
        self._supervision = threading.Thread(target=self._supervise, name="embedded PostgreSQL", daemon=True)
        self._supervision.start()

    def _supervise(self) -> None:
        cluster, running, pause = self._started(), True, WATCH_SECONDS
        while not self._leaving.wait(pause):
            try:
                with self._starting(cluster):
                    if not self._has_keeper(cluster):
                        log.error("The embedded PostgreSQL has lost its keeper; it is started again.")
                        self._start_server(cluster)
                pause = WATCH_SECONDS
            except (EmbeddedServerError, OSError, subprocess.SubprocessError) as error:
                log.error("The embedded PostgreSQL can't be started; it is tried again. %s", error)  # noqa: TRY400 - the operator reads a sentence, no traces
                pause = min(2 * pause, LONGEST_WATCH_SECONDS)
                continue
            if running != (cluster.postmaster() is not None):
                running = not running
                if running:
                    log.warning("The embedded PostgreSQL runs again.")
                else:
                    log.error(
                        "The embedded PostgreSQL is down; it is started again when it can be: see %s.", cluster.log
                    )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def postmaster(self) -> int | None:
        """The server's process id as the data directory has it; None when none runs."""
        return self._started().postmaster()

    def trouble(self) -> Message | None:
        """What is wrong with the server, in a sentence; None while it runs."""
        if self.postmaster() is not None:
            return None
        return tell("trouble.embedded_down")

    def _started(self) -> Cluster:
        if self._cluster is None:
            raise RuntimeError("the embedded PostgreSQL has not been started: call start() first")
        return self._cluster

    def _open_lock(self, cluster: Cluster, name: str) -> int:
        try:
            return os.open(cluster.run / name, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            raise EmbeddedServerError(
                tell("trouble.belongs_another_system_user", run=str(cluster.run / name), root=str(cluster.root))
            ) from error

    @contextlib.contextmanager
    def _starting(self, cluster: Cluster) -> Iterator[None]:
        """Be the only one who starts or stops the server."""
        lock = self._open_lock(cluster, "start.lock")
        try:
            self._lock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _lock(self, lock: int, how: int) -> None:
        deadline = time.monotonic() + self._patience
        while not _try_lock(lock, how):
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    tell(
                        "trouble.another_process_been_starting_or_stopping",
                        data_dir=str(self._data_dir),
                        patience=f"{self._patience:.0f}",
                    )
                )
            time.sleep(POLL_SECONDS)

    def _has_keeper(self, cluster: Cluster) -> bool:
        lock = self._open_lock(cluster, "keeper.lock")
        try:
            return not _try_lock(lock, fcntl.LOCK_EX)
        finally:
            os.close(lock)

    def _start_with_database(self, cluster: Cluster) -> None:
        """Have a server that has a keeper and the registry's database; under the start lock.

        A keeper that was there may be going, since its server crashed for good or somebody killed it, and the server may
        go with it between an answer and the next: then another is started.
        """
        deadline = time.monotonic() + self._patience
        while True:
            if not (self._has_keeper(cluster) and self._came_up(cluster)):
                self._start_server(cluster)
            try:
                return self._make_database()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)

    def _start_server(self, cluster: Cluster) -> None:
        """Start a keeper and with it the server; under the start lock, with no keeper alive."""
        self._end_orphan(cluster)
        cluster.prepare()
        cluster.remove_stale_locks()
        said_before = cluster.log.stat().st_size if cluster.log.exists() else 0
        for _ in range(START_ATTEMPTS):
            self._start_keeper(cluster)
            if self._came_up(cluster):
                return
            said = cluster.log.read_bytes()[said_before:].decode(errors="replace")
            if "still in use" not in said:  # a killed server's last processes let go of its shared memory in a moment
                break
            time.sleep(0.25)
        raise EmbeddedServerError(
            tell(
                "trouble.embedded_postgresql_doesnt_start_on",
                data=str(cluster.data),
                log=str(cluster.log),
                said=said.strip()[-300:],
            )
        )

    def _start_keeper(self, cluster: Cluster) -> None:
        where = [str(cluster.run), str(cluster.sockets), str(cluster.log), str(cluster.uid), str(cluster.gid)]
        subprocess.run(  # noqa: S603 - our own program with our own arguments
            [sys.executable, "-I", "-S", keeper.__file__, *where, *cluster.command()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            start_new_session=True,
            check=True,
        )

    def _came_up(self, cluster: Cluster) -> bool:
        """Wait until the server takes connections (True) or its keeper has given up (False)."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            answers = self._answers()
            if not self._has_keeper(cluster):
                return False
            if answers:
                return True
            time.sleep(POLL_SECONDS)
        raise EmbeddedServerError(
            tell(
                "trouble.embedded_postgresql_takes_no_connections_after",
                patience=f"{self._patience:.0f}",
                log=str(cluster.log),
            )
        )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        """Make the two roles and the database, once; harmless when another process does the same."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                return
            for statement in (
                SQL("CREATE ROLE {} LOGIN CREATEDB").format(Identifier(OWNER_ROLE)),
                SQL("CREATE ROLE {} LOGIN").format(Identifier(APP_ROLE)),
                SQL("GRANT {} TO {}").format(Identifier(APP_ROLE), Identifier(OWNER_ROLE)),
                SQL("CREATE DATABASE {} OWNER {}").format(Identifier(DATABASE), Identifier(OWNER_ROLE)),
            ):
                with contextlib.suppress(
                    psycopg.errors.DuplicateObject, psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation
                ):
                    connection.execute(statement)

    def _stop_server(self, cluster: Cluster) -> None:
        """Stop the server as its last user; under the start lock, holding the users' lock exclusively."""
        lock = self._open_lock(cluster, "keeper.lock")
        try:
            if not _try_lock(lock, fcntl.LOCK_EX):
                # The lock is held, so its holder lives and the process id in it is the holder's.
                with contextlib.suppress(ProcessLookupError):  # it may end by itself in this moment
                    os.kill(int(os.pread(lock, 20, 0)), signal.SIGTERM)
                self._lock(lock, fcntl.LOCK_EX)
        finally:
            os.close(lock)
        self._end_orphan(cluster)

    def _end_orphan(self, cluster: Cluster) -> None:
        """Stop a server that has no keeper any more: its keeper was killed where the kernel doesn't pass that on."""
        pid = cluster.postmaster()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + self._patience
        while cluster.postmaster() is not None:
            if time.monotonic() > deadline:
                raise EmbeddedServerError(tell("trouble.postgresql_process_doesnt_end", pid=pid))
            time.sleep(POLL_SECONDS)


def _try_lock(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
