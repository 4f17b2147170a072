"""Public test vectors of the transparency ecosystem, which lie outside the repository.

``RECOGNITION_LOG_VECTORS`` names their folder; without it they are looked for beside the repository, as the other inputs that
lie there. Where neither is there, the tests that need them are skipped and say so: everything they cover is covered by vectors of our own and by laws besides.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("RECOGNITION_LOG_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors")
needed = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the public vectors are not here; RECOGNITION_LOG_VECTORS names their folder"
)


def files(pattern: str) -> list[Path]:
    """Vector files, each at least one where the folder is there at all: a test over none would prove nothing."""
    if not FOLDER.is_dir():
        return []
    found = sorted(path for path in FOLDER.glob(pattern) if path.is_file())
    assert found, f"{FOLDER} has no {pattern}"
    return found
