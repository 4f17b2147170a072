"""Rules of a province that change from a day on: each act is judged by those of its own day, live and when it is re-checked."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from importlib.resources import files

import pytest

from application.replay_audit import violations
from application.retention import RetentionTerms
from catalog.faults import SourceRefused
from catalog.jurisdiction import load_jurisdiction, parse_jurisdiction
from domain.case.case import RecognitionCase
from domain.case.due_days import deadlines_of
from domain.case.events import Approved
from domain.case.title_events import NoticeGiven, RevocationProposed, Revoked
from domain.clocks import DeadlineState
from domain.guards import Circumstances
from domain.integrity import IntegrityRecord
from domain.refusals import RefusalCode, Refused
from domain.values import SHANGHAI, DeadlineKind, TitleLevel
from tests.domain.cases import AUTHORITIES, CASE, Listed
from tests.domain.scenario import APPLICANT, COLLEAGUE, REVIEWER, act
from tests.domain.test_deadlines import approve, ask, noon, submitted, supplement

SHIPPED = files("catalog").joinpath("jurisdiction.toml").read_text(encoding="utf-8")
CHANGE = date(2025, 6, 3)
"""A Tuesday; the day before is a holiday."""
BEFORE = CHANGE - timedelta(days=1)
SECOND = timedelta(seconds=1)
STATED = (
    "holder",
    "certificate",
    "work_field",
    "experience",
    "authority_code",
    "evidence",
    "catalog_code",
    "catalog_version",
    "claim_id",
)
LATER = f"""
[[rules]]
from = {CHANGE}
[rules.periods]
due_soon = 1
[rules.periods.accept]
days = 2
source = "order 1"
[rules.periods.decide]
days = 30
unit = "CALENDAR_DAYS"
source = "order 1"
[rules.periods.answer]
days = 10
source = "order 1"
[rules.periods.review]
days = 30
unit = "CALENDAR_DAYS"
source = "order 1"
[rules.integrity]
years = 5
source = "order 1"
[rules.retention]
integrity_record_in_force = true
decision_open_to_review = false
source = "order 1"
[[rules.competences]]
kind = "HUMAN_RESOURCES"
division = "county"
levels = ["JUNIOR", "INTERMEDIATE"]
source = "order 1"
[[rules.competences]]
kind = "HUMAN_RESOURCES"
division = "city"
levels = ["JUNIOR"]
source = "order 1"

[[rules]]
from = 2025-09-01
[rules.periods.answer]
days = 3
source = "order 2"
"""


def known_by(text: str) -> Circumstances:
    """What guards know under the shipped file with this at its end."""
    return Circumstances(AUTHORITIES, Listed(), parse_jurisdiction(text, "jurisdiction.toml", files("catalog")).rules)


KNOWN = known_by(SHIPPED + LATER)
EARLIER = known_by(SHIPPED)
"""As long as nobody had thought of the change."""


def proposed(day: date, known: Circumstances) -> RecognitionCase:
    """A title that is proposed for revocation on a day."""
    case = submitted(day, known)
    case.decide(Approved, act(REVIEWER, noon(day)), known, work_consistent=True, counted_experience_months=0)
    case.decide(RevocationProposed, act(REVIEWER, noon(day)), known, ground="forged", findings="denied")
    return case


def found(case: RecognitionCase, known: Circumstances) -> list[tuple[int, str]]:
    """What a re-check of a case finds under these rules: versions and names of guards."""
    return [(each.version, each.rule) for each in violations(RecognitionCase, case.pending_events, known)]


def last_second(day: date) -> datetime:
    """The last instant of a day."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)


def test_a_period_is_that_of_the_day_on_which_it_begins():
    """To the second in Shanghai: what begins before the day has the old days, what begins on it the new ones."""
    rules = KNOWN.rules
    for day, accept, decide in (
        (BEFORE, date(2025, 6, 9), date(2025, 6, 30)),
        (CHANGE, date(2025, 6, 5), date(2025, 7, 3)),
    ):
        assert (rules.due_on(DeadlineKind.ACCEPT, day), rules.due_on(DeadlineKind.DECIDE, day)) == (accept, decide)
    for at, accept in ((last_second(BEFORE), date(2025, 6, 9)), (last_second(BEFORE) + SECOND, date(2025, 6, 5))):
        [stated, *_] = submitted(BEFORE, KNOWN).pending_events
        case = RecognitionCase.submit(
            act(APPLICANT, at), CASE, KNOWN, **{name: getattr(stated, name) for name in STATED}
        )
        assert case.state.accept_by == accept
        assert found(case, KNOWN) == []


@pytest.mark.parametrize(
    ("served", "until"),
    [
        (date(2025, 5, 30), date(2025, 6, 9)),
        (BEFORE, date(2025, 6, 9)),
        (CHANGE, date(2025, 6, 17)),
        (date(2025, 8, 31), date(2025, 9, 12)),
        (date(2025, 9, 1), date(2025, 9, 4)),
    ],
)
def test_a_holder_answers_for_as_long_as_the_rules_of_the_notices_day_give(served, until):
    """A notice that was served under the old rules and is recorded under the new keeps the period of which it spoke."""
    case = proposed(served, KNOWN)
    case.decide(NoticeGiven, act(REVIEWER, noon(served + timedelta(days=1))), KNOWN, served_on=served)
    assert case.state.proposal.answer_until == until
    with pytest.raises(Refused) as refused:
        case.decide(Revoked, act(COLLEAGUE, last_second(until)), KNOWN)
    assert refused.value.code is RefusalCode.HEARING_OPEN
    case.decide(Revoked, act(COLLEAGUE, last_second(until) + SECOND), KNOWN)
    assert found(case, KNOWN) == []


def test_a_change_makes_nothing_wrong_that_was_recorded_before_it():
    """Histories under the rules of their days are lawful under the file with its change; acts after it by the old rules are not."""
    old = proposed(date(2025, 5, 6), EARLIER)
    old.decide(NoticeGiven, act(REVIEWER, noon(date(2025, 5, 6))), EARLIER, served_on=date(2025, 5, 6))
    assert found(old, KNOWN) == []
    late = proposed(date(2025, 6, 10), EARLIER)
    late.decide(NoticeGiven, act(REVIEWER, noon(date(2025, 6, 10))), EARLIER, served_on=date(2025, 6, 10))
    rules = {(version, rule) for version, rule in found(late, KNOWN)}
    assert {(1, "due_days_given"), (3, "due_days_given"), (5, "answer_period_kept")} == rules


@pytest.mark.parametrize(("day", "allowed"), [(BEFORE, True), (CHANGE, False)])
def test_levels_are_awarded_by_the_rules_of_the_day_of_the_approval(day, allowed):
    """A city's bureau awards what it may on the day, whenever the case was submitted; competences stand anew as a whole."""
    case = submitted(date(2025, 5, 6), KNOWN)
    if allowed:
        approve(case, last_second(day), KNOWN)
        assert found(case, KNOWN) == []
        return
    with pytest.raises(Refused) as refused:
        approve(case, noon(day), KNOWN)
    assert refused.value.code is RefusalCode.BEYOND_COMPETENCE
    case.decide(Approved, act(COLLEAGUE, noon(day)), EARLIER, work_consistent=True, counted_experience_months=0)
    assert (3, "within_competence") in found(case, KNOWN)


def test_a_wait_prolongs_a_period_in_the_days_in_which_it_began():
    """Working days stay working days, also where the wait begins and ends when periods count in days of the calendar."""
    case = submitted(date(2025, 5, 30), KNOWN)
    assert case.state.decide_by == date(2025, 6, 30)
    ask(case, noon(date(2025, 6, 6)), KNOWN)
    supplement(case, noon(date(2025, 6, 9)), KNOWN)
    assert case.state.decide_by == date(2025, 7, 1)
    assert found(case, KNOWN) == []


@pytest.mark.parametrize(("day", "lapses"), [(BEFORE, date(2028, 6, 2)), (CHANGE, date(2030, 6, 3))])
def test_an_integrity_record_has_the_term_of_the_day_on_which_it_is_filed(day, lapses):
    """Three years before the change, five from its day on; each re-checked so."""
    case = submitted(date(2025, 5, 6), KNOWN)
    record = IntegrityRecord.file(
        act(COLLEAGUE, noon(day)),
        KNOWN,
        case_id=case.id,
        case_number=case.state.case_number,
        revoked_at_version=5,
        holder_ref=case.state.holder_ref,
        ground="forged",
        findings="denied",
    )
    assert record.state.lapses_on == lapses
    assert violations(IntegrityRecord, record.pending_events, KNOWN) == []
    wrong = violations(IntegrityRecord, record.pending_events, EARLIER)
    assert [each.rule for each in wrong] == ([] if day < CHANGE else ["term_kept"])


def test_what_is_kept_is_what_the_rules_keep_when_erasure_is_asked_for():
    """A decision that the old rules keep for sixty days and the new ones do not keep is erased from the day of the change on."""
    case = submitted(date(2025, 5, 6), KNOWN)
    approve(case, noon(date(2025, 5, 6)), KNOWN)
    terms = RetentionTerms(KNOWN.rules)
    with pytest.raises(Refused):
        terms.require_over([case.state], [], BEFORE)
    terms.require_over([case.state], [], CHANGE)


def test_a_decision_is_kept_for_as_long_as_it_may_be_reviewed():
    """Where the sixtieth day is a holiday, until the next working day, as the decision itself states."""
    case = submitted(date(2025, 8, 4), EARLIER)
    approve(case, noon(date(2025, 8, 4)), EARLIER)
    terms, last = RetentionTerms(EARLIER.rules), date(2025, 10, 9)
    with pytest.raises(Refused, match="2025-10-09"):
        terms.require_over([case.state], [], last)
    terms.require_over([case.state], [], last + timedelta(days=1))


def test_what_is_due_soon_is_counted_by_the_rules_of_the_day_of_reading():
    """A reminder is no right of anybody: it follows the day on which it is read."""
    last = date(2025, 6, 9)
    case = submitted(date(2025, 5, 30), KNOWN)
    assert case.state.accept_by == date(2025, 6, 9)
    deadline = next(deadlines_of(case.state))
    assert deadline.state(EARLIER.rules.read_on(date(2025, 6, 5))) is DeadlineState.DUE_SOON
    assert deadline.state(KNOWN.rules.read_on(date(2025, 6, 5))) is DeadlineState.RUNNING
    assert deadline.state(KNOWN.rules.read_on(last)) is DeadlineState.DUE_SOON


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[rules]]\n[rules.integrity]\nyears = 5\nsource = 'x'\n", "`rules[1].from`"),
        ("[[rules]]\nfrom = 2025-06-03\n", "`rules[1]`: nothing changes on this day"),
        ("[[rules]]\nfrom = 2025-06-03\n[rules.periods]\n", "`rules[1]`: nothing changes on this day"),
        ("[[rules]]\nfrom = 'soon'\n[rules.integrity]\nyears = 5\nsource = 'x'\n", "`rules[1].from`"),
        (
            "[[rules]]\nfrom = 2023-11-01\n[rules.integrity]\nyears = 5\nsource = 'x'\n",
            "`rules`: rules[1].from is 2023-11-01, which is not after 2023-11-01",
        ),
        (
            LATER + "[[rules]]\nfrom = 2025-09-01\n[rules.integrity]\nyears = 5\nsource = 'x'\n",
            "rules[3].from is 2025-09-01",
        ),
        (LATER + "[[rules]]\nfrom = 2025-08-31\n[rules.integrity]\nyears = 5\nsource = 'x'\n", "not after 2025-09-01"),
        ("[[rules]]\nfrom = 2025-06-03\n[rules.integrity]\nyears = 0\nsource = 'x'\n", "`rules[1].integrity.years`"),
        ("[[rules]]\nfrom = 2025-06-03\n[rules.integrity]\nyears = 5\n", "`rules[1].integrity.source`"),
        ("[[rules]]\nfrom = 2025-06-03\n[rules.province]\ncase_prefix = 'FJ'\n", "`rules[1].province`"),
        (
            "[[rules]]\nfrom = 2025-06-03\n[rules.periods.accept]\ndays = 0\nsource = 'x'\n",
            "`rules[1].periods.accept.days`",
        ),
        (
            LATER.replace('division = "city"', 'division = "county"'),
            "`rules[1].competences`: HUMAN_RESOURCES of a county stands twice",
        ),
        (
            "[[rules]]\nfrom = 2025-06-03\n[rules.working_days]\nbeyond_known_years = 'GUESS'\n",
            "`rules[1].working_days.beyond_known_years`",
        ),
        ("[rules]\nfrom = 2025-06-03\n", "`rules`"),
    ],
)
def test_a_malformed_change_is_refused_with_its_place(text, place):
    """Without a day, without a change, out of order, before the commencement, about what does not change: refused whole."""
    with pytest.raises(SourceRefused) as refused:
        known_by(SHIPPED + "\n" + text)
    assert place in str(refused.value), str(refused.value)


def test_the_shipped_rules_never_changed():
    """Zhejiang's file has no change yet, so every day has the rules that stand in it."""
    assert load_jurisdiction().rules.changes == ()
    assert load_jurisdiction().rules.awards(*AUTHORITIES.rank("330106-HR", CHANGE), CHANGE) == set(TitleLevel) & {
        TitleLevel.JUNIOR,
        TitleLevel.INTERMEDIATE,
    }
