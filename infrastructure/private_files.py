"""Files of mode 0600 that hold secrets, or what must outlive the database: written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write a text of mode 0600 in one durable step: a crash leaves the old file or the new, never half of either.

    Without ``replace``, raises ``FileExistsError`` if somebody made the file meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            os.link(temporary, path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    finally:
        temporary.unlink(missing_ok=True)


def others_may_read(path: Path) -> bool:
    """Whether a file's mode lets its group or anybody else at it."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
