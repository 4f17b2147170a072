"""Point-in-time recovery, rehearsed: ``python -m benchmarks.restore_drill [--cases N]``.

A registry with an archive of PostgreSQL's log (WAL) takes a base backup, records cases, notes an instant, records more; then its owner
removes events, and the machine is lost. From base backup, archive and the files of the data directory it is brought back

- to the instant that was noted: every event up to it, byte for byte, and none after it; the transparency log, which had signed more,
  refuses to go on and begins an epoch on the record; the audit finds nothing;
- as a control to the end of the archive: there the harm is, and the audit finds it.

Prints the times. Fails where a single event is lost, added or another.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import psycopg

from application.audit import Finding
from benchmarks.rebuild_speed import START, fill
from infrastructure.audit.check import check_all
from infrastructure.composition import Registry, log_files, open_registry, utc_now
from infrastructure.log.epochs import begin_epoch
from infrastructure.log.errors import LogShrunkError
from infrastructure.log.sequencer import Sequencer
from infrastructure.postgres.cluster import find_cluster
from infrastructure.postgres.embedded import SUPERUSER, EmbeddedPostgres
from infrastructure.settings import Settings

EVENTS = (
    "SELECT count(*), md5(string_agg(md5(position::text || state::text), '' ORDER BY position)) FROM registry.events"
)
BESIDE = ("master.keys", "log.keys", "log.checkpoint")


@dataclass(frozen=True)
class Noted:
    """What there was at an instant."""

    instant: str
    position: int
    events: tuple[int, str]


def settings_of(folder: Path) -> Settings:
    """An embedded registry."""
    return Settings(data_dir=folder, database_url=None, database_owner_url=None)


@contextmanager
def registry_in(folder: Path) -> Iterator[Registry]:
    """The registry of a folder, with a clock before its first case, so that the catalog is published in time."""
    began = START - timedelta(days=1)
    with open_registry(settings_of(folder), clock=lambda: began) as registry:
        yield registry


def read(registry: Registry, statement: str = EVENTS) -> tuple[int, str]:
    """What the events are."""
    with registry.database.connect_as_owner() as connection:
        row = connection.execute(statement.encode()).fetchone()
    if row is None:
        raise TypeError("one row is selected")
    return row[0], row[1]


def audited(registry: Registry) -> list[Finding]:
    """What an audit of everything finds, today."""
    return check_all(replace(registry.audited, clock=utc_now)).findings


def sign(registry: Registry) -> None:
    """Sign the transparency log up to the last event."""
    with psycopg.connect(registry.database.app_url, autocommit=True) as connection:
        Sequencer(log_files(registry.settings)).run(connection)


def noted(registry: Registry) -> Noted:
    """The instant, and what there is."""
    with registry.database.connect_as_owner() as connection:
        row = connection.execute("SELECT clock_timestamp()::text, max(position) FROM registry.events").fetchone()
    if row is None:
        raise TypeError("one row is selected")
    return Noted(row[0], row[1], read(registry))


def archiving(folder: Path, archive: Path) -> None:
    """Let the server of a folder archive its log from its next start on."""
    with (
        EmbeddedPostgres(folder) as server,
        psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as owner,
    ):
        uid = find_cluster(folder).uid
        os.chown(archive, uid, -1)
        owner.execute("ALTER SYSTEM SET archive_mode = on")
        owner.execute(
            f"ALTER SYSTEM SET archive_command = 'cmp -s %p {archive}/%f || (test ! -f {archive}/%f && cp %p {archive}/%f)'"
        )


def base_backup(folder: Path, base: Path) -> None:
    """A base backup of the running server."""
    cluster = find_cluster(folder)
    subprocess.run(
        [
            str(cluster.bin / "pg_basebackup"),
            "-h",
            str(cluster.sockets),
            "-U",
            SUPERUSER,
            "-D",
            str(base),
            "-X",
            "none",
            "--checkpoint=fast",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
    )


def recover(source: Path, base: Path, archive: Path, target: Path, until: str | None) -> float:
    """Bring a registry back from base backup and archive, to an instant or to the archive's end; how many seconds it took."""
    begun = time.perf_counter()
    target.mkdir(mode=0o711)
    cluster = find_cluster(target)
    shutil.copytree(base, cluster.data)
    with (cluster.data / "postgresql.auto.conf").open("a") as conf:
        conf.write(f"\narchive_mode = off\nrestore_command = 'cp {archive}/%f %p'\n")
        if until is not None:
            conf.write(f"recovery_target_time = '{until}'\nrecovery_target_action = 'promote'\n")
    (cluster.data / "recovery.signal").touch()
    cluster.data.chmod(0o700)
    for path in (cluster.data, *cluster.data.rglob("*")):
        os.chown(path, cluster.uid, cluster.gid)
    for name in BESIDE:
        shutil.copy2(source / name, target / name)
    with EmbeddedPostgres(target) as server:
        deadline = time.monotonic() + 600
        while True:
            with psycopg.connect(server.owner_url) as connection:
                row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
            if row is not None and not row[0]:
                return time.perf_counter() - begun
            if time.monotonic() > deadline:
                raise SystemExit("the server did not come out of its recovery")
            time.sleep(0.05)


def drill(folder: Path, cases: int) -> dict[str, float]:
    """The whole drill; seconds by step. Raises ``SystemExit`` where what comes back is not what was there."""
    source, base, archive = folder / "source", folder / "base", folder / "archive"
    source.mkdir(mode=0o711)
    archive.mkdir(mode=0o755)
    took: dict[str, float] = {}
    archiving(source, archive)
    with registry_in(source) as registry:
        fill(registry, cases)
        sign(registry)
        begun = time.perf_counter()
        base_backup(source, base)
        took["base backup"] = time.perf_counter() - begun
        fill(registry, cases, since=cases)
        sign(registry)
        good = noted(registry)
        time.sleep(0.2)
        fill(registry, cases // 2, since=2 * cases)
        sign(registry)
        with registry.database.connect_as_owner() as owner:
            owner.execute(
                "DELETE FROM registry.events WHERE position IN (SELECT max(position) - 3 FROM registry.events)"
            )
            owner.commit()
        harmed = read(registry)
        with psycopg.connect(_superuser(source), autocommit=True) as superuser:
            superuser.execute("SELECT pg_switch_wal()")
            _until_archived(superuser)
    shutil.rmtree(source / "postgres")  # the machine is lost; what lies beside the database was copied elsewhere
    took["recovery to the instant"] = recover(source, base, archive, folder / "instant", good.instant)
    begun = time.perf_counter()
    with registry_in(folder / "instant") as registry:
        if read(registry) != good.events:
            raise SystemExit(
                f"up to {good.instant} there were {good.events[0]} events, and {read(registry)[0]} came back"
            )
        files = log_files(registry.settings)
        with psycopg.connect(registry.database.app_url) as connection:
            refused = Sequencer(files).examine(connection)
        if not isinstance(refused, LogShrunkError):
            raise SystemExit("the log would go on although it had signed what is gone")
        begin_epoch(registry.database.owner_url, files, registry.settings.log_name, "os:0/drill@here", "Recovered.")
        sign(registry)
        found = audited(registry)
        if found:
            raise SystemExit(f"the audit found {len(found)} things in what came back: {found[0]}")
    took["a new epoch, and the audit"] = time.perf_counter() - begun
    took["recovery to the archive's end"] = recover(source, base, archive, folder / "end", None)
    with registry_in(folder / "end") as registry:
        if read(registry) != harmed:
            raise SystemExit("the end of the archive is not what there was at last")
        if not audited(registry):
            raise SystemExit("the control failed: an event is gone, and the audit does not notice")
    return took


def _superuser(folder: Path) -> str:
    with EmbeddedPostgres(folder) as server:
        return server.url(SUPERUSER, "postgres")


def _until_archived(superuser: psycopg.Connection[tuple[object, ...]]) -> None:
    row = superuser.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
    current, deadline = str(row[0]) if row else "", time.monotonic() + 60
    while True:
        row = superuser.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
        if row and row[0] and str(row[0])[:24] >= _before(current):
            return
        if time.monotonic() > deadline:
            raise SystemExit("the log is not archived")
        time.sleep(0.05)


def _before(segment: str) -> str:
    """The name of the segment before; of 16 MiB each, as PostgreSQL names them."""
    timeline, number = segment[:8], int(segment[8:16], 16) * 256 + int(segment[16:24], 16) - 1
    return f"{timeline}{number // 256:08X}{number % 256:08X}"


def main() -> int:
    """Rehearse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="restore-drill-") as name:
        Path(name).chmod(0o711)
        for step, seconds in drill(Path(name), options.cases).items():
            print(f"{step:<32} {seconds:6.1f} s")
    print(f"{2 * options.cases + options.cases // 2} cases: nothing lost, nothing added, and the harm was found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
