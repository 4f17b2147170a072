"""What is wrong with a source or a file: every fault at once, each one sentence with its place and the way out.

Exception
└── ContentRefused      source, faults
    ├── SourceRefused   the official documents and data that this package ships
    └── FileRefused     a file somebody brings
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultCode(StrEnum):
    """Stable reasons for which a source or a file is refused."""

    # the document
    TITLE_MISSING = "TITLE_MISSING"
    COMMENCEMENT_MISSING = "COMMENCEMENT_MISSING"
    ARTICLE_MISSING = "ARTICLE_MISSING"
    HEADER_MISSING = "HEADER_MISSING"
    HEADER_TWICE = "HEADER_TWICE"
    NO_ENTRIES = "NO_ENTRIES"
    STRAY_TEXT = "STRAY_TEXT"
    # the file around it
    UNKNOWN_FORMAT = "UNKNOWN_FORMAT"
    UNREADABLE = "UNREADABLE"
    UNKNOWN_ENCODING = "UNKNOWN_ENCODING"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    # an entry
    CELL_MISSING = "CELL_MISSING"
    CELL_EXTRA = "CELL_EXTRA"
    CELL_TOO_LONG = "CELL_TOO_LONG"
    CELL_ERROR = "CELL_ERROR"
    CONTROL_CHARACTER = "CONTROL_CHARACTER"
    NUMBER_MALFORMED = "NUMBER_MALFORMED"
    NUMBER_TWICE = "NUMBER_TWICE"
    NUMBER_GAP = "NUMBER_GAP"
    TITLE_UNKNOWN = "TITLE_UNKNOWN"
    LEVEL_UNKNOWN = "LEVEL_UNKNOWN"
    FIELD_UNKNOWN = "FIELD_UNKNOWN"
    GRADES_CONTRADICT = "GRADES_CONTRADICT"
    # a row of the authorities' data
    CODE_TWICE = "CODE_TWICE"
    VALUE_UNKNOWN = "VALUE_UNKNOWN"
    DATE_MALFORMED = "DATE_MALFORMED"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its stable code, one sentence naming the way out, and where it stands.

    ``row`` counts from 1 and is the line of a text; ``column`` is the letter or the head that a reader sees; ``entry``
    is the entry's number where it is known.
    """

    code: FaultCode
    message: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    entry: int | None = None

    def __str__(self) -> str:
        """Name the place, then the sentence: ``sheet 目录, row 9, column C, entry 7: …``."""
        places = (("sheet", self.sheet), ("row", self.row), ("column", self.column), ("entry", self.entry))
        place = ", ".join(f"{name} {value}" for name, value in places if value is not None)
        return f"{place}: {self.message}" if place else self.message


class ContentRefused(Exception):
    """A document that can't be taken in as it stands; ``faults`` holds everything that is wrong with it."""

    def __init__(self, source: str, faults: tuple[Fault, ...]) -> None:
        super().__init__(source, faults)
        self.source = source
        self.faults = faults

    def __str__(self) -> str:
        """The source, the number of faults, and each of them on a line of its own."""
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        return "\n".join([f"{self.source} is refused for {count}.", *(f"  {fault}" for fault in self.faults)])


class SourceRefused(ContentRefused):
    """An official source is malformed; ``row`` of each fault is the line."""


class FileRefused(ContentRefused):
    """A file somebody brought is malformed."""
