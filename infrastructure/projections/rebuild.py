"""Rebuilding the read model beside the live one, and checking the live one against the events.

A rebuild fills ``read_model_next`` by the same rules, compares it with the live tables at one and the same position, and
puts it in their place in one transaction. What a crash leaves behind: before that transaction, tables nobody reads,
which the next run drops; after it, the replaced tables, likewise. The live tables are read throughout.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from application.projections.registry import RegistryProjector
from application.projections.tables import PROJECTION, TABLES, Key, Table
from infrastructure.locks import PROJECTING, REBUILD
from infrastructure.mapper import EventMapper
from infrastructure.projections.batches import CHANNEL, project_batch, read_events, stream_before
from infrastructure.projections.compare import Comparison, compare, differing_keys, digests
from infrastructure.projections.errors import RebuildRunningError
from infrastructure.projections.rows import PostgresRows
from infrastructure.projections.schema import (
    NEXT,
    OLD,
    SCHEMA,
    DatabaseUrls,
    ensure_read_model,
    ensure_read_model_exists,
    index_statements,
    shape,
    stored_shape,
    table_statements,
)

MOST_EVENTS: Final = 10_000
_PATIENCE: Final = "2s"

Progress = Callable[[int, int], None]
"""Told the position reached and the position aimed at, after each batch."""


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild did. ``comparisons`` is None where the live tables had another shape and could not be compared."""

    position: int
    events: int
    seconds: float
    compared_at: int
    comparisons: tuple[Comparison, ...] | None
    swapped: bool

    @property
    def differences(self) -> tuple[Comparison, ...]:
        """The tables whose live rows were not what the events say."""
        return tuple(each for each in self.comparisons or () if each.differs)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Whether the live tables are what the events say, at ``position``; with up to ten keys of each that is not."""

    position: int
    comparisons: tuple[Comparison, ...]
    differing_keys: Mapping[str, tuple[Key, ...]]

    @property
    def is_complete(self) -> bool:
        """Whether every table is."""
        return not any(each.differs for each in self.comparisons)


def rebuild(
    database: DatabaseUrls, mapper: EventMapper, progress: Progress | None = None, *, swap: bool = True
) -> RebuildReport:
    """Fold all events anew and put the result in place of the live tables, also where the two differ: events are the truth.

    Without ``swap`` nothing is changed. Raises ``RebuildRunningError``, and ``ProjectionFailure`` for an event that cannot
    be projected; then the live tables are as they were.
    """
    started = time.monotonic()
    with _shadow(database, mapper, progress) as shadow:
        compared_at, comparisons = _compared(database, shadow) if shadow.is_comparable() else (0, None)
        if swap:
            shadow.fill(shadow.head())
            shadow.swap()
        return RebuildReport(
            shadow.position, shadow.events, time.monotonic() - started, compared_at, comparisons, swapped=swap
        )


def check(database: DatabaseUrls, mapper: EventMapper, progress: Progress | None = None) -> CheckReport:
    """Fold all events anew and compare the live tables with the result; nothing is changed.

    Raises ``RebuildDueError`` where the live tables have another shape, and as ``rebuild``.
    """
    ensure_read_model(database.owner_url)
    with _shadow(database, mapper, progress) as shadow:
        position, comparisons = _compared(database, shadow)
        keys: dict[str, tuple[Key, ...]] = {}
        if any(each.differs for each in comparisons):
            with shadow.frozen():
                position = shadow.live_position()
                shadow.fill(position)
                comparisons = compare(digests(shadow.connection, SCHEMA), digests(shadow.connection, NEXT))
                by_name = {table.name: table for table in TABLES}
                keys = {
                    each.table: differing_keys(shadow.connection, by_name[each.table])
                    for each in comparisons
                    if each.differs
                }
        return CheckReport(position, comparisons, keys)


@contextlib.contextmanager
def _shadow(database: DatabaseUrls, mapper: EventMapper, progress: Progress | None) -> Iterator[_Shadow]:
    ensure_read_model_exists(database.owner_url)
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        _lock_out_others(connection)
        shadow = _Shadow(connection, mapper, progress)
        try:
            shadow.create()
            yield shadow
        finally:
            if not connection.closed:
                shadow.drop_leftovers()
                connection.execute("SELECT pg_advisory_unlock(%s)", [REBUILD])


def _lock_out_others(connection: psycopg.Connection[Any]) -> None:
    """One rebuild or check at a time; patient, since the server takes a moment to notice that a killed one is gone."""
    connection.execute(f"SET lock_timeout = '{_PATIENCE}'".encode())
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [REBUILD])
    except psycopg.errors.LockNotAvailable:
        raise RebuildRunningError from None
    connection.execute("RESET lock_timeout")


def _compared(database: DatabaseUrls, shadow: _Shadow) -> tuple[int, tuple[Comparison, ...]]:
    """Compare at one position: the live tables in a snapshot that holds it, the new ones filled up to just there."""
    shadow.fill(shadow.live_position())
    with psycopg.connect(database.owner_url) as live:
        live.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        position = _position(live)
        shadow.fill(position)
        return position, compare(digests(live, SCHEMA), digests(shadow.connection, NEXT))


def _position(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        "SELECT position FROM registry.projection_positions WHERE name = %s", [PROJECTION]
    ).fetchone()
    return int(row[0]) if row else 0


class _Shadow:
    """The new tables on their way, over one connection of the owner's (autocommit)."""

    def __init__(self, connection: psycopg.Connection[Any], mapper: EventMapper, progress: Progress | None) -> None:
        self.connection = connection
        self.position = 0
        self.events = 0
        self._mapper = mapper
        self._progress = progress
        self._projector = RegistryProjector(stream_before(connection, mapper))
        self._kept: Mapping[Table[Any], Mapping[Key, Any]] = {}
        self._indexed = False

    def create(self) -> None:
        """Make the tables, empty, after dropping what an interrupted run left."""
        self.drop_leftovers()
        with self.connection.transaction():
            for statement in table_statements(NEXT):
                self.connection.execute(statement.encode())
        PostgresRows.prepare(self.connection, NEXT)

    def drop_leftovers(self) -> None:
        """Drop the tables on their way and the replaced ones; where somebody still reads these, the next run does."""
        for schema in (NEXT, OLD):
            with contextlib.suppress(psycopg.errors.LockNotAvailable), self.connection.transaction():
                self.connection.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'".encode())
                self.connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())

    def is_comparable(self) -> bool:
        """Whether the live tables have this release's shape."""
        return stored_shape(self.connection) == shape()

    def live_position(self) -> int:
        """How far the live tables are."""
        return _position(self.connection)

    def head(self) -> int:
        """The position of the last event."""
        row = self.connection.execute("SELECT coalesce(max(position), 0) FROM registry.events").fetchone()
        return int(row[0]) if row else 0

    def fill(self, until: int) -> None:
        """Project the events up to a position, each batch in a transaction of its own."""
        while stored := read_events(self.connection, self.position, MOST_EVENTS, until):
            with self.connection.transaction():
                rows = PostgresRows(self.connection, NEXT, self._kept)
                project_batch(stored, self._mapper, self._projector, rows)
                self._kept = rows.flush()
            self.position = stored[-1].position
            self.events += len(stored)
            if self._progress:
                self._progress(self.position, until)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Nobody projects meanwhile, so the live tables stand still."""
        self.connection.execute("SELECT pg_advisory_lock(%s)", [PROJECTING])
        try:
            yield
        finally:
            if not self.connection.closed:
                self.connection.execute("SELECT pg_advisory_unlock(%s)", [PROJECTING])

    def swap(self) -> None:
        """Put the new tables in place of the live ones, at the position of the last event, in one transaction."""
        for statement in index_statements(NEXT):
            self.connection.execute(statement.encode())
        for table in TABLES:
            self.connection.execute(f"ANALYZE {NEXT}.{table.name}".encode())
        self.fill(self.head())
        with self.frozen():
            self.fill(max(self.head(), self.live_position()))
            with self.connection.transaction():
                self.connection.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {OLD}".encode())
                self.connection.execute(f"ALTER SCHEMA {NEXT} RENAME TO {SCHEMA}".encode())
                self.connection.execute(
                    "UPDATE registry.projection_positions SET position = %s, shape = %s, updated_at = now(),"
                    " error = NULL, failed_at = NULL WHERE name = %s",
                    [self.position, shape(), PROJECTION],
                )
                self.connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(self.position)])
