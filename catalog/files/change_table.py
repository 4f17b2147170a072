"""A table of changes, as an administrator writes it, read with every fault named by its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from catalog.faults import Fault, FaultCode, FileRefused
from catalog.files.tables import Heads, TableRow, read_rows
from catalog.text import fold
from domain.messages import Message, tell
from domain.refusals import Refused
from domain.text import NAME_LIMIT, clean
from domain.values import EntryChangeKind

C = TypeVar("C")

CHANGES: Final[Mapping[str, EntryChangeKind]] = {
    "added": EntryChangeKind.ADDED,
    "新增": EntryChangeKind.ADDED,
    "withdrawn": EntryChangeKind.WITHDRAWN,
    "废止": EntryChangeKind.WITHDRAWN,
}

CHANGE_WORDS: Final = "新增、废止"


def read_changes(
    source: Path,
    heads: Heads,
    change_of: Callable[[TableRow, list[Fault]], C | None],
    nothing: Message,
    left_out: list[Message] | None,
) -> tuple[C, ...]:
    """What ``change_of`` makes of each row of a CSV or XLSX file, in its order; what is hidden is left out and told to ``left_out``.

    Raises ``FileRefused`` with every fault at once, each with its place, with ``nothing`` where there is no change at all; ``OSError``
    where the file can't be read.
    """
    faults: list[Fault] = []
    changes = []
    for row in read_rows(source, heads, left_out):
        if row.problem:
            faults.append(Fault(FaultCode.CELL_EXTRA, row.problem, sheet=row.sheet, row=row.row))
        elif (change := change_of(row, faults)) is not None:
            changes.append(change)
    if not changes and not faults:
        faults.append(Fault(FaultCode.HEADER_MISSING, nothing))
    if faults:
        raise FileRefused(source.name, tuple(faults))
    return tuple(changes)


def kind_of_change(row: TableRow, faults: list[Fault]) -> EntryChangeKind | None:
    """Whether a row adds or withdraws; None, and a fault more, where it says neither."""
    text = text_of(row, "change", faults)
    found = CHANGES.get(text.casefold())
    if text and found is None:
        add_fault(row, "change", tell("fault.change_unknown", column="change", words=CHANGE_WORDS), faults)
    return found


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
