"""Checkpoints: what a log commits to, signed by the log and confirmed by witnesses; and whom a verifier trusts.

A checkpoint names a log by its origin, a size and the root of that tree. ``TrustPolicy.open`` is the only way from bytes to a
checkpoint that may be believed. An origin here ends with the number of its epoch: a database that was restored to an earlier
state cannot continue the log that saw more, so what is recorded from then on goes to the log of the next epoch.

Sources: C2SP tlog-checkpoint, "Note text" and "Signatures"; C2SP tlog-cosignature, "Format"; the policy of k of n witnesses is
that of C2SP tlog-proof, "Verifying a tlog proof".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from domain.log.log_errors import CheckpointError, SignatureRejected
from domain.log.note_keys import KeyType, SigningKey, VerifierKey, check_key_name, from_base64, to_base64
from domain.log.signed_note import SignedNote, check_note_text
from domain.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, ProofRejected, verify_consistency
from domain.messages import tell

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class LogOrigin:
    """The name of one epoch of a registry's log: ``registry.example.org/log/1``; also the name of the key that signs it.

    Raises ``NoteError`` for a name that no key has, and ``CheckpointError`` for an epoch below 1.
    """

    log: str
    epoch: int

    def __post_init__(self) -> None:
        check_key_name(self.log)
        if type(self.epoch) is not int or not 1 <= self.epoch <= MAX_SIZE:
            raise CheckpointError(tell("proof.epochs_log_counted_from"))

    def __str__(self) -> str:
        return f"{self.log}/{self.epoch}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The origin in this text. Raises ``CheckpointError`` where it does not end with an epoch."""
        log, separator, epoch = text.rpartition("/")
        if not separator or not log or not _DECIMAL.fullmatch(epoch):
            raise CheckpointError(tell("proof.origin_registrys_log_ends_slash_number"))
        return cls(log, int(epoch))

    @property
    def next(self) -> LogOrigin:
        """The epoch that follows after a restore."""
        return LogOrigin(self.log, self.epoch + 1)


@dataclass(frozen=True, slots=True)
class LogCheckpoint:
    """Origin, size and root of a log at one moment; ``extensions`` are further lines, opaque and best left out.

    Raises ``CheckpointError`` for values that no checkpoint has.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.size) is not int or not 0 <= self.size <= MAX_SIZE:
            raise CheckpointError(tell("proof.size_checkpoint_whole_number_from"))
        if len(self.root) != HASH_SIZE:
            raise CheckpointError(tell("proof.root_checkpoint_bytes", hash_size=HASH_SIZE))
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointError(tell("proof.root_empty_log_sha_nothing"))
        if any(not line or "\n" in line for line in (self.origin, *self.extensions)):
            raise CheckpointError(tell("proof.origin_extension_lines_checkpoint_not_empty"))
        check_note_text(self.text)

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, to_base64(self.root), *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint in a note's text. Raises ``CheckpointError`` for any other text."""
        match text.split("\n"):
            case [origin, size, root, *extensions, ""] if _DECIMAL.fullmatch(size):
                if (decoded := from_base64(root)) is not None:
                    return cls(origin, int(size), decoded, tuple(extensions))
        raise CheckpointError(tell("proof.text_checkpoint_origin_size_root_base"))

    def signed(self, *keys: SigningKey) -> SignedNote:
        """The checkpoint as a note, signed by the log. Call ``require_growth`` first: what is signed binds for ever."""
        return SignedNote.sign(self.text, *keys)

    def require_growth(self, last: LogCheckpoint, prove: Callable[[int, int], Sequence[bytes]]) -> None:
        """Prove that this checkpoint continues ``last``: a log asks this before it signs, a monitor before it believes.

        ``prove`` answers the consistency proof from one size to another, as ``TileReader.consistency_proof`` does; from the
        empty log on it is not asked, since every log continues it. Raises ``ProofRejected`` for a log that shrank, changed or
        is another one, ``TreeBoundsError`` for a malformed proof, and what ``prove`` raises.
        """
        if self.origin != last.origin:
            raise ProofRejected(tell("proof.checkpoint_does_not_continue", origin=self.origin, last=last.origin))
        if self.size < last.size:
            raise ProofRejected(
                tell("proof.log_shrank_from_leaves", origin=self.origin, before=last.size, after=self.size)
            )
        if last.size:
            verify_consistency(last.size, last.root, self.size, self.root, prove(last.size, self.size))


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's statement: at ``timestamp`` (POSIX seconds) this was the largest consistent tree it had seen of the log."""

    witness: VerifierKey
    timestamp: int


@dataclass(frozen=True, slots=True)
class TrustedCheckpoint:
    """A checkpoint that a policy accepted, with the note it came in and the known witnesses who confirmed it."""

    checkpoint: LogCheckpoint
    note: SignedNote
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Whom a verifier believes: one log, its keys, and how many of which witnesses must have confirmed it.

    Raises ``CheckpointError`` for a policy that nothing or anything would satisfy.
    """

    origin: str
    log_keys: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0

    def __post_init__(self) -> None:
        if not self.log_keys or any(key.type is not KeyType.ED25519 for key in self.log_keys):
            raise CheckpointError(tell("proof.log_trusted_least_one_ed_key"))
        if any(key.type is not KeyType.COSIGNATURE for key in self.witnesses):
            raise CheckpointError(tell("proof.witness_known_cosignature_key_type_x"))
        if not 0 <= self.quorum <= len({key.public_key for key in self.witnesses}):
            raise CheckpointError(tell("proof.quorum_counts_witnesses_different_keys"))

    @classmethod
    def of(cls, *vkeys: str, quorum: int | None = None) -> Self:
        """The policy for keys as text: those of the log, named like its origin, and those of witnesses.

        Every witness that is named must have confirmed a checkpoint, or ``quorum`` of them. Raises ``NoteError`` for a
        malformed key and ``CheckpointError`` where the keys of the log do not all bear one name.
        """
        keys = [VerifierKey.parse(vkey) for vkey in vkeys]
        log_keys = tuple(key for key in keys if key.type is KeyType.ED25519)
        witnesses = tuple(key for key in keys if key.type is KeyType.COSIGNATURE)
        if len({key.name for key in log_keys}) != 1:
            raise CheckpointError(tell("proof.give_keys_one_log"))
        count = len({key.public_key for key in witnesses}) if quorum is None else quorum
        return cls(log_keys[0].name, log_keys, witnesses, count)

    def open(self, data: bytes) -> TrustedCheckpoint:
        """The checkpoint in the bytes of a signed note, once everything the policy asks for was verified.

        Raises ``NoteError`` or ``CheckpointError`` for malformed bytes or another log, and ``SignatureRejected`` for a wrong
        signature of a known key, no signature by the log, or too few witnesses.
        """
        return self.judge(SignedNote.parse(data))

    def judge(self, note: SignedNote) -> TrustedCheckpoint:
        """The same as ``open``, for a note that was parsed already."""
        note.opened(*self.log_keys)
        checkpoint = LogCheckpoint.parse(note.text)
        if checkpoint.origin != self.origin:
            raise CheckpointError(tell("proof.checkpoint_asked", origin=checkpoint.origin, asked=self.origin))
        confirmed = cosignatures(note, *self.witnesses)
        count = len({each.witness.public_key for each in confirmed})
        if count < self.quorum:
            raise SignatureRejected(
                tell("proof.known_witnesses_confirmed_checkpoint_where_asked", count=count, quorum=self.quorum)
            )
        return TrustedCheckpoint(checkpoint, note, confirmed)


def cosigned(note: SignedNote, witness: SigningKey, timestamp: int) -> SignedNote:
    """The note of a checkpoint with the cosignature of a witness, who saw it grow until ``timestamp`` (POSIX seconds).

    Raises ``CheckpointError`` for a note that is no checkpoint and ``NoteError`` for a key that is no witness's.
    """
    LogCheckpoint.parse(note.text)
    return note.with_signature(witness.sign(note.text, timestamp))


def cosignatures(note: SignedNote, *witnesses: VerifierKey) -> tuple[Cosignature, ...]:
    """The cosignatures of known witnesses in a note. Raises ``SignatureRejected`` where one of theirs does not verify."""
    return tuple(
        Cosignature(key, int.from_bytes(signature.signature[:8], "big"))
        for key, signature in note.verified_by(witnesses)
        if key.type is KeyType.COSIGNATURE
    )
