"""Tables under heads of one's own choice: where the head stands, and the rows below it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.faults import Fault, FaultCode, FileRefused
from catalog.files.delimited import read_delimited
from catalog.files.encodings import decoded
from catalog.files.formats import MAX_BYTES, FileFormat, detect
from catalog.files.grids import HEAD_DEPTH, Grid, surplus
from catalog.files.workbook import read_workbook
from catalog.rows import Cell
from domain.messages import Message, tell

_NONE: Final = Cell("", 0)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row below a head: its number as a reader counts, its cells by column, the sheet it stands in, and what is wrong."""

    row: int
    cells: Mapping[str, Cell]
    sheet: str | Message | None = None
    problem: Message | None = None

    @property
    def problems(self) -> tuple[Message, ...]:
        """What is wrong with the row as a whole, then with its cells, each with the cell's place (``B7``)."""
        cells = [
            tell("fault.place_cell", cell=f"{cell.column}{cell.row}", said=cell.problem)
            for cell in self.cells.values()
            if cell.problem
        ]
        return (*([self.problem] if self.problem else []), *cells)

    def cell(self, column: str) -> Cell:
        """The cell of a column; an empty one where the table has no such column."""
        return self.cells.get(column, _NONE)


class Heads:
    """The heads by which columns are known, compared without white space, underscores, case and width."""

    def __init__(self, heads: Mapping[str, Sequence[str]], needed: Collection[str]) -> None:
        self._columns = {_folded(head): column for column, names in heads.items() for head in names}
        self._needed = frozenset(needed)

    def find(self, grid: Grid) -> tuple[int, dict[str, int]]:
        """Where a table's head stands, and the position of each column it names; no columns where a needed one lacks."""
        for index, row in enumerate(grid.rows[:HEAD_DEPTH]):
            columns: dict[str, int] = {}
            for position, cell in enumerate(row):
                column = self._columns.get(_folded(cell.text))
                if column is not None:
                    columns.setdefault(column, position)
            if columns.keys() >= self._needed:
                return index, columns
        return 0, {}

    def count(self, grid: Grid) -> int:
        """How many columns a table's head names."""
        return len(self.find(grid)[1])

    def named_in(self, text: str) -> str:
        """The heads that a delimited text's head row names, joined; empty where it has none."""
        found = read_delimited(text, self.count)
        for grid in found if isinstance(found, list) else ():
            index, columns = self.find(grid)
            if columns:
                return "".join(grid.rows[index][position].text for position in columns.values())
        return ""


def read_rows(source: Path, heads: Heads, left_out: list[Message] | None = None) -> Iterator[TableRow]:
    """See ``rows_of``. Raises also ``OSError`` where the file can't be read."""
    yield from rows_of(bytes_of(source), source.name, heads, left_out)


def bytes_of(source: Path) -> bytes:
    """What stands in a file, as far as any file is read. Raises ``OSError``."""
    with source.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def rows_of(data: bytes, name: str, heads: Heads, left_out: list[Message] | None = None) -> Iterator[TableRow]:
    """The rows of a CSV or XLSX file below its heads, in its order; blank rows are passed over, and what is hidden is left
    out and told to ``left_out``, a sentence each.

    Raises ``FileRefused`` with what is wrong with the file.
    """
    for grid in _grids(data, name, heads):
        index, columns = heads.find(grid)
        if left_out is not None:
            left_out += grid.left_out
        width = len(grid.rows[index]) if columns else 0
        for row in grid.rows[index + 1 :] if columns else ():
            if any(cell.text.strip() or cell.problem for cell in row):
                cells = {name: row[position] for name, position in columns.items() if position < len(row)}
                yield TableRow(row[0].row, cells, grid.sheet, surplus(row, width) if grid.delimited else None)


def _grids(data: bytes, name: str, heads: Heads) -> list[Grid]:
    if len(data) > MAX_BYTES:
        fault = Fault(FaultCode.TOO_LARGE, tell("fault.table_too_large", most=MAX_BYTES))
        raise FileRefused(name, (fault,))
    known = detect(data, name)
    grids: list[Grid] | Fault
    if known is FileFormat.XLSX:
        grids = read_workbook(data)
    elif known in (FileFormat.CSV, FileFormat.TXT):
        text = decoded(data, heads.named_in)
        grids = text if isinstance(text, Fault) else read_delimited(text, heads.count)
    else:
        grids = Fault(FaultCode.UNKNOWN_FORMAT, tell("fault.neither_csv_nor_xlsx"))
    if isinstance(grids, Fault):
        raise FileRefused(name, (grids,))
    return grids


def _folded(head: str) -> str:
    return "".join(unicodedata.normalize("NFKC", head).casefold().replace("_", "").split()).strip("*:")
