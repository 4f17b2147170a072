"""Entries as files that an office opens: official heads, nothing that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import BytesIO, StringIO
from typing import Final, Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from catalog.files.delimited import guarded
from catalog.files.listing import KEYS, as_json
from catalog.files.sheets import put_text
from catalog.rows import FURTHER, NOTHING, OFFICIAL, CatalogColumn, join_list
from domain.catalog.levels import LEVEL_NAMES
from domain.catalog.texts import texts_of
from domain.values import CatalogEntry

WRITTEN: Final = (*OFFICIAL, CatalogColumn.GRADE, CatalogColumn.LEVEL)
"""The columns of a written table: the six of the notice, and the two that keep each title's grade and level. Those of ``FURTHER``
follow, as far as an entry has something there.
"""

_WIDTHS: Final = (6, 52, 36, 48, 18, 12, 12, 14)
_FURTHER_WIDTH: Final = 20


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
    further = _further(entries)
    writer.writerow(column.value for column in (*WRITTEN, *further))
    for entry in entries:
        writer.writerow([entry.number, *(guarded(cell) for cell in _texts(entry, further))])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(entries: tuple[CatalogEntry, ...]) -> bytes:
    workbook = Workbook()
    sheet = workbook.active or workbook.create_sheet()
    sheet.title = "目录"
    sheet.freeze_panes = "A2"
    further = _further(entries)
    widths = (*_WIDTHS, *(_FURTHER_WIDTH for _ in further))
    for position, (column, width) in enumerate(zip((*WRITTEN, *further), widths, strict=True), start=1):
        head = sheet.cell(1, position, column.value)
        head.font = Font(bold=True)
        sheet.column_dimensions[head.column_letter].width = width
    for row, entry in enumerate(entries, start=2):
        sheet.cell(row, 1, entry.number)
        for position, text in enumerate(_texts(entry, further), start=2):
            cell = sheet.cell(row, position)
            put_text(cell, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    file = BytesIO()
    workbook.save(file)
    return file.getvalue()


def _further(entries: tuple[CatalogEntry, ...]) -> tuple[CatalogColumn, ...]:
    """The further columns in which some entry has something."""
    return tuple(column for column in FURTHER if any(_further_text(entry, column) for entry in entries))


def _further_text(entry: CatalogEntry, column: CatalogColumn) -> str:
    return texts_of(entry).get(KEYS[column], "")


def _list(parts: Iterable[str]) -> str:
    """Parts as one cell, which does not look like one that says nothing."""
    text = join_list(parts)
    return f"\\{text}" if text in NOTHING else text


def _texts(entry: CatalogEntry, further: tuple[CatalogColumn, ...]) -> list[str]:
    """The cells after the number, in the order of ``WRITTEN`` and of the further columns."""
    return [
        entry.qualification_name,
        entry.translated_name,
        entry.issuing_body,
        join_list(award.title for award in entry.awards),
        entry.field,
        _list(award.grade or "" for award in entry.awards),
        join_list(LEVEL_NAMES[award.level] for award in entry.awards),
        *(_further_text(entry, column) for column in further),
    ]
