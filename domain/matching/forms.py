"""Every known name as a form: the set of its significant words, and its spelling without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from domain.matching.issuers import IssuerBook
from domain.matching.lexicon import Lexicon, Reading, genderless
from domain.matching.normalise import Folded, fold
from domain.matching.remembered import RememberedTexts
from domain.matching.vocabulary import Vocabulary
from domain.matching.written import Source, Written
from domain.values import Alias, AliasKind, CatalogEntry

_WORD: Final = re.compile(r"[a-z0-9+#]+")
_YEAR: Final = re.compile(r"(?<!/)\b20\d\d\b(?!/)")
_PIECE: Final = re.compile(r"[a-z0-9+#]+|[\u3040-\u30ff\u4e00-\u9fff々ー]+")
_BRACKETS: Final = re.compile(r"\s*[(（](?P<inner>[^)）]*)[)）]")


@dataclass(frozen=True)
class Form:
    """One known name. ``numbers`` are the entries it may mean; none where the catalog does not list it. A name that is near
    entries without meaning them ``offers`` them, and its ``kind`` says how it is near. ``line`` are its significant words in
    their order, ``course`` the name of a learning programme that it holds, ``written`` its parts as they are written.
    """

    source: str
    bag: frozenset[str]
    compact: str
    numbers: frozenset[int]
    official: bool = False
    issuers: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    line: str = ""
    kind: AliasKind = AliasKind.QUALIFICATION
    offers: frozenset[int] = frozenset()
    course: str = ""
    written: tuple[Written, ...] = ()

    @cached_property
    def brackets(self) -> frozenset[str]:
        """What stands in its brackets, without spaces: part of the name, not an end that a text may have lost."""
        inner = (fold(found["inner"]).text for found in _BRACKETS.finditer(self.source))
        return frozenset("".join(_PIECE.findall(text)) for text in inner)

    @cached_property
    def spelling(self) -> Source:
        """Its text, to show words from."""
        return Source(self.source)

    @property
    def single(self) -> int | None:
        """The one entry this name means, if it means one."""
        return next(iter(self.numbers)) if len(self.numbers) == 1 else None


@lru_cache(maxsize=16_384)
def _folded(text: str) -> tuple[Folded, tuple[str, ...]]:
    """A name of the catalog folded, and its Latin words; kept, since one preview builds several matchers of the same names."""
    name = fold(text)
    return name, tuple(_WORD.findall(genderless(name)))


@dataclass(frozen=True, slots=True)
class _Surface:
    """A text that is a name, and what it means."""

    text: str
    numbers: frozenset[int]
    official: bool = False
    kind: AliasKind = AliasKind.QUALIFICATION

    def form(self, reading: Reading) -> Form:
        """The name as read."""
        means = self.kind is AliasKind.QUALIFICATION
        return Form(
            self.text,
            reading.bag,
            reading.compact,
            self.numbers if means else frozenset(),
            self.official,
            frozenset[str]().union(*reading.issuers),
            reading.pieces,
            "".join(reading.words),
            self.kind,
            frozenset() if means else self.numbers,
            reading.course,
            tuple(reading.written),
        )


def _texts_of(entry: CatalogEntry, vocabulary: Vocabulary, book: IssuerBook) -> Iterator[str]:
    """An entry's names: the official one and its translation, and each without a bracket that only says the same again."""
    names = (entry.qualification_name, entry.translated_name)
    for text, other in (names, names[::-1]):
        yield text
        shorter = _BRACKETS.sub("", text).strip()
        inner = [fold(found["inner"]).text for found in _BRACKETS.finditer(text)]
        if (
            shorter
            and inner
            and all(
                each == fold(other).text or _says_the_same(each, fold(shorter).text, vocabulary, book) for each in inner
            )
        ):
            yield shorter


def told_apart(entry: CatalogEntry, vocabulary: Vocabulary, book: IssuerBook) -> dict[str, str]:
    """What an entry's original name says without a bracket that tells disciplines apart, without spaces, and that bracket.

    Its translation may leave the discipline out (技術士（機械部門）, 技术士), and then says less than the entry does.
    """
    text = entry.qualification_name
    bare = compacted(_BRACKETS.sub("", text))
    names = (each for each in _texts_of(entry, vocabulary, book) if each != entry.translated_name)
    inner = [found["inner"] for found in _BRACKETS.finditer(text)]
    return {bare: "、".join(inner)} if bare and inner and bare not in map(compacted, names) else {}


def compacted(text: str) -> str:
    """A name without spaces and signs."""
    return "".join(_PIECE.findall(fold(text).text))


def _says_the_same(bracket: str, name: str, vocabulary: Vocabulary, book: IssuerBook) -> bool:
    """Whether a bracket behind a name abbreviates it, names a body, or is formal."""
    words = _WORD.findall(bracket)
    if bracket in book.names or (words and all(word in vocabulary.formal for word in words)):
        return True
    return bool(words) and abbreviates("".join(words), _WORD.findall(name), vocabulary.formal)


def abbreviates(short: str, words: Sequence[str], formal: frozenset[str]) -> bool:
    """Whether letters are made of beginnings of all of these words in their order, formal words apart (CEng, JICME)."""
    if not words:
        return not short
    if words[0] in formal and abbreviates(short, words[1:], formal):
        return True
    sizes = range(1, min(len(words[0]), len(short)) + 1)
    return any(words[0].startswith(short[:size]) and abbreviates(short[size:], words[1:], formal) for size in sizes)


def build(
    entries: Sequence[CatalogEntry],
    aliases: Iterable[Alias],
    vocabulary: Vocabulary,
    book: IssuerBook,
    remembered: RememberedTexts | None = None,
) -> tuple[Lexicon, tuple[Form, ...]]:
    """The vocabulary and the forms of a catalog version: official names, their translations, and the aliases."""
    listed = {entry.number for entry in entries}
    surfaces = [
        _Surface(text, frozenset({entry.number}), official=True)
        for entry in entries
        for text in _texts_of(entry, vocabulary, book)
    ]
    surfaces += [
        _Surface(alias.text, frozenset(alias.numbers) & listed, kind=alias.kind)
        for alias in aliases
        if alias.kind is not AliasKind.ISSUING_BODY
    ]
    lexicon = Lexicon(vocabulary, book.names, remembered)
    for surface in surfaces:
        lexicon.learn(_folded(surface.text)[1])
    forms: dict[tuple[frozenset[str], str, frozenset[int], AliasKind], Form] = {}
    for surface in surfaces:
        reading = lexicon.read(_folded(surface.text)[0])
        lexicon.learn(word for word in reading.words if word.isascii())
        if reading.bag:
            forms.setdefault((reading.bag, reading.compact, surface.numbers, surface.kind), surface.form(reading))
    return lexicon, tuple(forms.values())


def year_of(name: str) -> str | None:
    """The year an official name bears, where it bears one; 2012/2014 names the editions of a product and is none."""
    found = _YEAR.search(name)
    return found.group() if found else None
