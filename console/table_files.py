"""Answers of a command as a file: ``--format`` and ``-o``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from console.talk import fail, note
from domain.messages import system_reason, tell


class TableFormat(StrEnum):
    """As which file a table is written."""

    CSV = "csv"
    XLSX = "xlsx"


AsFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="help.option.as_file"),
]
Format = Annotated[TableFormat | None, typer.Option("--format", help="help.option.format")]


def written(
    file: Path | None, fmt: TableFormat | None, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]
) -> bool:
    """Write a table to the file that was asked for; False where none was. A format without a file is a mistake."""
    if file is None:
        if fmt is not None:
            fail(tell("said.file.name_it"))
        return False
    from catalog.files.sheets import table_file

    chosen = fmt or (TableFormat.XLSX if file.suffix.lower() == ".xlsx" else TableFormat.CSV)
    try:
        file.write_bytes(table_file(title, heads, rows, chosen.value))
    except OSError as error:
        fail(tell("said.file.not_written", file=str(file), reason=system_reason(error)))
    note(tell("said.file.written", file=str(file)), "dim")
    return True
