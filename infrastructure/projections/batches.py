"""One batch of events into rows: the step that the live runner, a rebuild and a check have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent

from application.projections.projection import Projection, Projector, Stream
from domain.base import Event
from infrastructure.locks import PROJECTING, of_projection
from infrastructure.mapper import EventMapper
from infrastructure.postgres.recorder import TailedEvent
from infrastructure.projections.errors import ProjectionFailure, RebuildDueError
from infrastructure.projections.rows import PostgresRows
from infrastructure.projections.schema import shape
from infrastructure.quarantine import first_set_aside

CHANNEL: Final = "registry_projected"
"""Notified with the position when rows up to it are committed."""

_TAIL: Final = (
    "SELECT position, originator_id, originator_version, topic, state FROM registry.events"
    " WHERE position > %s AND position <= %s ORDER BY position LIMIT %s"
)
_STREAMS: Final = (
    "SELECT originator_id, originator_version, topic, state FROM registry.events"
    " WHERE originator_id = ANY(%s) AND position < %s ORDER BY originator_id, originator_version"
)
_NO_LIMIT: Final = 2**63 - 1


def read_events(
    connection: psycopg.Connection[Any], after: int, limit: int, until: int = _NO_LIMIT
) -> list[TailedEvent]:
    """The next events after a position and up to another, in position order, at most ``limit``."""
    with connection.cursor(binary=True) as cursor:
        return [TailedEvent._make(row) for row in cursor.execute(_TAIL, (after, until, limit))]


def stream_before(connection: psycopg.Connection[Any], mapper: EventMapper) -> Stream:
    """What a projector reads one stream by, over the connection of its transaction."""

    def stream(stream_id: UUID, position: int) -> Iterable[Event]:
        return _streams_before(connection, mapper, [stream_id], position)

    return stream


def _streams_before(
    connection: psycopg.Connection[Any], mapper: EventMapper, stream_ids: Sequence[UUID], position: int
) -> list[Event]:
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_STREAMS, (stream_ids, position)).fetchall()
    set_aside = first_set_aside(connection)
    return mapper.sealed_events([StoredEvent(*row) for row in rows if not _is_set_aside(row[0], row[1], set_aside)])


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in position order, decoded once for every projection that takes them in; ``stored`` says where they stand."""

    stored: Sequence[TailedEvent]
    places: Sequence[int]
    events: Sequence[Event]

    @classmethod
    def decoded(cls, stored: Sequence[TailedEvent], mapper: EventMapper, connection: psycopg.Connection[Any]) -> Self:
        """Decode events; those from a quarantined one on are passed over in its stream. Raises ``ProjectionFailure``."""
        set_aside = first_set_aside(connection)
        places = [n for n, each in enumerate(stored) if not _is_set_aside(each.stream_id, each.version, set_aside)]
        return cls(stored, places, _decode(stored, places, mapper))


def project_batch(batch: Batch, mapper: EventMapper, projector: Projector, rows: PostgresRows) -> None:
    """Put what events do to the rows. Raises ``ProjectionFailure`` for the first that cannot be projected.

    An error of the database is raised as it is.
    """
    rows.fetch(projector.keys_needed(batch.events))
    if unknown := list(projector.unknown_streams(batch.events)):
        projector.remember(_streams_before(rows.connection, mapper, unknown, batch.stored[0].position))
    index = 0
    try:
        for index, event in zip(batch.places, batch.events, strict=True):
            projector.project(event, batch.stored[index].position, rows)
    except psycopg.Error:
        raise
    except Exception as error:
        raise ProjectionFailure(batch.stored[index].position, batch.stored[index].topic, index, error) from error


class LiveProjection:
    """The live tables of a projection, filled batch by batch over one connection of the application's role (autocommit)."""

    def __init__(self, connection: psycopg.Connection[Any], mapper: EventMapper, projection: Projection) -> None:
        self._connection = connection
        self._mapper = mapper
        self._projection = projection
        self._shape = shape(projection)
        self._projector = projection.projector(stream_before(connection, mapper))
        self._position: int | None = None
        self._prepared = False

    def step(self, limit: int) -> int:
        """Project the next events, at most ``limit``, in one transaction; answers how many.

        Exactly once whoever else does the same: rows and position are committed together, and read under the lock that
        every such transaction takes. Raises ``ProjectionFailure``, ``RebuildDueError`` or an error of psycopg; then
        nothing is stored.
        """
        try:
            with self._connection.transaction():
                return self._step(limit)
        except BaseException:
            self._position = None
            self._prepared = False
            raise

    def _step(self, limit: int) -> int:
        connection, projection = self._connection, self._projection
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [of_projection(PROJECTING, projection.name)])
        row = connection.execute(
            "SELECT position, shape, error FROM registry.projection_positions WHERE name = %s", [projection.name]
        ).fetchone()
        if row is None or row[1] != self._shape:
            raise RebuildDueError
        position, _, error = row
        if position != self._position:
            self._projector.forget()
        self._position = position
        stored = read_events(connection, position, limit)
        if stored:
            if not self._prepared:
                PostgresRows.prepare(connection, projection.schema, projection.tables)
                self._prepared = True
            rows = PostgresRows(connection, projection.schema)
            project_batch(Batch.decoded(stored, self._mapper, connection), self._mapper, self._projector, rows)
            rows.flush()
            self._position = stored[-1].position
        if stored or error is not None:
            connection.execute(
                "UPDATE registry.projection_positions SET position = %s, updated_at = now(), error = NULL,"
                " failed_at = NULL WHERE name = %s",
                [self._position, projection.name],
            )
            connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(self._position)])
        return len(stored)


def _decode(stored: Sequence[TailedEvent], places: Sequence[int], mapper: EventMapper) -> list[Event]:
    """The events at these places of a batch."""
    as_stored = [StoredEvent(*stored[place][1:]) for place in places]
    try:
        return mapper.sealed_events(as_stored)
    except Exception as of_one:
        # Whichever it was: one by one tells at which event.
        for place, each in zip(places, as_stored, strict=True):
            try:
                mapper.sealed_events([each])
            except Exception as error:
                raise ProjectionFailure(stored[place].position, stored[place].topic, place, error) from error
        raise ProjectionFailure(stored[0].position, stored[0].topic, 0, of_one) from of_one


def _is_set_aside(stream_id: UUID, version: int, set_aside: Mapping[UUID, int]) -> bool:
    return bool(set_aside) and version >= set_aside.get(stream_id, version + 1)
