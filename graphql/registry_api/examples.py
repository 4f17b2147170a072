"""Ready operations for the explorer: the documents of ``graphql/operations``, in the order of their names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from registry_api.http.explorer import Example

OPERATIONS: Final = Path(__file__).resolve().parent.parent / "operations"


def _examples() -> Iterator[Example]:
    """One example a document; the file beside it, of the same name, holds its variables. None where the folder is absent."""
    for document in sorted(OPERATIONS.glob("*.graphql")):
        variables = json.loads(document.with_suffix(".json").read_text(encoding="utf-8"))
        name = document.stem.partition("-")[2].replace("-", " ").capitalize()
        yield Example(name=name, document=document.read_text(encoding="utf-8"), variables=variables)


EXAMPLES: Final = tuple(_examples())
