"""Certificates from a table, as offices list them: a name, an issuer and a grade under whatever heads they chose."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.faults import Fault, FaultCode, FileRefused
from catalog.files.delimited import decoded, read_delimited
from catalog.files.formats import MAX_BYTES, FileFormat, detect
from catalog.files.grids import HEAD_DEPTH, Grid
from catalog.files.workbook import read_workbook
from catalog.rows import Cell

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (
        "name", "certificate", "certificate name", "qualification", "qualification name", "title of certificate",
        "证书名称", "证书", "资格名称", "职业资格名称", "境外职业资格名称", "境外职业资格", "名称", "資格名", "Bezeichnung", "Abschluss",
    ),
    "issuer": (
        "issuer", "issuing body", "issuing_body", "issuingBody", "issued by", "authority",
        "证书颁发机构", "颁发机构", "颁证机构", "发证机构", "发证单位", "机构", "発行者", "認定機関", "Aussteller", "Kammer",
    ),
    "grade": ("grade", "level", "class", "等级", "级别", "资格等级", "证书等级", "級", "Stufe"),
}  # fmt: skip
"""Heads that offices write for each column; compared without white space, underscores, case and width."""


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate as a table gives it. ``row`` counts from 1 as a reader counts; ``sheet`` is None in a text."""

    row: int
    name: str
    issuer: str = ""
    grade: str | None = None
    sheet: str | None = None


def read_certificates(source: Path) -> tuple[CertificateRow, ...]:
    """The certificates of a CSV or XLSX file, in its order; blank rows are passed over, a row without a name is kept.

    Raises ``FileRefused`` with what is wrong with the file, ``OSError`` where it can't be read.
    """
    with source.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    grids = _grids(data, source.name)
    rows = [row for grid in grids for row in _rows(grid)]
    if not rows:
        message = (
            "no table has a head that names the certificates and a row below it; "
            "write name, issuer and grade (证书名称、颁发机构、等级) above the columns."
        )
        raise FileRefused(source.name, (Fault(FaultCode.HEADER_MISSING, message),))
    return tuple(rows)


def _grids(data: bytes, name: str) -> list[Grid]:
    if len(data) > MAX_BYTES:
        fault = Fault(FaultCode.TOO_LARGE, f"the file is larger than {MAX_BYTES} bytes; split it.")
        raise FileRefused(name, (fault,))
    known = detect(data, name)
    grids: list[Grid] | Fault
    if known is FileFormat.XLSX:
        grids = read_workbook(data)
    elif known in (FileFormat.CSV, FileFormat.TXT):
        text = decoded(data)
        grids = text if isinstance(text, Fault) else read_delimited(text, lambda grid: len(_head(grid)[1]))
    else:
        grids = Fault(FaultCode.UNKNOWN_FORMAT, "the file is neither CSV nor XLSX; save it as one of them.")
    if isinstance(grids, Fault):
        raise FileRefused(name, (grids,))
    return grids


def _folded(head: str) -> str:
    return "".join(unicodedata.normalize("NFKC", head).casefold().replace("_", "").split()).strip("*:")


_COLUMNS: Final = {_folded(head): column for column, heads in HEADS.items() for head in heads}


def _head(grid: Grid) -> tuple[int, dict[str, int]]:
    """Where a table's head stands, and the position of each column it names; no columns where it names no certificate."""
    for index, row in enumerate(grid.rows[:HEAD_DEPTH]):
        columns: dict[str, int] = {}
        for position, cell in enumerate(row):
            column = _COLUMNS.get(_folded(cell.text))
            if column is not None:
                columns.setdefault(column, position)
        if "name" in columns:
            return index, columns
    return 0, {}


def _rows(grid: Grid) -> Iterator[CertificateRow]:
    index, columns = _head(grid)
    for row in grid.rows[index + 1 :] if columns else ():
        if any(cell.text.strip() for cell in row):
            name, issuer, grade = (_text(row, columns.get(column)) for column in ("name", "issuer", "grade"))
            yield CertificateRow(row[0].row, name, issuer, grade.strip() or None, grid.sheet)


def _text(row: Sequence[Cell], position: int | None) -> str:
    return row[position].text if position is not None and position < len(row) else ""
