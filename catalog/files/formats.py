"""Which formats there are, how a file shows its own, and how large it may be."""

from __future__ import annotations

import zipfile
from enum import StrEnum
from io import BytesIO
from typing import Final

from catalog.faults import Fault, FaultCode
from domain.messages import tell

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

_STEP: Final = 64 * 1024


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


def repacked(data: bytes) -> bytes | Fault:
    """An XLSX or DOCX whose parts are what its directory says, safe to hand to a library; or why there is none.

    A part is read in steps and never beyond the size the directory states, so one that unpacks to more than it states
    can't fill the memory, as it would in ``ZipFile.read``; only the two ways of packing that office files use are read,
    since the others unpack in one go. Parts that declare a document type, and with it entities, are refused unparsed.
    """
    unreadable = tell("fault.file_damaged")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = {part.filename: part for part in archive.infolist()}
            size = sum(part.file_size for part in parts.values())
            if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
                message = tell(
                    "fault.unpacks_too_large",
                    size=size,
                    count=len(parts),
                    most_bytes=MAX_UNPACKED,
                    most_parts=MAX_PARTS,
                )
                return Fault(FaultCode.TOO_LARGE, message)
            if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts.values()):
                return Fault(FaultCode.UNREADABLE, unreadable)
            contents = {name: _content(archive, part) for name, part in parts.items()}
    except Exception:  # noqa: BLE001 - zipfile lets through whatever its decompressors and struct raise on damage
        return Fault(FaultCode.UNREADABLE, unreadable)
    for name, content in contents.items():
        if name.endswith((".xml", ".rels")) and _declares(content):
            message = tell("fault.part_declares_type", name=name[:80])
            return Fault(FaultCode.UNREADABLE, message)
    return _packed(contents)


def _content(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as stream:
        return b"".join(iter(lambda: stream.read(_STEP), b""))


def _packed(contents: dict[str, bytes]) -> bytes:
    package = BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return package.getvalue()


def _declares(part: bytes) -> bool:
    """Whether an XML part declares a document type, in UTF-8 or, what offices never write, in another encoding."""
    return b"<!DOCTYPE" in part or part.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in part[:64]
