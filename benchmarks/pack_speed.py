"""How long a pack is verified: ``python benchmarks/pack_speed.py [--runs N] [--cases N]``.

On a registry of its own (embedded PostgreSQL in a temporary folder) it records cases, signs the transparency log over them, and
exports one case, sealed and with the text that matching reads disclosed, and everything. Verified in this process: the first time,
where the matcher of the packed catalog is made, and again, where it is kept. Prints seconds beside the bar of 200 ms a case, events
a second of everything, and the memory that this process took at most.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "graphql")]

import psycopg  # noqa: E402 - run as a script, from anywhere

from application.commands import CertificateForm, PersonForm, Submission  # noqa: E402 - the path comes first
from application.pack.verifying import verify_case  # noqa: E402 - the path comes first
from application.pack.whole import verify_whole  # noqa: E402 - the path comes first
from domain.case.events import Approved  # noqa: E402 - the path comes first
from domain.values import Actor, Provenance, Role  # noqa: E402 - the path comes first
from infrastructure.audit.packing import export_case, export_everything  # noqa: E402 - the path comes first
from infrastructure.composition import Registry, log_files, open_registry  # noqa: E402 - the path comes first
from infrastructure.log.epochs import epochs  # noqa: E402 - the path comes first
from infrastructure.log.sequencer import Sequencer  # noqa: E402 - the path comes first
from infrastructure.settings import Settings  # noqa: E402 - the path comes first

BAR = 0.2
READ = ("certificate.name", "certificate.issuing_body", "work_field")


def record(registry: Registry, number: int) -> None:
    """A case of somebody new, matched by itself and approved: the whole use cases."""
    form = Submission(
        idempotency_key=f"key-{number}",
        holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=f"P{number:08d}"),
        certificate=CertificateForm(
            name="AWS Certified Solutions Architect - Professional",
            issuing_body="Amazon Web Services",
            certificate_number=f"C-{number}",
        ),
        authority_code="330106-EI",
        work_field="数字经济",
    )
    done = registry.cases.submit(Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT)), form)
    officer = Provenance(actor=Actor(subject="officer", role=Role.REVIEWER, authority_code="330106-EI"))
    facts = {"work_consistent": True, "counted_experience_months": 0, "opinion": "The register of the body shows it."}
    registry.cases.decide(officer, done.case_id, Approved, None, **facts)


def timed(words: str, act: Callable[[], object], runs: int) -> float:
    """Do it so often, and print the best time, and the processor's."""
    best, worked = float("inf"), float("inf")
    for _ in range(runs):
        started, cpu = time.perf_counter(), time.process_time()
        act()
        best = min(best, time.perf_counter() - started)
        worked = min(worked, time.process_time() - cpu)
    print(f"{words:<48}{best * 1000:9.1f} ms, {worked * 1000:9.1f} ms of them at work", flush=True)
    return worked


def measure(registry: Registry, folder: Path, runs: int) -> None:
    """A case sealed, disclosed, and everything."""
    vkey = epochs(registry.database.app_url)[-1].vkeys[0]
    with psycopg.connect(registry.database.app_url) as connection:
        row = connection.execute(
            "SELECT convert_from(state, 'UTF8')::jsonb ->> 'case_number' FROM registry.events"
            " WHERE topic = 'recognition-case.submitted' LIMIT 1"
        ).fetchone()
    if row is None:
        raise SystemExit("no case was recorded")
    packs = {}
    for words, fields in (("sealed", ()), ("disclosed", READ)):
        exported = export_case(registry.audited, registry.seals, row[0], fields, "measured")
        if exported is None:
            raise SystemExit(f"{row[0]} is not there")
        packs[words] = exported.data
        print(f"a case, {words}: {len(exported.data):,} bytes, {exported.events} events")
    timed("a case, sealed, the first in this process", lambda: verify_case(packs["sealed"], vkey), 1)
    sealed = timed("a case, sealed", lambda: verify_case(packs["sealed"], vkey), runs)
    timed("a case, match derived, matcher made", lambda: verify_case(packs["disclosed"], vkey), 1)
    derived = timed("a case, match derived, matcher kept", lambda: verify_case(packs["disclosed"], vkey), runs)
    print(f"bar {BAR * 1000:.0f} ms: sealed {sealed / BAR:.2f}×, match derived {derived / BAR:.2f}×")
    path = folder / "everything.jsonl"
    started = time.perf_counter()
    with path.open("wb") as file:
        for line, _, _ in export_everything(registry.audited):
            file.write(line)
    print(f"everything exported in {time.perf_counter() - started:.1f} s, {path.stat().st_size:,} bytes")
    started = time.perf_counter()
    with path.open("rb") as lines, tempfile.TemporaryFile() as hashes:
        found = verify_whole(lines, hashes, vkey)
    rate = found.leaves / (time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"everything verified: {found.leaves} events at {rate:,.0f}/s; this process took {memory} MiB at most")


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pack-speed-") as name:
        Path(name).chmod(0o711)
        settings = Settings(data_dir=Path(name), database_url=None, database_owner_url=None)
        with open_registry(settings) as registry:
            for number in range(options.cases):
                record(registry, number)
            with psycopg.connect(registry.database.app_url) as connection:
                Sequencer(log_files(settings)).run(connection)
            measure(registry, Path(name), options.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
