"""Backing up and restoring a registry, the audit at the end included: ``python benchmarks/backup_speed.py [--cases N] [--bar SECONDS]``.

On a registry of its own (embedded PostgreSQL in a temporary folder) it records cases of four events each, every one of a person with a
key of their own, signs the transparency log over them, writes a backup, restores it into another empty folder, where the read models
are made anew and everything is audited and signed again, and compares the events. Prints the times, and the whole beside its bar.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "graphql")]

import psutil  # noqa: E402 - run as a script, from anywhere
import psycopg  # noqa: E402 - run as a script, from anywhere

from benchmarks.rebuild_speed import START, fill  # noqa: E402 - after the path is set
from infrastructure.backup.making import make_backup  # noqa: E402 - after the path is set
from infrastructure.backup.restoring import restore_backup  # noqa: E402 - after the path is set
from infrastructure.composition import log_files, open_registry  # noqa: E402 - after the path is set
from infrastructure.log.sequencer import Sequencer  # noqa: E402 - after the path is set
from infrastructure.postgres.cluster import find_cluster  # noqa: E402 - after the path is set
from infrastructure.postgres.embedded import EmbeddedPostgres  # noqa: E402 - after the path is set
from infrastructure.settings import Settings  # noqa: E402 - after the path is set

PASSPHRASE = "a passphrase of a measurement"
DIGEST = (
    "SELECT count(*), md5(string_agg(md5(position::text || originator_id::text || state::text), '' ORDER BY position))"
    " FROM registry.events WHERE position <= %s"
)


def _worked() -> float:
    """Seconds of processors that this process took, and those that it waited for."""
    return sum(
        each.ru_utime + each.ru_stime
        for each in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


class DatabaseAtWork(threading.Thread):
    """Sums the seconds of processors that the servers of some folders take, by looking at their processes now and then."""

    def __init__(self, *folders: Path) -> None:
        super().__init__(daemon=True)
        self._folders, self._seen, self._ends = folders, dict[int, float](), threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        while not self._ends.wait(0.1):
            for folder in self._folders:
                with contextlib.suppress(psutil.Error, OSError):
                    pid = find_cluster(folder).postmaster() if (folder / "postgres").exists() else None
                    server = psutil.Process(pid) if pid else None
                    for each in [server, *server.children()] if server else ():
                        times = each.cpu_times()
                        self._seen[each.pid] = max(self._seen.get(each.pid, 0.0), times.user + times.system)

    def seconds(self) -> float:
        """What was seen; from here on nothing more is."""
        self._ends.set()
        self.join()
        return sum(self._seen.values())


def digest(folder: Path, until: int) -> tuple[int, str]:
    """How many events there are up to a position, and what they are."""
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.owner_url) as connection:
        row = connection.execute(DIGEST, [until]).fetchone()
    if row is None:
        raise TypeError("one row is selected")
    return row[0], row[1]


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument(
        "--bar", type=float, default=600.0, help="seconds that backup and restore of 100 000 cases may take"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backup-speed-") as name:
        Path(name).chmod(0o711)
        source, target, file = (Path(name) / each for each in ("source", "target", "registry.rrb"))
        settings = Settings(data_dir=source, database_url=None, database_owner_url=None)
        began = START - timedelta(days=1)  # the catalog is published before the first case
        with open_registry(settings, clock=lambda: began) as registry:
            fill(registry, options.cases)
            with psycopg.connect(registry.database.app_url) as connection:
                Sequencer(log_files(settings)).run(connection)
        before, worked, servers = time.perf_counter(), _worked(), DatabaseAtWork(source, target)
        servers.start()
        made = make_backup(settings, file, PASSPHRASE, "os:0/benchmark@here")
        backed_up = time.perf_counter() - before
        stages: list[tuple[str, float]] = []

        def progress(what: str, _count: int) -> None:
            if not stages or stages[-1][0] != what:
                stages.append((what, time.perf_counter()))

        begun = time.perf_counter()
        there = settings.model_copy(update={"data_dir": target})
        done = restore_backup(there, file, PASSPHRASE, "os:0/benchmark@here", [], progress=progress)
        ended = time.perf_counter()
        restored = ended - begun
        worked, of_servers = _worked() - worked, servers.seconds()
        if done.findings or digest(source, made.position) != digest(target, made.position):
            raise SystemExit(f"what came back is something else: {done.findings[:1]}")
        size = file.stat().st_size / 2**20
        print(f"{options.cases} cases, {made.events} events: a file of {size:,.0f} MiB")
        print(f"backup {backed_up:7.1f} s")
        print(f"restore {restored:6.1f} s, of it:")
        for (what, at), (_, until) in zip(stages, [*stages[1:], ("", ended)], strict=True):
            if until - at > restored / 50:
                print(f"  {what:<28} {until - at:6.1f} s")
        total = backed_up + restored
        print(
            f"together {total:.1f} s; of processors {worked:.1f} s in this process and its children, {of_servers:.1f} s in PostgreSQL"
        )
        whole, busy = (each * 100_000 / options.cases for each in (total, worked + of_servers))
        if options.cases < 100_000:
            print(f"at 100 000 cases, if it goes on like this, {whole:.0f} s, and {busy:.0f} s of processors")
        print(f"bar at 100 000 cases: {options.bar:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
