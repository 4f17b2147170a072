"""The embedded server starts for everyone, survives what can happen to it, and is never left behind."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from infrastructure.postgres import cluster
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.errors import EmbeddedServerError

ROOT = Path(__file__).parents[2]
USE = """
import sys
from pathlib import Path
from infrastructure.postgres.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.postmaster(), flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def another_process(data_dir: Path, *prefix: str):
    """A process that uses the server until its standard input ends; yields it with the server's process id."""
    with subprocess.Popen(
        [*prefix, sys.executable, "-c", USE, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": os.pathsep.join(["", *filter(None, sys.path)]), "PATH": os.defpath},
    ) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.stdin.close()


def has_ended(pid: int, within: float = 20.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat")
            if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def keeper_of(data_dir: Path) -> int:
    return int((data_dir / "postgres/run/keeper.lock").read_text())


def answer(url: str, within: float = 30.0) -> int:
    """One row from the server, which may be on its way back."""
    deadline = time.monotonic() + within
    while True:
        try:
            with psycopg.connect(url) as connection:
                return connection.execute("SELECT 1").fetchone()[0]
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_settings_are_durable_and_neutral(postgres):
    """Checksums, fsync and synchronous commit are on; text is UTF-8, order is by code point, time is UTC; no TCP."""
    with psycopg.connect(postgres.app_url) as connection:
        for name, value in {
            "data_checksums": "on",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "server_encoding": "UTF8",
            "TimeZone": "UTC",
            "listen_addresses": "",
        }.items():
            assert connection.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,), name
        assert connection.execute("SELECT current_user, 'B' < 'a'").fetchone() == ("registry_app", True)


@pytest.mark.usefixtures("postgres")
def test_the_socket_is_out_of_reach_for_others(server_dir):
    """Only the server's own system user (and root) may enter the folder that the socket is in."""
    run = server_dir / "postgres/run"
    assert (run / cluster.SOCKET_NAME).is_socket()
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert run.stat().st_uid == (server_dir / "postgres/data").stat().st_uid


def test_a_second_start_finds_what_the_first_stored(data_dir):
    """Stopping ends the server; starting again on the same folder has the data."""
    with EmbeddedPostgres(data_dir) as server:
        pid = server.postmaster()
        with psycopg.connect(server.owner_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert has_ended(pid, within=0.1)
    with EmbeddedPostgres(data_dir) as server, psycopg.connect(server.owner_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_several_processes_share_one_server(data_dir):
    """The first starts it, others connect, and the last one out stops it."""
    with another_process(data_dir) as (first, pid):
        with EmbeddedPostgres(data_dir) as server:
            assert server.postmaster() == pid
            first.stdin.close()
            assert first.wait(30) == 0
            assert answer(server.app_url) == 1
        assert has_ended(pid)


def test_no_server_is_left_when_its_starter_is_killed(data_dir):
    """`kill -9` of the only process that uses the server ends the server too."""
    with another_process(data_dir) as (process, pid):
        process.kill()
        assert has_ended(pid)
    with EmbeddedPostgres(data_dir) as server:
        assert answer(server.app_url) == 1


def test_a_killed_starter_leaves_the_server_to_the_others(data_dir):
    """`kill -9` of the process that started the server doesn't end it for those who use it."""
    with another_process(data_dir) as (process, pid), EmbeddedPostgres(data_dir) as server:
        process.kill()
        process.wait()
        assert answer(server.app_url) == 1
        assert server.postmaster() == pid


def test_a_killed_server_comes_back(data_dir):
    """`kill -9` of PostgreSQL under a running process: it is started again, without that process doing anything."""
    with EmbeddedPostgres(data_dir) as server:
        time.sleep(1.2)  # a server that ends in its first moments is not started again
        killed = server.postmaster()
        os.kill(killed, signal.SIGKILL)
        assert has_ended(killed)
        assert answer(server.app_url) == 1
        assert server.postmaster() != killed


def test_everything_killed_at_once_is_recovered(data_dir):
    """After `kill -9` of the process, the server and its keeper together, the next start works on the same data."""
    with another_process(data_dir) as (process, pid):
        for victim in (keeper_of(data_dir), pid, process.pid):
            os.kill(victim, signal.SIGKILL)
        assert has_ended(pid)
    assert (data_dir / "postgres/data/postmaster.pid").exists()
    with EmbeddedPostgres(data_dir) as server:
        assert answer(server.app_url) == 1


def test_a_lock_file_with_a_reused_process_id_is_recovered(data_dir):
    """A stale postmaster.pid that names a process which lives, but is something else, doesn't keep the server out."""
    with EmbeddedPostgres(data_dir) as server:
        owner = (data_dir / "postgres/data").stat()
        lock = (data_dir / "postgres/data/postmaster.pid").read_text().split("\n", 1)[1]
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid) as other:
        stale = data_dir / "postgres/data/postmaster.pid"
        stale.write_text(f"{other.pid}\n{lock}")
        os.chown(stale, owner.st_uid, owner.st_gid)
        with EmbeddedPostgres(data_dir) as server:
            assert answer(server.app_url) == 1
        other.kill()


def test_a_killed_keeper_takes_the_server_along_or_is_replaced(data_dir):
    """Without its keeper a server is an orphan: another start has a server with a keeper, and leaves none behind."""
    with EmbeddedPostgres(data_dir) as server:
        orphan, keeper = server.postmaster(), keeper_of(data_dir)
        os.kill(keeper, signal.SIGKILL)
        assert has_ended(keeper)
        with EmbeddedPostgres(data_dir) as again:
            assert has_ended(orphan)
            assert answer(again.app_url) == 1
            replaced = again.postmaster()
    assert has_ended(replaced)


def test_an_interrupted_making_is_made_again(data_dir):
    """A half-made data directory, as a crash during the first start leaves it, is made anew."""
    with EmbeddedPostgres(data_dir):
        pass
    (data_dir / "postgres/data").rename(data_dir / "postgres/data.new")
    (data_dir / "postgres/data.new/PG_VERSION").unlink()
    with EmbeddedPostgres(data_dir) as server:
        assert answer(server.app_url) == 1


def test_a_long_path_has_its_socket_elsewhere(data_dir):
    """A data directory whose path is too long for a socket works, with a private socket folder that goes with it."""
    deep = data_dir / ("long" * 20) / ("deep" * 10)
    with EmbeddedPostgres(deep) as server:
        assert answer(server.app_url) == 1
        folder = Path(psycopg.conninfo.conninfo_to_dict(server.app_url)["host"])
        assert data_dir not in folder.parents
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not folder.exists()


def test_another_version_is_refused_with_a_way_out(data_dir):
    """A data directory of a PostgreSQL that isn't installed is refused, and left alone."""
    data = data_dir / "postgres/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 9.*DATABASE_URL"):
        EmbeddedPostgres(data_dir).start()
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_folder_that_cannot_be_used_is_refused_with_a_way_out(data_dir):
    """Where there can't be a folder, one sentence says so and names the setting."""
    (data_dir / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match="RECOGNITION_DATA_DIR"):
        EmbeddedPostgres(data_dir / "file").start()


def test_a_damaged_database_is_refused_with_the_log(data_dir):
    """A server that can't start fails soon, with the log named, and leaves no process."""
    with EmbeddedPostgres(data_dir):
        pass
    (data_dir / "postgres/data/global/pg_control").unlink()
    with pytest.raises(EmbeddedServerError, match=r"server\.log"):
        EmbeddedPostgres(data_dir).start()
    assert has_ended(keeper_of(data_dir))


def test_it_starts_as_an_ordinary_user(data_dir):
    """Without root's rights the server runs as the user itself."""
    if os.geteuid() != 0:
        with EmbeddedPostgres(data_dir):
            assert (data_dir / "postgres/data").stat().st_uid == os.geteuid()
        return
    nobody = pwd.getpwnam("nobody")
    os.chown(data_dir, nobody.pw_uid, nobody.pw_gid)
    drop = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    probe = [*drop, sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-V'], check=True)"]
    if subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        # Root's own interpreter lies where nobody else may go: let the user pass through folders, and nothing more.
        drop += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    with another_process(data_dir, *drop) as (process, pid):
        assert (data_dir / "postgres/data").stat().st_uid == nobody.pw_uid
        process.stdin.close()
        assert process.wait(30) == 0
    assert has_ended(pid)
    shutil.rmtree(data_dir / "postgres")
