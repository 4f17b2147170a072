"""The server's protocol where it answers plain requests itself: without a task, a cycle and messages of ASGI for each.

A request whose head came before, byte for byte, and was answered by ``Express``, needs no parser: what the head says is remembered by its
digest, so neither a token nor anything else of it is kept. Whatever came otherwise than in one piece, or is not answered so, goes to
the parser as it came, and takes the way that any request takes; times, sizes and numbers of requests hold on both.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextvars import copy_context
from hashlib import blake2b
from typing import Any, Final
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from compiled.express import WHOLE, Express, PlainHead
from console.patience import PatientProtocol

_LONGEST: Final = 16 * 1024
"""Bytes of the longest head that is remembered: a token has 8 KiB at the most."""
_MOST_HEADS: Final = 4_096
"""Heads that a server remembers; the least recently used leaves."""
_END: Final = b"\r\n\r\n"


class _Heads:
    """What heads say, by digest, for one application."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, PlainHead] = OrderedDict()

    def find(self, head: bytes) -> PlainHead | None:
        """What a head says that came before."""
        digest = blake2b(head, digest_size=32).digest()
        found = self._known.get(digest)
        if found is not None:
            self._known.move_to_end(digest)
        return found

    def keep(self, head: bytes, says: PlainHead) -> None:
        """Remember what a head says."""
        self._known[blake2b(head, digest_size=32).digest()] = says
        if len(self._known) > _MOST_HEADS:
            self._known.popitem(last=False)


_HEADS: Final[WeakKeyDictionary[Express, _Heads]] = WeakKeyDictionary()


class _Whole:
    """See ``compiled.express.Whole``."""

    __slots__ = ("_cycle", "_head", "_protocol")

    def __init__(self, protocol: ExpressProtocol, cycle: RequestResponseCycle, head: bytes | None) -> None:
        self._protocol, self._cycle, self._head = protocol, cycle, head

    def body(self, length: int) -> bytes | None:
        """See ``Whole``."""
        cycle = self._cycle
        return bytes(cycle.body) if not cycle.more_body and len(cycle.body) == length else None

    def answered(self, head: bytes, body: bytes) -> bool:
        """See ``Whole``."""
        cycle = self._cycle
        if cycle.response_started or cycle.disconnected or not cycle.keep_alive or cycle.flow.write_paused:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        usual = [part for name, value in cycle.default_headers for part in (name, b": ", value, b"\r\n")]
        cycle.transport.write(b"".join([STATUS_LINE[200], *usual, head, b"\r\n", body]))
        cycle.on_response()
        return True

    def remember(self, head: PlainHead) -> None:
        """See ``Whole``."""
        if self._head is not None and self._protocol.heads is not None:
            self._protocol.heads.keep(self._head, head)


class _Taken:
    """A request that ``Express`` took from a connection: see ``compiled.express.Reply``."""

    __slots__ = ("_data", "_protocol", "_task")

    def __init__(self, protocol: ExpressProtocol, data: bytes) -> None:
        self._protocol, self._data = protocol, data
        self._task: asyncio.Task[None] | None = None

    def begun(self, task: asyncio.Task[None]) -> None:
        """See ``Reply``."""
        self._task = task
        self._protocol.tasks.add(task)

    def answered(self, head: bytes, body: bytes) -> None:
        """See ``Reply``."""
        self._over()
        self._protocol.taken_answered(self, head, body)

    def handed_on(self) -> None:
        """See ``Reply``."""
        self._over()
        self._protocol.taken_handed_on(self, self._data)

    def _over(self) -> None:
        if self._task is not None:
            self._protocol.tasks.discard(self._task)


class ExpressProtocol(PatientProtocol):
    """The patient protocol, which lets an ``Express`` take requests whose heads it remembers. One is under way at a time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See ``asyncio.Protocol``."""
        self._taken: _Taken | None = None
        self._held = b""
        """What came while a request was under way that was taken."""
        self._between = True
        """Whether the parser stands between two requests."""
        self._ending = self._passes = False
        self._head: bytes | None = None
        self._apart = copy_context()
        """What is set for one request is for no other of the connection: what goes on from an answer goes on in this."""
        self._rested = 0.0
        """Since when nothing is asked, on the loop's clock, where the last answer was to a request that was taken."""
        self.heads: _Heads | None = None
        super().connection_made(transport)
        app: Any = self.app
        if isinstance(app, Express) and app.serves(str((self.client or ("unknown",))[0])):
            self._express = app
            self.heads = _HEADS.setdefault(app, _Heads())

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if self._taken is not None:
            self._held += data
            self.flow.pause_reading()
            return
        heads = self.heads
        if heads is None or not self._between or not self._resting():
            super().data_received(data)
            return
        end = data.find(_END, 0, _LONGEST) + len(_END)
        if end < len(_END):
            super().data_received(data)
            return
        head = data[:end]
        known = heads.find(head)
        if known is not None and len(data) - end == known.length:
            self._taken = taken = _Taken(self, data)
            if self._express.take(known, self._caller, data[end:], taken):
                if self._awaited is not None:
                    self._head_came()
                return
            self._taken = None
        self._head = head
        super().data_received(data)
        self._head = None

    def _resting(self) -> bool:
        """Whether nothing is under way or waits here, and one more request may be taken up."""
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and ((most := self.most_at_once()) is None or len(self.connections) < most)
        )

    def taken_answered(self, taken: _Taken, head: bytes, body: bytes) -> None:
        """A request that was taken is answered; to a connection that is gone nobody answers."""
        if self._taken is not taken:
            return
        self._taken = None
        last = b"connection: close\r\n\r\n" if self._ending else b"\r\n"
        self.transport.write(b"".join([_usual(self.server_state), head, last, body]))
        self.server_state.total_requests += 1
        if self._ending:
            self.transport.close()
            return
        self._rested = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        self._go_on()

    def taken_handed_on(self, taken: _Taken, data: bytes) -> None:
        """A request that was taken goes the way of any other, and is not offered to be answered in front of it again."""
        if self._taken is not taken:
            return
        self._taken, self._passes = None, True
        self._apart.run(super().data_received, data)
        self._passes = False
        if self._ending:
            super().shutdown()
        self._go_on()

    def _go_on(self) -> None:
        if self._held and not self.transport.is_closing():
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self._apart.run(self.data_received, held)

    def on_message_begin(self) -> None:
        """See httptools."""
        self._between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See httptools; what the application is offered of a request that came in one piece."""
        super().on_headers_complete()
        if not self._passes and self.cycle is not None and self.cycle.scope is self.scope:
            whole: Any = _Whole(self, self.cycle, self._head)
            self.scope.setdefault("extensions", {})[WHOLE] = whole

    def on_message_complete(self) -> None:
        """See httptools."""
        super().on_message_complete()
        self._between = not self.parser.should_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``; what was taken goes on, and answers nobody."""
        self._taken, self._held = None, b""
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """See uvicorn; a request that was taken is answered first."""
        if self._taken is None:
            super().shutdown()
        else:
            self._ending = True

    def timeout_keep_alive_handler(self) -> None:
        """See uvicorn; the timer stands while requests are taken, and is set anew where it was for an earlier rest."""
        self.timeout_keep_alive_task = None
        left: float = self.timeout_keep_alive
        if self._taken is None:
            left -= self.loop.time() - self._rested if self._rested else left
        if left <= 0:
            super().timeout_keep_alive_handler()
        elif not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)


_USUAL: Final[WeakKeyDictionary[ServerState, tuple[Any, bytes]]] = WeakKeyDictionary()


def _usual(state: ServerState) -> bytes:
    """The status and the headers that the server gives to every answer; it makes a new list of them each second."""
    made = _USUAL.get(state)
    if made is None or made[0] is not state.default_headers:
        headers = [part for name, value in state.default_headers for part in (name, b": ", value, b"\r\n")]
        made = _USUAL[state] = (state.default_headers, b"".join([STATUS_LINE[200], *headers]))
    return made[1]
