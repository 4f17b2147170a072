"""The statutory clocks of a case: last days pinned by events, and how each stands until its last second and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

import pytest

from catalog.jurisdiction import load_jurisdiction
from domain.base import Event
from domain.case.case import RecognitionCase
from domain.case.due_days import deadlines_of, is_shown
from domain.case.events import Approved, Matched, Rejected, Supplemented, SupplementRequested, Withdrawn
from domain.case.title_events import DeadlineMissed, NoticeGiven, ProposalAnswered, ReviewRecorded, RevocationProposed
from domain.clocks import BeyondKnownYears, DeadlineState, WorkingCalendar
from domain.guards import Attempt, Circumstances, breaches
from domain.refusals import RefusalCode, Refused
from domain.values import SHANGHAI, DeadlineKind, ReviewOutcome
from tests.domain.cases import AUTHORITIES, CASE, CATALOG, CERTIFICATE, FILE, PERSON, WORK, Listed
from tests.domain.scenario import APPLICANT, COLLEAGUE, REGISTRY, act
from tests.histories import World
from tests.periods import answering_within

RULES = load_jurisdiction().rules
KNOWN = Circumstances(AUTHORITIES, Listed(), RULES)
MIDNIGHT = timedelta(seconds=1)
ACCEPT, SUPPLEMENT, DECIDE, ANSWER, REVIEW = DeadlineKind
RUNNING, DUE_SOON, OVERDUE, MET, MISSED, SUSPENDED = DeadlineState
GOLDEN_WEEK = date(2025, 9, 28)
"""A Sunday that was worked in place of a day of the holidays from 1 to 8 October; 11 October, a Saturday, was another."""


def noon(day: date) -> datetime:
    """The middle of a day."""
    return datetime.combine(day, time(12), SHANGHAI)


def last_second(day: date) -> datetime:
    """The last instant of a day."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)


def submitted(day: date, known: Circumstances = KNOWN) -> RecognitionCase:
    """A case submitted on a day and matched by the registry itself."""
    facts = {"authority_code": "330106-HR", "work_field": "电子信息", "experience": (WORK,), "evidence": (FILE,)}
    certificate = CERTIFICATE.model_copy(update={"expires_on": None})
    pinned = {"catalog_code": CATALOG, "catalog_version": 1, "claim_id": None}
    case = RecognitionCase.submit(
        act(APPLICANT, noon(day)), CASE, known, holder=PERSON, certificate=certificate, **facts, **pinned
    )
    place = {"catalog_code": CATALOG, "catalog_version": 1, "entry_number": 1, "grade": None}
    case.decide(Matched, act(REGISTRY, noon(day)), known, **place, outcome="EXACT", rule_set="rules-1")
    return case


def ask(case: RecognitionCase, at: datetime, known: Circumstances = KNOWN) -> None:
    """An officer asks for a supplement."""
    case.decide(SupplementRequested, act(COLLEAGUE, at), known, reason="the seal is unreadable")


def supplement(case: RecognitionCase, at: datetime, known: Circumstances = KNOWN) -> None:
    """More evidence comes."""
    case.decide(Supplemented, act(APPLICANT, at), known, evidence=(FILE,))


def approve(case: RecognitionCase, at: datetime, known: Circumstances = KNOWN) -> None:
    """An officer approves."""
    case.decide(Approved, act(COLLEAGUE, at), known, work_consistent=True, counted_experience_months=0)


def reject(case: RecognitionCase, at: datetime) -> None:
    """An officer rejects."""
    case.decide(Rejected, act(COLLEAGUE, at), KNOWN, reason="not listed")


def reviewed(case: RecognitionCase, at: datetime, outcome: ReviewOutcome) -> None:
    """A review is recorded."""
    day = {"decided_on": at.date(), "reference": "浙复〔2025〕1号", "reason": "it does not hold"}
    case.decide(ReviewRecorded, act(COLLEAGUE, at), KNOWN, outcome=outcome, **day)


def noticed(day: date, known: Circumstances = KNOWN) -> RecognitionCase:
    """A title proposed for revocation, with notice given on a day."""
    case = submitted(day, known)
    approve(case, noon(day), known)
    case.decide(RevocationProposed, act(COLLEAGUE, noon(day)), known, ground="forged", findings="denied")
    case.decide(NoticeGiven, act(COLLEAGUE, noon(day)), known, served_on=day)
    return case


def stand(case: RecognitionCase, at: datetime) -> dict[DeadlineKind, tuple[date, DeadlineState]]:
    """The deadlines of a case at an instant: last day and state, by kind."""
    on = RULES.read_on(at.astimezone(SHANGHAI).date())
    return {each.kind: (each.due_on, each.state(on)) for each in deadlines_of(case.state) if is_shown(each, on)}


@pytest.mark.parametrize(
    ("begun", "kind", "last"),
    [
        (GOLDEN_WEEK, ACCEPT, date(2025, 10, 11)),
        (date(2024, 2, 22), ACCEPT, date(2024, 2, 29)),
        (date(2024, 2, 8), ACCEPT, date(2024, 2, 21)),
        (GOLDEN_WEEK, DECIDE, date(2025, 10, 31)),
        (date(2024, 2, 1), DECIDE, date(2024, 3, 5)),
    ],
)
def test_an_authority_is_in_time_until_the_last_second_of_the_last_working_day(begun, kind, last):
    """Accepting and deciding take working days; holidays are left out, worked weekends count, 29 February is a day."""
    in_time, late = submitted(begun), submitted(begun)
    assert stand(in_time, noon(begun))[kind] == (last, RUNNING)
    assert stand(in_time, last_second(last))[kind] == (last, DUE_SOON)
    assert stand(in_time, last_second(last) + MIDNIGHT)[kind] == (last, OVERDUE)
    approve(in_time, last_second(last))
    approve(late, last_second(last) + MIDNIGHT)
    assert stand(in_time, noon(last + timedelta(30)))[kind] == (last, MET)
    assert stand(late, noon(last + timedelta(30)))[kind] == (last, MISSED)


@pytest.mark.parametrize(("asked", "last"), [(date(2024, 2, 8), date(2024, 3, 6)), (GOLDEN_WEEK, date(2025, 10, 24))])
def test_a_supplement_is_in_time_until_the_last_second_of_the_fifteenth_working_day(asked, last):
    """Supplementing takes working days from the request; what comes later is missed."""
    in_time, late = submitted(asked), submitted(asked)
    for case in (in_time, late):
        ask(case, noon(asked))
    assert stand(in_time, last_second(last))[SUPPLEMENT] == (last, DUE_SOON)
    assert stand(in_time, last_second(last) + MIDNIGHT)[SUPPLEMENT] == (last, OVERDUE)
    supplement(in_time, last_second(last))
    supplement(late, last_second(last) + MIDNIGHT)
    assert stand(in_time, noon(last))[SUPPLEMENT] == (last, MET)
    assert stand(late, noon(last))[SUPPLEMENT] == (last, MISSED)


def test_an_answer_is_in_time_until_the_last_second_of_the_jurisdictions_period():
    """The holder's period to answer runs in working days from the notice, and ends with an answer."""
    case, last = noticed(GOLDEN_WEEK), date(2025, 10, 11)
    assert stand(case, last_second(last))[ANSWER] == (last, DUE_SOON)
    assert stand(case, last_second(last) + MIDNIGHT)[ANSWER] == (last, OVERDUE)
    case.decide(ProposalAnswered, act(APPLICANT, last_second(last)), KNOWN, statement="it is genuine")
    assert stand(case, noon(last))[ANSWER] == (last, MET)


@pytest.mark.parametrize("day", [date(2025, 9, 30), date(2025, 10, 1)])
def test_an_answer_may_have_a_period_of_no_day(day):
    """With a period of 0 days the last day to answer is that of the notice, a holiday too."""
    known = Circumstances(AUTHORITIES, Listed(), answering_within(0, RULES))
    case = noticed(day, known)
    assert stand(case, last_second(day))[ANSWER] == (day, DUE_SOON)
    assert case.state.proposal.heard_by(day)


def test_a_decision_is_open_to_review_for_sixty_days_of_the_calendar():
    """The last day to ask for a review gives way to the next working day where it is a holiday; afterwards nothing is due."""
    case = submitted(date(2025, 8, 4))
    approve(case, noon(date(2025, 8, 4)))
    last = date(2025, 10, 9)
    assert stand(case, noon(date(2025, 9, 1)))[REVIEW] == (last, RUNNING)
    assert stand(case, last_second(last))[REVIEW] == (last, DUE_SOON)
    assert REVIEW not in stand(case, last_second(last) + MIDNIGHT)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (last_second(date(2025, 9, 29)), RUNNING),
        (last_second(date(2025, 9, 29)) + MIDNIGHT, DUE_SOON),
        (noon(date(2025, 10, 5)), DUE_SOON),
        (last_second(date(2025, 10, 11)), DUE_SOON),
    ],
)
def test_what_is_due_soon_is_counted_in_working_days(at, state):
    """A clock is due soon on the jurisdiction's three working days before its last, and on the free days between."""
    assert stand(submitted(GOLDEN_WEEK), at)[ACCEPT] == (date(2025, 10, 11), state)


def test_deciding_is_suspended_while_a_supplement_is_awaited_and_prolonged_by_its_working_days():
    """The working days for which a supplement was awaited are not counted, whatever is awaited again later."""
    case = submitted(GOLDEN_WEEK)
    ask(case, noon(date(2025, 9, 30)))
    assert stand(case, noon(date(2025, 12, 1)))[DECIDE] == (date(2025, 10, 31), SUSPENDED)
    supplement(case, noon(date(2025, 10, 11)))
    assert stand(case, noon(date(2025, 10, 11)))[DECIDE] == (date(2025, 11, 5), RUNNING)
    ask(case, noon(date(2025, 11, 5)))
    assert stand(case, noon(date(2025, 11, 7)))[DECIDE] == (date(2025, 11, 5), SUSPENDED)
    supplement(case, noon(date(2025, 11, 7)))
    assert stand(case, last_second(date(2025, 11, 7)))[DECIDE] == (date(2025, 11, 7), DUE_SOON)
    supplement(case, noon(date(2025, 11, 8)))
    assert stand(case, noon(date(2025, 11, 8)))[DECIDE] == (date(2025, 11, 7), OVERDUE)


def test_a_supplement_that_is_asked_for_too_late_does_not_bring_the_time_back():
    """A decision that was overdue when a supplement was asked for is overdue while it is awaited, and afterwards."""
    case = submitted(GOLDEN_WEEK)
    ask(case, noon(date(2025, 11, 3)))
    assert stand(case, noon(date(2025, 11, 4)))[DECIDE][1] is OVERDUE
    supplement(case, noon(date(2025, 11, 10)))
    assert stand(case, noon(date(2025, 11, 10)))[DECIDE][1] is OVERDUE


def test_what_is_decided_while_the_clock_stands_still_is_decided_in_time():
    """A rejection for want of the supplement is in time however long that was awaited."""
    case = submitted(GOLDEN_WEEK)
    ask(case, noon(date(2025, 10, 31)))
    reject(case, noon(date(2025, 12, 1)))
    found = stand(case, noon(date(2025, 12, 1)))
    assert (found[DECIDE][1], found.keys()) == (MET, {ACCEPT, DECIDE, REVIEW})


def test_a_review_that_opens_a_case_again_begins_a_new_period_to_decide():
    """What was remanded or overturned is decided anew; what was awaited before is not, and the review is over."""
    case = submitted(GOLDEN_WEEK)
    ask(case, noon(date(2025, 10, 9)))
    reject(case, noon(date(2025, 10, 10)))
    reviewed(case, noon(date(2025, 11, 3)), ReviewOutcome.OVERTURNED)
    found = stand(case, noon(date(2025, 11, 3)))
    assert found == {ACCEPT: (date(2025, 10, 11), MET), DECIDE: (date(2025, 12, 1), RUNNING)}
    supplement(case, noon(date(2025, 11, 4)))
    assert stand(case, noon(date(2025, 11, 4))) == found


def test_a_withdrawn_case_has_nothing_due():
    """A clock that ended without what it asks for is left out."""
    case = submitted(GOLDEN_WEEK)
    case.decide(Withdrawn, act(APPLICANT, noon(date(2025, 12, 1))), KNOWN, reason="applied elsewhere")
    assert not stand(case, noon(date(2025, 12, 1)))


def test_nobody_is_refused_where_the_working_days_of_a_year_are_not_known():
    """Where the holidays are not announced the last day is left open, and so is the deadline."""
    calendar = WorkingCalendar(2024, 2025, frozenset(), frozenset(), BeyondKnownYears.REFUSE)
    known = replace(KNOWN, rules=RULES.model_copy(update={"calendar": calendar}))
    case = submitted(date(2025, 12, 22), known)
    assert case.state.accept_by == date(2025, 12, 29)
    assert case.state.decide_by is None
    ask(case, noon(date(2025, 12, 29)), known)
    assert stand(case, noon(date(2025, 12, 30))) == {ACCEPT: (date(2025, 12, 29), MET)}


def test_no_later_rule_moves_a_clock_that_runs():
    """The last days are facts of the events: under other rules the same events lead to the same deadlines."""
    case = submitted(GOLDEN_WEEK)
    shorter = RULES.periods.decide.model_copy(update={"days": 1})
    rules = RULES.model_copy(update={"periods": RULES.periods.model_copy(update={"decide": shorter})})
    ask(case, noon(date(2025, 9, 30)), replace(KNOWN, rules=rules))
    supplement(case, noon(date(2025, 10, 9)), replace(KNOWN, rules=rules))
    assert case.state.decide_by == date(2025, 11, 3)


@pytest.mark.parametrize("field", ["accept_by", "decide_by"])
def test_a_stated_last_day_is_the_one_that_the_rules_give(field):
    """Whoever states another last day than the rules give is refused; a day left open is not."""
    [event, *_] = submitted(GOLDEN_WEEK).pending_events

    def codes(changed: Event) -> list[RefusalCode]:
        return [each.refusal.code for each in breaches(RecognitionCase.GUARDS, Attempt(changed, None, KNOWN))]

    assert codes(event) == codes(event.model_copy(update={field: None})) == []
    assert codes(event.model_copy(update={field: date(2025, 10, 20)})) == [RefusalCode.DAY_MISMATCH]


@pytest.mark.parametrize(
    ("deadline", "due_on", "at"),
    [
        (DECIDE, date(2025, 10, 31), last_second(date(2025, 10, 31))),
        (DECIDE, date(2025, 10, 30), noon(date(2025, 11, 3))),
        (SUPPLEMENT, date(2025, 10, 31), noon(date(2025, 11, 3))),
        (REVIEW, date(2025, 10, 31), noon(date(2025, 11, 3))),
    ],
)
def test_only_a_deadline_that_was_missed_is_recorded_as_missed(deadline, due_on, at):
    """Neither one whose last day is not over, nor another day, nor one that the case does not have."""
    case = submitted(GOLDEN_WEEK)
    with pytest.raises(Refused, match="nothing to add"):
        case.decide(DeadlineMissed, act(REGISTRY, at), KNOWN, deadline=deadline, due_on=due_on)


def test_a_deadline_is_recorded_as_missed_once():
    """Also where it was done late before anybody recorded it."""
    case = submitted(GOLDEN_WEEK)
    approve(case, noon(date(2025, 11, 3)))
    missed = {"deadline": DECIDE, "due_on": date(2025, 10, 31)}
    case.decide(DeadlineMissed, act(REGISTRY, noon(date(2025, 11, 4))), KNOWN, **missed)
    with pytest.raises(Refused, match="nothing to add"):
        case.decide(DeadlineMissed, act(REGISTRY, noon(date(2025, 11, 5))), KNOWN, **missed)


@pytest.mark.parametrize("seed", range(5))
def test_no_more_than_two_deadlines_run_at_a_time_beside_the_review(seed):
    """So the earliest and the latest last day say all that a row must know of them."""
    world = World(Random(seed))
    for _ in world.saves(150):
        for case in world.cases[-2:]:
            running = [each for each in deadlines_of(case.state) if each.runs and each.kind is not REVIEW]
            assert len(running) <= 2
