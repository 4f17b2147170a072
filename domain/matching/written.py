"""Significant words shown as people wrote them, never as matching holds them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
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


class Source:
    """A text that words are shown from, in its own spelling; read when first asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: Mapping[str, str] | None = None
        whole = text.casefold().translate(TO_SIMPLIFIED)
        self._whole = whole if len(whole) == len(text) else ""

    def spelt(self, text: str) -> str:
        """A folded part of the text as the text spells it."""
        if not text.isascii():
            at = self._whole.find(text)
            return self._text[at : at + len(text)] if at >= 0 else text
        if self._tokens is None:
            self._tokens = {
                token.casefold() if token.isascii() else fold(token).text: token for token in _TOKEN.findall(self._text)
            }
        return " ".join(self._tokens.get(piece, piece) for piece in text.split())


def as_written(words: Collection[str], parts: Iterable[Written], source: Source) -> list[str]:
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
    return list(dict.fromkeys([*map(source.spelt, found), *(shown(word) for word in sorted(left))]))


def _ended(found: list[str], run: str) -> tuple[list[str], str]:
    """The parts found, and the Han characters beside one another as one of them."""
    return ([*found, run], "") if run else (found, "")
