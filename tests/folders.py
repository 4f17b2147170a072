"""Reading folders that a running server writes in."""

import contextlib
from pathlib import Path


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder with its bytes; what goes while it is read, as files that are put in place whole do, is left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                found[path] = path.read_bytes()
    return found
