"""Text files: in the encodings that offices save, with the delimiters that they choose."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from typing import Final

from catalog.faults import Fault, FaultCode
from catalog.files.formats import MAX_COLUMNS, MAX_ROWS
from catalog.files.grids import Grid, recognised
from catalog.rows import Cell
from catalog.text import visible
from domain.messages import tell

_DELIMITERS: Final = (",", ";", "\t")
_TRIGGERS: Final = "=+-@＝＋－＠"
_QUOTE: Final = "'"


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula, also behind blanks, tabs or line
    breaks, gets an apostrophe in front.

    So does one that begins with an apostrophe, which makes ``unguarded`` undo exactly this. Source: OWASP, CSV Injection,
    which counts the full-width forms and leading white space among the triggers.
    """
    return f"{_QUOTE}{text}" if _looks_like_formula(text) else text


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given; a text it can't have written stays as it is."""
    return text[1:] if text[:1] == _QUOTE and _looks_like_formula(text[1:]) else text


def _looks_like_formula(text: str) -> bool:
    return text.lstrip()[:1] in {*_TRIGGERS, _QUOTE}


def read_delimited(text: str, recognised: Callable[[Grid], int] = recognised) -> list[Grid] | Fault:
    """The rows of a delimited text, split by the delimiter under which its head names the most columns.

    ``recognised`` counts the columns that a table's head names; by default those of a catalog.
    """
    found = [_split(text, delimiter) for delimiter in _DELIMITERS]
    grid, fault = max(found, key=lambda each: recognised(each[0]))
    return fault or [grid]


def _split(text: str, delimiter: str) -> tuple[Grid, Fault | None]:
    """The rows as far as they can be told apart, and what stops there."""
    rows: list[list[Cell]] = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for values in reader:
            if any(_swallowed(value, delimiter, len(values)) for value in values):
                return Grid(None, rows, delimited=True), _open_quote(start)
            if values:
                rows.append([
                    Cell(visible(unguarded(value)), start, _letter(position)) for position, value in enumerate(values[:MAX_COLUMNS])
                ])  # fmt: skip
            if len(rows) > MAX_ROWS:
                too_many = Fault(FaultCode.TOO_MANY_ROWS, tell("fault.too_many_rows", most=MAX_ROWS), row=start)
                return Grid(None, rows, delimited=True), too_many
            start = reader.line_num + 1
    except csv.Error:
        return Grid(None, rows, delimited=True), _open_quote(start)
    return Grid(None, rows, delimited=True), None


def _swallowed(value: str, delimiter: str, cells: int) -> bool:
    """Whether a cell of several lines holds whole rows: a quote that was never closed took them in until the next one."""
    lines = value.splitlines()[1:]
    return any(line.count(delimiter) >= max(cells - 1, 1) for line in lines)


def _open_quote(line: int) -> Fault:
    return Fault(
        FaultCode.UNREADABLE,
        tell("fault.quote_open"),
        row=line,
    )


def _letter(position: int) -> str:
    """The letter a spreadsheet shows above a column."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
