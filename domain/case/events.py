"""The events of a recognition case: past participles, each with its facts, its sentence, and what it does to the case.

Fields about a person are sealed where they stand (``Personal``). What ``change`` does is all that the event ever does: the
aggregate, the rows, histories and the audit apply the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from domain.base import Act, Aggregate, Created
from domain.case.due_days import DECIDED_DUE, REQUESTED_DUE, SUBMITTED_DUE, due_days, prolonged, wait_no_longer
from domain.case.state import CaseState
from domain.messages import Message, tell
from domain.values import (
    CaseStatus,
    Certificate,
    ClosingRule,
    Code,
    Evidence,
    Experience,
    MatchCandidate,
    MatchOutcome,
    OptionalCode,
    OptionalPersonalProse,
    Person,
    Personal,
    PersonalProse,
    TitleStatus,
    shanghai_day,
)


class CaseEvent(Aggregate.Event):
    """Something that happened to a case; ``holder_ref`` names whose key seals its personal data."""

    holder_ref: UUID

    @classmethod
    def derived(cls, state: CaseState | None, act: Act) -> dict[str, Any]:  # noqa: ARG003 - some events derive more
        """Every event of a case is about its holder."""
        return {} if state is None else {"holder_ref": state.holder_ref}


class Submitted(Created, CaseEvent):
    """Article 1: a certificate submitted with evidence, under the catalog version in force that day.

    ``catalog_asked`` is the catalog that the submission named, if any; ``catalog_code`` the one that governs.
    """

    TOPIC: ClassVar[str] = "recognition-case.submitted"
    case_number: str
    holder: Person
    certificate: Certificate
    authority_code: str
    work_field: Personal
    experience: tuple[Experience, ...]
    evidence: tuple[Evidence, ...]
    catalog_code: str | None
    catalog_version: int | None
    submitted_on: date
    claim_id: UUID | None
    catalog_asked: str | None = None
    accept_by: date | None = None
    decide_by: date | None = None

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """The authority's periods begin with the submission."""
        return {**due_days(SUBMITTED_DUE, act, known), **facts}

    @staticmethod
    def initial(event: Any) -> CaseState:
        """A case begins as it was submitted."""
        return CaseState(
            case_id=event.originator_id,
            case_number=event.case_number,
            version=event.originator_version,
            status=CaseStatus.SUBMITTED,
            holder_ref=event.holder_ref,
            holder=event.holder,
            certificate=event.certificate,
            work_field=event.work_field,
            experience=event.experience,
            authority_code=event.authority_code,
            lodged_with=event.authority_code,
            evidence=event.evidence,
            submitted_by=event.by.actor.subject,
            submitted_at=event.timestamp,
            submitted_on=event.submitted_on,
            claim_id=event.claim_id,
            catalog_code=event.catalog_code,
            catalog_version=event.catalog_version,
            accept_by=event.accept_by,
            decide_from=event.submitted_on,
            decide_by=event.decide_by,
        )


class CandidatesListed(CaseEvent):
    """The matcher abstained: the entries it could not decide between, or none."""

    TOPIC: ClassVar[str] = "recognition-case.candidates-listed"
    outcome: MatchOutcome
    candidates: tuple[MatchCandidate, ...]
    rule_set: str

    @property
    def summary(self) -> Message:
        """How many candidates there are."""
        return tell("summary.recognition-case.candidates-listed", count=len(self.candidates))

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """A reviewer reads the candidates."""
        state.candidates = event.candidates


class Matched(CaseEvent):
    """The certificate is this entry of this version, by rule set (``outcome`` set) or by a reviewer (``reason`` set)."""

    TOPIC: ClassVar[str] = "recognition-case.matched"
    catalog_code: str
    catalog_version: int
    entry_number: int
    grade: OptionalCode
    outcome: MatchOutcome | None = None
    candidates: tuple[MatchCandidate, ...] = ()
    rule_set: str | None = None
    reason: PersonalProse = None

    @property
    def by_hand(self) -> bool:
        """Whether a reviewer matched; the reason may be erased since, so the missing outcome tells."""
        return self.outcome is None

    @property
    def summary(self) -> Message:
        """By whom, to which entry."""
        if not self.by_hand:
            return super().summary
        return tell(
            "summary.recognition-case.matched-by-hand",
            entry_number=self.entry_number,
            catalog_version=self.catalog_version,
        )

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case is pinned; what the matcher offered stays to be read beside a reviewer's choice."""
        state.catalog_code = event.catalog_code
        state.catalog_version = event.catalog_version
        state.entry_number = event.entry_number
        state.grade = event.grade
        state.candidates = event.candidates or state.candidates
        place = (event.entry_number, event.grade)
        if event.outcome is not None:
            state.automatic, state.overridden_by = place, None
        else:
            state.overridden_by = event.by.actor if overrides(state.automatic, place) else None
            _accepted(state, event)
        if state.status is CaseStatus.SUBMITTED:
            state.status = CaseStatus.MATCHED


class SupplementRequested(CaseEvent):
    """A reviewer asks for more evidence; the case waits for it."""

    TOPIC: ClassVar[str] = "recognition-case.supplement-requested"
    reason: PersonalProse
    supplement_by: date | None = None

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """The period to supplement begins."""
        return {**due_days(REQUESTED_DUE, act, known), **facts}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case waits."""
        state.status = CaseStatus.SUPPLEMENT_REQUESTED
        state.supplement_by = event.supplement_by
        state.awaited = (*state.awaited, (shanghai_day(event.timestamp), None))
        _accepted(state, event)


class Supplemented(CaseEvent):
    """More evidence has come, asked for or not."""

    TOPIC: ClassVar[str] = "recognition-case.supplemented"
    evidence: tuple[Evidence, ...]
    decide_by: date | None = None

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:
        """The period to decide is prolonged by what was awaited (行政许可法 第四十五条)."""
        return {"decide_by": prolonged(state, shanghai_day(act.at), known), **facts}

    @property
    def summary(self) -> Message:
        """How much has come."""
        return tell("summary.recognition-case.supplemented", count=len(self.evidence))

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """New evidence joins the old, and the case goes on where it stood."""
        state.evidence = (*state.evidence, *event.evidence)
        state.status = CaseStatus.SUBMITTED if state.entry_number is None else CaseStatus.MATCHED
        if state.waiting_since is not None:
            state.decide_by = event.decide_by
            wait_no_longer(state, event)


class Transferred(CaseEvent):
    """Another authority is responsible from now on."""

    TOPIC: ClassVar[str] = "recognition-case.transferred"
    authority_code: Code
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The new authority has it."""
        state.authority_code = event.authority_code
        _accepted(state, event)


class Approved(CaseEvent):
    """The title is recognised; article 3 says what it is good for.

    ``opinion`` is why the officer needed no evidence, or why a certificate that expired meanwhile still counts.
    """

    TOPIC: ClassVar[str] = "recognition-case.approved"
    recognized_on: date
    work_consistent: bool
    counted_experience_months: int
    opinion: OptionalPersonalProse = None
    review_until: date | None = None

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """The period to ask for a review begins."""
        return {**due_days(DECIDED_DUE, act, known), **facts}

    @property
    def summary(self) -> Message:
        """When, and what the title is good for."""
        if self.work_consistent:
            return super().summary
        return tell("summary.recognition-case.approved-not-usable", recognized_on=self.recognized_on)

    @classmethod
    def derived(cls, state: CaseState | None, act: Act) -> dict[str, Any]:
        """A title is recognised on the day of the decision in Shanghai."""
        return super().derived(state, act) | {"recognized_on": shanghai_day(act.at)}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case led to a title; one that stood while its decision was taken anew was recognised when it first was."""
        if not state.title_stands:
            state.recognized_on = event.recognized_on
        state.awarded = state.pinned
        state.status = CaseStatus.APPROVED
        state.title_status = TitleStatus.CURRENT
        state.ending = None
        state.decided_at = event.timestamp
        state.decided_by = state.recognized_by = event.by.actor
        state.review_until = event.review_until
        _accepted(state, event)
        state.work_consistent = event.work_consistent
        state.counted_experience_months = event.counted_experience_months


class Rejected(CaseEvent):
    """Recognition is refused; the certificate may be presented again in another case.

    By an officer with a ``reason``, or by the registry itself with a ``code``, since the certificate was awarded to another case.
    """

    TOPIC: ClassVar[str] = "recognition-case.rejected"
    reason: PersonalProse
    code: ClosingRule | None = None
    review_until: date | None = None

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """The period to ask for a review begins."""
        return {**due_days(DECIDED_DUE, act, known), **facts}

    @property
    def summary(self) -> Message:
        """By an officer or by rule."""
        return super().summary if self.code is None else tell("summary.recognition-case.rejected-by-rule")

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case has ended."""
        state.status = CaseStatus.REJECTED
        state.decided_at = event.timestamp
        state.decided_by = event.by.actor
        state.review_until = event.review_until
        if event.code is None:
            _accepted(state, event)


class Withdrawn(CaseEvent):
    """The case was taken back before a decision, with a ``reason``; or by the erasure of its holder, with a ``code``."""

    TOPIC: ClassVar[str] = "recognition-case.withdrawn"
    reason: PersonalProse
    code: ClosingRule | None = None

    @property
    def summary(self) -> Message:
        """By somebody or by rule."""
        return super().summary if self.code is None else tell("summary.recognition-case.withdrawn-by-rule")

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case has ended."""
        state.status = CaseStatus.WITHDRAWN
        state.decided_at = event.timestamp


class RematchRequired(CaseEvent):
    """An amendment moved the pending case to its version, to be matched anew."""

    TOPIC: ClassVar[str] = "recognition-case.rematch-required"
    catalog_version: int
    amendment_id: UUID

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case is unmatched under the new version."""
        state.rematched_for = (*state.rematched_for, event.amendment_id)
        state.catalog_version = event.catalog_version
        state.entry_number = None
        state.grade = None
        state.candidates = ()
        state.automatic = None
        state.overridden_by = None
        if state.status is CaseStatus.MATCHED:
            state.status = CaseStatus.SUBMITTED


class CertificateClaimMoved(CaseEvent):
    """The match names another issuing body than the certificate was claimed under: the claim is on that body's certificate now."""

    TOPIC: ClassVar[str] = "recognition-case.certificate-claim-moved"
    claim_id: UUID

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """What is released, awarded or forfeited is the new claim."""
        state.claim_id = event.claim_id


def _accepted(state: CaseState, event: Any) -> None:
    """An officer's first act takes the case up."""
    if state.first_act_on is None:
        state.first_act_on = shanghai_day(event.timestamp)


def overrides(automatic: tuple[int, str | None] | None, chosen: tuple[int, str | None]) -> bool:
    """Whether a reviewer's choice is another than the matcher was sure of; a grade that it left open is no other."""
    if automatic is None:
        return False
    entry, grade = automatic
    return chosen[0] != entry or (grade is not None and chosen[1] != grade)
