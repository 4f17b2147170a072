"""Long work in parts, shared among processes, each with connections and keys of its own: an audit, an import.

A process that is asked does one part at a time and answers what it did. Nothing is stored there: who shares the work keeps each
part, in order, so that what is found, and what an interruption leaves, is the same however many work at it. Processes end with
the one that began them, however that one ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import util
from typing import Any, ClassVar, Self, TypeVar

from domain.messages import tell
from infrastructure.collector import seldom_collecting
from infrastructure.postgres.errors import DatabaseUnavailableError
from infrastructure.settings import Settings

T = TypeVar("T")
Work = Callable[..., T]
"""A function of a module, called with what the process opened and its arguments; what it answers can be pickled."""


class ShareLostError(DatabaseUnavailableError):
    """A process that worked at a share is gone."""

    code: ClassVar[str] = "share-lost"

    def __init__(self) -> None:
        super().__init__(tell("trouble.process_worked_part_ended_before_time"))


def cores() -> int:
    """How many processes may work at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Shares:
    """Processes that work for this one: each opens what it works with once, by ``opening`` and the settings."""

    def __init__(self, processes: int, opening: Work[Any], settings: Settings) -> None:
        self.processes = processes
        self._pool = ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(opening, settings),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, work: Work[T], *arguments: Any) -> Callable[[], T]:
        """Let a process do something; what is answered waits for it. Raises ``ShareLostError``."""
        try:
            return _answer(self._pool.submit(_do, work, arguments))
        except BrokenProcessPool as gone:
            raise ShareLostError from gone

    def each(self, work: Work[T], arguments: Sequence[Sequence[Any]]) -> Iterator[T]:
        """Let processes do the same with each of these arguments; answers in their order, few of them begun ahead."""
        waiting: deque[Callable[[], T]] = deque()
        for each in arguments:
            waiting.append(self.begin(work, *each))
            if len(waiting) >= 2 * self.processes:
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()


def _answer(future: Future[T]) -> Callable[[], T]:
    def waited() -> T:
        try:
            return future.result()
        except BrokenProcessPool as gone:
            raise ShareLostError from gone

    return waited


_opened: list[Any] = []
"""What this process works with."""


def _begin(opening: Work[Any], settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is for who shares the work
    end_with_parent()
    stack = contextlib.ExitStack()
    util.Finalize(None, stack.close, exitpriority=10)
    _opened.append(stack.enter_context(opening(settings)))
    stack.enter_context(seldom_collecting())


def end_with_parent() -> None:
    """From now on this process ends as soon as the one that began it is gone."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _do(work: Work[T], arguments: Sequence[Any]) -> T:
    return work(_opened[0], *arguments)
