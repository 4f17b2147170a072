"""Tables as files that an office opens: nothing that somebody typed is taken for a formula there."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any, Final, Literal

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from catalog.files.delimited import guarded

_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST: Final = 60
"""Characters that a column is wide at most."""


def table_file(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], fmt: Literal["csv", "xlsx"]) -> bytes:
    """A table as the bytes of a file: numbers stay numbers, None is an empty cell, everything else is text.

    CSV is UTF-8 with a mark at its start, by which office programs know it; a text that begins like a formula gets an apostrophe
    in front. XLSX stores it as text, marked as typed with an apostrophe.
    """
    return _csv(heads, rows) if fmt == "csv" else _xlsx(title, heads, rows)


def put_text(cell: Any, text: str) -> None:
    """Put a text into a cell as text, whatever it begins with."""
    # ST_Xstring (ECMA-376): what looks like an escape in the text is itself escaped
    cell.value = _ESCAPED.sub("_x005F_", text)
    cell.data_type = "s"
    cell.quotePrefix = guarded(text) != text


def _csv(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([guarded(each) if isinstance(each, str) else each for each in map(_value, row)])
    return text.getvalue().encode("utf-8-sig")


def _xlsx(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    workbook = Workbook()
    sheet = workbook.active or workbook.create_sheet()
    sheet.title = title
    sheet.freeze_panes = "A2"
    widths = list(map(len, heads))
    for column, head in enumerate(heads, start=1):
        sheet.cell(1, column, head).font = Font(bold=True)
    for line, row in enumerate(rows, start=2):
        for column, each in enumerate(map(_value, row), start=1):
            cell = sheet.cell(line, column)
            if isinstance(each, str):
                put_text(cell, _CONTROLS.sub("", each))
            else:
                cell.value = each
            widths[column - 1] = max(widths[column - 1], min(len(str(each or "")), _LONGEST))
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width + 2
    file = BytesIO()
    workbook.save(file)
    return file.getvalue()


def _value(value: Any) -> str | int | float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return str(value)
