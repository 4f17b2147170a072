"""What is asked of everything at once: times along positions, keys against erasures, and the transparency log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from application.audit import Finding
from domain.identifiers import holder_stream
from domain.log.comparison import Deviation, DeviationKind
from domain.messages import tell
from infrastructure.log.checking import check_log
from infrastructure.log.errors import LogAbsentError, LogRefusal
from infrastructure.log.sequencer import LogFiles
from infrastructure.sealing.rotation import Pool

MOST: Final = 1_000
"""Findings of one kind that are named at most."""
TOLERANCE: Final = timedelta(minutes=5)
"""By how much the clocks of servers may differ: two who record at once may do so in the order of their clocks or not."""

_BACKWARD: Final = (
    "SELECT position, originator_id, originator_version, recorded_at, earlier FROM (SELECT position, originator_id,"
    " originator_version, recorded_at, lag(recorded_at) OVER w AS before, lag(position) OVER w AS earlier"
    " FROM registry.events WHERE position > %s AND position <= %s WINDOW w AS (ORDER BY position)) AS e"
    " WHERE recorded_at < before - %s::interval ORDER BY position LIMIT %s"
)
_AHEAD: Final = (
    "SELECT position, originator_id, originator_version, recorded_at FROM registry.events"
    " WHERE recorded_at > %s::timestamptz + %s::interval AND position > %s AND position <= %s"
    " ORDER BY position LIMIT %s"
)
_DESTROYED: Final = "SELECT holder_ref FROM registry.holder_keys WHERE destroyed_at IS NOT NULL"
_COMPLETED: Final = (
    "SELECT registry.stated(state, 'holder_ref') FROM registry.events"
    " WHERE topic = 'holder.destruction-completed' AND position <= %s"
)
_LEFT: Final = "SELECT holder_ref FROM registry.holder_keys WHERE destroyed_at IS NULL AND holder_ref = ANY(%s)"
_ERASURES: Final = "SELECT originator_id FROM registry.events WHERE originator_id = ANY(%s) AND topic = 'holder.erased'"

Progress = Callable[[int, int], None]


def times(connection: psycopg.Connection[Any], since: int, until: int, now: datetime) -> Iterator[Finding]:
    """Events recorded long before the one at the position before theirs, or at an instant that has not come."""
    for position, stream, version, at, before in connection.execute(
        _BACKWARD.encode(), [since, until, TOLERANCE, MOST]
    ):
        said = tell("audit.time_goes_back", at=_instant(at), before=before)
        yield Finding("TIME_GOES_BACK", "times_follow_positions", said, stream, version, position)
    for position, stream, version, at in connection.execute(_AHEAD.encode(), [now, TOLERANCE, since, until, MOST]):
        said = tell("audit.in_the_future", at=_instant(at))
        yield Finding("IN_THE_FUTURE", "times_follow_positions", said, stream, version, position)


def keys(connection: psycopg.Connection[Any], pool: Pool, until: int) -> Iterator[Finding]:
    """Keys destroyed without an erasure, and keys left after one whose destruction is on record. ``pool`` is of the keys' database."""
    completed = [ref for (ref,) in connection.execute(_COMPLETED, [until]) if ref is not None]
    with pool.connection() as keeping:
        destroyed = [UUID(str(ref)) for (ref,) in keeping.execute(_DESTROYED)]
        left = [UUID(str(ref)) for (ref,) in keeping.execute(_LEFT, [completed])]
    streams = {holder_stream(ref): ref for ref in destroyed}
    erased = {stream for (stream,) in connection.execute(_ERASURES, [list(streams)])}
    for stream, ref in streams.items():
        if stream not in erased:
            said = tell("audit.key_destroyed", holder=str(ref))
            yield Finding("KEY_DESTROYED", "keys_end_by_erasure", said, stream)
    for ref in left:
        yield Finding("KEY_LEFT", "keys_end_by_erasure", tell("audit.key_left", holder=str(ref)), holder_stream(ref))


def log(url: str, files: LogFiles, progress: Progress, since: int = 0) -> Iterator[Finding]:
    """Where the events after a position are not what the transparency log was signed with; nothing where there is no log yet."""
    try:
        checked = check_log(url, files, progress, since)
    except LogAbsentError:
        return
    except LogRefusal as refusal:
        yield Finding(refusal.code.upper().replace("-", "_"), "log_as_signed", tell("audit.log_forked"))
        return
    places = _places(url, checked.deviations)
    for each in checked.deviations:
        stream, version = places.get(each.position, (None, None))
        yield _deviating(each, stream, version)


def _deviating(each: Deviation, stream: UUID | None, version: int | None) -> Finding:
    said = {
        DeviationKind.CHANGED: tell("audit.leaf_changed"),
        DeviationKind.REMOVED: tell("audit.leaf_removed"),
        DeviationKind.INSERTED: tell("audit.leaf_inserted"),
    }.get(each.kind, tell("audit.log_forked"))
    return Finding(f"LOG_{each.kind.value}", "log_as_signed", said, stream, version, each.position or None)


def _places(url: str, found: tuple[Deviation, ...]) -> dict[int, tuple[UUID, int]]:
    if not found:
        return {}
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT position, originator_id, originator_version FROM registry.events WHERE position = ANY(%s)",
            [[each.position for each in found]],
        )
        return {position: (stream, version) for position, stream, version in rows}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
