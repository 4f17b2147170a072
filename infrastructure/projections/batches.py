"""One batch of events into rows: the step that the live runner, a rebuild and a check have in common."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import psycopg

from application.projections.projection import Projection, Projector, Recorded, Stream
from application.projections.states import CASE_TOPICS, CaseStates
from domain.holder import Holder
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

    def stream(stream_id: UUID, position: int) -> Iterable[Recorded]:
        return _streams_before(connection, mapper, [stream_id], position)

    return stream


def _streams_before(
    connection: psycopg.Connection[Any], mapper: EventMapper, stream_ids: Sequence[UUID], position: int
) -> list[Recorded]:
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_STREAMS, (stream_ids, position)).fetchall()
    set_aside = first_set_aside(connection)
    return [mapper.sealed_record(*row) for row in rows if not _is_set_aside(row[0], row[1], set_aside)]


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in position order, decoded once for every projection that takes them in; ``stored`` says where they stand.

    ``cases`` are what their cases come to; at ``failed`` is the first event that those before it cannot have led to.
    """

    stored: Sequence[TailedEvent]
    places: Sequence[int]
    events: Sequence[Recorded]
    cases: CaseStates
    failed: ProjectionFailure | None

    @classmethod
    def decoded(
        cls, stored: Sequence[TailedEvent], mapper: EventMapper, connection: psycopg.Connection[Any], cases: CaseStates
    ) -> Self:
        """Decode events and fold those of cases; those from a quarantined one on are passed over in its stream.

        Raises ``ProjectionFailure`` for one that cannot be decoded.
        """
        set_aside = first_set_aside(connection)
        places = [n for n, each in enumerate(stored) if not _is_set_aside(each.stream_id, each.version, set_aside)]
        events = _decode(stored, places, mapper)
        cases.done()
        if unknown := cases.unknown(events):
            cases.remember(_streams_before(connection, mapper, unknown, stored[0].position))
        return cls(stored, places, events, cases, _folded(stored, places, events, cases))


def _folded(
    stored: Sequence[TailedEvent], places: Sequence[int], events: Sequence[Recorded], cases: CaseStates
) -> ProjectionFailure | None:
    for place, event in zip(places, events, strict=True):
        try:
            if event.TOPIC in CASE_TOPICS:
                cases.take_in(event, stored[place].position)
            elif event.TOPIC == Holder.Erased.TOPIC:
                cases.forget_holder(event.holder_ref)
        except psycopg.Error:
            raise
        except Exception as error:  # noqa: BLE001 - told when the events before it are projected
            return _failure(stored, stored[place].position, error)
    return None


def project_batch(batch: Batch, projector: Projector, rows: PostgresRows) -> None:
    """Put what events do to the rows. Raises ``ProjectionFailure`` for the first that cannot be projected.

    An error of the database is raised as it is.
    """
    rows.fetch(projector.keys_needed(batch.events, batch.cases.touched))
    position = 0
    try:
        for place, event in zip(batch.places, batch.events, strict=True):
            if batch.failed is not None and place >= batch.failed.index:
                break
            position = batch.stored[place].position
            projector.project(event, position, rows)
        if batch.failed is None:
            for position in projector.settle(batch.cases.touched, rows):  # noqa: B007 - where a failure is
                pass
    except psycopg.Error:
        raise
    except Exception as error:
        raise _failure(batch.stored, position, error) from error
    if batch.failed is not None:
        raise batch.failed


def _failure(stored: Sequence[TailedEvent], position: int, error: Exception) -> ProjectionFailure:
    index = bisect_left(stored, position, key=lambda each: each.position)
    failure = ProjectionFailure(position, stored[index].topic, index, error)
    failure.__cause__ = error
    return failure


class LiveProjection:
    """The live tables of a projection, filled batch by batch over one connection of the application's role (autocommit)."""

    def __init__(self, connection: psycopg.Connection[Any], mapper: EventMapper, projection: Projection) -> None:
        self._connection = connection
        self._mapper = mapper
        self._projection = projection
        self._shape = shape(projection)
        stream = stream_before(connection, mapper)
        self._projector, self._cases = projection.projector(stream), CaseStates(stream)
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
            self._cases.forget()
        self._position = position
        stored = read_events(connection, position, limit)
        if stored:
            if not self._prepared:
                PostgresRows.prepare(connection, projection.schema, projection.tables)
                self._prepared = True
            rows = PostgresRows(connection, projection.schema)
            project_batch(Batch.decoded(stored, self._mapper, connection, self._cases), self._projector, rows)
            rows.flush()
            self._cases.done()
            self._position = stored[-1].position
        if stored or error is not None:
            connection.execute(
                "UPDATE registry.projection_positions SET position = %s, updated_at = now(), error = NULL,"
                " failed_at = NULL WHERE name = %s",
                [self._position, projection.name],
            )
            connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(self._position)])
        return len(stored)


def _decode(stored: Sequence[TailedEvent], places: Sequence[int], mapper: EventMapper) -> list[Recorded]:
    """The events at these places of a batch."""
    found = []
    for place in places:
        position, stream_id, version, topic, state = stored[place]
        try:
            found.append(mapper.sealed_record(stream_id, version, topic, state))
        except Exception as error:
            raise ProjectionFailure(position, topic, place, error) from error
    return found


def _is_set_aside(stream_id: UUID, version: int, set_aside: Mapping[UUID, int]) -> bool:
    return bool(set_aside) and version >= set_aside.get(stream_id, version + 1)
