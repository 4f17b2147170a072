"""A table as any file gives it: rows of cells, among which the head is found and the entries' rows are told apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from catalog.faults import Fault, FaultCode
from catalog.rows import OFFICIAL, Cell, Column, RawRow, RowReader

HEAD_DEPTH: Final = 50
"""Rows at the top of a table among which its head is looked for."""

_ENOUGH: Final = 3
"""Columns that a row must name to be taken for a head."""

SYNONYMS: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.NUMBER: ("序号", "编号", "序", "号", "No.", "No", "Number"),
    Column.NAME: (
        "境外职业资格名称", "境外职业资格", "职业资格名称", "资格名称", "资格原名", "原文名称", "证书名称",
        "Qualification name", "Qualification", "Qualification name (original)",
    ),
    Column.TRANSLATED: (
        "境外职业资格译名", "职业资格译名", "资格译名", "译名", "中文译名", "中文名称", "Translated name", "Translation",
    ),
    Column.ISSUER: (
        "证书颁发机构", "颁发机构", "颁证机构", "发证机构", "发证单位", "证书发放机构", "Issuing body", "Issuer",
    ),
    Column.TITLE: ("比照认定职称", "认定职称", "对应职称", "比照职称", "职称", "职称名称", "Title", "Titles"),
    Column.FIELD: ("专业领域", "领域", "所属领域", "专业", "Field"),
    Column.GRADE: ("等级", "资格等级", "证书等级", "Grade", "Grades"),
    Column.LEVEL: ("职称级别", "职称层级", "职称等级", "Level", "Levels"),
}  # fmt: skip
"""Other heads that offices write for a column; compared without white space, case and width."""


def _head_form(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("*:")


_HEADS: Final = {_head_form(head): column for column, heads in SYNONYMS.items() for head in heads}
_CHINESE: Final = tuple(head for heads in SYNONYMS.values() for head in heads if not head.isascii() and len(head) > 1)


def names_heads(text: str) -> str:
    """The heads in Chinese that stand anywhere in a text, joined; they prove its encoding where it is no table."""
    return "".join(head for head in _CHINESE if head in text)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of a file that nobody sees on its screen, and that is not read: a sheet, a column or a row."""

    sheet: str
    what: str

    def __str__(self) -> str:
        return f"sheet {self.sheet}: {self.what} is hidden and was left out; show it to have it read."


def surplus(row: Sequence[Cell], width: int) -> str | None:
    """What is wrong with a row of a delimited text that holds more than the head has columns for; None where nothing is."""
    further = sum(1 for cell in row[width:] if cell.text.strip())
    if not further:
        return None
    return f"the row has {len(row)} cells under a head of {width}; put a text that holds the delimiter into quotes."


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its name for a reader, and its rows, each a sequence of cells with its row number inside.

    ``flows`` marks a table that may be the continuation of the one before it, as after a page break; ``delimited`` one whose
    rows have a cell for each delimiter and no more; ``left_out`` is what its file holds and does not show.
    """

    sheet: str | None
    rows: Sequence[Sequence[Cell]]
    flows: bool = False
    delimited: bool = False
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    index: int
    columns: Mapping[int, Column]
    twice: tuple[Column, ...]

    @property
    def missing(self) -> tuple[Column, ...]:
        return tuple(column for column in OFFICIAL if column not in self.columns.values())


def recognised(grid: Grid) -> int:
    """How many columns the table's head names; 0 where it has none."""
    head = _find_head(grid)
    return len(head.columns) if head else 0


def recognised_heads(grid: Grid) -> str:
    """The heads that the table's head row names, joined; empty where it has none."""
    head = _find_head(grid)
    return "".join(grid.rows[head.index][position].text for position in head.columns) if head else ""


def read_grids(grids: Sequence[Grid], reader: RowReader) -> None:
    """Give the rows of every table with a head to a reader; where no table has one, that is the fault."""
    columns: Mapping[int, Column] = {}
    found = False
    for grid in grids:
        reader.left_out += map(str, grid.left_out)
        head = _find_head(grid)
        if head is not None:
            found = True
            columns = head.columns
            if _sound(grid, head, reader.faults):
                _read_rows(grid, head.index + 1, columns, reader)
            else:
                columns = {}
        elif grid.flows and columns and grid.rows and _continues(grid.rows[0], columns):
            _read_rows(grid, 0, columns, reader)
        else:
            columns = {}
    if not found:
        heads = "、".join(column.value for column in OFFICIAL)
        message = f"no table has a head; give the columns the names {heads} in one row above the entries."
        reader.faults.append(Fault(FaultCode.HEADER_MISSING, message))


def _find_head(grid: Grid) -> _Head | None:
    best: _Head | None = None
    for index, row in enumerate(grid.rows[:HEAD_DEPTH]):
        columns: dict[int, Column] = {}
        twice: list[Column] = []
        for position, cell in enumerate(row):
            column = _HEADS.get(_head_form(cell.text))
            if column in columns.values() and column is not None:
                twice.append(column)
            elif column is not None:
                columns[position] = column
        if len(columns) >= _ENOUGH and (best is None or len(columns) > len(best.columns)):
            best = _Head(index, columns, tuple(twice))
    return best


def _sound(grid: Grid, head: _Head, faults: list[Fault]) -> bool:
    row = grid.rows[head.index][0].row
    for column in head.missing:
        message = f"the head lacks the column {column.value}; add it."
        faults.append(Fault(FaultCode.HEADER_MISSING, message, sheet=grid.sheet, row=row, column=column.value))
    for column in head.twice:
        message = f"the head names the column {column.value} twice; remove or rename one of them."
        faults.append(Fault(FaultCode.HEADER_TWICE, message, sheet=grid.sheet, row=row, column=column.value))
    return not (head.missing or head.twice)


def _read_rows(grid: Grid, start: int, columns: Mapping[int, Column], reader: RowReader) -> None:
    width = len(grid.rows[start - 1]) if start else 0
    for row in grid.rows[start:]:
        problem = surplus(row, width) if grid.delimited else None
        if problem:
            reader.faults.append(Fault(FaultCode.CELL_EXTRA, problem, sheet=grid.sheet, row=row[0].row))
            continue
        cells = {columns[position]: cell for position, cell in enumerate(row) if position in columns}
        if cells and not _is_no_entry(cells):
            reader.read(RawRow(row[0].row, cells, grid.sheet))


def _is_no_entry(cells: Mapping[Column, Cell]) -> bool:
    """Whether a row is blank, a head repeated on a new page, or a single text: a section's heading or a note.

    A row with a number, or with two texts, is an entry, and what it lacks is refused rather than passed over.
    """
    filled = {column: cell.text for column, cell in cells.items() if cell.problem or cell.text.strip()}
    if len(filled) <= 1:
        return not filled.get(Column.NUMBER, "").strip().isdecimal() and not any(c.problem for c in cells.values())
    return all(_HEADS.get(_head_form(text)) is column for column, text in filled.items())


def _continues(row: Sequence[Cell], columns: Mapping[int, Column]) -> bool:
    return any(
        column is Column.NUMBER and position < len(row) and row[position].text.strip().isdecimal()
        for position, column in columns.items()
    )
