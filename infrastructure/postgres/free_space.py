"""Room on the disk of the embedded database: new records are refused while there is still enough to go on reading.

PostgreSQL stops when it can't write its log, for readers as well. So what remains is kept for what must be written anyway:
rows of what is recorded already, who read what, checkpoints.
"""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

from domain.messages import Message, tell

log = logging.getLogger(__name__)

MIB = 1024 * 1024


class NoRoomError(OSError):
    """Nothing more is stored until there is room on the disk; nothing was lost."""

    def __init__(self, words: str) -> None:
        super().__init__(errno.ENOSPC, words)


class FreeSpace:
    """The free space of the file system that holds a folder, and how many bytes of it must remain; safe to share."""

    def __init__(self, folder: Path, least: int) -> None:
        self.folder, self.least = folder, least
        self._short = False

    def require(self) -> None:
        """Let something be stored. Raises ``NoRoomError``; a change either way is logged once, with the folder."""
        words = self.lack()
        short = words is not None
        if short != self._short:
            self._short = short
            if short:
                log.error("Nothing new is stored: %s (%s).", words, self.folder)
            else:
                log.warning("There is room again on the disk of %s: records are taken.", self.folder)
        if words is not None:
            raise NoRoomError(str(words))

    def free(self) -> int:
        """Bytes that are free for this user. Raises ``OSError`` where the folder is gone."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def lack(self) -> Message | None:
        """What is lacking, in words; None where there is room."""
        free = self.free()
        if free >= self.least:
            return None
        return tell("trouble.mib_disk_free_mib_must_new", free=free // MIB, least=self.least // MIB)
