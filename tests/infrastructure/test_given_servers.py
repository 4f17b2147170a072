"""A server that is given is fit for a registry, or is refused with the way out before anything is stored."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infrastructure.postgres.database import open_database
from infrastructure.postgres.embedded import OWNER_ROLE, SUPERUSER, EmbeddedPostgres
from infrastructure.postgres.errors import ServerUnfitError
from infrastructure.postgres.given import check_given
from infrastructure.settings import Settings
from tests.followers import following


def parts(url: str) -> dict[str, Any]:
    return dict(conninfo_to_dict(url))


def several(url: str) -> str:
    """The same server under two names."""
    host = parts(url)["host"]
    return make_conninfo(url, host=f"{host},{host}", target_session_attrs="read-write")


def test_one_server_is_fit(database: Any) -> None:
    """A single one that nobody follows: nothing is demanded of it, unless the setting says so."""
    check_given(database.owner_url, "DATABASE_URL")
    check_given(database.app_url, "DATABASE_URL", synchronous=False)
    with pytest.raises(ServerUnfitError, match="synchronous_standby_names"):
        check_given(database.owner_url, "DATABASE_URL", synchronous=True)


def test_a_server_that_does_not_answer_is_for_others_to_tell(tmp_path: Path) -> None:
    """Why it does not is said where the schema is looked at."""
    check_given(f"host={tmp_path} dbname=nowhere", "DATABASE_URL")


def test_several_hosts_only_where_nothing_is_lost(database: Any) -> None:
    """A list of hosts in libpq split a cluster that was not synchronous: refused, unless the loss is accepted by name."""
    named = Settings(database_url=several(database.owner_url))
    with pytest.raises(ServerUnfitError, match="RECOGNITION_SYNCHRONOUS_REPLICATION=false"), open_database(named):
        pass
    accepted = named.model_copy(update={"synchronous_replication": False})
    with open_database(accepted) as opened, opened.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM registry.events").fetchone() == (0,)


@pytest.fixture
def standby(data_dir: Path) -> Iterator[tuple[EmbeddedPostgres, str]]:
    """A server, and the connection string of a standby that follows it."""
    with EmbeddedPostgres(data_dir) as primary, following(primary, data_dir, data_dir / "standby") as standby:
        yield primary, standby.url(primary.url(SUPERUSER, "postgres"))


def test_a_server_that_is_followed_acknowledges_what_both_have(standby: tuple[EmbeddedPostgres, str]) -> None:
    """A standby takes no writes and is refused as the registry's server; its primary is, until a standby confirms each commit."""
    primary, second = standby
    url = primary.url(OWNER_ROLE, "postgres")
    with pytest.raises(ServerUnfitError, match="is a standby"):
        check_given(second, "DATABASE_URL")
    superuser = primary.url(SUPERUSER, "postgres")
    _until(superuser, "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'")
    with pytest.raises(ServerUnfitError, match="synchronous_standby_names"):
        check_given(superuser, "DATABASE_URL")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
    _until(superuser, "SELECT current_setting('synchronous_standby_names') = '*'")
    check_given(superuser, "DATABASE_URL")
    check_given(url, "DATABASE_URL", synchronous=True)
    with pytest.raises(ServerUnfitError):
        check_given(make_conninfo(superuser, options="-c synchronous_commit=local"), "DATABASE_URL")


def _until(url: str, question: str) -> None:
    for _ in range(200):
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.execute(question.encode()).fetchone() == (True,):
                return
        time.sleep(0.05)
    raise AssertionError(question)


@pytest.fixture(params=["transaction", "session"])
def pooler(request: pytest.FixtureRequest, database: Any, data_dir: Path) -> Iterator[tuple[str, str]]:
    """PgBouncer before the test's database, and the mode in which it pools."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed here; with it, this shows which of its modes a registry takes")
    given = parts(database.owner_url)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = data_dir / "pooler"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "users").write_text(f'"{given["user"]}" ""\n')
    (folder / "pooler.ini").write_text(
        "[databases]\n"
        f"* = host={given['host']} port={given.get('port', 5432)} user={given['user']}\n"
        f"[pgbouncer]\npool_mode = {request.param}\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\nauth_file = {folder / 'users'}\nignore_startup_parameters = extra_float_digits,options\n"
    )
    own = Path(given["host"]).stat()  # whom alone the server's socket lets in
    words, nobody_else = (
        [program, str(folder / "pooler.ini")],
        {"user": own.st_uid, "group": own.st_gid, "extra_groups": []},
    )
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, **quiet, **(nobody_else if os.getuid() == 0 else {})) as running:
        url = f"host=127.0.0.1 port={port} dbname={given['dbname']} user={given['user']}"
        try:
            _until_it_answers(url)
            yield url, request.param
        finally:
            running.terminate()


def _until_it_answers(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


def test_a_pooler_keeps_sessions_or_is_refused(pooler: tuple[str, str]) -> None:
    """With transactions that meet another session each, locks, LISTEN and prepared statements are lost: refused in one sentence."""
    url, mode = pooler
    if mode == "session":
        check_given(url, "DATABASE_URL")
        return
    with pytest.raises(ServerUnfitError, match="pool_mode to session"):
        check_given(url, "DATABASE_URL")
