"""Ready operations for the explorer: the documents of ``graphql/operations``, in the order of their names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from transport.explorer import Example

_PACKAGE: Final = Path(__file__).resolve().parent
OPERATIONS: Final = next(each for each in (_PACKAGE / "operations", _PACKAGE.parent / "operations") if each.is_dir())
"""Where they lie: inside the package once it is installed, beside it in the source tree."""


def _examples() -> Iterator[Example]:
    """One example a document; the file beside it, of the same name, holds its variables."""
    for document in sorted(OPERATIONS.glob("*.graphql")):
        variables = json.loads(document.with_suffix(".json").read_text(encoding="utf-8"))
        name = document.stem.partition("-")[2].replace("-", " ").capitalize()
        yield Example(name=name, document=document.read_text(encoding="utf-8"), variables=variables)


EXAMPLES: Final = tuple(_examples())
