"""Giving up on a server that takes a commit and says nothing more, as where no standby confirms it.

Cancelling would not do: a commit that is cancelled while it waits for its standby is answered as if it had one, and would be
acknowledged (PostgreSQL 15, section 27.2.8). So the connection is cut, and nobody knows what became of the commit.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import psycopg

_TICK_SECONDS: Final = 0.25
_IDLE_TICKS: Final = 20
"""Ticks without work after which the thread ends."""


class Watchdog:
    """Cuts connections that are at work for longer than they may, in a thread of its own that is there while it is needed."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._begun: dict[psycopg.Connection[Any], float] = {}
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watching(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        """Cut the connection where the context does not end in time; what is asked over it fails then, as over any that is lost."""
        with self._lock:
            self._begun[connection] = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="overdue saves", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._begun.pop(connection, None)

    def _watch(self) -> None:
        idle = 0
        while True:
            time.sleep(_TICK_SECONDS)
            with self._lock:
                late = time.monotonic() - self._seconds
                for connection in [each for each, begun in self._begun.items() if begun < late]:
                    del self._begun[connection]
                    _cut(connection)
                idle = 0 if self._begun else idle + 1
                if idle > _IDLE_TICKS:
                    self._thread = None
                    return


def _cut(connection: psycopg.Connection[Any]) -> None:
    with contextlib.suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.pgconn.socket)) as own:
        own.shutdown(socket.SHUT_RDWR)
