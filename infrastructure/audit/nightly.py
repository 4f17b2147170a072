"""The audit beside the server: every night, and soon after a start where there is little to read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import psycopg

from application.audit import AuditRun
from domain.values import SHANGHAI
from infrastructure.audit.check import Audited, Stopped, check_all
from infrastructure.audit.runs import AuditRunningError, last_run
from infrastructure.locks import AUDIT_RUNNER
from infrastructure.processes import Process

log = logging.getLogger(__name__)

CHEAP: Final = 20_000
"""Events that are read in about a second: so many are audited soon after a start, and not only by night."""
SETTLED_SECONDS: Final = 60.0
"""How long a server has been up before it audits: a start is for those who wait for it."""
NIGHT: Final = range(1, 5)
"""Hours in Shanghai in which everything is read."""
A_DAY: Final = timedelta(hours=20)


def auditing_process(audited: Audited, settled_seconds: float = SETTLED_SECONDS) -> Process:
    """What sees to it that the audit is run, and logs what it found."""
    begun = time.monotonic()

    def step(stopping: Callable[[], bool]) -> bool:
        if time.monotonic() - begun < settled_seconds or not _due(audited):
            return False
        try:
            found = check_all(audited, stopping=stopping).findings
        except (Stopped, AuditRunningError):
            return False
        if found:
            log.error(
                "The audit found %d things unlawful, altered or missing: see `recognition audit findings`.", len(found)
            )
        return False

    return Process("auditing", AUDIT_RUNNER, step, idle_seconds=30)


def _due(audited: Audited) -> bool:
    with psycopg.connect(audited.url) as connection:
        last = last_run(connection)
        row = connection.execute("SELECT coalesce(max(position), 0) FROM registry.events").fetchone()
    now = audited.clock()
    return due(last, row[0] if row else 0, now, now.astimezone(SHANGHAI))


def due(last: AuditRun | None, position: int, now: datetime, local: datetime) -> bool:
    """Whether the audit is to be run: by night once a day, and at once where it never was, or a day ago, and there is little to read."""
    if last is not None and (last.checked_through == position or now - last.checked_at < A_DAY):
        return False
    return local.hour in NIGHT or position <= CHEAP
