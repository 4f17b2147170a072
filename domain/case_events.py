"""The events of a recognition case: past participles, each with its provenance, sealed where they speak of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from domain.base import Created, Event
from domain.values import (
    Certificate,
    Evidence,
    Experience,
    MatchCandidate,
    MatchOutcome,
    Person,
    Personal,
)


@dataclass(frozen=True, slots=True)
class RevocationGround:
    """A proposed revocation, as the case remembers it until it is confirmed."""

    ground: str | None
    findings: str | None
    proposed_by: str


class CaseEvent(Event):
    """Something that happened to a case; ``holder_ref`` names whose key seals its personal data."""

    holder_ref: UUID


class Submitted(Created):
    """Article 1: a certificate submitted with evidence, under the catalog version in force that day."""

    TOPIC: ClassVar[str] = "recognition-case.submitted"
    holder_ref: UUID
    case_number: str
    holder: Person
    certificate: Certificate
    authority_code: str
    work_field: str
    experience: tuple[Experience, ...]
    evidence: tuple[Evidence, ...]
    catalog_code: str | None
    catalog_version: int | None
    submitted_on: date
    claim_id: UUID | None


class CandidatesListed(CaseEvent):
    """The matcher abstained: the entries it could not decide between, or none."""

    TOPIC: ClassVar[str] = "recognition-case.candidates-listed"
    outcome: MatchOutcome
    candidates: tuple[MatchCandidate, ...]
    rule_set: str


class Matched(CaseEvent):
    """The certificate is this entry of this version, by rule set (``outcome`` set) or by a reviewer (``reason`` set)."""

    TOPIC: ClassVar[str] = "recognition-case.matched"
    catalog_code: str
    catalog_version: int
    entry_number: int
    grade: str | None
    outcome: MatchOutcome | None = None
    candidates: tuple[MatchCandidate, ...] = ()
    rule_set: str | None = None
    reason: Personal = None


class SupplementRequested(CaseEvent):
    """A reviewer asks for more evidence."""

    TOPIC: ClassVar[str] = "recognition-case.supplement-requested"
    reason: Personal


class Supplemented(CaseEvent):
    """More evidence has come."""

    TOPIC: ClassVar[str] = "recognition-case.supplemented"
    evidence: tuple[Evidence, ...]


class Transferred(CaseEvent):
    """Another authority is responsible from now on."""

    TOPIC: ClassVar[str] = "recognition-case.transferred"
    authority_code: str
    reason: Personal


class Approved(CaseEvent):
    """The title is recognised; article 3 says what it is good for."""

    TOPIC: ClassVar[str] = "recognition-case.approved"
    recognized_on: date
    work_consistent: bool
    counted_experience_months: int


class Rejected(CaseEvent):
    """Recognition is refused."""

    TOPIC: ClassVar[str] = "recognition-case.rejected"
    reason: Personal


class Withdrawn(CaseEvent):
    """The case was taken back before a decision."""

    TOPIC: ClassVar[str] = "recognition-case.withdrawn"
    reason: Personal


class RevocationProposed(CaseEvent):
    """Article 4: the first of two officers finds fraud."""

    TOPIC: ClassVar[str] = "recognition-case.revocation-proposed"
    ground: Personal
    findings: Personal


class Revoked(CaseEvent):
    """Article 4: the second officer confirms; the title is revoked."""

    TOPIC: ClassVar[str] = "recognition-case.revoked"
    ground: Personal
    revoked_on: date


class Reinstated(CaseEvent):
    """The revocation was overturned; the title is current again."""

    TOPIC: ClassVar[str] = "recognition-case.reinstated"
    reason: Personal


class RematchRequired(CaseEvent):
    """An amendment moved the pending case to its version, to be matched anew."""

    TOPIC: ClassVar[str] = "recognition-case.rematch-required"
    catalog_version: int
    amendment_id: UUID
