"""Write the golden files that are missing: ``python -m tests.golden.write``. What is there is never written again."""

from __future__ import annotations

import json
import sys

from tests.golden.archive import SUMS, digest, golden, path_of
from tests.golden.examples import examples


def write_missing() -> list[str]:
    """Write a file for each event class whose present version has none; their names."""
    written = []
    for event in examples():
        path = path_of(type(event))
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump(golden(event), file, ensure_ascii=False, indent=1, sort_keys=True)
                file.write("\n")
        except FileExistsError:
            continue
        with SUMS.open("a", encoding="utf-8") as sums:
            sums.write(f"{digest(path)}  {path.name}\n")
        written.append(path.name)
    return written


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in write_missing()) or "Nothing is missing.\n")
