"""Names that a hand or a scanner damaged: a few characters wrong, or the end cut off.

Either is recognised only where it leads to one known name and no other, unlisted ones among them, and where nothing that
tells names apart may be what was damaged.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.matching import reasons
from domain.matching.finding import Finding, Way
from domain.matching.forms import Form
from domain.matching.lexicon import Reading
from domain.matching.spelling import Speller, figures, misspelt, telling
from domain.matching.vocabulary import Vocabulary

CUT_LATIN: Final = 10
_CUT_HAN: Final = 6
_FRAGMENT: Final = 3
_TWO_ERRORS: Final = 28


class Damaged:
    """The known names of one catalog version, searched by their spelling."""

    def __init__(self, vocabulary: Vocabulary, forms: Sequence[Form], speller: Speller) -> None:
        self._vocabulary = vocabulary
        self._forms = tuple(forms)
        self._speller = speller
        self._of_length: dict[int, dict[int, str]] = {}
        for index, form in enumerate(self._forms):
            self._of_length.setdefault(len(form.compact), {})[index] = form.compact
        self._alphabetical = sorted(self._forms, key=lambda form: form.compact)
        self._beginnings = [form.compact for form in self._alphabetical]

    def near(self, reading: Reading) -> Finding | None:
        """The one known name a few characters away, if every word that is known is its own."""
        compact = reading.compact
        if len(compact) < 6 or not reading.unknown or any(map(telling, reading.unknown)):
            return None
        if any(map(self._speller.prefixed, reading.unknown)):
            return None
        allowed = 1 if len(compact) < _TWO_ERRORS else 2
        alike: dict[int, str] = {}
        for length in range(len(compact) - allowed - 2, len(compact) + allowed + 3):
            alike |= self._of_length.get(length, {})
        near = process.extract(compact, alike, scorer=OSA.distance, score_cutoff=allowed + 2, limit=12)
        hits = [(distance, self._forms[index]) for _, distance, index in near]
        if not hits or hits[0][0] > allowed:
            return None
        distance, form = hits[0]
        if any(other.numbers != form.numbers and far <= distance + 2 for far, other in hits):
            return None
        if not misspelt(compact, form.compact) or not self._corrected_into(form, reading.unknown):
            return None
        known = set(reading.words) - set(reading.unknown)
        if not known <= form.bag or reading.codes or figures(compact) != figures(form.compact):
            return None
        return Finding(
            form.numbers, Way.NEAR, (reasons.nearly_same(form.source, int(distance)),), not form.numbers, reading.bag
        )

    def _corrected_into(self, form: Form, unknown: Sequence[str]) -> bool:
        """Whether none of the unknown words is rather a misspelling of a word that the name does not hold."""
        for wrong in unknown:
            word = self._speller.correct(wrong)
            if word is None or word in form.pieces | form.bag:
                continue
            if not any(OSA.distance(wrong, piece, score_cutoff=1) <= 1 for piece in form.pieces):
                return False
        return True

    def beginning(self, compact: str) -> list[Form]:
        """The known names that begin with a text, that text itself among them."""
        first = bisect_left(self._beginnings, compact)
        return list(takewhile(lambda form: form.compact.startswith(compact), islice(self._alphabetical, first, None)))

    def cut(self, reading: Reading) -> Finding | None:
        """The entries whose names begin with a text that was cut; one of them only if nothing that decides is lost."""
        compact = reading.compact
        if len(compact) < (CUT_LATIN if compact.isascii() else _CUT_HAN):
            return None
        whole = [form for form in self.beginning(compact) if len(form.compact) > len(compact)]
        if not whole:
            return None
        numbers = frozenset[int]().union(*(form.numbers for form in whole))
        form = min(whole, key=lambda each: len(each.compact))
        if form.compact[len(compact) :] in form.brackets:
            return None
        why = (reasons.cut(form.source),)
        open_ = not all(each.numbers for each in whole)
        if len(numbers) != 1 or open_ or not self._only(reading, form):
            return None
        if compact.isascii():
            whole_enough = len(compact) * 2 >= len(form.compact)
        else:
            whole_enough = (
                len(compact) * 10 >= len(form.compact) * 7 and not (form.bag - reading.bag) & self._vocabulary.levels
            )
        return Finding(numbers, Way.CUT, why, bag=reading.bag) if whole_enough else None

    def _only(self, reading: Reading, form: Form) -> bool:
        """Whether the last word was cut, long enough to tell what it was, and no other name goes on like this."""
        last = reading.last
        if not last.isascii():
            return True
        lost = {
            word
            for word in form.pieces - reading.pieces
            if word.startswith(last) and word not in self._vocabulary.formal
        }
        if len(last) < _FRAGMENT or not lost or last.endswith(self._vocabulary.fields):
            return False
        line = "".join(reading.words)
        return all(other.numbers == form.numbers for other in self._forms if other.line.startswith(line))
