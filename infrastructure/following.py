"""What one process of several does for all: an erasure that another process recorded is followed here within a second.

Rows, restrictions and catalogs are asked of the database with every question, so there is nothing to follow; what a process keeps of
persons is their keys and the texts of questions about them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final, Self
from uuid import UUID

import psycopg

from domain.holder import Holder
from infrastructure.postgres.listener import EventListener

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.5
"""After how long it looks, though nobody told of new events."""
PACE_SECONDS: Final = 0.1
"""How long it rests between two looks, however many events come."""
_HEAD: Final = "SELECT coalesce(max(position), 0) FROM registry.events"
_ERASED: Final = (
    "SELECT position, registry.stated(state, 'holder_ref') FROM registry.events"
    " WHERE topic = ANY(%s) AND position > %s ORDER BY position"
)
_TOPICS: Final = [Holder.Erased.TOPIC, Holder.DestructionCompleted.TOPIC]


class ErasuresFollowed:
    """Follows the feed of events in a thread of its own, from ``start`` to ``stop``; ``forget`` is told of each person erased.

    It begins at the end of the feed: a process that has just begun keeps nothing yet.
    """

    def __init__(
        self,
        url: str,
        forget: Callable[[UUID], None],
        look: Callable[[psycopg.Connection[Any]], None] = lambda _connection: None,
    ) -> None:
        """``url`` is a connection string with the application's rights; ``look`` is what else is looked at, each time."""
        self._url, self._forget, self._look = url, forget, look
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._position: int | None = None

    def start(self) -> Self:
        """Start, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="following erasures", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """End; returns when the thread has."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        failed = False
        while not self._stopping.is_set():
            try:
                with EventListener(self._url) as listener, psycopg.connect(self._url, autocommit=True) as connection:
                    failed = False
                    self._follow(listener, connection)
            except psycopg.Error as error:
                if not failed:
                    log.warning("Erasures by other processes are not followed at the moment: %s.", type(error).__name__)
                failed = True
                self._stopping.wait(LOOK_SECONDS)

    def _follow(self, listener: EventListener, connection: psycopg.Connection[Any]) -> None:
        if self._position is None:
            row = connection.execute(_HEAD).fetchone()
            self._position = row[0] if row else 0
        while not self._stopping.is_set():
            for position, holder in connection.execute(_ERASED, [_TOPICS, self._position]).fetchall():
                if holder is not None:
                    self._forget(holder)
                self._position = position
            self._look(connection)
            self._stopping.wait(PACE_SECONDS)
            listener.wait(LOOK_SECONDS)
