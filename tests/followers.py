"""A server that follows another by streaming replication, made with the binaries of the embedded one."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from infrastructure.postgres.embedded import SUPERUSER, EmbeddedPostgres


@dataclass(frozen=True)
class FollowingServer:
    """A standby that streams, and how far it may replay."""

    folder: Path

    def url(self, primary_url: str) -> str:
        """The same database and role as another connection string names, on this server."""
        return make_conninfo(primary_url, host=str(self.folder))

    def _say(self, statement: str) -> None:
        words = f"host={self.folder} user={SUPERUSER} dbname=postgres"
        with psycopg.connect(words, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def lagging(self) -> Iterator[None]:
        """Within the context it replays nothing."""
        self._say("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            self._say("SELECT pg_wal_replay_resume()")


@contextlib.contextmanager
def following(primary: EmbeddedPostgres, root: Path, folder: Path, name: str = "second") -> Iterator[FollowingServer]:
    """A standby of the embedded server of ``root``, in a folder that its system user gets to, for as long as the context lasts."""
    url = primary.url(SUPERUSER, "postgres")
    owner = (root / "postgres" / "data").stat()
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute(
            "SELECT setting, current_setting('max_connections') FROM pg_config WHERE name = 'BINDIR'"
        ).fetchone()
    assert known is not None
    binaries = Path(known[0])

    def run(*words: str) -> None:
        subprocess.run(
            [str(binaries / words[0]), *words[1:]],
            check=True,
            capture_output=True,
            user=owner.st_uid,
            group=owner.st_gid,
            extra_groups=[],
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )

    folder.mkdir()
    os.chown(folder, owner.st_uid, owner.st_gid)
    named = make_conninfo(url, dbname="", application_name=name)
    run("pg_basebackup", "-d", named, "-D", str(folder / "data"), "-R", "-X", "stream", "-c", "fast", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections={known[1]} -c fsync=off"
    run("pg_ctl", "-D", str(folder / "data"), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield FollowingServer(folder)
    finally:
        run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
