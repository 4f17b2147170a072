"""Where the rematching process runs: beside the server, one at a time among all processes, woken when rows change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from application.rematching import Pending, Rematching
from infrastructure.postgres.database import Database
from infrastructure.postgres.pools import read_over
from infrastructure.projections.batches import CHANNEL
from infrastructure.projections.positions import SCHEMA

log = logging.getLogger(__name__)

LOCK: Final = 0x7265_6D61_7463_6800
"""The advisory lock that the one active runner holds: ``rematch`` in ASCII."""
STANDBY_SECONDS: Final = 1.0
PACE_SECONDS: Final = 0.5
"""At least this long between two looks, however often rows change."""
IDLE_SECONDS: Final = 30.0
"""At most this long, so that a version whose day has come is noticed when nobody does anything."""
_STOP_SECONDS: Final = 0.2

_BELOW: Final = (
    f"SELECT submitted_at, case_id FROM {SCHEMA}.cases"  # noqa: S608 - constants of this project
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


class RematchRunner:
    """Runs the process in a thread of its own, from ``start`` to ``stop``.

    It holds an advisory lock on a connection of its own, so a process that dies hands over to the next. What was moved is
    stored case by case; an error is logged once, and everything still due is tried again.
    """

    def __init__(self, database: Database, rematching: Rematching) -> None:
        self._database = database
        self._rematching = rematching
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._logged: str | None = None

    def start(self) -> None:
        """Start; the read model must be there or on its way."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="rematching", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the case in hand; returns when the thread has."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def run_until_done(self) -> int:
        """Move here and now whatever the rows show as due, for short commands; the number of cases."""
        return sum(1 for _ in self._rematching.run())

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._database.app_url, autocommit=True) as connection:
                    if self._becomes_active(connection):
                        connection.execute(f"LISTEN {CHANNEL}".encode())
                        while not self._stopping.is_set():
                            self._move_all()
                            self._logged = None
                            self._wait(connection)
            except Exception as error:  # noqa: BLE001 - the thread outlives whatever fails; it is logged and tried again
                self._note(error)
                self._stopping.wait(STANDBY_SECONDS)

    def _becomes_active(self, connection: psycopg.Connection[Any]) -> bool:
        while not self._stopping.is_set():
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
            if row is not None and row[0]:
                return True
            self._stopping.wait(STANDBY_SECONDS)
        return False

    def _move_all(self) -> None:
        for moved in self._rematching.run():
            log.info("Case %s is matched anew under version %d.", moved.case_id, moved.versions[-1])
            if self._stopping.is_set():
                return

    def _wait(self, connection: psycopg.Connection[Any]) -> None:
        deadline = time.monotonic() + IDLE_SECONDS
        self._stopping.wait(PACE_SECONDS)
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if any(True for _ in connection.notifies(timeout=_STOP_SECONDS, stop_after=1)):
                return

    def _note(self, error: Exception) -> None:
        text = f"{type(error).__name__} {getattr(error, 'sqlstate', None) or ''}".strip()
        if text != self._logged:
            log.error("Pending cases are not matched anew: %s. It is tried again.", text)
            self._logged = text
