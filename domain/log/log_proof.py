"""Proof files (``.tlog-proof``): everything that shows offline that a leaf is in a log that was signed and witnessed.

A file holds the leaf's index, the path to the root, and the checkpoint; the leaf itself comes from the event it is about.
``extra`` is not covered by any signature and is never to be trusted.

Source: C2SP tlog-proof, "Format" and "Verifying a tlog proof".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from domain.log.checkpoint import TrustedCheckpoint, TrustPolicy
from domain.log.log_errors import ProofFileError
from domain.log.note_keys import from_base64, to_base64
from domain.log.signed_note import MAX_NOTE, SignedNote
from domain.merkle import HASH_SIZE, MAX_PROOF, MAX_SIZE, leaf_hash, verify_inclusion
from domain.messages import tell

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_PROOF_FILE: Final = 2 * MAX_NOTE
_INDEX_LINE: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class LogProof:
    """That the entry at ``index`` is in the tree of the checkpoint in ``note``; ``hashes`` go from the leaf to the root.

    Raises ``ProofFileError`` for values that no proof has.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: SignedNote
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if type(self.index) is not int or not 0 <= self.index <= MAX_SIZE:
            raise ProofFileError(tell("proof.index_proof_whole_number_from"))
        if len(self.hashes) > MAX_PROOF or any(len(each) != HASH_SIZE for each in self.hashes):
            raise ProofFileError(tell("proof.proof_most_hashes_bytes", max_proof=MAX_PROOF, hash_size=HASH_SIZE))
        if self.extra == b"":
            raise ProofFileError(tell("proof.proof_without_extra_data_no_extra"))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The proof in the bytes of a file.

        Raises ``ProofFileError`` for a malformed file, and ``NoteError`` where what should be the checkpoint is no note.
        """
        if len(data) > MAX_PROOF_FILE:
            raise ProofFileError(tell("proof.proof_file_more_than_bytes_not", most=MAX_PROOF_FILE))
        head, separator, note = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            lines = []
        if not separator or lines[:1] != [HEADER]:
            raise ProofFileError(tell("proof.proof_file_begins_line_blank_line", header=HEADER))
        rest = lines[1:]
        extra = _base64(rest.pop(0).removeprefix("extra ")) if rest and rest[0].startswith("extra ") else None
        match = _INDEX_LINE.fullmatch(rest[0]) if rest else None
        if match is None:
            raise ProofFileError(tell("proof.proof_file_line_word_index_number"))
        return cls(int(match[1]), tuple(map(_base64, rest[1:])), SignedNote.parse(note), extra)

    def serialise(self) -> bytes:
        """The file."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(to_base64, self.hashes), ""]
        return "".join(f"{line}\n" for line in lines).encode("ascii") + self.note.serialise()

    def verify(self, entry: bytes, policy: TrustPolicy) -> TrustedCheckpoint:
        """The checkpoint under which ``entry``, the bytes of the leaf, was proved to stand at ``index``.

        Signatures come first: an untrusted checkpoint proves nothing. Raises what ``TrustPolicy.open`` raises, and
        ``ProofRejected`` or ``TreeBoundsError`` where the entry is not in that tree at that place.
        """
        trusted = policy.judge(self.note)
        checkpoint = trusted.checkpoint
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.hashes, checkpoint.root)
        return trusted


def _base64(text: str) -> bytes:
    if (data := from_base64(text)) is None:
        raise ProofFileError(tell("proof.extra_data_hashes_proof_file_canonical"))
    return data
