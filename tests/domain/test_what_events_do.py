"""What each event does to a case, and nothing else; and the sentence that is told of it."""

from __future__ import annotations

from copy import copy
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from domain.base import Created, Event, evolve
from domain.case.events import Approved, Matched
from domain.case.state import Ending, Pinned, Proposal
from domain.case.title_events import Reassessed, RevocationProposed
from domain.messages import Language
from domain.values import (
    Actor,
    CaseStatus,
    DeadlineKind,
    MatchOutcome,
    ProposalKind,
    Provenance,
    ReviewOutcome,
    Role,
    TitleStatus,
)
from tests.domain import cases
from tests.domain.cases import (
    AMENDMENT,
    CANDIDATE,
    CASE,
    CATALOG,
    ELSEWHERE,
    FILE,
    OTHER_CLAIM,
    TODAY,
    WORK,
    given,
    noted,
)
from tests.domain.cases import due as last_day
from tests.domain.scenario import APPLICANT, COLLEAGUE, REGISTRY, REVIEWER, act

LATER = datetime(2024, 5, 13, 4, tzinfo=UTC)
"""A week after the past of each case, so that what follows from the day and what from the past are told apart."""
DAY = date(2024, 5, 13)
REVIEW = last_day(DeadlineKind.REVIEW)
OPENED = {
    "decided_at": None,
    "decided_by": None,
    "review_until": None,
    "decide_from": DAY,
    "reopened_by": REVIEWER,
}


def by_rule(number=88, grade=None, outcome=MatchOutcome.CONFIDENT, candidates=(CANDIDATE,)):
    """A match that the rule set was sure of."""
    place = {"catalog_code": CATALOG, "catalog_version": 1, "entry_number": number, "grade": grade}
    return noted(Matched, **place, outcome=outcome, candidates=candidates, rule_set="rules-1").by(REGISTRY)


def proposed(by, kind=ProposalKind.REVOCATION, ground="forged", findings="the issuer denies it", on=TODAY, **more):
    """What is proposed about a title."""
    return Proposal(kind=kind, ground=ground, findings=findings, proposed_by=by, proposed_on=on, **more)


def after(state, happened, *, at=LATER):
    """The state after one more event, a week later; the one before stays as it is."""
    event = replace(happened, act=act(happened.act.by.actor, at)).at(CASE, state.version + 1, "")
    return evolve(copy(state), event)


def what(past, happened):
    """What an event changes: the fields, with what stands in them then."""
    before = given(past).when(lambda _: None).state
    now = after(before, happened)
    assert now.version == before.version + 1
    return {
        each.name: getattr(now, each.name)
        for each in fields(now)
        if each.name != "version" and getattr(now, each.name) != getattr(before, each.name)
    }


OFFICER = REVIEWER
NOTICE = {"notice_on": TODAY, "answer_until": date(2024, 5, 9)}
PINNED = Pinned(catalog_code=CATALOG, catalog_version=1, entry_number=1, grade=None)
DONE: list = [
    ("submitted", cases.listed(), {"candidates": (CANDIDATE,)}),
    ("submitted", cases.matched(), {"status": CaseStatus.MATCHED, "entry_number": 1, "first_act_on": DAY}),
    (
        "candidates",
        cases.matched(88, "1级"),
        {"status": CaseStatus.MATCHED, "entry_number": 88, "grade": "1级", "first_act_on": DAY},
    ),
    ("asked", cases.matched(), {"entry_number": 1}),
    (
        "submitted",
        by_rule(grade="1级"),
        {
            "status": CaseStatus.MATCHED,
            "entry_number": 88,
            "grade": "1级",
            "candidates": (CANDIDATE,),
            "automatic": (88, "1级"),
        },
    ),
    (
        "submitted",
        noted(Matched, catalog_code="another", catalog_version=7, entry_number=1, grade=None, reason="so"),
        {
            "status": CaseStatus.MATCHED,
            "catalog_code": "another",
            "catalog_version": 7,
            "entry_number": 1,
            "first_act_on": DAY,
        },
    ),
    (
        "submitted",
        cases.REQUESTED,
        {
            "status": CaseStatus.SUPPLEMENT_REQUESTED,
            "supplement_by": last_day(DeadlineKind.SUPPLEMENT),
            "awaited": ((DAY, None),),
            "first_act_on": DAY,
        },
    ),
    (
        "asked",
        cases.SUPPLEMENTED,
        {"status": CaseStatus.SUBMITTED, "evidence": (FILE, FILE), "awaited": ((TODAY, DAY),)},
    ),
    (
        "asked-matched",
        cases.SUPPLEMENTED,
        {"status": CaseStatus.MATCHED, "evidence": (FILE, FILE), "awaited": ((TODAY, DAY),)},
    ),
    ("matched", cases.SUPPLEMENTED, {"evidence": (FILE, FILE)}),
    ("submitted", cases.TRANSFERRED, {"authority_code": "330100-HR", "first_act_on": DAY}),
    (
        "matched",
        cases.APPROVED,
        {
            "status": CaseStatus.APPROVED,
            "title_status": TitleStatus.CURRENT,
            "awarded": PINNED,
            "decided_at": LATER,
            "decided_by": OFFICER,
            "recognized_by": OFFICER,
            "recognized_on": TODAY,
            "work_consistent": True,
            "counted_experience_months": 24,
            "review_until": REVIEW,
        },
    ),
    (
        "remanded",
        cases.APPROVED.by(COLLEAGUE),
        {
            "status": CaseStatus.APPROVED,
            "decided_at": LATER,
            "decided_by": COLLEAGUE,
            "recognized_by": COLLEAGUE,
            "review_until": REVIEW,
        },
    ),
    (
        "submitted",
        cases.REJECTED,
        {
            "status": CaseStatus.REJECTED,
            "decided_at": LATER,
            "decided_by": OFFICER,
            "first_act_on": DAY,
            "review_until": REVIEW,
        },
    ),
    (
        "submitted",
        noted(cases.REJECTED.kind, reason=None, code=ELSEWHERE, review_until=REVIEW).by(REGISTRY),
        {"status": CaseStatus.REJECTED, "decided_at": LATER, "decided_by": REGISTRY, "review_until": REVIEW},
    ),
    ("asked", cases.WITHDRAWN, {"status": CaseStatus.WITHDRAWN, "decided_at": LATER}),
    (
        "matched",
        cases.REMATCH,
        {"status": CaseStatus.SUBMITTED, "catalog_version": 2, "entry_number": None, "rematched_for": (AMENDMENT,)},
    ),
    ("asked-matched", cases.REMATCH, {"catalog_version": 2, "entry_number": None, "rematched_for": (AMENDMENT,)}),
    ("submitted", noted(cases.CertificateClaimMoved, claim_id=OTHER_CLAIM).by(REGISTRY), {"claim_id": OTHER_CLAIM}),
    ("approved", cases.PROPOSED, {"proposal": proposed(OFFICER, on=DAY)}),
    (
        "approved",
        cases.ERROR_PROPOSED,
        {
            "proposal": proposed(
                OFFICER, ProposalKind.ANNULMENT, "wrong entry", "the officer misread the certificate", on=DAY
            )
        },
    ),
    ("proposed", cases.NOTICED, {"proposal": proposed(OFFICER, **NOTICE)}),
    (
        "noticed",
        cases.ANSWERED,
        {
            "evidence": (FILE, FILE),
            "proposal": proposed(OFFICER, **NOTICE, statement="it is genuine", answered_on=DAY),
        },
    ),
    ("noticed", cases.WAIVED, {"proposal": proposed(OFFICER, **NOTICE, answered_on=DAY, waived=True)}),
    ("heard", cases.DECLINED, {"proposal": None}),
    (
        "heard",
        replace(cases.REVOKED, facts=cases.REVOKED.facts | {"review_until": DAY}),
        {
            "status": CaseStatus.REVOKED,
            "title_status": TitleStatus.REVOKED,
            "proposal": None,
            "review_until": DAY,
            "ending": Ending(
                on=TODAY,
                ground="forged",
                findings="the issuer denies it",
                at_version=7,
                officers=(REVIEWER, COLLEAGUE),
            ),
        },
    ),
    (
        "error-heard",
        replace(cases.ANNULLED, facts=cases.ANNULLED.facts | {"review_until": DAY}),
        {
            "status": CaseStatus.ANNULLED,
            "title_status": TitleStatus.ANNULLED,
            "proposal": None,
            "review_until": DAY,
            "ending": Ending(
                on=TODAY,
                ground="wrong entry",
                findings="the officer misread the certificate",
                at_version=7,
                officers=(REVIEWER, COLLEAGUE),
            ),
        },
    ),
    (
        "approved",
        cases.SURRENDERED,
        {
            "status": CaseStatus.SURRENDERED,
            "title_status": TitleStatus.SURRENDERED,
            "review_until": None,
            "ending": Ending(on=TODAY, ground="no longer wanted", findings=None, at_version=4, officers=(APPLICANT,)),
        },
    ),
    (
        "revoked",
        cases.BACK_PROPOSED,
        {
            "proposal": proposed(
                cases.SUPERIOR, ProposalKind.REINSTATEMENT, "the issuer was wrong", findings=None, on=DAY
            )
        },
    ),
    (
        "back-proposed",
        cases.REINSTATED,
        {
            "status": CaseStatus.APPROVED,
            "title_status": TitleStatus.CURRENT,
            "proposal": None,
            "ending": None,
            "review_until": None,
        },
    ),
    (
        "approved",
        cases.REASSESSED,
        {
            "work_consistent": False,
            "counted_experience_months": 0,
            "experience": (WORK, WORK),
            "evidence": (FILE, FILE),
        },
    ),
    ("approved", cases.MISSED, {"missed": ((DeadlineKind.DECIDE, date(2024, 5, 5)),)}),
    ("approved", cases.reviewed(ReviewOutcome.UPHELD), {"review_until": None}),
    ("approved", cases.reviewed(ReviewOutcome.REMANDED), {"status": CaseStatus.MATCHED, **OPENED}),
    ("revoked", cases.reviewed(ReviewOutcome.REMANDED), {"status": CaseStatus.MATCHED, **OPENED}),
    ("revoked", cases.reviewed(ReviewOutcome.OVERTURNED), {"review_until": None}),
    ("rejected", cases.reviewed(ReviewOutcome.OVERTURNED, reopens=True), {"status": CaseStatus.SUBMITTED, **OPENED}),
]


@pytest.mark.parametrize(("past", "happened", "changes"), DONE)
def test_an_event_changes_what_it_says_and_nothing_else(past, happened, changes):
    """Replay applies no more than what was recorded, and no less."""
    assert what(past, happened) == changes


def test_every_kind_of_event_is_in_the_table():
    """An event that nobody listed could do anything; the first one makes the state that all begin with."""
    kinds = {happened.kind for _, happened, _ in DONE}
    assert {kind for kind in cases.RecognitionCase.GUARDS if not issubclass(kind, Created)} == kinds


def test_a_case_begins_as_it_was_submitted():
    """Each fact of the submission is one of the state; nothing else is known yet."""
    event = cases.submitted().at(CASE, 1, "")
    state = evolve(None, event)
    same = {"case_number", "holder_ref", "holder", "certificate", "work_field", "experience", "authority_code"}
    same |= {"evidence", "submitted_on", "claim_id", "catalog_code", "catalog_version", "accept_by", "decide_by"}
    for name in same:
        assert getattr(state, name) == getattr(event, name) is not None
    assert (state.case_id, state.version, state.status) == (CASE, 1, CaseStatus.SUBMITTED)
    assert (state.lodged_with, state.submitted_by, state.submitted_at) == ("330106-HR", "applicant", event.timestamp)


def test_what_the_matcher_was_sure_of_is_remembered_beside_a_reviewers_choice():
    """Who chose another entry, or another grade than it was sure of, is remembered; who chose the same, or the grade it left open, is not."""
    submitted = given("submitted").when(lambda _: None).state
    for sure, chosen, overrides in (
        ((88, "1级"), (88, "1级"), False),
        ((88, "1级"), (88, "2级"), True),
        ((88, None), (88, "2级"), False),
        ((88, "1级"), (1, None), True),
        ((88, None), (1, None), True),
    ):
        matched = after(submitted, by_rule(*sure))
        by_hand = after(matched, cases.matched(*chosen))
        assert by_hand.automatic == sure
        assert by_hand.overridden_by == (REVIEWER if overrides else None)
        assert by_hand.candidates == (CANDIDATE,)
        again = after(by_hand, by_rule(*sure, candidates=()))
        assert (again.overridden_by, again.automatic, again.candidates) == (None, sure, (CANDIDATE,))
    moved = after(after(after(submitted, by_rule(88, "1级")), cases.matched(88, "2级")), cases.REMATCH)
    assert (moved.automatic, moved.overridden_by, moved.candidates, moved.grade) == (None, None, (), None)
    first_choice = after(submitted, cases.matched(1))
    assert first_choice.overridden_by is None


def test_an_officers_first_act_takes_a_case_up_and_no_later_one():
    """The period to accept ends with it."""
    submitted = given("submitted").when(lambda _: None).state
    taken = after(submitted, cases.REQUESTED)
    for happened in (cases.TRANSFERRED, cases.matched(), cases.REJECTED, cases.APPROVED):
        assert after(taken, happened, at=LATER + timedelta(days=9)).first_act_on == DAY
    for happened in (by_rule(), cases.SUPPLEMENTED, cases.WITHDRAWN):
        assert after(submitted, happened).first_act_on is None
    straight = after(replace(submitted, entry_number=1), cases.APPROVED)
    assert straight.first_act_on == DAY


def test_each_wait_for_a_supplement_is_remembered():
    """The second one follows the first, and the last day to decide follows what was awaited."""
    asked = given("asked").when(lambda _: None).state
    came = after(asked, cases.SUPPLEMENTED)
    again = after(came, cases.REQUESTED, at=LATER + timedelta(days=1))
    assert again.awaited == ((TODAY, DAY), (date(2024, 5, 14), None))
    later = replace(cases.SUPPLEMENTED, facts=cases.SUPPLEMENTED.facts | {"decide_by": date(2030, 1, 1)})
    assert after(asked, later).decide_by == date(2030, 1, 1)
    assert after(came, later).decide_by == came.decide_by


def test_a_title_that_stood_while_its_decision_was_taken_anew_was_recognised_when_it_first_was():
    """Another day of decision moves no right that follows from the first; one that had ended is recognised anew."""
    again = replace(
        cases.APPROVED,
        facts=cases.APPROVED.facts
        | {"recognized_on": DAY, "work_consistent": False, "counted_experience_months": 0, "review_until": DAY},
    )
    stood = after(given("remanded").when(lambda _: None).state, again)
    assert (stood.recognized_on, stood.work_consistent, stood.counted_experience_months) == (TODAY, False, 0)
    revoked = given("revoked").when(lambda _: None).state
    anew = after(after(revoked, cases.reviewed(ReviewOutcome.REMANDED)), again)
    assert (anew.recognized_on, anew.ending, anew.review_until) == (DAY, None, DAY)


def test_a_case_that_is_open_again_starts_its_periods_anew():
    """No supplement is awaited any more, and nothing is proposed about what is decided anew; a decision that stands keeps all."""
    asked = replace(given("asked").when(lambda _: None).state, status=CaseStatus.REJECTED, proposal=proposed(OFFICER))
    review = replace(cases.reviewed(ReviewOutcome.OVERTURNED, reopens=True))
    review = replace(review, facts=review.facts | {"decide_by": date(2030, 1, 1)})
    opened = after(asked, review)
    assert (opened.awaited, opened.supplement_by, opened.proposal) == (((TODAY, DAY),), None, None)
    assert (opened.decide_by, opened.status) == (date(2030, 1, 1), CaseStatus.SUBMITTED)
    upheld = after(asked, cases.reviewed(ReviewOutcome.UPHELD))
    assert (upheld.awaited, upheld.supplement_by, upheld.proposal) == (
        asked.awaited,
        asked.supplement_by,
        asked.proposal,
    )
    assert upheld.decide_by == asked.decide_by


def test_each_missed_deadline_is_remembered():
    """The second beside the first, so that neither is recorded again."""
    once = after(given("approved").when(lambda _: None).state, cases.MISSED)
    other = noted(cases.DeadlineMissed, deadline=DeadlineKind.ACCEPT, due_on=date(2024, 5, 4)).by(REGISTRY)
    assert after(once, other).missed == (
        (DeadlineKind.DECIDE, date(2024, 5, 5)),
        (DeadlineKind.ACCEPT, date(2024, 5, 4)),
    )


def test_an_amendment_moves_a_case_once_and_each_is_remembered():
    """So that no third moves it back."""
    once = after(given("matched").when(lambda _: None).state, cases.REMATCH)
    second = uuid4()
    again = after(once, noted(cases.RematchRequired, catalog_version=3, amendment_id=second).by(REGISTRY))
    assert (again.rematched_for, again.catalog_version) == ((AMENDMENT, second), 3)


def test_an_ending_without_a_proposal_in_its_history_has_one_officer():
    """A history written by another way is read as far as it goes."""
    ended = after(given("approved").when(lambda _: None).state, cases.REVOKED)
    assert (ended.ending.officers, ended.ending.findings) == ((COLLEAGUE,), None)
    told = after(given("approved").when(lambda _: None).state, cases.NOTICED)
    assert told.proposal is None
    assert after(given("approved").when(lambda _: None).state, cases.WAIVED).proposal is None


def test_what_a_command_leaves_out_follows_from_the_act():
    """Ground, day, holder and the last days are derived where nobody states them, and what is stated stands, to be refused or kept."""
    stated = {"review_until": REVIEW, "decide_by": REVIEW}
    for kind in (Approved, cases.Rejected, cases.Revoked, cases.Annulled):
        assert kind.completed({}, act(), cases.KNOWN, None)["review_until"] == REVIEW
        assert kind.completed({"review_until": None, "x": 1}, act(), cases.KNOWN, None) == {
            "review_until": None,
            "x": 1,
        }
    heard = given("heard").when(lambda _: None).state
    derived = {
        cases.Revoked: {"ground": "forged", "revoked_on": TODAY},
        cases.Annulled: {"ground": "forged", "annulled_on": TODAY},
        cases.Surrendered: {"surrendered_on": TODAY},
        cases.Reinstated: {"reason": "forged"},
        Approved: {"recognized_on": TODAY},
        cases.Rejected: {},
    }
    for kind, facts in derived.items():
        assert kind.derived(heard, act()) == {"holder_ref": cases.HOLDER, **facts}
        nothing = {name: None if name in {"ground", "reason"} else fact for name, fact in facts.items()}
        assert kind.derived(None, act()) == nothing
        assert kind.derived(replace(heard, proposal=None), act()) == {"holder_ref": cases.HOLDER, **nothing}
    rejected = given("rejected").when(lambda _: None).state
    for outcome, opens in (
        (ReviewOutcome.OVERTURNED, True),
        (ReviewOutcome.REMANDED, True),
        (ReviewOutcome.UPHELD, False),
    ):
        made = cases.ReviewRecorded.completed({"outcome": outcome}, act(), cases.KNOWN, rejected)
        assert ("decide_by" in made, made["outcome"]) == (opens, outcome)
        assert (
            cases.ReviewRecorded.completed({"outcome": outcome, **stated}, act(), cases.KNOWN, rejected)["decide_by"]
            == REVIEW
        )


def test_the_period_to_answer_is_counted_from_the_day_of_service_and_from_no_day_to_come():
    """A notice served on a day before today runs from that day; of a later one nothing is counted, since it is refused."""
    counted = cases.KNOWN.rules.answer_until
    for served, begun in (
        (date(2024, 5, 6), date(2024, 5, 6)),
        (date(2024, 5, 9), date(2024, 5, 9)),
        (date(2024, 6, 3), DAY),
    ):
        made = cases.NoticeGiven.completed({"served_on": served}, act(at=LATER), cases.KNOWN, None)
        assert made == {"served_on": served, "answer_until": counted(begun)}
    stated = cases.NoticeGiven.completed({"served_on": TODAY, "answer_until": DAY}, act(at=LATER), cases.KNOWN, None)
    assert stated["answer_until"] == DAY


TOLD = [
    (cases.listed(), "No automatic match; 1 candidates for a reviewer"),
    (cases.matched(88), "Matched by a reviewer to entry 88, version 1"),
    (by_rule(), "Matched to entry 88, version 1, by rule set rules-1"),
    (cases.SUPPLEMENTED, "1 more pieces of evidence"),
    (cases.APPROVED, "Title recognised on 2024-05-06, usable for appointment and promotion"),
    (cases.ANSWERED, "The holder answered the proposal"),
    (cases.WAIVED, "The holder waived an answer to the proposal"),
    (cases.REJECTED, "Recognition refused"),
    (cases.WITHDRAWN, "Withdrawn before a decision"),
    (cases.REASSESSED, "Article 3 reassessed from 2024-05-06: not usable for appointment"),
    (cases.reviewed(ReviewOutcome.UPHELD), "Review of 2024-05-06 recorded: upheld"),
]


@pytest.mark.parametrize(("happened", "said"), TOLD)
def test_what_happened_is_told_as_it_was(happened, said):
    """By whom, to which entry, how much, and what the title is good for."""
    assert happened.at(CASE, 9, "").summary.text(Language.EN) == said


def test_what_happened_by_rule_and_what_is_not_usable_are_told_apart():
    """Each has a sentence of its own, with its facts."""
    usable, unusable = (
        noted(Approved, recognized_on=DAY, work_consistent=each, counted_experience_months=0) for each in (True, False)
    )
    told = [each.at(CASE, 9, "").summary for each in (usable, unusable)]
    assert told[0].text(Language.EN) != told[1].text(Language.EN)
    assert all("2024-05-13" in each.text(Language.EN) for each in told)
    for happened in (cases.REJECTED, cases.WITHDRAWN):
        ruled = noted(happened.kind, reason=None, code=ELSEWHERE).by(REGISTRY).at(CASE, 9, "").summary
        assert ruled.text(Language.EN) != happened.at(CASE, 9, "").summary.text(Language.EN)
    again = noted(Reassessed, work_consistent=True, counted_experience_months=12, effective_on=DAY, reason="so")
    said = again.at(CASE, 9, "").summary.text(Language.EN)
    assert said.startswith("Article 3 reassessed from 2024-05-13")
    assert "not usable" not in said


def test_a_stream_begins_with_its_first_event_and_nothing_else():
    """Whoever reads a stream from its middle is told so, and an event that names no beginning is none."""
    middle = cases.PROPOSED.at(CASE, 4, "")
    with pytest.raises(TypeError, match=r"^a stream does not begin with recognition-case.revocation-proposed$"):
        evolve(None, middle)
    with pytest.raises(TypeError, match="does not say with which state its stream begins"):
        Created.initial(middle)
    state = given("approved").when(lambda _: None).state
    decoded = type("Decoded", (), {name: getattr(middle, name) for name in type(middle).model_fields})()
    assert evolve(state, decoded, RevocationProposed).proposal.ground == "forged"


def test_an_event_carries_its_instant_and_who_acted():
    """The instant of recording is the one of the act; a fact that a history lacks is told as —."""
    event = cases.APPROVED.by(COLLEAGUE, LATER).at(CASE, 4, "")
    assert event.recorded_at == LATER
    assert event.by == Provenance(actor=COLLEAGUE)
    assert Event.derived(None, act()) == {}
    lacking = Matched.model_construct(**{**dict(by_rule().at(CASE, 2, "")), "rule_set": None})
    assert lacking.summary.text(Language.EN).endswith("by rule set —")
    with pytest.raises(ValueError, match="timezone"):
        act(at=datetime(2024, 5, 6, 4))  # noqa: DTZ001 - a naive instant is what is refused
    assert Actor(subject="applicant", role=Role.APPLICANT, holder_ref=uuid4()) != APPLICANT
