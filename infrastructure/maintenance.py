"""Maintenance that was asked for over the API: done in a process of its own beside the server, which tells how far it is.

Of all servers one sees to it. A request that was broken off, by the end of a server or of the process, is begun anew, since each kind
may be repeated; one that was broken off ``MOST_ATTEMPTS`` times has failed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from application.operations import MaintenanceKind, MaintenanceView
from domain.messages import Language, Message, tell
from infrastructure.locks import MAINTENANCE
from infrastructure.postgres.pools import read_over
from infrastructure.processes import Process, Step
from infrastructure.settings import Settings

CHANNEL: Final = "maintenance"
IDLE_SECONDS: Final = 30.0
MOST_ATTEMPTS: Final = 3
SHOWN: Final = 10
"""Requests that are told, the latest."""
_LOOK_SECONDS: Final = 0.2
_SELECT: Final = (
    "SELECT number, kind, although, requested_by, requested_at, started_at, done, total, ended_at, succeeded, outcome_en,"
    " outcome_zh FROM registry.maintenance"
)
_ASK: Final = (
    "INSERT INTO registry.maintenance (kind, although, requested_by) VALUES (%s, %s, %s)"
    " ON CONFLICT (kind) WHERE ended_at IS NULL DO NOTHING"
)
_NEXT: Final = "SELECT number, attempts FROM registry.maintenance WHERE ended_at IS NULL ORDER BY number LIMIT 1"
_BEGIN: Final = (
    "UPDATE registry.maintenance SET attempts = attempts + 1, started_at = now(), done = 0, total = 0 WHERE number = %s"
)
_END: Final = (
    "UPDATE registry.maintenance SET ended_at = now(), succeeded = %s, outcome_en = %s, outcome_zh = %s"
    " WHERE number = %s AND ended_at IS NULL"
)

Work = Callable[[Settings, int], None]
"""A function of a module that carries out the request of a number, in the registry that the settings name."""


class PostgresMaintenance:
    """``application.operations.MaintenanceRequests`` over the application's pool."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def ask(self, kind: MaintenanceKind, although: str | None, subject: str) -> MaintenanceView:
        """See ``MaintenanceRequests``."""
        with self._pool.connection() as connection:
            connection.execute(_ASK, [kind.value, although, subject])
            row = connection.execute(f"{_SELECT} WHERE kind = %s ORDER BY number DESC LIMIT 1", [kind.value]).fetchone()
            connection.execute("SELECT pg_notify(%s, '')", [CHANNEL])
            return _view(*row)

    def latest(self) -> tuple[MaintenanceView, ...]:
        """The latest requests, the newest first."""
        newest = f"{_SELECT} ORDER BY number DESC LIMIT %s"
        rows = read_over(self._pool, lambda connection: connection.execute(newest, [SHOWN]).fetchall())
        return tuple(_view(*row) for row in rows)


def _view(number: int, kind: str, *facts: Any) -> MaintenanceView:
    names = (
        "although", "requested_by", "requested_at", "started_at", "done", "total", "ended_at", "succeeded", "outcome_en",
        "outcome_zh",
    )  # fmt: skip
    return MaintenanceView(number=number, kind=MaintenanceKind(kind), **dict(zip(names, facts, strict=True)))


def maintenance_process(settings: Settings, work: Work) -> Process:
    """Does what was asked for, request after request, each by ``work`` in a process of its own."""

    def over(connection: psycopg.Connection[Any]) -> Step:
        def step(stopping: Callable[[], bool]) -> bool:
            row = connection.execute(_NEXT).fetchone()
            if row is None:
                return False
            number, attempts = row
            if attempts >= MOST_ATTEMPTS:
                end(connection, number, tell("maintenance.broken_off", times=attempts), succeeded=False)
                return True
            connection.execute(_BEGIN, [number])
            return _done_apart(work, settings, number, stopping)

        return step

    return Process("maintenance", MAINTENANCE, channel=CHANNEL, idle_seconds=IDLE_SECONDS, over=over)


def _done_apart(work: Work, settings: Settings, number: int, stopping: Callable[[], bool]) -> bool:
    """Have a process do it, and wait for its end, or for ours: then it is begun anew by the next server."""
    working = multiprocessing.get_context("spawn").Process(target=work, args=(settings, number), daemon=True)
    working.start()
    while working.is_alive():
        working.join(_LOOK_SECONDS)
        if stopping():
            working.terminate()
            working.join()
            return False
    return True


def end(connection: psycopg.Connection[Any], number: int, said: Message, *, succeeded: bool) -> None:
    """Keep what came of a request."""
    connection.execute(_END, [succeeded, said.text(Language.EN), said.text(Language.ZH), number])
