"""Text files: in the encodings that offices save, with the delimiters that they choose."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable
from io import StringIO
from typing import Final

from catalog.faults import Fault, FaultCode
from catalog.files.formats import MAX_COLUMNS, MAX_ROWS
from catalog.files.grids import CHINESE_HEADS, Grid, recognised
from catalog.rows import Cell
from catalog.text import visible

_DELIMITERS: Final = (",", ";", "\t")
_TRIGGERS: Final = "=+-@＝＋－＠"


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe in front.

    So does one that begins with an apostrophe, which makes ``unguarded`` undo exactly this. Source: OWASP, CSV Injection,
    which counts the full-width forms among the triggers.
    """
    return f"'{text}" if text[:1] and text[0] in _TRIGGERS + "'" else text


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given; a text it can't have written stays as it is."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _TRIGGERS + "'" else text


def decoded(data: bytes) -> str | Fault:
    """The text of a file: UTF-16 or UTF-8 by its mark, UTF-8, or GB 18030 where a Chinese head proves it."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or any(head in text for head in CHINESE_HEADS):
            return text
    return Fault(FaultCode.UNKNOWN_ENCODING, "the text is in none of UTF-8, UTF-16 and GB 18030; save it as UTF-8.")


def read_delimited(text: str, recognised: Callable[[Grid], int] = recognised) -> list[Grid] | Fault:
    """The rows of a delimited text, split by the delimiter under which its head names the most columns.

    ``recognised`` counts the columns that a table's head names; by default those of a catalog.
    """
    best: Grid | None = None
    fault: Fault | None = None
    for delimiter in _DELIMITERS:
        found = _split(text, delimiter)
        if isinstance(found, Fault):
            fault = found
        elif best is None or recognised(found) > recognised(best):
            best = found
    if best is not None and (fault is None or recognised(best)):
        return [best]
    return fault or []


def _split(text: str, delimiter: str) -> Grid | Fault:
    rows: list[list[Cell]] = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for values in reader:
            if values:
                rows.append([
                    Cell(visible(unguarded(value)), start, _letter(position)) for position, value in enumerate(values[:MAX_COLUMNS])
                ])  # fmt: skip
            if len(rows) > MAX_ROWS:
                return Fault(FaultCode.TOO_MANY_ROWS, f"more than {MAX_ROWS} rows; split the file.", row=start)
            start = reader.line_num + 1
    except csv.Error:
        return Fault(FaultCode.UNREADABLE, "the line can't be split into cells; look for an open quote.", row=start)
    return Grid(None, rows)


def _letter(position: int) -> str:
    """The letter a spreadsheet shows above a column."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
