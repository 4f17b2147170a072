"""XLSX as it is typed in an office: several sheets, titles above the head, cells merged downwards, numbers as numbers."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from io import BytesIO
from typing import Final, Protocol
from xml.etree.ElementTree import Element, iterparse

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string, get_column_letter

from catalog.faults import Fault, FaultCode
from catalog.files.formats import MAX_COLUMNS, MAX_ROWS, repacked
from catalog.files.grids import Grid
from catalog.rows import Cell
from catalog.text import visible
from domain.messages import Message, tell

_TAG: Final = re.compile(r"\{[^}]*\}")
_PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass
class _Facts:
    """What a sheet's part says beside its values: merges, what is hidden, and formulas that nobody calculated."""

    merges: dict[tuple[int, int], int] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    uncalculated: set[tuple[int, int]] = field(default_factory=set)

    @cached_property
    def uncalculated_rows(self) -> set[int]:
        """The rows in which a formula without a value stands."""
        return {row for row, _ in self.uncalculated}


class _SheetCell(Protocol):
    """What is read of a cell, whichever of openpyxl's classes it has."""

    @property
    def value(self) -> object: ...

    @property
    def data_type(self) -> str: ...

    @property
    def number_format(self) -> str: ...


def read_workbook(data: bytes) -> list[Grid] | Fault:
    """The visible sheets of a workbook, values only; sheets, rows and columns that somebody hid or filtered away are left
    out, as on its screen, and named (``Grid.left_out``).

    A value in a cell merged downwards stands for every row of the merge. Read as a stream and by
    what is there, whatever size the sheet states; one with content below row ``MAX_ROWS`` is refused.
    """
    package = repacked(data)
    if isinstance(package, Fault):
        return package
    grids: list[Grid] = []
    hidden: list[Message] = []
    try:
        workbook = load_workbook(BytesIO(package), read_only=True, data_only=True, keep_links=False)
        with zipfile.ZipFile(BytesIO(package)) as archive:
            for sheet in workbook.worksheets:
                if sheet.sheet_state != "visible":
                    hidden.append(tell("fault.sheet_hidden", sheet=sheet.title))
                    continue
                # openpyxl 3.1 gives a streamed sheet's merges no name, only the path of the part that states them
                facts = _facts(archive.read(sheet._worksheet_path))  # type: ignore[attr-defined] # noqa: SLF001 - the library shows it nowhere else
                sheet.reset_dimensions()
                left_out: list[Message] = []
                rows = _rows(sheet.iter_rows(max_col=MAX_COLUMNS), facts, sheet.title, left_out)
                if rows is None:
                    message = tell("fault.sheet_too_long", most=MAX_ROWS)
                    return Fault(FaultCode.TOO_MANY_ROWS, message, sheet=sheet.title, row=MAX_ROWS + 1)
                grids.append(Grid(sheet.title, rows, left_out=tuple(left_out)))
    except Exception:  # noqa: BLE001 - whatever a broken workbook makes the library raise, the answer is the same
        return Fault(FaultCode.UNREADABLE, tell("fault.workbook_damaged"))
    if grids and hidden:
        grids[0] = replace(grids[0], left_out=(*hidden, *grids[0].left_out))
    return grids


def _facts(part: bytes) -> _Facts:
    """One pass over a sheet's part (ECMA-376, part 1, section 18.3.1: row, col, c, mergeCell)."""
    facts, number = _Facts(), 0
    for event, element in iterparse(BytesIO(part), events=("start", "end")):  # noqa: S314 - `repacked` refused document types
        tag = _TAG.sub("", element.tag)
        if event == "start":
            if tag == "row":
                number = int(element.get("r") or number + 1)
                if _is_hidden(element, "ht"):
                    facts.hidden_rows.add(number)
            elif tag == "col" and _is_hidden(element, "width"):
                first, last = int(element.get("min", "1")), min(int(element.get("max", "1")), MAX_COLUMNS)
                facts.hidden_columns.update(range(first, last + 1))
            continue
        if tag == "mergeCell":
            _merge(element.get("ref", ""), facts)
        elif tag == "c":
            names = {_TAG.sub("", child.tag): child for child in element}
            place = _PLACE.fullmatch(element.get("r", ""))
            value = names.get("v")
            if place and "f" in names and (value is None or not value.text) and "is" not in names:
                facts.uncalculated.add((int(place[2]), column_index_from_string(place[1])))
        elif tag == "row":
            element.clear()
    return facts


def _is_hidden(element: Element, size: str) -> bool:
    return element.get("hidden") in {"1", "true"} or element.get(size) in {"0", "0.0"}


def _merge(reference: str, facts: _Facts) -> None:
    """For the first cell (row, column) of a merge, the last row that it reaches."""
    first, _, last = reference.partition(":")
    begin, end = _PLACE.fullmatch(first), _PLACE.fullmatch(last)
    if begin and end:
        facts.merges[int(begin[2]), column_index_from_string(begin[1])] = min(int(end[2]), MAX_ROWS)


def _rows(
    sheet: Iterable[Iterable[_SheetCell]], facts: _Facts, title: str, left_out: list[Message]
) -> list[list[Cell]] | None:
    """The rows of a sheet without the blank ones, merges filled downwards; None where one stands below ``MAX_ROWS``."""
    rows: list[list[Cell]] = []
    reaching: dict[int, tuple[int, Cell]] = {}
    unseen: set[int] = set()
    for number, values in enumerate(sheet, start=1):
        reaching = {column: (last, cell) for column, (last, cell) in reaching.items() if number <= last}
        if all(value.value is None for value in values) and not reaching and number not in facts.uncalculated_rows:
            continue
        if number > MAX_ROWS:
            return None
        row = [_cell(value, number, column, facts) for column, value in enumerate(values, start=1)]
        _fill(row, number, facts, reaching)
        if number in facts.hidden_rows:
            if _says_something(row):
                left_out.append(tell("fault.row_hidden", sheet=title, row=number))
            continue
        unseen |= _covered(row, facts.hidden_columns)
        if _says_something(row):
            rows.append(row)
    left_out.extend(
        tell("fault.column_hidden", sheet=title, column=get_column_letter(column)) for column in sorted(unseen)
    )
    return rows


def _says_something(row: Iterable[Cell]) -> bool:
    return any(cell.text or cell.problem for cell in row)


def _covered(row: list[Cell], hidden: Iterable[int]) -> set[int]:
    """Empty a row's cells in hidden columns; the columns in which something stood."""
    stood = {column for column in hidden if column <= len(row) and _says_something(row[column - 1 : column])}
    for column in stood:
        row[column - 1] = Cell("", row[column - 1].row, row[column - 1].column)
    return stood


def _fill(row: list[Cell], number: int, facts: _Facts, reaching: dict[int, tuple[int, Cell]]) -> None:
    """Let merges that reach down to this row stand in it, and remember those that begin here."""
    for column, cell in enumerate(row, start=1):
        if (number, column) in facts.merges:
            reaching[column] = (facts.merges[number, column], cell)
    for column, (_, cell) in reaching.items():
        if not row[column - 1].text:
            row[column - 1] = Cell(cell.text, number, cell.column, cell.problem)


def _cell(cell: _SheetCell, row: int, column: int, facts: _Facts) -> Cell:
    """A cell as text: a whole number without decimals, and a problem for whatever is no text."""
    letter, value = get_column_letter(column), cell.value
    if (row, column) in facts.uncalculated:
        return Cell("", row, letter, tell("fault.cell_uncalculated"))
    if value is None:
        return Cell("", row, letter)
    if cell.data_type == "e":
        return Cell("", row, letter, tell("fault.cell_is_error", value=str(value)))
    if isinstance(value, (date, time, timedelta)):
        day = value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None
        message = tell("fault.cell_is_date")
        return Cell("", row, letter, message, day)
    if isinstance(value, bool):
        return Cell("", row, letter, tell("fault.cell_no_text", value=str(value).upper()))
    if isinstance(value, (int, float)) and "%" in cell.number_format:
        return Cell("", row, letter, tell("fault.cell_is_percentage"))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # a carriage return inside a cell, as offices on a Mac leave it (ECMA-376, ST_Xstring)
    return Cell(visible(str(value).replace("_x000D_", "\n")), row, letter)
