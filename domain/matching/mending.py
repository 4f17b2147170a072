"""Words that a scan has cut are put together again, and those that it has joined come apart, where nothing else is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import Final

_LETTERS: Final = re.compile(r"(?<![a-z0-9+#])[a-z]+(?![a-z0-9+#])")
_CUTS: Final = frozenset({" ", "- ", "-"})
_JOINED_FORMAL: Final = 6
_JOINED_KNOWN: Final = 7
_FRAGMENT: Final = 3
_JOINED: Final = 8
_JOINED_MOST: Final = 60


class Mender:
    """Mends folded texts by the words that are known: ``formal`` ones, names of ``bodies``, and those that ``is_phrase`` knows
    alone. ``known`` may grow.
    """

    def __init__(
        self, known: Collection[str], formal: Collection[str], bodies: Collection[str], is_phrase: Callable[[str], bool]
    ) -> None:
        self._known, self._formal, self._bodies, self._is_phrase = known, formal, bodies, is_phrase

    def mended(self, text: str) -> str:
        """The text with words together again that a scan has cut, and apart that it has joined, where nothing else is known."""
        found = list(_LETTERS.finditer(text))
        if not any(self._is_strange(each.group()) for each in found):
            return text
        mended: list[str] = []
        at = done = 0
        while at < len(found):
            size, whole = self._whole(text, found[at : at + 3])
            if whole:
                mended += [text[done : found[at].start()], " ".join(whole)]
                done = found[at + size - 1].end()
            at += size
        return "".join([*mended, text[done:]])

    def _whole(self, text: str, found: Sequence[re.Match[str]]) -> tuple[int, list[str]]:
        """How many words beside one another are to be read as what: those that a scan cut as one, one that it joined apart;
        one and nothing where they are better left as they are.
        """
        for size in range(len(found), 1, -1):
            if any(text[a.end() : b.start()] not in _CUTS for a, b in pairwise(found[:size])):
                continue
            whole = self._uncut([each.group() for each in found[:size]])
            if whole:
                return size, whole
        word = found[0].group()
        parted = self._parted(word) if self._is_strange(word) else [word]
        return 1, parted if len(parted) > 1 else []

    def _uncut(self, part: Sequence[str]) -> list[str]:
        """What pieces beside one another were before a scan cut them: a word or a body's name, or several known words; nothing
        where they are better left apart.
        """
        strange = sum(map(self._is_strange, part))
        joined = "".join(part)
        if strange and (joined in self._bodies or (joined in self._formal and len(joined) >= _JOINED_FORMAL)):
            return [joined]
        if strange and len(joined) >= _JOINED_KNOWN and joined in self._known:
            return [joined]
        if strange < len(part):
            return []
        if joined in self._known and len(joined) > _FRAGMENT:
            return [joined]
        parted = self._parted(joined)
        return parted if len(parted) > 1 and not any(len(self._parted(piece)) > 1 for piece in part) else []

    def _is_strange(self, piece: str) -> bool:
        if not piece.isascii() or not piece.isalpha():
            return False
        return piece not in self._known or (
            len(piece) < _FRAGMENT and piece not in self._formal and not self._is_phrase(piece)
        )

    def _parted(self, piece: str) -> list[str]:
        """A strange word as three and more known ones that were written together; as it is where it is none such."""
        if not _JOINED <= len(piece) <= _JOINED_MOST:
            return [piece]
        best: list[list[str] | None] = [[], *[None] * len(piece)]
        for end in range(1, len(piece) + 1):
            for start in range(max(0, end - 20), end):
                before = best[start]
                word = piece[start:end]
                if before is not None and len(word) > 2 and word in self._known:
                    found = best[end]
                    if found is None or len(before) + 1 < len(found):
                        best[end] = [*before, word]
        return best[-1] or [piece]
