"""Reading from servers that follow the primary: which one answers whom, and when the primary does instead.

Each statement that a follower is asked tells beside its rows how far the follower's rows are, in the same snapshot of the same
connection, and an answer below what its reader has seen, or waits for, is not used: the primary is asked then, as it is where a
follower does not answer within its time, or lags. What must not be late is not asked of a follower at all: keys, the record
of who read persons, locks, and what a person's data may be used for. A restriction or an erasure raises what every answer must have
reached; it is heard from the primary, and while nothing is heard from there, no follower is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import zlib
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from application import questions
from application.asking import Keyed, Shown
from application.projections.all import PROJECTIONS, projections_of
from application.projections.projection import Table
from application.projections.registry import REGISTRY
from application.projections.tables import HOLDERS
from application.queries import LookUp, NotAtHand
from application.reading import READER, Readers
from domain.holder import Holder
from infrastructure.lean_reads import PostgresLeanReads
from infrastructure.mapper import EventMapper
from infrastructure.postgres.lines import Lines
from infrastructure.postgres.pools import async_pool, read_rows, with_times
from infrastructure.projections.batches import CHANNEL
from infrastructure.projections.positions import FIRST_PAUSE, PROJECTED
from infrastructure.questions_sql import Statement, shown_statement
from infrastructure.reads import PostgresReads

log = logging.getLogger(__name__)

BRIEF_SECONDS: Final = 0.05
"""How long a follower is waited for to reach a position, or to have a connection free, before the primary is asked."""
ANSWER_SECONDS: Final = 1.0
"""How long a follower may work at a statement."""
LAG_SECONDS: Final = 1.0
"""A follower that lacks what the primary had so long ago is left out until it has caught up."""
_LOOK_SECONDS: Final = 0.25
_SILENCE_SECONDS: Final = 1.5
"""After how long a server from which nothing was heard is left out."""
_LEFT_TO_PRIMARY: Final = frozenset({HOLDERS.qualified, questions.POSITIONS.qualified})
"""Tables that only the primary is asked about."""
_BARRIERS: Final = [
    each.TOPIC for each in (Holder.Restricted, Holder.RestrictionLifted, Holder.Erased, Holder.DestructionCompleted)
]
_LOOK: Final = (
    "SELECT coalesce((SELECT max(position) FROM registry.events), 0), coalesce((SELECT max(position) FROM registry.events"
    " WHERE topic = ANY(%s) AND position > %s), 0)"
)
_POSITIONED: Final = (
    "SELECT s.*, p.position FROM ({projected}) AS p (position)"
    " LEFT JOIN LATERAL (SELECT q.*, true AS there FROM ({asked}) AS q) AS s ON true"
)
_AWAY: Final = (psycopg.Error, PoolTimeout, PoolClosed, NotAtHand, TimeoutError, OSError)


@dataclass(eq=False)
class Follower:
    """A server that follows, over connections of its own."""

    name: str
    pool: AsyncConnectionPool[Any]
    lines: Lines
    lean: PostgresLeanReads
    position: int = 0
    heard: float = float("-inf")
    """When it last told its position."""

    async def rows(self, made: Statement, names: Sequence[str]) -> tuple[list[tuple[Any, ...]], int] | None:
        """The rows of a statement, and how far its rows are in the same snapshot; None where that is not told in time."""
        asking = asyncio.ensure_future(_positioned_rows(self.pool, made, names))
        asking.add_done_callback(_let_go)
        done, _ = await asyncio.wait(
            {asking}, timeout=ANSWER_SECONDS
        )  # cancelled, it would wait for a server that hangs
        if not done:
            self.heard = float("-inf")
        return asking.result() if done and asking.exception() is None else None

    async def look(self) -> None:
        """Ask how far it is; an error leaves it out."""
        try:
            [(self.position,)] = await read_rows(self.pool, PROJECTED.encode(), [[REGISTRY.name]])
            self.heard = time.monotonic()
        except _AWAY:
            self.heard = float("-inf")


class Replicas:
    """The servers that follow, at work while it is entered (``async with``), on the loop that reads."""

    def __init__(self, primary_url: str, urls: Sequence[str], readers: Readers, *, pool_size: int, lines: int) -> None:
        """Connection strings with the application's rights: the primary's, and one for each server that follows."""
        self.readers = readers
        self.statements = 0
        """Answers that came from followers."""
        self.sent_on = 0
        """Answers of followers that were too old for their readers."""
        self._url = with_times(primary_url)
        self._followers = [_follower(number, url, pool_size, lines) for number, url in enumerate(urls)]
        self._heard = float("-inf")
        self._heads: deque[tuple[float, int]] = deque(maxlen=64)
        self._barrier = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._entered = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Begin to look at all servers; none of them has to be there."""
        for each in self._followers:
            await each.pool.open(wait=False)
            self._entered.push_async_callback(each.pool.close, 1.0)
            await self._entered.enter_async_context(each.lines)
        if self._followers:
            works = [self._follow_primary(), *map(self._look_at, self._followers)]
            self._tasks = [asyncio.create_task(each) for each in works]
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._entered.aclose()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._followers)

    def states(self) -> dict[int, bool]:
        """Which of them are asked at the moment, by their places in the setting, the first being 1."""
        return {place: self._follows(each) for place, each in enumerate(self._followers, 1)}

    def choose(self, reader: str | None) -> tuple[Follower, int] | None:
        """Who answers a reader, and the position that the answer must have; None: the primary.

        Every process chooses alike, so that a reader who comes to another one meets the same server.
        """
        floor = self.readers.floor(reader)
        if floor is None or time.monotonic() - self._heard > _SILENCE_SECONDS:
            return None
        able = [each for each in self._followers if each.position >= floor and self._follows(each)]
        if not able:
            return None
        return max(able, key=lambda each: zlib.crc32(f"{reader} {each.name}".encode())), floor

    def takes(self, reader: str, position: int, floor: int) -> bool:
        """Whether a follower's answer is used, which is noted."""
        if position < floor:
            self.sent_on += 1
            return False
        self.statements += 1
        self.readers.saw(reader, position)
        return True

    def _follows(self, follower: Follower) -> bool:
        now = time.monotonic()
        due = max((head for at, head in self._heads if at <= now - LAG_SECONDS), default=0)
        return now - follower.heard <= _SILENCE_SECONDS and follower.position >= due

    async def _look_at(self, follower: Follower) -> None:
        while True:
            await follower.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _follow_primary(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
                async with connection:
                    await connection.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
                    while True:
                        await self._look(connection)
                        await asyncio.sleep(_LOOK_SECONDS / 10)
                        async for _ in connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                            pass
            except (psycopg.Error, OSError) as error:
                log.warning("Followers are not asked while the primary is not heard: %s.", type(error).__name__)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self, connection: psycopg.AsyncConnection[Any]) -> None:
        begun = time.monotonic()
        cursor = await connection.execute(_LOOK, [_BARRIERS, self._barrier])
        head, barrier = await cursor.fetchone() or (0, 0)
        self._barrier = max(self._barrier, barrier)
        self._heard = begun
        self._heads.append((begun, head))
        self.readers.looked(head, self._barrier)


def _follower(number: int, url: str, pool_size: int, lines: int) -> Follower:
    name = f"replica {number + 1}"
    pool = async_pool(url, name=name, min_size=1, max_size=pool_size, timeout=BRIEF_SECONDS)
    held = Lines(url, lines)
    return Follower(name, pool, held, PostgresLeanReads(held))


Told = tuple[list[tuple[Any, ...]], int]
"""Rows, and how far what they are taken from was in the same snapshot."""


def _positioned(made: Statement, names: Sequence[str]) -> Statement:
    """A statement that tells beside its rows whether they are any, and how far the projections are."""
    text = _POSITIONED.format(projected=PROJECTED, asked=made.text)
    return Statement(text, [list(names), *made.params])


def _told(rows: Sequence[tuple[Any, ...]]) -> Told:
    return [row[:-2] for row in rows if row[-2]], int(rows[0][-1])


async def _positioned_rows(pool: AsyncConnectionPool[Any], made: Statement, names: Sequence[str]) -> Told:
    asked = _positioned(made, names)
    return _told(await read_rows(pool, asked.text.encode(), asked.params))


def _let_go(asked: asyncio.Future[Any]) -> None:
    """Look at an error that nobody waits for any more."""
    if not asked.cancelled():
        asked.exception()


def _names(tables: Sequence[Table[Any]]) -> list[str]:
    """The projections whose position tells how new rows are; what no projection fills is at least as new as the registry's."""
    return [each.name for each in (projections_of(tables) if tables else PROJECTIONS)] or [REGISTRY.name]


class ReplicatedReads(PostgresReads):
    """``application.queries.Reads`` from followers where they are new enough, else from the primary."""

    def __init__(
        self, pool: AsyncConnectionPool[Any], mapper: EventMapper, replicas: Replicas, *, patience: float = 5.0
    ) -> None:
        super().__init__(pool, mapper, patience=patience)
        self._replicas = replicas

    async def wait_for(self, position: int, *tables: Table[Any]) -> None:
        """See ``Reads``: a follower is waited for shortly, then the primary."""
        reader, replicas = READER.get(), self._replicas
        chosen = replicas.choose(reader)
        if chosen is None or not await _reached(chosen[0], position, _names(tables)):
            await super().wait_for(position, *tables)
        replicas.readers.saw(reader, position)

    async def _rows(self, made: Statement, *tables: Table[Any]) -> list[tuple[Any, ...]]:
        reader, replicas = READER.get(), self._replicas
        if reader is None:
            return await super()._rows(made, *tables)
        if not tables or any(each.qualified in _LEFT_TO_PRIMARY for each in tables):
            rows = await super()._rows(made, *tables)
            replicas.readers.answered_by_primary(reader)
            return rows
        names = _names(tables)
        if (chosen := replicas.choose(reader)) is not None:
            follower, floor = chosen
            told = await follower.rows(made, names)
            if told is not None and replicas.takes(reader, told[1], floor):
                return told[0]
        rows, position = await _positioned_rows(self.pool, made, names)
        replicas.readers.saw(reader, position)
        return rows


async def _reached(follower: Follower, position: int, names: Sequence[str]) -> bool:
    deadline, pause = time.monotonic() + BRIEF_SECONDS, FIRST_PAUSE
    while True:
        told = await follower.rows(Statement("SELECT 1"), names)
        if told is None or told[1] >= position:
            return told is not None
        if time.monotonic() + pause > deadline:
            return False
        await asyncio.sleep(pause)
        pause *= 2


class ReplicatedLeanReads:
    """``application.queries.LeanReads`` in the same way."""

    def __init__(self, lines: Lines, replicas: Replicas) -> None:
        self._lines, self._lean, self._replicas = lines, PostgresLeanReads(lines), replicas

    @property
    def statements(self) -> int:
        """How many statements were sent since the start, to whichever server."""
        return self._lines.statements + self._replicas.statements

    async def shown(self, shown: Shown) -> Sequence[tuple[Any, ...]]:
        """See ``LeanReads``."""
        reader, replicas = READER.get(), self._replicas
        if reader is None:
            return await self._lean.shown(shown)
        asked = _positioned(shown_statement(shown), _names([_table(shown)]))
        if (chosen := self._chosen(shown, reader)) is not None:
            follower, floor = chosen
            rows = await _in_time(follower.lines.rows(asked.text, asked.params))
            if rows is not None:
                found, position = _told(rows)
                if replicas.takes(reader, position, floor):
                    return found
        found, position = _told(await self._lines.rows(asked.text, asked.params))
        replicas.readers.saw(reader, position)
        return found

    def looked_up(self, shown: Shown) -> LookUp:
        """See ``LeanReads``. Each key has a row at least, which tells how far the rows are."""
        look_up, plain = _LookUp.of(shown), self._lean.looked_up(shown)
        primary = self._lean.looked_up(look_up.shown)
        made: dict[str, LookUp] = {}

        async def ask(key: Any) -> Sequence[tuple[Any, ...]]:
            reader, replicas = READER.get(), self._replicas
            if reader is None:
                return await plain(key)
            if (chosen := self._chosen(shown, reader)) is not None:
                follower, floor = chosen
                at = made.get(follower.name) or made.setdefault(follower.name, follower.lean.looked_up(look_up.shown))
                rows = await _in_time(_asked(at, key))
                if rows and replicas.takes(reader, rows[0][-1] or 0, floor):
                    return look_up.rows(rows)
            rows = await primary(key)
            if rows and rows[0][-1] is not None:
                replicas.readers.saw(reader, rows[0][-1])
            else:
                replicas.readers.answered_by_primary(reader)
            return look_up.rows(rows)

        return ask

    def _chosen(self, shown: Shown, reader: str) -> tuple[Follower, int] | None:
        return None if _table(shown).qualified in _LEFT_TO_PRIMARY else self._replicas.choose(reader)


@dataclass(frozen=True, slots=True)
class _LookUp:
    """A look-up that answers a row for each key, found or not, with the position behind it; and back to what was asked."""

    shown: Shown
    key: int | None
    """Where a column stands that every row of the table has; None where a row of nulls is what was asked for."""
    added: bool
    """Whether nobody asked for that column."""

    @classmethod
    def of(cls, shown: Shown) -> Self:
        if not isinstance(shown.asked, Keyed):
            raise TypeError("a look-up is a question with keys")
        table = _table(shown)
        beside = (*shown.beside, questions.position_of(_names([table])))
        if shown.asked.every:
            return cls(replace(shown, beside=beside), None, added=False)
        asked = replace(shown.asked, every=True)
        if shown.columns is None:
            place = 1 + table.column_names.index(table.key[0])
            return cls(replace(shown, asked=asked, beside=beside), place, added=False)
        columns = (*shown.columns, table.key[0])
        return cls(replace(shown, asked=asked, columns=columns, beside=beside), len(columns), added=True)

    def rows(self, rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
        """The rows that were asked for."""
        key = self.key
        if key is None:
            return [row[:-1] for row in rows]
        if self.added:
            return [row[:key] + row[key + 1 : -1] for row in rows if row[key] is not None]
        return [row[:-1] for row in rows if row[key] is not None]


async def _in_time(asked: Awaitable[Sequence[tuple[Any, ...]]]) -> Sequence[tuple[Any, ...]] | None:
    """A follower's rows; None where they do not come, or too late."""
    with contextlib.suppress(*_AWAY):
        return await asyncio.wait_for(asked, ANSWER_SECONDS)
    return None


async def _asked(look_up: LookUp, key: Any) -> Sequence[tuple[Any, ...]]:
    return await look_up(key)


def _table(shown: Shown) -> Table[Any]:
    return shown.asked.question.table if isinstance(shown.asked, Keyed) else shown.asked.table
