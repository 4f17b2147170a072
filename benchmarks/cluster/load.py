"""What goes on while nodes fail: writers that repeat until they are answered, readers that follow, readers that read what was told."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg_pool import PoolTimeout

from benchmarks.cluster.hosts import Host
from domain.values import Role
from infrastructure.identity import DevelopmentIssuer
from infrastructure.postgres.datastore import RegistryDatastore
from infrastructure.postgres.recorder import EventRecorder
from transport.errors import ErrorCode

WRITERS: Final = 4
FOLLOWERS: Final = 2
XIHU: Final = "330106-EI"
PATIENCE: Final = 120.0
"""Seconds after which a writer gives an act up, which is a fault."""
SUBMIT: Final = """mutation ($input: SubmitCaseInput!) { submitCase(input: $input) {
    position refusal { code } case { id caseNumber } } }"""
CASE: Final = "query ($n: String!, $p: Position) { case(caseNumber: $n, atLeast: $p) { caseNumber } }"
TRY_AGAIN: Final = {ErrorCode.UNAVAILABLE, ErrorCode.PROJECTION_BEHIND}
"""What passes by itself, as clients are told."""
AWAY: Final = (psycopg.Error, PersistenceError, PoolTimeout)


@dataclass
class Told:
    """What clients were told, when, and what must not have been."""

    submitted: dict[int, tuple[str, int]] = field(default_factory=dict)
    """By number of the act: the case's number, and the position up to which it is recorded."""
    instants: list[float] = field(default_factory=list)
    """When a write was acknowledged."""
    read: int = 0
    outages: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)

    def gap(self, since: float) -> float:
        """Seconds of the longest time without an acknowledged write, from an instant on."""
        after = [since, *(each for each in sorted(self.instants) if each >= since)]
        return max((later - earlier for earlier, later in itertools.pairwise(after)), default=0.0)


class _Client:
    """One client of all hosts, who goes to the next where one does not answer."""

    def __init__(self, number: int, hosts: Sequence[Host], told: Told) -> None:
        self._hosts, self._at, self._told = hosts, number, told
        self._client = httpx.Client(timeout=httpx.Timeout(20, connect=2))

    def ask(self, document: str, variables: dict[str, Any], token: str, over: threading.Event) -> Any:
        """The data of an answer, however often it takes; None where it takes too long, or nobody waits any more."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not over.is_set():
            try:
                answer = self._client.post(
                    f"{self._hosts[self._at % len(self._hosts)].url}/graphql",
                    json={"query": document, "variables": variables},
                    headers={"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"},
                ).json()
            except (httpx.TransportError, ValueError) as error:
                self._told.outages[type(error).__name__] += 1
                self._at += 1
                time.sleep(0.05)
                continue
            if "errors" not in answer:
                return answer["data"]
            code = answer["errors"][0]["extensions"]["code"]
            if code not in TRY_AGAIN:
                self._told.unexpected[f"{code}: {answer['errors'][0]['message'][:120]}"] += 1
                return None
            self._told.outages[code] += 1
            self._at += 1
            time.sleep(0.1)
        if not over.is_set():
            self._told.unexpected["nothing answered in time"] += 1
        return None


def write(number: int, hosts: Sequence[Host], issuer: DevelopmentIssuer, told: Told, over: threading.Event) -> None:
    """Submit one case after another, each until it is answered, and read each back at the position that was told."""
    client, token = _Client(number, hosts, told), issuer.issue(Role.APPLICANT, subject=f"applicant-{number}")
    act = number
    while not over.is_set():
        form = {
            "idempotencyKey": f"drill-{act}",
            "holder": {"name": "王敏", "idType": "PASSPORT", "idNumber": f"P{act:08d}"},
            "certificate": {
                "name": "AWS Certified Solutions Architect - Professional",
                "issuingBody": "亚马逊",
                "certificateNumber": f"D-{act}",
            },
            "authorityCode": XIHU,
            "workField": "数字经济",
        }
        data = client.ask(SUBMIT, {"input": form}, token, over)
        if data is not None and (payload := data["submitCase"])["case"] is not None:
            told.submitted[act] = (payload["case"]["caseNumber"], int(payload["position"]))
            told.instants.append(time.monotonic())
            read = client.ask(CASE, {"n": payload["case"]["caseNumber"], "p": payload["position"]}, token, over)
            if read is not None:
                told.read += 1
                if read["case"] is None:
                    told.unexpected["a case was not there at the position that was told with it"] += 1
        elif data is not None:
            told.unexpected[f"a submission was refused: {data['submitCase']['refusal']}"] += 1
        act += WRITERS


def follow(url: str, over: threading.Event, positions: list[tuple[int, str]]) -> None:
    """Read every event as it comes, until nobody writes any more and no further one is there."""
    recorder = EventRecorder(RegistryDatastore(url, pool_size=1))
    while True:
        ends = over.is_set()
        try:
            events = recorder.tail(positions[-1][0] if positions else 0, 500)
        except AWAY:
            time.sleep(0.05)
            continue
        positions += [(each.position, f"{each.stream_id}/{each.version}") for each in events]
        if not events:
            if ends:
                recorder.datastore.pool.close()
                return
            time.sleep(0.01)


@dataclass
class Load:
    """The load at work, and what was told and seen."""

    told: Told
    followed: list[list[tuple[int, str]]]

    def answered(self, more: int, patience: float = 90) -> None:
        """Wait until so many more writes were acknowledged. Raises ``TimeoutError``."""
        wanted, deadline = len(self.told.instants) + more, time.monotonic() + patience
        while len(self.told.instants) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no writes within {patience:.0f} s: {dict(self.told.outages)}")
            time.sleep(0.05)


@contextlib.contextmanager
def load(hosts: Sequence[Host], url: str, first: int) -> Iterator[Load]:
    """Writers and followers at work; when the context ends, all of them have. ``first`` is the number of the first act."""
    over, written = threading.Event(), threading.Event()
    issuer, told = DevelopmentIssuer(hosts[0].folder), Told()
    made = Load(told, [[] for _ in range(FOLLOWERS)])
    works: list[Callable[[], None]] = [
        lambda number=number: write(first + number, hosts, issuer, told, over)
        for number in range(WRITERS)  # type: ignore[misc]
    ]
    writers = [threading.Thread(target=each) for each in works]
    followers = [threading.Thread(target=follow, args=[url, written, each]) for each in made.followed]
    for each in (*followers, *writers):
        each.start()
    try:
        yield made
    finally:
        over.set()
        for each in writers:
            each.join()
        written.set()
        for each in followers:
            each.join()
