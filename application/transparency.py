"""What may be asked of the transparency log: its checkpoints, proofs, tiles and epochs.

The port stands here, beside what uses it; infrastructure answers it. All methods are coroutines.

    Exception
    └── LogAnswer              why the log has no answer, in one sentence
        ├── LogBehind          the event is recorded and not in the log yet: ask again in a few seconds
        ├── NotInTheLog        there is no such event, size or checkpoint
        └── LogDeviates        the event, or the tiles, are not what was signed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.log.log_proof import LogProof
from domain.log.signed_note import SignedNote
from domain.log.tiles import EntryBundle, Tile
from domain.messages import SpokenError


class LogAnswer(SpokenError):
    """Why the log has no answer; the message names the way out and nothing of an event's content."""


class LogBehind(LogAnswer):
    """What was asked for is recorded, and no leaf of the log yet."""


class NotInTheLog(LogAnswer):
    """There is no such event, size or checkpoint."""


class LogDeviates(LogAnswer):
    """What is stored is not what the log committed to."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A checkpoint as it is published: the note with the cosignatures that came in so far."""

    epoch: int
    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an event is in the tree of a head: ``entry`` is its leaf, made anew from what is stored."""

    position: int
    leaf_index: int
    entry: bytes
    leaf_hash: bytes
    hashes: Sequence[bytes]
    head: TreeHead

    def file(self) -> bytes:
        """The proof as a ``.tlog-proof`` file; its extra data is the leaf, for the reader's convenience."""
        note = SignedNote.parse(self.head.note)
        return LogProof(self.leaf_index, tuple(self.hashes), note, self.entry).serialise()


@dataclass(frozen=True, slots=True)
class Growth:
    """That a log only grew from one size to another."""

    from_size: int
    to_size: int
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class LogEpoch:
    """A log that the registry began: under which origin and keys, when, and why."""

    epoch: int
    origin: str
    vkeys: Sequence[str]
    begun_at: datetime
    reason: str


class TransparencyLog(Protocol):
    """The log as it is read."""

    async def head(self, epoch: int | None = None) -> TreeHead:
        """The latest tree head, of the present epoch or another. Raises ``LogBehind`` before the first, ``NotInTheLog``."""

    async def inclusion(self, position: int, size: int | None = None) -> Inclusion:
        """The proof that the event at a position is in the latest tree of the present epoch, or in a published one of this size.

        Raises ``LogAnswer``.
        """

    async def growth(self, from_size: int, to_size: int) -> Growth:
        """The proof that the tree of one size begins with that of another. Raises ``NotInTheLog`` or ``LogDeviates``."""

    async def file(self, epoch: int, place: Tile | EntryBundle) -> bytes | None:
        """A tile or bundle, as it lies; None where there is none."""

    async def epochs(self) -> Sequence[LogEpoch]:
        """Every epoch, the first first."""

    async def stored(self, positions: Sequence[int]) -> Mapping[int, bytes]:
        """The bytes under which events are stored, by position; persons in them are sealed."""
