"""Catalog files that people have: written for an office, read as an office leaves them, compared entry by entry."""

from catalog.faults import Fault, FaultCode, FileRefused
from catalog.files.difference import EntryDifference, FieldDifference, diff_entries
from catalog.files.formats import FileFormat
from catalog.files.reading import read_entries
from catalog.files.writing import export_entries

__all__ = [
    "EntryDifference",
    "Fault",
    "FaultCode",
    "FieldDifference",
    "FileFormat",
    "FileRefused",
    "diff_entries",
    "export_entries",
    "read_entries",
]
