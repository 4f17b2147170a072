"""Cells of a table of changes, as an administrator writes them, read with every fault named by its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from catalog.faults import Fault, FaultCode
from catalog.files.tables import TableRow
from catalog.text import fold
from domain.messages import Message, tell
from domain.refusals import Refused
from domain.text import NAME_LIMIT, clean
from domain.values import EntryChangeKind

CHANGES: Final[Mapping[str, EntryChangeKind]] = {
    "added": EntryChangeKind.ADDED,
    "新增": EntryChangeKind.ADDED,
    "withdrawn": EntryChangeKind.WITHDRAWN,
    "废止": EntryChangeKind.WITHDRAWN,
}

CHANGE_WORDS: Final = "新增、废止"


def text_of(row: TableRow, column: str, faults: list[Fault], *, limit: int = NAME_LIMIT, required: bool = True) -> str:
    """The text of a cell, folded; nothing, and a fault more, where it is wrong."""
    cell = row.cell(column)
    text = fold(cell.text)
    if cell.problem:
        faults.append(at(row, column, FaultCode.CELL_ERROR, cell.problem))
    elif not text and required:
        faults.append(at(row, column, FaultCode.CELL_MISSING, tell("fault.cell_missing", column=column)))
    elif len(text) > limit:
        message = tell("fault.cell_too_long", column=column, found=len(text), limit=limit)
        faults.append(at(row, column, FaultCode.CELL_TOO_LONG, message))
    else:
        try:
            return clean(text, column, limit=limit, required=False)
        except Refused as refused:
            faults.append(at(row, column, FaultCode.CONTROL_CHARACTER, refused.said))
    return ""


def add_fault(row: TableRow, column: str, fault: Message, faults: list[Fault]) -> None:
    """One more fault of a cell."""
    code = FaultCode.NUMBER_MALFORMED if column == "numbers" else FaultCode.VALUE_UNKNOWN
    faults.append(at(row, column, code, fault))


def at(row: TableRow, column: str, code: FaultCode, message: Message) -> Fault:
    """A fault at the place of a cell."""
    return Fault(code, message, sheet=row.sheet, row=row.row, column=row.cell(column).column or column)
