"""Pending cases are matched anew under an amendment that asks for it: in order, once, whatever interrupts it (article 5)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import pytest

from application.rematching import Rematching
from domain.case.case import RecognitionCase
from infrastructure.processes import ProcessRunner
from infrastructure.rematching import ProjectedPendingCases, rematching_process
from registry_api import ids
from tests.api.catalogs import CODE, added, amend, amendment, withdrawn
from tests.api.conftest import Api, Clock

TODAY, LATER = "2026-11-23", "2026-12-01"
CISCO = {"issuingBody": "思科（Cisco）"}
ARCHITECT = CISCO | {"name": "Cisco Certified Architect"}
UNLISTED = CISCO | {"name": "Cisco Certified Quantum Router"}
ANEW = ["recognition-case.rematch-required"]


@pytest.fixture
def quiet(api: Api) -> Api:
    """A registry whose own runner rests, so that the test says when cases are moved."""
    for each in api.registry.processes:
        each.stop()
    return api


def process(api: Api) -> Rematching:
    """A process that starts anew, as after a kill: it knows nothing but what is stored."""
    registry = api.registry
    return Rematching(
        registry.journal,
        registry.shelf,
        ProjectedPendingCases(registry.database),
        registry.authorities,
        registry.holders,
        registry.clock,
        registry.rules,
    )


def projected(api: Api) -> None:
    """Wait until the read side holds everything."""
    document = 'query ($p: Position) { titles(holder: {idNumber: "330106199003077013"}, atLeast: $p) { id } }'
    api.ask(document, {"p": str(api.registry.journal.last_position())}, api.token("AUDITOR"))


def run(api: Api, most: int | None = None) -> list[UUID]:
    """Move cases, at most so many; which."""
    projected(api)
    return [moved.case_id for moved in islice(process(api).run(), most)]


def stream(payload: dict[str, Any]) -> UUID:
    """The stream of a case in a payload."""
    return ids.uuid_in(payload["case"]["id"], "case")


def state(api: Api, case: UUID) -> tuple[str, int | None, int | None]:
    """Status, catalog version and entry, from the events."""
    found = api.registry.journal.load(RecognitionCase, case)
    assert found is not None
    return found.state.status.value, found.state.catalog_version, found.state.entry_number


def topics(api: Api, case: UUID) -> list[str]:
    """The events of a case."""
    return [event.TOPIC for event in api.registry.journal.events_of(case)]


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds; a test that waits in vain fails."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_server_moves_pending_cases_by_itself(api: Api) -> None:
    """A withdrawn entry's case is open again, with candidates for a reviewer, and an added entry's case is matched."""
    withdrawn_entry, unlisted = stream(api.submit(certificate=ARCHITECT)), stream(api.submit(certificate=UNLISTED))
    assert state(api, withdrawn_entry) == ("MATCHED", 1, 41)
    assert state(api, unlisted) == ("SUBMITTED", 1, None)
    new = added(101, "Cisco Certified Quantum Router", "思科认证量子路由")
    amend(api, amendment(1, TODAY, withdrawn(41), new, rematchPending=True))
    eventually(lambda: state(api, unlisted)[1] == 2 and state(api, withdrawn_entry)[1] == 2)
    assert state(api, withdrawn_entry) == ("SUBMITTED", 2, None)
    assert state(api, unlisted) == ("MATCHED", 2, 101)
    moved = [event for event in api.registry.journal.events_of(unlisted) if event.originator_version > 2]
    assert [event.TOPIC for event in moved] == [*ANEW, "recognition-case.matched"]
    assert {event.by.actor.role.value for event in moved} == {"SYSTEM"}


def test_another_process_takes_over_from_one_that_ends(api: Api) -> None:
    """Two runners, as two servers have: one is active, and when it ends the other moves what is due, once."""
    first = next(each for each in api.registry.processes if each.process.name == "rematching")
    second = ProcessRunner(rematching_process(process(api)), api.registry.database.app_url)
    second.start()
    try:
        case = stream(api.submit(certificate=ARCHITECT))
        first.stop()
        amend(api, amendment(1, TODAY, withdrawn(41), rematchPending=True))
        eventually(lambda: state(api, case)[1] == 2)
        assert topics(api, case).count(*ANEW) == 1
    finally:
        second.stop()


def test_without_rematch_pending_cases_stay_on_their_version(quiet: Api) -> None:
    """The day of submission governs, and the withdrawn entry still leads to its title."""
    done = quiet.submit(certificate=ARCHITECT)
    amend(quiet, amendment(1, TODAY, withdrawn(41)))
    assert run(quiet) == []
    assert state(quiet, stream(done)) == ("MATCHED", 1, 41)
    approved = quiet.decide("approveCase", done["case"]["id"], workConsistent=True)
    assert approved["case"]["title"]["title"] == "工程师"
    assert quiet.submit(certificate=ARCHITECT)["case"]["entry"] is None


def test_decided_cases_are_never_touched(quiet: Api) -> None:
    """Approved, refused, withdrawn: their streams end where they ended."""
    approved = stream(quiet.approved(certificate=ARCHITECT))
    refused, taken_back = quiet.submit(certificate=ARCHITECT), quiet.submit(certificate=ARCHITECT)
    quiet.decide("rejectCase", refused["case"]["id"], reason="x")
    quiet.decide("withdrawCase", taken_back["case"]["id"], quiet.token("APPLICANT"), reason="x")
    amend(quiet, amendment(1, TODAY, withdrawn(41), rematchPending=True))
    before = quiet.registry.journal.last_position()
    assert run(quiet) == []
    assert quiet.registry.journal.last_position() == before
    assert state(quiet, approved) == ("APPROVED", 1, 41)


@pytest.mark.parametrize("killed_after", [0, 1, 3, 5])
def test_a_killed_process_is_resumed_where_it_was(quiet: Api, killed_after: int) -> None:
    """Cases move in order of submission; a new process moves the rest, and each case moves once."""
    cases = [stream(quiet.submit(certificate=ARCHITECT)) for _ in range(5)]
    amend(quiet, amendment(1, TODAY, withdrawn(41), rematchPending=True))
    assert run(quiet, killed_after) == cases[:killed_after]
    assert [state(quiet, case)[1] for case in cases] == [2] * killed_after + [1] * (5 - killed_after)
    # The rows that the new process reads may still show what was moved as pending.
    assert run(quiet) == cases[killed_after:]
    assert run(quiet) == []
    for case in cases:
        assert topics(quiet, case).count(*ANEW) == 1


def test_rows_that_lag_behind_move_no_case_twice(quiet: Api) -> None:
    """The process judges each case by its events: rows from before the first run change nothing in the second."""
    case = stream(quiet.submit(certificate=ARCHITECT))
    amend(quiet, amendment(1, TODAY, withdrawn(41), rematchPending=True))
    projected(quiet)
    first, second = process(quiet).run(), process(quiet).run()
    rows = ProjectedPendingCases(quiet.registry.database).below(CODE, 2, None, 10)
    assert [each.case_id for each in rows] == [case]
    assert [moved.case_id for moved in first] == [case]
    assert list(second) == []
    assert topics(quiet, case).count(*ANEW) == 1


def test_a_case_that_is_decided_meanwhile_stays_as_decided(quiet: Api) -> None:
    """The decision lands between two cases: its case is left alone, though the rows still show it as pending."""
    first, second = quiet.submit(certificate=ARCHITECT), quiet.submit(certificate=ARCHITECT)
    amend(quiet, amendment(1, TODAY, withdrawn(41), rematchPending=True))
    projected(quiet)
    running = process(quiet).run()
    assert next(running).case_id == stream(first)
    assert quiet.decide("approveCase", second["case"]["id"], workConsistent=True)["refusal"] is None
    assert list(running) == []
    assert state(quiet, stream(second)) == ("APPROVED", 1, 41)


def test_a_decision_in_the_very_moment_wins_or_loses_whole(quiet: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case is decided after the process read it and before it saves: nothing of the move is stored."""
    done = quiet.submit(certificate=ARCHITECT)
    amend(quiet, amendment(1, TODAY, withdrawn(41), rematchPending=True))
    projected(quiet)
    journal, decided = quiet.registry.journal, []
    record = journal.record

    def record_late(*aggregates: Any) -> int:
        if not decided:
            decided.append(True)
            answer = quiet.decide("approveCase", done["case"]["id"], workConsistent=True)
            assert answer["refusal"] is None
        return record(*aggregates)

    monkeypatch.setattr(journal, "record", record_late)
    assert list(process(quiet).run()) == []
    assert state(quiet, stream(done)) == ("APPROVED", 1, 41)
    assert topics(quiet, stream(done))[-1] == "recognition-case.approved"


def test_cases_move_when_the_version_comes_into_force(quiet: Api, clock: Clock) -> None:
    """A version governs nothing before its day; a case submitted on that day is under it from the start."""
    early = stream(quiet.submit(certificate=ARCHITECT))
    amend(quiet, amendment(1, LATER, withdrawn(41), rematchPending=True))
    between = stream(quiet.submit(certificate=ARCHITECT))
    assert state(quiet, between) == ("MATCHED", 1, 41)
    clock.now = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    assert run(quiet) == []
    clock.now = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    on_the_day = stream(quiet.submit(certificate=ARCHITECT))
    assert run(quiet) == [early, between]
    assert state(quiet, on_the_day)[1] == 2
    assert ANEW[0] not in topics(quiet, on_the_day)


def test_each_amendment_moves_a_case_once(quiet: Api) -> None:
    """Two amendments that ask for it: two moves in their order, however late the process comes to it."""
    case = stream(quiet.submit(certificate=ARCHITECT))
    amend(quiet, amendment(1, TODAY, withdrawn(41), rematchPending=True))
    amend(quiet, amendment(2, TODAY, withdrawn(46), rematchPending=True))
    assert run(quiet) == [case]
    assert topics(quiet, case).count(*ANEW) == 2
    assert state(quiet, case)[1] == 3
    assert run(quiet) == []


def test_a_case_that_waits_for_a_supplement_goes_on_waiting(quiet: Api) -> None:
    """It moves to the new version and stays with the applicant."""
    done = quiet.submit(certificate=UNLISTED)
    quiet.decide("requestSupplement", done["case"]["id"], reason="a copy, please")
    new = added(101, "Cisco Certified Quantum Router", "思科认证量子路由")
    amend(quiet, amendment(1, TODAY, new, rematchPending=True))
    assert run(quiet) == [stream(done)]
    assert state(quiet, stream(done)) == ("SUPPLEMENT_REQUESTED", 2, 101)
