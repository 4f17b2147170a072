"""The audit run: over everything, over the streams that gained events since a position, or over one case.

A run over everything is done in parts, streams by their identifiers, each kept when it is done, so that one that was interrupted goes
on where it stood. What is found is told as it is found.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from application.audit import Finding
from domain.guards import Circumstances
from domain.identifiers import normalised_case_number
from domain.messages import tell
from infrastructure.audit import whole
from infrastructure.audit.links import Links
from infrastructure.audit.retention import erasures
from infrastructure.audit.runs import AuditRunningError, OpenRun
from infrastructure.audit.streams import Range, Rows, StreamCheck, batches, rows_of_range, rows_of_streams
from infrastructure.collector import seldom_collecting
from infrastructure.locks import AUDIT
from infrastructure.log.sequencer import LogFiles
from infrastructure.mapper import EventMapper
from infrastructure.sealing.errors import SealingError
from infrastructure.sealing.rotation import Pool
from infrastructure.shares import Shares

MOST_PARTS: Final = 64
A_PART: Final = 20_000
"""Events that a part has about; what an interruption costs each process at most."""
WORTH_SHARING: Final = 4
"""Parts from which on processes are begun for them: each takes a second or two to be ready."""
_CHUNK: Final = 1_000
_SINCE: Final = (
    "SELECT DISTINCT originator_id FROM registry.events WHERE position > %s AND position <= %s ORDER BY originator_id"
)
_OF_NUMBER: Final = (
    "SELECT originator_id FROM registry.events WHERE topic IN ('recognition-case.submitted', 'recognition-case.imported')"
    " AND right(originator_id::text, 12) = %s"
)
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Progress = Callable[[int, int], None]
Report = Callable[[Finding], None]


class Stopped(Exception):
    """The audit was told to stop; what is done is kept."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What is audited: the events by a connection string with the application's rights, the keys, the log's files, and what guards
    ask, which each run asks for anew.
    """

    url: str
    mapper: EventMapper
    keys: Pool
    files: LogFiles
    known: Callable[[], Circumstances]
    clock: Callable[[], datetime]


@dataclass(slots=True)
class AuditReport:
    """What a run did: up to which position it read, how many events and streams of them, and what it found, in the order it was found."""

    position: int = 0
    events: int = 0
    streams: int = 0
    seconds: float = 0.0
    resumed: bool = False
    findings: list[Finding] = field(default_factory=list)
    earlier: int = 0
    """What the run had found before it was interrupted, which is kept with the rest."""


def check_all(
    audited: Audited,
    progress: Progress = lambda _done, _of: None,
    report: Report = lambda _found: None,
    stopping: Callable[[], bool] = lambda: False,
    sharing: Shares | None = None,
) -> AuditReport:
    """Audit everything, and keep what was found as the last run; with others that open an ``Audited`` where there is much to read.

    Raises ``AuditRunningError`` where somebody else does so at this moment, ``Stopped`` when told to stop, and ``ShareLostError``
    where one of the processes is gone.
    """
    with _alone(audited.url) as keeping, seldom_collecting():
        run = OpenRun.begin(keeping)
        done = AuditReport(run.checked_through, resumed=run.resumed, earlier=run.found)
        parts = min(MOST_PARTS, 1 + run.events // A_PART)  # the same when the run is gone on with
        left = [part for part in range(parts) if part not in run.done]
        checked = (
            _shared(audited, done.position, parts, left, sharing, stopping)
            if sharing is not None and sharing.processes > 1 and len(left) >= WORTH_SHARING
            else _by_itself(audited, done, parts, left, lambda events: progress(events, run.events), report, stopping)
        )
        with contextlib.closing(checked):
            for each in checked:
                for found in each.findings if each.untold else ():
                    report(found)
                run.keep(keeping, each.part, each.findings, ends=each.part == parts)
                done.events += each.events
                done.streams += each.streams
                done.findings += each.findings
                progress(done.events, run.events)
        return done


@dataclass(frozen=True, slots=True)
class _Checked:
    """A part that is done; the one after the last is what is asked of everything at once. ``untold``: its findings were not told yet."""

    part: int
    findings: Sequence[Finding]
    events: int = 0
    streams: int = 0
    untold: bool = False


def _by_itself(
    audited: Audited,
    done: AuditReport,
    parts: int,
    left: Sequence[int],
    told: Callable[[int], None],
    report: Report,
    stopping: Callable[[], bool],
) -> Generator[_Checked]:
    known = audited.known()
    with _reading(audited.url) as (connection, asking, _):
        for part in left:
            of_part, found = AuditReport(done.position), _Told(report)
            rows = rows_of_range(connection, Range.part(part, parts), done.position)
            _check_rows(
                audited,
                asking,
                rows,
                of_part,
                found,
                _telling(told, done, of_part),
                stopping,
                known,
            )
            yield _Checked(part, found.findings, of_part.events, of_part.streams)
        found = _Told(report)
        for each in _whole(audited, asking, 0, done.position, lambda _done, _of: None):
            found.add(each)
        yield _Checked(parts, found.findings)


def _telling(told: Callable[[int], None], done: AuditReport, of_part: AuditReport) -> Callable[[], None]:
    return lambda: told(done.events + of_part.events)


def _shared(
    audited: Audited, until: int, parts: int, left: Sequence[int], sharing: Shares, stopping: Callable[[], bool]
) -> Generator[_Checked]:
    everything = sharing.begin(_whole_apart, until, audited.clock())
    for each in sharing.each(_part_apart, [(part, parts, until) for part in left]):
        if stopping():
            raise Stopped
        yield each
    yield _Checked(parts, everything(), untold=True)


def _part_apart(audited: Audited, part: int, parts: int, until: int) -> _Checked:
    done, found = AuditReport(until), _Told(lambda _found: None)
    with _reading(audited.url) as (connection, asking, _):
        rows = rows_of_range(connection, Range.part(part, parts), until)
        _check_rows(audited, asking, rows, done, found, lambda: None)
    return _Checked(part, found.findings, done.events, done.streams, untold=True)


def _whole_apart(audited: Audited, until: int, now: datetime) -> list[Finding]:
    audited = replace(audited, clock=lambda: now)
    with _reading(audited.url) as (_, asking, _now):
        return list(_whole(audited, asking, 0, until, lambda _done, _of: None))


def check_since(
    audited: Audited,
    since: int,
    progress: Progress = lambda _done, _of: None,
    report: Report = lambda _found: None,
) -> AuditReport:
    """Audit the streams that gained events after a position, each whole, and the leaves since; nothing of it is kept."""
    with _reading(audited.url) as (connection, asking, until):
        streams = [stream for (stream,) in asking.execute(_SINCE, [since, until])]
        done, found = AuditReport(until), _Told(report)
        for start in range(0, len(streams), _CHUNK):
            rows = rows_of_streams(connection, streams[start : start + _CHUNK], until)
            _check_rows(audited, asking, rows, done, found, lambda: progress(done.streams, len(streams)))
        for each in _whole(audited, asking, since, until, progress):
            found.add(each)
        done.findings = found.findings
        return done


def check_case(audited: Audited, number: str, report: Report = lambda _found: None) -> AuditReport | None:
    """Audit one case by its number, and what other streams say of it; None where there is no such case."""
    with _reading(audited.url) as (connection, asking, until):
        stream = case_of(asking, number)
        if stream is None:
            return None
        done, found = AuditReport(until), _Told(report)
        _check_rows(audited, asking, rows_of_streams(connection, [stream], until), done, found, lambda: None)
        done.findings = found.findings
        return done


def _check_rows(
    audited: Audited,
    asking: psycopg.Connection[Any],
    rows: Rows,
    done: AuditReport,
    found: _Told,
    told: Callable[[], None],
    stopping: Callable[[], bool] = lambda: False,
    known: Circumstances | None = None,
) -> None:
    known = known or audited.known()
    links = Links(asking, done.position, found.add)
    check = StreamCheck(audited.mapper, known, found.add)
    for batch in batches(rows):
        if stopping():
            raise Stopped
        with contextlib.suppress(SealingError):  # decoding meets it again, at its event
            audited.mapper.warm([row.state for stream in batch for row in stream])
        checked = [check.check(stream) for stream in batch]
        links.check([each for each in checked if each is not None])
        done.events += sum(map(len, batch))
        done.streams += len(batch)
        told()


def _whole(
    audited: Audited, connection: psycopg.Connection[Any], since: int, until: int, progress: Progress
) -> Iterator[Finding]:
    yield from whole.times(connection, since, until, audited.clock())
    yield from whole.keys(connection, audited.keys, until)
    yield from erasures(connection, audited.mapper, audited.known().rules, since, until)
    yield from whole.log(audited.url, audited.files, progress, since)


@dataclass(slots=True)
class _Told:
    """Findings as they come: told at once, and kept."""

    report: Report
    findings: list[Finding] = field(default_factory=list)

    def add(self, found: Finding) -> None:
        self.findings.append(found)
        self.report(found)


@contextlib.contextmanager
def _alone(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that holds the lock of the audit. Raises ``AuditRunningError``."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [AUDIT]).fetchone()
        if row is None or not row[0]:
            raise AuditRunningError(tell("trouble.audit_run_somebody_else_moment"))
        yield connection


@contextlib.contextmanager
def _reading(url: str) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any], int]]:
    with psycopg.connect(url, autocommit=True) as connection, psycopg.connect(url, autocommit=True) as asking:
        row = asking.execute("SELECT coalesce(max(position), 0) FROM registry.events").fetchone()
        yield connection, asking, row[0] if row else 0


def case_of(connection: psycopg.Connection[Any], number: str) -> UUID | None:
    """The stream of a case by its number, which is the low 50 bits of the stream's identifier."""
    digits = normalised_case_number(number).replace("-", "")[-10:]
    if len(digits) != 10 or not all(each in _DIGITS for each in digits):
        return None
    low = 0
    for each in digits:
        low = low << 5 | _DIGITS.index(each)
    for (stream,) in connection.execute(_OF_NUMBER, [f"{low & (2**48 - 1):012x}"]):
        if stream.int & (2**50 - 1) == low:
            return UUID(str(stream))
    return None


__all__: Sequence[str] = ("AuditReport", "Audited", "Stopped", "check_all", "check_case", "check_since")
