"""The audit of everything: ``python benchmarks/audit_speed.py [--cases N] [--runs N] [--processes N]``.

On a registry of its own (embedded PostgreSQL in a temporary folder) it records cases of four events each, every one of a person
with a key of their own, signs the transparency log over them, and audits everything as ``recognition audit check`` does: every event
decoded, every seal opened, every guard asked, columns, claims, times, keys and the log; by as many processes as asked for, one by
default. Prints events a second, how long this process and those that shared the work were at it, and how much memory any took at most. Nothing is found, or the measurement fails.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "graphql")]

import psycopg  # noqa: E402 - run as a script, from anywhere

from benchmarks.rebuild_speed import START, fill  # noqa: E402 - after the path is set
from infrastructure.audit.check import check_all  # noqa: E402 - after the path is set
from infrastructure.composition import Registry, log_files, open_registry, utc_now  # noqa: E402 - after the path is set
from infrastructure.log.sequencer import Sequencer  # noqa: E402 - after the path is set
from infrastructure.settings import Settings  # noqa: E402 - after the path is set
from infrastructure.shares import Shares  # noqa: E402 - after the path is set
from infrastructure.standing import open_audited  # noqa: E402 - after the path is set

_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _worked() -> float:
    """Seconds of processors that this process took, and those that it waited for."""
    return sum(each.ru_utime + each.ru_stime for each in map(resource.getrusage, _WHO))


def audit(registry: Registry, processes: int) -> float:
    """Audit everything once and print how fast it went; the rate."""
    started, worked = time.perf_counter(), _worked()
    audited = replace(registry.audited, clock=utc_now)
    with Shares(processes, open_audited, registry.settings) as sharing:
        done = check_all(audited, sharing=sharing)
    seconds, worked = time.perf_counter() - started, _worked() - worked
    if done.findings:
        raise SystemExit(f"{len(done.findings)} findings, where there are none: {done.findings[0]}")
    memory = max(resource.getrusage(who).ru_maxrss for who in _WHO) // 1024
    print(
        f"audit {done.events} events of {done.streams} streams in {seconds:6.2f} s, {worked:6.2f} s at work"
        f" ({1e6 * worked / done.events:.0f} µs an event): {done.events / seconds:,.0f} events/s; at most {memory} MiB",
        flush=True,
    )
    return done.events / seconds


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audit-speed-") as name:
        Path(name).chmod(0o711)
        settings = Settings(data_dir=Path(name), database_url=None, database_owner_url=None)
        began = START - timedelta(days=1)  # the catalog is published before the first case
        with open_registry(settings, clock=lambda: began) as registry:
            fill(registry, options.cases)
            with psycopg.connect(registry.database.app_url) as connection:
                Sequencer(log_files(settings)).run(connection)
            rates = [audit(registry, options.processes) for _ in range(options.runs)]
            print(f"the best audit: {max(rates):,.0f} events/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
