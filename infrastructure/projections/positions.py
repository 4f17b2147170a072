"""How far the projection is, and waiting until it is far enough to read one's own writes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg_pool import AsyncConnectionPool

from application.projections.tables import PROJECTION
from application.queries import ProjectionBehind
from infrastructure.locks import PROJECTION_RUNNER
from infrastructure.postgres.pools import read_rows
from infrastructure.projections.schema import SCHEMA, DatabaseUrls, shape
from infrastructure.quarantine import Quarantined, quarantined

__all__ = ["SCHEMA", "ProjectionStatus", "projected_position", "projection_status", "wait_for"]

FIRST_PAUSE: Final = 0.002
LONGEST_PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """Where the projection stands. ``last_error`` says why it stands still; None while it goes on.

    ``quarantined`` are the events that an operator set aside.
    """

    position: int
    head: int
    lag_events: int
    active_runner: bool
    rebuild_due: bool
    last_error: str | None
    failed_at: datetime | None
    quarantined: tuple[Quarantined, ...] = ()


def projected_position() -> str:
    """SQL that answers one row with one column: the last position in the rows; no row before the first start."""
    return f"SELECT position FROM registry.projection_positions WHERE name = '{PROJECTION}'"  # noqa: S608 - a constant


async def wait_for(pool: AsyncConnectionPool[Any], position: int, timeout: float) -> int:
    """Wait until the rows hold an event; answers how far they are. One look-up where they do already.

    Raises ``ProjectionBehind`` after ``timeout`` seconds.
    """
    deadline, pause = time.monotonic() + timeout, FIRST_PAUSE
    statement = projected_position().encode()
    while True:
        rows = await read_rows(pool, statement)
        projected = int(rows[0][0]) if rows else 0
        if projected >= position:
            return projected
        left = deadline - time.monotonic()
        if left <= 0:
            raise ProjectionBehind(position, projected)
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)


def projection_status(database: DatabaseUrls) -> ProjectionStatus:
    """Where the projection stands, in this process or any other."""
    with psycopg.connect(database.app_url) as connection:
        row = connection.execute(
            "SELECT p.position, coalesce((SELECT max(position) FROM registry.events), 0),"
            " (SELECT count(*) FROM registry.events AS e WHERE e.position > p.position),"
            " EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            "  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            "  AND (classid::bigint << 32) + objid::bigint = %s),"
            " p.shape, p.error, p.failed_at"
            " FROM (SELECT 0) AS one (x) LEFT JOIN registry.projection_positions AS q ON q.name = %s"
            " CROSS JOIN LATERAL (SELECT coalesce(q.position, 0) AS position, q.shape, q.error, q.failed_at) AS p",
            [PROJECTION_RUNNER, PROJECTION],
        ).fetchone()
        aside = quarantined(connection)
    if row is None:
        raise AssertionError("one row is selected from one row")
    position, head, lag, active, found, error, failed_at = row
    return ProjectionStatus(position, head, lag, active, found not in {None, shape()}, error, failed_at, tuple(aside))
