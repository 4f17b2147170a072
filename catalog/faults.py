"""What is wrong with a source or a file: every fault at once, each one sentence with its place and the way out.

Exception
└── ContentRefused      source, faults
    ├── SourceRefused   the official documents and data that this package ships
    └── FileRefused     a file somebody brings
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from domain.messages import Language, Message, tell


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


Place: TypeAlias = tuple[Message, ...]
"""Where something stands, part by part."""


def place_of(
    sheet: str | Message | None = None, row: int | None = None, column: str | None = None, entry: int | None = None
) -> Place:
    """Where something stands, in words: ``sheet 目录, row 9, column C, entry 7``; what is None is not told."""
    parts = (
        None if sheet is None else tell("fault.place_sheet", sheet=sheet) if isinstance(sheet, str) else sheet,
        None if row is None else tell("fault.place_row", row=row),
        None if column is None else tell("fault.place_column", column=column),
        None if entry is None else tell("fault.place_entry", entry=entry),
    )
    return tuple(each for each in parts if each is not None)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its stable code, one sentence naming the way out, and where it stands.

    ``row`` counts from 1 and is the line of a text; ``column`` is the letter or the head that a reader sees; ``entry``
    is the entry's number where it is known; ``sheet`` is a sheet's name, or says which table it is.
    """

    code: FaultCode
    said: Message
    sheet: str | Message | None = None
    row: int | None = None
    column: str | None = None
    entry: int | None = None

    @property
    def message(self) -> str:
        """The sentence in English."""
        return str(self.said)

    @property
    def placed(self) -> Message:
        """The place, then the sentence: ``sheet 目录, row 9, column C, entry 7: …``."""
        place = place_of(self.sheet, self.row, self.column, self.entry)
        return tell("fault.placed", place=place, said=self.said) if place else self.said

    def text(self, language: Language) -> str:
        """Place and sentence in a language."""
        return self.placed.text(language)

    def __str__(self) -> str:
        """Place and sentence in English."""
        return self.text(Language.EN)


class ContentRefused(Exception):
    """A document that can't be taken in as it stands; ``faults`` holds everything that is wrong with it."""

    def __init__(self, source: str | Message, faults: tuple[Fault, ...]) -> None:
        super().__init__(source, faults)
        self.source = source
        self.faults = faults

    def text(self, language: Language) -> str:
        """The source, the number of faults, and each of them on a line of its own, in a language."""
        count = len(self.faults)
        head = (
            tell("fault.refused_for_one", source=self.source)
            if count == 1
            else tell("fault.refused_for", source=self.source, count=count)
        )
        return "\n".join([head.text(language), *(f"  {fault.text(language)}" for fault in self.faults)])

    def __str__(self) -> str:
        """What ``text`` says, in English."""
        return self.text(Language.EN)


class SourceRefused(ContentRefused):
    """An official source is malformed; ``row`` of each fault is the line."""


class FileRefused(ContentRefused):
    """A file somebody brought is malformed."""
