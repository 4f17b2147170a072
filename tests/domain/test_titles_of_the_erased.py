"""What becomes of a title whose holder's data is erased, and what comes before the erasure."""

from __future__ import annotations

from datetime import date

import pytest

from application.retention import RetentionTerms
from domain.case.case import RecognitionCase
from domain.case.events import Approved
from domain.case.title_events import AnnulmentProposed, RevocationProposed, Surrendered
from domain.guards import Attempt, breaches
from domain.refusals import RefusalCode, Refused
from domain.values import CaseStatus, ClosingRule, Role, TitleStatus
from tests.domain.scenario import APPLICANT, COLLEAGUE, REGISTRY, act, actor
from tests.domain.test_deadlines import KNOWN, RULES, approve, noon, submitted

APPROVED_ON, LATER = date(2024, 5, 6), date(2025, 9, 5)
ERASED = {"reason": None, "code": ClosingRule.HOLDER_ERASED}


def approved() -> RecognitionCase:
    """A title of long ago."""
    case = submitted(APPROVED_ON)
    approve(case, noon(APPROVED_ON))
    return case


def keeping(**changes: bool) -> RetentionTerms:
    """What a province keeps that says so."""
    return RetentionTerms(RULES.model_copy(update={"retention": RULES.retention.model_copy(update=changes)}))


def test_the_registry_lets_it_end():
    """Surrendered on the day in Shanghai, without a ground, for nobody stated one."""
    case = approved()
    case.decide(Surrendered, act(REGISTRY, noon(LATER)), KNOWN, **ERASED)
    assert (case.state.status, case.state.title_status) == (CaseStatus.SURRENDERED, TitleStatus.SURRENDERED)
    assert (case.state.ending.on, case.state.ending.ground) == (LATER, None)


@pytest.mark.parametrize(
    "who",
    [APPLICANT, COLLEAGUE, actor("x", Role.ADMINISTRATOR), actor("x", Role.PRIVACY_OFFICER)],
    ids=lambda each: each.role,
)
def test_nobody_else_does_in_its_name(who):
    """Neither live nor in a history that somebody put into the store; and the registry surrenders nothing without that code."""
    case = approved()
    with pytest.raises(Refused) as refused:
        case.decide(Surrendered, act(who, noon(LATER)), KNOWN, **ERASED)
    assert refused.value.code is RefusalCode.NOT_PERMITTED
    before = case.state.version
    case.decide(Surrendered, act(REGISTRY, noon(LATER)), KNOWN, **ERASED)
    event = case.pending_events[-1]
    forged = event.model_copy(update={"by": act(who).by})
    state = approved().state
    assert state.version == before
    assert "registry_only" in [
        each.guard.name for each in breaches(RecognitionCase.GUARDS, Attempt(forged, state, KNOWN))
    ]
    bare = event.model_copy(update={"code": None})
    assert "holder_only" in [each.guard.name for each in breaches(RecognitionCase.GUARDS, Attempt(bare, state, KNOWN))]


@pytest.mark.parametrize("proposed", [RevocationProposed, AnnulmentProposed])
def test_what_is_proposed_is_decided_first(proposed):
    """Nobody evades a revocation by an erasure, in whatever province."""
    case = approved()
    case.decide(proposed, act(COLLEAGUE, noon(LATER)), KNOWN, ground="forged", findings="denied")
    for terms in (RetentionTerms(RULES), keeping(decision_open_to_review=False, integrity_record_in_force=False)):
        with pytest.raises(Refused, match="another officer has decided") as refused:
            terms.require_over([case.state], [], LATER)
        assert refused.value.code is RefusalCode.RETENTION_REQUIRED


def test_a_province_may_keep_titles_that_stand():
    """Its file says so; then a title is surrendered first, and until then the data is kept, however old the decision is."""
    case = approved()
    RetentionTerms(RULES).require_over([case.state], [], LATER)
    with pytest.raises(Refused, match="surrender it first"):
        keeping(title_that_stands=True).require_over([case.state], [], LATER)
    case.decide(Surrendered, act(APPLICANT, noon(LATER)), KNOWN, reason="no longer wanted")
    keeping(title_that_stands=True).require_over([case.state], [], LATER)


def test_it_is_not_recognised_again_in_the_same_case():
    """A title that ended with its holder is recognised in a case of its own, of whoever presents the certificate."""
    case = approved()
    case.decide(Surrendered, act(REGISTRY, noon(LATER)), KNOWN, **ERASED)
    with pytest.raises(Refused):
        case.decide(Approved, act(COLLEAGUE, noon(LATER)), KNOWN, work_consistent=True, counted_experience_months=0)
