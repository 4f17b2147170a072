"""What a log asks of a witness: ``add-checkpoint``, a request with the old size, the proof of growth and the checkpoint.

Source: C2SP tlog-witness, "add-checkpoint".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from domain.log.log_errors import CheckpointError
from domain.log.note_keys import from_base64, to_base64
from domain.log.signed_note import MAX_NOTE, SignedNote
from domain.merkle import HASH_SIZE, MAX_PROOF, MAX_SIZE
from domain.messages import tell

SIZE_TYPE: Final = "text/x.tlog.size"
"""The media type of the answer that names the size a witness has seen."""
MAX_REQUEST: Final = MAX_NOTE + 64 * 64
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")
_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint to confirm, and the proof that it continues the tree of ``old_size`` leaves.

    Raises ``CheckpointError`` for values that no request has.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: SignedNote

    def __post_init__(self) -> None:
        if not 0 <= self.old_size <= MAX_SIZE:
            raise CheckpointError(tell("proof.old_size_whole_number_from"))
        if len(self.proof) > MAX_PROOF or any(len(each) != HASH_SIZE for each in self.proof):
            raise CheckpointError(
                tell("proof.proof_growth_most_hashes_bytes", max_proof=MAX_PROOF, hash_size=HASH_SIZE)
            )

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """The request in a body. Raises ``CheckpointError`` or ``NoteError`` for anything else."""
        head, separator, note = body.partition(b"\n\n")
        lines = head.decode("ascii", errors="replace").split("\n")
        old = _OLD.fullmatch(lines[0])
        hashes = [from_base64(line) for line in lines[1:]]
        if len(body) > MAX_REQUEST or not separator or old is None or None in hashes:
            raise CheckpointError(tell("proof.request_confirm_line_old_size_proof"))
        return cls(int(old[1]), tuple(each for each in hashes if each is not None), SignedNote.parse(note))

    def serialise(self) -> bytes:
        """The body."""
        lines = [f"old {self.old_size}", *map(to_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode("ascii") + self.note.serialise()


def seen_size(body: bytes) -> int | None:
    """The size in a witness's answer that it has seen another one; None for any other body."""
    match = _SIZE.fullmatch(body[:21].decode("ascii", errors="replace"))
    return int(match[1]) if match else None
