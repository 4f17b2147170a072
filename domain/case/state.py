"""What the events of a case lead to: the one state from which rows, histories, as-of answers and guards are taken.

SUBMITTED ─→ MATCHED ─→ APPROVED ─→ REVOKED, ANNULLED, SURRENDERED
│  ↖        │  ↖        ↖__________│ reinstated
│   └ SUPPLEMENT_REQUESTED
└─→ REJECTED, WITHDRAWN (from any open state)

A review that remands a decision, or overturns a rejection, leads back to MATCHED or SUBMITTED.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from domain.base import State
from domain.values import (
    Actor,
    CaseStatus,
    Certificate,
    DeadlineKind,
    Evidence,
    Experience,
    MatchCandidate,
    Person,
    ProposalKind,
    ReviewOutcome,
    TitleStatus,
    shanghai_day,
)

ENDED: Final = frozenset({CaseStatus.REVOKED, CaseStatus.ANNULLED, CaseStatus.SURRENDERED})
"""States of a case whose title ended."""
CLOSED: Final = frozenset({CaseStatus.REJECTED, CaseStatus.WITHDRAWN, *ENDED})
"""States that stay as they are, but for reinstatement and a recorded review."""
OPEN: Final = frozenset({CaseStatus.SUBMITTED, CaseStatus.MATCHED, CaseStatus.SUPPLEMENT_REQUESTED})
"""States in which a case waits for its decision."""
GONE: Final = frozenset({CaseStatus.REJECTED, CaseStatus.WITHDRAWN})
"""States of a case that led to nothing, and contests no other's certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one officer proposed about a title, as the case remembers it until another decides.

    ``notice_on`` and ``answer_until`` are None before notice, ``answered_on`` before an answer or a waiver. A reinstatement's
    reason is its ground.
    """

    kind: ProposalKind
    ground: str | None
    findings: str | None
    proposed_by: Actor
    proposed_on: date
    notice_on: date | None = None
    answer_until: date | None = None
    statement: str | None = None
    answered_on: date | None = None
    waived: bool = False

    def heard_by(self, day: date) -> bool:
        """Whether the holder was heard by a day: answered, waived, or let the period go by. A period of no day is over at once."""
        if self.notice_on is None or self.answer_until is None:
            return False
        return self.answered_on is not None or day > self.answer_until or self.answer_until == self.notice_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What a title is pinned to: an entry as one version of its catalog has it, and the grade."""

    catalog_code: str
    catalog_version: int
    entry_number: int
    grade: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a title ended: on which day, why, at which version of the case, and who ended it."""

    on: date
    ground: str | None
    findings: str | None
    at_version: int
    officers: tuple[Actor, ...]


@dataclass(kw_only=True)
class CaseState(State):
    """A recognition case as its last event left it.

    It is pinned to (catalog, version, entry number, grade); the title follows from them as they were when it was ``awarded``,
    also while its decision is taken anew. ``recognized_on``, ``title_status`` and
    what stands beside them are None before approval, ``ending`` while the title stands. ``authority_code`` is responsible now,
    ``lodged_with`` is where the case was submitted; a title bears the authority of ``decided_by``.

    ``automatic`` is the (entry, grade) that the matcher was sure of; ``overridden_by`` who matched to another instead, by hand;
    ``reopened_by`` who recorded the review that opened the case again.
    ``first_act_on`` is the day of an officer's first act, ``awaited`` the days from which and up to which a supplement was
    awaited, ``missed`` the deadlines that were recorded as missed. ``accept_by``, ``supplement_by``, ``decide_by`` and ``review_until``
    are the last days that events pinned; None where none runs, or where nobody could know it. ``decide_from`` is the day on which the
    period to decide began: its rules are those of that day.
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
    lodged_with: str
    decided_at: datetime | None = None
    decided_by: Actor | None = None
    recognized_by: Actor | None = None
    recognized_on: date | None = None
    awarded: Pinned | None = None
    work_consistent: bool | None = None
    counted_experience_months: int | None = None
    title_status: TitleStatus | None = None
    proposal: Proposal | None = None
    ending: Ending | None = None
    automatic: tuple[int, str | None] | None = None
    overridden_by: Actor | None = None
    reopened_by: Actor | None = None
    first_act_on: date | None = None
    awaited: tuple[tuple[date, date | None], ...] = ()
    missed: tuple[tuple[DeadlineKind, date], ...] = ()
    accept_by: date | None = None
    supplement_by: date | None = None
    decide_from: date
    decide_by: date | None = None
    review_until: date | None = None

    @property
    def pinned(self) -> Pinned | None:
        """What the case is pinned to now; None while it is matched to nothing."""
        if self.catalog_code is None or self.catalog_version is None or self.entry_number is None:
            return None
        return Pinned(
            catalog_code=self.catalog_code,
            catalog_version=self.catalog_version,
            entry_number=self.entry_number,
            grade=self.grade,
        )

    @property
    def last_decision_on(self) -> date | None:
        """The day in Shanghai of what the authority decided last: on the case, or to end its title; None where nothing was decided."""
        decided = None if self.decided_at is None else shanghai_day(self.decided_at)
        ended = None if self.ending is None else self.ending.on
        return max(filter(None, (decided, ended)), default=None)

    @property
    def title_stands(self) -> bool:
        """Whether a title that this case led to is current."""
        return self.title_status is TitleStatus.CURRENT

    @property
    def waiting_since(self) -> date | None:
        """Since which day a supplement is awaited, or was when the case was closed; None where none is."""
        asked, came = self.awaited[-1] if self.awaited else (None, None)
        return asked if came is None else None

    def is_reopened_by(self, outcome: ReviewOutcome) -> bool:
        """Whether a review with this outcome opens the case again."""
        rejected = self.status is CaseStatus.REJECTED
        return outcome == ReviewOutcome.REMANDED or (rejected and outcome == ReviewOutcome.OVERTURNED)

    def awaits_rematch(self, catalog_code: str, catalog_version: int, amendment_id: UUID) -> bool:
        """Whether the case is pending under a version before this one, and this amendment has not moved it yet."""
        return (
            self.status in OPEN
            and self.catalog_code == catalog_code
            and self.catalog_version is not None
            and self.catalog_version < catalog_version
            and amendment_id not in self.rematched_for
        )
