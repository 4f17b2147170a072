"""Making the read models anew: ``python benchmarks/rebuild_speed.py [--cases N] [--runs N]``.

On a registry of its own (embedded PostgreSQL in a temporary folder) it records cases of four events each, every one of a
person with a key of their own: a claim, a submission, a match, an approval. Then it projects them live and rebuilds the read
models, as ``recognition projections rebuild`` does, several times. Prints events a second, compared and put in place, and how
long this process and the database worked at each, which other work on the machine lengthens less.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "graphql")]

from application.projections.all import PROJECTIONS  # noqa: E402 - run as a script, from anywhere
from catalog.notice import load_official_catalog  # noqa: E402 - after the path is set
from domain.base import Act  # noqa: E402 - after the path is set
from domain.case.case import RecognitionCase  # noqa: E402 - after the path is set
from domain.case.events import Approved  # noqa: E402 - after the path is set
from domain.claim import CertificateClaim  # noqa: E402 - after the path is set
from domain.guards import Circumstances  # noqa: E402 - after the path is set
from domain.matching import reasons  # noqa: E402 - after the path is set
from domain.values import (  # noqa: E402 - after the path is set
    Actor,
    Certificate,
    Evidence,
    Experience,
    MatchCandidate,
    MatchOutcome,
    Person,
    Provenance,
    Role,
)
from infrastructure.composition import Registry, open_registry  # noqa: E402 - after the path is set
from infrastructure.projections import rebuild as rebuilding  # noqa: E402 - after the path is set
from infrastructure.settings import Settings  # noqa: E402 - after the path is set

START = datetime(2024, 1, 1, 1, tzinfo=UTC)
AUTHORITIES = ("330100-EI", "330200-EI", "330106-EI")
SAVED_AT_ONCE = 50
APPLICANT = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT), client="benchmark")
REGISTRY = Provenance(actor=Actor(subject="registry", role=Role.SYSTEM))


def decided_case(number: int, known: Circumstances, code: str) -> tuple[RecognitionCase, CertificateClaim]:
    """One case from its submission to its title."""
    ref, identifier, at = uuid4(), uuid4(), START + timedelta(minutes=7 * number)
    authority = AUTHORITIES[number % len(AUTHORITIES)]
    officer = Actor(subject=f"officer-{number % 9}", role=Role.REVIEWER, authority_code=authority)
    claim = CertificateClaim.begin(
        CertificateClaim.Claimed, Act(APPLICANT, at), uuid4(), case_id=identifier, holder_ref=ref
    )
    case = RecognitionCase.submit(
        Act(APPLICANT, at),
        identifier,
        known,
        holder=Person(ref=ref, name=f"王敏{number}", id_type="PASSPORT", id_number=f"P{number}"),
        certificate=Certificate(
            name="AWS Certified Solutions Architect - Professional",
            issuing_body="Amazon",
            grade=None,
            certificate_number=f"C-{number}",
            issued_on=date(2022, 3, 4),
        ),
        authority_code=authority,
        work_field="软件开发",
        experience=(
            Experience(employer="Example GmbH", start=date(2018, 1, 1), end=date(2021, 1, 1), field="软件开发"),
        ),
        evidence=tuple(
            Evidence(
                sha256=f"{2 * number + n:064x}",
                file_name=f"证书{n}.pdf",
                media_type="application/pdf",
                size=70_000,
                kind="CERTIFICATE",
            )
            for n in range(2)
        ),
        catalog_code=code,
        catalog_version=1,
        claim_id=claim.id,
    )
    case.match(
        Act(REGISTRY, at),
        known,
        outcome=MatchOutcome.EXACT,
        entry_number=56 + number % 6,
        grade=None,
        candidates=[MatchCandidate(number=56 + number % 6, grade=None, score=1.0, reasons=(reasons.SAME_TEXT,))],
        rule_set="benchmark",
    )
    case.decide(
        Approved,
        Act(Provenance(actor=officer), at + timedelta(minutes=number % 4)),
        known,
        work_consistent=True,
        counted_experience_months=12,
    )
    return case, claim


def fill(registry: Registry, cases: int, since: int = 0) -> None:
    """Record so many decided cases, numbered from ``since`` on."""
    code = load_official_catalog().code
    known = registry.audited.known()
    end = since + cases
    for first in range(since, end, SAVED_AT_ONCE):
        some = [decided_case(number, known, code) for number in range(first, min(end, first + SAVED_AT_ONCE))]
        registry.journal.record(*(each for pair in some for each in pair))


def database_work(folder: str) -> float:
    """The seconds that the processors worked for the PostgreSQL whose files lie in a folder, its ended processes included."""
    total = 0.0
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            parent = each.parent()
            if each.name() != "postgres" or parent is None:
                continue
            times = each.cpu_times()
            if any(folder in part for part in each.cmdline()):
                total += sum(times[:4])
            elif any(folder in part for part in parent.cmdline()):
                total += sum(times[:2])
    return total


def timed(what: str, events: int, folder: str, work: Any) -> float:
    """Do it and print how fast it went; the rate."""
    started, worked, database = time.perf_counter(), time.process_time(), database_work(folder)
    work()
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    database = database_work(folder) - database
    print(
        f"{what:10} {events} events in {seconds:6.2f} s: {events / seconds:9,.0f} events/s;"
        f" at work {1e6 * worked / events:6.1f} µs an event in this process, {1e6 * database / events:6.1f} in PostgreSQL",
        flush=True,
    )
    return events / seconds


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rebuild-speed-") as name:
        Path(name).chmod(0o711)
        settings = Settings(data_dir=Path(name), database_url=None, database_owner_url=None)
        with open_registry(settings) as registry:
            fill(registry, options.cases)
            events = 4 * options.cases + 1
            timed("live", events, name, registry.projections.run_until_caught_up)
            rates = [
                timed(
                    "rebuild", events, name, lambda: rebuilding.rebuild(registry.database, registry.mapper, PROJECTIONS)
                )
                for _ in range(options.runs)
            ]
            print(f"the best rebuild: {max(rates):,.0f} events/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
