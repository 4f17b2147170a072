"""Reads that servers answer which follow the primary: never older than what a reader has seen, never what must not be late."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.postgres.embedded import EmbeddedPostgres
from tests.api.conftest import XIHU, Api, Clock, Prepared, opened
from tests.conftest import _database
from tests.followers import FollowingServer, following
from tests.people import resident_number

BY_NUMBER = "query ($n: String!, $p: Position) { case(caseNumber: $n, atLeast: $p) { caseNumber status } }"
INTERPRETED = "query ($n: String!, $p: Position) { case(caseNumber: $n, atLeast: $p) { caseNumber history { type } } }"
TITLES = "query ($n: String!) { titles(holder: {idNumber: $n}) { id } }"
APPROVE = """mutation ($case: ID!) { approveCase(caseId: $case, workConsistent: true, countedExperienceMonths: 0,
    opinion: "The register of the body shows it.") { position refusal { code } } }"""


@pytest.fixture(scope="module")
def follower(prepared: Prepared, postgres: EmbeddedPostgres, server_dir: Path) -> Iterator[FollowingServer]:
    """A standby of the test process's own server, and of every database on it, while this module's tests run."""
    del prepared  # made before, since a server that is followed and confirms alone is refused
    with following(postgres, server_dir, server_dir / "follower") as made:
        yield made


@pytest.fixture(scope="module")
def api(postgres: EmbeddedPostgres, follower: FollowingServer, prepared: Prepared, server_dir: Path) -> Iterator[Api]:
    """A registry whose readers are answered by a standby too; a second one that is named is not there."""
    database = next(made := _database(postgres, prepared.database))
    folder = Path(tempfile.mkdtemp(dir=server_dir))
    shutil.copytree(prepared.folder, folder, dirs_exist_ok=True)
    urls = (follower.url(database.app_url), f"host={folder} dbname=nowhere user=nobody connect_timeout=2")
    with opened(database, folder, Clock(), database_read_urls=urls, synchronous_replication=False) as served:
        yield served
    next(made, None)


def until(holds: Callable[[], Any], patience: float = 20.0) -> Any:
    """Wait until something holds."""
    deadline = time.monotonic() + patience
    while not (found := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def answered_by_follower(api: Api, ask: Callable[[], Any]) -> Any:
    """Ask until a follower answers; its answer."""

    def asked() -> Any:
        before = api.registry.replicas.statements
        answer = ask()
        return (answer,) if api.registry.replicas.statements > before else None

    return until(asked)[0]


def submitted(api: Api, subject: str, number: int) -> tuple[str, dict[str, Any]]:
    """A token, and a case that was submitted with it."""
    token = api.token("APPLICANT", subject=subject)
    return token, api.submit(token, holder={"name": "王敏", "idNumber": resident_number(number)})


def test_a_follower_answers_what_the_primary_does(api: Api) -> None:
    """Compiled or interpreted, once it is there; and that there is nothing it tells as well."""
    token, payload = submitted(api, "asks-a-follower", 880_001)
    case = {"n": payload["case"]["caseNumber"], "p": payload["position"]}
    nothing = {"n": "ZJ-2099-000000"}
    for document in (BY_NUMBER, INTERPRETED):
        first = api.ask(document, case, token)
        assert first["case"] is not None
        assert answered_by_follower(api, lambda document=document: api.ask(document, case, token)) == first
        assert answered_by_follower(api, lambda document=document: api.ask(document, nothing, token)) == {"case": None}
    verifier = api.token("VERIFIER", subject="finds-nobody")
    nobody = {"n": resident_number(889_999)}
    assert answered_by_follower(api, lambda: api.ask(TITLES, nobody, verifier)) == {"titles": []}


def test_nobody_reads_back_behind_what_they_saw(api: Api, follower: FollowingServer) -> None:
    """While the standby replays nothing: what was just recorded is there for who recorded it, with a position and without."""
    token, payload = submitted(api, "never-goes-back", 880_011)
    answered_by_follower(api, lambda: api.ask(BY_NUMBER, {"n": payload["case"]["caseNumber"]}, token))
    with follower.lagging():
        later = submitted(api, "never-goes-back", 880_012)[1]
        case = {"n": later["case"]["caseNumber"], "p": later["position"]}
        for document in (BY_NUMBER, INTERPRETED):
            assert api.ask(document, case, token)["case"] is not None
            for _ in range(5):
                assert api.ask(document, {"n": case["n"]}, token)["case"] is not None
                time.sleep(0.05)


def test_a_restriction_counts_at_once(api: Api, follower: FollowingServer) -> None:
    """Where it is known that a person's data is not to be processed, a standby that knows it not yet is not asked, by anybody."""
    number = resident_number(880_021)
    _, payload = submitted(api, "is-restricted", 880_021)
    officer = api.token("REVIEWER", XIHU)
    position = api.ask(APPROVE, {"case": payload["case"]["id"]}, officer)["approveCase"]["position"]
    verifier = api.token("VERIFIER", subject="looks-up")
    assert position
    until(lambda: api.ask(TITLES, {"n": number}, verifier)["titles"])
    assert answered_by_follower(api, lambda: api.ask(TITLES, {"n": number}, verifier)["titles"])
    with follower.lagging():
        restrict = """mutation ($r: ID!) { restrictHolder(ref: $r, legalBasis: "A dispute about the certificate.") { position refusal { code } } }"""
        ref = payload["case"]["holder"]["ref"]
        done = api.ask(restrict, {"r": ref}, api.token("PRIVACY_OFFICER"))["restrictHolder"]
        assert done["refusal"] is None
        until(lambda: not api.ask(TITLES, {"n": number}, verifier)["titles"])
        for _ in range(10):
            assert not api.ask(TITLES, {"n": number}, verifier)["titles"]
            time.sleep(0.05)


def test_a_standby_that_lags_is_left_out_and_comes_back(api: Api, follower: FollowingServer) -> None:
    """Operators are told of it, and of the one that is not there; readers are answered."""
    until(lambda: api.registry.replicas.states() == {1: True, 2: False})
    with follower.lagging():
        token, payload = submitted(api, "sees-a-lag", 880_031)
        until(lambda: api.registry.replicas.states() == {1: False, 2: False})
        assert api.ask(BY_NUMBER, {"n": payload["case"]["caseNumber"], "p": payload["position"]}, token)["case"]
        ready = api.client.get("/readyz").json()
        assert ready["status"] == "ok"
        assert "1, 2" in ready["checks"]["replicas"]
    until(lambda: api.registry.replicas.states() == {1: True, 2: False})
