"""What the law keeps of a person although they ask for erasure (PIPL article 47: a retention period that a law prescribes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from domain.case.state import OPEN, CaseState
from domain.identifiers import integrity_record_id
from domain.integrity import IntegrityState
from domain.jurisdiction import ProvincialRules
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import CaseStatus, TitleStatus

DECIDED: Final = frozenset({CaseStatus.APPROVED, CaseStatus.REJECTED, CaseStatus.REVOKED, CaseStatus.ANNULLED})
"""States of a case that an authority's decision led to, which may be reviewed."""


def records_of(cases: Mapping[UUID, CaseState]) -> list[UUID]:
    """The streams of the integrity records of titles that are revoked; those of titles given back are overturned."""
    return [
        integrity_record_id(case_id, case.ending.at_version)
        for case_id, case in cases.items()
        if case.ending is not None and case.title_status is TitleStatus.REVOKED
    ]


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """What is kept until when: an integrity record in force, and a decision while a review may reach it (Administrative Reconsideration
    Law, article 20). Both are the jurisdiction's, as its rules are on the day on which erasure is asked for; and so is whether a title
    that stands is. What is proposed about a title is decided first, everywhere: nobody evades a revocation by an erasure.
    """

    rules: ProvincialRules

    def require_over(self, cases: Sequence[CaseState], records: Iterable[IntegrityState], today: date) -> None:
        """Raise ``Refused`` (RETENTION_REQUIRED) where a person's cases or integrity records are still to be kept."""
        kept = self.rules.retention_on(today)
        if kept.decision_open_to_review and any(case.status in OPEN and case.title_stands for case in cases):
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_until_decided"), "ref")
        if any(case.proposal is not None for case in cases):
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_while_proposed"), "ref")
        if kept.title_that_stands and any(case.title_stands for case in cases):
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_for_title"), "ref")
        in_force = [each.lapses_on for each in records if each.in_force_on(today)]
        filed = max(in_force, default=date.min) if kept.integrity_record_in_force else date.min
        decided = cases if kept.decision_open_to_review else ()
        reviewable = max(map(self._reviewable_until, decided), default=date.min)
        if filed >= max(today, reviewable):
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_for_integrity", until=filed), "ref")
        if reviewable >= today:
            raise Refused(RefusalCode.RETENTION_REQUIRED, tell("holder.kept_for_review", until=reviewable), "ref")

    def _reviewable_until(self, case: CaseState) -> date:
        """The last day on which a review may be asked for, as the decision stated it, or else as the rules of its day give it; the first
        of all days where nothing was decided.
        """
        decided = case.last_decision_on
        if case.status not in DECIDED or decided is None:
            return date.min
        return case.review_until or self.rules.kept_through(decided)
