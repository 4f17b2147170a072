"""The runs of the audit in the database: which parts are done, what they found, and what was done although something was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Final

import psycopg
from psycopg_pool import AsyncConnectionPool

from application.audit import AUDIT_FINDINGS, AuditRun, Finding, FindingRow
from domain.messages import Language, tell
from infrastructure.postgres.errors import DatabaseUnavailableError
from infrastructure.postgres.pools import read_rows

RESUMED_WITHIN: Final = timedelta(days=1)
"""A run that was interrupted goes on within this time; later everything is read anew."""

_LAST: Final = (
    "SELECT r.run, r.checked_through, p.done_at, (SELECT count(*) FROM registry.audit_findings AS f WHERE f.run = r.run)"
    " FROM registry.audit_parts AS p JOIN registry.audit_runs AS r USING (run) WHERE p.ends_run"
    " ORDER BY r.run DESC LIMIT 1"
)
_INTERRUPTED: Final = (
    "SELECT r.run, r.checked_through, r.events,"
    " (SELECT count(*) FROM registry.audit_findings AS f WHERE f.run = r.run) FROM registry.audit_runs AS r WHERE r.begun_at > now() - %s::interval"
    " AND r.run = (SELECT max(run) FROM registry.audit_runs)"
    " AND NOT EXISTS (SELECT FROM registry.audit_parts AS p WHERE p.run = r.run AND p.ends_run)"
)
_BEGIN: Final = (
    "INSERT INTO registry.audit_runs (checked_through, events) SELECT coalesce(max(position), 0), count(*)"
    " FROM registry.events RETURNING run, checked_through, events"
)
_KEEP: Final = (
    "INSERT INTO registry.audit_findings (run, code, rule, stream_id, version, position, message_en, message_zh)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_FOUND: Final = f"SELECT {AUDIT_FINDINGS.select_list} FROM {AUDIT_FINDINGS.qualified} WHERE run = %s ORDER BY number"  # noqa: S608 - our own names


class AuditRunningError(DatabaseUnavailableError):
    """Somebody else runs the audit at this moment."""

    code: ClassVar[str] = "audit-running"


class EventsUnlawfulError(DatabaseUnavailableError):
    """The last run of the audit found events that are unlawful or altered, so that nothing is made of them without a reason."""

    code: ClassVar[str] = "events-unlawful"


@dataclass(slots=True)
class OpenRun:
    """A run under way: its number, up to where it reads, how many events there are, and which parts are done."""

    run: int
    checked_through: int
    events: int
    done: set[int] = field(default_factory=set)
    resumed: bool = False
    found: int = 0

    @classmethod
    def begin(cls, connection: psycopg.Connection[Any]) -> OpenRun:
        """Go on with the run that was interrupted last, where that is not long ago, or begin one."""
        row = connection.execute(_INTERRUPTED, [RESUMED_WITHIN]).fetchone()
        if row is not None:
            parts = connection.execute("SELECT part FROM registry.audit_parts WHERE run = %s", [row[0]])
            run, checked_through, events, found = row
            return cls(run, checked_through, events, {part for (part,) in parts}, resumed=True, found=found)
        row = connection.execute(_BEGIN).fetchone()
        if row is None:
            raise TypeError("the statement that begins a run answers one")
        return cls(*row)

    def keep(self, connection: psycopg.Connection[Any], part: int, found: Sequence[Finding], *, ends: bool) -> None:
        """Keep a part that is done, with what it found, all or nothing."""
        with connection.transaction():
            rows = [(self.run, *_row(each)) for each in found]
            if rows:
                connection.cursor().executemany(_KEEP, rows)
            connection.execute(
                "INSERT INTO registry.audit_parts (run, part, ends_run) VALUES (%s, %s, %s)", [self.run, part, ends]
            )
        self.done.add(part)


def _row(each: Finding) -> tuple[Any, ...]:
    texts = each.said.text(Language.EN), each.said.text(Language.ZH)
    return each.code, each.rule, each.stream_id, each.version, each.position, *texts


def last_run(connection: psycopg.Connection[Any]) -> AuditRun | None:
    """The last run that came to its end; None before the first."""
    row = connection.execute(_LAST).fetchone()
    return AuditRun(*row) if row else None


def last_findings(url: str) -> tuple[AuditRun, list[FindingRow]] | None:
    """The last run that came to its end and all that it found; None before the first."""
    with psycopg.connect(url) as connection:
        last = last_run(connection)
        if last is None:
            return None
        return last, [AUDIT_FINDINGS.from_row(row) for row in connection.execute(_FOUND.encode(), [last.run])]


class PostgresAuditRuns:
    """``application.audit.AuditRuns`` over the pool of the read side."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool

    async def last(self) -> AuditRun | None:
        """See ``AuditRuns``."""
        rows = await read_rows(self._pool, _LAST.encode(), [])
        return AuditRun(*rows[0]) if rows else None


def require_lawful(url: str, act: str, reason: str | None, operator: str) -> AuditRun | None:
    """Refuse an act on the events where the last run of the audit found something, unless a reason is given, which is recorded.

    Answers the run that is disregarded, None where it found nothing. Raises ``EventsUnlawfulError``.
    """
    with psycopg.connect(url) as connection:
        last = last_run(connection)
        if last is None or not last.findings:
            return None
        if reason is None or len(reason.strip()) < 3:
            raise EventsUnlawfulError(
                tell(
                    "trouble.audit_found_things_events_up_position",
                    findings=last.findings,
                    checked_through=last.checked_through,
                )
            )
        connection.execute(
            "INSERT INTO registry.audit_disregards (run, act, reason, operator) VALUES (%s, %s, %s, %s)",
            [last.run, act, reason.strip(), operator],
        )
        return last
