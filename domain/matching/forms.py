"""Every known name as a form: the set of its significant words, and its spelling without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from domain.matching.issuers import IssuerBook
from domain.matching.lexicon import Lexicon, genderless
from domain.matching.normalise import Folded, fold
from domain.values import Alias, AliasKind, CatalogEntry

_WORD: Final = re.compile(r"[a-z0-9+#]+")
_YEAR: Final = re.compile(r"(?<!/)\b20\d\d\b(?!/)")
_BRACKETS: Final = re.compile(r"\s*[(（][^)）]*[)）]")


@dataclass(frozen=True, slots=True)
class Form:
    """One known name. ``numbers`` are the entries it may mean; none where the catalog does not list it; ``line`` are its
    significant words in their order.
    """

    source: str
    bag: frozenset[str]
    compact: str
    numbers: frozenset[int]
    official: bool = False
    issuers: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    line: str = ""

    @property
    def single(self) -> int | None:
        """The one entry this name means, if it means one."""
        return next(iter(self.numbers)) if len(self.numbers) == 1 else None


@lru_cache(maxsize=16_384)
def _official_form(text: str) -> tuple[Folded, tuple[str, ...]]:
    """A name of the catalog folded, and its Latin words; kept, since one preview builds several matchers of the same names."""
    name = fold(text)
    return name, tuple(_WORD.findall(genderless(name)))


def build(
    entries: Sequence[CatalogEntry], aliases: Iterable[Alias], book: IssuerBook
) -> tuple[Lexicon, tuple[Form, ...]]:
    """The vocabulary and the forms of a catalog version: official names, their translations, and the aliases."""
    listed = {entry.number for entry in entries}
    surfaces: list[tuple[str, frozenset[int], bool]] = []
    for entry in entries:
        for text in (entry.qualification_name, entry.translated_name):
            surfaces.append((text, frozenset({entry.number}), True))
            shorter = _BRACKETS.sub("", text).strip()
            if shorter and shorter != text:
                surfaces.append((shorter, frozenset({entry.number}), True))
    surfaces += [
        (alias.text, frozenset(alias.numbers) & listed, False)
        for alias in aliases
        if alias.kind is AliasKind.QUALIFICATION
    ]
    lexicon = Lexicon(book.names)
    folded = [(text, *_official_form(text), numbers, official) for text, numbers, official in surfaces]
    for _, _, words, _, _ in folded:
        lexicon.learn(words)
    forms: dict[tuple[frozenset[str], str, frozenset[int]], Form] = {}
    for source, name, _, numbers, official in folded:
        reading = lexicon.read(name)
        lexicon.learn(word for word in reading.words if word.isascii())
        if reading.bag:
            key = (reading.bag, reading.compact, numbers)
            issuers = frozenset[str]().union(*reading.issuers)
            forms.setdefault(
                key,
                Form(
                    source,
                    reading.bag,
                    reading.compact,
                    numbers,
                    official,
                    issuers,
                    reading.pieces,
                    "".join(reading.words),
                ),
            )
    return lexicon, tuple(forms.values())


def year_of(name: str) -> str | None:
    """The year an official name bears, where it bears one; 2012/2014 names the editions of a product and is none."""
    found = _YEAR.search(name)
    return found.group() if found else None


def certifies(word: str) -> bool:
    """Whether a word is a form of "certified", with up to two letters wrong."""
    return (
        word.startswith("cert")
        or "认证" in word
        or "注册" in word
        or OSA.distance(word, "certified", score_cutoff=2) <= 2
    )
