"""Events that cannot be read, set aside by an operator so that everything else goes on.

An event is never removed: it stays where it is, and what was decided about it stands in a table of its own, which only grows.
From a quarantined event on, its stream is not projected; ``projections status`` names it until a release reads it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent

from domain.messages import tell
from infrastructure.mapper import EventMapper, StoredEventError
from infrastructure.postgres.errors import DatabaseUnavailableError

_FIRST: Final = (
    "SELECT e.originator_id, min(e.originator_version) FROM registry.quarantine AS q"
    " JOIN registry.events AS e USING (position) GROUP BY e.originator_id"
)
_LIST: Final = (
    "SELECT q.position, e.originator_id, e.originator_version, e.topic, q.reason, q.operator, q.decided_at"
    " FROM registry.quarantine AS q JOIN registry.events AS e USING (position) ORDER BY q.position"
)


class NotToBeQuarantinedError(DatabaseUnavailableError):
    """An event is set aside only where it is there and cannot be read: nobody hides one that can."""

    code: ClassVar[str] = "not-to-be-quarantined"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An event that was set aside: where it stands, why, by whom and when."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    reason: str
    operator: str
    decided_at: datetime


def first_set_aside(connection: psycopg.Connection[Any]) -> Mapping[UUID, int]:
    """By stream, the version from which on it is not projected; one statement on a table that is all but empty."""
    return {UUID(str(stream)): version for stream, version in connection.execute(_FIRST.encode())}


def quarantined(connection: psycopg.Connection[Any]) -> list[Quarantined]:
    """Every event that was set aside, in order."""
    return [Quarantined(*row) for row in connection.execute(_LIST.encode())]


def set_aside_over(url: str, mapper: EventMapper, position: int, reason: str, by: str) -> str:
    """As ``set_aside``, over a connection of the owner's for this act alone."""
    with psycopg.connect(url) as connection:
        return set_aside(connection, mapper, position, reason, by)


def set_aside(connection: psycopg.Connection[Any], mapper: EventMapper, position: int, reason: str, by: str) -> str:
    """Record that an event which cannot be read is set aside; answers what is wrong with it. Again changes nothing.

    Raises ``NotToBeQuarantinedError`` where there is no such event, or one that can be read.
    """
    row = connection.execute(
        "SELECT originator_id, originator_version, topic, state FROM registry.events WHERE position = %s", [position]
    ).fetchone()
    if row is None:
        raise NotToBeQuarantinedError(tell("trouble.no_event_position", position=position))
    try:
        mapper.sealed_events([StoredEvent(*row)])
    except StoredEventError as unreadable:
        connection.execute(
            "INSERT INTO registry.quarantine (position, reason, operator) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [position, reason, by],
        )
        return str(unreadable)
    raise NotToBeQuarantinedError(tell("trouble.event_position_can_read", position=position))
