"""Figures of a registry as it stands, for whoever watches over it: one statement over what is indexed, nothing about a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from domain.case.title_events import DeadlineMissed

_SIGNED: Final = "(SELECT coalesce(max(c.position), 0) FROM log.checkpoints AS c WHERE c.epoch = (SELECT max(epoch) FROM log.epochs))"
_FIGURES: Final = (
    "SELECT (SELECT coalesce(max(position), 0) FROM registry.events), w.waiting, w.since,"  # noqa: S608 - constants of this project
    f" (SELECT count(*) FROM registry.events WHERE topic = '{DeadlineMissed.TOPIC}'),"
    " (SELECT (SELECT count(*) FROM registry.audit_findings AS f WHERE f.run = p.run) FROM registry.audit_parts AS p"
    " WHERE p.ends_run ORDER BY p.run DESC LIMIT 1),"
    " (SELECT max(made_at) FROM registry.backups)"
    " FROM (SELECT count(*) AS waiting, min(recorded_at) AS since FROM registry.events"
    f" WHERE position > {_SIGNED}) AS w"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """The last event, what waits for the transparency log, deadlines on record as missed, findings of the last audit, the last backup."""

    position: int
    log_waiting: int
    log_waiting_since: datetime | None
    deadlines_missed: int
    audit_findings: int | None
    last_backup: datetime | None


def figures(connection: psycopg.Connection[Any]) -> Figures:
    """The figures of this instant."""
    row = connection.execute(_FIGURES.encode()).fetchone()
    if row is None:
        raise TypeError("one row is selected")
    return Figures(*row)
