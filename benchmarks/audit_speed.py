"""The audit of everything: ``python benchmarks/audit_speed.py [--cases N] [--runs N]``.

On a registry of its own (embedded PostgreSQL in a temporary folder) it records cases of four events each, every one of a person
with a key of their own, signs the transparency log over them, and audits everything as ``recognition audit check`` does: every event
decoded, every seal opened, every guard asked, columns, claims, times, keys and the log. Prints events a second, how long this
process worked at it, and how much memory it took at most. Nothing is found, or the measurement fails.
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


def audit(registry: Registry) -> float:
    """Audit everything once and print how fast it went; the rate."""
    started, worked = time.perf_counter(), time.process_time()
    done = check_all(replace(registry.audited, clock=utc_now))
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    if done.findings:
        raise SystemExit(f"{len(done.findings)} findings, where there are none: {done.findings[0]}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"audit {done.events} events of {done.streams} streams in {seconds:6.2f} s, {worked:6.2f} s of them this process at"
        f" work: {done.events / seconds:,.0f} events/s; at most {memory} MiB",
        flush=True,
    )
    return done.events / seconds


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audit-speed-") as name:
        Path(name).chmod(0o711)
        settings = Settings(data_dir=Path(name), database_url=None, database_owner_url=None)
        began = START - timedelta(days=1)  # the catalog is published before the first case
        with open_registry(settings, clock=lambda: began) as registry:
            fill(registry, options.cases)
            with psycopg.connect(registry.database.app_url) as connection:
                Sequencer(log_files(settings)).run(connection)
            rates = [audit(registry) for _ in range(options.runs)]
            print(f"the best audit: {max(rates):,.0f} events/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
