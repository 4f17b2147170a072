"""The events of a recognition case: past participles, each with its facts, its sentence, and what it does to the case.

Fields about a person are sealed where they stand (``Personal``). What ``change`` does is all that the event ever does: the
aggregate, the rows, histories and the audit apply the same.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from domain.base import Act, Aggregate, Created
from domain.case.state import CaseState, ProposedRevocation
from domain.messages import Message, tell
from domain.values import (
    CaseStatus,
    Certificate,
    Code,
    Evidence,
    Experience,
    MatchCandidate,
    MatchOutcome,
    OptionalCode,
    Person,
    Personal,
    PersonalLine,
    PersonalProse,
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
            evidence=event.evidence,
            submitted_by=event.by.actor.subject,
            submitted_at=event.timestamp,
            submitted_on=event.submitted_on,
            claim_id=event.claim_id,
            catalog_code=event.catalog_code,
            catalog_version=event.catalog_version,
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
        if state.status is CaseStatus.SUBMITTED:
            state.status = CaseStatus.MATCHED


class SupplementRequested(CaseEvent):
    """A reviewer asks for more evidence; the case waits for it."""

    TOPIC: ClassVar[str] = "recognition-case.supplement-requested"
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
        """The case waits."""
        state.status = CaseStatus.SUPPLEMENT_REQUESTED


class Supplemented(CaseEvent):
    """More evidence has come, asked for or not."""

    TOPIC: ClassVar[str] = "recognition-case.supplemented"
    evidence: tuple[Evidence, ...]

    @property
    def summary(self) -> Message:
        """How much has come."""
        return tell("summary.recognition-case.supplemented", count=len(self.evidence))

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """New evidence joins the old, and the case goes on where it stood."""
        state.evidence = (*state.evidence, *event.evidence)
        state.status = CaseStatus.SUBMITTED if state.entry_number is None else CaseStatus.MATCHED


class Transferred(CaseEvent):
    """Another authority is responsible from now on."""

    TOPIC: ClassVar[str] = "recognition-case.transferred"
    authority_code: Code
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The new authority has it."""
        state.authority_code = event.authority_code


class Approved(CaseEvent):
    """The title is recognised; article 3 says what it is good for."""

    TOPIC: ClassVar[str] = "recognition-case.approved"
    recognized_on: date
    work_consistent: bool
    counted_experience_months: int

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
        """The case led to a title."""
        state.status = CaseStatus.APPROVED
        state.decided_at = event.timestamp
        state.recognized_on = event.recognized_on
        state.work_consistent = event.work_consistent
        state.counted_experience_months = event.counted_experience_months


class Rejected(CaseEvent):
    """Recognition is refused; the certificate may be presented again in another case."""

    TOPIC: ClassVar[str] = "recognition-case.rejected"
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case has ended."""
        state.status = CaseStatus.REJECTED
        state.decided_at = event.timestamp


class Withdrawn(CaseEvent):
    """The case was taken back before a decision."""

    TOPIC: ClassVar[str] = "recognition-case.withdrawn"
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The case has ended."""
        state.status = CaseStatus.WITHDRAWN
        state.decided_at = event.timestamp


class RevocationProposed(CaseEvent):
    """Article 4: the first of two officers finds fraud."""

    TOPIC: ClassVar[str] = "recognition-case.revocation-proposed"
    ground: PersonalLine
    findings: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stands until another officer confirms."""
        state.revocation = ProposedRevocation(event.ground, event.findings, event.by.actor.subject)


class Revoked(CaseEvent):
    """Article 4: the second officer confirms; the title is revoked."""

    TOPIC: ClassVar[str] = "recognition-case.revoked"
    ground: Personal
    revoked_on: date

    @classmethod
    def derived(cls, state: CaseState | None, act: Act) -> dict[str, Any]:
        """What is confirmed is what was proposed, on the day of the confirmation in Shanghai."""
        proposed = state.revocation if state else None
        ground = proposed.ground if proposed else None
        return super().derived(state, act) | {"ground": ground, "revoked_on": shanghai_day(act.at)}

    @staticmethod
    def change(state: CaseState, event: Any) -> None:
        """The title stands no longer."""
        state.status = CaseStatus.REVOKED
        state.revoked_at_version = event.originator_version
        state.revoked_on = event.revoked_on
        state.revocation_ground = event.ground


class Reinstated(CaseEvent):
    """The revocation was overturned on review; the title is current again, and the history says why."""

    TOPIC: ClassVar[str] = "recognition-case.reinstated"
    reason: PersonalProse

    @staticmethod
    def change(state: CaseState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
        """The revocation leaves no trace in the state."""
        state.status = CaseStatus.APPROVED
        state.revocation = None
        state.revoked_at_version = None
        state.revoked_on = None
        state.revocation_ground = None


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
        if state.status is CaseStatus.MATCHED:
            state.status = CaseStatus.SUBMITTED
