"""XLSX as it is typed in an office: several sheets, titles above the head, cells merged downwards, numbers as numbers."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from io import BytesIO
from typing import Final, Protocol

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string, get_column_letter

from catalog.faults import Fault, FaultCode
from catalog.files.formats import MAX_COLUMNS, MAX_ROWS, repacked
from catalog.files.grids import Grid
from catalog.rows import Cell
from catalog.text import visible

_MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"'](?P<column>[A-Z]{1,3})(?P<row>[0-9]{1,7}):[A-Z]{1,3}(?P<last>[0-9]{1,7})[\"']"
)


class _SheetCell(Protocol):
    """What is read of a cell, whichever of openpyxl's classes it has."""

    @property
    def value(self) -> object: ...

    @property
    def data_type(self) -> str: ...


def read_workbook(data: bytes) -> list[Grid] | Fault:
    """The visible sheets of a workbook, values only; a sheet that somebody hid is left out, as on its screen.

    A value in a cell merged downwards stands for every row of the merge. Read as a stream and by
    what is there, whatever size the sheet states; one with content below row ``MAX_ROWS`` is refused.
    """
    package = repacked(data)
    if isinstance(package, Fault):
        return package
    grids: list[Grid] = []
    try:
        workbook = load_workbook(BytesIO(package), read_only=True, data_only=True, keep_links=False)
        with zipfile.ZipFile(BytesIO(package)) as archive:
            for sheet in workbook.worksheets:
                if sheet.sheet_state != "visible":
                    continue
                # openpyxl 3.1 gives a streamed sheet's merges no name, only the path of the part that states them
                merges = _merges(archive.read(sheet._worksheet_path))  # type: ignore[attr-defined] # noqa: SLF001
                sheet.reset_dimensions()
                rows = _rows(sheet.iter_rows(max_col=MAX_COLUMNS), merges)
                if rows is None:
                    message = f"the sheet has content below row {MAX_ROWS}; delete it, or split the sheet."
                    return Fault(FaultCode.TOO_MANY_ROWS, message, sheet=sheet.title, row=MAX_ROWS + 1)
                grids.append(Grid(sheet.title, rows))
    except Exception:  # noqa: BLE001 - whatever a broken workbook makes the library raise, the answer is the same
        return Fault(FaultCode.UNREADABLE, "the workbook is damaged; open it in an office and save it anew as .xlsx.")
    return grids


def _merges(part: bytes) -> dict[tuple[int, int], int]:
    """For the first cell (row, column) of each merge, the last row that it reaches."""
    merges = {}
    for found in _MERGED.finditer(part):
        column = column_index_from_string(found["column"].decode("ascii"))
        merges[int(found["row"]), column] = min(int(found["last"]), MAX_ROWS)
    return merges


def _rows(sheet: Iterable[Iterable[_SheetCell]], merges: Mapping[tuple[int, int], int]) -> list[list[Cell]] | None:
    """The rows of a sheet without the blank ones, merges filled downwards; None where one stands below ``MAX_ROWS``."""
    rows: list[list[Cell]] = []
    reaching: dict[int, tuple[int, Cell]] = {}
    for number, values in enumerate(sheet, start=1):
        reaching = {column: (last, cell) for column, (last, cell) in reaching.items() if number <= last}
        if all(value.value is None for value in values) and not reaching:
            continue
        if number > MAX_ROWS:
            return None
        row = [_cell(value.value, value.data_type, number, column) for column, value in enumerate(values, start=1)]
        for column, cell in enumerate(row, start=1):
            if (number, column) in merges:
                reaching[column] = (merges[number, column], cell)
        for column, (_, cell) in reaching.items():
            if not row[column - 1].text:
                row[column - 1] = Cell(cell.text, number, cell.column, cell.problem)
        if any(cell.text or cell.problem for cell in row):
            rows.append(row)
    return rows


def _cell(value: object, data_type: str, row: int, column: int) -> Cell:
    """A cell as text: a whole number without decimals, and a problem for a date or an error, which are no text."""
    letter = get_column_letter(column)
    if value is None:
        return Cell("", row, letter)
    if data_type == "e":
        return Cell("", row, letter, f"the cell holds the error {value}; type its text.")
    if isinstance(value, (date, time, timedelta)):
        return Cell("", row, letter, "the cell holds a date or a time; format it as text and type it anew.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # a carriage return inside a cell, as offices on a Mac leave it (ECMA-376, ST_Xstring)
    return Cell(visible(str(value).replace("_x000D_", "\n")), row, letter)
