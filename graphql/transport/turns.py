"""Whose turn it is: a fair queue, so that no caller keeps another waiting by asking much."""

from __future__ import annotations

from asyncio import CancelledError, Future, get_running_loop
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

from domain.messages import tell
from transport.errors import ErrorCode, HttpRefusalError

_GONE: Final = 499
"""Status of what nobody reads."""


def client_gone() -> HttpRefusalError:
    """Ends a request whose turn came when its client had gone."""
    return HttpRefusalError(_GONE, ErrorCode.UNAVAILABLE, tell("request.client_gone"), {})


class Turns:
    """So many at once in all, so many at once of one caller; whoever waits is let in caller by caller, each in their order.

    Whoever has a turn needs no second one for what belongs to it. Not shared by threads: it belongs to an event loop.
    """

    def __init__(self, *, at_once: int, of_one: int) -> None:
        self._free = at_once
        self._of_one = of_one
        self._inside: ContextVar[bool] = ContextVar("inside", default=False)
        self._busy: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[bool]:
        """Wait for a turn and have it as long as the context lasts; the value says whether there was a wait."""
        if self._inside.get():
            yield False
            return
        waited = not self._may(caller)
        if waited:
            await self._wait(caller)
        else:
            self._take(caller)
        token = self._inside.set(True)
        try:
            yield waited
        finally:
            self._inside.reset(token)
            self._give_back(caller)

    def enter(self, caller: str) -> bool:
        """Take a turn for work that asks for no other turn of these, if nobody has to wait for it; it is ended by ``leave``."""
        if not self._may(caller) or caller in self._waiting:
            return False
        self._take(caller)
        return True

    def leave(self, caller: str) -> None:
        """Give back a turn that ``enter`` took."""
        self._give_back(caller)

    def _may(self, caller: str) -> bool:
        return self._free > 0 and self._busy[caller] < self._of_one

    def _take(self, caller: str) -> None:
        self._free -= 1
        self._busy[caller] += 1

    def _give_back(self, caller: str) -> None:
        self._free += 1
        self._busy[caller] -= 1
        if not self._busy[caller]:
            del self._busy[caller]
        if self._waiting:
            self._let_in()

    async def _wait(self, caller: str) -> None:
        mine: Future[None] = get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(mine)
        try:
            await mine
        except CancelledError:
            if mine.done() and not mine.cancelled():  # the turn came in the same moment: the next one has it
                self._give_back(caller)
            raise

    def _let_in(self) -> None:
        """Let callers in that wait, the one first whose turn is longest ago; each goes to the end of the row."""
        for caller in list(self._waiting):
            if self._free <= 0:
                return
            queue = self._waiting[caller]
            while queue and queue[0].done():  # whoever gave up
                queue.popleft()
            if queue and self._may(caller):
                self._take(caller)
                queue.popleft().set_result(None)
                self._waiting.move_to_end(caller)
            if not queue:
                del self._waiting[caller]
