"""Reading a name into tokens: known words, issuers, examination codes, numbers, grades, and what nothing explains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.matching.mending import Mender
from domain.matching.normalise import Folded
from domain.matching.remembered import PreparedText, RememberedTexts
from domain.matching.spelling import Speller
from domain.matching.vocabulary import Meaning, Vocabulary
from domain.matching.wording import without_genders, without_particulars, without_persons, without_wording
from domain.matching.written import Written

_GENDER: Final = re.compile(
    r"(\w+er)(?:\s?[/*:_·|]\s?-?\s?[il1][nrm](?:nen)?\b|\s?\(\s?-?in(?:nen)?\)|innen\b|\s?/\s?-in\b|-in\b| in$)"
)
_ADJECTIVE: Final = re.compile(r"(technisch|mathematisch)e?(?:\s?[/*:_]\s?-?\s?e?r\b|\(-?r\))")
_MEDIAL: Final = re.compile(r"(?<=[a-zäöü]er)In(?:nen)?\b")
_UND: Final = re.compile(r"\su\.\s")
_GRADE: Final = re.compile(
    r"(?:第\s?)?([0-9]+|[一二三四五六])\s?级(?!别)|\b(?:grade|class|level|kyu|stufe)\s?([0-9]+|i{1,3}|one|two|three)\b"
    r"|\b([0-9]+)(?:st|nd|rd|th)[ -](?:grade|class|level|kyu)\b|\b(first|second|third)[ -](?:grade|class|level)\b|\b([0-9]+)[ -]?kyu\b"
)
_FIGURES: Final = {
    "一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "i": "1", "ii": "2", "iii": "3",
    "one": "1", "two": "2", "three": "3", "first": "1", "second": "2", "third": "3",
}  # fmt: skip
_SINGLE: Final = frozenset({"单一级", "单一等级", "不分级", "不分等级", "singlelevel", "singlegrade"})
SINGLE_GRADE: Final = "single"
"""The key of a grade that says that there is one only."""
_PIECE: Final = re.compile(r"x:[a-z0-9:\-]+|[a-z0-9+#]+|[\u3040-\u30ff\u4e00-\u9fff々ー]+")
_INITIALS: Final = re.compile(r"\b(?:[a-z]\.){2,}(?:[a-z]\b)?|\b[cip][. ]\s?eng\b\.?|\bm\.?\s?i\.?\s?mech\.?\s?e\b\.?")
_OPTIONAL: Final = re.compile(
    r"^(?P<before>[^a-z0-9\u3040-\u9fff]*)\((?P<inner>[^()]{1,30})\)\s?(?P<rest>[a-z\u3040-\u9fff].*)$"
    r"|^(?P<head>[^\[]*)\[(?P<square>[^\]]{1,60})\](?P<tail>.*)$"
)
_ELIDED: Final = re.compile(
    r"\b(?P<first>\w{3,})-\s?(?P<joined>(?P<and>und)|oder|bzw\.?|/)\s?(?P<second>\w{3,}?)"
    r"(?P<head>mechaniker|mechatroniker|elektroniker|(?(and)(?!)|technik))\b"
)
_DOUBT: Final = re.compile(r"\w\s?\?\s?(?:\)|$)")
_DONE_BEFORE: Final = frozenset({"registered", "member"})
"""Parts of names, and before a name what a body did."""
_LONGEST: Final = 8
_JOINED_LEAST: Final = 6
_ROW_DIGITS: Final = 3
_MISREAD: Final = (str.maketrans("01589", "oisbg"), str.maketrans("01589", "olsbg"))
_BAR: Final = re.compile(r"(?<=[a-z])\|(?=[a-z])")
_SEAM: Final = re.compile(r"(?<=[a-z])(?=[\u3040-\u30ff\u4e00-\u9fff])")
_SPECK: Final = re.compile(r"(?<=[a-z])[~^](?=[a-z ]|$)")
_EDITION: Final = re.compile(r"(?<=[a-z]{5})(?=20[012]\d\b)")
_YEAR: Final = re.compile(r"\b2[0o](?:[0-3][0-9o]|o\d)\b")


@dataclass(slots=True)
class Reading:
    """A name as read. ``bag`` are its significant words, ``unknown`` those of them that no name knows.

    A name is ``hedged`` that begins with a word in brackets, as in (Junior) Engineer, or ends in a question mark; ``certain``
    are its words without the bracket. It is ``deferred`` in a sentence that says of ordinary words that the examination is still to come. ``in_sentence`` where a certificate's sentence led to the name; ``sentence`` where the text
    is one. ``years`` stood set off beside the name, ``row`` is the number that the text begins with, ``course`` the name of a
    learning programme in it, which begins with a level where the text says so many times and certifies before. ``written`` are the parts that the words stand for. ``said`` are the bodies spoken of elsewhere,
    ``coded_by`` those that number examinations like the ones named.
    """

    compact: str = ""
    words: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    issuers: list[frozenset[str]] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    grades: set[str] = field(default_factory=set)
    dangling: bool = False
    hedged: bool = False
    deferred: bool = False
    in_sentence: bool = False
    certain: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    last: str = ""
    said: frozenset[str] = frozenset()
    coded_by: frozenset[str] = frozenset()
    sentence: bool = False
    years: frozenset[str] = frozenset()
    row: str = ""
    course: str = ""
    leveled: int = 0
    written: list[Written] = field(default_factory=list)

    @property
    def bag(self) -> frozenset[str]:
        """The significant words, codes included, in no order and each once."""
        return frozenset(self.words) | self.codes


def numeral(figure: str) -> str:
    """A grade's figure in Arabic digits."""
    return _FIGURES.get(figure, figure.lstrip("0"))


def grades_in(text: str) -> tuple[set[str], str]:
    """The grades a folded text names, and the text without them."""
    found = {numeral(next(filter(None, match.groups()))) for match in _GRADE.finditer(text)}
    return found, _GRADE.sub(" ", text) if found else text


def grade_key(text: str) -> str:
    """What tells a folded grade from another: its figure, or the letters of its words."""
    letters = "".join(_PIECE.findall(text))
    if letters in _SINGLE:
        return SINGLE_GRADE
    found, rest = grades_in(text)
    if len(found) == 1 and not rest.strip():
        return found.pop()
    bare = text.removesuffix("级").strip()
    return numeral(bare) if bare.isdecimal() or bare in _FIGURES else letters


def genderless(folded: Folded) -> str:
    """The folded text with German feminine and double forms as the masculine one."""
    text = _SEAM.sub(" ", folded.text)
    text = _UND.sub(" und ", _BAR.sub("l", _SPECK.sub("", _EDITION.sub(" ", text))))
    text = _ELIDED.sub(r"\g<first>\g<head> \g<joined> \g<second>\g<head>", text)
    if _MEDIAL.search(folded.plain):
        text = re.sub(r"(er)in(?:nen)?\b", r"\1", text)
    return _ADJECTIVE.sub(r"\1", _GENDER.sub(r"\1", text))


def _plainly(folded: Folded) -> str:
    """The same with years and initials as they are meant."""
    text = _YEAR.sub(lambda match: match.group().replace("o", "0"), genderless(folded))
    return _INITIALS.sub(lambda match: match.group().replace(".", "").replace(" ", ""), text)


def _drop_initials(reading: Reading, pieces: list[str], formal: frozenset[str]) -> None:
    """Take out an unknown abbreviation that is made of the initials of words beside it: Software Developer (SD)."""
    for short in [word for word in reading.unknown if 2 <= len(word) <= 6 and word.isascii() and word.isalpha()]:
        others = [piece[0] for piece in pieces if piece != short and piece.isascii()]
        small = [piece[0] for piece in pieces if piece != short and piece.isascii() and piece not in formal]
        if short in "".join(others) or short in "".join(small):
            reading.unknown.remove(short)
            reading.words = [word for word in reading.words if word != short]


class Lexicon:
    """The words and phrases a name may be made of, from the vocabulary and from everything the catalog names."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        issuers: Mapping[str, frozenset[str]],
        remembered: RememberedTexts | None = None,
    ) -> None:
        """``remembered`` is for texts of catalogs that this vocabulary reads."""
        self.vocabulary, self._remembered = vocabulary, remembered
        self._latin: dict[tuple[str, ...], tuple[Meaning, ...]] = {}
        self._han: dict[str, tuple[Meaning, ...]] = {}
        self.known: set[str] = set(vocabulary.trade) | set(vocabulary.formal)
        for text, meanings in vocabulary.variants.items():
            if text.isascii():
                self._latin[tuple(text.split())] = meanings
                self.known.update(text.split())
            else:
                self._han[text] = meanings
            self.known.update(word for meaning in meanings for word in meaning.words)
        for text in vocabulary.formal:
            if not text.isascii():
                self._han[text] = (Meaning(),)
        for text in vocabulary.sentence:
            if text.isascii():
                self.known.add(text)
            else:
                self._han.setdefault(text, (Meaning((text,)),))
        self._beside_latin: set[str] = set()
        self._formal = vocabulary.formal | vocabulary.sentence
        self._bodies = frozenset(text for text in issuers if text.isascii() and text.isalpha() and len(text) > 2)
        for text, keys in issuers.items():
            pieces = tuple(_PIECE.findall(text))
            if len(pieces) == 1 and not pieces[0].isascii():
                self._han[text] = (Meaning(names=keys),)
            elif pieces:
                self._latin[pieces] = (Meaning(names=keys),)
                self.known.update(piece for piece in pieces if piece.isascii())
                self._beside_latin.update(piece for piece in pieces if not piece.isascii())
        self._speller = Speller(word for word in self._formal if not vocabulary.denies(word))
        self._mender = Mender(self.known, self._formal, self._bodies, lambda piece: (piece,) in self._latin)

    def learn(self, words: Iterable[str]) -> None:
        """Take words of a known name into the vocabulary."""
        self.known.update(word for word in words if len(word) > 1)

    def read(self, folded: Folded, said: frozenset[str] = frozenset()) -> Reading:
        """Read a folded name beside the bodies that are spoken of elsewhere; linear in its length."""
        kept = self._remembered
        text = self._mender.mended(kept.plain(folded, _plainly) if kept else _plainly(folded))
        found = kept.prepared(text, self._prepare) if kept else self._prepare(text)
        reading = Reading(
            compact=found.compact,
            pieces=found.all_pieces,
            last=found.last,
            said=said,
            sentence=found.sentence,
            course=found.course,
            leveled=found.leveled,
            years=found.years,
            codes=set(found.codes),
            coded_by=found.coded_by,
            grades=set(found.grades),
            row=found.row,
            dangling=found.dangling,
            hedged=found.doubted,
            deferred=found.deferred,
        )
        if found.bracket is not None:
            self._hedge(folded, *found.bracket, reading)
        pieces = list(found.pieces)
        self._walk([piece for each in pieces for piece in self._divide(each)], reading)
        _drop_initials(reading, pieces, self.vocabulary.formal)
        if found.around:
            reading.in_sentence = True
            aside = Reading(said=said, sentence=True)
            self._walk([piece for each in _PIECE.findall(found.around) for piece in self._divide(each)], aside)
            reading.issuers += aside.issuers
        return reading

    def _prepare(self, text: str) -> PreparedText:
        """Take a mended text apart, as far as the vocabulary alone says how; of a sentence also persons, whom nothing knows."""
        asked: list[str] = []

        def is_explained(before: str) -> bool:
            asked.append(before)
            return self._is_explained(before)

        text, around = without_wording(text, self.vocabulary, is_explained)
        sentence = bool(around) or self.vocabulary.is_sentence(text, _PIECE.findall(text))
        if sentence:
            text = without_persons(text, self.vocabulary, self._is_no_name)
        raw = _PIECE.findall(text)
        course, leveled = self._course(raw)
        text, years = without_particulars(without_genders(text))
        deferred = sentence and self.vocabulary.defers(text)
        bracket = _OPTIONAL.match(text)
        hedge = bracket and (
            bracket["inner"] or bracket["square"],
            bracket["rest"] or f"{bracket['head']} {bracket['tail']}",
        )
        doubted = _DOUBT.search(text) is not None
        numbers, text = self.vocabulary.numbers_in(text)
        grades, text = grades_in(text)
        pieces = [piece for piece in _PIECE.findall(text.replace("&", " and ")) if piece.strip("+#")]
        return PreparedText(
            compact="".join(raw),
            all_pieces=frozenset(raw),
            last=raw[-1] if raw else "",
            sentence=sentence,
            lasting=not sentence and not asked,
            deferred=deferred,
            around=around,
            course=course,
            leveled=leveled,
            years=years,
            doubted=doubted,
            bracket=hedge,
            codes=frozenset(f"x:{number}" for number, _ in numbers),
            coded_by=frozenset(issuer for _, issuer in numbers),
            grades=frozenset(grades),
            pieces=tuple(pieces),
            row=pieces[0] if len(pieces) > 1 and pieces[0].isdigit() and len(pieces[0]) <= _ROW_DIGITS else "",
            dangling=bool(pieces) and pieces[-1] in self.vocabulary.dangling,
        )

    def _is_no_name(self, word: str) -> bool:
        """Whether a word is no person's name: it says something of qualifications or bodies, or stands in certificates' sentences."""
        if not word.isascii():
            return self.vocabulary.denies(word) or any(len(piece) > 1 for piece in self._divide(word))
        return word in self.known or word in self._formal or self.vocabulary.denies(word)

    def _is_explained(self, sentence: str) -> bool:
        """Whether a folded sentence before a name says who certifies whom, and nothing else: each word is formal, a body's or a person's."""
        text, _ = without_particulars(without_persons(sentence, self.vocabulary, self._is_no_name))
        aside = Reading(sentence=True)
        self._walk([piece for each in _PIECE.findall(text) for piece in self._divide(each)], aside)
        return all(word in _DONE_BEFORE or (word in aside.unknown and self._is_misread(word)) for word in aside.words)

    def _is_misread(self, word: str) -> bool:
        """Whether an unknown word is a formal one in which a scanner misread a letter or two."""
        return not self.vocabulary.denies(word) and self._speller.correct(word) is not None

    def _says_nothing(self, word: str) -> bool:
        """Whether a word is known only as one that says nothing beside the names of a body."""
        meanings = self._latin.get((word,), ())
        return bool(meanings) and not any(meaning.words or meaning.names for meaning in meanings)

    def _course(self, pieces: Sequence[str]) -> tuple[str, int]:
        """The name of a learning programme; and, where it begins with a level and something before it says that somebody is
        certified, how often the text names that level: a certificate of that level may be meant.
        """
        line = f" {' '.join(pieces)} "
        for course in self.vocabulary.courses:
            at = line.find(f" {course} " if course.isascii() else course)
            if at < 0:
                continue
            level = next((each for each in self.vocabulary.levels if course.startswith(each)), "")
            certified = level and any(map(self.vocabulary.certifies, line[:at].split()))
            return course, line.count(level) if certified else 0
        return "", 0

    def _hedge(self, folded: Folded, between: str, rest: str, reading: Reading) -> None:
        """Note that a name leaves open what it says of itself, where the bracket before the rest of it holds a word."""
        inner = Reading(said=reading.said, sentence=reading.sentence)
        self._walk([piece for each in _PIECE.findall(between) for piece in self._divide(each)], inner)
        if inner.words:
            reading.hedged, reading.certain = True, self.read(Folded(rest, rest, folded.oddities), reading.said).bag

    def _divide(self, piece: str) -> list[str]:
        """A run of Han and kana as its longest known words; a Latin word as it is, without its feminine ending."""
        if piece.isascii():
            return [self._latin_word(piece)]
        found: list[str] = []
        at = 0
        while at < len(piece):
            for size in range(min(24, len(piece) - at), 0, -1):
                if piece[at : at + size] in self._han or piece[at : at + size] in self._beside_latin:
                    found.append(piece[at : at + size])
                    at += size
                    break
            else:
                found.append(piece[at])
                at += 1
        return found

    def _latin_word(self, word: str) -> str:
        """The masculine form of a feminine word, and the issuer's name in which a scanner has read digits for letters."""
        if word not in self.known and any(map(str.isdigit, word)):
            for letters in _MISREAD:
                if word.translate(letters) in self._bodies:
                    return word.translate(letters)
        if word in self.known or not word.endswith("erin"):
            return word
        return word[:-2] if word[:-2] in self.known or word.endswith(("kerin", "lerin")) else word

    def _walk(self, pieces: list[str], reading: Reading) -> None:
        at = 0
        while at < len(pieces):
            at += self._take(pieces, at, reading)

    def _take(self, pieces: list[str], at: int, reading: Reading) -> int:
        """Take the longest known phrase at a place; how many pieces it was."""
        piece = pieces[at]
        if (meaning := self._meant(self._han.get(piece), pieces, reading)) is not None:
            return self._put(meaning, reading, piece)
        if chamber := self._chamber(pieces[at:]):
            self._put(self._latin[(piece, pieces[at + chamber - 1])][0], reading, piece)
            return chamber
        for size in range(min(_LONGEST, len(pieces) - at), 0, -1):
            meaning = self._meant(self._latin.get(tuple(pieces[at : at + size])), pieces, reading)
            if meaning is not None:
                self._put(meaning, reading, " ".join(pieces[at : at + size]))
                return size
        if joined := self._hyphened(pieces[at:]):
            found = self._meant(self._latin.get((joined,)), pieces, reading) or Meaning((joined,))
            self._put(found, reading, joined)
            return 2 if joined == "".join(pieces[at : at + 2]) else 3
        if piece in self.known:
            self._put(Meaning((piece,)), reading, piece)
            return 1
        for cut in range(3, len(piece) - 2):  # two words that a scan has joined
            if piece.isascii() and piece[:cut] in self.known and piece[cut:] in self.known:
                self._walk([piece[:cut], piece[cut:]], reading)
                return 1
        self._put(Meaning((piece,)), reading, piece)
        reading.unknown.append(piece)
        return 1

    def _chamber(self, pieces: Sequence[str]) -> int:
        """How many pieces a chamber's name with words between it and its town is; 0 where it is none."""
        if pieces[0] not in self.vocabulary.chambers:
            return 0
        town = next((i for i in range(1, len(pieces)) if pieces[i] not in self.vocabulary.beside_places), 0)
        return town + 1 if town > 1 and (pieces[0], pieces[town]) in self._latin else 0

    def _hyphened(self, pieces: Sequence[str]) -> str:
        """The known word that the first two or three pieces are, written apart; nothing where they are none."""
        for size in (2, 3):
            joined = "".join(pieces[:size])
            whole = len(pieces) >= size and len(joined) > _JOINED_LEAST
            if whole and joined in self.known and joined not in self.vocabulary.trade:
                return joined
        return ""

    def _meant(self, meanings: tuple[Meaning, ...] | None, pieces: Sequence[str], reading: Reading) -> Meaning | None:
        """The one of a phrase's meanings that holds beside these pieces and the bodies spoken of."""
        for meaning in meanings or ():
            if meaning.within is None or meaning.within in reading.said | self._spoken(pieces):
                return meaning
        return None

    def _spoken(self, pieces: Sequence[str]) -> frozenset[str]:
        """The bodies that a text speaks of, by their names and by words that theirs alone bear."""
        found = set(self.vocabulary.branded(frozenset(pieces)))
        for at in range(len(pieces)):
            for size in range(1, min(_LONGEST, len(pieces) - at) + 1):
                for meaning in self._latin.get(
                    tuple(pieces[at : at + size]), self._han.get(pieces[at], ()) if size == 1 else ()
                ):
                    found.update(meaning.names or ())
        return frozenset(found)

    def _put(self, meaning: Meaning, reading: Reading, text: str) -> int:
        if meaning.names is not None:
            reading.issuers.append(meaning.names)
        words = [word for word in meaning.words if not self._is_formal(word, reading)]
        reading.words += words
        if words:
            reading.written.append(Written(text, frozenset(words)))
        return 1

    def _is_formal(self, word: str, reading: Reading) -> bool:
        return word in self.vocabulary.formal or (reading.sentence and word in self.vocabulary.sentence)
