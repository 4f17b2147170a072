"""Waiting for new events without asking for them: LISTEN on the channel that every commit of events notifies."""

import time
from types import TracebackType
from typing import Self

import psycopg
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier

from .recorder import CHANNEL

RECONNECT_SECONDS = 0.2


class EventListener:
    """A connection of its own that hears of new events; a context manager, used by one thread.

    Enter it before the first read: what is committed from then on ends a wait, so that reading, then waiting, misses
    nothing. When the connection is lost it connects again, and counts that as news, since something may have been missed.
    """

    def __init__(self, conninfo: str) -> None:
        """Name the database; nothing is connected before the listener is entered."""
        self._conninfo = conninfo
        self._connection: psycopg.Connection[TupleRow] | None = None

    def __enter__(self) -> Self:
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def wait(self, timeout: float) -> bool:
        """Wait until events may have been added since the last wait (True), at most `timeout` seconds (False).

        Never raises for a lost connection: it goes on trying to connect, and answers False while it can't.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                if self._connection is None:
                    self._connect()
                    return True
                left = max(0.0, deadline - time.monotonic())
                return any(True for _ in self._connection.notifies(timeout=left, stop_after=1))
            except psycopg.OperationalError:
                self.close()
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                time.sleep(min(RECONNECT_SECONDS, left))

    def _connect(self) -> None:
        connection = psycopg.connect(self._conninfo, autocommit=True)
        try:
            connection.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
        except BaseException:
            connection.close()
            raise
        self._connection = connection
