"""What must hold before a title ends, is given back or is assessed anew: two officers, a hearing, and the days between."""

from __future__ import annotations

from typing import Final

from domain.case import title_events as events
from domain.case.due_days import DECIDED_DUE, REOPENED_DUE, unrecorded
from domain.case.guards import (
    COURSE,
    counted_where_consistent,
    dated,
    did_not_end_it,
    due_as_given,
    experience_is_past,
    is_theirs,
    months_in_a_life,
    not_own_case,
    nothing_proposed,
    registry_only,
    reviewers_only,
    same_holder,
    within_jurisdiction,
    within_submitted_experience,
)
from domain.case.imported_guards import IMPORTED
from domain.guards import Asks, Attempt, Guard, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import CaseStatus, ProposalKind, ReviewOutcome, Role, same_person, shanghai_day

ENDING: Final = frozenset({ProposalKind.REVOCATION, ProposalKind.ANNULMENT})
"""What ends a title, and is heard before it is decided."""


# ── who ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHO, "article 4")
def another_officer(attempt: Attempt) -> Refused | None:
    """The officer who proposed to end a title, or to give one back, does not confirm it."""
    proposed = attempt.state.proposal
    if proposed is None or not same_person(proposed.proposed_by, attempt.event.by.actor):
        return None
    return Refused(RefusalCode.SAME_OFFICER, tell("title.another_officer"))


@guard(Asks.WHO, "Administrative Licensing Law, article 7")
def holder_only(attempt: Attempt) -> Refused | None:
    """The holder, or the applicant who submitted for them, speaks for themselves; no officer does it in their place."""
    if attempt.event.by.actor.role is Role.APPLICANT and is_theirs(attempt):
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("title.holder_only"))


# ── when ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHEN, "article 4")
def title_stands(attempt: Attempt) -> Refused | None:
    """Only a title that stands ends or is reassessed."""
    if attempt.state.title_stands:
        return None
    status, ended = attempt.state.status, attempt.state.title_status
    if ended is not None:
        return Refused(RefusalCode.CASE_CLOSED, tell("title.ended_already", status=ended))
    return Refused(RefusalCode.WRONG_STATE, tell("title.none_yet", status=status))


def _proposed(*kinds: ProposalKind) -> Guard:
    @guard(Asks.WHEN, "article 4")
    def proposed_before(attempt: Attempt) -> Refused | None:
        """What is confirmed, answered or declined was proposed."""
        proposed = attempt.state.proposal
        if proposed is not None and proposed.kind in kinds:
            return None
        return Refused(RefusalCode.NOTHING_PROPOSED, tell("title.proposed_before", kinds=kinds))

    return proposed_before


@guard(Asks.WHEN, "Administrative Licensing Law, article 7")
def notice_once(attempt: Attempt) -> Refused | None:
    """Notice of a proposal is given once."""
    proposed = attempt.state.proposal
    if proposed is None or proposed.notice_on is None:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("title.notice_once", day=proposed.notice_on))


@guard(Asks.WHEN, "Administrative Licensing Law, article 7")
def served_by_now(attempt: Attempt) -> Refused | None:
    """Notice is served between the proposal and the day on which it is recorded."""
    proposed, today = attempt.state.proposal, shanghai_day(attempt.event.timestamp)
    if proposed is None or proposed.proposed_on <= attempt.event.served_on <= today:
        return None
    return Refused(
        RefusalCode.DAY_MISMATCH,
        tell("title.served_by_now", proposed=proposed.proposed_on, today=today),
        "servedOn",
    )


@guard(Asks.WHEN, "set by the jurisdiction")
def answer_period_kept(attempt: Attempt) -> Refused | None:
    """The holder has the jurisdiction's period to answer, in working days from the notice."""
    try:
        until = attempt.known.rules.answer_until(attempt.event.served_on)
    except Refused as unknown:
        return unknown
    if attempt.event.answer_until == until:
        return None
    return Refused(RefusalCode.DAY_MISMATCH, tell("title.answer_period_kept", until=until))


@guard(Asks.WHEN, "Administrative Licensing Law, article 7")
def notice_given(attempt: Attempt) -> Refused | None:
    """A holder answers, and a title ends, after notice was given."""
    proposed = attempt.state.proposal
    if proposed is None or proposed.notice_on is not None:
        return None
    return Refused(RefusalCode.NOTICE_NOT_GIVEN, tell("title.notice_given"))


@guard(Asks.WHEN, "Administrative Licensing Law, article 7")
def answered_once(attempt: Attempt) -> Refused | None:
    """A proposal is answered once, or the answer waived once."""
    proposed = attempt.state.proposal
    if proposed is None or proposed.answered_on is None:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("title.answered_once", day=proposed.answered_on))


@guard(Asks.WHEN, "Administrative Licensing Law, article 7")
def holder_heard(attempt: Attempt) -> Refused | None:
    """A title ends after its holder answered, waived an answer, or let the period go by."""
    proposed, today = attempt.state.proposal, shanghai_day(attempt.event.timestamp)
    if proposed is None or proposed.notice_on is None or proposed.heard_by(today):
        return None
    return Refused(
        RefusalCode.HEARING_OPEN,
        tell("title.holder_heard", until=proposed.answer_until),
    )


@guard(Asks.WHEN, "article 4")
def title_ended(attempt: Attempt) -> Refused | None:
    """Only a title that was revoked or annulled is reinstated; one that was surrendered is recognised anew."""
    status = attempt.state.status
    if status in {CaseStatus.REVOKED, CaseStatus.ANNULLED}:
        return None
    if status is CaseStatus.SURRENDERED:
        return Refused(RefusalCode.WRONG_STATE, tell("title.surrendered"))
    return Refused(RefusalCode.WRONG_STATE, tell("title.not_ended", status=status))


@guard(Asks.WHEN, "Administrative Reconsideration Law, article 11")
def decision_to_review(attempt: Attempt) -> Refused | None:
    """A review is about something the authority decided: an approval, a rejection, a revocation or an annulment."""
    state = attempt.state
    reviewed = {CaseStatus.APPROVED, CaseStatus.REJECTED, CaseStatus.REVOKED, CaseStatus.ANNULLED}
    if state.status in reviewed:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("title.decision_to_review", status=state.status))


@guard(Asks.WHEN, "Administrative Reconsideration Law")
def reviewed_by_now(attempt: Attempt) -> Refused | None:
    """A review was decided between the decision that it reviews and the day on which it is recorded."""
    decided, today = attempt.state.last_decision_on, shanghai_day(attempt.event.timestamp)
    earliest = decided or today
    if earliest <= attempt.event.decided_on <= today:
        return None
    return Refused(
        RefusalCode.DAY_MISMATCH,
        tell("title.reviewed_by_now", earliest=earliest, today=today),
        "decidedOn",
    )


@guard(Asks.WHEN, "article 3")
def effective_while_it_stood(attempt: Attempt) -> Refused | None:
    """What is found anew holds from a day between the recognition and the day of the assessment."""
    recognized, today = attempt.state.recognized_on, shanghai_day(attempt.event.timestamp)
    if recognized is None or recognized <= attempt.event.effective_on <= today:
        return None
    return Refused(
        RefusalCode.DAY_MISMATCH,
        tell("title.effective_while_it_stood", recognized=recognized, today=today),
        "effectiveOn",
    )


@guard(Asks.WHEN, "the registry's own")
def missed_by_now(attempt: Attempt) -> Refused | None:
    """A deadline of the case is missed once its last day is over before what it asks for was done, and that is recorded once."""
    event, today = attempt.event, shanghai_day(attempt.event.timestamp)
    missed = {(each.kind, each.due_on) for each in unrecorded(attempt.state)}
    if event.due_on < today and (event.deadline, event.due_on) in missed:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("title.missed_by_now"))


# ── what ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHAT, "article 4")
def confirmed_as_proposed(attempt: Attempt) -> Refused | None:
    """What is confirmed is the ground that was proposed."""
    proposed, event = attempt.state.proposal, attempt.event
    stated = event.reason if isinstance(event, events.Reinstated) else event.ground
    if proposed is None or proposed.ground == stated:
        return None
    return Refused(RefusalCode.TERMS_CHANGED, tell("title.confirmed_as_proposed"))


@guard(Asks.WHAT, "Administrative Licensing Law, article 7")
def says_something(attempt: Attempt) -> Refused | None:
    """An answer states something, or waives it."""
    event = attempt.event
    if event.waive or event.statement is not None or attempt.state.holder.name is None:
        return None
    return Refused(
        RefusalCode.INVALID_INPUT,
        tell("title.says_something"),
        "statement",
    )


@guard(Asks.WHAT, "Administrative Reconsideration Law")
def leads_somewhere(attempt: Attempt) -> Refused | None:
    """A remanded or overturned decision about a title is decided first where something is proposed about it."""
    if attempt.event.outcome is ReviewOutcome.UPHELD or attempt.state.proposal is None:
        return None
    return nothing_proposed(attempt)


def _by_holder(event: events.Surrendered) -> bool:
    """Whether a title was given up by its holder."""
    return event.code is None


def _by_rule(event: events.Surrendered) -> bool:
    """Whether a title ended by rule."""
    return event.code is not None


def _reopens(attempt: Attempt) -> bool:
    return bool(attempt.state.is_reopened_by(attempt.event.outcome))


# ── the lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────
OFFICER: Final = (reviewers_only, within_jurisdiction, not_own_case, same_holder)
"""What an officer does about a title."""
CONFIRMING: Final = (another_officer, notice_given, holder_heard, confirmed_as_proposed)
"""How another officer ends a title, after what was proposed and after the holder was heard."""
HOLDER: Final = (holder_only, same_holder)
"""What the holder does."""

BY_ERASURE: Final = (registry_only, same_holder)
"""How a title ends whose holder's data is erased: by the registry itself, in the transaction of the erasure."""

GUARDS: Final[Guards] = {
    **COURSE,
    **IMPORTED,
    events.RevocationProposed: (*OFFICER, title_stands, nothing_proposed),
    events.AnnulmentProposed: (*OFFICER, title_stands, nothing_proposed),
    events.NoticeGiven: (*OFFICER, _proposed(*ENDING), notice_once, served_by_now, answer_period_kept),
    events.ProposalAnswered: (*HOLDER, _proposed(*ENDING), notice_given, answered_once, says_something),
    events.ProposalDeclined: (*OFFICER, _proposed(*ProposalKind), did_not_end_it),
    events.Revoked: (
        *OFFICER,
        title_stands,
        _proposed(ProposalKind.REVOCATION),
        *CONFIRMING,
        dated("revoked_on"),
        due_as_given(DECIDED_DUE),
    ),
    events.Annulled: (
        *OFFICER,
        title_stands,
        _proposed(ProposalKind.ANNULMENT),
        *CONFIRMING,
        dated("annulled_on"),
        due_as_given(DECIDED_DUE),
    ),
    events.Surrendered: (
        *(each.where(_by_holder) for each in HOLDER),
        *(each.where(_by_rule) for each in BY_ERASURE),
        title_stands,
        nothing_proposed,
        dated("surrendered_on"),
    ),
    events.ReinstatementProposed: (*OFFICER, title_ended, did_not_end_it, nothing_proposed),
    events.Reinstated: (
        *OFFICER,
        title_ended,
        _proposed(ProposalKind.REINSTATEMENT),
        another_officer,
        did_not_end_it,
        confirmed_as_proposed,
    ),
    events.Reassessed: (
        *OFFICER,
        title_stands,
        effective_while_it_stood,
        experience_is_past,
        months_in_a_life,
        counted_where_consistent,
        within_submitted_experience,
    ),
    events.ReviewRecorded: (
        *OFFICER,
        decision_to_review,
        reviewed_by_now,
        leads_somewhere,
        due_as_given(REOPENED_DUE, _reopens),
    ),
    events.DeadlineMissed: (registry_only, same_holder, missed_by_now),
}
"""Every event of a case, and what must hold before it is recorded."""
