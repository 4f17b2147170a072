"""Rebuilding read models beside the live ones, and checking the live ones against the events.

A rebuild fills new tables by the same rules, in a schema beside the live one's, compares the two at one and the same position,
and puts the new ones in their place in one transaction. Several projections share one pass over the events. What a crash leaves behind: before that transaction, tables nobody reads,
which the next run drops; after it, the replaced tables, likewise. The live tables are read throughout.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from application.projections.projection import Key, Projection, Projector
from application.projections.states import CaseStates
from infrastructure.collector import seldom_collecting
from infrastructure.locks import PROJECTING, REBUILD, of_projection
from infrastructure.mapper import EventMapper
from infrastructure.postgres.recorder import TailedEvent
from infrastructure.projections.batches import CHANNEL, Batch, project_batch, read_events, stream_before
from infrastructure.projections.compare import Comparison, compare, differing_keys, digests
from infrastructure.projections.errors import RebuildRunningError
from infrastructure.projections.rows import PostgresRows, Put, write_beside
from infrastructure.projections.schema import (
    DatabaseUrls,
    analyze_statement,
    ensure_read_model_exists,
    ensure_read_models,
    index_statements,
    shape,
    stored_shape,
    table_statements,
)

MOST_EVENTS: Final = 5_000
_PATIENCE: Final = "2s"
_SIDE_BY_SIDE: Final = 2
"""Indexes that are made at once."""

Progress = Callable[[int, int], None]
"""Told the position reached and the position aimed at, after each batch."""


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild did. ``comparisons`` is None where no live tables had this release's shape and could be compared."""

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
    database: DatabaseUrls,
    mapper: EventMapper,
    projections: Sequence[Projection],
    progress: Progress | None = None,
    *,
    swap: bool = True,
) -> RebuildReport:
    """Fold all events anew and put the result in place of the live tables, also where the two differ: events are the truth.

    Without ``swap`` nothing is changed. Raises ``RebuildRunningError``, and ``ProjectionFailure`` for an event that cannot
    be projected; then the live tables are as they were.
    """
    started = time.monotonic()
    with _shadow(database, mapper, projections, progress) as shadow:
        compared_at, comparisons = _compared(database, shadow)
        if swap:
            shadow.fill(shadow.head())
            shadow.swap()
        seconds = time.monotonic() - started
        return RebuildReport(shadow.position, shadow.events, seconds, compared_at, comparisons, swapped=swap)


def check(
    database: DatabaseUrls, mapper: EventMapper, projection: Projection, progress: Progress | None = None
) -> CheckReport:
    """Fold all events anew and compare a projection's live tables with the result; nothing is changed.

    Raises ``RebuildDueError`` where the live tables have another shape, and as ``rebuild``.
    """
    ensure_read_models(database.owner_url, [projection])
    with _shadow(database, mapper, [projection], progress) as shadow:
        position, comparisons = _compared(database, shadow)
        keys: dict[str, tuple[Key, ...]] = {}
        if any(each.differs for each in comparisons or ()):
            with shadow.frozen():
                position = shadow.live_position(projection)
                shadow.fill(position)
                comparisons = _comparisons(shadow.connection, shadow.connection, projection)
                by_name = {table.name: table for table in projection.tables}
                keys = {
                    each.table: differing_keys(shadow.connection, by_name[each.table], projection.next_schema)
                    for each in comparisons
                    if each.differs
                }
        return CheckReport(position, comparisons or (), keys)


@contextlib.contextmanager
def _shadow(
    database: DatabaseUrls, mapper: EventMapper, projections: Sequence[Projection], progress: Progress | None
) -> Iterator[_Shadow]:
    for projection in projections:
        ensure_read_model_exists(database.owner_url, projection)
    with psycopg.connect(database.owner_url, autocommit=True) as connection, seldom_collecting():
        _lock_out_others(connection)
        try:
            with _parts(database.owner_url, connection, mapper, projections) as parts:
                shadow = _Shadow(connection, mapper, parts, database.owner_url, progress)
                shadow.create()
                yield shadow
        finally:
            if not connection.closed:
                _drop_leftovers(connection, projections)
                connection.execute("SELECT pg_advisory_unlock(%s)", [REBUILD])


def _lock_out_others(connection: psycopg.Connection[Any]) -> None:
    """One rebuild or check at a time; patient, since the server takes a moment to notice that a killed one is gone."""
    connection.execute(f"SET lock_timeout = '{_PATIENCE}'".encode())
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [REBUILD])
    except psycopg.errors.LockNotAvailable:
        raise RebuildRunningError from None
    connection.execute("RESET lock_timeout")


def _compared(database: DatabaseUrls, shadow: _Shadow) -> tuple[int, tuple[Comparison, ...] | None]:
    """Compare each projection at one position: its live tables in a snapshot that holds it, the new ones filled up to just there.

    Answers the last of the positions; None for comparisons where no live tables have this release's shape.
    """
    comparable = [each for each in shadow.projections if shadow.is_comparable(each)]
    if not comparable:
        return 0, None
    shadow.fill(min(map(shadow.live_position, comparable)))
    found: list[Comparison] = []
    with psycopg.connect(database.owner_url) as live:
        live.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        at = {each: _position(live, each) for each in comparable}
        for each in sorted(comparable, key=at.__getitem__):
            shadow.fill(at[each])
            found.extend(_comparisons(live, shadow.connection, each))
    return max(at.values()), tuple(found)


def _drop_leftovers(connection: psycopg.Connection[Any], projections: Sequence[Projection]) -> None:
    """Drop the tables on their way and the replaced ones; where somebody still reads these, the next run does."""
    for schema in (name for each in projections for name in (each.next_schema, each.old_schema)):
        with contextlib.suppress(psycopg.errors.LockNotAvailable), connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'".encode())
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


def _side_by_side(url: str, statements: Sequence[str]) -> None:
    """Make indexes and statistics of new tables, a few at a time; an error of one is raised when those under way are done."""
    waiting = deque(statements)

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET maintenance_work_mem = '128MB'")
            connection.execute("SET max_parallel_maintenance_workers = 0")  # the indexes are what is done side by side
            with contextlib.suppress(IndexError):
                while True:
                    connection.execute(waiting.popleft().encode())

    with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="rebuild-index") as working:
        for each in [working.submit(work) for _ in range(_SIDE_BY_SIDE)]:
            each.result()


def _comparisons(
    live: psycopg.Connection[Any], rebuilt: psycopg.Connection[Any], projection: Projection
) -> tuple[Comparison, ...]:
    if live is rebuilt:
        of_live = digests(live, projection, projection.schema)
        return compare(of_live, digests(rebuilt, projection, projection.next_schema))
    with ThreadPoolExecutor(1, thread_name_prefix="rebuild-compare") as beside:
        waited = beside.submit(digests, live, projection, projection.schema)
        of_rebuilt = digests(rebuilt, projection, projection.next_schema)
        return compare(waited.result(), of_rebuilt)


def _position(connection: psycopg.Connection[Any], projection: Projection) -> int:
    row = connection.execute(
        "SELECT position FROM registry.projection_positions WHERE name = %s", [projection.name]
    ).fetchone()
    return int(row[0]) if row else 0


@dataclass(slots=True)
class _Part:
    """One projection's new tables on their way: its rules, and what writes its rows beside the folding, over a connection of its own.

    ``kept`` are the rows of the last batch: they may still be on their way into the tables while the next batch is folded.
    """

    projection: Projection
    projector: Projector
    connection: psycopg.Connection[Any]
    writer: ThreadPoolExecutor
    kept: Put = field(default_factory=dict)
    writing: Future[None] | None = None

    def write(self, rows: PostgresRows) -> None:
        """Begin to write what a batch put, once the batch before it is written."""
        self.wait()
        self.kept = rows.taken()
        replacing = {table: rows.replacing(table, views) for table, views in self.kept.items()}
        self.writing = self.writer.submit(
            write_beside, self.connection, self.projection.next_schema, self.kept, replacing
        )

    def wait(self) -> None:
        """Until all is written; an error of the writing is raised here."""
        writing, self.writing = self.writing, None
        if writing is not None:
            writing.result()


@contextlib.contextmanager
def _parts(
    url: str, reading: psycopg.Connection[Any], mapper: EventMapper, projections: Sequence[Projection]
) -> Iterator[list[_Part]]:
    with contextlib.ExitStack() as stack:
        parts = []
        for each in projections:
            connection = stack.enter_context(psycopg.connect(url, autocommit=True))
            connection.execute(
                "SET synchronous_commit = off"
            )  # the exchange of the tables commits all that was before it
            writer = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix=f"rebuild-{each.name}"))
            parts.append(_Part(each, each.projector(stream_before(reading, mapper)), connection, writer))
        yield parts


class _Shadow:
    """The new tables on their way, over one connection of the owner's (autocommit)."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        mapper: EventMapper,
        parts: Sequence[_Part],
        url: str,
        progress: Progress | None,
    ) -> None:
        self.connection = connection
        self.projections = [each.projection for each in parts]
        self.position = 0
        self.events = 0
        self._mapper = mapper
        self._progress = progress
        self._parts, self._url = parts, url
        self._cases = CaseStates(stream_before(connection, mapper))

    def create(self) -> None:
        """Make the tables, empty, after dropping what an interrupted run left."""
        _drop_leftovers(self.connection, self.projections)
        for each in self.projections:
            with self.connection.transaction():
                for statement in table_statements(each, each.next_schema):
                    self.connection.execute(statement.encode())

    def is_comparable(self, projection: Projection) -> bool:
        """Whether the live tables have this release's shape."""
        return stored_shape(self.connection, projection) == shape(projection)

    def live_position(self, projection: Projection) -> int:
        """How far the live tables are."""
        return _position(self.connection, projection)

    def head(self) -> int:
        """The position of the last event."""
        row = self.connection.execute("SELECT coalesce(max(position), 0) FROM registry.events").fetchone()
        return int(row[0]) if row else 0

    def fill(self, until: int) -> None:
        """Project the events up to a position, each batch decoded once; one is folded while the one before it is written."""
        for stored in self._read_ahead(until):
            batch = Batch.decoded(stored, self._mapper, self.connection, self._cases)
            for part in self._parts:
                rows = PostgresRows(self.connection, part.projection.next_schema, part.kept)
                project_batch(batch, part.projector, rows)
                part.write(rows)
            self.position = stored[-1].position
            self.events += len(stored)
            if self._progress:
                self._progress(self.position, until)
        for part in self._parts:
            part.wait()

    def _read_ahead(self, until: int) -> Iterator[Sequence[TailedEvent]]:
        """The batches of events up to a position; one is read while the one before it is folded."""
        with (
            psycopg.connect(self._url, autocommit=True) as connection,
            ThreadPoolExecutor(1, thread_name_prefix="rebuild-reader") as reader,
        ):
            coming = reader.submit(read_events, connection, self.position, MOST_EVENTS, until)
            while stored := coming.result():
                coming = reader.submit(read_events, connection, stored[-1].position, MOST_EVENTS, until)
                yield stored

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Nobody projects meanwhile, so the live tables stand still."""
        locks = [of_projection(PROJECTING, each.name) for each in self.projections]
        with contextlib.ExitStack() as held:
            for lock in locks:
                self.connection.execute("SELECT pg_advisory_lock(%s)", [lock])
                held.callback(self._unlock, lock)
            yield

    def _unlock(self, lock: int) -> None:
        if not self.connection.closed:
            self.connection.execute("SELECT pg_advisory_unlock(%s)", [lock])

    def swap(self) -> None:
        """Put the new tables in place of the live ones, at the position of the last event, in one transaction."""
        _side_by_side(
            self._url,
            [
                *(s for each in self.projections for s in index_statements(each, each.next_schema)),
                *(analyze_statement(each.next_schema, table) for each in self.projections for table in each.tables),
            ],
        )
        self.fill(self.head())
        with self.frozen():
            self.fill(max(self.head(), *map(self.live_position, self.projections)))
            with self.connection.transaction():
                for each in self.projections:
                    self._replace(each)
                self.connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(self.position)])

    def _replace(self, projection: Projection) -> None:
        self.connection.execute(f"ALTER SCHEMA {projection.schema} RENAME TO {projection.old_schema}".encode())
        self.connection.execute(f"ALTER SCHEMA {projection.next_schema} RENAME TO {projection.schema}".encode())
        self.connection.execute(
            "UPDATE registry.projection_positions SET position = %s, shape = %s, updated_at = now(),"
            " error = NULL, failed_at = NULL WHERE name = %s",
            [self.position, shape(projection), projection.name],
        )
