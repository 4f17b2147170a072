"""The read side: every question one SQL statement on the projected tables, over a pool of asynchronous connections.

Scope is part of the statement, so a row outside it is never fetched. History comes from the event table itself; decoding,
which may ask for holders' keys, runs beside the event loop. A total costs a statement of its own, only where it is selected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Self, TypeVar
from uuid import UUID

from anyio import to_thread
from eventsourcing.persistence import StoredEvent
from psycopg_pool import AsyncConnectionPool

from application.access import Scope
from application.folding import audit_event
from application.ports import EventUnreadable
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
    Table,
)
from application.queries import (
    AliasFilter,
    AuditEvent,
    AuditFilter,
    CaseFilter,
    EntryFilter,
    EntryKey,
    Page,
    Positioned,
    TitleFilter,
    VersionKey,
    Window,
)
from application.views import (
    ActorView,
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
from domain.identifiers import normalised_case_number
from domain.values import AliasKind, CaseStatus, Role
from infrastructure.mapper import EventMapper
from infrastructure.postgres.pools import read_rows
from infrastructure.projections.positions import SCHEMA, projected_position, wait_for

V = TypeVar("V")
_OPEN: Final = [CaseStatus.SUBMITTED.value, CaseStatus.MATCHED.value, CaseStatus.SUPPLEMENT_REQUESTED.value]
_EVENT: Final = "originator_id, originator_version, topic, state, position"


@dataclass
class _Where:
    """Conditions that must all hold, each a fixed text with its parameters."""

    texts: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)

    def add(self, text: str, *params: Any) -> None:
        self.texts.append(text)
        self.params.extend(params)

    def add_if(self, value: Any, text: str) -> None:
        if value is not None:
            self.add(text, value)

    @property
    def sql(self) -> str:
        return " AND ".join(f"({text})" for text in self.texts) or "true"


@dataclass(frozen=True, slots=True)
class _Order:
    """What a list is ordered by: columns that together tell rows apart, with their types, all in one direction."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    descending: bool = False

    def sql(self, window: Window) -> str:
        """The order in which a window is read."""
        direction = " DESC" if self.descending != window.backward else ""
        return ", ".join(f"{column}{direction}" for column in self.columns)

    def bound(self, where: _Where, window: Window) -> None:
        """Leave what lies between a window's keys."""
        for key, sign in (
            (window.after, "<" if self.descending else ">"),
            (window.before, ">" if self.descending else "<"),
        ):
            if key is not None:
                values = ", ".join(f"%s::{each}" for each in self.types)
                where.add(f"({', '.join(self.columns)}) {sign} ({values})", *key)


class PostgresReads:
    """Answers ``application.queries.Reads`` from PostgreSQL, while it is entered (``async with``); once, since a closed pool stays closed."""

    def __init__(self, pool: AsyncConnectionPool[Any], mapper: EventMapper, *, patience: float = 5.0) -> None:
        self._pool = pool
        self._mapper = mapper
        self._patience = patience

    async def __aenter__(self) -> Self:
        """Open the pool, in the event loop that will read."""
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._pool.close()

    async def wait_for(self, position: int) -> None:
        """See ``Reads``; waits ``patience`` seconds at most."""
        await wait_for(self._pool, position, self._patience)

    async def status(self) -> StatusView:
        """See ``Reads``."""
        [(head, projected, behind)] = await self._rows(
            f"SELECT coalesce((SELECT max(position) FROM registry.events), 0), p.position,"
            f" (SELECT count(*) FROM registry.events AS e WHERE e.position > p.position)"
            f" FROM ({projected_position()}) AS p (position)"
        )
        return StatusView(position=head, projected_position=projected, lag_events=behind, log_size=0)

    # ── the catalog ───────────────────────────────────────────────────────────────────────────────────────────────
    async def catalogs(self) -> Sequence[CatalogView]:
        """See ``Reads``."""
        return await self._views(CATALOGS, "true ORDER BY position")

    async def versions(self, codes: Sequence[str]) -> Mapping[str, Sequence[VersionView]]:
        """See ``Reads``."""
        found: dict[str, list[VersionView]] = {}
        for view in await self._views(CATALOG_VERSIONS, "catalog_code = ANY(%s) ORDER BY number", list(codes)):
            found.setdefault(view.catalog_code, []).append(view)
        return found

    async def versions_by_key(self, keys: Sequence[VersionKey]) -> Mapping[VersionKey, VersionView]:
        """See ``Reads``."""
        views = await self._views(
            CATALOG_VERSIONS,
            "(catalog_code, number) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))",
            [code for code, _ in keys],
            [number for _, number in keys],
        )
        return {(view.catalog_code, view.number): view for view in views}

    async def entries_by_key(self, keys: Sequence[EntryKey]) -> Mapping[EntryKey, EntryView]:
        """See ``Reads``."""
        columns = ", ".join(f"e.{name}" for name in CATALOG_ENTRIES.column_names)
        rows = await self._rows(
            f"SELECT k.version, {columns} FROM unnest(%s::text[], %s::integer[], %s::integer[])"
            f" AS k (code, version, number) JOIN {SCHEMA}.catalog_entries AS e"
            " ON e.catalog_code = k.code AND e.number = k.number AND e.from_version <= k.version"
            " AND (e.until_version IS NULL OR k.version < e.until_version)",
            [code for code, _, _ in keys],
            [version for _, version, _ in keys],
            [number for _, _, number in keys],
        )
        found = {}
        for version, *row in rows:
            view = CATALOG_ENTRIES.from_row(row)
            found[view.catalog_code, version, view.number] = view
        return found

    async def entries(self, version: VersionKey, which: EntryFilter, window: Window) -> Page[EntryView]:
        """See ``Reads``."""
        code, number = version
        where = _Where()
        where.add("catalog_code = %s AND from_version <= %s", code, number)
        where.add("until_version IS NULL OR %s < until_version", number)
        where.add_if(
            which.search,
            "strpos(lower(concat_ws(' ', qualification_name, translated_name, issuing_body)), lower(%s)) > 0",
        )
        where.add_if(which.field, r"%s = ANY (field || regexp_split_to_array(field, '\s*[、，,；;/]\s*'))")
        where.add_if(which.title, "awards @> jsonb_build_array(jsonb_build_object('title', %s::text))")
        return await self._page(CATALOG_ENTRIES, where, window, _Order(("number",), ("integer",)))

    async def aliases(self, version: VersionKey, which: AliasFilter, window: Window) -> Page[AliasView]:
        """See ``Reads``."""
        code, number = version
        where = _Where()
        where.add("catalog_code = %s AND from_version <= %s", code, number)
        where.add("until_version IS NULL OR %s < until_version", number)
        where.add_if(which.kind.value if which.kind else None, "kind = %s")
        where.add_if(which.search, "strpos(lower(text), lower(%s)) > 0")
        where.add_if(which.entry_number, "numbers @> to_jsonb(%s::integer)")
        if which.unlisted:
            where.add(
                "kind = %s AND NOT EXISTS (SELECT FROM jsonb_array_elements(t.numbers) AS n WHERE n::integer = ANY(ARRAY("
                f"SELECT e.number FROM {SCHEMA}.catalog_entries AS e WHERE e.catalog_code = %s AND e.from_version <= %s"
                " AND (e.until_version IS NULL OR %s < e.until_version))))",
                AliasKind.QUALIFICATION.value,
                code,
                number,
                number,
            )
        return await self._page(CATALOG_ALIASES, where, window, _Order(("place",), ("integer",)))

    async def entry_history(self, code: str, number: int) -> Sequence[EntryView]:
        """See ``Reads``."""
        return await self._views(
            CATALOG_ENTRIES, "catalog_code = %s AND number = %s ORDER BY from_version", code, number
        )

    async def amendment(self, amendment_id: UUID) -> AmendmentView | None:
        """See ``Reads``."""
        return _first(await self._views(AMENDMENTS, "amendment_id = %s", amendment_id))

    async def amendments(self, code: str) -> Sequence[AmendmentView]:
        """See ``Reads``."""
        return await self._views(AMENDMENTS, "catalog_code = %s ORDER BY proposed_at DESC, amendment_id", code)

    async def version_in_force(self, code: str, on: date, known_at: datetime | None) -> VersionView | None:
        """See ``Reads``; the rule is ``domain.catalog.timeline.version_in_force``."""
        where = "catalog_code = %s AND effective_from <= %s AND (%s::timestamptz IS NULL OR issued_at <= %s)"
        found = _first(
            await self._views(CATALOG_VERSIONS, f"{where} ORDER BY number DESC LIMIT 1", code, on, known_at, known_at)
        )
        ended = found is not None and found.ends_on is not None and found.ends_on < on
        return None if ended else found

    async def catalog_proposals(self) -> Sequence[CatalogProposalView]:
        """See ``Reads``."""
        return await self._views(CATALOG_PROPOSALS, "true ORDER BY proposed_at DESC, proposal_id")

    async def catalog_proposal(self, proposal_id: UUID) -> CatalogProposalView | None:
        """See ``Reads``."""
        return _first(await self._views(CATALOG_PROPOSALS, "proposal_id = %s", proposal_id))

    async def impact(self, code: str, numbers: Sequence[int], *, every_pending: bool) -> tuple[int, int]:
        """See ``Reads``."""
        [(pending, titles)] = await self._rows(
            f"SELECT (SELECT count(*) FROM {SCHEMA}.cases WHERE status = ANY(%s) AND catalog_code = %s"
            f" AND (%s OR entry_number = ANY(%s))),"
            f" (SELECT count(*) FROM {SCHEMA}.titles WHERE status = 'CURRENT' AND catalog_code = %s"
            f" AND entry_number = ANY(%s))",
            _OPEN,
            code,
            every_pending,
            list(numbers),
            code,
            list(numbers),
        )
        return pending, titles

    # ── cases and titles ──────────────────────────────────────────────────────────────────────────────────────────
    async def case(self, case_id: UUID | None, case_number: str | None, scope: Scope) -> CaseView | None:
        """See ``Reads``."""
        where = _in(scope)
        where.add_if(case_id, "case_id = %s")
        where.add_if(case_number and normalised_case_number(case_number), "case_number = %s")
        return _first(await self._views(CASES, f"{where.sql} LIMIT 1", *where.params))

    async def cases(self, which: CaseFilter, window: Window, scope: Scope) -> Page[CaseView]:
        """See ``Reads``."""
        where = _in(scope)
        where.add_if([each.value for each in which.status] if which.status is not None else None, "status = ANY(%s)")
        where.add_if(which.authority_code, "authority_code = %s")
        where.add_if(which.submitted_from, "submitted_at >= %s")
        where.add_if(which.submitted_to, "submitted_at < %s")
        newest = _Order(("submitted_at", "case_id"), ("timestamptz", "uuid"), descending=True)
        return await self._page(CASES, where, window, newest)

    async def cases_of(self, holder_ref: UUID, scope: Scope) -> Sequence[CaseView]:
        """See ``Reads``."""
        where = _in(scope)
        where.add("holder_ref = %s", holder_ref)
        return await self._views(CASES, f"{where.sql} ORDER BY submitted_at, case_id", *where.params)

    async def titles_of(self, holder_ref: UUID, scope: Scope) -> Sequence[TitleView]:
        """See ``Reads``."""
        where = _in(scope)
        where.add("holder_ref = %s", holder_ref)
        return await self._views(TITLES, f"{where.sql} ORDER BY recognized_on, title_id", *where.params)

    async def titles_of_cases(self, case_ids: Sequence[UUID]) -> Mapping[UUID, TitleView]:
        """See ``Reads``."""
        views = await self._views(TITLES, "case_id = ANY(%s)", list(case_ids))
        return {view.case_id: view for view in views}

    async def cases_by_id(self, case_ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, CaseView]:
        """See ``Reads``."""
        where = _in(scope)
        where.add("case_id = ANY(%s)", list(case_ids))
        return {view.case_id: view for view in await self._views(CASES, where.sql, *where.params)}

    async def titles_by_id(self, title_ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, TitleView]:
        """See ``Reads``."""
        where = _in(scope)
        where.add("title_id = ANY(%s)", list(title_ids))
        return {view.title_id: view for view in await self._views(TITLES, where.sql, *where.params)}

    async def titles(self, which: TitleFilter, window: Window, scope: Scope) -> Page[TitleView]:
        """See ``Reads``."""
        where = _in(scope)
        where.add_if(which.field, "field = %s")
        where.add_if(which.title, "title = %s")
        where.add_if(which.status.value if which.status else None, "status = %s")
        where.add_if(which.authority_code, "authority_code = %s")
        where.add_if(which.recognized_from, "recognized_on >= %s")
        where.add_if(which.recognized_to, "recognized_on <= %s")
        newest = _Order(("recognized_on", "title_id"), ("date", "uuid"), descending=True)
        return await self._page(TITLES, where, window, newest)

    async def integrity_records(self, case_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[IntegrityRecordView]]:
        """See ``Reads``."""
        found: dict[UUID, list[IntegrityRecordView]] = {}
        for view in await self._views(INTEGRITY_RECORDS, "case_id = ANY(%s) ORDER BY filed_on", list(case_ids)):
            found.setdefault(view.case_id, []).append(view)
        return found

    async def holder(self, ref: UUID) -> HolderFileView | None:
        """See ``Reads``."""
        return _first(await self._views(HOLDERS, "ref = %s", ref))

    async def restricted(self, refs: Collection[UUID]) -> frozenset[UUID]:
        """See ``Reads``."""
        rows = await self._rows(f"SELECT ref FROM {SCHEMA}.holders WHERE ref = ANY(%s) AND restricted", list(refs))
        return frozenset(ref for (ref,) in rows)

    # ── events ────────────────────────────────────────────────────────────────────────────────────────────────────
    async def streams(
        self, stream_ids: Sequence[UUID], until: datetime | None = None
    ) -> Mapping[UUID, list[Positioned]]:
        """See ``Reads``."""
        rows = await self._rows(
            f"SELECT {_EVENT} FROM registry.events WHERE originator_id = ANY(%s)"
            " ORDER BY originator_id, originator_version",
            list(stream_ids),
        )
        found: dict[UUID, list[Positioned]] = {}
        for event, row in zip(await self._decoded(rows), rows, strict=True):
            if until is None or event.recorded_at <= until:
                found.setdefault(event.originator_id, []).append(Positioned(event, row[4]))
        return found

    async def audit_log(self, which: AuditFilter, window: Window, *, newest_first: bool = False) -> Page[AuditEvent]:
        """See ``Reads``. Asked of the event table itself, whose columns repeat the envelopes."""
        where = _Where()
        where.add_if(list(which.types) if which.types is not None else None, "topic = ANY(%s)")
        where.add_if(which.stream_id, "originator_id = %s")
        where.add_if(which.actor, "actor_subject = %s")
        where.add_if(which.recorded_from, "recorded_at >= %s")
        where.add_if(which.recorded_to, "recorded_at < %s")
        seek, order = _Where(list(where.texts), list(where.params)), _Order(("position",), ("bigint",), newest_first)
        order.bound(seek, window)
        rows = await self._rows(
            f"SELECT {_EVENT}, recorded_at, actor_subject, actor_role, actor_authority FROM registry.events"
            f" WHERE {seek.sql} ORDER BY {order.sql(window)} LIMIT %s",
            *seek.params,
            window.size + 1,
        )
        page = Page.of(rows, window)
        found = await to_thread.run_sync(lambda: list(map(self._audited, page.rows)))
        total = None
        if window.count:
            [(total,)] = await self._rows(f"SELECT count(*) FROM registry.events WHERE {where.sql}", *where.params)
        return Page(found, has_previous=page.has_previous, has_next=page.has_next, total=total)

    # ── what all of them share ────────────────────────────────────────────────────────────────────────────────────
    async def _page(self, table: Table[V], where: _Where, window: Window, order: _Order) -> Page[V]:
        seek = _Where(list(where.texts), list(where.params))
        order.bound(seek, window)
        ordered = f"{seek.sql} ORDER BY {order.sql(window)} LIMIT %s"
        views = await self._views(table, ordered, *seek.params, window.size + 1)
        total = None
        if window.count:
            [(total,)] = await self._rows(
                f"SELECT count(*) FROM {SCHEMA}.{table.name} AS t WHERE {where.sql}", *where.params
            )
        return Page.of(views, window, total)

    async def _views(self, table: Table[V], where: str, *params: Any) -> list[V]:
        rows = await self._rows(f"SELECT {table.select_list} FROM {SCHEMA}.{table.name} AS t WHERE {where}", *params)
        return [table.from_row(row) for row in rows]

    async def _rows(self, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        return await read_rows(self._pool, statement.encode(), params)

    def _audited(self, row: Sequence[Any]) -> AuditEvent:
        stream_id, version, topic, state, position, recorded_at, subject, role, authority = row
        try:
            [event] = self._mapper.sealed_events([StoredEvent(stream_id, version, topic, bytes(state))])
        except EventUnreadable as unreadable:
            actor = ActorView(
                subject=subject or "unknown",
                role=Role(role) if role in set(Role) else Role.SYSTEM,
                authority_code=authority,
            )
            envelope = AuditEventView(
                position=position,
                stream_id=stream_id,
                stream_type=topic.partition(".")[0],
                version=version,
                type=topic,
                recorded_at=recorded_at or datetime.fromtimestamp(0, UTC),
                actor=actor,
            )
            return AuditEvent(envelope, None, str(unreadable))
        return AuditEvent(audit_event(event, position), event)

    async def _decoded(self, rows: Sequence[Sequence[Any]]) -> list[Event]:
        stored = [StoredEvent(row[0], row[1], row[2], bytes(row[3])) for row in rows]
        return await to_thread.run_sync(self._mapper.sealed_events, stored) if stored else []


def _in(scope: Scope) -> _Where:
    """The rows of ``cases`` or ``titles`` within a scope, as ``application.access.sees`` has it."""
    where = _Where()
    if not scope.everything:
        where.add(
            "authority_code = ANY(%s) OR submitted_by = %s OR holder_ref = %s",
            sorted(scope.authorities),
            scope.subject,
            scope.holder_ref,
        )
    if not scope.restricted:
        where.add("NOT holder_restricted")
    return where


def _first(views: Sequence[V]) -> V | None:
    return views[0] if views else None
