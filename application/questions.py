"""The questions that are asked of rows, and the filters of those that are lists. A new one stands here, and the field that asks it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from application.access import Scope
from application.asking import (
    UNSCOPED,
    Beside,
    Compare,
    Compared,
    Condition,
    Drawn,
    Either,
    Grouped,
    Keyed,
    Measured,
    Order,
    Question,
    Selected,
    Via,
    Window,
    holding,
    where,
)
from application.projections.projection import Table
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
    TITLES,
)
from application.views import (
    AliasView,
    AmendmentView,
    CaseView,
    CatalogProposalView,
    CatalogView,
    EntryView,
    HolderFileView,
    IntegrityRecordView,
    TitleView,
    VersionView,
)
from domain.case.state import GONE, OPEN
from domain.clocks import DeadlineState, ReadOn
from domain.identifiers import normalised_case_number
from domain.values import AliasKind, CaseStatus, TitleLevel, TitleStatus

EntryKey = tuple[str, int, int]
"""(catalog code, version number, entry number)."""
VersionKey = tuple[str, int]
"""(catalog code, version number)."""


@dataclass(kw_only=True)
class TitleFilter:
    """Which titles; every condition given must hold. ``recognized_to`` is included; ``changed_since`` is a position, of which
    later events count.
    """

    field: Annotated[str | None, Compared()] = None
    title: Annotated[str | None, Compared()] = None
    status: Annotated[TitleStatus | None, Compared()] = None
    authority_code: Annotated[str | None, Compared()] = None
    recognized_from: Annotated[date | None, Compared(Compare.LEAST, ("recognized_on",))] = None
    recognized_to: Annotated[date | None, Compared(Compare.MOST, ("recognized_on",))] = None
    level: Annotated[TitleLevel | None, Compared()] = None
    catalog_code: Annotated[str | None, Compared()] = None
    entry_number: Annotated[int | None, Compared()] = None
    valid_for_appointment: Annotated[bool | None, Compared()] = None
    changed_since: Annotated[int | None, Compared(Compare.ABOVE, ("position",))] = None


@dataclass(kw_only=True)
class CaseFilter:
    """Which cases; every condition given must hold. ``submitted_to`` and ``decided_to`` are not included.

    ``deadline`` is the state of some clock of the case on the day of the question. ``contested`` leaves those whose officers are
    warned that another live case claims the same certificate, to these officers: nobody else learns of the other case.
    """

    status: Annotated[list[CaseStatus] | None, Compared(Compare.ONE_OF)] = None
    authority_code: Annotated[str | None, Compared()] = None
    submitted_from: Annotated[datetime | None, Compared(Compare.LEAST, ("submitted_at",))] = None
    submitted_to: Annotated[datetime | None, Compared(Compare.BELOW, ("submitted_at",))] = None
    submitted_by: Annotated[str | None, Compared()] = None
    decided_by: Annotated[str | None, Compared(columns=("decided_by_subject",))] = None
    decided_from: Annotated[datetime | None, Compared(Compare.LEAST, ("decided_at",))] = None
    decided_to: Annotated[datetime | None, Compared(Compare.BELOW, ("decided_at",))] = None
    catalog_code: Annotated[str | None, Compared()] = None
    catalog_version: Annotated[int | None, Compared(columns=("version_number",))] = None
    entry_number: Annotated[int | None, Compared()] = None
    overridden: Annotated[bool | None, Compared()] = None
    supplemented: Annotated[bool | None, Compared()] = None
    deadline: DeadlineState | None = None
    contested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events; every condition given must hold. ``recorded_to`` is not included."""

    types: Annotated[Sequence[str] | None, Compared(Compare.ONE_OF, ("topic",))] = None
    stream_id: Annotated[UUID | None, Compared(columns=("originator_id",))] = None
    actor: Annotated[str | None, Compared(columns=("actor_subject",))] = None
    recorded_from: Annotated[datetime | None, Compared(Compare.LEAST, ("recorded_at",))] = None
    recorded_to: Annotated[datetime | None, Compared(Compare.BELOW, ("recorded_at",))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityFilter:
    """Which integrity records; every condition given must hold. ``in_force_on`` leaves those that count on a day."""

    holder_ref: Annotated[UUID | None, Compared()] = None
    record_id: Annotated[UUID | None, Compared()] = None
    in_force_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries of a version: a text somewhere in names or body, a field, a title they award."""

    search: Annotated[
        str | None, Compared(Compare.CONTAINS, ("qualification_name", "translated_name", "issuing_body"))
    ] = None
    field: Annotated[str | None, Compared(Compare.NAMES)] = None
    title: Annotated[str | None, Compared(Compare.LISTS, ("awards.title",))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasFilter:
    """Which aliases of a version: of one kind, with a text somewhere in them, naming an entry; ``unlisted`` are the names of
    qualifications that mean no entry of the version.
    """

    kind: Annotated[AliasKind | None, Compared()] = None
    search: Annotated[str | None, Compared(Compare.CONTAINS, ("text",))] = None
    entry_number: Annotated[int | None, Compared(Compare.LISTS, ("numbers",))] = None
    unlisted: bool = False


@dataclass(kw_only=True)
class StoredRow:
    """A row of the event table: an event as it is stored, and its envelope in columns of its own."""

    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    position: int
    recorded_at: datetime | None
    actor_subject: str | None
    actor_role: str | None
    actor_authority: str | None


EVENTS: Final = Table("events", StoredRow, ("position",), schema="registry")
"""The event table itself, which no projection fills."""


@dataclass(kw_only=True)
class LookUpRow:
    """A row of the look-ups: a keyed digest, and whom or which case it leads to; of a person's number the case is nil."""

    digest: bytes
    case_id: UUID
    holder_ref: UUID


@dataclass(kw_only=True)
class PositionRow:
    """How far a projection is."""

    name: str
    position: int


LOOK_UPS: Final = Table("lookups", LookUpRow, ("digest", "case_id"), schema="registry")
"""What secret numbers lead to; no projection fills it, and erasure empties it."""
POSITIONS: Final = Table("projection_positions", PositionRow, ("name",), schema="registry")
"""How far each projection is."""

_LATEST: Final = Order(("submitted_at", "case_id"), descending=True)
_SPAN: Final = ("from_version", "until_version")


# ── the catalog ───────────────────────────────────────────────────────────────────────────────────────────────────────
def catalogs() -> Question[CatalogView]:
    """Every catalog, in the order of publication."""
    return Question(CATALOGS, order=Order(("position",)))


def catalog(code: str) -> Question[CatalogView]:
    """The catalog of a code."""
    return Question(CATALOGS, (where("code", code),))


def versions(code: str) -> Question[VersionView]:
    """Every version of a catalog, in order."""
    return Question(CATALOG_VERSIONS, (where("catalog_code", code),), Order(("number",)))


def versions_by_key(keys: Sequence[VersionKey]) -> Keyed[VersionKey, VersionView]:
    """Versions by key."""
    return Keyed(Question(CATALOG_VERSIONS), (Compared(columns=("catalog_code",)), Compared(columns=("number",))), keys)


def latest_effective(code: str, on: date, known_at: datetime | None) -> Question[VersionView]:
    """Of the versions of a catalog that are effective by a day, as known at an instant, the latest, and first of them."""
    known = () if known_at is None else (where("issued_at", known_at, Compare.MOST),)
    conditions = (where("catalog_code", code), where("effective_from", on, Compare.MOST), *known)
    return Question(CATALOG_VERSIONS, conditions, Order(("number",), descending=True), Window(size=1))


def entries_by_key(keys: Sequence[EntryKey]) -> Keyed[EntryKey, EntryView]:
    """Entries as a version has them."""
    by = (Compared(columns=("catalog_code",)), Compared(Compare.WITHIN, _SPAN), Compared(columns=("number",)))
    return Keyed(Question(CATALOG_ENTRIES), by, keys)


def entries(version: VersionKey, which: EntryFilter, window: Window) -> Question[EntryView]:
    """Entries of one version, by number; which is the key."""
    return Question(CATALOG_ENTRIES, (*_in_version(version), *holding(which)), Order(("number",)), window)


def entry_history(code: str, number: int) -> Question[EntryView]:
    """Every content one entry ever had, oldest first."""
    return Question(CATALOG_ENTRIES, (where("catalog_code", code), where("number", number)), Order(("from_version",)))


def aliases(version: VersionKey, which: AliasFilter, window: Window) -> Question[AliasView]:
    """Aliases of one version, in the order in which they came; the key is their place in it."""
    conditions = (*_in_version(version), *holding(which))
    if which.unlisted:
        listed = Selected("number", Question(CATALOG_ENTRIES, _in_version(version)))
        conditions += (where("kind", AliasKind.QUALIFICATION), where("numbers", listed, Compare.LISTS_NONE_OF))
    return Question(CATALOG_ALIASES, conditions, Order(("place",)), window)


def amendment(amendment_id: UUID) -> Question[AmendmentView]:
    """An amendment."""
    return Question(AMENDMENTS, (where("amendment_id", amendment_id),))


def amendments(code: str) -> Question[AmendmentView]:
    """The amendments of a catalog, newest first."""
    newest = Order(("proposed_at", "amendment_id"), descending=True)
    return Question(AMENDMENTS, (where("catalog_code", code),), newest)


def catalog_proposal(proposal_id: UUID) -> Question[CatalogProposalView]:
    """A proposed catalog."""
    return Question(CATALOG_PROPOSALS, (where("proposal_id", proposal_id),))


def catalog_proposals() -> Question[CatalogProposalView]:
    """The catalogs that were proposed, newest first."""
    return Question(CATALOG_PROPOSALS, order=Order(("proposed_at", "proposal_id"), descending=True))


def pending_cases(code: str, numbers: Collection[int] | None) -> Question[CaseView]:
    """The open cases of a catalog; pinned to one of these entries, where they are named."""
    on_entries = () if numbers is None else (where("entry_number", list(numbers), Compare.ONE_OF),)
    conditions = (where("status", sorted(OPEN), Compare.ONE_OF), where("catalog_code", code), *on_entries)
    return Question(CASES, conditions, scope=UNSCOPED)


def titles_on_entries(code: str, numbers: Collection[int]) -> Question[TitleView]:
    """The current titles that were awarded on these entries."""
    on_entries = where("entry_number", list(numbers), Compare.ONE_OF)
    conditions = (where("status", TitleStatus.CURRENT), where("catalog_code", code), on_entries)
    return Question(TITLES, conditions, scope=UNSCOPED)


# ── cases and titles ──────────────────────────────────────────────────────────────────────────────────────────────────
def case(scope: Scope, case_id: UUID) -> Question[CaseView]:
    """A case by its identifier."""
    return Question(CASES, (where("case_id", case_id),), scope=scope)


def case_numbered(scope: Scope, number: str) -> Question[CaseView]:
    """A case by its number, however that is spelled."""
    return Question(CASES, (where("case_number", normalised_case_number(number)),), scope=scope)


def cases(scope: Scope, which: CaseFilter, window: Window, on: ReadOn | None = None) -> Question[CaseView]:
    """Cases, newest submission first; the key is (submitted_at, case_id). Raises ``TypeError`` for deadlines on no day."""
    return Question(CASES, _meeting(which, on, scope), _LATEST, window, scope)


def sample(
    scope: Scope, which: CaseFilter, seed: str, size: int, up_to: int | None, on: ReadOn | None = None
) -> Drawn[CaseView]:
    """Cases drawn by a seed, among those submitted up to a position. Raises ``TypeError`` for deadlines on no day."""
    return Drawn(Question(CASES, _meeting(which, on, scope), scope=scope), "case_id", seed, size, up_to)


def cases_of(scope: Scope, holder_ref: UUID) -> Question[CaseView]:
    """Every case of a holder, oldest first."""
    return Question(CASES, (where("holder_ref", holder_ref),), Order(_LATEST.columns), scope=scope)


def cases_by_id(scope: Scope, case_ids: Sequence[UUID]) -> Keyed[UUID, CaseView]:
    """Cases by identifier."""
    return Keyed(Question(CASES, scope=scope), (Compared(columns=("case_id",)),), case_ids)


def titles(scope: Scope, which: TitleFilter, window: Window) -> Question[TitleView]:
    """Titles, newest recognition first; the key is (recognized_on, title_id)."""
    return Question(TITLES, holding(which), Order(("recognized_on", "title_id"), descending=True), window, scope)


def titles_of(scope: Scope, holder_ref: UUID) -> Question[TitleView]:
    """Every title of a holder, oldest first."""
    return Question(TITLES, (where("holder_ref", holder_ref),), Order(("recognized_on", "title_id")), scope=scope)


def titles_of_identities(scope: Scope, digests: Sequence[bytes]) -> Keyed[bytes, TitleView]:
    """As ``titles_of``, of each person to whom the digest of a number leads."""
    way = Via(Question(LOOK_UPS, (where("case_id", UUID(int=0)),)), "digest", "holder_ref")
    oldest_first = Question(TITLES, order=Order(("recognized_on", "title_id")), scope=scope)
    return Keyed(oldest_first, (Compared(columns=("holder_ref",)),), digests, way)


def titles_of_certificates(digests: Sequence[bytes]) -> Keyed[bytes, TitleView]:
    """As ``titles_of_cases``, of the cases to which the digest of a certificate's number leads; one of no title has a row of nulls."""
    way = Via(Question(LOOK_UPS), "digest", "case_id")
    return Keyed(Question(TITLES, scope=UNSCOPED), (Compared(columns=("case_id",)),), digests, way, every=True)


def catalogs_stamp() -> tuple[Grouped, ...]:
    """What differs once the rows of catalogs do: each change of them brings a version, and each rebuild another table."""
    versions = Question(CATALOG_VERSIONS)
    return tuple(Grouped(versions, (), ((each, "number"),), 1) for each in (Measured.ROWS, Measured.TABLE))


def position_of(names: Sequence[str]) -> Grouped:
    """How far the last of some projections is, of those that were ever started."""
    which = Question(POSITIONS, (where("name", list(names), Compare.ONE_OF),))
    return Grouped(which, (), ((Measured.LEAST, "position"),), 1)


def titles_by_id(scope: Scope, title_ids: Sequence[UUID]) -> Keyed[UUID, TitleView]:
    """Titles by identifier."""
    return Keyed(Question(TITLES, scope=scope), (Compared(columns=("title_id",)),), title_ids)


def titles_of_cases(case_ids: Sequence[UUID]) -> Keyed[UUID, TitleView]:
    """Titles by the case that led to them."""
    return Keyed(Question(TITLES, scope=UNSCOPED), (Compared(columns=("case_id",)),), case_ids)


def titles_by_case_number(numbers: Sequence[str], *, every: bool = False) -> Keyed[str, TitleView]:
    """Titles by the number of the case that led to them, as numbers are kept; with ``every`` a number of none has a row of nulls."""
    return Keyed(Question(TITLES, scope=UNSCOPED), (Compared(columns=("case_number",)),), numbers, every=every)


def integrity_archive(scope: Scope, which: IntegrityFilter, window: Window) -> Question[IntegrityRecordView]:
    """Integrity records, the latest first; the key is (filed_on, record_id).

    Where the scope is not everything: those of its holder, or, of persons with a case of its authorities, those not overturned.
    """
    own = replace(scope, subject=None)  # who submitted a case for somebody sees no record of theirs by that
    concerned = where("holder_ref", Selected("holder_ref", Question(CASES, scope=own)), Compare.ONE_OF)
    standing = (where("overturned", False),) if scope.authorities and not scope.everything else ()
    on_a_day = () if which.in_force_on is None else _in_force(which.in_force_on)
    conditions = (concerned, *standing, *holding(which), *on_a_day)
    return Question(INTEGRITY_RECORDS, conditions, Order(("filed_on", "record_id"), descending=True), window)


def records_in_force(holder_refs: Sequence[UUID], on: date) -> Keyed[UUID, IntegrityRecordView]:
    """The integrity records that count on a day, by holder, oldest first."""
    counting = Question(INTEGRITY_RECORDS, _in_force(on), Order(("filed_on", "record_id")))
    return Keyed(counting, (Compared(columns=("holder_ref",)),), holder_refs)


def cases_around(column: str, keys: Sequence[UUID]) -> Keyed[UUID, CaseView]:
    """Cases with these values in a column, oldest first; of nobody whose data is restricted."""
    processed = Question(CASES, order=Order(_LATEST.columns), scope=Scope(everything=True))
    return Keyed(processed, (Compared(columns=(column,)),), keys)


def cases_named(case_ids: Sequence[UUID]) -> Keyed[UUID, CaseView]:
    """Cases by identifier, for what is shown of their holders elsewhere, within the scope of what shows them."""
    return Keyed(Question(CASES, scope=UNSCOPED), (Compared(columns=("case_id",)),), case_ids)


def _in_force(on: date) -> tuple[Condition, ...]:
    """That a record counts on a day; the rule is ``IntegrityState.in_force_on``."""
    return (where("overturned", False), where("filed_on", on, Compare.MOST), where("lapses_on", on, Compare.LEAST))


def holder(ref: UUID) -> Question[HolderFileView]:
    """What the registry holds of a person."""
    return Question(HOLDERS, (where("ref", ref),))


def holder_files(refs: Sequence[UUID]) -> Keyed[UUID, HolderFileView]:
    """What the registry holds of persons, by their references."""
    return Keyed(Question(HOLDERS), (Compared(columns=("ref",)),), refs)


def restricted_among(refs: Collection[UUID]) -> Question[HolderFileView]:
    """Those of these holders whose data is kept and not processed."""
    return Question(HOLDERS, (where("ref", list(refs), Compare.ONE_OF), where("restricted", True)))


# ── events ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def events(which: AuditFilter, window: Window, *, newest_first: bool = False) -> Question[StoredRow]:
    """Events of all streams in the order of their positions, or the newest first; the key is (position,)."""
    return Question(EVENTS, holding(which), Order(("position",), newest_first), window)


def _meeting(which: CaseFilter, on: ReadOn | None, scope: Scope) -> tuple[Condition | Either | Beside, ...]:
    contested = _contested(scope) if which.contested else ()
    if which.deadline is None:
        return (*holding(which), *contested)
    if on is None:
        raise TypeError("a question about deadlines says on which day they are read")
    return (*holding(which), _standing(which.deadline, on), *contested)


def _contested(scope: Scope) -> tuple[Condition | Beside, ...]:
    """The rows whose warnings somebody sees, and that bear one of a contested certificate; the rules are ``warnings.is_warned`` and
    ``warnings_of``. Who answers for no authority's cases, or for all of them alike, is warned of nothing.
    """
    live = where("status", sorted(set(CaseStatus) - GONE), Compare.ONE_OF)
    office = frozenset() if scope.everything else scope.authorities
    return (
        where("authority_code", sorted(office), Compare.ONE_OF),
        *(() if scope.subject is None else (where("submitted_by", scope.subject, Compare.IS_NOT),)),
        *(() if scope.holder_ref is None else (where("holder_ref", scope.holder_ref, Compare.IS_NOT),)),
        Beside(Question(CASES, (live,), scope=Scope(everything=True)), "claim_id", "case_id"),
    )


def _standing(state: DeadlineState, on: ReadOn) -> Condition | Either:
    """The rows with a clock in a state, by the columns of ``CaseView``; the rule is ``domain.clocks.Deadline.state``."""
    match state:
        case DeadlineState.OVERDUE:
            return where("due_first", on.day, Compare.BELOW)
        case DeadlineState.DUE_SOON:
            return Either(
                tuple(
                    (where(column, on.day, Compare.LEAST), where(column, on.soon_before, Compare.BELOW))
                    for column in ("due_first", "due_last", "review_until")
                )
            )
        case DeadlineState.RUNNING:
            return Either(
                tuple((where(column, on.soon_before, Compare.LEAST),) for column in ("due_last", "review_until"))
            )
        case _:
            return where(f"deadline_{state.value.lower()}", True)


def _in_version(version: VersionKey) -> tuple[Condition, ...]:
    code, number = version
    return where("catalog_code", code), Condition(_SPAN, Compare.WITHIN, number)
