"""The sequencer: every stored event becomes a leaf, within seconds, and each tree head is signed once.

One step, in this order: what the database has last signed is held against the file in the data directory; new events become
leaves; the new tree is proved to continue the old one; it is signed; the signed checkpoint is kept in the file; tiles, leaves
and checkpoint are committed together. A crash after the file was written leaves a promise, which the next step keeps to the leaf.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from domain.log.checkpoint import LogCheckpoint, LogOrigin, TrustPolicy
from domain.log.leaf import LogLeaf
from domain.log.note_keys import SigningKey
from domain.log.signed_note import SignedNote
from domain.log.tile_reader import TileReader
from domain.log.tiled_tree import TiledTree
from domain.merkle import EMPTY_ROOT, MAX_SIZE, TransparencyError
from domain.messages import said_by, tell
from infrastructure.locks import SEQUENCER, SEQUENCING
from infrastructure.log.errors import (
    WAY_OUT,
    LogAbsentError,
    LogForkedError,
    LogHaltedError,
    LogRefusal,
    LogShrunkError,
)
from infrastructure.log.kept import KeptCheckpoint
from infrastructure.log.keys import active_vkeys, signing_keys
from infrastructure.log.tables import Head, TransactionTiles, events_after, read_epoch, read_head
from infrastructure.postgres.recorder import CHANNEL, TailedEvent
from infrastructure.processes import Process

BATCH: Final = 10_000
"""Events that become leaves in one step at most."""
PACE_SECONDS: Final = 1.0
"""At least this long between two checkpoints, so that a busy day does not leave one a decision."""
IDLE_SECONDS: Final = 3.0
NAME: Final = "transparency log"


@dataclass(frozen=True, slots=True)
class LogFiles:
    """Where the log's keys and its last checkpoint lie, in the data directory."""

    keys: Path
    checkpoint: Path


@dataclass(frozen=True, slots=True)
class _Base:
    """What a step goes on from: origin, keys, the head in the database, and a promise that a crash left unpublished."""

    epoch: int
    origin: str
    keys: tuple[SigningKey, ...]
    head: Head | None
    promise: LogCheckpoint | None
    stale: bool
    """Whether the file is behind the database: another server signed, or a crash came before the file."""

    @property
    def size(self) -> int:
        return self.head.size if self.head else 0

    @property
    def root(self) -> bytes:
        return self.head.root if self.head else EMPTY_ROOT

    @property
    def position(self) -> int:
        return self.head.position if self.head else 0


class Sequencer:
    """Adds events to the log, over connections with the application's rights. One at a time, whoever calls."""

    def __init__(self, files: LogFiles, *, batch: int = BATCH) -> None:
        self._kept = KeptCheckpoint(files.checkpoint)
        self._keys = files.keys
        self._batch = batch
        self._tree: tuple[int, TiledTree] | None = None

    def step(self, connection: psycopg.Connection[Any]) -> bool:
        """Add the next events in a transaction; whether there may be more.

        Raises ``LogRefusal`` with the way out, or an error of psycopg; then nothing is stored.
        """
        with self._guarded(), connection.transaction():
            base, events = self._next(connection)
            if base.stale and base.head is not None:
                self._kept.write(SignedNote.parse(bytes(base.head.note)))
            if not events and base.head is not None:
                return False
            tiles = TransactionTiles(connection, base.epoch)
            tree, checkpoint = self._grown(base, events, tiles)
            note = checkpoint.signed(*base.keys)
            self._kept.write(note)
            tiles.flush()
            _store(connection, base, events, checkpoint, note)
        self._tree = (base.epoch, tree)
        return base.promise is not None or len(events) >= self._batch

    def run(self, connection: psycopg.Connection[Any]) -> None:
        """Add every event that there is. Raises as ``step``."""
        while self.step(connection):
            pass

    def examine(self, connection: psycopg.Connection[Any]) -> LogRefusal | None:
        """Why the next step would sign nothing; None where it would go on. Nothing is signed or stored."""
        try:
            with self._guarded(), connection.transaction(force_rollback=True):
                base, events = self._next(connection)
                self._grown(base, events, TransactionTiles(connection, base.epoch))
        except LogRefusal as refusal:
            return refusal
        finally:
            self._tree = None
        return None

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except TransparencyError as error:
            self._tree = None
            raise LogForkedError(
                tell("trouble.logs_own_tiles_do_not_hold", reason=said_by(error), way_out=WAY_OUT)
            ) from error
        except BaseException:
            self._tree = None
            raise

    def _next(self, connection: psycopg.Connection[Any]) -> tuple[_Base, list[TailedEvent]]:
        """What the next step goes on from, and the events it adds: those that a promise holds, to the leaf, or a batch."""
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCING])
        base = self._base(connection)
        limit = base.promise.size - base.size if base.promise else self._batch
        events = events_after(connection, base.position, limit)
        if base.promise and len(events) < limit:
            raise LogShrunkError(
                tell(
                    "trouble.last_checkpoint_signed_leaves_database_only",
                    size=base.promise.size,
                    events=base.size + len(events),
                    way_out=WAY_OUT,
                )
            )
        return base, events

    def _grown(
        self, base: _Base, events: Sequence[TailedEvent], tiles: TransactionTiles
    ) -> tuple[TiledTree, LogCheckpoint]:
        """The tree with these events, and the checkpoint to sign, proved to continue what was signed."""
        tree = self._resumed(base, tiles)
        root = tree.append([leaf_of(event).encode() for event in events])
        checkpoint = LogCheckpoint(base.origin, tree.size, root)
        if base.promise and base.promise.root != root:
            raise LogForkedError(
                tell("trouble.events_database_give_another_tree_leaves", size=tree.size, way_out=WAY_OUT)
            )
        last = LogCheckpoint(base.origin, base.size, base.root)
        checkpoint.require_growth(last, TileReader(tiles, tree.size, root).consistency_proof)
        return tree, checkpoint

    def _resumed(self, base: _Base, tiles: TransactionTiles) -> TiledTree:
        if self._tree is not None:
            epoch, tree = self._tree
            if epoch == base.epoch and (tree.size, tree.root) == (base.size, base.root):
                tree.rebase(tiles)
                return tree
        return TiledTree.resume(tiles, base.size, base.root)

    def _base(self, connection: psycopg.Connection[Any]) -> _Base:
        found = read_epoch(connection)
        kept = self._kept.read()
        if found is None:
            raise LogAbsentError(
                tell("trouble.log_absent_but_kept", file=str(self._kept.path), origin=kept.origin, way_out=WAY_OUT)
                if kept
                else tell("trouble.database_no_log")
            )
        epoch, origin = found
        _check_halts(connection, epoch)
        head = read_head(connection, epoch)
        keys = signing_keys(self._keys, active_vkeys(connection, epoch))
        if head is not None:
            _check_signed(head, origin, keys)
        stale = self._is_stale(connection, epoch, origin, head, kept)
        promise = (
            kept if kept is not None and kept.origin == origin and kept.size > (head.size if head else 0) else None
        )
        return _Base(epoch, origin, keys, head, promise, stale)

    def _is_stale(
        self,
        connection: psycopg.Connection[Any],
        epoch: int,
        origin: str,
        head: Head | None,
        kept: LogCheckpoint | None,
    ) -> bool:
        """Hold what is kept in the file against the database; whether that has gone on from there. Raises ``LogForkedError``."""
        if kept is None:
            return head is not None
        if kept.origin != origin:
            if _epoch_of(kept.origin) < epoch:  # an operator began this epoch since
                return head is not None
            raise LogForkedError(
                tell(
                    "trouble.keeps_checkpoint_databases_log",
                    path=str(self._kept.path),
                    origin=kept.origin,
                    database=origin,
                    way_out=WAY_OUT,
                )
            )
        if head is None or kept.size > head.size:
            return False
        try:
            proof = TileReader(TransactionTiles(connection, epoch), head.size, bytes(head.root)).consistency_proof
            LogCheckpoint(origin, head.size, bytes(head.root)).require_growth(kept, proof)
        except TransparencyError as error:
            raise LogForkedError(
                tell(
                    "trouble.log_database_does_not_continue_checkpoint",
                    size=kept.size,
                    reason=said_by(error),
                    way_out=WAY_OUT,
                )
            ) from error
        return kept.size < head.size


def leaf_of(event: TailedEvent) -> LogLeaf:
    """The leaf of an event as it is stored."""
    return LogLeaf.of(event.stream_id, event.version, event.topic, event.position, event.state)


def sequencing_process(
    sequencer: Sequencer, pool: ConnectionPool[Any], first: Callable[[], object] = lambda: None
) -> Process:
    """The log kept up with the events, by one server at a time; ``first`` is done before its first step, as asking witnesses."""
    asked = False

    def step(_stopping: Callable[[], bool]) -> bool:
        nonlocal asked
        if not asked:
            first()
            asked = True
        with pool.connection() as connection:
            return sequencer.step(connection)

    return Process(NAME, SEQUENCER, step, CHANNEL, IDLE_SECONDS, PACE_SECONDS)


def _store(
    connection: psycopg.Connection[Any],
    base: _Base,
    events: Sequence[TailedEvent],
    checkpoint: LogCheckpoint,
    note: SignedNote,
) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("COPY log.leaves (epoch, leaf_index, position) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "int8", "int8"])
            for index, event in enumerate(events, base.size):
                copy.write_row((base.epoch, index, event.position))
        position = events[-1].position if events else base.position
        cursor.execute(
            "INSERT INTO log.checkpoints (epoch, size, root, position, note) VALUES (%s, %s, %s, %s, %s)",
            [base.epoch, checkpoint.size, checkpoint.root, position, note.serialise()],
        )


def _check_signed(head: Head, origin: str, keys: Sequence[SigningKey]) -> None:
    policy = TrustPolicy(origin, tuple(key.verifier for key in keys))
    try:
        signed = policy.open(head.note).checkpoint
        genuine = (signed.size, signed.root) == (head.size, head.root)
    except TransparencyError:
        genuine = False
    if not genuine:
        raise LogForkedError(
            tell("trouble.last_checkpoint_database_leaves_not_signed", size=head.size, way_out=WAY_OUT)
        )


def _check_halts(connection: psycopg.Connection[Any], epoch: int) -> None:
    row = connection.execute(
        "SELECT reason FROM log.halts WHERE epoch = %s AND lifted_at IS NULL ORDER BY noticed_at LIMIT 1", [epoch]
    ).fetchone()
    if row is not None:
        raise LogHaltedError(tell("trouble.nothing_signed", reason=row[0], way_out=WAY_OUT))


def _epoch_of(origin: str) -> int:
    try:
        return LogOrigin.parse(origin).epoch
    except TransparencyError:
        return MAX_SIZE
