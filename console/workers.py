"""``recognition serve --workers``: several processes that serve on one port, and the one that looks after them.

Each has a listening socket of its own on the port (SO_REUSEPORT), among which the kernel shares out connections; the parent holds them
all, so that what waits for a worker that ended waits for the one in its place. Of each process beside the server one runner is active
among all of them, by its advisory lock, and what a worker keeps in memory follows the events (``infrastructure.following``). Limits by
address and by token are counted by each worker for itself.

The parent opens no registry. A worker that ends is replaced, with growing pauses where it ends again at once. Told to stop, the parent
tells all, and ends what has not ended by itself after ``STOP_SECONDS``. A worker whose parent is gone, however it went, stops too: the
channel between them closes.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from infrastructure.configuration import ToldSettings, told

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 9.5
"""How long workers may take to end; each ends by itself before."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
STEADY_SECONDS: Final = 30.0
"""A worker that served so long has not ended at once."""
_LOOK_SECONDS: Final = 0.1
_LENGTH: Final = struct.Struct(">I")


@dataclass
class _Worker:
    """A process that serves on a socket, and the channel over which it says that it is ready; when it began, by the monotonic clock."""

    listener: socket.socket
    process: subprocess.Popen[bytes]
    channel: socket.socket
    began: float = field(default_factory=time.monotonic)

    def is_ready(self, within: float) -> bool:
        """Whether it has said so, or says so within some seconds."""
        readable, _, _ = select.select([self.channel], [], [], within)
        return bool(readable) and self.channel.recv(1) == b"1"

    def close(self) -> None:
        """It has ended."""
        self.channel.close()


def hand_over(channel: socket.socket, settings: ToldSettings) -> None:
    """Tell a worker by which options the settings were chosen; the environment and the file it reads itself."""
    data = pickle.dumps(settings)
    with contextlib.suppress(BrokenPipeError):  # it has ended already, which is seen elsewhere
        channel.sendall(_LENGTH.pack(len(data)) + data)


def handed_over(channel: socket.socket) -> ToldSettings:
    """The same, in the worker. Raises ``EOFError`` where the parent is gone."""
    data = _received(channel, _LENGTH.unpack(_received(channel, _LENGTH.size))[0])
    found: ToldSettings = pickle.loads(data)  # noqa: S301 - from the parent, over a channel that nobody else has
    return found


def _received(channel: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = channel.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


class Workers:
    """A process for each of these sockets of one port, from ``run`` until a signal to stop. The first of them listens already."""

    def __init__(self, listeners: Sequence[socket.socket]) -> None:
        self._listeners = listeners
        self._stopping = threading.Event()
        self._workers: list[_Worker] = []
        self._pause = FIRST_PAUSE

    def run(self, opened: Callable[[], None]) -> int:
        """Serve until told to stop; the exit code. ``opened`` is told once the first worker has opened the registry.

        Where that one ends before, nobody else is begun, and its exit code is this one's: it said itself what is wrong.
        """
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        first = self._begin(self._listeners[0])
        while not first.is_ready(_LOOK_SECONDS):
            if (code := first.process.poll()) is not None:
                first.close()
                return 0 if self._stopping.is_set() else code or 1
            if self._stopping.is_set():
                return self._end()
        opened()
        for listener in self._listeners[1:]:
            self._begin(listener)
        while not self._stopping.wait(_LOOK_SECONDS):
            self._replace()
        return self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _begin(self, listener: socket.socket) -> _Worker:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "console.worker", str(listener.fileno()), str(theirs.fileno())]
        process = subprocess.Popen(  # noqa: S603 - this very program, on two numbers of our own
            command,
            pass_fds=[listener.fileno(), theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a terminal's Ctrl-C is for the parent, who tells the workers
        )
        theirs.close()
        hand_over(ours, told.get())
        worker = _Worker(listener, process, ours)
        self._workers.append(worker)
        return worker

    def _replace(self) -> None:
        for worker in [each for each in self._workers if each.process.poll() is not None]:
            self._workers.remove(worker)
            worker.close()
            if time.monotonic() - worker.began > STEADY_SECONDS:
                self._pause = FIRST_PAUSE
            log.error(
                "The worker %s ended (%s); another takes its place.", worker.process.pid, worker.process.returncode
            )
            if not self._stopping.wait(self._pause):
                self._begin(worker.listener)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _end(self) -> int:
        for each in self._workers:
            each.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for each in self._workers:
            try:
                each.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("The worker %s did not end within %s s; it is ended.", each.process.pid, STOP_SECONDS)  # noqa: TRY400 - the sentence says it all
                each.process.kill()
                each.process.wait()
            each.close()
        return 0
