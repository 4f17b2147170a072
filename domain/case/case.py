"""A recognition case as a stream: from a submitted certificate to a title, and what may become of it (articles 1, 3 and 4).

Every command is ``decide`` with the kind of event it would record; ``guards`` says whether it may. The case is pinned to
(catalog, version, entry number, grade, rule set), so replaying the events derives the same title again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate
from domain.case.events import CandidatesListed, CaseEvent, Matched, Submitted
from domain.case.state import CaseState
from domain.case.title_guards import GUARDS
from domain.guards import Circumstances, Guards
from domain.identifiers import case_number
from domain.values import MatchCandidate, MatchOutcome, Person, shanghai_day

SURE = frozenset({MatchOutcome.EXACT, MatchOutcome.CONFIDENT})
"""The outcomes that match by themselves."""


class RecognitionCase(Aggregate):
    """One person's certificate on its way to a title."""

    TOPIC: ClassVar[str] = "recognition-case"
    GUARDS: ClassVar[Guards] = GUARDS
    Event = CaseEvent  # type: ignore[assignment]  # the library's name for the base of a stream's events

    @property
    def state(self) -> CaseState:
        """The case as its events leave it; for reading only."""
        state: CaseState = self._state
        return state

    @classmethod
    def submit(cls, act: Act, case_id: UUID, known: Circumstances, *, holder: Person, **facts: Any) -> Self:
        """Submit a certificate for recognition; ``facts`` are the others of ``Submitted``.

        Raises ``Refused`` where the day, the certificate or the authority is not one that can lead to a title.
        """
        today = shanghai_day(act.at)
        return cls.begin(
            Submitted,
            act,
            case_id,
            known,
            case_number=case_number(case_id, today, known.rules.case_prefix),
            submitted_on=today,
            holder=holder,
            holder_ref=holder.ref,
            **facts,
        )

    def match(
        self,
        act: Act,
        known: Circumstances,
        *,
        outcome: MatchOutcome,
        entry_number: int | None,
        grade: str | None,
        candidates: Sequence[MatchCandidate],
        rule_set: str,
    ) -> None:
        """Record what the matcher found: an automatic match, or candidates for a reviewer."""
        found: dict[str, Any] = {"outcome": outcome, "candidates": tuple(candidates), "rule_set": rule_set}
        if entry_number is None or outcome not in SURE:
            self.decide(CandidatesListed, act, known, **found)
            return
        self.decide(
            Matched,
            act,
            known,
            catalog_code=self.state.catalog_code,
            catalog_version=self.state.catalog_version,
            entry_number=entry_number,
            grade=grade,
            **found,
        )
