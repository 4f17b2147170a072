"""The read models at work: a process for each projection keeps its rows as fresh as the events, one at a time among all servers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

import psycopg

from application.projections.all import PROJECTIONS
from application.projections.projection import Projection
from domain.messages import Message
from infrastructure.locks import PROJECTION_RUNNER, of_projection
from infrastructure.mapper import EventMapper
from infrastructure.postgres.recorder import CHANNEL as NEW_EVENTS
from infrastructure.processes import Process, ProcessRunner, Step
from infrastructure.projections.batches import LiveProjection
from infrastructure.projections.errors import ProjectionFailure, describe
from infrastructure.projections.schema import DatabaseUrls, ensure_read_models

MOST_EVENTS: Final = 1000


def projection_process(
    projection: Projection, database: DatabaseUrls, mapper: EventMapper, *, idle_seconds: float = 5.0
) -> Process:
    """Rows as fresh as the events. It writes over the connection that leads, so whoever loses the one loses the other.

    What keeps it from going on stands in its row of ``registry.projection_positions``; events before the one that fails are
    projected.
    """

    def over(connection: psycopg.Connection[Any]) -> Step:
        return _step_of(LiveProjection(connection, mapper, projection))

    def note(failure: str) -> None:
        with contextlib.suppress(psycopg.Error), psycopg.connect(database.app_url) as connection:
            connection.execute(
                "UPDATE registry.projection_positions SET error = %s, failed_at = now() WHERE name = %s",
                [failure, projection.name],
            )

    return Process(
        f"projection {projection.name}",
        of_projection(PROJECTION_RUNNER, projection.name),
        channel=NEW_EVENTS,
        idle_seconds=idle_seconds,
        over=over,
        describe=_describe,
        note=note,
    )


class Projections:
    """Every projection's process, from ``start`` to ``stop``, or as a context manager."""

    def __init__(
        self,
        database: DatabaseUrls,
        mapper: EventMapper,
        projections: Sequence[Projection] = PROJECTIONS,
        *,
        idle_seconds: float = 5.0,
    ) -> None:
        """``idle_seconds``: after how long they look for events even if no notification came."""
        self._database, self._mapper, self._projections = database, mapper, projections
        processes = [projection_process(each, database, mapper, idle_seconds=idle_seconds) for each in projections]
        self._runners = [ProcessRunner(each, database.app_url) for each in processes]

    def start(self) -> Self:
        """Make the read models that are not there, and start. Raises ``RebuildDueError`` for another release's shape."""
        ensure_read_models(self._database.owner_url, self._projections)
        for runner in self._runners:
            runner.start()
        return self

    def stop(self) -> None:
        """End after the batches in hand; returns when all have."""
        for runner in self._runners:
            runner.ask_to_stop()
        for runner in self._runners:
            runner.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run_until_caught_up(self) -> None:
        """Project here and now until no event is left, for tests and short commands; harmless beside active runners.

        Raises ``ProjectionFailure`` or ``RebuildDueError``.
        """
        ensure_read_models(self._database.owner_url, self._projections)
        for each in self._projections:
            with psycopg.connect(self._database.app_url, autocommit=True) as connection:
                live = LiveProjection(connection, self._mapper, each)
                while live.step(MOST_EVENTS):
                    pass


def _step_of(live: LiveProjection) -> Step:
    limit = MOST_EVENTS

    def step(_stopping: Callable[[], bool]) -> bool:
        nonlocal limit
        try:
            count = live.step(limit)
        except ProjectionFailure as failure:
            if failure.index == 0:
                raise
            limit = failure.index
            return True
        limit = MOST_EVENTS
        return count > 0

    return step


def _describe(error: Exception) -> Message | str:
    """A failure names its place and nothing else; of any other error its kind is told."""
    return error.said if isinstance(error, ProjectionFailure) else describe(error)
