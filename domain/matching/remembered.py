"""What reading the catalog's own names came to, kept while they are read again and again by several matchers.

Whoever looks at an amendment builds a matcher of the names before it, one of those after it, and a few more, and asks each for names it
was built of. Texts that somebody typed about a person are never remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.matching.normalise import Folded, fold


@dataclass(frozen=True, slots=True)
class PreparedText:
    """A text taken apart, before its words are looked up: what ``domain.matching.lexicon.Reading`` calls by the same names, and more.

    ``pieces`` are what is looked up, ``all_pieces`` those that it was written with, ``around`` is the sentence that led to the name. ``doubted`` where a question mark ends
    it; ``bracket`` is what stands in a bracket that hedges it, and the text without that.
    ``lasting`` where the vocabulary alone decided, and nothing that is known of other names.
    """

    compact: str
    all_pieces: frozenset[str]
    last: str
    sentence: bool
    lasting: bool
    deferred: bool
    around: str
    course: str
    leveled: int
    years: frozenset[str]
    doubted: bool
    bracket: tuple[str, str] | None
    codes: frozenset[str]
    coded_by: frozenset[str]
    grades: frozenset[str]
    pieces: tuple[str, ...]
    row: str
    dangling: bool


@dataclass(frozen=True, slots=True, eq=False)
class RememberedTexts:
    """Texts of catalogs that are read by one vocabulary, and what of their reading depends on nothing else."""

    _folded: dict[str, Folded] = field(default_factory=dict)
    _plain: dict[tuple[str, str], str] = field(default_factory=dict)
    _prepared: dict[str, PreparedText] = field(default_factory=dict)

    def fold(self, text: str) -> Folded:
        """See ``fold``."""
        found = self._folded.get(text)
        if found is None:
            found = self._folded[text] = fold(text)
        return found

    def plain(self, folded: Folded, plainly: Callable[[Folded], str]) -> str:
        """What ``plainly`` makes of a folded text."""
        key = folded.plain, folded.text
        found = self._plain.get(key)
        if found is None:
            found = self._plain[key] = plainly(folded)
        return found

    def prepared(self, text: str, prepare: Callable[[str], PreparedText]) -> PreparedText:
        """What ``prepare`` makes of a mended text; one that is not ``lasting`` is made anew."""
        found = self._prepared.get(text)
        if found is None:
            found = prepare(text)
            if found.lasting:
                self._prepared[text] = found
        return found
