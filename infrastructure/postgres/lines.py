"""Connections that an event loop reads over without a thread and without a pool: one statement at a time each, prepared once.

What is asked waits in one queue and is handed to connections in its order, in the tick after it was asked, so that look-ups of one
shape that came together are one statement (see ``Lines.look_up``). libpq's asynchronous commands (PostgreSQL 15, section 34.4) are
used as they are, since a coroutine a statement costs several times what the statement does.

Reads only. Where a connection is lost, or none is there, ``NotAtHand`` says so at once: whoever asks has the pool to fall back on,
which knows how to wait. A lost connection is made anew beside the loop, about once a second.
"""

from __future__ import annotations

import asyncio
import os
from binascii import hexlify
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus

from application.queries import NotAtHand
from infrastructure.postgres.pools import RECONNECT_SECONDS, with_times

Row = tuple[Any, ...]
_Dump = Callable[[Sequence[Any]], Sequence[Any]]
_MOST_PREPARED: Final = 200
"""Statements that a connection keeps prepared; one more begins anew."""
_MOST_KEYS: Final = 64
"""Keys of one statement: more would let the first of them wait for the last."""
_FINE: Final = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A statement whose keys are one parameter, and those before and after it, by identity. Scope is among them: others ask another."""

    text: str
    before: Sequence[Any]
    after: Sequence[Any]
    keyed: bool = True
    """Whether keys stand between the parameters; without any, all who ask in the same moment have the same rows."""
    _sent: list[Sequence[Any]] = field(default_factory=list)

    def values(self, keys: list[Any], dump: _Dump) -> Sequence[Any]:
        """The parameters as they are sent; those that are always the same are made ready once."""
        if not self._sent:
            self._sent.extend((dump(self.before), dump(self.after)))
        before, after = self._sent
        if not self.keyed:
            return before
        array = _bytea_array(keys) if isinstance(keys[0], bytes) else dump([keys])[0]
        return (*before, array, *after)


def _bytea_array(keys: Sequence[bytes]) -> bytes:
    """An array as PostgreSQL reads it (sections 8.15.2 and 8.4.1)."""
    return b'{"\\\\x' + b'","\\\\x'.join(map(hexlify, keys)) + b'"}'


class _Job(Protocol):
    """Something to be asked, known when a connection is free for it."""

    def begin(self, dump: _Dump) -> tuple[str, Sequence[Any]]:
        """The statement, with a placeholder ``%s`` a value, and the values as ``dump`` makes them ready."""

    def answer(self, rows: Sequence[Row]) -> None:
        """Its rows came."""

    def fail(self, error: Exception) -> None:
        """Nothing came."""


class _Single:
    def __init__(self, text: str, params: Sequence[Any], waiting: asyncio.Future[Sequence[Row]]) -> None:
        self._asked, self._waiting = (text, params), waiting

    def begin(self, dump: _Dump) -> tuple[str, Sequence[Any]]:
        text, params = self._asked
        return text, dump(params)

    def answer(self, rows: Sequence[Row]) -> None:
        if not self._waiting.done():
            self._waiting.set_result(rows)

    def fail(self, error: Exception) -> None:
        if not self._waiting.done():
            self._waiting.set_exception(error)


class _Gathered:
    """Look-ups of one shape, as many as come while the ones before them are under way and until a connection is free."""

    def __init__(self, shape: Shape, gathering: dict[Shape, _Gathered], ended: Callable[[Shape], None]) -> None:
        self.shape, self._gathering, self._ended = shape, gathering, ended
        self.queued = False
        self.keys: list[Any] = []
        self.waiting: list[asyncio.Future[Sequence[Row]]] = []

    def begin(self, dump: _Dump) -> tuple[str, Sequence[Any]]:
        self.close()
        return self.shape.text, self.shape.values(self.keys, dump)

    def close(self) -> None:
        """Take no further key."""
        if self._gathering.get(self.shape) is self:
            del self._gathering[self.shape]

    def answer(self, rows: Sequence[Row]) -> None:
        self._ended(self.shape)
        each: list[Sequence[Row]] = [rows] * len(self.waiting)
        if self.shape.keyed:
            found: list[list[Row]] = [[] for _ in self.keys]
            for row in rows:
                found[row[0] - 1].append(row)
            each = [*found]
        for waiting, some in zip(self.waiting, each, strict=True):
            if not waiting.done():
                waiting.set_result(some)

    def fail(self, error: Exception) -> None:
        self._ended(self.shape)
        for waiting in self.waiting:
            if not waiting.done():
                waiting.set_exception(error)


class _Line:
    """One connection: idle, or at work for one job."""

    def __init__(
        self, connection: psycopg.Connection[Any], loop: asyncio.AbstractEventLoop, free: Free, lost: Free
    ) -> None:
        self._connection, self._loop, self._free, self._lost = connection, loop, free, lost
        self._raw = connection.pgconn
        self._raw.nonblocking = 1
        self._prepared: dict[str, bytes] = {}
        self._loads = Transformer(connection)
        self._dumps = Transformer(connection)
        self._job: _Job | None = None
        self._to_execute: tuple[bytes, Sequence[Any]] | None = None
        self._results: list[Any] = []
        self._closed = False
        # A name of its own for the socket: libpq closes its own when the connection is lost, and whoever connects next may get that number.
        self._socket = os.dup(self._raw.socket)
        loop.add_reader(self._socket, self._readable)

    def work_at(self, job: _Job) -> None:
        """Send a job's statement, preparing it first where it is new here."""
        self._job = job
        try:
            text, values = job.begin(self._dump)
            name = self._prepared.get(text)
            if name is None:
                self._prepare(text)
                self._to_execute = (self._prepared[text], values)
            else:
                self._raw.send_query_prepared(name, values)
            self._flush()
        except Exception as error:  # noqa: BLE001 - as below
            self.give_up(error)

    def _dump(self, params: Sequence[Any]) -> Sequence[Any]:
        return self._dumps.dump_sequence(list(params), [PyFormat.TEXT] * len(params))

    def _prepare(self, text: str) -> None:
        if len(self._prepared) >= _MOST_PREPARED:
            raise psycopg.OperationalError("too many statements are prepared: begin anew")
        name = b"l%d" % len(self._prepared)
        first, *parts = text.split("%s")
        numbered = first + "".join(f"${n}{part}" for n, part in enumerate(parts, 1))
        self._raw.send_prepare(name, numbered.encode())
        self._prepared[text] = name

    def _flush(self) -> None:
        if self._raw.flush():
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        try:
            if not self._raw.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self.give_up(error)

    def _readable(self) -> None:
        raw = self._raw
        try:
            raw.consume_input()
            while not raw.is_busy():
                result = raw.get_result()
                if result is None:
                    self._ended()
                    return
                self._results.append(result)
        except Exception as error:  # noqa: BLE001 - whatever it is, who waits is told that nothing came
            self.give_up(error)

    def _ended(self) -> None:
        """All results of what was sent are there; None at once where nothing was, as when the server says that it ends."""
        results, job = self._results, self._job
        self._results = []
        if job is None:
            if self._raw.status != ConnStatus.OK:
                raise psycopg.OperationalError("the connection ended")
            return
        refused = next((each for each in results if each.status not in _FINE), None)
        if refused is not None or not results:
            raise psycopg.OperationalError("the statement was refused, or the connection ended")
        if self._to_execute is not None:
            name, values = self._to_execute
            self._to_execute = None
            self._raw.send_query_prepared(name, values)
            self._flush()
            return
        self._loads.set_pgresult(results[-1])
        rows = self._loads.load_rows(0, results[-1].ntuples, tuple)
        self._job = None
        self._free(self)
        job.answer(rows)

    def give_up(self, error: Exception) -> None:
        """Give the connection up: what went wrong on it once is not worth finding out."""
        job, self._job = self._job, None
        self.close()
        self._lost(self)
        if job is not None:
            refused = NotAtHand()
            refused.__cause__ = error
            job.fail(refused)

    def close(self) -> None:
        """Let the connection go."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            os.close(self._socket)
            self._connection.close()


Free = Callable[[_Line], None]


class Lines:
    """A few such connections, while it is entered (``async with``), on the loop that entered it."""

    def __init__(self, conninfo: str, size: int) -> None:
        self._conninfo, self._size = with_times(conninfo), size
        self._idle: list[_Line] = []
        self._all: set[_Line] = set()
        self._queue: deque[_Job] = deque()
        self._gathering: dict[Shape, _Gathered] = {}
        self._under_way: Counter[Shape] = Counter()
        self._due = False
        self._making: set[asyncio.Task[None]] = set()
        self._open = False
        self.statements = 0
        """How many statements were sent."""

    async def __aenter__(self) -> Self:
        """Begin to connect; until a connection is there nothing is at hand."""
        self._loop, self._open = asyncio.get_running_loop(), True
        for connected in await asyncio.gather(*(self._connect() for _ in range(self._size))):
            if not connected:
                self._make_again()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all of them; who waits hears that nothing is at hand."""
        self._open = False
        for task in self._making:
            task.cancel()
        for line in list(self._all):
            line.give_up(NotAtHand())
        self._all.clear()
        self._idle.clear()
        self._give_up()

    async def rows(self, text: str, params: Sequence[Any]) -> Sequence[Row]:
        """A statement's rows. Raises ``NotAtHand``."""
        waiting: asyncio.Future[Sequence[Row]] = self._loop.create_future() if self._open else _nobody()
        self._put(_Single(text, params, waiting))
        return await waiting

    def look_up(self, shape: Shape, key: Any) -> asyncio.Future[Sequence[Row]]:
        """The rows that a key names, in a statement with all keys of this shape that wait for a connection; each row has the number
        of its key in front. Of a shape without keys its rows, of one statement for all who ask until it is sent. Raises ``NotAtHand``.
        """
        waiting: asyncio.Future[Sequence[Row]] = self._loop.create_future() if self._open else _nobody()
        job = self._gathering.get(shape)
        if job is None:
            job = self._gathering[shape] = _Gathered(shape, self._gathering, self._ended)
            if not self._under_way[shape]:
                self._queue_up(shape, job)
        job.keys.append(key)
        job.waiting.append(waiting)
        if len(job.keys) >= _MOST_KEYS:
            if not job.queued:
                self._queue_up(shape, job)
            job.close()
        return waiting

    def _queue_up(self, shape: Shape, job: _Gathered) -> None:
        self._under_way[shape] += 1
        job.queued = True
        self._put(job)

    def _ended(self, shape: Shape) -> None:
        """Look-ups of a shape have their answer: those that were gathered meanwhile are next."""
        self._under_way[shape] -= 1
        if not self._under_way[shape]:
            del self._under_way[shape]
            if (job := self._gathering.get(shape)) is not None and self._open:
                self._queue_up(shape, job)

    def _put(self, job: _Job) -> None:
        self._queue.append(job)
        if not self._due:
            self._due = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._due = False
        if not self._all:
            self._give_up()
        while self._queue and self._idle:
            self.statements += 1
            self._idle.pop().work_at(self._queue.popleft())

    def _free(self, line: _Line) -> None:
        self._idle.append(line)
        if self._queue and not self._due:
            self._due = True
            self._loop.call_soon(self._hand_over)

    def _lost(self, line: _Line) -> None:
        self._all.discard(line)
        if line in self._idle:
            self._idle.remove(line)
        if not self._all:
            self._give_up()
        if self._open:
            self._make_again()

    def _make_again(self) -> None:
        task = self._loop.create_task(self._again())
        self._making.add(task)
        task.add_done_callback(self._making.discard)

    async def _again(self) -> None:
        while self._open:
            await asyncio.sleep(RECONNECT_SECONDS)
            if await self._connect():
                return

    async def _connect(self) -> bool:
        making = self._loop.run_in_executor(None, self._connected)
        try:
            connection = await asyncio.shield(making)
        except psycopg.Error:
            return False
        except asyncio.CancelledError:
            making.add_done_callback(_closed)
            raise
        if not self._open:
            connection.close()
            return False
        line = _Line(connection, self._loop, self._free, self._lost)
        self._all.add(line)
        self._free(line)
        return True

    def _connected(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self._conninfo, autocommit=True)
        connection.execute("SET DateStyle TO ISO")
        return connection

    def _give_up(self) -> None:
        held = [job for job in self._gathering.values() if not job.queued]
        waiting, self._queue = [*self._queue, *held], deque()
        self._gathering.clear()
        for job in held:
            self._under_way[job.shape] += 1
        for each in waiting:
            each.fail(NotAtHand())


def _closed(made: asyncio.Future[psycopg.Connection[Any]]) -> None:
    """Let a connection go that nobody wants any more."""
    if not made.cancelled() and made.exception() is None:
        made.result().close()


def _nobody() -> Any:
    raise NotAtHand
