"""Connections that are alive when they are handed out, and that come back soon after the server does.

All pools are made here. An idle connection that the server closed is found without a round trip; the first such find drops
every idle connection, since a restart closed them all. A pool that can't connect tries about once a second for as long as it
is open. Waiting for a silent peer ends too: connecting and unacknowledged data have their time (libpq, section 34.1.2).
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import psycopg
from eventsourcing.postgres import ConnectionPool as RecorderPool
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from infrastructure.postgres.sqlstates import connection_was_lost

T = TypeVar("T")
RECONNECT_SECONDS: Final = 1.0
_TIMES: Final = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


def with_times(conninfo: str) -> str:
    """A connection string whose connections give up on a silent peer, unless it says itself when."""
    given = conninfo_to_dict(conninfo)
    return make_conninfo(conninfo, **{name: value for name, value in _TIMES.items() if name not in given})


def blocking_pool(conninfo: str, *, name: str, min_size: int, max_size: int, timeout: float) -> ConnectionPool[Any]:
    """A pool for threads, not yet open; ``timeout`` is how many seconds a caller waits for a connection."""
    return _checked(ConnectionPool, conninfo, None, name=name, min_size=min_size, max_size=max_size, timeout=timeout)


def recorder_pool(
    conninfo: str,
    kwargs: dict[str, Any],
    *,
    name: str,
    min_size: int,
    max_size: int,
    timeout: float,
    lock_seconds: float,
) -> RecorderPool[Any]:
    """The same, of the class that the library's datastore holds; ``kwargs`` are for its connections, which wait so long for a lock."""

    def configure(connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"SET lock_timeout = {max(1, round(lock_seconds * 1000))}".encode())

    sizes: dict[str, Any] = {"min_size": min_size, "max_size": max_size, "timeout": timeout}
    return _checked(RecorderPool, conninfo, kwargs, name=name, configure=configure, **sizes)


P = TypeVar("P", bound=ConnectionPool[Any])


def _checked(kind: type[P], conninfo: str, kwargs: dict[str, Any] | None, **sizes: Any) -> P:
    drained = _Seldom()

    def check(connection: psycopg.Connection[Any]) -> None:
        if not _has_news(connection.fileno()):
            return
        try:
            connection.execute("")
        except psycopg.Error:
            if drained.again():
                pool.drain()
            raise

    pool = kind(
        conninfo,
        kwargs=kwargs,
        check=check,
        open=False,
        reconnect_timeout=RECONNECT_SECONDS,
        reconnect_failed=lambda failed: failed.check(),  # which tries anew
        **sizes,
    )
    return pool


def async_pool(conninfo: str, *, name: str, min_size: int, max_size: int, timeout: float) -> AsyncConnectionPool[Any]:
    """A pool for an event loop, not yet open, of connections that commit each statement."""
    drained = _Seldom()

    async def check(connection: psycopg.AsyncConnection[Any]) -> None:
        if not _has_news(connection.fileno()):
            return
        try:
            await connection.execute("")
        except psycopg.Error:
            if drained.again():
                await pool.drain()
            raise

    async def try_anew(failed: AsyncConnectionPool[Any]) -> None:
        await failed.check()

    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        conninfo,
        kwargs={"autocommit": True},
        check=check,
        open=False,
        name=name,
        min_size=min_size,
        max_size=max_size,
        timeout=timeout,
        reconnect_timeout=RECONNECT_SECONDS,
        reconnect_failed=try_anew,
    )
    return pool


def read_over(pool: ConnectionPool[Any], read: Callable[[psycopg.Connection[Any]], T]) -> T:
    """Read over a pooled connection, and once more over another where the first was lost. Reads only: never a write."""
    try:
        with pool.connection() as connection:
            return read(connection)
    except psycopg.Error as error:
        if not connection_was_lost(error):
            raise
    with pool.connection() as connection:
        return read(connection)


async def read_rows(
    pool: AsyncConnectionPool[Any], statement: bytes, params: Sequence[Any] = (), *, binary: bool = False
) -> list[Any]:
    """A statement's rows, asked once more over another connection where the first was lost. Reads only: never a write.

    ``binary``: values come in PostgreSQL's binary form, which suits long bytes.
    """
    try:
        return await _rows(pool, statement, params, binary=binary)
    except psycopg.Error as error:
        if not connection_was_lost(error):
            raise
    return await _rows(pool, statement, params, binary=binary)


async def _rows(pool: AsyncConnectionPool[Any], statement: bytes, params: Sequence[Any], *, binary: bool) -> list[Any]:
    async with pool.connection() as connection:
        rows: list[Any] = await (await connection.execute(statement, params, binary=binary)).fetchall()
    return rows


def _has_news(descriptor: int) -> bool:
    """Whether an idle connection has something to read: then only talking to the server tells what."""
    if descriptor < 0:
        return True
    poll = select.poll()  # select() refuses descriptors above 1023
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class _Seldom:
    """Says yes at most once a second."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def again(self) -> bool:
        now = time.monotonic()
        if now - self._last < RECONNECT_SECONDS:
            return False
        self._last = now
        return True
