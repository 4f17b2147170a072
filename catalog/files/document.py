"""DOCX as notices are published: one table or several, their head perhaps repeated on every page."""

from __future__ import annotations

from io import BytesIO

from docx import Document
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from catalog.faults import Fault, FaultCode
from catalog.files.formats import MAX_COLUMNS, MAX_ROWS, repacked
from catalog.files.grids import Grid
from catalog.rows import Cell
from catalog.text import visible
from domain.messages import tell


def read_document(data: bytes) -> list[Grid] | Fault:
    """The tables of a document, in order, as its author accepted them: deletions on record are gone, insertions stand.

    Read from the document's own elements, since the library's cells search the whole table for each merge.
    """
    package = repacked(data)
    if isinstance(package, Fault):
        return package
    try:
        body = Document(BytesIO(package)).element
        tables = list(body.iter(qn("w:tbl")))
        grids = [_grid(table, number) for number, table in enumerate(tables, start=1)]
    except Exception:  # noqa: BLE001 - whatever a broken document makes the library raise, the answer is the same
        return Fault(FaultCode.UNREADABLE, tell("fault.document_damaged"))
    for grid in grids:
        if len(grid.rows) > MAX_ROWS:
            message = tell("fault.table_too_long", most=MAX_ROWS)
            return Fault(FaultCode.TOO_MANY_ROWS, message, sheet=grid.sheet, row=MAX_ROWS + 1)
    return grids


def _grid(table: BaseOxmlElement, number: int) -> Grid:
    """A table's rows; a cell that spans columns leaves blanks beside it, one merged downwards stands in each row."""
    rows: list[list[Cell]] = []
    for index, element in enumerate(_own(table, "w:tr", "w:tbl"), start=1):
        row: list[Cell] = []
        for cell in _own(element, "w:tc", "w:tr"):
            position = len(row)
            above = rows[-1][position].text if rows and position < len(rows[-1]) else ""
            text = above if _goes_on(cell) else visible(_text(cell))
            row.append(Cell(text, index, f"{position + 1}"))
            row += [Cell("", index, f"{position + extra}") for extra in range(2, min(_span(cell), MAX_COLUMNS) + 1)]
        if row:
            rows.append(row[:MAX_COLUMNS])
    return Grid(tell("fault.place_table", number=number), rows, flows=True)


def _own(parent: BaseOxmlElement, tag: str, owner: str) -> list[BaseOxmlElement]:
    """The descendants with a tag that belong to ``parent`` and to no table inside it."""
    return [element for element in parent.iter(qn(tag)) if next(element.iterancestors(qn(owner))) is parent]


def _text(cell: BaseOxmlElement) -> str:
    pieces: list[str] = []
    for element in cell.iter(qn("w:p"), qn("w:t"), qn("w:br"), qn("w:tab"), qn("w:noBreakHyphen")):
        if element.tag == qn("w:t"):
            pieces.append(element.text or "")
        else:
            pieces.append("-" if element.tag == qn("w:noBreakHyphen") else "\n")
    return "".join(pieces).strip()


def _span(cell: BaseOxmlElement) -> int:
    span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    return int(span.get(qn("w:val"), "1")) if span is not None else 1


def _goes_on(cell: BaseOxmlElement) -> bool:
    """Whether the cell continues the one above it (ECMA-376, vMerge without ``restart``)."""
    merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    return merge is not None and merge.get(qn("w:val"), "continue") == "continue"
