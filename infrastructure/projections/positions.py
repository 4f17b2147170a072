"""How far each projection is, and waiting until it is far enough to read one's own writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg_pool import AsyncConnectionPool

from application.projections.projection import Projection
from application.queries import ProjectionBehind
from infrastructure.locks import PROJECTION_RUNNER, of_projection
from infrastructure.postgres.pools import read_rows
from infrastructure.projections.schema import DatabaseUrls, shape
from infrastructure.quarantine import Quarantined, quarantined

FIRST_PAUSE: Final = 0.002
LONGEST_PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """Where a projection stands. ``last_error`` says why it stands still; None while it goes on.

    ``quarantined`` are the events that an operator set aside.
    """

    name: str
    position: int
    head: int
    lag_events: int
    active_runner: bool
    rebuild_due: bool
    last_error: str | None
    failed_at: datetime | None
    quarantined: tuple[Quarantined, ...] = ()


PROJECTED: Final = (
    "SELECT coalesce(min(coalesce(p.position, 0)), 0) FROM unnest(%s::text[]) AS asked (name)"
    " LEFT JOIN registry.projection_positions AS p USING (name)"
)
"""SQL that answers one number: how far the last of some projections is, by name; 0 for one that was never started."""


async def wait_for(pool: AsyncConnectionPool[Any], position: int, timeout: float, names: Sequence[str]) -> int:
    """Wait until the rows of these projections hold an event; answers how far they are. One look-up where they do already.

    Raises ``ProjectionBehind`` after ``timeout`` seconds.
    """
    deadline, pause = time.monotonic() + timeout, FIRST_PAUSE
    while True:
        [(projected,)] = await read_rows(pool, PROJECTED.encode(), [list(names)])
        if projected >= position:
            return int(projected)
        left = deadline - time.monotonic()
        if left <= 0:
            raise ProjectionBehind(position, projected)
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)


def projection_status(database: DatabaseUrls, projection: Projection) -> ProjectionStatus:
    """Where a projection stands, in this process or any other."""
    with psycopg.connect(database.app_url) as connection:
        return status_over(connection, projection)


def status_over(connection: psycopg.Connection[Any], projection: Projection) -> ProjectionStatus:
    """The same, over a connection."""
    row = connection.execute(
        "SELECT p.position, coalesce((SELECT max(position) FROM registry.events), 0),"
        " (SELECT count(*) FROM registry.events AS e WHERE e.position > p.position),"
        " EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
        "  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        "  AND (classid::bigint << 32) + objid::bigint = %s),"
        " p.shape, p.error, p.failed_at"
        " FROM (SELECT 0) AS one (x) LEFT JOIN registry.projection_positions AS q ON q.name = %s"
        " CROSS JOIN LATERAL (SELECT coalesce(q.position, 0) AS position, q.shape, q.error, q.failed_at) AS p",
        [of_projection(PROJECTION_RUNNER, projection.name), projection.name],
    ).fetchone()
    aside = quarantined(connection)
    if row is None:
        raise AssertionError("one row is selected from one row")
    position, head, lag, active, found, error, failed_at = row
    return ProjectionStatus(
        projection.name,
        position,
        head,
        lag,
        active,
        found not in {None, shape(projection)},
        error,
        failed_at,
        tuple(aside),
    )
