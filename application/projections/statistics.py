"""The projection ``statistics``: every case once, as counts need it, and nothing of the person whose case it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from application.projections.projection import Index, Key, Projection, Rows, ScopeColumns, Stream, Table
from application.projections.states import StreamStates
from application.views import CountedCaseView
from domain.base import Event, evolve
from domain.case.events import Approved, CandidatesListed, CaseEvent, Matched, Rejected, RematchRequired
from domain.case.state import OPEN, CaseState
from domain.catalog.timeline import AmendmentDiscarded, AmendmentIssued, AmendmentProposed, CatalogPublished
from domain.values import CatalogEntry, MatchOutcome, shanghai_day

COUNTED_CASES: Final = Table(
    "counted_cases",
    CountedCaseView,
    ("case_id",),
    (Index(("submitted_on",)), Index(("authority_code", "submitted_on"))),
    schema="read_model_statistics",
    scope=ScopeColumns("authority_code"),
)

_ENDED: Final = frozenset({"REVOKED", "ANNULLED", "SURRENDERED"})
"""States of a case whose title stands no longer."""
_CATALOG_EVENTS: Final = (CatalogPublished, AmendmentProposed, AmendmentIssued, AmendmentDiscarded)


@dataclass(slots=True)
class CaseCourse:
    """A case, and what of its course its state does not tell: what matching found by itself, and who decided when."""

    case: CaseState
    outcome: MatchOutcome | None = None
    automatic: tuple[int, str | None] | None = None
    officer: str | None = None
    decided_on: date | None = None

    @property
    def version(self) -> int:
        """The version of the last event it has seen."""
        return self.case.version

    @property
    def overridden(self) -> bool:
        """Whether an officer chose another entry or grade than the automatic match."""
        if self.automatic is None:
            return False
        entry, grade = self.automatic
        return entry != self.case.entry_number or grade not in {None, self.case.grade}


def advance(course: CaseCourse | None, event: Event) -> CaseCourse:
    """The course of a case after one more event; None stands before the first."""
    case = evolve(course.case if course else None, event)
    course = course or CaseCourse(case)
    match event:
        case RematchRequired():
            course.outcome, course.automatic = None, None
        case CandidatesListed():
            course.outcome = event.outcome
        case Matched() if not event.by_hand:
            course.outcome, course.automatic = event.outcome, (event.entry_number, event.grade)
        case Approved() | Rejected():
            course.officer, course.decided_on = event.by.actor.subject, shanghai_day(event.timestamp)
    return course


def counted(course: CaseCourse, entry: CatalogEntry | None) -> CountedCaseView:
    """A case as it is counted; ``entry`` is the one it is pinned to."""
    case, decided = course.case, course.decided_on if course.case.status not in OPEN else None
    award = next((each for each in entry.awards if each.grade == case.grade), None) if entry else None
    return CountedCaseView(
        case_id=case.case_id,
        authority_code=case.authority_code,
        officer=course.officer if decided else None,
        submitted_on=case.submitted_on,
        month=case.submitted_on.isoformat()[:7],
        catalog_code=case.catalog_code,
        entry=f"{case.catalog_code}/{case.entry_number}" if entry else None,
        field=entry.field if entry else None,
        level=award.level if award else None,
        outcome=course.outcome,
        approved=case.recognized_on is not None,
        rejected=case.status.value == "REJECTED",
        ended=case.status.value in _ENDED,
        overridden=course.overridden,
        days=(decided - case.submitted_on).days if decided else None,
    )


class StatisticsProjector:
    """The rules: each event of a case makes its row anew; those of catalogs say what an entry awards; others count nothing."""

    def __init__(self, stream: Stream) -> None:
        self._states: StreamStates[CaseCourse] = StreamStates(stream, advance)

    def forget(self) -> None:
        """See ``Projector``."""
        self._states.forget()

    def keys_needed(self, events: Sequence[Event]) -> Mapping[Table[Any], Collection[Key]]:  # noqa: ARG002 - see ``Projector``
        """See ``Projector``; a row is made anew, never read."""
        return {}

    def unknown_streams(self, events: Sequence[Event]) -> Collection[UUID]:
        """See ``Projector``."""
        return self._states.unknown_cases(events)

    def remember(self, events: Iterable[Event]) -> None:
        """See ``Projector``."""
        self._states.remember(events)

    def project(self, event: Event, position: int, rows: Rows) -> None:
        """See ``Projector``."""
        if isinstance(event, CaseEvent):
            course = self._states.case_after(event, position)
            if course is not None:
                rows.put(COUNTED_CASES, counted(course, self._states.entry_of(course.case, position)))
        elif isinstance(event, _CATALOG_EVENTS):
            self._states.see_catalog(event, position)


STATISTICS: Final = Projection("statistics", (COUNTED_CASES,), StatisticsProjector, needed=False)
"""What is counted of cases, by whom, when, on which entry, and how it went."""
