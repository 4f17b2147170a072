"""Where the rematching process runs: beside the server, one at a time among all processes, woken when rows change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from application.projections.tables import CASES
from application.rematching import Pending, Rematching
from infrastructure.locks import REMATCHING
from infrastructure.postgres.database import Database
from infrastructure.postgres.pools import read_over
from infrastructure.processes import Process
from infrastructure.projections.batches import CHANNEL

log = logging.getLogger(__name__)

PACE_SECONDS: Final = 0.5
"""At least this long between two looks, however often rows change."""
IDLE_SECONDS: Final = 30.0
"""At most this long, so that a version whose day has come is noticed when nobody does anything."""

_BELOW: Final = (
    f"SELECT submitted_at, case_id FROM {CASES.qualified}"  # noqa: S608 - constants of this project
    " WHERE status IN ('SUBMITTED', 'MATCHED', 'SUPPLEMENT_REQUESTED') AND catalog_code = %s AND version_number < %s"
    " AND (submitted_at, case_id) > (coalesce(%s::timestamptz, '-infinity'), coalesce(%s::uuid, %s::uuid))"
    " ORDER BY submitted_at, case_id LIMIT %s"
)
_FIRST_UUID: Final = "00000000-0000-0000-0000-000000000000"


class ProjectedPendingCases:
    """Open cases from the read model (``application.rematching.PendingCases``)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def below(self, catalog_code: str, version: int, after: Pending | None, limit: int) -> Sequence[Pending]:
        """See ``PendingCases``."""
        key = (after.submitted_at, after.case_id) if after else (None, None)
        params = (catalog_code, version, *key, _FIRST_UUID, limit)
        rows = read_over(self._database.pool, lambda connection: connection.execute(_BELOW.encode(), params).fetchall())
        return [Pending(*row) for row in rows]


def rematching_process(rematching: Rematching) -> Process:
    """Pending cases moved to the version in force: case by case, woken when rows change, and by the day itself."""

    def step(stopping: Callable[[], bool]) -> bool:
        for moved in rematching.run():
            log.info("Case %s is matched anew under version %d.", moved.case_id, moved.versions[-1])
            if stopping():
                break
        return False

    return Process("rematching", REMATCHING, step, CHANNEL, IDLE_SECONDS, PACE_SECONDS)
