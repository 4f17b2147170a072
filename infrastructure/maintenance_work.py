"""What the process does that carries out a request for maintenance: opens the registry as it stands, does it, tells how far it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import psycopg

from application.operations import MaintenanceKind
from application.projections.all import PROJECTIONS
from domain.messages import Message, SpokenError, tell
from infrastructure.audit.runs import require_lawful
from infrastructure.composition import MASTER_KEY_FILE
from infrastructure.maintenance import end
from infrastructure.processes import describe
from infrastructure.projections import rebuild as rebuilding
from infrastructure.sealing.rotation import finish_erasures
from infrastructure.settings import Settings
from infrastructure.shares import end_with_parent
from infrastructure.standing import StandingRegistry, open_existing_keys, open_standing_registry

log = logging.getLogger(__name__)

_TOLD_SECONDS: Final = 1.0
"""How often at most it is told how far the work is."""
_OPEN: Final = "SELECT kind, although, requested_by FROM registry.maintenance WHERE number = %s AND ended_at IS NULL"
_TELL: Final = "UPDATE registry.maintenance SET done = %s, total = %s WHERE number = %s"

Progress = Callable[[int, int], None]


def work_apart(settings: Settings, number: int) -> None:
    """What the process does: it ends with the server that began it, however that one ends."""
    end_with_parent()
    with open_standing_registry(settings) as registry:
        carry_out(registry, number)


def carry_out(registry: StandingRegistry, number: int) -> None:
    """Do what was asked for and keep what came of it, whatever that is."""
    with psycopg.connect(registry.database.app_url, autocommit=True) as connection:
        row = connection.execute(_OPEN, [number]).fetchone()
        if row is None:
            return
        kind, although, subject = row
        told = time.monotonic() - _TOLD_SECONDS

        def progress(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= _TOLD_SECONDS or done == total:
                told = time.monotonic()
                connection.execute(_TELL, [done, total, number])

        try:
            succeeded, said = _KINDS[MaintenanceKind(kind)](registry, progress, although, subject)
        except SpokenError as error:
            succeeded, said = False, tell("maintenance.failed", reason=error.said)
        except Exception as error:
            log.exception("The maintenance %s failed.", number)
            succeeded, said = False, tell("maintenance.failed", reason=describe(error))
        end(connection, number, said, succeeded=succeeded)


def _check(
    registry: StandingRegistry, progress: Progress, _although: str | None, _subject: str
) -> tuple[bool, Message]:
    database, mapper = registry.database, registry.mapper
    reports = [rebuilding.check(database, mapper, each, progress) for each in PROJECTIONS]
    position = min(each.position for each in reports)
    wrong = [one.table for each in reports for one in each.comparisons if one.differs]
    if wrong:
        return False, tell("maintenance.differs", tables=wrong, position=position)
    return True, tell("maintenance.checked", position=position)


def _rebuild(
    registry: StandingRegistry, progress: Progress, although: str | None, subject: str
) -> tuple[bool, Message]:
    require_lawful(registry.database.app_url, "projections rebuild", although, subject)
    report = rebuilding.rebuild(registry.database, registry.mapper, PROJECTIONS, progress)
    seconds = timedelta(seconds=round(report.seconds))
    return True, tell(
        "maintenance.rebuilt", events=report.events, duration=str(seconds), position=report.position,
        tables=len(report.differences),
    )  # fmt: skip


def _finish(
    registry: StandingRegistry, _progress: Progress, _although: str | None, _subject: str
) -> tuple[bool, Message]:
    with open_existing_keys(registry.settings) as keys:
        done = finish_erasures(keys, registry.settings.data_dir / MASTER_KEY_FILE)
    return True, tell("maintenance.finished", keys=done)


_Kind = Callable[[StandingRegistry, Progress, str | None, str], tuple[bool, Message]]
_KINDS: Final[Mapping[MaintenanceKind, _Kind]] = {
    MaintenanceKind.CHECK_READ_MODELS: _check,
    MaintenanceKind.REBUILD_READ_MODELS: _rebuild,
    MaintenanceKind.FINISH_ERASURES: _finish,
}
