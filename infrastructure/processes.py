"""What runs beside the server: one value a process, of which one runner among all servers is active.

A process has a name, a lock, what it does at a step, and what wakes it. The active runner holds the lock on a connection of
its own, so whoever loses the connection loses the lock with it, and another takes over. A failure is logged once and
tried again with growing pauses; whoever asks for the status hears of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

import psycopg

from domain.messages import Message, SpokenError

log = logging.getLogger(__name__)

Step = Callable[[Callable[[], bool]], bool]
"""One step of the work, told how to learn that it should stop; whether there may be more to do at once."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
STANDBY_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 0.2


class StandsStill(SpokenError):
    """Why a process does not go on, in words for an operator that hold nothing anybody typed."""


def describe(error: Exception) -> Message | str:
    """An error without its own words, which may quote what somebody typed, unless it was made to be shown: its class, and its
    SQLSTATE where it has one.
    """
    if isinstance(error, StandsStill):
        return error.said
    return f"{type(error).__name__} {getattr(error, 'sqlstate', None) or ''}".strip()


@dataclass(frozen=True, slots=True)
class Process:
    """Work that one runner does at a time: ``step`` after ``step`` while there is more, then again when woken.

    ``channel`` is the PostgreSQL channel whose notifications wake it; ``idle_seconds`` is after how long it looks anyway, and
    ``pace_seconds`` how long it rests at least between two looks. In place of ``step``, ``over`` makes one for whoever comes to
    lead, which works over the connection that holds the lock. ``describe`` says a failure, and ``note`` is told it.
    """

    name: str
    lock: int
    step: Step | None = None
    channel: str | None = None
    idle_seconds: float = 30.0
    pace_seconds: float = 0.0
    over: Callable[[psycopg.Connection[Any]], Step] | None = None
    describe: Callable[[Exception], Message | str] = describe
    note: Callable[[str], None] | None = None

    def step_over(self, connection: psycopg.Connection[Any]) -> Step:
        """What is done again and again while this connection leads."""
        step = self.over(connection) if self.over else self.step
        if step is None:
            raise TypeError(f"the process {self.name} does not say what it does")
        return step


class ProcessRunner:
    """Runs a process in a thread of its own, from ``start`` to ``stop``, or as a context manager."""

    def __init__(self, process: Process, url: str) -> None:
        """``url`` is a connection string with the application's rights."""
        self.process = process
        self.failure: Message | str | None = None
        """Why the process stands still; None while it goes on."""
        self._url = url
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pause = FIRST_PAUSE

    def start(self) -> Self:
        """Start, once."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self.process.name, daemon=True)
            self._thread.start()
        return self

    def ask_to_stop(self) -> None:
        """Let it end after the step in hand, without waiting for that."""
        self._stopping.set()

    def stop(self) -> None:
        """End after the step in hand; returns when the thread has."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    if self._leads(connection):
                        if self.process.channel is not None:
                            connection.execute(f"LISTEN {self.process.channel}".encode())
                        self._work(connection)
            except Exception as error:  # noqa: BLE001 - the thread outlives whatever fails; it is logged and tried again
                self._note(error)
                self._stopping.wait(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _leads(self, connection: psycopg.Connection[Any]) -> bool:
        while not self._stopping.is_set():
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [self.process.lock]).fetchone()
            if row is not None and row[0]:
                return True
            self._stopping.wait(STANDBY_SECONDS)
        return False

    def _work(self, connection: psycopg.Connection[Any]) -> None:
        step = self.process.step_over(connection)
        while not self._stopping.is_set():
            while step(self._stopping.is_set) and not self._stopping.is_set():
                self._worked()
            self._worked()
            self._stopping.wait(self.process.pace_seconds)
            self._wait(connection)

    def _worked(self) -> None:
        self.failure, self._pause = None, FIRST_PAUSE

    def _wait(self, connection: psycopg.Connection[Any]) -> None:
        deadline = time.monotonic() + self.process.idle_seconds
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if any(True for _ in connection.notifies(timeout=_STOP_SECONDS, stop_after=1)):
                return

    def _note(self, error: Exception) -> None:
        text = self.process.describe(error)
        if text != self.failure:
            log.error("The process %s stands still: %s. It is tried again.", self.process.name, text)
            self.failure = text
        if self.process.note is not None:
            self.process.note(str(text))
