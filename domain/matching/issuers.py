"""Who issued a certificate: the body behind a typed or scanned name, as far as the text tells.

Every spelling of a body is data (``Alias`` of kind ``ISSUING_BODY``); one spelling may belong to several bodies: ``AWS`` is
Amazon and the American Welding Society, and the entry that the name points at decides which. Here stand the rules: a
chamber bears the name of its town or district, which must be one that has a chamber, companies bear legal forms, and what a text holds besides a known name makes it another body.
"""

# ruff: noqa: SIM905 - a word list reads better as text
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rapidfuzz.distance import OSA

from domain.matching.normalise import Folded, fold
from domain.matching.spelling import Speller
from domain.values import Alias, AliasKind

_PIECE: Final = re.compile(r"[a-z0-9+#]+|[\u3040-\u30ff\u4e00-\u9fff々ー]+")
_EXTRAS: Final = frozenset(
    """the of a and und fuer zu zur der des in by inc incorporated corp corporation co company ltd limited llc gmbh plc ag kk
    group worldwide formerly previously now prev by emea sarl bv ab learning global headquarters hq alphabet training certification certifications certificate program programme team via through
    公司 有限公司 股份有限公司 集团 总部 认证 认证中心 一社 一般社团法人 网络技术 网络技术有限公司 信息技术有限公司 科技有限公司 软件系统有限公司 软件系统 公益社团法人 社团法人 的 和 与 系统公司 株式会社""".split()
)
_COUNTRIES: Final[dict[str, frozenset[str]]] = {
    "us": frozenset(
        {"AMAZON", "AWELD", "NCEES", "ASM", "CISCO", "MICROSOFT", "GOOGLE", "IBM", "ORACLE", "IEEE_CS", "IEEE_COMSOC"}
    ),
    "uk": frozenset({"IMECHE", "IME", "ISEB"}),
    "ca": frozenset({"ENGCAN", "CCPE"}),
    "de": frozenset({"DIHK"}),
    "jp": frozenset({"JSME"}),
    "nl": frozenset({"EXIN"}),
    "lu": frozenset({"AMAZON"}),
    "ie": frozenset({"GOOGLE", "MICROSOFT", "AMAZON", "ORACLE"}),
    "cn": frozenset({"AMAZON", "CISCO", "MICROSOFT", "GOOGLE", "IBM", "ORACLE"}),
}
_COUNTRY: Final[dict[str, str]] = {
    **dict.fromkeys(
        """usa us u s united states america 美国 ohio oh florida fl miami seattle washington wa redmond new york ny nyc armonk
        california san jose mountain view redwood city shores austin texas tx materials park dc los alamitos piscataway nj
        jersey south carolina sc greenville clemson seneca""".split(),
        "us",
    ),
    "ca": "us ca",
    **dict.fromkeys("uk england britain great 英国 london westminster birdcage walk".split(), "uk"),
    **dict.fromkeys("canada 加拿大 ottawa ontario on".split(), "ca"),
    **dict.fromkeys("netherlands nl utrecht holland 荷兰".split(), "nl"),
    **dict.fromkeys("luxembourg 卢森堡".split(), "lu"),
    **dict.fromkeys("ireland dublin 爱尔兰".split(), "ie"),
    **dict.fromkeys("germany deutschland 德国".split(), "de"),
    **dict.fromkeys("japan 日本 tokyo 东京 shinjuku 新宿".split(), "jp"),
    **dict.fromkeys(
        "china prc 中国 beijing 北京 shanghai 上海 taiwan 台湾 taipei 台北 hong kong 香港 大中华区".split(), "cn"
    ),
}
"""A word that says where a body is → the countries, by their keys in ``_COUNTRIES``, that it may stand for."""
_NOT_A_CHAMBER: Final = re.compile(
    r"akademie|academy|bildung|schul|universit|zentrum|hwk|handwerk|wko|wirtschaftskammer|oesterreich|austria|wien|schweiz|swiss|basel"
    r"|zuerich|bozen|liechtenstein|luxemb|suisse|shanghai|beijing|china|ahk|abroad|ausland|campus|institut|training|hotel|gmbh|ev\b|steuer|anwalt|aerzte"
)
_LEARNING: Final = re.compile(
    r"universit|college|school|schule|academy|akademie|institut(?!ion)|大学|大學|学院|学校|培训|udemy|udacity|bootcamp|training cent|learning cent"
)
_SPELT: Final = 6
_SHORT: Final = {
    "natl": "national",
    "amer": "american",
    "assn": "association",
    "soc": "society",
    "instn": "institution",
}
_BV: Final = re.compile(r"\bb\. ?v\b\.?")
_INTL: Final = re.compile(r"\bint ?l\b\.?")
_STREETS: Final = frozenset(
    "street st avenue ave road rd drive dr way one parkway amphitheatre amphitheater microsoft square walk suite floor building blvd boulevard p o box nw".split()
)
_ADDRESS: Final = re.compile(r",\s?(?:\d{1,5}|one) [a-z ]{2,40}|,[a-z .,]{2,40}\s\d{5}\b")
_RELATED: Final[dict[str, frozenset[str]]] = {
    "CCPE": frozenset({"ENGCAN"}),
    "ENGCAN": frozenset({"CCPE"}),
    "EXIN": frozenset({"AXELOS", "PEOPLECERT", "APMG"}),
    "ISEB": frozenset({"AXELOS", "PEOPLECERT", "APMG"}),
    "IMECHE": frozenset({"ENGCOUNCIL", "IME"}),
    "IME": frozenset({"IMECHE"}),
    "ASM": frozenset({"ASM_HTS", "ASM_TSS"}),
}
"""Bodies that may stand beside one and say nothing against it, though alone they leave a question: the body it became, the
owner of the scheme it examines for, the council it registers with, an affiliate society."""
_CHAMBER: Final = "DIHK"
_CHAMBER_WORD: Final = "ihk"
_BESIDE_PLACES: Final = frozenset(
    "zu zur in im am an der des und fuer bezirk region regionalkammer geschaeftsstelle standort hauptgeschaeftsstelle mitte nord sued ost west e v chamber commerce industry".split()
)


class Standing(StrEnum):
    """What a certificate's issuer says about an entry."""

    SUPPORTS = "SUPPORTS"
    SILENT = "SILENT"
    UNKNOWN = "UNKNOWN"
    CONTRADICTS = "CONTRADICTS"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuing body as read: for each name found in the text the bodies that bear it, and what was left unexplained."""

    given: bool
    names: tuple[frozenset[str], ...] = ()
    unexplained: tuple[str, ...] = ()
    learning: bool = False
    corrected: bool = False

    def names_only(self, bodies: frozenset[str]) -> bool:
        """Whether every name found in the text may be one of these bodies."""
        return bool(self.names) and all(names & bodies for names in self.names)

    def standing(self, bodies: frozenset[str], also: frozenset[str] = frozenset()) -> Standing:
        """What this issuer says about an entry of ``bodies``; names of ``also`` may stand beside them."""
        if not self.given:
            return Standing.SILENT
        if any(not names & (bodies | also) for names in self.names):
            return Standing.CONTRADICTS
        if self.learning:
            return Standing.CONTRADICTS
        if not any(names & bodies for names in self.names):
            return Standing.UNKNOWN
        return Standing.UNKNOWN if self.unexplained else Standing.SUPPORTS


class IssuerBook:
    """Every known spelling of every issuing body."""

    def __init__(self, aliases: Iterable[Alias], *, remember: bool = False) -> None:
        """``remember`` keeps what was read, for texts of the catalog that are asked again and again, never for typed ones."""
        self._read: dict[str, Issuer] | None = {} if remember else None
        names: dict[str, set[str]] = {}
        places: set[str] = set()
        for alias in aliases:
            if alias.kind is AliasKind.ISSUING_BODY and alias.issuer:
                pieces = _PIECE.findall(fold(alias.text).text)
                names.setdefault(" ".join(pieces), set()).add(alias.issuer)
                if alias.issuer == _CHAMBER and pieces[:1] == [_CHAMBER_WORD]:
                    places.update(pieces[1:])
        self._places = frozenset(places)
        self.names: Mapping[str, frozenset[str]] = {text: frozenset(keys) for text, keys in names.items() if text}
        self._words = frozenset(piece for text in self.names for piece in text.split() if piece.isascii()) | _EXTRAS
        self._speller = Speller(self._words)
        self._longest = max((len(text.split()) for text in self.names), default=1)

    def read(self, folded: Folded) -> Issuer:
        """Read a folded issuer's name; linear in its length."""
        if self._read is None:
            return self._reading(folded)
        known = self._read.get(folded.text)
        if known is None:
            known = self._read[folded.text] = self._reading(folded)
        return known

    def _reading(self, folded: Folded) -> Issuer:
        pieces = [
            self._spelt(_SHORT.get(piece, piece))
            for piece in _PIECE.findall(_INTL.sub("international", _BV.sub("bv", folded.text)))
        ]
        if not pieces or set(pieces) <= {"n", "a", "none", "unknown", "null", "不详", "无"}:
            return Issuer(given=False)
        found: list[frozenset[str]] = []
        rest: list[str] = []
        at = 0
        while at < len(pieces):
            if not pieces[at].isascii():
                self._han(pieces[at], found, rest)
                at += 1
                continue
            for size in range(min(self._longest, len(pieces) - at), 0, -1):
                keys = self.names.get(" ".join(pieces[at : at + size]))
                if keys:
                    found.append(keys)
                    at += size
                    break
            else:
                rest.append(pieces[at])
                at += 1
        return self._judge(folded, found, rest)

    def _spelt(self, piece: str) -> str:
        """A piece as it stands, or the word of a known name that it is one wrong letter away from."""
        if piece in self._words or piece in _COUNTRY or piece in self._places or len(piece) < _SPELT:
            return piece
        word = self._speller.correct(piece)
        return word if word is not None and OSA.distance(piece, word, score_cutoff=1) <= 1 else piece

    def _judge(self, folded: Folded, found: list[frozenset[str]], rest: list[str]) -> Issuer:
        corrected = False
        if not found:
            nearest = self._nearest(folded)
            if nearest:
                found, rest, corrected = [nearest], [], True
        unexplained = tuple(word for word in rest if not _explained(word, found))
        if _ADDRESS.search(folded.text):
            unexplained = tuple(word for word in unexplained if not word.isdigit() and word not in _STREETS)
        if any(_CHAMBER in keys for keys in found) and not _NOT_A_CHAMBER.search(folded.text):
            unexplained = tuple(word for word in unexplained if not self._is_place(word))
        learning = _LEARNING.search(" ".join(rest)) is not None
        return Issuer(True, tuple(found), unexplained, learning, corrected)

    def _is_place(self, word: str) -> bool:
        """Whether a word beside a chamber's name says where it is; a long one may have one wrong letter."""
        if word in self._places or word in _BESIDE_PLACES:
            return True
        return len(word) >= 6 and any(OSA.distance(word, place, score_cutoff=1) <= 1 for place in self._places)

    def _han(self, run: str, found: list[frozenset[str]], rest: list[str]) -> None:
        """Divide a run of Han characters into known names and what is between them."""
        at, loose = 0, ""
        while at < len(run):
            for size in range(min(30, len(run) - at), 1, -1):
                piece = run[at : at + size]
                if piece in self.names or piece in _EXTRAS or piece in _COUNTRY:
                    if loose:
                        rest.append(loose)
                        loose = ""
                    if piece in self.names:
                        found.append(self.names[piece])
                    else:
                        rest.append(piece)
                    at += size
                    break
            else:
                loose += run[at]
                at += 1
        if loose:
            rest.append(loose)

    def _nearest(self, folded: Folded) -> frozenset[str] | None:
        """The one name that a typing error is away; a short name allows one error, a long one two."""
        compact = "".join(_PIECE.findall(folded.text))
        if len(compact) < 5 or len(compact) > 80:
            return None
        allowed = 1 if len(compact) < 12 else 2
        near: dict[int, set[frozenset[str]]] = {}
        for text, keys in self.names.items():
            spelling = text.replace(" ", "")
            if len(spelling) >= 5 and abs(len(spelling) - len(compact)) <= allowed:
                distance = OSA.distance(compact, spelling, score_cutoff=allowed)
                if distance <= allowed:
                    near.setdefault(distance, set()).add(keys)
        closest = near[min(near)] if near else set()
        return next(iter(closest)) if len(closest) == 1 else None


def related(bodies: frozenset[str]) -> frozenset[str]:
    """The bodies that may stand beside any of these."""
    return frozenset[str]().union(*(_RELATED.get(body, frozenset()) for body in bodies))


def from_country(word: str, said: frozenset[str]) -> bool:
    """Whether a Han word names the country that every one of these bodies is in."""
    if word.isascii() or word not in _COUNTRY or not said:
        return False
    return said <= _bodies_in(word)


def _bodies_in(place: str) -> frozenset[str]:
    """The bodies that a place may be said of."""
    return frozenset[str]().union(*(_COUNTRIES[country] for country in _COUNTRY.get(place, "").split()))


def names_country(word: str) -> bool:
    """Whether a Han word names a country, so that what it adds to a name depends on the issuer."""
    return not word.isascii() and word in _COUNTRY


def _explained(word: str, found: list[frozenset[str]]) -> bool:
    """Whether a word beside a known name changes nothing about who it is."""
    if word in _EXTRAS:
        return True
    return any(keys & _bodies_in(word) for keys in found)
