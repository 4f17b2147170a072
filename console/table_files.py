"""Answers of a command as a file: ``--format`` and ``-o``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from console.talk import fail, note


class TableFormat(StrEnum):
    """As which file a table is written."""

    CSV = "csv"
    XLSX = "xlsx"


AsFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the table to a file: CSV, or XLSX by its ending."),
]
Format = Annotated[TableFormat | None, typer.Option("--format", help="The format of the file, whatever it ends with.")]


def written(
    file: Path | None, fmt: TableFormat | None, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]
) -> bool:
    """Write a table to the file that was asked for; False where none was. A format without a file is a mistake."""
    if file is None:
        if fmt is not None:
            fail("Name the file to write with --output FILE; --format says which it is.")
        return False
    from catalog.files.sheets import table_file

    chosen = fmt or (TableFormat.XLSX if file.suffix.lower() == ".xlsx" else TableFormat.CSV)
    try:
        file.write_bytes(table_file(title, heads, rows, chosen.value))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}; name another file.")
    note(f"Written to {file}.", "dim")
    return True
