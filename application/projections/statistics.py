"""The projection ``statistics``: every case once, as counts need it, and nothing of the person whose case it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from application.projections.projection import (
    Index,
    Key,
    Projection,
    Recorded,
    Rows,
    ScopeColumns,
    Stream,
    Table,
    Touched,
)
from application.projections.states import CatalogStates
from application.views import CountedCaseView
from domain.case.state import ENDED, CaseState
from domain.catalog.timeline import AmendmentDiscarded, AmendmentIssued, AmendmentProposed, CatalogPublished
from domain.values import CaseStatus, CatalogEntry, shanghai_day

COUNTED_CASES: Final = Table(
    "counted_cases",
    CountedCaseView,
    ("case_id",),
    (Index(("submitted_on",)), Index(("authority_code", "submitted_on"))),
    schema="read_model_statistics",
    scope=ScopeColumns("authority_code"),
)

_CATALOG_TOPICS: Final = frozenset(
    kind.TOPIC for kind in (CatalogPublished, AmendmentProposed, AmendmentIssued, AmendmentDiscarded)
)


def counted(case: CaseState, entry: CatalogEntry | None) -> CountedCaseView:
    """A case as it is counted, under the authority of the officer who decided, or the one that is responsible while nobody has.

    ``entry`` is the one it is pinned to.
    """
    officer, decided = case.decided_by, shanghai_day(case.decided_at) if case.decided_by and case.decided_at else None
    award = next((each for each in entry.awards if each.grade == case.grade), None) if entry else None
    return CountedCaseView(
        case_id=case.case_id,
        authority_code=(officer.authority_code if officer else None) or case.authority_code,
        officer=officer.subject if officer else None,
        submitted_on=case.submitted_on,
        month=case.submitted_on.isoformat()[:7],
        catalog_code=case.catalog_code,
        entry=f"{case.catalog_code}/{case.entry_number}" if entry else None,
        field=entry.field if entry else None,
        level=award.level if award else None,
        outcome=case.status,
        approved=case.recognized_on is not None,
        rejected=case.status is CaseStatus.REJECTED,
        ended=case.status in ENDED,
        overridden=case.overridden_by is not None,
        days=(decided - case.submitted_on).days if decided else None,
    )


class StatisticsProjector:
    """The rules: what its events of a batch come to makes the row of a case anew; those of catalogs say what an entry awards; others count nothing."""

    def __init__(self, stream: Stream) -> None:
        self._catalogs = CatalogStates(stream)

    def forget(self) -> None:
        """See ``Projector``."""
        self._catalogs.forget()

    def keys_needed(
        self,
        events: Sequence[Recorded],  # noqa: ARG002 - see ``Projector``
        cases: Collection[Touched],  # noqa: ARG002 - see ``Projector``
    ) -> Mapping[Table[Any], Collection[Key]]:
        """See ``Projector``; a row is made anew, never read."""
        return {}

    def project(self, event: Recorded, position: int, rows: Rows) -> None:  # noqa: ARG002 - see ``Projector``
        """See ``Projector``."""
        if event.TOPIC in _CATALOG_TOPICS:
            self._catalogs.see(event, position)

    def settle(self, cases: Collection[Touched], rows: Rows) -> Iterator[int]:
        """See ``Projector``."""
        for each in cases:
            yield each.position
            entry = self._catalogs.entry_of(each.state.pinned, each.position)
            rows.put(COUNTED_CASES, counted(each.state, entry), fresh=each.is_new)


STATISTICS: Final = Projection("statistics", (COUNTED_CASES,), StatisticsProjector, needed=False)
"""What is counted of cases, by whom, when, on which entry, and how it went."""
