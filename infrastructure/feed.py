"""The feed at work: one reader in a process, however many follow, woken where rows were committed.

What happened of late is kept in a window, bounded by number, of which each follower knows nothing but a position: so a slow one takes
no memory, and whoever comes back after a short while is told from memory. What lies before the window is read from the database, a few
stretches at a time. Nothing is read while nobody follows.

The reader's bound is how far the projection is that fills the rows of titles: positions are drawn under the append lock, and rows
and position are committed together, so what is told is all there is up to there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Final, Self

import psycopg
from anyio import CapacityLimiter
from psycopg.sql import SQL, Identifier

from application import questions
from application.feed import MOST_AT_ONCE, TITLE_TOPICS, Feed, FeedBehind, Happening, PositionAhead, Stretch
from application.projections.registry import REGISTRY
from application.queries import Reads
from domain.holder import Holder
from domain.messages import Message
from infrastructure.postgres.pools import with_times
from infrastructure.processes import FIRST_PAUSE, LONGEST_PAUSE, describe
from infrastructure.projections.batches import CHANNEL

log = logging.getLogger(__name__)

WINDOW: Final = 4_096
"""Events that are kept at hand."""
PACE_SECONDS: Final = 0.01
"""How long it rests between two looks: what comes meanwhile is told together."""
_IDLE_SECONDS: Final = 5.0
_STRETCHES: Final = 4
"""Stretches that are read from before the window at once."""
_OF_HOLDERS: Final = frozenset({Holder.Restricted.TOPIC, Holder.RestrictionLifted.TOPIC, Holder.Erased.TOPIC})
"""Events after which what is kept may tell more than is told by now."""


class FollowedFeed:
    """See ``application.feed.LiveFeed``; at work while it is entered (``async with``), on one event loop."""

    def __init__(self, url: str, reads: Reads, *, window: int = WINDOW, idle_seconds: float = _IDLE_SECONDS) -> None:
        """``url`` is a connection string with the application's rights; ``window`` is in events.

        ``idle_seconds``: after how long it looks even if no notification came.
        """
        self.followers = 0
        """How many follow."""
        self.told = 0
        """Events that were read for them since the start."""
        self.failure: Message | str | None = None
        """Why nothing is told at the moment; None while it goes on."""
        self._url, self._reads, self._most, self._idle = with_times(url), reads, window, idle_seconds
        self._feed = Feed(reads)
        self._window: deque[Happening] = deque()
        self._low = self._head = self._left = 0
        self._anew = False
        self._news = asyncio.Event()
        self._elsewhere = CapacityLimiter(_STRETCHES)
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin at what the rows hold now."""
        self._low = self._head = await self._projected()
        self._reading = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End; whoever still waits for news is told that there are some."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        self._tell()

    def head(self) -> int:
        """See ``LiveFeed``."""
        return self._head

    def forget(self) -> None:
        """Begin anew at what the rows hold, as when the history may be another; from any thread."""
        self._anew = True

    @contextlib.contextmanager
    def follow(self) -> Iterator[None]:
        """See ``LiveFeed``."""
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1

    async def require_reached(self, position: int) -> None:
        """See ``LiveFeed``. One statement, and none for what was told already."""
        if position > self._head:
            head = (await self._reads.status()).position
            if position > head:
                raise PositionAhead(head)

    async def stretch(
        self, after: int, *, types: Sequence[str] | None = None, titles: bool = False, live: bool = False
    ) -> Stretch:
        """See ``LiveFeed``."""
        if after >= self._low:
            return self._at_hand(after, types, titles=titles)
        if live and after < self._left:
            raise FeedBehind
        async with self._elsewhere:
            wanted = TITLE_TOPICS if titles else types
            return await self._feed.another().stretch(after, self._head, types=wanted, titles=titles)

    async def news(self, after: int) -> None:
        """See ``LiveFeed``."""
        while self._head <= after:
            await self._news.wait()

    def _at_hand(self, after: int, types: Sequence[str] | None, *, titles: bool) -> Stretch:
        found: list[Happening] = []
        for each in reversed(self._window):
            if each.position <= after:
                break
            found.append(each)
        through = max(after, self._head)
        if len(found) > MOST_AT_ONCE:
            found = found[-MOST_AT_ONCE:]
            through = found[0].position
        found.reverse()
        if titles:
            return Stretch([each for each in found if each.changes], through)
        return Stretch([each for each in found if types is None or each.type in types], through)

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
                async with connection:
                    await connection.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
                    while True:
                        while await self._step():
                            pass
                        self.failure, pause = None, FIRST_PAUSE
                        await self._rest(connection)
            except Exception as error:  # noqa: BLE001 - whoever follows waits until it is mended; it is logged and tried again
                self._note(describe(error))
                self._feed.forget()
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _rest(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await asyncio.sleep(PACE_SECONDS)
        async for _ in connection.notifies(timeout=self._idle, stop_after=1):
            pass  # what comes in one packet is one piece of news

    async def _step(self) -> bool:
        """Take in the next stretch; whether there may be more at once."""
        projected = await self._projected()
        if self._anew:
            self._anew = False
            self._window.clear()
            self._feed.forget()
            self._low = self._head = projected
            self._tell()
        if projected <= self._head:
            return False
        if not self.followers:
            self._window.clear()
            self._feed.forget()
            self._low = self._head = projected
            self._tell()
            return False
        stretch = await self._feed.stretch(self._head, projected)
        for each in stretch.happenings:
            if each.type in _OF_HOLDERS:
                self._window.clear()
                self._low = each.position - 1
            self._window.append(each)
        while len(self._window) > self._most:
            self._low = self._left = self._window.popleft().position
        self._head = stretch.through
        self.told += len(stretch.happenings)
        self._tell()
        return self._head < projected

    async def _projected(self) -> int:
        [(position,)] = await self._reads.groups(questions.position_of([REGISTRY.name]))
        return int(position or 0)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _note(self, failure: Message | str) -> None:
        if failure != self.failure:
            log.error("The feed tells nothing at the moment: %s. It is tried again.", failure)
            self.failure = failure
