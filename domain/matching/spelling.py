"""Correcting what a scanner or a hand got wrong, one unknown word at a time, and never a word that is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

_CONFUSED: Final = str.maketrans(
    {"1": "l", "i": "l", "|": "l", "0": "o", "5": "s", "8": "b", "q": "g", "9": "g", "6": "b", "j": "l", "t": "l"}
)
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_JOINING: Final = ("and", "und", "for", "the", "with", "in", "of")
_ABBREVIATION: Final = 6
_ENDINGS: Final = ("s", "n", "en", "es", "in", "e")
_PREFIXES: Final = ("un", "non", "dis", "in", "ex", "de", "re", "pre", "sub")


def skeleton(word: str) -> str:
    """The word with characters that scanners confuse made one."""
    word = word.translate(_CONFUSED)
    for pair, single in _PAIRS:
        word = word.replace(pair, single)
    return word


class Speller:
    """The nearest known word, where it is near enough and nothing else is as near."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted({word for word in words if word.isascii() and word.isalpha() and len(word) >= 4})
        self._known = frozenset(self._words)
        self._of_length: dict[int, list[str]] = {}
        for word in self._words:
            self._of_length.setdefault(len(word), []).append(word)
        self._skeletons: dict[str, set[str]] = {}
        for word in self._words:
            self._skeletons.setdefault(skeleton(word), set()).add(word)

    def correct(self, word: str) -> str | None:
        """The one known word that ``word`` is a misspelling of, or None; work bounded by the vocabulary."""
        if not word.isascii() or len(word) < 4 or len(word) > 40 or sum(map(str.isdigit, word)) * 2 >= len(word):
            return None
        if self.prefixed(word):
            return None
        same = self._skeletons.get(skeleton(word), set())
        if len(same) == 1:
            return next(iter(same))
        if same or len(word) < 5 or not word.isalpha():
            return None
        allowed = 1 if len(word) < 9 else 2
        lengths = range(len(word) - allowed - 1, len(word) + allowed + 2)
        words = [each for length in lengths for each in self._of_length.get(length, ())]
        near = process.extract(word, words, scorer=OSA.distance, score_cutoff=allowed + 1, limit=2)
        if not near or near[0][1] > allowed:
            return None
        if len(near) > 1 and near[1][1] - near[0][1] < 1:
            return None
        corrected = str(near[0][0])
        return corrected if misspelt(word, corrected) else None

    def prefixed(self, word: str) -> bool:
        """Whether a word puts a prefix before a known one (unchartered), or a letter before an abbreviation (SICME): another
        word, no misspelling.
        """
        if len(word) <= _ABBREVIATION and word[1:] in self._known:
            return True
        return any(word.startswith(prefix) and word[len(prefix) :] in self._known for prefix in _PREFIXES)


def telling(word: str) -> bool:
    """Whether an unknown word is short, a number or a version, which no typo makes and which may tell names apart."""
    if word.isalpha() and any(len(word) == len(each) and OSA.distance(word, each) == 1 for each in _JOINING):
        return False
    return word.isascii() and (len(word) <= 3 or word.isdigit() or (word[-1].isdigit() and word[:-1].isalpha()))


def figures(text: str) -> str:
    """The runs of two and more digits, which a typo never makes equal."""
    kept, run = [], ""
    for char in [*text, " "]:
        if char.isdigit():
            run += char
        else:
            if len(run) > 1:
                kept.append(run)
            run = ""
    return " ".join(kept)


def misspelt(text: str, known: str) -> bool:
    """Whether what parts a text from a known one may be an error of the hand or the scanner at all.

    A digit that came in is a version, an ending that came on begins another word, and a Han character in another's place is
    another word; those that scanners confuse stand in the vocabulary.
    """
    if len(text) > len(known) and sum(map(str.isdigit, text)) > sum(map(str.isdigit, known)):
        return False
    if text.startswith(known) and text[len(known) :] not in _ENDINGS:
        return False
    return text.isascii() or len(text) != len(known) or sorted(text) == sorted(known)
