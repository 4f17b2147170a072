"""Each guard by itself: an audit asks all of an event's list, also those that a live command never comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from domain.case import guards, title_guards
from domain.case.events import Approved, Matched, Rejected, Supplemented
from domain.case.state import CaseState
from domain.case.title_events import ProposalAnswered, Reinstated, ReviewRecorded, Revoked
from domain.case.title_guards import GUARDS
from domain.guards import Asks, Attempt, Guard, breaches, guard, require
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import ReviewOutcome
from tests.domain import cases
from tests.domain.cases import CASE, HOLDER, KNOWN, PASTS, given, noted
from tests.domain.scenario import COLLEAGUE, NOON, REVIEWER, Happened, actor

SAMPLES: dict[type, Happened] = {
    each.kind: each
    for past in (*PASTS.values(), (cases.SUPPLEMENTED, cases.TRANSFERRED, cases.MISSED))
    for each in past
}


@cache
def state_after(past: str) -> CaseState:
    """The state that a past leads to."""
    state: CaseState = given(past).when(lambda _: None).state
    return state


def attempt(happened: Happened, past: str = "matched", **changes: object) -> Attempt:
    """An event as it would stand behind a past, whose state is changed so."""
    state = replace(state_after(past), **changes)
    return Attempt(happened.at(CASE, state.version + 1, ""), state, KNOWN)


def codes(happened: Happened, past: str = "matched", **changes: object) -> set[RefusalCode]:
    """All that the event's list has against it."""
    return {each.refusal.code for each in breaches(GUARDS, attempt(happened, past, **changes))}


def test_the_samples_are_of_most_kinds():
    """A kind of event that no past knows would be asked nothing here."""
    assert len(GUARDS.keys() & SAMPLES.keys()) > 20


@pytest.mark.parametrize("past", PASTS)
def test_every_guard_answers_whatever_was_before(past):
    """A history written by another way may hold any event at any place; the audit is told what is wrong, and never breaks off."""
    for happened in SAMPLES.values():
        for breach in breaches(GUARDS, attempt(happened, past)):
            assert breach.refusal.message.endswith(".")
            assert breach.guard in GUARDS[happened.kind]


FIELDS = {
    "another_authority": "authorityCode",
    "authority_exists": "authorityCode",
    "adds_evidence": "evidence",
    "counted_where_consistent": "countedExperienceMonths",
    "dates_agree": "certificate.expiresOn",
    "effective_while_it_stood": "effectiveOn",
    "entry_listed": "entryNumber",
    "evidence_or_opinion": "opinion",
    "experience_is_past": "experience",
    "grade_known": "grade",
    "issued_by_now": "certificate.issuedOn",
    "months_in_a_life": "countedExperienceMonths",
    "reviewed_by_now": "decidedOn",
    "says_something": "statement",
    "served_by_now": "servedOn",
    "still_valid": "certificate.expiresOn",
    "valid_or_opinion": "opinion",
    "within_submitted_experience": "countedExperienceMonths",
}
"""Of which field of a form a rule speaks. Others speak of who acts, of the case, or of what nobody types in."""
YEARS_AGO, IN_A_YEAR = datetime(2000, 1, 3, 4, tzinfo=UTC), date(2025, 5, 6)
STRANGE: tuple[Happened, ...] = (
    *SAMPLES.values(),
    *(
        replace(each, facts=each.facts | {"counted_experience_months": 10_000})
        for each in (cases.APPROVED, cases.REASSESSED)
    ),
    *(
        replace(each, facts=each.facts | {"work_consistent": False, "counted_experience_months": 1})
        for each in (cases.APPROVED, cases.REASSESSED)
    ),
    replace(cases.REASSESSED, facts=cases.REASSESSED.facts | {"effective_on": IN_A_YEAR}),
    replace(cases.NOTICED, facts=cases.NOTICED.facts | {"served_on": IN_A_YEAR}),
    replace(cases.TRANSFERRED, facts=cases.TRANSFERRED.facts | {"authority_code": "no-such"}),
    replace(cases.TRANSFERRED, facts=cases.TRANSFERRED.facts | {"authority_code": "330106-HR"}),
    replace(cases.SUPPLEMENTED, facts=cases.SUPPLEMENTED.facts | {"evidence": ()}),
    replace(cases.ANSWERED, facts=cases.ANSWERED.facts | {"statement": None}),
    replace(cases.matched(), facts=cases.matched().facts | {"grade": "9级"}),
    cases.matched(3),
    noted(ReviewRecorded, outcome=ReviewOutcome.UPHELD, decided_on=IN_A_YEAR, reference="x", reason=None),
    cases.APPROVED.by(COLLEAGUE, datetime(2025, 6, 3, 4, tzinfo=UTC)),
    *(
        cases.submitted(certificate=cases.CERTIFICATE.model_copy(update=dates))
        for dates in (
            {"issued_on": date(2021, 1, 1), "expires_on": date(2020, 1, 1)},
            {"issued_on": IN_A_YEAR, "expires_on": None},
            {"expires_on": date(2024, 5, 5)},
        )
    ),
    cases.submitted(experience=(cases.WORK.model_copy(update={"end": IN_A_YEAR}),)),
)


def test_a_refusal_names_the_field_that_it_is_about():
    """A form shows the sentence beside the field; what is about no field names none."""
    told: dict[str, set[str | None]] = {}
    for past in PASTS:
        for happened in STRANGE:
            for changes in ({}, {"evidence": ()}):
                for breach in breaches(GUARDS, attempt(happened, past, **changes)):
                    told.setdefault(breach.guard.name, set()).add(breach.refusal.field)
    assert {name: fields for name, fields in told.items() if fields != {None}} == {
        name: {field} for name, field in FIELDS.items()
    }
    assert len(told) > len(FIELDS) + 15


def test_a_closed_case_is_told_apart_from_an_approved_one():
    """An approved one ends otherwise; of a closed one, a new case is the way."""
    approved = {breach.refusal.message for breach in breaches(GUARDS, attempt(cases.REJECTED, "approved"))}
    assert any("approved already" in said for said in approved)
    for past in ("rejected", "withdrawn", "revoked", "surrendered"):
        said = " ".join(breach.refusal.message for breach in breaches(GUARDS, attempt(cases.REJECTED, past)))
        assert "submit a new one" in said
        assert "approved already" not in said


def test_a_surrendered_title_is_no_revoked_one():
    """It is recognised anew; any other that did not end has nothing to be given back."""
    surrendered = title_guards.title_ended(attempt(cases.BACK_PROPOSED, "surrendered"))
    standing = title_guards.title_ended(attempt(cases.BACK_PROPOSED, "approved"))
    assert "surrendered the title" in surrendered.message
    assert "surrendered the title" not in standing.message
    assert title_guards.title_ended(attempt(cases.BACK_PROPOSED, "annulled")) is None


def test_a_grade_that_an_entry_does_not_know_is_answered_with_those_it_does():
    """Where it knows none, the grade is left out."""
    graded, plain = (
        replace(cases.matched(number), facts=cases.matched(number).facts | {"grade": "9级"}) for number in (88, 1)
    )
    said = guards.grade_known(attempt(graded, "submitted")).message
    assert "1级" in said
    assert "2级" in said
    assert "leave the grade out" in guards.grade_known(attempt(plain, "submitted")).message
    unknown = replace(cases.matched(3), facts=cases.matched(3).facts | {"grade": "9级"})
    assert guards.grade_known(attempt(unknown, "submitted")) is None


@pytest.mark.parametrize(
    ("changes", "named", "allowed"),
    [
        ({}, {}, True),
        ({}, {"catalog_version": 2}, False),
        ({"catalog_version": 2}, {}, False),
        ({"catalog_version": None}, {"catalog_version": 2}, True),
        ({}, {"catalog_code": "another", "catalog_version": 7}, True),
    ],
)
def test_a_case_is_matched_under_the_version_that_governs_it(changes, named, allowed):
    """Of its own catalog; in another one, the version in force is that catalog's business."""
    match = replace(cases.matched(), facts=cases.matched().facts | named)
    refusal = guards.under_governing_version(attempt(match, "submitted", **changes))
    assert (refusal is None) is allowed


def test_the_period_to_decide_is_prolonged_by_no_other_time():
    """A supplement that states another last day than the wait gives is refused; one that states none is not."""
    right = attempt(cases.SUPPLEMENTED, "asked")
    given_day = right.event.decide_by
    assert guards.prolonged_by_the_wait(right) is None
    later = noted(Supplemented, evidence=(cases.FILE,), decide_by=given_day + timedelta(days=1)).by(cases.APPLICANT)
    refusal = guards.prolonged_by_the_wait(attempt(later, "asked"))
    assert refusal.code is RefusalCode.DAY_MISMATCH
    assert str(given_day) in refusal.message
    assert str(given_day + timedelta(days=1)) in refusal.message
    none = noted(Supplemented, evidence=(cases.FILE,), decide_by=None).by(cases.APPLICANT)
    assert guards.prolonged_by_the_wait(attempt(none, "asked")) is None


def test_a_last_day_where_the_rules_give_none_is_told_so():
    """A review that opens nothing again has no last day to decide; — stands for it."""
    stated = noted(
        ReviewRecorded,
        outcome=ReviewOutcome.UPHELD,
        decided_on=cases.TODAY,
        reference="x",
        reason=None,
        decide_by=IN_A_YEAR,
    )
    said = [each.refusal.message for each in breaches(GUARDS, attempt(stated, "rejected"))]
    assert any("give —;" in each for each in said)


def test_what_an_erasure_took_may_have_been_an_opinion_or_an_answer():
    """A decision that rested on one is not found wrong once the person is erased."""
    person = state_after("matched").holder
    erased = person.model_copy(update={"name": None})
    approved = replace(cases.APPROVED, facts=cases.APPROVED.facts | {"opinion": None})
    assert RefusalCode.NO_EVIDENCE in codes(approved, evidence=())
    assert RefusalCode.NO_EVIDENCE not in codes(approved, evidence=(), holder=erased)
    stated = replace(cases.APPROVED, facts=cases.APPROVED.facts | {"opinion": "known in person"})
    assert RefusalCode.NO_EVIDENCE not in codes(stated, evidence=())
    unsaid = noted(ProposalAnswered, statement=None).by(cases.APPLICANT)
    assert RefusalCode.INVALID_INPUT in codes(unsaid, "noticed")
    assert RefusalCode.INVALID_INPUT not in codes(unsaid, "noticed", holder=erased)


def test_who_confirms_what_was_proposed_is_another():
    """And the ground is the one that was proposed, of an ending as of a reinstatement."""
    other = replace(cases.REVOKED, facts=cases.REVOKED.facts | {"ground": "another"})
    assert RefusalCode.TERMS_CHANGED in codes(other, "heard")
    assert RefusalCode.TERMS_CHANGED not in codes(cases.REVOKED, "heard")
    reason = noted(Reinstated, reason="another").by(cases.OTHER_SUPERIOR)
    assert RefusalCode.TERMS_CHANGED in codes(reason, "back-proposed")
    assert RefusalCode.SAME_OFFICER in codes(replace(cases.REVOKED, act=cases.PROPOSED.act), "heard")
    assert {Approved, Matched, Rejected, Revoked} <= set(GUARDS)


@pytest.mark.parametrize(
    ("outcome", "past", "led"),
    [
        (ReviewOutcome.UPHELD, "proposed", True),
        (ReviewOutcome.REMANDED, "proposed", False),
        (ReviewOutcome.OVERTURNED, "proposed", False),
        (ReviewOutcome.REMANDED, "approved", True),
        (ReviewOutcome.UPHELD, "approved", True),
    ],
)
def test_what_is_proposed_is_decided_before_a_decision_is_open_again(outcome, past, led):
    """A review that upholds opens nothing, and is recorded beside a proposal."""
    refusal = title_guards.leads_somewhere(attempt(cases.reviewed(outcome), past))
    assert (refusal is None) is led


def test_what_is_missing_is_not_found_wrong_twice():
    """Without an entry nothing is said of its title's level, nor of a grade: that it is not matched is said once."""
    assert codes(cases.APPROVED, "submitted") == {RefusalCode.NOT_MATCHED}
    gone = codes(cases.APPROVED, "matched", entry_number=3)
    assert gone == {RefusalCode.NOT_MATCHED}
    nobody = cases.APPROVED.by(actor("reviewer", REVIEWER.role, "no-such"), NOON)
    assert codes(nobody) == {RefusalCode.OUTSIDE_JURISDICTION}
    without = cases.APPROVED.by(actor("reviewer", REVIEWER.role, None), NOON)
    assert codes(without) == {RefusalCode.OUTSIDE_JURISDICTION}


def test_a_rule_is_stated_by_the_first_paragraph_of_its_docstring():
    """Lines are joined; what follows is for whoever reads the code."""

    @guard(Asks.WHAT, "article 5")
    def of_two_lines(_):
        """Nothing is
        ever right.

        And this is said to nobody.
        """

    assert (of_two_lines.sentence, of_two_lines.name) == ("Nothing is ever right.", "of_two_lines")
    assert (of_two_lines.asks, of_two_lines.ground) == (Asks.WHAT, "article 5")
    with pytest.raises(TypeError, match=r"^the guard <lambda> states no rule$"):
        guard(Asks.WHO, "article 1")(lambda _: None)


def test_a_rule_with_many_parts_and_nothing_against_any_is_kept():
    """A check that yields nothing refuses nothing, in a command as in an audit."""
    kept = Guard("kept", Asks.WHAT, "g", "S.", lambda _: iter(()))
    broken = Guard(
        "broken", Asks.WHAT, "g", "S.", lambda _: iter([Refused(RefusalCode.NO_CHANGES, tell("case.matched"))])
    )
    event = attempt(cases.APPROVED)
    assert kept(event) is None
    require({Approved: (kept,)}, event)
    with pytest.raises(Refused) as refused:
        require({Approved: (kept, broken)}, event)
    assert refused.value.code is RefusalCode.NO_CHANGES
    assert [each.guard for each in breaches({Approved: (kept, broken)}, event)] == [broken]
    assert event.state.holder_ref == HOLDER
    with pytest.raises(KeyError):
        require({}, event)
    with pytest.raises(KeyError):
        list(breaches({}, event))
