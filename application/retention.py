"""What the law keeps of a person although they ask for erasure (PIPL article 47: a retention period that a law prescribes)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

from domain.case.state import OPEN, CaseState
from domain.integrity import IntegrityState
from domain.jurisdiction import ProvincialRules
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import CaseStatus, shanghai_day

DECIDED: Final = frozenset({CaseStatus.APPROVED, CaseStatus.REJECTED, CaseStatus.REVOKED, CaseStatus.ANNULLED})
"""States of a case that an authority's decision led to, which may be reviewed."""


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """What is kept until when: an integrity record in force, and a decision while a review may reach it, in calendar days from it
    (Administrative Reconsideration Law, article 20). Both are the jurisdiction's.
    """

    review_days: int
    integrity_record_in_force: bool
    decision_open_to_review: bool

    @classmethod
    def of(cls, rules: ProvincialRules) -> Self:
        """As the jurisdiction says."""
        kept = rules.retention
        return cls(rules.periods.review.days, kept.integrity_record_in_force, kept.decision_open_to_review)

    def require_over(self, cases: Sequence[CaseState], records: Iterable[IntegrityState], today: date) -> None:
        """Raise ``Refused`` (RETENTION_REQUIRED) where a person's cases or integrity records are still to be kept."""
        if self.decision_open_to_review and any(case.status in OPEN and case.title_stands for case in cases):
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_until_decided"), "ref")
        in_force = [each.lapses_on for each in records if each.in_force_on(today)]
        filed = max(in_force, default=date.min) if self.integrity_record_in_force else date.min
        reviewable = max(map(self._reviewable_until, cases), default=date.min)
        if filed >= max(today, reviewable):
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_for_integrity", until=filed), "ref")
        if reviewable >= today:
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_for_review", until=reviewable), "ref")

    def _reviewable_until(self, case: CaseState) -> date:
        """The last day on which a review may be asked for; the first of all days where nothing was decided."""
        if not self.decision_open_to_review or case.status not in DECIDED or case.decided_at is None:
            return date.min
        decided = max(shanghai_day(case.decided_at), case.ending.on if case.ending else date.min)
        return decided + timedelta(days=self.review_days)
