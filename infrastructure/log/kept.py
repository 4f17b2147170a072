"""The last checkpoint that was signed, kept outside the database, so that a restored or forked one is noticed.

It is written before the transaction that publishes it commits. A crash between the two leaves a promise: the next step makes
exactly that tree again from the same events, or, where they are gone, refuses.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from domain.log.checkpoint import LogCheckpoint
from domain.log.signed_note import SignedNote
from domain.merkle import TransparencyError
from domain.messages import said_by, tell
from infrastructure.log.errors import LogForkedError
from infrastructure.private_files import write_private

KEPT_FILE: Final = "log.checkpoint"


class KeptCheckpoint:
    """The file with the last signed checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self) -> bytes | None:
        """The note as it was signed; None where nothing was signed yet."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def read(self) -> LogCheckpoint | None:
        """The checkpoint in the file; None where nothing was signed yet. Raises ``LogForkedError`` for a spoilt file."""
        note = self.note()
        if note is None:
            return None
        try:
            return LogCheckpoint.parse(SignedNote.parse(note).text)
        except TransparencyError as error:
            raise LogForkedError(
                tell("trouble.no_checkpoint_any_more", path=str(self.path), reason=said_by(error))
            ) from None

    def write(self, note: SignedNote) -> None:
        """Keep a checkpoint durably in place of the one before."""
        write_private(self.path, note.serialise().decode(), replace=True)

    def set_aside(self, epoch: int) -> None:
        """Leave the checkpoint of an epoch that ended beside the file, under its number."""
        with contextlib.suppress(FileNotFoundError):
            self.path.replace(self.path.with_name(f"{self.path.name}.{epoch}"))
