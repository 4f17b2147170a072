"""The projection ``registry``: what each event does to the rows that people read.

One event touches rows through ``Rows`` and nothing else, so the same rules serve the live projection, a rebuild and a
check. Every event of the domain has a rule; one without is an error, never passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar, cast
from uuid import UUID

from application.folding import entry_view, fold_case, title_of
from application.projections.content import CatalogContent, Touched
from application.projections.holders import case_for, erased_case, erased_record, file_of, project_holder
from application.projections.tables import (
    AMENDMENTS,
    AUDIT_EVENTS,
    CASES,
    CATALOG_ALIASES,
    CATALOG_ENTRIES,
    CATALOG_PROPOSALS,
    CATALOG_VERSIONS,
    CATALOGS,
    HOLDERS,
    INTEGRITY_RECORDS,
    TITLES,
    Key,
    Table,
)
from application.views import (
    ActorView,
    AmendmentView,
    AuditEventView,
    CatalogProposalView,
    CatalogView,
    IntegrityRecordView,
)
from domain.base import Event
from domain.catalog import Catalog
from domain.catalog_proposal import CatalogProposal
from domain.certificate_claim import CertificateClaim
from domain.holder import Holder
from domain.identifiers import catalog_id
from domain.integrity_record import IntegrityRecord
from domain.recognition_case import RecognitionCase

V = TypeVar("V")


class Rows(Protocol):
    """The rows of one transaction: what is put is seen by the next get, and stored when the transaction commits."""

    def get(self, table: Table[V], key: Key) -> V | None:
        """The row under a key; None where there is none."""

    def put(self, table: Table[V], view: V) -> None:
        """Store a row in place of the one under its key, if any."""


class UnknownEvent(TypeError):
    """An event has no rule here; a release that knows it must project it."""

    code: Final = "unknown-event"


class RowsOutOfStep(ValueError):
    """The rows are not what the events before this one lead to; rebuild the projection."""

    code: Final = "rows-out-of-step"


CatalogStream = Callable[[UUID, int], Iterable[Event]]
"""The events of a catalog's stream that stand before a position, in order."""


class RegistryProjector:
    """The rules. It remembers catalogs, read from their streams when first needed, for the titles that entries award.

    ``forget`` must be called when rows it put were not committed, since what it remembers then runs ahead of them.
    """

    def __init__(self, catalog_stream: CatalogStream) -> None:
        self._catalog_stream = catalog_stream
        self._catalogs: dict[UUID, CatalogContent] = {}

    def forget(self) -> None:
        """Remember nothing; catalogs are read again when needed."""
        self._catalogs.clear()

    def project(self, event: Event, position: int, rows: Rows) -> None:
        """What one event does to the rows.

        An event that a row has seen already changes nothing there. Raises ``UnknownEvent``, and ``RowsOutOfStep`` for
        rows that earlier events cannot have led to.
        """
        rule = RULES.get(event.TOPIC)
        if rule is None:
            raise UnknownEvent(f"no rule says how to project {event.TOPIC}; run a release that knows it")
        rule(self, event, position, rows)
        rows.put(AUDIT_EVENTS, audit_event(event, position))

    def _case(self, event: Event, position: int, rows: Rows) -> None:
        case = rows.get(CASES, (event.originator_id,))
        seen = case.version if case else 0
        if event.originator_version <= seen:
            return
        if event.originator_version != seen + 1:
            raise RowsOutOfStep(
                f"case {event.originator_id} is at version {seen}, not before {event.originator_version}"
            )
        case = fold_case(case, event, position)
        if isinstance(event, RecognitionCase.Submitted):
            file = file_of(rows, case.holder.ref)
            case = case_for(file, case)
            rows.put(HOLDERS, replace(file, case_ids=(*file.case_ids, case.case_id)))
        elif case.holder.erased:
            case = erased_case(case)  # by a writer who had the key a moment before it was destroyed
        rows.put(CASES, case)
        if case.recognized_on is not None and case.catalog_code and case.version_number and case.entry_number:
            content = self._content(_stream_of(case.catalog_code), position)
            title = title_of(case, content.entry(case.entry_number, case.version_number))
            if title is not None:
                rows.put(TITLES, title)

    def _published(self, event: Catalog.Published, position: int, rows: Rows) -> None:
        if event.originator_id in self._catalogs:
            return
        content = self._catalogs[event.originator_id] = CatalogContent(event)
        view = CatalogView(catalog_id=event.originator_id, code=event.code, name=event.name, position=position)
        rows.put(CATALOGS, view)
        _put_all(rows, content.all_rows())

    def _proposed(self, event: Catalog.AmendmentProposed, position: int, rows: Rows) -> None:
        content, terms = self._content(event.originator_id, position), event.terms
        if content.stream_version >= event.originator_version:
            return
        view = AmendmentView(
            amendment_id=event.amendment_id,
            catalog_code=content.code,
            base_version=terms.base_version,
            status="PROPOSED",
            notice_number=terms.notice.number,
            notice_title=terms.notice.title,
            effective_from=terms.effective_from,
            erratum=terms.erratum,
            rematch_pending=terms.rematch_pending,
            proposed_by=_actor(event),
            proposed_at=event.timestamp,
            closed_at=None,
            version_number=None,
            changes=content.changes(terms),
            alias_changes=content.alias_changes(terms),
        )
        content.apply(event)
        rows.put(AMENDMENTS, view)

    def _issued(self, event: Catalog.AmendmentIssued, position: int, rows: Rows) -> None:
        self._closed(event, rows, status="ISSUED", version_number=event.number)
        content = self._content(event.originator_id, position)
        if content.stream_version < event.originator_version:
            _put_all(rows, content.apply(event))

    def _discarded(self, event: Catalog.AmendmentDiscarded, position: int, rows: Rows) -> None:
        self._closed(event, rows, status="DISCARDED", version_number=None)
        content = self._content(event.originator_id, position)
        if content.stream_version < event.originator_version:
            content.apply(event)

    def _closed(self, event: Catalog.AmendmentIssued | Catalog.AmendmentDiscarded, rows: Rows, **outcome: Any) -> None:
        amendment = rows.get(AMENDMENTS, (event.amendment_id,))
        if amendment is None:
            raise RowsOutOfStep(f"amendment {event.amendment_id} is closed, and no row says that it was proposed")
        rows.put(AMENDMENTS, replace(amendment, closed_at=event.timestamp, **outcome))

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
            proposed_by=_actor(event),
            proposed_at=event.timestamp,
            closed_at=None,
            entries=tuple(entry_view(terms.code, entry, 1) for entry in terms.entries),
        )
        rows.put(CATALOG_PROPOSALS, view)

    def _catalog_proposal_closed(self, event: Event, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        proposal = rows.get(CATALOG_PROPOSALS, (event.originator_id,))
        if proposal is None:
            raise RowsOutOfStep(f"catalog proposal {event.originator_id} is closed, and no row says that it was made")
        status = "PUBLISHED" if isinstance(event, CatalogProposal.Published) else "DISCARDED"
        rows.put(CATALOG_PROPOSALS, replace(proposal, status=status, closed_at=event.timestamp))

    def _filed(self, event: IntegrityRecord.Filed, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        view = IntegrityRecordView(
            record_id=event.originator_id,
            case_id=event.case_id,
            holder_ref=event.holder_ref,
            ground=event.ground,
            findings=event.findings,
            filed_on=event.filed_on,
            until=event.until,
            struck=False,
        )
        file = file_of(rows, event.holder_ref)
        if view.record_id not in file.record_ids:
            rows.put(HOLDERS, replace(file, record_ids=(*file.record_ids, view.record_id)))
        rows.put(INTEGRITY_RECORDS, erased_record(view) if file.erased else view)

    def _struck(self, event: IntegrityRecord.Struck, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        record = rows.get(INTEGRITY_RECORDS, (event.originator_id,))
        if record is None:
            raise RowsOutOfStep(f"integrity record {event.originator_id} is struck, and no row says that it was filed")
        rows.put(INTEGRITY_RECORDS, replace(record, struck=True))

    def _holder(self, event: Event, position: int, rows: Rows) -> None:  # noqa: ARG002 - one rule's shape
        project_holder(event, rows)

    def _claim(self, event: Event, position: int, rows: Rows) -> None:
        """A claim guards uniqueness among writers; nobody reads it, so only the audit log shows it."""

    def _content(self, stream_id: UUID, position: int) -> CatalogContent:
        content = self._catalogs.get(stream_id)
        if content is None:
            for event in self._catalog_stream(stream_id, position):
                if content is None:
                    content = CatalogContent(cast("Catalog.Published", event))
                else:
                    content.apply(event)
            if content is None:
                raise RowsOutOfStep(f"no catalog is published in stream {stream_id} before position {position}")
            self._catalogs[stream_id] = content
        return content


Rule = Callable[[RegistryProjector, Any, int, Rows], None]

_CASE_EVENTS: Final = (
    RecognitionCase.Submitted,
    RecognitionCase.CandidatesListed,
    RecognitionCase.Matched,
    RecognitionCase.SupplementRequested,
    RecognitionCase.Supplemented,
    RecognitionCase.Transferred,
    RecognitionCase.Approved,
    RecognitionCase.Rejected,
    RecognitionCase.Withdrawn,
    RecognitionCase.RevocationProposed,
    RecognitionCase.Revoked,
    RecognitionCase.Reinstated,
    RecognitionCase.RematchRequired,
)
_CASE_TOPICS: Final = frozenset(kind.TOPIC for kind in _CASE_EVENTS)

RULES: Final[Mapping[str, Rule]] = {
    **{kind.TOPIC: RegistryProjector._case for kind in _CASE_EVENTS},  # noqa: SLF001 - the rules of this module
    Catalog.Published.TOPIC: RegistryProjector._published,  # noqa: SLF001
    Catalog.AmendmentProposed.TOPIC: RegistryProjector._proposed,  # noqa: SLF001
    Catalog.AmendmentIssued.TOPIC: RegistryProjector._issued,  # noqa: SLF001
    Catalog.AmendmentDiscarded.TOPIC: RegistryProjector._discarded,  # noqa: SLF001
    CatalogProposal.Proposed.TOPIC: RegistryProjector._catalog_proposed,  # noqa: SLF001
    CatalogProposal.Published.TOPIC: RegistryProjector._catalog_proposal_closed,  # noqa: SLF001
    CatalogProposal.Discarded.TOPIC: RegistryProjector._catalog_proposal_closed,  # noqa: SLF001
    CertificateClaim.Claimed.TOPIC: RegistryProjector._claim,  # noqa: SLF001
    CertificateClaim.Released.TOPIC: RegistryProjector._claim,  # noqa: SLF001
    CertificateClaim.Reclaimed.TOPIC: RegistryProjector._claim,  # noqa: SLF001
    IntegrityRecord.Filed.TOPIC: RegistryProjector._filed,  # noqa: SLF001
    IntegrityRecord.Struck.TOPIC: RegistryProjector._struck,  # noqa: SLF001
    Holder.Opened.TOPIC: RegistryProjector._holder,  # noqa: SLF001
    Holder.Restricted.TOPIC: RegistryProjector._holder,  # noqa: SLF001
    Holder.RestrictionLifted.TOPIC: RegistryProjector._holder,  # noqa: SLF001
    Holder.Erased.TOPIC: RegistryProjector._holder,  # noqa: SLF001
    Holder.DestructionCompleted.TOPIC: RegistryProjector._holder,  # noqa: SLF001
}
"""Which rule projects the events of which topic."""


def keys_needed(events: Iterable[Event]) -> dict[Table[Any], set[Key]]:
    """The rows that projecting these events will get before they put them: to be read at once."""
    needed: defaultdict[Table[Any], set[Key]] = defaultdict(set)
    made: set[UUID] = set()
    for event in events:
        match event:
            case Catalog.AmendmentProposed():
                made.add(event.amendment_id)
            case Catalog.AmendmentIssued() | Catalog.AmendmentDiscarded() if event.amendment_id not in made:
                needed[AMENDMENTS].add((event.amendment_id,))
            case IntegrityRecord.Filed():
                made.add(event.originator_id)
                needed[HOLDERS].add((event.holder_ref,))
            case CatalogProposal.Proposed():
                made.add(event.originator_id)
            case CatalogProposal.Published() | CatalogProposal.Discarded() if event.originator_id not in made:
                needed[CATALOG_PROPOSALS].add((event.originator_id,))
            case IntegrityRecord.Struck() if event.originator_id not in made:
                needed[INTEGRITY_RECORDS].add((event.originator_id,))
            case _ if event.TOPIC in _CASE_TOPICS:
                needed[CASES].add((event.originator_id,))
                if isinstance(event, RecognitionCase.Submitted):
                    needed[HOLDERS].add((event.holder_ref,))
    return needed


@lru_cache(maxsize=256)
def _stream_of(catalog_code: str) -> UUID:
    return catalog_id(catalog_code)


def audit_event(event: Event, position: int) -> AuditEventView:
    """The envelope of an event, for the audit log."""
    topic = event.TOPIC
    return AuditEventView(
        position=position,
        stream_id=event.originator_id,
        stream_type=topic.partition(".")[0],
        version=event.originator_version,
        type=topic,
        recorded_at=event.timestamp,
        actor=_actor(event),
    )


def _actor(event: Event) -> ActorView:
    actor = event.by.actor
    return ActorView(subject=actor.subject, role=actor.role, authority_code=actor.authority_code)


def _put_all(rows: Rows, touched: Touched) -> None:
    for version in touched.versions:
        rows.put(CATALOG_VERSIONS, version)
    for entry in touched.entries:
        rows.put(CATALOG_ENTRIES, entry)
    for alias in touched.aliases:
        rows.put(CATALOG_ALIASES, alias)
