"""White space, the only thing that is normalised in an official text."""

from __future__ import annotations

import unicodedata
from typing import Final

_INVISIBLE: Final = str.maketrans(dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF)))


def fold(text: str) -> str:
    """The text with every run of white space, line breaks included, as one space, and none at either end; in NFC.

    One rule for all cells, whatever stands around the run. A line break before a full-width bracket becomes a space
    (entry 72: ``美国焊接协会 （American Welding Society）``), as does a run of spaces there (entry 3) and a break between
    two words (entry 9). Single spaces stay where the text has them, between Chinese characters (entry 58) and inside
    brackets (entry 45) too, and none is added where it has none (entry 4). Ideographic and no-break spaces are white
    space. Full-width brackets, dashes and the source's typos are untouched. Composing (NFC) makes ``ä`` one
    character however a file spells it; the official text is composed already, so nothing changes there.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def visible(text: str) -> str:
    """The text of a file without what word processors and web pages leave in it unseen: marks of zero width, soft hyphens."""
    return text.translate(_INVISIBLE)
