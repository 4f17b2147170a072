"""Correcting what a scanner or a hand got wrong, one unknown word at a time, and never a word that is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

_CONFUSED: Final = str.maketrans(
    {"1": "l", "i": "l", "|": "l", "0": "o", "5": "s", "8": "b", "q": "g", "9": "g", "6": "b", "j": "l", "t": "l"}
)
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ii", "u"), ("li", "u"), ("nn", "m"))
_DIGITS: Final = re.compile(r"\d{2,}|^\d|\d$")


def skeleton(word: str) -> str:
    """The word with characters that scanners confuse made one."""
    for pair, single in _PAIRS[:3]:
        word = word.replace(pair, single)
    return word.translate(_CONFUSED)


class Speller:
    """The nearest known word, where it is near enough and nothing else is as near."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted({word for word in words if word.isascii() and word.isalpha() and len(word) >= 4})
        self._skeletons: dict[str, set[str]] = {}
        for word in self._words:
            self._skeletons.setdefault(skeleton(word), set()).add(word)

    def correct(self, word: str) -> str | None:
        """The one known word that ``word`` is a misspelling of, or None; work bounded by the vocabulary."""
        if not word.isascii() or len(word) < 4 or len(word) > 40 or sum(map(str.isdigit, word)) * 2 >= len(word):
            return None
        same = self._skeletons.get(skeleton(word), set())
        if len(same) == 1:
            return next(iter(same))
        if same or len(word) < 5 or not word.isalpha():
            return None
        allowed = 1 if len(word) < 9 else 2
        near = process.extract(word, self._words, scorer=OSA.distance, score_cutoff=allowed + 1, limit=2)
        if not near or near[0][1] > allowed:
            return None
        if len(near) > 1 and near[1][1] - near[0][1] < 1:
            return None
        return str(near[0][0])
