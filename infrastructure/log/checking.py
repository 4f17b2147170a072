"""Every event held against the log that was signed: what ``recognition audit log check`` does. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import psycopg

from domain.log.checkpoint import TrustPolicy
from domain.log.comparison import Deviation, deviations
from domain.log.leaf import LogLeaf
from domain.log.tile_reader import TileReader
from domain.merkle import TransparencyError
from domain.messages import said_by, tell
from infrastructure.log.epochs import Epoch, epochs
from infrastructure.log.errors import WAY_OUT, LogAbsentError, LogForkedError, LogRefusal
from infrastructure.log.kept import KeptCheckpoint
from infrastructure.log.keys import active_vkeys
from infrastructure.log.sequencer import LogFiles, Sequencer, leaf_of
from infrastructure.log.tables import Head, TransactionTiles, read_epoch, read_head
from infrastructure.postgres.recorder import TailedEvent

MOST: Final = 100
"""Deviations that are named at most."""
_EVENTS: Final = (
    "SELECT position, originator_id, originator_version, topic, state FROM registry.events"
    " WHERE position > %s AND position <= %s ORDER BY position"
)
_FIRST: Final = "SELECT leaf_index FROM log.leaves WHERE epoch = %s AND position > %s ORDER BY position LIMIT 1"
_BEHIND: Final = (
    "SELECT count(*) FROM registry.events WHERE position > (SELECT coalesce(max(position), 0) FROM log.checkpoints"
    " WHERE epoch = (SELECT max(epoch) FROM log.epochs))"
)
_AT_ONCE: Final = 5_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What was held against what: the head whose leaves were read, how many, and where they part (the first hundred places)."""

    origin: str
    leaves: int
    position: int
    deviations: tuple[Deviation, ...]


@dataclass(frozen=True, slots=True)
class LogState:
    """How far the log is: its epochs, how many events wait for their leaves, and why it does not go on, if it does not."""

    epochs: list[Epoch]
    behind: int
    refusal: LogRefusal | None


def log_state(url: str, files: LogFiles) -> LogState:
    """What the sequencer would do next, and what it has done; nothing is signed or stored."""
    with psycopg.connect(url) as connection:
        refusal = Sequencer(files).examine(connection)
        row = connection.execute(_BEHIND).fetchone()
    return LogState(epochs(url), row[0] if row else 0, refusal)


def check_log(url: str, files: LogFiles, progress: Progress = lambda _done, _of: None, since: int = 0) -> LogCheck:
    """Make every leaf anew from the event as it is stored and hold it against the entry under the signed root.

    With ``since`` a position, those of the events after it alone; that the log continues what it signed is asked all the same.

    Raises ``LogRefusal`` where the log itself can't be believed: no signature, tiles of another tree, another checkpoint kept.
    """
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = read_epoch(connection)
        head = read_head(connection, found[0]) if found else None
        if found is None or head is None:
            raise LogAbsentError(tell("trouble.log_no_checkpoint_yet"))
        origin = found[1]
        try:
            reader = _reader(connection, origin, head, files)
            first = _first(connection, head, since)
            entries = _counted(reader.entries(first), head.size - first, progress)
            parts = tuple(islice(deviations(entries, _events(connection, head, since), first), MOST))
        except TransparencyError as error:
            raise LogForkedError(
                tell("trouble.log_database_not_what_signed", reason=said_by(error), way_out=WAY_OUT)
            ) from error
        return LogCheck(origin, head.size - first, head.position, parts)


def _reader(connection: psycopg.Connection[Any], origin: str, head: Head, files: LogFiles) -> TileReader:
    policy = TrustPolicy.of(*active_vkeys(connection, head.epoch))
    signed = policy.open(head.note).checkpoint
    reader = TileReader(TransactionTiles(connection, head.epoch), signed.size, signed.root)
    kept = KeptCheckpoint(files.checkpoint).read()
    if kept is not None and kept.origin == origin:
        signed.require_growth(kept, reader.consistency_proof)
    return reader


def _counted(entries: Iterator[bytes], total: int, progress: Progress) -> Iterator[bytes]:
    for number, entry in enumerate(entries):
        if number % _AT_ONCE == 0:
            progress(number, total)
        yield entry
    progress(total, total)


def _first(connection: psycopg.Connection[Any], head: Head, since: int) -> int:
    """The leaf of the first event after a position, by the table of leaves: one that it tells wrong shows as an event too many or too few."""
    row = connection.execute(_FIRST, [head.epoch, since]).fetchone() if since else (0,)
    return head.size if row is None or row[0] is None else int(row[0])


def _events(connection: psycopg.Connection[Any], head: Head, since: int) -> Iterator[LogLeaf]:
    with connection.cursor("logged", binary=True) as cursor:
        cursor.execute(_EVENTS, [since, head.position])
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from map(leaf_of, map(TailedEvent._make, rows))
