"""Statutory clocks over the API: how they stand now and stood then, who is found by them, and what the registry records."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from application.deadlines import Deadlines, Missed
from domain.case.title_events import DeadlineMissed
from domain.guards import Circumstances
from domain.values import SHANGHAI, DeadlineKind, Role
from infrastructure.deadlines import ProjectedOverdueCases
from registry_api import ids
from tests.api.conftest import COPY, NINGBO, Api

ACCEPT_BY, DECIDE_BY = datetime(2026, 11, 30, tzinfo=SHANGHAI), datetime(2026, 12, 21, tzinfo=SHANGHAI)
"""The last days for a case that is submitted on 2026-11-23, a Monday."""
LAST_MINUTE = timedelta(hours=23, minutes=59)
MISSED = "recognition-case.deadline-missed"


@pytest.fixture
def quiet(api: Api) -> Api:
    """A registry whose own runner rests, so that the test says when missed deadlines are recorded."""
    for each in api.registry.processes:
        each.stop()
    return api


def deadlines(api: Api, case: str, arguments: str = "", selection: str = "deadlines { kind dueOn state }") -> Any:
    """What a case answers, by default its deadlines, as (kind, last day, state)."""
    document = f'query ($p: Position) {{ case(id: "{case}"{arguments}, atLeast: $p) {{ {selection} }} }}'
    found = api.ask(document, {"p": str(api.registry.journal.last_position())}, api.token("AUDITOR"))["case"]
    told = found.get("deadlines")
    return found if told is None else [(each["kind"], each["dueOn"], each["state"]) for each in told]


def found(api: Api, state: str, token: str | None = None) -> list[str]:
    """The cases that the filter finds."""
    document = "query ($f: CaseFilter, $p: Position) { cases(filter: $f, atLeast: $p) { totalCount nodes { id } } }"
    variables = {"f": {"deadline": state}, "p": str(api.registry.journal.last_position())}
    page = api.ask(document, variables, token or api.token("AUDITOR"))["cases"]
    assert page["totalCount"] == len(page["nodes"])
    return [each["id"] for each in page["nodes"]]


class Always:
    """Rows that lag behind: they name the same cases whatever was recorded."""

    def __init__(self, *cases: UUID) -> None:
        self._cases = sorted(cases)

    def unrecorded(self, today: date, after: UUID | None, limit: int) -> Sequence[UUID]:
        """See ``OverdueCases``."""
        assert today
        return [each for each in self._cases if after is None or each > after][:limit]


def process(api: Api, rows: Any = None) -> Deadlines:
    """A process that starts anew, as on another server: it knows nothing but what is stored."""
    registry = api.registry
    known = Circumstances(registry.authorities, registry.shelf, registry.rules)
    return Deadlines(registry.journal, rows or ProjectedOverdueCases(registry.database), registry.clock, known)


def run(api: Api) -> list[Missed]:
    """Record what was missed, once the rows are there."""
    found(api, "OVERDUE")
    return list(process(api).run())


def recorded(api: Api, case: str) -> list[tuple[DeadlineKind, date]]:
    """The deadlines that a case's events record as missed, each by the registry itself."""
    events = api.registry.journal.events_of(ids.uuid_in(case, "case"))
    missed = [each for each in events if isinstance(each, DeadlineMissed)]
    assert {each.by.actor.role for each in missed} <= {Role.SYSTEM}
    return [(each.deadline, each.due_on) for each in missed]


def test_a_clock_stands_as_its_day_says_until_the_last_second_in_shanghai(quiet):
    """A case states its deadlines, and is found by each state that one of them is in."""
    case = quiet.submit()["case"]["id"]
    assert deadlines(quiet, case) == [("ACCEPT", "2026-11-30", "RUNNING"), ("DECIDE", "2026-12-21", "RUNNING")]
    assert (found(quiet, "RUNNING"), found(quiet, "DUE_SOON")) == ([case], [])
    quiet.clock.now = ACCEPT_BY + LAST_MINUTE
    assert deadlines(quiet, case)[0][2] == "DUE_SOON"
    assert (found(quiet, "RUNNING"), found(quiet, "DUE_SOON"), found(quiet, "OVERDUE")) == ([case], [case], [])
    quiet.clock.now = ACCEPT_BY + timedelta(days=1)
    assert deadlines(quiet, case)[0][2] == "OVERDUE"
    assert (found(quiet, "OVERDUE"), found(quiet, "DUE_SOON")) == ([case], [])
    assert found(quiet, "OVERDUE", quiet.token("REVIEWER", NINGBO)) == []
    quiet.decide("requestSupplement", case, reason="the seal is unreadable")
    assert [each[2] for each in deadlines(quiet, case)] == ["MISSED", "RUNNING", "SUSPENDED"]
    assert [found(quiet, state) for state in ("OVERDUE", "MISSED", "SUSPENDED", "MET")] == [[], [case], [case], []]
    quiet.clock.now = ACCEPT_BY + timedelta(days=3)
    assert quiet.decide("supplementCase", case, quiet.token("APPLICANT"), evidence=[COPY])["refusal"] is None
    assert deadlines(quiet, case)[1:] == [("SUPPLEMENT", "2026-12-22", "MET"), ("DECIDE", "2026-12-23", "RUNNING")]


def test_a_past_state_tells_how_its_clocks_stood_then(quiet):
    """At a version as that event left them, at an instant as they stood at it, in a history each as its event left them."""
    case = quiet.submit()["case"]["id"]
    quiet.clock.now = ACCEPT_BY + timedelta(days=1, hours=12)
    quiet.decide("requestSupplement", case, reason="the seal is unreadable")
    before = (ACCEPT_BY + timedelta(days=1, hours=1)).astimezone(UTC).isoformat()
    assert [each[2] for each in deadlines(quiet, case, ", atVersion: 1")] == ["RUNNING", "RUNNING"]
    assert [each[2] for each in deadlines(quiet, case, f', asOf: "{before}"')] == ["OVERDUE", "RUNNING"]
    history = deadlines(quiet, case, selection="history { state { deadlines { kind state } } }")["history"]
    states = [[each["state"] for each in event["state"]["deadlines"]] for event in history]
    assert (states[0], states[-1]) == (["RUNNING", "RUNNING"], ["MISSED", "RUNNING", "SUSPENDED"])


def test_a_missed_deadline_is_recorded_once(quiet):
    """By the registry itself, after the last day and not on it, whether or not the act was done late, and never twice."""
    open_one, late, prompt = (quiet.submit()["case"]["id"] for _ in range(3))
    quiet.decide("requestSupplement", prompt, reason="the seal is unreadable")
    quiet.clock.now = ACCEPT_BY + LAST_MINUTE
    assert run(quiet) == []
    quiet.clock.now = ACCEPT_BY + timedelta(days=1)
    quiet.decide("approveCase", late, workConsistent=True, countedExperienceMonths=12)
    assert {each.case_id for each in run(quiet)} == {ids.uuid_in(each, "case") for each in (open_one, late)}
    assert run(quiet) == []
    accept = (DeadlineKind.ACCEPT, ACCEPT_BY.date())
    assert [recorded(quiet, each) for each in (open_one, late, prompt)] == [[accept], [accept], []]
    quiet.clock.now = DECIDE_BY + timedelta(days=1)
    assert len(run(quiet)) == 2
    assert recorded(quiet, open_one) == [accept, (DeadlineKind.DECIDE, DECIDE_BY.date())]
    assert recorded(quiet, late) == [accept]
    assert [kind for kind, _ in recorded(quiet, prompt)] == [DeadlineKind.SUPPLEMENT]
    assert run(quiet) == []


def test_several_servers_record_a_missed_deadline_once(quiet):
    """However many look at once, at rows that lag behind, each clock of a case is recorded by one of them."""
    cases = [quiet.submit()["case"]["id"] for _ in range(4)]
    quiet.clock.now = DECIDE_BY + timedelta(days=1)
    rows = Always(*(ids.uuid_in(each, "case") for each in cases))
    with ThreadPoolExecutor(4) as threads:
        found_by = list(threads.map(lambda _: list(process(quiet, rows).run()), range(4)))
    both = [(DeadlineKind.ACCEPT, ACCEPT_BY.date()), (DeadlineKind.DECIDE, DECIDE_BY.date())]
    assert sum(map(len, found_by)) == len(cases)
    assert [recorded(quiet, each) for each in cases] == [both] * len(cases)
