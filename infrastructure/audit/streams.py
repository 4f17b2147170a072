"""The histories themselves: each stream read whole, its events decoded with their seals opened, and asked by every guard.

Streams come in the order of their identifiers, some thousand events at a time, so that the memory is the same however many
there are. What the guards cannot know of other streams is asked of them batch by batch (``infrastructure.audit.links``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent

from application.audit import Finding
from application.replay_audit import Replay
from domain.base import Aggregate, Event
from domain.guards import Circumstances
from domain.messages import Message, tell
from domain.streams import AGGREGATES
from infrastructure.mapper import EventMapper, StoredEventError

_COLUMNS: Final = "originator_id, originator_version, topic, state, position, recorded_at, actor_subject, actor_role, actor_authority, client"
_SLICE: Final = (
    f"SELECT {_COLUMNS} FROM registry.events WHERE originator_id BETWEEN %s AND %s AND position <= %s"  # noqa: S608 - our own names
    " ORDER BY originator_id, originator_version"
)
_NAMED: Final = (
    f"SELECT {_COLUMNS} FROM registry.events WHERE originator_id = ANY(%s) AND position <= %s"  # noqa: S608 - our own names
    " ORDER BY originator_id, originator_version"
)
AT_ONCE: Final = 4_000
"""Events that are decoded together; a longer stream is read whole all the same."""

_KINDS: Final = {kind: aggregate for aggregate in AGGREGATES for kind in aggregate.GUARDS}
_BY_NAME: Final = {aggregate.TOPIC: aggregate for aggregate in AGGREGATES}
_CODES: Final = {"seal-broken": "SEAL_BROKEN", "holder-key-missing": "KEY_MISSING"}

Rows = Iterator["AuditedRow"]


class AuditedRow(NamedTuple):
    """A row of the event table, whole."""

    stream_id: UUID
    version: int
    topic: str
    state: bytes
    position: int
    recorded_at: datetime | None
    actor_subject: str | None
    actor_role: str | None
    actor_authority: str | None
    client: str | None


@dataclass(slots=True)
class CheckedStream:
    """A stream after its events were asked: its kind, the state they lead to, where each stands, and the events."""

    stream_id: UUID
    kind: type[Aggregate]
    state: Any
    broken: bool
    positions: dict[int, int]
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Range:
    """Streams by their identifiers, the first and the last of them included."""

    first: UUID
    last: UUID

    @classmethod
    def part(cls, number: int, of: int) -> Range:
        """One of equal parts of all identifiers, from 0 on."""
        edges = (number * 2**128 // of, (number + 1) * 2**128 // of - 1)
        return cls(*(UUID(int=each) for each in edges))


def rows_of_range(connection: psycopg.Connection[Any], streams: Range, until: int) -> Rows:
    """Every event of these streams up to a position, stream by stream."""
    return _rows(connection, _SLICE, [streams.first, streams.last, until])


def rows_of_streams(connection: psycopg.Connection[Any], streams: Sequence[UUID], until: int) -> Rows:
    """Every event of these streams up to a position, stream by stream."""
    return _rows(connection, _NAMED, [list(streams), until])


def _rows(connection: psycopg.Connection[Any], statement: str, params: Sequence[Any]) -> Rows:
    with connection.transaction(), connection.cursor("audited", binary=True) as cursor:
        cursor.execute(statement.encode(), params)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from map(AuditedRow._make, rows)


def batches(rows: Rows) -> Iterator[list[list[AuditedRow]]]:
    """Whole streams, as many as have some thousand events together."""
    found: list[list[AuditedRow]] = []
    size = 0
    for _, stream in groupby(rows, key=lambda row: row.stream_id):
        found.append(list(stream))
        size += len(found[-1])
        if size >= AT_ONCE:
            yield found
            found, size = [], 0
    if found:
        yield found


class StreamCheck:
    """Asks streams, one after another; ``report`` is told of every finding."""

    def __init__(self, mapper: EventMapper, known: Circumstances, report: Callable[[Finding], None]) -> None:
        self._mapper, self._known, self._report = mapper, known, report

    def check(self, rows: Sequence[AuditedRow]) -> CheckedStream | None:
        """Ask every event of one stream. None where none of it can be read."""
        replay: Replay | None = None
        checked: CheckedStream | None = None
        last = 0
        for row in rows:
            if row.position < last:
                self._find(
                    row, "ORDER_REVERSED", "positions_in_order", tell("audit.order_reversed", version=row.version - 1)
                )
            last = row.position
            event = self._decoded(row)
            if event is None:
                if replay is not None:
                    replay.broken = True
                if checked is not None:
                    checked.broken = True
                return checked
            self._columns(row, event)
            if replay is None or checked is None:
                kind = _KINDS.get(type(event)) or _BY_NAME[row.topic.partition(".")[0]]
                replay = Replay(kind, self._known)
                checked = CheckedStream(row.stream_id, kind, None, False, {})
            self._ask(replay, row, event)
            checked.positions[row.version] = row.position
            checked.events.append(event)
            checked.state, checked.broken = replay.state, replay.broken
        return checked

    def _ask(self, replay: Replay, row: AuditedRow, event: Event) -> None:
        for each in replay.take(event):
            self._find(row, each.code, each.rule, each.said)

    def _decoded(self, row: AuditedRow) -> Event | None:
        try:
            return self._mapper.to_domain_event(StoredEvent(row.stream_id, row.version, row.topic, row.state))
        except StoredEventError as unreadable:
            code = _CODES.get(unreadable.code, "UNREADABLE")
        said = {
            "SEAL_BROKEN": tell("audit.seal_broken", topic=row.topic),
            "KEY_MISSING": tell("audit.key_missing", topic=row.topic),
            "UNREADABLE": tell("audit.unreadable", topic=row.topic),
        }
        self._find(row, code, "events_can_be_read", said[code])
        return None

    def _columns(self, row: AuditedRow, event: Event) -> None:
        """Whether the columns repeat what the event says."""
        by = event.by
        actor = by.actor
        if (
            row.recorded_at == event.timestamp
            and row.actor_subject == actor.subject
            and row.actor_role == actor.role
            and row.actor_authority == actor.authority_code
            and row.client == by.client
        ):
            return
        stated = {
            "recorded_at": event.timestamp,
            "actor_subject": actor.subject,
            "actor_role": actor.role.value,
            "actor_authority": actor.authority_code,
            "client": by.client,
        }
        for column, value in stated.items():
            if getattr(row, column) != value:
                said = tell("audit.column_differs", column=column)
                self._find(row, "COLUMN_DIFFERS", "columns_repeat_the_event", said)

    def _find(self, row: AuditedRow, code: str, rule: str, said: Message) -> None:
        self._report(Finding(code, rule, said, row.stream_id, row.version, row.position))
