"""Which formats there are, how a file shows its own, and how large it may be."""

from __future__ import annotations

import zipfile
from enum import StrEnum
from io import BytesIO
from typing import Final

from catalog.faults import Fault, FaultCode

MAX_BYTES: Final = 10 * 1024 * 1024
"""Largest file, in bytes; 10 000 entries need less than 2 MB in any format."""
MAX_ROWS: Final = 20_000
"""Most rows in a sheet, a table or a list; further ones are refused, never left out."""
MAX_COLUMNS: Final = 60
"""Columns that are looked at; a catalog has six."""
MAX_UNPACKED: Final = 32 * 1024 * 1024
"""Most bytes that the parts of an XLSX or DOCX may unpack to, as its directory states them (reading stops there)."""
MAX_PARTS: Final = 500
"""Most parts in an XLSX or DOCX."""


class FileFormat(StrEnum):
    """A format that entries are read from; the first three are written too. The value is the file's extension."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    DOCX = "docx"
    TXT = "txt"


def detect(data: bytes, name: str | None) -> FileFormat | None:
    """The format of a file: by its name's extension where that is known, or else by how it begins."""
    extension = (name or "").rpartition(".")[2].lower()
    if extension in set(FileFormat):
        return FileFormat(extension)
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                parts = {part.split("/")[0] for part in archive.namelist()}
        except zipfile.BadZipFile:
            return None
        return FileFormat.XLSX if "xl" in parts else FileFormat.DOCX if "word" in parts else None
    if extension and name and "." in name:
        return None
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return FileFormat.JSON if start in (b"{", b"[") else FileFormat.TXT


def package_fault(data: bytes) -> Fault | None:
    """What forbids opening an XLSX or DOCX at all: no archive, encrypted, unpacking to too much, or declaring entities.

    Checked before any part is parsed. The sizes are those of the archive's directory, which bind its reader.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
                message = (
                    f"the file unpacks to {size} bytes in {len(parts)} parts, and {MAX_UNPACKED} bytes in {MAX_PARTS} parts "
                    "are the most; copy the table alone into a new file."
                )
                return Fault(FaultCode.TOO_LARGE, message)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and _declares(archive.read(part)):
                    message = (
                        f"the part {part.filename} declares a document type; save the file anew as an office does."
                    )
                    return Fault(FaultCode.UNREADABLE, message)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        message = "the file is damaged, protected by a password or no office file; save it anew as .xlsx or .docx."
        return Fault(FaultCode.UNREADABLE, message)
    return None


def _declares(part: bytes) -> bool:
    """Whether an XML part declares a document type, in UTF-8 or, what offices never write, in another encoding."""
    return b"<!DOCTYPE" in part or part.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in part[:64]
