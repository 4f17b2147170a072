"""The live projection: one active runner among all processes keeps the rows as fresh as the events."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from types import TracebackType
from typing import Final, Self

import psycopg

from application.projections.tables import PROJECTION
from infrastructure.locks import PROJECTION_RUNNER
from infrastructure.mapper import EventMapper
from infrastructure.postgres.listener import EventListener
from infrastructure.projections.batches import LiveProjection
from infrastructure.projections.errors import ProjectionFailure, describe
from infrastructure.projections.schema import DatabaseUrls, ensure_read_model

log = logging.getLogger(__name__)

MOST_EVENTS: Final = 1000
STANDBY_SECONDS: Final = 0.5
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
_STOP_SECONDS: Final = 0.2


class ProjectionRunner:
    """Projects new events in a thread of its own, from ``start`` to ``stop``, or as a context manager.

    Of several runners one is active: it holds an advisory lock on the connection it also writes over, so whoever loses the
    connection loses the lock with it, and another takes over. An error is logged once, shown by ``projection_status``, and
    tried again with growing pauses; events before the one that fails are projected.
    """

    def __init__(self, database: DatabaseUrls, mapper: EventMapper, *, idle_seconds: float = 5.0) -> None:
        """``idle_seconds``: after how long it looks for events even if no notification came."""
        self._database = database
        self._mapper = mapper
        self._idle_seconds = idle_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._logged: str | None = None
        self._pause = FIRST_PAUSE

    def start(self) -> Self:
        """Make the read model if it is not there, and start. Raises ``RebuildDueError`` for another release's shape."""
        if self._thread is None:
            ensure_read_model(self._database.owner_url)
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=f"projection {PROJECTION}", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """End after the batch in hand; returns when the thread has."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def run_until_caught_up(self) -> None:
        """Project here and now until no event is left, for tests and short commands; harmless beside active runners.

        Raises ``ProjectionFailure`` or ``RebuildDueError``.
        """
        ensure_read_model(self._database.owner_url)
        with psycopg.connect(self._database.app_url, autocommit=True) as connection:
            live = LiveProjection(connection, self._mapper)
            while live.step(MOST_EVENTS):
                pass

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._database.app_url, autocommit=True) as connection:
                    while not self._becomes_active(connection):
                        if self._stopping.wait(STANDBY_SECONDS):
                            return
                    self._work(LiveProjection(connection, self._mapper))
                    connection.execute("SELECT pg_advisory_unlock(%s)", [PROJECTION_RUNNER])
            except Exception as error:  # noqa: BLE001 - the thread outlives whatever fails; it is logged and shown
                self._note(error)
                self._stopping.wait(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    @staticmethod
    def _becomes_active(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [PROJECTION_RUNNER]).fetchone()
        return row is not None and bool(row[0])

    def _work(self, live: LiveProjection) -> None:
        limit = MOST_EVENTS
        with EventListener(self._database.app_url) as listener:
            while not self._stopping.is_set():
                try:
                    count = live.step(limit)
                except ProjectionFailure as failure:
                    if failure.index == 0:
                        raise
                    limit = failure.index
                    continue
                limit, self._logged, self._pause = MOST_EVENTS, None, FIRST_PAUSE
                if count == 0:
                    self._wait(listener)

    def _wait(self, listener: EventListener) -> None:
        deadline = time.monotonic() + self._idle_seconds
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if listener.wait(_STOP_SECONDS):
                return

    def _note(self, error: Exception) -> None:
        text = str(error) if isinstance(error, ProjectionFailure) else describe(error)
        if text != self._logged:
            log.error("The projection %s stands still: %s. It is tried again.", PROJECTION, text)
            self._logged = text
        with contextlib.suppress(psycopg.Error), psycopg.connect(self._database.app_url) as connection:
            connection.execute(
                "UPDATE registry.projection_positions SET error = %s, failed_at = now() WHERE name = %s",
                [text, PROJECTION],
            )
