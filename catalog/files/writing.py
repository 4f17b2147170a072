"""Entries as files that an office opens: official heads, nothing that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from io import BytesIO, StringIO
from typing import Final, Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from catalog.files.delimited import guarded
from catalog.files.listing import as_json
from catalog.rows import LEVEL_NAMES, OFFICIAL, Column, join_list
from domain.values import CatalogEntry

WRITTEN: Final = (*OFFICIAL, Column.GRADE, Column.LEVEL)
"""The columns of a written table: the six of the notice, and the two that keep each title's grade and level."""

_WIDTHS: Final = (6, 52, 36, 48, 18, 12, 12, 14)
_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def export_entries(entries: Iterable[CatalogEntry], fmt: Literal["csv", "xlsx", "json"]) -> bytes:
    """Entries as the bytes of a file; ``read_entries`` gives back the same entries.

    CSV is UTF-8 with a mark at its start, by which office programs know it, and lines end as RFC 4180 has them. A text
    that begins like a formula gets an apostrophe in front in CSV, and in XLSX is stored as text, marked as typed with an
    apostrophe. Several titles, grades and levels of one entry stand in one cell, in order, with ``、`` between.
    Raises ``ValueError`` for another format.
    """
    listed = tuple(entries)
    if fmt == "csv":
        return _csv(listed)
    if fmt == "xlsx":
        return _xlsx(listed)
    if fmt == "json":
        return as_json(listed)
    raise ValueError(f"Entries can't be written as {fmt!r}; choose csv, xlsx or json.")


def _csv(entries: tuple[CatalogEntry, ...]) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(column.value for column in WRITTEN)
    for entry in entries:
        writer.writerow([entry.number, *(guarded(cell) for cell in _texts(entry))])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(entries: tuple[CatalogEntry, ...]) -> bytes:
    workbook = Workbook()
    sheet = workbook.active or workbook.create_sheet()
    sheet.title = "目录"
    sheet.freeze_panes = "A2"
    for position, (column, width) in enumerate(zip(WRITTEN, _WIDTHS, strict=True), start=1):
        head = sheet.cell(1, position, column.value)
        head.font = Font(bold=True)
        sheet.column_dimensions[head.column_letter].width = width
    for row, entry in enumerate(entries, start=2):
        sheet.cell(row, 1, entry.number)
        for position, text in enumerate(_texts(entry), start=2):
            cell = sheet.cell(row, position)
            # ST_Xstring (ECMA-376): what looks like an escape in the text is itself escaped
            cell.value = _ESCAPED.sub("_x005F_", text)
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.quotePrefix = guarded(text) != text
    file = BytesIO()
    workbook.save(file)
    return file.getvalue()


def _texts(entry: CatalogEntry) -> list[str]:
    """The cells after the number, in the order of ``WRITTEN``."""
    return [
        entry.qualification_name,
        entry.translated_name,
        entry.issuing_body,
        join_list(award.title for award in entry.awards),
        entry.field,
        join_list(award.grade or "" for award in entry.awards),
        join_list(LEVEL_NAMES[award.level] for award in entry.awards),
    ]
