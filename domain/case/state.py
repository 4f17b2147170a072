"""What the events of a case lead to: the one state from which rows, histories, as-of answers and guards are taken.

SUBMITTED ─→ MATCHED ─→ APPROVED ─→ REVOKED
│  ↖        │  ↖        ↖__________│ reinstated
│   └ SUPPLEMENT_REQUESTED
└─→ REJECTED, WITHDRAWN (from any open state)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from domain.base import State
from domain.values import CaseStatus, Certificate, Evidence, Experience, MatchCandidate, Person

CLOSED: Final = frozenset({CaseStatus.REJECTED, CaseStatus.WITHDRAWN, CaseStatus.REVOKED})
"""States that stay as they are; only reinstatement leads out of REVOKED."""
OPEN: Final = frozenset({CaseStatus.SUBMITTED, CaseStatus.MATCHED, CaseStatus.SUPPLEMENT_REQUESTED})
"""States in which a case waits for its decision."""


@dataclass(frozen=True, slots=True)
class ProposedRevocation:
    """A proposed revocation, as the case remembers it until it is confirmed."""

    ground: str | None
    findings: str | None
    proposed_by: str


@dataclass(kw_only=True)
class CaseState(State):
    """A recognition case as its last event left it.

    It is pinned to (catalog, version, entry number, grade); the title follows from them. ``recognized_on`` and what stands
    beside it are None before approval, ``revoked_on`` and what stands beside it while nothing is revoked.
    """

    case_id: UUID
    case_number: str
    status: CaseStatus
    holder_ref: UUID
    holder: Person
    certificate: Certificate
    work_field: str | None
    experience: tuple[Experience, ...]
    authority_code: str
    evidence: tuple[Evidence, ...]
    submitted_by: str
    submitted_at: datetime
    submitted_on: date
    claim_id: UUID | None
    catalog_code: str | None
    catalog_version: int | None
    entry_number: int | None = None
    grade: str | None = None
    candidates: tuple[MatchCandidate, ...] = ()
    rematched_for: tuple[UUID, ...] = ()
    decided_at: datetime | None = None
    recognized_on: date | None = None
    work_consistent: bool | None = None
    counted_experience_months: int | None = None
    revocation: ProposedRevocation | None = None
    revoked_at_version: int | None = None
    revoked_on: date | None = None
    revocation_ground: str | None = None

    def awaits_rematch(self, catalog_code: str, catalog_version: int, amendment_id: UUID) -> bool:
        """Whether the case is pending under a version before this one, and this amendment has not moved it yet."""
        return (
            self.status in OPEN
            and self.catalog_code == catalog_code
            and self.catalog_version is not None
            and self.catalog_version < catalog_version
            and amendment_id not in self.rematched_for
        )
