"""What the API asks of the read side. Every question is one SQL statement; edges are loaded in bulk by key.

The port stands here, beside what uses it; infrastructure answers it. All methods are coroutines, since reading is what
the server does all day. Rows outside ``scope`` do not exist for the asker.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Protocol, Self, TypeVar
from uuid import UUID

from application.access import Scope
from application.views import (
    AliasView,
    AmendmentView,
    AuditEventView,
    CaseView,
    CatalogProposalView,
    CatalogView,
    EntryView,
    HolderFileView,
    IntegrityRecordView,
    StatusView,
    TitleView,
    VersionView,
)
from domain.base import Event
from domain.values import AliasKind, CaseStatus, TitleStatus

T = TypeVar("T")


class ProjectionBehind(Exception):
    """The read side did not reach the awaited position in time; asking again later will find it."""

    def __init__(self, awaited: int, projected: int) -> None:
        super().__init__(f"the read side is at {projected}, not yet at {awaited}")
        self.awaited = awaited
        self.projected = projected


@dataclass(frozen=True, slots=True)
class Positioned:
    """An event and its place in the registry's one total order."""

    event: Event
    position: int


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a list: of those between the rows with the keys ``after`` and ``before`` the first ``size``, or, where it is
    read ``backward``, the last. A key is what orders a row, its values in the list's order; ``count`` asks for the total.
    """

    size: int
    after: tuple[object, ...] | None = None
    before: tuple[object, ...] | None = None
    backward: bool = False
    count: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a longer list, in its order, and whether there are rows on either side; ``total`` only where it was asked for."""

    rows: Sequence[T]
    has_previous: bool
    has_next: bool
    total: int | None = None

    @classmethod
    def of(cls, read: Sequence[T], window: Window, total: int | None = None) -> Self:
        """The page that a window shows, of one row more than its size where there is one, in the direction in which it was read.

        What lies beyond the key that a client came from is there, since it has seen that row (Relay's specification of
        connections, section 4.4).
        """
        rows, more = read[: window.size], len(read) > window.size
        if window.backward:
            return cls(rows[::-1], has_previous=more, has_next=window.before is not None, total=total)
        return cls(rows, has_previous=window.after is not None, has_next=more, total=total)


@dataclass(kw_only=True)
class TitleFilter:
    """Which titles; every condition given must hold. ``recognized_to`` is included."""

    field: str | None = None
    title: str | None = None
    status: TitleStatus | None = None
    authority_code: str | None = None
    recognized_from: date | None = None
    recognized_to: date | None = None


@dataclass(kw_only=True)
class CaseFilter:
    """Which cases; every condition given must hold. ``submitted_to`` is not included."""

    status: list[CaseStatus] | None = None
    authority_code: str | None = None
    submitted_from: datetime | None = None
    submitted_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events; every condition given must hold. ``recorded_to`` is not included."""

    types: Sequence[str] | None = None
    stream_id: UUID | None = None
    actor: str | None = None
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries of a version: a text somewhere in names or body, a field, a title they award."""

    search: str | None = None
    field: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasFilter:
    """Which aliases of a version: of one kind, with a text somewhere in them, naming an entry; ``unlisted`` are the names of
    qualifications that mean no entry of the version.
    """

    kind: AliasKind | None = None
    search: str | None = None
    entry_number: int | None = None
    unlisted: bool = False


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An event's envelope and the event itself."""

    envelope: AuditEventView
    event: Event | None
    problem: str | None = None
    """Why the event cannot be read, where it cannot; ``event`` is None then, and the envelope is that of the table's columns."""


EntryKey = tuple[str, int, int]
"""(catalog code, version number, entry number)."""
VersionKey = tuple[str, int]
"""(catalog code, version number)."""


class Reads(Protocol):
    """The read side."""

    async def wait_for(self, position: int) -> None:
        """Return once the read side has reached a position; bounded. Raises ``ProjectionBehind``."""

    async def status(self) -> StatusView:
        """How far the read side is."""

    async def catalogs(self) -> Sequence[CatalogView]:
        """Every catalog, in the order of publication."""

    async def versions(self, codes: Sequence[str]) -> Mapping[str, Sequence[VersionView]]:
        """Every version of these catalogs, by code, in order."""

    async def versions_by_key(self, keys: Sequence[VersionKey]) -> Mapping[VersionKey, VersionView]:
        """Versions by key; a key that is none is absent."""

    async def entries_by_key(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, EntryView]:
        """Entries as a version has them; a key that is none is absent."""

    async def entries(self, version: VersionKey, which: EntryFilter, window: Window) -> Page[EntryView]:
        """Entries of one version, by number."""

    async def aliases(self, version: VersionKey, which: AliasFilter, window: Window) -> Page[AliasView]:
        """Aliases of one version, in the order in which they came; the key is their place in it."""

    async def entry_history(self, code: str, number: int) -> Sequence[EntryView]:
        """Every content one entry ever had, oldest first."""

    async def amendment(self, amendment_id: UUID) -> AmendmentView | None:
        """An amendment."""

    async def amendments(self, code: str) -> Sequence[AmendmentView]:
        """The amendments of a catalog, newest first."""

    async def version_in_force(self, code: str, on: date, known_at: datetime | None) -> VersionView | None:
        """The version of a catalog in force on a day, as known at an instant (now, where None)."""

    async def catalog_proposals(self) -> Sequence[CatalogProposalView]:
        """The catalogs that were proposed, newest first."""

    async def catalog_proposal(self, proposal_id: UUID) -> CatalogProposalView | None:
        """A proposed catalog."""

    async def impact(self, code: str, numbers: Sequence[int], *, every_pending: bool) -> tuple[int, int]:
        """How many pending cases (of the whole catalog, or on these entries of it) and current titles on them there are."""

    async def case(self, case_id: UUID | None, case_number: str | None, scope: Scope) -> CaseView | None:
        """A case by either of its names."""

    async def cases(self, which: CaseFilter, window: Window, scope: Scope) -> Page[CaseView]:
        """Cases, newest submission first; the key is (submitted_at, case_id)."""

    async def cases_of(self, holder_ref: UUID, scope: Scope) -> Sequence[CaseView]:
        """Every case of a holder, oldest first."""

    async def titles_of(self, holder_ref: UUID, scope: Scope) -> Sequence[TitleView]:
        """Every title of a holder, oldest first."""

    async def titles_of_cases(self, case_ids: Sequence[UUID]) -> Mapping[UUID, TitleView]:
        """Titles by the case that led to them."""

    async def cases_by_id(self, case_ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, CaseView]:
        """Cases by identifier; what is none, or none of the scope, is absent."""

    async def titles_by_id(self, title_ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, TitleView]:
        """Titles by identifier; what is none, or none of the scope, is absent."""

    async def titles(self, which: TitleFilter, window: Window, scope: Scope) -> Page[TitleView]:
        """Titles, newest recognition first; the key is (recognized_on, title_id)."""

    async def integrity_records(self, case_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[IntegrityRecordView]]:
        """What the integrity archive holds, by case."""

    async def holder(self, ref: UUID) -> HolderFileView | None:
        """What the registry holds of a person; None where it never recorded anything about them."""

    async def restricted(self, refs: Collection[UUID]) -> frozenset[UUID]:
        """Those of these holders whose data is kept and not processed."""

    async def streams(
        self, stream_ids: Sequence[UUID], until: datetime | None = None
    ) -> Mapping[UUID, list[Positioned]]:
        """The events of streams, each in order, as far as recorded by an instant."""

    async def audit_log(self, which: AuditFilter, window: Window, *, newest_first: bool = False) -> Page[AuditEvent]:
        """Events of all streams in the order of their positions, or the newest first; the key is (position,)."""
