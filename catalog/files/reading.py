"""Entries from a file, whatever of the known formats it has; or everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from catalog.faults import Fault, FaultCode, FileRefused
from catalog.files.delimited import read_delimited
from catalog.files.document import read_document
from catalog.files.encodings import decoded
from catalog.files.formats import MAX_BYTES, MAX_ROWS, FileFormat, detect
from catalog.files.grids import Grid, names_heads, read_grids, recognised_heads
from catalog.files.listing import read_listing
from catalog.files.workbook import read_workbook
from catalog.notice import read_table
from catalog.rows import CatalogColumn, RowReader
from catalog.text import visible
from domain.messages import Message, tell
from domain.values import CatalogEntry


def read_entries(
    source: Path | bytes,
    fmt: FileFormat | str | None = None,
    left_out: list[Message] | None = None,
    heads: list[Message] | None = None,
) -> tuple[CatalogEntry, ...]:
    """The entries of a file, in its order; by path, or as bytes.

    Reads CSV (in the encodings of offices; comma, semicolon or tabulator), XLSX (every visible sheet with a head), JSON, and
    the DOCX and TXT forms of a notice. Heads are known by their usual names; blank rows, headings and notes are passed over; a
    single text in a row is a heading or a note. Where a file has no column for levels, the names of the titles say them; where
    it has none for titles, series and level do. The numbers need not run without a gap; labels in their place are kept, and the
    entries numbered in their order.

    ``left_out`` is told, a sentence each, what the file holds and does not show: hidden sheets, rows and columns; ``heads`` which
    columns of each table were read and which are none of an entry's.

    ``fmt`` overrides what the path's extension and the content say. Raises ``FileRefused`` with every fault at once, each
    with sheet, row and column where it has one; ``OSError`` where the path can't be read.
    """
    name = source.name if isinstance(source, Path) else tell("fault.the_file")
    data = _bounded(source) if isinstance(source, Path) else source
    if len(data) > MAX_BYTES:
        message = tell("fault.file_too_large", most=MAX_BYTES)
        raise FileRefused(name, (Fault(FaultCode.TOO_LARGE, message),))
    known = _format(data, source.name if isinstance(source, Path) else None, fmt)
    if known is None:
        message = tell("fault.format_unknown", formats=tuple(map(str, FileFormat)))
        raise FileRefused(name, (Fault(FaultCode.UNKNOWN_FORMAT, message),))
    reader = RowReader()
    _read(data, known, reader)
    if heads is not None:
        heads += reader.heads
    if not reader.faults and not reader.entries:
        reader.faults.append(Fault(FaultCode.NO_ENTRIES, tell("fault.no_entries")))
    if reader.faults:
        raise FileRefused(name, tuple(reader.faults))
    if left_out is not None:
        left_out += reader.left_out
    return tuple(reader.entries)


def _bounded(path: Path) -> bytes:
    """The file's bytes, and one more than allowed at the most, so that a huge one is never held in memory."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _format(data: bytes, name: str | None, fmt: FileFormat | str | None) -> FileFormat | None:
    if fmt is None:
        return detect(data, name)
    return FileFormat(fmt) if fmt in set(FileFormat) else None


def _read(data: bytes, fmt: FileFormat, reader: RowReader) -> None:
    if fmt is FileFormat.XLSX:
        _take(read_workbook(data), reader)
    elif fmt is FileFormat.DOCX:
        _take(read_document(data), reader)
    else:
        text = decoded(data, _expected)
        if isinstance(text, Fault):
            reader.faults.append(text)
        elif fmt is FileFormat.JSON:
            read_listing(visible(text), reader)
        elif f"\t{CatalogColumn.NUMBER.value}\n" in text.replace("\r\n", "\n"):
            _read_notice(visible(text).splitlines(), reader)
        else:
            _take(read_delimited(text), reader)


def _expected(text: str) -> str:
    """The heads of a table, or whatever of them stands anywhere in the text of a notice or a list."""
    found = read_delimited(text)
    heads = "".join(map(recognised_heads, found)) if isinstance(found, list) else ""
    return heads or names_heads(text)


def _read_notice(lines: list[str], reader: RowReader) -> None:
    """The table of a notice's text; its articles say nothing about entries and are not looked at here."""
    if sum(not line.strip() for line in lines) > MAX_ROWS:
        reader.faults.append(Fault(FaultCode.TOO_MANY_ROWS, tell("fault.too_many_entries", most=MAX_ROWS)))
    else:
        read_table(lines, reader)


def _take(found: list[Grid] | Fault, reader: RowReader) -> None:
    if isinstance(found, Fault):
        reader.faults.append(found)
    else:
        read_grids(found, reader)
