"""How fast cases are written, beside the library's default recorder: ``python benchmarks/write_speed.py [--beside CHECKOUT]``.

In one run, on one embedded PostgreSQL, in alternating rounds, each with one writer and with four (threads of one process):

- ``library``: the library's own application and default recorder with two bare aggregates, the least that a case is: a case
  of two events and a claim of one are saved together; then the case is loaded, one more event recorded, and saved.
- ``recorder``: the same loads and saves with stored bytes in hand, on the registry's recorder alone.
- ``now``: somebody new submits, the certificate is matched and claimed, an officer approves: the whole use cases, personal data
  sealed under keys of each person's own, every rule asked.
- ``before``: the same by another checkout of the registry, where ``--beside`` names one.

The medians of the rounds are printed in cases a second, the client's processor time a case, and their ratio to ``library`` of
the same round. The bars are 1 for ``now`` with four writers and 4 for ``recorder``; the exit code is 1 where one is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

ROOT = Path(__file__).resolve().parent.parent
CHECKOUT = Path(os.environ.get("CHECKOUT") or ROOT)
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "graphql")]

WRITERS = (1, 4)
BARS = {("now", 4): 1.0, ("recorder", 4): 4.0}
_numbers = itertools.count()
_opened = contextlib.ExitStack()
"""What a process holds open until it is ended."""


# ── what is measured: each makes of a database a function that writes one case ─────────────────────────────────────────
def whole_use_cases(url: str, folder: Path) -> Callable[[], None]:
    """Submit and approve by the registry of this process's checkout."""
    from application.commands import CertificateForm, PersonForm, Submission
    from domain.case.events import Approved
    from domain.values import Actor, Provenance, Role, shanghai_day
    from infrastructure.composition import open_registry
    from infrastructure.settings import Settings

    registry = _opened.enter_context(open_registry(Settings(database_url=url, data_dir=folder)))
    applicant = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT))
    officer = Provenance(actor=Actor(subject="officer", role=Role.REVIEWER, authority_code="330106-EI"))
    [code] = registry.shelf.codes()
    entries = registry.shelf.catalog(code).entries_at(1).values()
    certificates = [(each.qualification_name, each.issuing_body) for each in entries if each.awards[0].grade is None]
    today = shanghai_day(datetime.now(UTC))
    known = itertools.cycle([each for each in certificates if registry.shelf.match(*each, None, today).match.entry])

    # An older checkout, measured beside this one, knows no opinion and asks for none.
    stated = {"opinion": "The register of the body shows it."} if "opinion" in Approved.model_fields else {}
    approval: dict[str, Any] = {"work_consistent": True, "counted_experience_months": 0, **stated}

    def write() -> None:
        number = f"{next(_numbers)}-{uuid4().hex[:12]}"
        name, body = next(known)
        form = Submission(
            idempotency_key=number,
            holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=f"P{uuid4().int % 10**8:08d}"),
            certificate=CertificateForm(name=name, issuing_body=body, certificate_number=f"C{number}"),
            authority_code="330106-EI",
            work_field="数字经济",
        )
        done = registry.cases.submit(applicant, form)
        if done.case is None or done.case.entry_number is None:
            raise AssertionError(f"{name} of {body} is not matched by itself")
        registry.cases.decide(officer, done.case_id, Approved, None, **approval)

    return write


def bare_aggregates(url: str, _folder: Path) -> Callable[[], None]:
    """The library alone: its application, its recorder as it comes, aggregates that check nothing."""
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event
    from psycopg.conninfo import conninfo_to_dict

    class BareCase(Aggregate):
        @event("Submitted")
        def __init__(self, holder: str, certificate: str) -> None:
            self.holder, self.certificate, self.entry, self.title = holder, certificate, 0, ""

        @event("Matched")
        def match(self, entry: int) -> None:
            self.entry = entry

        @event("Approved")
        def approve(self, title: str) -> None:
            self.title = title

    class BareClaim(Aggregate):
        @event("Claimed")
        def __init__(self, case: UUID) -> None:
            self.case = case

    globals().update(BareCase=BareCase, BareClaim=BareClaim)  # where the library looks for them by name
    BareCase.__qualname__, BareClaim.__qualname__ = "BareCase", "BareClaim"
    given = conninfo_to_dict(url)
    application = Application[UUID](
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(given["dbname"]),
            "POSTGRES_HOST": str(given["host"]),
            "POSTGRES_PORT": str(given["port"]),
            "POSTGRES_USER": str(given["user"]),
            "POSTGRES_PASSWORD": "none",
        }
    )

    def write() -> None:
        case = BareCase("王敏", "AWS Certified Solutions Architect - Professional")
        case.match(56)
        application.save(case, BareClaim(case.id))
        again: BareCase = application.repository.get(case.id)
        again.approve("工程师")
        application.save(again)

    return write


def bare_recorder(url: str, _folder: Path) -> Callable[[], None]:
    """The registry's recorder alone, the bytes in hand."""
    from infrastructure.postgres.database import step_down
    from infrastructure.postgres.datastore import RegistryDatastore
    from infrastructure.postgres.migrations import migrate
    from infrastructure.postgres.recorder import EnvelopedEvent, EventRecorder

    migrate(url)
    recorder = EventRecorder(RegistryDatastore(step_down(url)))
    state, at = b"x" * 600, datetime.now(UTC)

    def stored(stream: UUID, version: int) -> EnvelopedEvent:
        return EnvelopedEvent(
            stream,
            version,
            "recognition-case.matched",
            state,
            recorded_at=at,
            actor_subject="applicant",
            actor_role="APPLICANT",
            actor_authority=None,
            client=None,
        )

    def write() -> None:
        case, claim = uuid4(), uuid4()
        recorder.insert_events([stored(case, 1), stored(case, 2), stored(claim, 1)])
        if len(recorder.select_events(case)) != 2:
            raise AssertionError("a case is read as it was saved")
        recorder.insert_events([stored(case, 3)])

    return write


KINDS = {"library": bare_aggregates, "recorder": bare_recorder, "now": whole_use_cases, "before": whole_use_cases}


# ── one process a kind, which writes when it is told to ────────────────────────────────────────────────────────────────
def serve(kind: str, url: str, folder: Path) -> None:
    """Answer each line ``WRITERS SECONDS`` of the standard input with ``CASES SECONDS PROCESSOR-SECONDS``."""
    write = KINDS[kind](url, folder)
    for _ in range(50):
        write()
    gc.collect()
    gc.freeze()  # as the server does: what lives as long as the process is not looked through again and again
    print("ready", flush=True)
    for line in sys.stdin:
        writers, seconds = line.split()
        print(*measured(write, int(writers), float(seconds)), flush=True)


def measured(write: Callable[[], None], writers: int, seconds: float) -> tuple[int, float, float]:
    """How many cases so many threads wrote in about so many seconds, the seconds, and those of the processor."""
    counts = [0] * writers
    began, spent = time.perf_counter(), time.process_time()

    def work(place: int) -> None:
        while time.perf_counter() - began < seconds:
            write()
            counts[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.perf_counter() - began, time.process_time() - spent


class Worker:
    """A process of one kind, with a database of its own on the server that all share."""

    def __init__(self, kind: str, url: str, folder: Path, checkout: Path) -> None:
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", kind, url, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "CHECKOUT": str(checkout)},
        )
        if self._said() != "ready":
            raise SystemExit(f"The writer of {kind} did not start; what it says stands above.")

    def _said(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""

    def round(self, writers: int, seconds: float) -> tuple[float, float]:
        """Cases a second, and milliseconds of the processor a case."""
        if self._process.stdin:
            self._process.stdin.write(f"{writers} {seconds}\n")
            self._process.stdin.flush()
        count, took, spent = (float(each) for each in self._said().split())
        return count / took, 1000 * spent / count

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def run(rounds: int, seconds: float, beside: Path | None) -> bool:
    """Measure, print, and say whether every bar is met."""
    import psycopg

    from infrastructure.postgres.embedded import OWNER_ROLE, EmbeddedPostgres

    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="write-speed-"))
        Path(name).chmod(0o711)  # the server's system user passes through
        server = stack.enter_context(EmbeddedPostgres(Path(name) / "data"))
        workers: dict[str, Worker] = {}
        try:
            for kind in KINDS if beside else [each for each in KINDS if each != "before"]:
                with psycopg.connect(server.owner_url, autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE bench_{kind}".encode())
                url = server.url(OWNER_ROLE, f"bench_{kind}")
                checkout = beside if kind == "before" and beside else ROOT
                workers[kind] = Worker(kind, url, Path(name) / kind, checkout)
            found = {(kind, writers): [] for writers in WRITERS for kind in workers}
            for _ in range(rounds):
                for writers in WRITERS:
                    for kind, worker in workers.items():
                        found[kind, writers].append(worker.round(writers, seconds))
        finally:
            for worker in workers.values():
                worker.stop()
    return printed(found, rounds, seconds)


def printed(found: dict[tuple[str, int], list[tuple[float, float]]], rounds: int, seconds: float) -> bool:
    """The table of medians; whether every bar is met."""
    met = True
    print(f"medians of {rounds} alternating rounds of {seconds} s, {os.cpu_count()} processors")
    print(f"{'':10}{'writers':>8}{'cases/s':>10}{'client ms/case':>16}{'× library':>11}")
    for (kind, writers), each in found.items():
        rates = [rate for rate, _ in each]
        ratio = median(rate / base for rate, (base, _) in zip(rates, found["library", writers], strict=True))
        bar = BARS.get((kind, writers))
        met = met and (bar is None or ratio >= bar)
        wanted = "" if bar is None else f"   bar {bar}: {'met' if ratio >= bar else 'MISSED'}"
        print(f"{kind:10}{writers:8}{median(rates):10.0f}{median(cpu for _, cpu in each):16.2f}{ratio:11.2f}{wanted}")
    return met


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--beside", type=Path, help="another checkout, measured in the same rounds as `before`")
    parser.add_argument("--serve", nargs=3, metavar=("KIND", "URL", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve[0], asked.serve[1], Path(asked.serve[2]))
    else:
        sys.exit(0 if run(asked.rounds, asked.seconds, asked.beside and asked.beside.resolve()) else 1)
