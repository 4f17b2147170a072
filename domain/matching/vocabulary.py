"""The words that matching knows, arranged for reading: the vocabulary of one catalog version.

The words themselves are content of the catalog (``domain.values.Word``); here stands only what the kinds mean to the rules. A
word that stands nowhere explains nothing, and an unexplained word keeps a match from being automatic. Words scoped to a body
hold where that body is spoken of; words scoped to a catalog in that catalog.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

from domain.matching.normalise import fold
from domain.messages import Message, tell
from domain.values import Word, WordKind

_SCOPE: Final = re.compile(r"(?:(?P<kind>issuer|catalog):(?P<key>\S+))?")
_CODE: Final = re.compile(r"[a-z0-9?#-]+")
_OF_A_BODY: Final = frozenset(
    {
        WordKind.BRAND,
        WordKind.CODE,
        WordKind.COUNTRY,
        WordKind.RELATED,
        WordKind.CHAMBER,
        WordKind.BESIDE_PLACE,
        WordKind.NOT_A_CHAMBER,
    }
)
_AS_WRITTEN: Final = frozenset({WordKind.RELATED, WordKind.CODE, WordKind.LOOKALIKE})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase stands for: words, the bodies that it names, and the body that must be spoken of for it to hold."""

    words: tuple[str, ...] = ()
    names: frozenset[str] | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """The form of an examination's number, the body that numbers so, and what stands in the place of its first part."""

    pattern: re.Pattern[str]
    issuer: str
    head: str = ""

    def normal(self, text: str) -> str | None:
        """A number of this form as all its spellings are written; None where the text is none."""
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        first, *rest = found.groups()
        return "-".join([self.head or first, *rest])


class Vocabulary:
    """The words of one catalog version; immutable once built. ``catalog`` is the code of that catalog."""

    def __init__(self, words: Iterable[Word], catalog: str = "") -> None:
        held: dict[WordKind, list[Word]] = defaultdict(list)
        for word in words:
            scope = _SCOPE.fullmatch(word.scope)
            if scope and (scope["kind"] != "catalog" or scope["key"] == catalog):
                held[word.kind].append(word)
        self.formal = _texts(held[WordKind.FORMAL])
        self.surnames = frozenset(word.text for word in held[WordKind.SENTENCE] if word.meaning == "surname")
        self.sentence = _texts(held[WordKind.SENTENCE]) - self.surnames
        self._verbs = frozenset(word.text for word in held[WordKind.SENTENCE] if word.meaning == "verb")
        self._denials = _stems(held[WordKind.DENIAL])
        self._deferrals = _stems([word for word in held[WordKind.DENIAL] if word.meaning == "anywhere"])
        self.dangling = _texts(held[WordKind.DANGLING])
        self.results = _texts(held[WordKind.RESULT])
        self.levels = _texts(held[WordKind.LEVEL])
        self.ranks = frozenset(word.text for word in held[WordKind.LEVEL] if word.meaning == "rank")
        self.left_out = _sets(
            (_body(word) or "", word.text) for word in held[WordKind.LEVEL] if word.meaning == "left out"
        )
        self.trade = _texts(held[WordKind.TRADE])
        self.fields = tuple(sorted(_texts(held[WordKind.FIELD])))
        self.courses = tuple(sorted(_texts(held[WordKind.COURSE]), key=len, reverse=True))
        self.lookalikes: Mapping[str, str] = {word.text: word.meaning for word in held[WordKind.LOOKALIKE]}
        self.variants: Mapping[str, tuple[Meaning, ...]] = _grouped(
            (word.text, Meaning(tuple(word.meaning.split()), within=_body(word))) for word in held[WordKind.VARIANT]
        )
        self.brands: tuple[tuple[frozenset[str], str], ...] = tuple(
            (frozenset(word.text.split()), _body(word) or "") for word in held[WordKind.BRAND]
        )
        self._shared = tuple((frozenset(word.text.split()), word.meaning) for word in held[WordKind.SHARED])
        self._codes = tuple(
            Code(_code(word.text), _body(word) or "", word.meaning)
            for word in sorted(held[WordKind.CODE], key=lambda word: -len(word.text))
        )
        self._coded = re.compile("|".join(code.pattern.pattern for code in self._codes) or r"(?!)")
        self.countries = _sets((_body(word) or "", word.text) for word in held[WordKind.COUNTRY])
        self.places = _sets((word.text, country) for word in held[WordKind.PLACE] for country in word.meaning.split())
        self.related = _sets((_body(word) or "", word.text) for word in held[WordKind.RELATED])
        self.body_words = _texts(held[WordKind.BODY_WORD])
        self.body_variants: Mapping[str, str] = {word.text: word.meaning for word in held[WordKind.BODY_VARIANT]}
        self.address = _texts(held[WordKind.ADDRESS])
        self.chambers = {word.text: _body(word) or "" for word in held[WordKind.CHAMBER]}
        self.beside_places = _texts(held[WordKind.BESIDE_PLACE])
        self._no_chamber = _any(held[WordKind.NOT_A_CHAMBER])
        self._school = _any(held[WordKind.SCHOOL])
        self.employers = _texts(held[WordKind.EMPLOYER])
        self.no_bodies = _texts(held[WordKind.NO_BODY])

    def numbers_in(self, text: str) -> tuple[list[tuple[str, str]], str]:
        """The numbers of examinations in a folded text, each with its body's key, and the text without them."""
        found = [
            (normal, code.issuer) for each in self._coded.finditer(text) for normal, code in self._read(each.group())
        ]
        return found, self._coded.sub(" ", text) if found else text

    def _read(self, number: str) -> list[tuple[str, Code]]:
        return [(normal, code) for code in self._codes if (normal := code.normal(number)) is not None][:1]

    def is_sentence(self, text: str, pieces: Iterable[str]) -> bool:
        """Whether a folded text is the sentence of a certificate: it holds a verb, not a name alone."""
        if not self._verbs.isdisjoint(pieces):
            return True
        return not text.isascii() and any(verb in text for verb in self._verbs if not verb.isascii())

    def denies(self, text: str) -> bool:
        """Whether a folded text denies, or speaks of a course, a candidate or another time."""
        return self._denials is not None and self._denials.search(text) is not None

    def defers(self, text: str) -> bool:
        """Whether a folded sentence says of ordinary words that something is still to come (has to pass)."""
        return self._deferrals is not None and self._deferrals.search(text) is not None

    def is_school(self, text: str) -> bool:
        """Whether a folded name of a body is that of a place of learning."""
        return self._school is not None and self._school.search(text) is not None

    def is_no_chamber(self, text: str) -> bool:
        """Whether a folded name beside a chamber's word is that of another body."""
        return self._no_chamber is not None and self._no_chamber.search(text) is not None

    def certifies(self, word: str) -> bool:
        """Whether a word is a form of "certified", with up to two letters wrong."""
        return (
            word.startswith("cert")
            or "认证" in word
            or "注册" in word
            or OSA.distance(word, "certified", score_cutoff=2) <= 2
        )

    def branded(self, words: frozenset[str]) -> Iterator[str]:
        """The bodies whose qualifications alone bear some of these words."""
        return (issuer for phrase, issuer in self.brands if phrase <= words)

    def also_by(self, words: frozenset[str]) -> Iterator[str]:
        """The names of other bodies that certify under a name of these words too."""
        return (name for phrase, name in self._shared if phrase <= words)


def fault_of(word: Word) -> Message | None:
    """What is wrong with a word, as a sentence naming the way out; None where nothing is."""
    scope = _SCOPE.fullmatch(word.scope)
    if scope is None:
        return tell("word.scope_malformed", word=word.text, scope=word.scope)
    if not word.text.strip():
        return tell("word.without_text")
    if word.kind not in _AS_WRITTEN and word.text != fold(word.text).text:
        return tell("word.not_folded", word=word.text, folded=fold(word.text).text)
    if word.kind in _OF_A_BODY and scope["kind"] != "issuer":
        return tell("word.without_body", word=word.text)
    if word.kind is WordKind.CODE and not _CODE.fullmatch(word.text):
        return tell("word.form_malformed", word=word.text)
    if word.kind is WordKind.LOOKALIKE and not len(word.text) == len(word.meaning) == 1:
        return tell("word.lookalike_malformed", word=word.text)
    return None


def _texts(words: Sequence[Word]) -> frozenset[str]:
    return frozenset(word.text for word in words)


def _body(word: Word) -> str | None:
    kind, _, key = word.scope.partition(":")
    return key if kind == "issuer" else None


def _grouped(pairs: Iterable[tuple[str, Meaning]]) -> dict[str, tuple[Meaning, ...]]:
    grouped: dict[str, tuple[Meaning, ...]] = {}
    for text, meaning in pairs:
        grouped[text] = (*grouped.get(text, ()), meaning)
    return grouped


def _sets(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    sets: dict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        sets[key].add(value)
    return {key: frozenset(values) for key, values in sets.items()}


def _any(words: Sequence[Word]) -> re.Pattern[str] | None:
    parts = [re.escape(word.text) + (r"\b" if len(word.text) < 3 and word.text.isascii() else "") for word in words]
    return re.compile("|".join(parts)) if parts else None


def _stems(words: Sequence[Word]) -> re.Pattern[str] | None:
    """Latin words whole, or by their beginning where a star ends them; Han words wherever they stand."""
    latin = [re.escape(word.text).replace(r"\*", r"\w*") for word in words if word.text.isascii()]
    han = [re.escape(word.text) for word in words if not word.text.isascii()]
    parts = [rf"\b(?:{'|'.join(latin)})\b"] if latin else []
    return re.compile("|".join([*parts, *han])) if parts or han else None


def _code(form: str) -> re.Pattern[str]:
    """A form of numbers as an expression: hyphens may be blanks, or missing beside a letter."""
    parts = [f"({part})".replace("?", "[a-z]").replace("#", r"\d") for part in form.split("-")]
    pattern = parts[0]
    for before, part in zip(form.split("-"), parts[1:], strict=False):
        pattern += ("[- ]?" if before[-1] in "?abcdefghijklmnopqrstuvwxyz" else "[- ]") + part
    return re.compile(rf"\b{pattern}\b")
