"""The read side: every question one SQL statement on the projected tables, over a pool of asynchronous connections.

Scope is part of the statement, so a row outside it is never fetched. History comes from the event table itself; decoding,
which may ask for holders' keys, runs beside the event loop. A total costs a statement of its own, only where it is selected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from uuid import UUID

from anyio import to_thread
from eventsourcing.persistence import StoredEvent
from psycopg_pool import AsyncConnectionPool

from application.asking import Compared, Drawn, Grouped, K, Keyed, Order, Page, Question
from application.folding import audit_event
from application.ports import EventUnreadable
from application.projections.all import PROJECTIONS, projections_of
from application.projections.projection import Table
from application.queries import AuditEvent, Positioned
from application.questions import EVENTS, StoredRow
from application.views import ActorView, AuditEventView, StatusView
from domain.base import Event
from domain.values import Role
from infrastructure.log.reading import LOG_SIZE
from infrastructure.mapper import EventMapper
from infrastructure.postgres.pools import read_rows
from infrastructure.projections.positions import PROJECTED, wait_for
from infrastructure.questions_sql import (
    Statement,
    count_statement,
    drawn_statement,
    grouped_statement,
    keyed_statement,
    rows_statement,
)

V = TypeVar("V")
_STATUS = (
    "SELECT coalesce((SELECT max(position) FROM registry.events), 0), p.position,"
    f" (SELECT count(*) FROM registry.events AS e WHERE e.position > p.position), ({LOG_SIZE}),"
    " (SELECT max(made_at) FROM registry.backups)"
    f" FROM ({PROJECTED}) AS p (position)"
)


class PostgresReads:
    """Answers ``application.queries.Reads`` from PostgreSQL, while it is entered (``async with``); once, since a closed pool stays closed."""

    def __init__(self, pool: AsyncConnectionPool[Any], mapper: EventMapper, *, patience: float = 5.0) -> None:
        self._pool = pool
        self._mapper = mapper
        self._patience = patience

    @property
    def pool(self) -> AsyncConnectionPool[Any]:
        """The connections over which it reads."""
        return self._pool

    async def __aenter__(self) -> Self:
        """Open the pool, in the event loop that will read."""
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._pool.close()

    async def rows(self, question: Question[V]) -> Sequence[V]:
        """See ``Reads``."""
        return list(map(question.table.from_row, await self._rows(rows_statement(question), question.table)))

    async def page(self, question: Question[V]) -> Page[V]:
        """See ``Reads``."""
        if question.window is None:
            raise TypeError(f"the question about {question.table.name} asks for no page")
        views = await self.rows(question)
        total = await self.count(question) if question.window.count else None
        return Page.of(views, question.window, total)

    async def count(self, question: Question[Any]) -> int:
        """See ``Reads``."""
        [(count,)] = await self._rows(count_statement(question), question.table)
        return int(count)

    async def by_key(self, asked: Keyed[K, V]) -> Mapping[K, Sequence[V]]:
        """See ``Reads``."""
        found: dict[K, list[V]] = {}
        if asked.keys:
            from_row = asked.question.table.from_row
            for number, *row in await self._rows(keyed_statement(asked), asked.question.table):
                found.setdefault(asked.keys[number - 1], []).append(from_row(row))
        return found

    async def groups(self, asked: Grouped) -> Sequence[tuple[Any, ...]]:
        """See ``Reads``."""
        return await self._rows(grouped_statement(asked), asked.question.table)

    async def drawn(self, asked: Drawn[V]) -> Sequence[V]:
        """See ``Reads``."""
        return list(map(asked.question.table.from_row, await self._rows(drawn_statement(asked), asked.question.table)))

    async def wait_for(self, position: int, *tables: Table[Any]) -> None:
        """See ``Reads``; waits ``patience`` seconds at most."""
        await wait_for(self._pool, position, self._patience, _names(tables))

    async def status(self, *tables: Table[Any]) -> StatusView:
        """See ``Reads``."""
        [(head, projected, behind, logged, backup)] = await self._rows(Statement(_STATUS, [_names(tables)]))
        return StatusView(
            position=head,
            projected_position=projected,
            lag_events=behind,
            log_size=logged,
            last_backup_at=backup,
        )

    async def streams(
        self, stream_ids: Sequence[UUID], until: datetime | None = None
    ) -> Mapping[UUID, list[Positioned]]:
        """See ``Reads``."""
        in_order = Question(EVENTS, order=Order(("originator_id", "originator_version")))
        asked = Keyed(in_order, (Compared(columns=("originator_id",)),), stream_ids)
        rows = [row for some in (await self.by_key(asked)).values() for row in some]
        found: dict[UUID, list[Positioned]] = {}
        for event, row in zip(await self._decoded(rows), rows, strict=True):
            if until is None or event.recorded_at <= until:
                found.setdefault(event.originator_id, []).append(Positioned(event, row.position))
        return found

    async def audit_log(self, question: Question[StoredRow]) -> Page[AuditEvent]:
        """See ``Reads``. Asked of the event table itself, whose columns repeat the envelopes."""
        page = await self.page(question)
        found = await to_thread.run_sync(lambda: list(map(self._audited, page.rows)))
        return Page(found, has_previous=page.has_previous, has_next=page.has_next, total=page.total)

    async def _rows(self, made: Statement, *tables: Table[Any]) -> list[tuple[Any, ...]]:  # noqa: ARG002 - what is asked about matters to whoever chooses among servers
        return await read_rows(self._pool, made.text.encode(), made.params)

    def _audited(self, row: StoredRow) -> AuditEvent:
        try:
            [event] = self._mapper.sealed_events([_stored(row)])
        except EventUnreadable as unreadable:
            role = row.actor_role
            actor = ActorView(
                subject=row.actor_subject or "unknown",
                role=Role(role) if role in set(Role) else Role.SYSTEM,
                authority_code=row.actor_authority,
            )
            envelope = AuditEventView(
                position=row.position,
                stream_id=row.originator_id,
                stream_type=row.topic.partition(".")[0],
                version=row.originator_version,
                type=row.topic,
                recorded_at=row.recorded_at or datetime.fromtimestamp(0, UTC),
                actor=actor,
            )
            return AuditEvent(envelope, None, str(unreadable))
        return AuditEvent(audit_event(event, row.position), event)

    async def _decoded(self, rows: Sequence[StoredRow]) -> list[Event]:
        return await to_thread.run_sync(self._mapper.sealed_events, list(map(_stored, rows))) if rows else []


def _stored(row: StoredRow) -> StoredEvent:
    return StoredEvent(row.originator_id, row.originator_version, row.topic, bytes(row.state))


def _names(tables: Sequence[Table[Any]]) -> list[str]:
    return [each.name for each in (projections_of(tables) if tables else PROJECTIONS)]
