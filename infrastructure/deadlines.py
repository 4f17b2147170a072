"""Where missed deadlines are recorded: beside the server, one runner among all servers, woken when rows change and by the day."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from application.deadlines import Deadlines
from application.projections.tables import CASES
from infrastructure.locks import DEADLINES
from infrastructure.postgres.database import Database
from infrastructure.postgres.pools import read_over
from infrastructure.processes import Process
from infrastructure.projections.batches import CHANNEL

log = logging.getLogger(__name__)

PACE_SECONDS: Final = 5.0
"""At least this long between two looks, however often rows change."""
IDLE_SECONDS: Final = 60.0
"""At most this long, so that the end of a day is noticed when nobody does anything."""

_UNRECORDED: Final = (
    f"SELECT case_id FROM {CASES.qualified}"  # noqa: S608 - constants of this project
    " WHERE unrecorded_due < %s AND (%s::uuid IS NULL OR case_id > %s) ORDER BY case_id LIMIT %s"
)


class ProjectedOverdueCases:
    """Cases that missed a deadline, from the read model (``application.deadlines.OverdueCases``)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unrecorded(self, today: date, after: UUID | None, limit: int) -> Sequence[UUID]:
        """See ``OverdueCases``."""
        params = (today, after, after, limit)
        rows = read_over(
            self._database.pool, lambda connection: connection.execute(_UNRECORDED.encode(), params).fetchall()
        )
        return [case_id for (case_id,) in rows]


def deadlines_process(deadlines: Deadlines) -> Process:
    """Missed deadlines recorded, case by case."""

    def step(stopping: Callable[[], bool]) -> bool:
        for missed in deadlines.run():
            log.info("Case %s missed: %s.", missed.case_id, ", ".join(missed.kinds))
            if stopping():
                break
        return False

    return Process("deadlines", DEADLINES, step, CHANNEL, IDLE_SECONDS, PACE_SECONDS)
