"""Statutory clocks of cases: how they stand on a day, and the process that records which were missed.

What is missed follows from a case's own events, so rows that lag behind, a process that was killed and several at once do no
harm: each clock is recorded once, since the second finds it recorded or conflicts with the first and looks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from application.catalogs import ATTEMPTS
from application.journal import Conflict, Journal
from application.ports import Clock
from application.views import CaseView, DeadlineView
from domain.base import Act
from domain.case.case import RecognitionCase
from domain.case.due_days import is_shown, unrecorded
from domain.case.title_events import DeadlineMissed
from domain.clocks import Deadline, DeadlineState, ReadOn
from domain.guards import Circumstances
from domain.values import REGISTRY_ITSELF, DeadlineKind, Provenance, shanghai_day

BATCH: Final = 200
"""Cases asked for at once."""
_BY: Final = Provenance(actor=REGISTRY_ITSELF, client="deadlines")


@dataclass(frozen=True, slots=True)
class StandingDeadline:
    """A deadline and how it stands."""

    kind: DeadlineKind
    due_on: date
    state: DeadlineState


def standing(case: CaseView, on: ReadOn) -> list[StandingDeadline]:
    """The deadlines of a case as they stand on a day, in the order in which they arise."""
    known = map(_deadline, case.clocks)
    return [StandingDeadline(each.kind, each.due_on, each.state(on)) for each in known if is_shown(each, on)]


class OverdueCases(Protocol):
    """Which cases missed a deadline; may lag behind the events, since each case is judged by its own."""

    def unrecorded(self, today: date, after: UUID | None, limit: int) -> Sequence[UUID]:
        """Cases with a deadline that was missed by a day and is not recorded, in the order of identifiers, after one."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What was recorded of a case."""

    case_id: UUID
    kinds: tuple[DeadlineKind, ...]


class Deadlines:
    """The process. It keeps no state of its own."""

    def __init__(self, journal: Journal, overdue: OverdueCases, clock: Clock, known: Circumstances) -> None:
        self._journal = journal
        self._overdue = overdue
        self._clock = clock
        self._known = known

    def run(self) -> Iterator[Missed]:
        """Record what was missed, case by case; each item is one that is stored.

        Whoever consumes it may stop between two items and start anew later.
        """
        after: UUID | None = None
        while batch := self._overdue.unrecorded(shanghai_day(self._clock()), after, BATCH):
            for each in batch:
                missed = self._record(each)
                if missed is not None:
                    yield missed
            after = batch[-1]

    def _record(self, case_id: UUID) -> Missed | None:
        """Record the deadlines that one case missed; None where none is left. A case that others keep changing waits."""
        for _ in range(ATTEMPTS):
            case = self._journal.load(RecognitionCase, case_id)
            if case is None:
                return None
            act = Act(_BY, self._clock())
            missed = [each for each in unrecorded(case.state) if each.due_on < shanghai_day(act.at)]
            if not missed:
                return None
            for each in missed:
                case.decide(DeadlineMissed, act, self._known, deadline=each.kind, due_on=each.due_on)
            try:
                self._journal.record(case)
            except Conflict:
                continue
            return Missed(case_id, tuple(each.kind for each in missed))
        return None


def _deadline(view: DeadlineView) -> Deadline:
    return Deadline(kind=view.kind, due_on=view.due_on, done_on=view.done_on, suspended=view.suspended)
