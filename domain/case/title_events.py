"""What may become of a title: the events of a case after its approval.

A title ends in one of three ways, the first two proposed by one officer and confirmed by another after the holder was heard;
an ending is overturned by two others. Like ``events``, each states its facts, its sentence, and what it does to the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from domain.base import Act
from domain.case.due_days import DECIDED_DUE, REOPENED_DUE, due_days, wait_no_longer
from domain.case.events import CaseEvent, overrides
from domain.case.state import CaseState, Ending, Proposal
from domain.messages import Message, tell
from domain.values import (
    CaseStatus,
    ClosingRule,
    DeadlineKind,
    Evidence,
    Experience,
    OptionalPersonalProse,
    Personal,
    PersonalLine,
    PersonalProse,
    ProposalKind,
    ReviewOutcome,
    TitleStatus,
    shanghai_day,
)


class _Proposed(CaseEvent):
    """One officer proposes, and the title stays as it is until another decides."""

    KIND: ClassVar[ProposalKind]

    @classmethod
    def proposal(cls, event: Any, ground: str | None, findings: str | None) -> Proposal:
        """What is proposed, as the case remembers it."""
        return Proposal(
            kind=cls.KIND,
            ground=ground,
            findings=findings,
            proposed_by=event.by.actor,
            proposed_on=shanghai_day(event.timestamp),
        )


class RevocationProposed(_Proposed):
    """Article 4: the first of two officers finds fraud."""

    TOPIC: ClassVar[str] = "recognition-case.revocation-proposed"
    KIND: ClassVar[ProposalKind] = ProposalKind.REVOCATION
    ground: PersonalLine
    findings: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stands until another officer confirms."""
        state.proposal = RevocationProposed.proposal(event, event.ground, event.findings)


class AnnulmentProposed(_Proposed):
    """The first of two officers finds that the authority erred; the person is not to blame."""

    TOPIC: ClassVar[str] = "recognition-case.annulment-proposed"
    KIND: ClassVar[ProposalKind] = ProposalKind.ANNULMENT
    ground: PersonalLine
    findings: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stands until another officer confirms."""
        state.proposal = AnnulmentProposed.proposal(event, event.ground, event.findings)


class ReinstatementProposed(_Proposed):
    """An officer who did not end the title finds that the ending does not stand."""

    TOPIC: ClassVar[str] = "recognition-case.reinstatement-proposed"
    KIND: ClassVar[ProposalKind] = ProposalKind.REINSTATEMENT
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stays ended until another officer confirms."""
        state.proposal = ReinstatementProposed.proposal(event, event.reason, None)


class NoticeGiven(CaseEvent):
    """The holder was told what is proposed; they may answer until ``answer_until`` (陈述、申辩)."""

    TOPIC: ClassVar[str] = "recognition-case.notice-given"
    served_on: date
    answer_until: date

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """The period to answer is the jurisdiction's; of a day that is still to come none is worked out, since it is refused."""
        served = min(facts["served_on"], shanghai_day(act.at))
        return {"answer_until": known.rules.answer_until(served), **facts}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The period to answer runs."""
        if state.proposal is not None:
            state.proposal = replace(state.proposal, notice_on=event.served_on, answer_until=event.answer_until)


class ProposalAnswered(CaseEvent):
    """The holder answered what is proposed, with evidence or without, or waived the answer."""

    TOPIC: ClassVar[str] = "recognition-case.proposal-answered"
    statement: OptionalPersonalProse = None
    evidence: tuple[Evidence, ...] = ()
    waive: bool = False

    @property
    def summary(self) -> Message:
        """Whether they answered or waived."""
        return tell("summary.recognition-case.proposal-answered-waived") if self.waive else super().summary

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The holder is heard; their evidence joins the case's."""
        state.evidence = (*state.evidence, *event.evidence)
        if state.proposal is not None:
            answered = shanghai_day(event.timestamp)
            state.proposal = replace(
                state.proposal, statement=event.statement, waived=event.waive, answered_on=answered
            )


class ProposalDeclined(CaseEvent):
    """Another officer finds that what was proposed does not stand, or its proposer takes it back."""

    TOPIC: ClassVar[str] = "recognition-case.proposal-declined"
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
        """Nothing is proposed any more; the title is what it was."""
        state.proposal = None


class _Ended(CaseEvent):
    """The title ended."""

    @staticmethod
    def end(state: CaseState, event: Any, status: TitleStatus, on: date, ground: str | None) -> None:
        """Let the title end; who proposed and confirmed it is remembered, since they do not undo it."""
        confirming = event.by.actor
        proposing = (state.proposal.proposed_by,) if state.proposal else ()
        state.status = CaseStatus(status.value)
        state.title_status = status
        state.ending = Ending(
            on=on,
            ground=ground,
            findings=state.proposal.findings if state.proposal else None,
            at_version=event.originator_version,
            officers=(*proposing, confirming),
        )
        state.proposal = None
        state.review_until = None
        _match_of_title(state)


class _EndedByDecision(_Ended):
    """The authority ended the title, by a decision that may be reviewed."""

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """The period to ask for a review begins."""
        return {**due_days(DECIDED_DUE, act, known), **facts}


class Revoked(_EndedByDecision):
    """Article 4: the second officer confirms; the title is revoked for fraud."""

    TOPIC: ClassVar[str] = "recognition-case.revoked"
    ground: Personal
    revoked_on: date
    review_until: date | None = None

    @classmethod
    def derived(cls, state: CaseState | None, act: Act) -> dict[str, Any]:
        """What is confirmed is what was proposed, on the day of the confirmation in Shanghai."""
        return super().derived(state, act) | {"ground": _ground(state), "revoked_on": shanghai_day(act.at)}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stands no longer."""
        _Ended.end(state, event, TitleStatus.REVOKED, event.revoked_on, event.ground)
        state.review_until = event.review_until


class Annulled(_EndedByDecision):
    """The second officer confirms; the title is annulled for an error of the authority, and nothing is recorded of the person."""

    TOPIC: ClassVar[str] = "recognition-case.annulled"
    ground: Personal
    annulled_on: date
    review_until: date | None = None

    @classmethod
    def derived(cls, state: CaseState | None, act: Act) -> dict[str, Any]:
        """What is confirmed is what was proposed, on the day of the confirmation in Shanghai."""
        return super().derived(state, act) | {"ground": _ground(state), "annulled_on": shanghai_day(act.at)}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stands no longer; its certificate may be presented again."""
        _Ended.end(state, event, TitleStatus.ANNULLED, event.annulled_on, event.ground)
        state.review_until = event.review_until


class Surrendered(_Ended):
    """The title is given up (注销): by its holder, with a ``reason``; or by the erasure of its holder, with a ``code``."""

    TOPIC: ClassVar[str] = "recognition-case.surrendered"
    reason: PersonalProse
    surrendered_on: date
    code: ClosingRule | None = None

    @property
    def summary(self) -> Message:
        """By its holder or by rule."""
        return super().summary if self.code is None else tell("summary.recognition-case.surrendered-by-rule")

    @classmethod
    def derived(cls, state: CaseState | None, act: Act) -> dict[str, Any]:
        """A title is surrendered on the day of the request in Shanghai."""
        return super().derived(state, act) | {"surrendered_on": shanghai_day(act.at)}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stands no longer; its certificate may be presented again."""
        _Ended.end(state, event, TitleStatus.SURRENDERED, event.surrendered_on, event.reason)


class Reinstated(CaseEvent):
    """A second officer confirms that the ending does not stand; the title is current again, and the history says why."""

    TOPIC: ClassVar[str] = "recognition-case.reinstated"
    reason: Personal

    @classmethod
    def derived(cls, state: CaseState | None, act: Act) -> dict[str, Any]:
        """What is confirmed is what was proposed."""
        return super().derived(state, act) | {"reason": _ground(state)}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
        """The ending leaves no trace in the state."""
        state.status = CaseStatus.APPROVED
        state.title_status = TitleStatus.CURRENT
        state.proposal = None
        state.ending = None
        state.review_until = None


class Reassessed(CaseEvent):
    """Article 3 asked anew, from a day on: the work changed, or experience was verified later."""

    TOPIC: ClassVar[str] = "recognition-case.reassessed"
    work_consistent: bool
    counted_experience_months: int
    effective_on: date
    experience: tuple[Experience, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    reason: PersonalProse

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """Where no day is named, it holds from today."""
        return {**facts, "effective_on": facts.get("effective_on") or shanghai_day(act.at)}

    @property
    def summary(self) -> Message:
        """From when, and what the title is good for."""
        if self.work_consistent:
            return super().summary
        return tell("summary.recognition-case.reassessed-not-usable", effective_on=self.effective_on)

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title is good for what was found now; what was submitted beside it joins the case."""
        state.work_consistent = event.work_consistent
        state.counted_experience_months = event.counted_experience_months
        state.experience = (*state.experience, *event.experience)
        state.evidence = (*state.evidence, *event.evidence)


class ReviewRecorded(CaseEvent):
    """What a review (行政复议) or a court decided about the authority's decision; ``reference`` is the number of its document."""

    TOPIC: ClassVar[str] = "recognition-case.review-recorded"
    outcome: ReviewOutcome
    decided_on: date
    reference: PersonalLine
    reason: PersonalProse
    decide_by: date | None = None

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:
        """Where the case is open again, the period to decide begins anew."""
        reopened = state.is_reopened_by(facts["outcome"])
        return {**(due_days(REOPENED_DUE, act, known) if reopened else {}), **facts}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """A decision remanded, or a rejection overturned, is open again; a title that stands goes on standing meanwhile."""
        state.review_until = None
        if state.is_reopened_by(event.outcome):
            wait_no_longer(state, event)
            state.supplement_by = None
            state.decide_from, state.decide_by = shanghai_day(event.timestamp), event.decide_by
            state.status = CaseStatus.SUBMITTED if state.entry_number is None else CaseStatus.MATCHED
            state.decided_at = None
            state.decided_by = None
            state.proposal = None
            state.reopened_by = event.by.actor


class DeadlineMissed(CaseEvent):
    """A statutory clock ran out before what it asks for was done; the registry records it by itself."""

    TOPIC: ClassVar[str] = "recognition-case.deadline-missed"
    deadline: DeadlineKind
    due_on: date

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """It is recorded once."""
        state.missed = (*state.missed, (event.deadline, event.due_on))


def _match_of_title(state: CaseState) -> None:
    """With the title ends a decision that was taken anew: the case is matched to what its title was awarded for, whatever came since."""
    title = state.awarded
    if title is None or title == state.pinned:
        return
    state.catalog_code, state.catalog_version = title.catalog_code, title.catalog_version
    state.entry_number, state.grade = title.entry_number, title.grade
    if not overrides(state.automatic, (title.entry_number, title.grade)):
        state.overridden_by = None


def _ground(state: CaseState | None) -> str | None:
    return state.proposal.ground if state and state.proposal else None
