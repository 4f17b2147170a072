"""The projection ``registry``: what each event does to the rows that people read.

One event touches rows through ``Rows`` and nothing else, so the same rules serve the live projection, a rebuild and a
check. Every event of the domain has a rule; one without is an error, never passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final
from uuid import UUID

from application.folding import (
    actor_view,
    alias_change_view,
    case_view,
    entry_view,
    title_of,
    word_change_view,
)
from application.projections.content import proposed_changes, rows_of_issue, rows_of_publication
from application.projections.holders import case_for, file_of, project_holder
from application.projections.projection import (
    Key,
    Projection,
    Recorded,
    Rows,
    RowsOutOfStep,
    Stream,
    Table,
    Touched,
    UnknownEvent,
)
from application.projections.states import CatalogStates
from application.projections.tables import (
    AMENDMENTS,
    CASES,
    CATALOG_ALIASES,
    CATALOG_ENTRIES,
    CATALOG_PROPOSALS,
    CATALOG_VERSIONS,
    CATALOGS,
    HOLDERS,
    INTEGRITY_RECORDS,
    TABLES,
    TITLES,
)
from application.seals import masked
from application.views import (
    AliasView,
    AmendmentView,
    CatalogProposalView,
    CatalogView,
    EntryView,
    IntegrityRecordView,
    VersionView,
)
from domain.base import evolve
from domain.case.case import RecognitionCase
from domain.catalog.levels import UNSTATED
from domain.catalog.proposal import CatalogProposal
from domain.catalog.timeline import (
    AmendmentDiscarded,
    AmendmentIssued,
    AmendmentProposed,
    CatalogPublished,
)
from domain.claim import CertificateClaim
from domain.decision_import import DecisionImport
from domain.entry_claim import EntryClaim
from domain.holder import Holder
from domain.integrity import IntegrityRecord
from domain.officer import Officer

_TABLE_OF: Final[dict[type, Table[Any]]] = {
    VersionView: CATALOG_VERSIONS,
    EntryView: CATALOG_ENTRIES,
    AliasView: CATALOG_ALIASES,
}


class RegistryProjector:
    """The rules, and the catalogs that they have seen."""

    def __init__(self, stream: Stream) -> None:
        self._catalogs = CatalogStates(stream)

    def forget(self) -> None:
        """See ``Projector``."""
        self._catalogs.forget()

    def keys_needed(
        self, events: Sequence[Recorded], cases: Collection[Touched]
    ) -> Mapping[Table[Any], Collection[Key]]:
        """See ``Projector``."""
        return keys_needed(events, cases)

    def project(self, event: Recorded, position: int, rows: Rows) -> None:
        """See ``Projector``."""
        rule = RegistryProjector.RULES.get(event.TOPIC)
        if rule is None:
            raise UnknownEvent(f"no rule says how to project {event.TOPIC}; run a release that knows it")
        rule(self, event, position, rows)

    def settle(self, cases: Collection[Touched], rows: Rows) -> Iterator[int]:
        """See ``Projector``: a case, its title and its place in the holder's file, as the file stands after the batch."""
        for each in cases:
            yield each.position
            state = each.state
            file = file_of(rows, state.holder_ref)
            case = case_for(file, case_view(state, each.position))
            if case.case_id not in file.case_ids:
                rows.put(HOLDERS, replace(file, case_ids=(*file.case_ids, case.case_id)))
            rows.put(CASES, case, fresh=each.is_new)
            if state.awarded is not None:
                yield each.awarded_at
                title = title_of(case, self._catalogs.entry_of(state.awarded, each.position))
                if title is not None:
                    rows.put(TITLES, title, fresh=each.is_newly_titled)

    def _settles(self, event: Recorded, position: int, rows: Rows) -> None:
        """What the events of a case come to is put once, when it settles."""

    def _published(self, event: CatalogPublished, position: int, rows: Rows) -> None:
        if self._catalogs.knows(event.originator_id):
            return
        timeline = self._catalogs.published(event)
        view = CatalogView(catalog_id=event.originator_id, code=event.code, name=event.name, position=position)
        rows.put(CATALOGS, view)
        _put_all(rows, rows_of_publication(timeline))

    def _proposed(self, event: AmendmentProposed, position: int, rows: Rows) -> None:
        timeline, terms = self._catalogs.timeline(event.originator_id, position), event.terms
        if timeline.version >= event.originator_version:
            return
        view = AmendmentView(
            amendment_id=event.amendment_id,
            catalog_code=timeline.code,
            base_version=terms.base_version,
            status="PROPOSED",
            notice_number=terms.notice.number,
            notice_title=terms.notice.title,
            effective_from=terms.effective_from,
            erratum=terms.erratum,
            rematch_pending=terms.rematch_pending,
            levels=terms.notice.levels or (),
            departments=terms.notice.departments,
            ends_on=terms.ends_on,
            proposed_by=actor_view(event),
            proposed_at=event.timestamp,
            closed_at=None,
            version_number=None,
            changes=proposed_changes(timeline, terms),
            alias_changes=tuple(map(alias_change_view, terms.alias_changes)),
            word_changes=tuple(map(word_change_view, terms.word_changes)),
        )
        evolve(timeline, event)
        rows.put(AMENDMENTS, view)

    def _closed(self, event: AmendmentIssued | AmendmentDiscarded, position: int, rows: Rows) -> None:
        view = rows.get(AMENDMENTS, (event.amendment_id,))
        timeline = self._catalogs.timeline(event.originator_id, position)
        if view is None or event.amendment_id not in timeline.amendments:
            raise RowsOutOfStep(f"amendment {event.amendment_id} is closed, and no row says that it was proposed")
        if timeline.version < event.originator_version:
            evolve(timeline, event)
            if isinstance(event, AmendmentIssued):
                _put_all(rows, rows_of_issue(timeline, event.number))
        amendment = timeline.amendments[event.amendment_id]
        rows.put(
            AMENDMENTS,
            replace(
                view,
                status=amendment.status,
                closed_at=amendment.closed_at,
                version_number=amendment.version_number,
            ),
        )

    def _catalog_proposed(self, event: CatalogProposal.Proposed, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        terms = event.terms
        view = CatalogProposalView(
            proposal_id=event.originator_id,
            code=terms.code,
            name=terms.name,
            status="PROPOSED",
            notice_number=terms.notice.number,
            notice_title=terms.notice.title,
            effective_from=terms.effective_from,
            levels=UNSTATED if terms.notice.levels is None else terms.notice.levels,
            departments=terms.notice.departments,
            proposed_by=actor_view(event),
            proposed_at=event.timestamp,
            closed_at=None,
            entries=tuple(entry_view(terms.code, entry, 1) for entry in terms.entries),
        )
        rows.put(CATALOG_PROPOSALS, view)

    def _catalog_proposal_closed(self, event: Recorded, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        proposal = rows.get(CATALOG_PROPOSALS, (event.originator_id,))
        if proposal is None:
            raise RowsOutOfStep(f"catalog proposal {event.originator_id} is closed, and no row says that it was made")
        status = "PUBLISHED" if isinstance(event, CatalogProposal.Published) else "DISCARDED"
        rows.put(CATALOG_PROPOSALS, replace(proposal, status=status, closed_at=event.timestamp))

    def _filed(self, event: IntegrityRecord.Filed, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        view = IntegrityRecordView(
            record_id=event.originator_id,
            case_id=event.case_id,
            case_number=event.case_number,
            holder_ref=event.holder_ref,
            authority_code=event.by.actor.authority_code or "",
            ground=event.ground,
            findings=event.findings,
            filed_on=event.filed_on,
            lapses_on=event.lapses_on,
            overturned=False,
        )
        file = file_of(rows, event.holder_ref)
        if view.record_id not in file.record_ids:
            rows.put(HOLDERS, replace(file, record_ids=(*file.record_ids, view.record_id)))
        rows.put(INTEGRITY_RECORDS, masked(view) if file.erased else view)

    def _overturned(self, event: IntegrityRecord.Overturned, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        record = rows.get(INTEGRITY_RECORDS, (event.originator_id,))
        if record is None:
            raise RowsOutOfStep(
                f"integrity record {event.originator_id} is overturned, and no row says that it was filed"
            )
        rows.put(INTEGRITY_RECORDS, replace(record, overturned=True))

    def _holder(self, event: Recorded, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        project_holder(event, rows)

    def _no_row(self, event: Recorded, position: int, rows: Rows) -> None:
        """What serves writers alone, as the claims that guard uniqueness, or is history: the audit log shows it, and no row."""

    RULES: ClassVar[Mapping[str, Rule]] = {
        **dict.fromkeys((kind.TOPIC for kind in RecognitionCase.GUARDS), _settles),
        CatalogPublished.TOPIC: _published,
        AmendmentProposed.TOPIC: _proposed,
        AmendmentIssued.TOPIC: _closed,
        AmendmentDiscarded.TOPIC: _closed,
        CatalogProposal.Proposed.TOPIC: _catalog_proposed,
        CatalogProposal.Published.TOPIC: _catalog_proposal_closed,
        CatalogProposal.Discarded.TOPIC: _catalog_proposal_closed,
        **dict.fromkeys((kind.TOPIC for kind in (*CertificateClaim.GUARDS, *EntryClaim.GUARDS)), _no_row),
        IntegrityRecord.Filed.TOPIC: _filed,
        IntegrityRecord.Overturned.TOPIC: _overturned,
        **dict.fromkeys((kind.TOPIC for kind in DecisionImport.GUARDS), _no_row),
        Officer.Registered.TOPIC: _no_row,
        Officer.RegisteredAnew.TOPIC: _no_row,
        Holder.Opened.TOPIC: _no_row,
        Holder.Restricted.TOPIC: _holder,
        Holder.RestrictionLifted.TOPIC: _holder,
        Holder.Erased.TOPIC: _holder,
        Holder.DestructionCompleted.TOPIC: _no_row,
    }
    """Which rule projects the events of which topic."""


Rule = Callable[[RegistryProjector, Any, int, Rows], None]


_READERS: Final[tuple[type[Any], ...]] = (
    AmendmentProposed,
    AmendmentIssued,
    AmendmentDiscarded,
    *CatalogProposal.GUARDS,
    *IntegrityRecord.GUARDS,
)
_READING: Final = frozenset(kind.TOPIC for kind in _READERS)
"""The topics of events that read a row, or put one that a later event reads."""


def keys_needed(events: Iterable[Recorded], cases: Iterable[Touched]) -> dict[Table[Any], set[Key]]:
    """The rows that projecting these events, and settling these cases, will get before they put them: to be read at once."""
    needed: defaultdict[Table[Any], set[Key]] = defaultdict(set)
    needed[HOLDERS].update((each.state.holder_ref,) for each in cases)
    made: set[UUID] = set()
    for event in events:
        if event.TOPIC not in _READING:
            continue
        match event:
            case AmendmentProposed():
                made.add(event.amendment_id)
            case AmendmentIssued() | AmendmentDiscarded() if event.amendment_id not in made:
                needed[AMENDMENTS].add((event.amendment_id,))
            case IntegrityRecord.Filed():
                made.add(event.originator_id)
                needed[HOLDERS].add((event.holder_ref,))
            case CatalogProposal.Proposed():
                made.add(event.originator_id)
            case CatalogProposal.Published() | CatalogProposal.Discarded() if event.originator_id not in made:
                needed[CATALOG_PROPOSALS].add((event.originator_id,))
            case IntegrityRecord.Overturned() if event.originator_id not in made:
                needed[INTEGRITY_RECORDS].add((event.originator_id,))
    return needed


def _put_all(rows: Rows, views: Iterable[VersionView | EntryView | AliasView]) -> None:
    for view in views:
        rows.put(_TABLE_OF[type(view)], view)


REGISTRY: Final = Projection("registry", TABLES, RegistryProjector)
"""Cases, titles, catalogs, holders and the integrity archive."""
