"""Significant words shown as people wrote them, never as matching holds them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from domain.matching.han import TO_SIMPLIFIED
from domain.matching.normalise import fold

_TOKEN: Final = re.compile(r"[\w+#]+")
_CODE: Final = "x:"


@dataclass(frozen=True, slots=True)
class Written:
    """A part of a folded text as it was written, and the significant words that it stands for."""

    text: str
    words: frozenset[str]


def shown(word: str) -> str:
    """A significant word that stands in no text: an examination's number without the mark it bears inside matching."""
    return word.removeprefix(_CODE).upper() if word.startswith(_CODE) else word


def as_written(words: Collection[str], parts: Iterable[Written], source: str) -> list[str]:
    """These significant words as the ``source`` spells them, in its order; ``parts`` are those of the source."""
    left = set(words)
    found: list[str] = []
    run = ""
    for part in parts:
        if left.isdisjoint(part.words):
            found, run = _ended(found, run)
            continue
        left -= part.words
        if part.text.isascii():
            found, run = _ended(found, run)
            found.append(part.text)
        else:
            run += part.text
    found, _ = _ended(found, run)
    spelling = {fold(token).text: token for token in _TOKEN.findall(source)}
    whole = source.casefold().translate(TO_SIMPLIFIED)
    same = len(whole) == len(source)
    spelt = [_spelt(text, spelling, source, whole if same else "") for text in found]
    return list(dict.fromkeys([*spelt, *(shown(word) for word in sorted(left))]))


def _ended(found: list[str], run: str) -> tuple[list[str], str]:
    """The parts found, and the Han characters beside one another as one of them."""
    return ([*found, run], "") if run else (found, "")


def _spelt(text: str, spelling: dict[str, str], source: str, whole: str) -> str:
    if text.isascii():
        return " ".join(spelling.get(piece, piece) for piece in text.split())
    at = whole.find(text)
    return source[at : at + len(text)] if at >= 0 else text
