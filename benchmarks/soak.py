"""The registry under load for long, with kills: ``python -m benchmarks.soak [--seconds 600] [--kills 10]``.

Two server processes on one port and an embedded PostgreSQL. Sixteen writers submit and approve over HTTP, each act again and again until
it is answered, as clients do; two readers tail the events; the read models are rebuilt over and over; and at even intervals something is
killed, by turns: a worker (SIGKILL), the connections of one of the database's clients, a backend of the database (SIGKILL, after which it
recovers from a crash).

Afterwards everything that was acknowledged is there, once; each reader has seen every event, once, in the order of positions; the rows
are what a fold of the events is; the audit finds nothing; and no answer was an error but for outages. The exit code is 1 otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import httpx
import psutil
import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg_pool import PoolTimeout

from application.projections.all import PROJECTIONS
from domain.values import Role
from infrastructure.audit.check import check_all
from infrastructure.composition import Registry, open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.postgres.embedded import SUPERUSER, EmbeddedPostgres
from infrastructure.postgres.recorder import EventRecorder
from infrastructure.projections.errors import RebuildRunningError
from infrastructure.projections.rebuild import check, rebuild
from infrastructure.settings import Settings
from transport.errors import ErrorCode

WRITERS: Final = 16
READERS: Final = 2
PATIENCE: Final = 60.0
"""Seconds within which an act is answered at last, whatever was killed meanwhile."""
XIHU: Final = "330106-EI"
SUBMIT: Final = """mutation ($input: SubmitCaseInput!) { submitCase(input: $input) {
    refusal { code } case { id caseNumber } } }"""
APPROVE: Final = """mutation ($case: ID!) { approveCase(caseId: $case, workConsistent: true, countedExperienceMonths: 0,
    opinion: "The register of the body shows it.") { refusal { code } case { status } } }"""
AWAY: Final = (psycopg.Error, PersistenceError, PoolTimeout)
"""What a reader meets while the database is away."""


@dataclass
class Seen:
    """What clients were told, and what went wrong that must not."""

    submitted: dict[int, str] = field(default_factory=dict)
    approved: set[int] = field(default_factory=set)
    outages: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    rebuilds: int = 0


class Writer:
    """One client: submits and approves, one case after another, and repeats whatever was not answered."""

    def __init__(self, number: int, url: str, issuer: DevelopmentIssuer, seen: Seen) -> None:
        self._number, self._seen = number, seen
        self._client = httpx.Client(base_url=url, timeout=30)
        self._applicant = issuer.issue(Role.APPLICANT, subject=f"applicant-{number}")
        self._officer = issuer.issue(Role.REVIEWER, subject=f"officer-{number}", authority=XIHU)

    def run(self, over: threading.Event) -> None:
        """Until it is over."""
        number = self._number
        with self._client:
            while not over.is_set():
                self._write(number)
                number += WRITERS

    def _write(self, number: int) -> None:
        form = {
            "idempotencyKey": f"soak-{number}",
            "holder": {"name": "王敏", "idType": "PASSPORT", "idNumber": f"P{number:08d}"},
            "certificate": {
                "name": "AWS Certified Solutions Architect - Professional",
                "issuingBody": "亚马逊",
                "certificateNumber": f"S-{number}",
            },
            "authorityCode": XIHU,
            "workField": "数字经济",
        }
        payload = self._answered(SUBMIT, {"input": form}, self._applicant, "submitCase")
        if payload is None:
            return
        if payload["refusal"] is not None:
            self._seen.unexpected[f"a submission was refused: {payload['refusal']['code']}"] += 1
            return
        self._seen.submitted[number] = payload["case"]["caseNumber"]
        payload = self._answered(APPROVE, {"case": payload["case"]["id"]}, self._officer, "approveCase")
        if payload is None:
            return
        # An approval that was stored and not answered is refused when it is repeated: the case is closed.
        if payload["refusal"] is not None and payload["refusal"]["code"] != "CASE_CLOSED":
            self._seen.unexpected[f"an approval was refused: {payload['refusal']['code']}"] += 1
            return
        self._seen.approved.add(number)

    def _answered(self, document: str, variables: dict[str, Any], token: str, name: str) -> dict[str, Any] | None:
        """The payload, however often it takes; None where nothing answers within the patience of a client."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self._client.post(
                    "/graphql",
                    json={"query": document, "variables": variables},
                    headers={"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"},
                ).json()
            except (httpx.TransportError, ValueError) as error:
                self._seen.outages[type(error).__name__] += 1
                time.sleep(0.05)
                continue
            if "errors" not in answer:
                payload: dict[str, Any] = answer["data"][name]
                return payload
            code = answer["errors"][0]["extensions"]["code"]
            if ErrorCode(code).status not in {503, 429}:
                self._seen.unexpected[code] += 1
                return None
            self._seen.outages[code] += 1
            time.sleep(0.05)
        self._seen.unexpected["nothing answered in time"] += 1
        return None


def follow(registry: Registry, over: threading.Event, positions: list[int]) -> None:
    """Read every event as it comes, until nobody writes any more and no further one is there."""
    recorder = cast("EventRecorder", registry.journal.recorder)
    while True:
        ends = over.is_set()
        try:
            events = recorder.tail(positions[-1] if positions else 0, 500)
        except AWAY:
            time.sleep(0.05)
            continue
        positions += [each.position for each in events]
        if not events:
            if ends:
                return
            time.sleep(0.01)


def rebuild_again(registry: Registry, over: threading.Event, seen: Seen) -> None:
    """Make the read models anew, over and over, until it is over, and once at least."""
    while not (over.is_set() and seen.rebuilds):
        try:
            rebuild(registry.database, registry.mapper, PROJECTIONS)
            seen.rebuilds += 1
        except (*AWAY, RebuildRunningError) as error:
            seen.outages[type(error).__name__] += 1
        over.wait(0.5)


def strike(turn: int, server: psutil.Process, folder: Path, superuser: str) -> str:
    """Kill something, by turns; what it was."""
    match turn % 3:
        case 0:
            server.children()[0].kill()  # the one that served longest: clients hold connections to it
            return "a worker"
        case 1:
            with (
                contextlib.suppress(psycopg.OperationalError),
                psycopg.connect(superuser, autocommit=True) as connection,
            ):
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                    " AND pid <> pg_backend_pid()"
                )
            return "every connection"
        case _:
            backends = [
                each
                for each in psutil.process_iter(["name", "cmdline"])
                if each.info["name"] == "postgres"
                and any(word.startswith("postgres: registry_app") for word in each.info["cmdline"] or [])
                and any(str(folder) in word for parent in each.parents()[:1] for word in parent.cmdline())
            ]
            if backends:
                random.choice(backends).kill()
            return "a backend"


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """``recognition serve --workers 2``, and its address."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DATABASE")}
    environment |= {"RECOGNITION_DATA_DIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}
    command = [sys.executable, "-m", "console", "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            lines = server.stdout or ()
            found = next(filter(None, (re.search(r"(http://\S+)/graphql", line) for line in lines)))
            yield psutil.Process(server.pid), found[1]
        finally:
            server.terminate()
            server.wait(30)


def faults(registry: Registry, seen: Seen, readers: list[list[int]]) -> list[str]:
    """Everything that is not as it must be, once the load is over."""
    found = [f"unexpected: {what} ({count}×)" for what, count in seen.unexpected.items()]
    with psycopg.connect(registry.database.app_url) as connection:
        positions = [row[0] for row in connection.execute("SELECT position FROM registry.events ORDER BY position")]
        stored = Counter(
            row[0]
            for row in connection.execute(
                "SELECT convert_from(state, 'UTF8')::jsonb ->> 'case_number' FROM registry.events"
                " WHERE topic = 'recognition-case.submitted'"
            )
        )
        approved = connection.execute(
            "SELECT count(*), count(DISTINCT originator_id) FROM registry.events WHERE topic = 'recognition-case.approved'"
        ).fetchone() or (0, 0)
    lost = [number for number in seen.submitted.values() if stored[number] != 1]
    found += [f"{len(lost)} acknowledged submissions are not there once"] if lost else []
    if approved[0] != approved[1] or approved[0] < len(seen.approved):
        found.append(
            f"{len(seen.approved)} approvals were acknowledged; {approved[0]} are stored, of {approved[1]} cases"
        )
    found += [
        f"reader {number} saw {len(read)} events of {len(positions)}, in order: {read == sorted(read)}"
        for number, read in enumerate(readers, 1)
        if read != positions
    ]
    registry.projections.run_until_caught_up()
    for each in PROJECTIONS:
        report = check(registry.database, registry.mapper, each)
        found += [] if report.is_complete else [f"the rows of {each.name} are not what the events say"]
    return found + [str(finding) for finding in check_all(registry.audited).findings]


def soak(seconds: float, kills: int, say: Callable[[str], None] = print) -> list[str]:
    """Load the registry, kill, and look; what is not as it must be."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        folder.chmod(0o711)  # the database's own user passes through
        over, written, seen = threading.Event(), threading.Event(), Seen()
        server, url = stack.enter_context(serving(folder))
        registry = stack.enter_context(open_registry(Settings(data_dir=folder, database_url=None)))
        embedded = stack.enter_context(EmbeddedPostgres(folder))
        issuer, readers = DevelopmentIssuer(folder), [list[int]() for _ in range(READERS)]
        work = [Writer(number, url, issuer, seen).run for number in range(WRITERS)]
        writers = [threading.Thread(target=each, args=[over]) for each in work]
        others = [threading.Thread(target=follow, args=[registry, written, read]) for read in readers]
        others.append(threading.Thread(target=rebuild_again, args=[registry, over, seen]))
        for thread in (*others, *writers):
            thread.start()
        for turn in range(kills):
            time.sleep(seconds / (kills + 1))
            seen.killed[strike(turn, server, folder, embedded.url(SUPERUSER, "postgres"))] += 1
        time.sleep(seconds / (kills + 1))
        over.set()
        for thread in writers:
            thread.join()
        written.set()
        for thread in others:
            thread.join()
        say(
            f"{seconds:.0f} s: {len(seen.submitted)} submissions and {len(seen.approved)} approvals acknowledged,"
            f" {len(readers[0])} events, {seen.rebuilds} rebuilds; killed {dict(seen.killed)}; outages met {dict(seen.outages)}"
        )
        return faults(registry, seen, readers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--kills", type=int, default=10)
    asked = parser.parse_args()
    wrong = soak(asked.seconds, asked.kills)
    print(
        "\n".join(wrong)
        or "Nothing was lost, doubled or skipped; the rows are what the events say; the audit finds nothing."
    )
    sys.exit(1 if wrong else 0)
