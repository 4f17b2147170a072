"""Reading a name into tokens: known words, issuers, examination codes, numbers, grades, and what nothing explains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.matching.normalise import Folded
from domain.matching.trade_words import COMMON, HAN
from domain.matching.vocabulary import BOILERPLATE, DANGLING, LATIN
from domain.matching.wording import without_particulars, without_wording

_GENDER: Final = re.compile(
    r"(\w+er)(?:\s?[/*:_·|]\s?-?\s?[il1][nrm](?:nen)?\b|\s?\(\s?-?in(?:nen)?\)|innen\b|\s?/\s?-in\b|-in\b| in$)"
)
_ADJECTIVE: Final = re.compile(r"(technisch|mathematisch)e?(?:\s?[/*:_]\s?-?\s?e?r\b|\(-?r\))")
_MEDIAL: Final = re.compile(r"(?<=[a-zäöü]er)In(?:nen)?\b")
_UND: Final = re.compile(r"\su\.\s")
_CODE: Final = re.compile(
    r"\b(?:(?P<aws>[a-z]{3})[- ]?c0(?P<n>\d)\b|exam (?P<short>[47]\d\d)\b|(?P<mcp>7\d|98)[- ](?P<mcpn>\d{3})\b"
    r"|1z[0o][- ](?P<ora>\d{3,4})(?:[- ](?P<year>\d{2}))?\b"
    r"|(?P<ms>ai|az|da|dp|pl|sc|md|mb)[- ]?(?P<msn>\d{3})\b|(?P<cis>\d{3})[- ](?P<cisn>\d{3})\b"
    r"|c(?P<ibm>\d{4})[- ](?P<ibmn>\d{3})\b)"
)
_GRADE: Final = re.compile(
    r"(?:第\s?)?([0-9]+|[一二三四五六])\s?级(?!别)|\b(?:grade|class|level|kyu|stufe)\s?([0-9]+|i{1,3}|one|two|three)\b"
    r"|\b([0-9]+)(?:st|nd|rd|th)[ -](?:grade|class|level|kyu)\b|\b(first|second|third)[ -](?:grade|class|level)\b|\b([0-9]+)[ -]?kyu\b"
)
_FIGURES: Final = {
    "一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "i": "1", "ii": "2", "iii": "3",
    "one": "1", "two": "2", "three": "3", "first": "1", "second": "2", "third": "3",
}  # fmt: skip
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
_LONGEST: Final = 8
_MISREAD: Final = (str.maketrans("01589", "oisbg"), str.maketrans("01589", "olsbg"))
_BAR: Final = re.compile(r"(?<=[a-z])\|(?=[a-z])")
_YEAR: Final = re.compile(r"\b2[0o](?:[0-3][0-9o]|o\d)\b")


@dataclass(slots=True)
class Reading:
    """A name as read. ``bag`` are its significant words, ``unknown`` those of them that no name knows.

    A name is ``hedged`` that begins with a word in brackets, as in (Junior) Engineer, or ends in a question mark; ``certain``
    are its words without the bracket. ``in_sentence`` where a certificate's sentence led to the name.
    """

    compact: str = ""
    words: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    issuers: list[frozenset[str]] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    grades: set[str] = field(default_factory=set)
    dangling: bool = False
    hedged: bool = False
    in_sentence: bool = False
    certain: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset()
    last: str = ""

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


def genderless(folded: Folded) -> str:
    """The folded text with German feminine and double forms as the masculine one."""
    text = folded.text
    text = _UND.sub(" und ", _BAR.sub("l", text))
    text = _ELIDED.sub(r"\g<first>\g<head> \g<joined> \g<second>\g<head>", text)
    if _MEDIAL.search(folded.plain):
        text = re.sub(r"(er)in(?:nen)?\b", r"\1", text)
    return _ADJECTIVE.sub(r"\1", _GENDER.sub(r"\1", text))


def _drop_initials(reading: Reading, pieces: list[str]) -> None:
    """Take out an unknown abbreviation that is made of the initials of words beside it: Software Developer (SD)."""
    for short in [word for word in reading.unknown if 2 <= len(word) <= 6 and word.isascii() and word.isalpha()]:
        others = [piece[0] for piece in pieces if piece != short and piece.isascii()]
        small = [piece[0] for piece in pieces if piece != short and piece.isascii() and piece not in BOILERPLATE]
        if short in "".join(others) or short in "".join(small):
            reading.unknown.remove(short)
            reading.words = [word for word in reading.words if word != short]


class Lexicon:
    """The words and phrases a name may be made of, from the vocabulary and from everything the catalog names."""

    def __init__(self, issuers: Mapping[str, frozenset[str]]) -> None:
        self._latin: dict[tuple[str, ...], tuple[tuple[str, ...], frozenset[str] | None]] = {}
        self._han: dict[str, tuple[tuple[str, ...], frozenset[str] | None]] = {}
        self.known: set[str] = set(COMMON) | set(BOILERPLATE)
        for text, meaning in LATIN.items():
            self._latin[tuple(text.split())] = (tuple(meaning.split()), None)
            self.known.update(text.split(), meaning.split())
        for text, meaning in HAN.items():
            self._han[text] = (tuple(meaning.split()), None)
            self.known.update(meaning.split())
        for text in BOILERPLATE:
            if not text.isascii():
                self._han[text] = ((), None)
        self._bodies = frozenset(text for text in issuers if text.isascii() and text.isalpha() and len(text) > 2)
        for text, keys in issuers.items():
            pieces = tuple(_PIECE.findall(text))
            if len(pieces) == 1 and not pieces[0].isascii():
                self._han[text] = ((), keys)
            elif pieces:
                self._latin[pieces] = ((), keys)
                self.known.update(piece for piece in pieces if piece.isascii())

    def learn(self, words: Iterable[str]) -> None:
        """Take words of a known name into the vocabulary."""
        self.known.update(word for word in words if len(word) > 1)

    def learn_phrase(self, phrase: str) -> None:
        """Take a Chinese or Japanese name that the vocabulary can't divide as one word."""
        self._han.setdefault(phrase, ((phrase,), None))
        self.known.add(phrase)

    def read(self, folded: Folded) -> Reading:
        """Read a folded name; linear in its length."""
        text = genderless(folded)
        text = _YEAR.sub(lambda match: match.group().replace("o", "0"), text)
        text = _INITIALS.sub(lambda match: match.group().replace(".", "").replace(" ", ""), text)
        text, around = without_wording(text)
        raw = _PIECE.findall(text)
        reading = Reading(compact="".join(raw), pieces=frozenset(raw), last=raw[-1] if raw else "")
        text = without_particulars(text)
        self._hedge(folded, text, reading)
        text = _CODE.sub(lambda match: self._code(match, reading), text)
        reading.grades, text = grades_in(text)
        pieces = _PIECE.findall(text.replace("&", " and ").replace("'", ""))
        reading.dangling = bool(pieces) and pieces[-1] in DANGLING
        self._walk([piece for each in pieces for piece in self._divide(each)], reading)
        _drop_initials(reading, pieces)
        if around:
            reading.in_sentence = True
            aside = Reading()
            self._walk([piece for each in _PIECE.findall(around) for piece in self._divide(each)], aside)
            reading.issuers += aside.issuers
        return reading

    def _hedge(self, folded: Folded, text: str, reading: Reading) -> None:
        """Note whether a name leaves open what it says of itself."""
        reading.hedged = _DOUBT.search(text) is not None
        bracket = _OPTIONAL.match(text)
        if bracket is None:
            return
        inner = Reading()
        between = bracket["inner"] or bracket["square"]
        self._walk([piece for each in _PIECE.findall(between) for piece in self._divide(each)], inner)
        if inner.words:
            rest = bracket["rest"] or f"{bracket['head']} {bracket['tail']}"
            reading.hedged, reading.certain = True, self.read(Folded(rest, rest, folded.oddities)).bag

    def _code(self, match: re.Match[str], reading: Reading) -> str:
        part = match.groupdict()
        if part["aws"]:
            code = f"{part['aws']}-c0{part['n']}"
        elif part["short"]:
            code = f"70-{part['short']}"
        elif part["mcp"]:
            code = f"{part['mcp']}-{part['mcpn']}"
        elif part["ora"]:
            code = f"1z0-{part['ora']}" + (f"-{part['year']}" if part["year"] else "")
        elif part["ms"]:
            code = f"{part['ms']}-{part['msn']}"
        elif part["cis"]:
            code = f"{part['cis']}-{part['cisn']}"
        else:
            code = f"c{part['ibm']}-{part['ibmn']}"
        reading.codes.add(f"x:{code}")
        return " "

    def _divide(self, piece: str) -> list[str]:
        """A run of Han and kana as its longest known words; a Latin word as it is, without its feminine ending."""
        if piece.isascii():
            return [self._latin_word(piece)]
        found: list[str] = []
        at = 0
        while at < len(piece):
            for size in range(min(24, len(piece) - at), 0, -1):
                if piece[at : at + size] in self._han:
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
        if piece in self._han:
            return self._put(self._han[piece], reading)
        for size in range(min(_LONGEST, len(pieces) - at), 0, -1):
            meaning = self._latin.get(tuple(pieces[at : at + size]))
            if meaning is not None:
                self._put(meaning, reading)
                return size
        for size in (2, 3):  # a word that a scan or a hyphen has cut
            joined = "".join(pieces[at : at + size])
            if len(pieces) - at >= size and len(joined) > 6 and joined in self.known and joined not in COMMON:
                self._put(self._latin.get((joined,), ((joined,), None)), reading)
                return size
        if piece in self.known:
            self._word(piece, reading)
            return 1
        for cut in range(3, len(piece) - 2):  # two words that a scan has joined
            if piece.isascii() and piece[:cut] in self.known and piece[cut:] in self.known:
                self._walk([piece[:cut], piece[cut:]], reading)
                return 1
        self._word(piece, reading)
        reading.unknown.append(piece)
        return 1

    def _put(self, meaning: tuple[tuple[str, ...], frozenset[str] | None], reading: Reading) -> int:
        words, keys = meaning
        if keys is not None:
            reading.issuers.append(keys)
        for word in words:
            self._word(word, reading)
        return 1

    def _word(self, word: str, reading: Reading) -> None:
        if word not in BOILERPLATE:
            reading.words.append(word)
