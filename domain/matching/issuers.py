"""Who issued a certificate: the body behind a typed or scanned name, as far as the text tells.

Every spelling of a body is data (``Alias`` of kind ``ISSUING_BODY``); one spelling may belong to several bodies: ``AWS`` is
Amazon and the American Welding Society, and the entry that the name points at decides which. Here stand the rules: a
chamber bears the name of its town or district, which must be one that has a chamber, companies bear legal forms, and what a text holds besides a known name makes it another body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.matching.normalise import Folded, fold
from domain.matching.spelling import Speller
from domain.matching.vocabulary import Vocabulary
from domain.values import Alias, AliasKind

_PIECE: Final = re.compile(r"[a-z0-9+#]+|[\u3040-\u30ff\u4e00-\u9fff々ー]+")
_SPELT: Final = 6
_SHORTEST: Final = 5
_BV: Final = re.compile(r"\bb\. ?v\b\.?")
_INTL: Final = re.compile(r"\bint ?l\b\.?")
_APART: Final = re.compile(r"(?<=[\u3040-\u30ff\u4e00-\u9fffー])\s(?=[\u3040-\u30ff\u4e00-\u9fffー])")
_PARTS: Final = re.compile(r"[·•|;/]")
_ADDRESS: Final = re.compile(r",\s?(?:\d{1,5}|one) [a-z ]{2,40}|,[a-z .,]{2,40}\s\d{5}\b")


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

    def __init__(self, aliases: Iterable[Alias], vocabulary: Vocabulary, *, remember: bool = False) -> None:
        """``remember`` keeps what was read, for texts of the catalog that are asked again and again, never for typed ones."""
        self._read: dict[str, Issuer] | None = {} if remember else None
        self._vocabulary = vocabulary
        names: dict[str, set[str]] = {}
        places: set[str] = set()
        for alias in aliases:
            if alias.kind is AliasKind.ISSUING_BODY and alias.issuer:
                pieces = _PIECE.findall(_APART.sub("", fold(alias.text).text))
                names.setdefault(" ".join(pieces), set()).add(alias.issuer)
                if pieces and vocabulary.chambers.get(pieces[0]) == alias.issuer:
                    places.update(pieces[1:])
        self._places = frozenset(places)
        self.names: Mapping[str, frozenset[str]] = {text: frozenset(keys) for text, keys in names.items() if text}
        self._whole = {text.replace(" ", ""): keys for text, keys in self.names.items()}
        self._spellings = [spelling for spelling in self._whole if len(spelling) >= _SHORTEST]
        self._words = frozenset(piece for text in self.names for piece in text.split() if piece.isascii())
        self._words |= vocabulary.body_words
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

    def is_body(self, folded: Folded) -> bool:
        """Whether a text is a known name of a body and nothing else, letter by letter."""
        pieces = _PIECE.findall(_APART.sub("", folded.text))
        telling = [piece for piece in pieces if piece not in self._vocabulary.body_words]
        return "".join(pieces) in self._whole or "".join(telling) in self._whole

    def _reading(self, folded: Folded) -> Issuer:
        pieces = [
            self._spelt(self._vocabulary.body_variants.get(piece, piece))
            for piece in _PIECE.findall(_APART.sub("", _INTL.sub("international", _BV.sub("bv", folded.text))))
        ]
        if not pieces or self._vocabulary.no_bodies.issuperset(pieces):
            return Issuer(given=False)
        chamber = self._beside_an_employer(folded)
        if chamber is not None:
            return chamber
        whole = self._whole.get("".join(pieces))
        if whole is not None:
            return Issuer(True, (whole,))
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

    def _beside_an_employer(self, folded: Folded) -> Issuer | None:
        """The chamber that examined, where a company that trained stands beside it, set off by a mark."""
        parts = [part for part in _PARTS.split(folded.text) if part.strip()]
        if len(parts) != 2:
            return None
        for part, other in (parts, parts[::-1]):
            read = self.read(Folded(part, part, folded.oddities))
            is_chamber = any(keys & frozenset(self._vocabulary.chambers.values()) for keys in read.names)
            company = not self._vocabulary.employers.isdisjoint(_PIECE.findall(other))
            if (
                is_chamber
                and not read.unexplained
                and company
                and not self.read(Folded(other, other, folded.oddities)).names
            ):
                return read
        return None

    def _spelt(self, piece: str) -> str:
        """A piece as it stands, or the word of a known name that it is one wrong letter away from."""
        if piece in self._words or piece in self._vocabulary.places or piece in self._places or len(piece) < _SPELT:
            return piece
        word = self._speller.correct(piece)
        return word if word is not None and OSA.distance(piece, word, score_cutoff=1) <= 1 else piece

    def _judge(self, folded: Folded, found: list[frozenset[str]], rest: list[str]) -> Issuer:
        corrected = False
        if not found:
            nearest = self._nearest(folded)
            if nearest:
                found, rest, corrected = [nearest], [], True
        unexplained = tuple(word for word in rest if not self._explains(word, found))
        if _ADDRESS.search(folded.text):
            unexplained = tuple(
                word for word in unexplained if not word.isdigit() and word not in self._vocabulary.address
            )
        chambers = frozenset(self._vocabulary.chambers.values())
        if any(chambers & keys for keys in found) and not self._vocabulary.is_no_chamber(folded.text):
            unexplained = tuple(word for word in unexplained if not self._is_place(word))
        learning = self._vocabulary.is_school(" ".join(rest))
        return Issuer(True, tuple(found), unexplained, learning, corrected)

    def _is_place(self, word: str) -> bool:
        """Whether a word beside a chamber's name says where it is; a long one may have one wrong letter."""
        if word in self._places or word in self._vocabulary.beside_places:
            return True
        return len(word) >= 6 and any(OSA.distance(word, place, score_cutoff=1) <= 1 for place in self._places)

    def _han(self, run: str, found: list[frozenset[str]], rest: list[str]) -> None:
        """Divide a run of Han characters into known names and what is between them."""
        at, loose = 0, ""
        while at < len(run):
            for size in range(min(30, len(run) - at), 1, -1):
                piece = run[at : at + size]
                if piece in self.names or piece in self._vocabulary.body_words or piece in self._vocabulary.places:
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
        if len(compact) < _SHORTEST or len(compact) > 80:
            return None
        allowed = 1 if len(compact) < 12 else 2
        near: dict[int, set[frozenset[str]]] = {}
        for spelling, distance, _ in process.extract(
            compact, self._spellings, scorer=OSA.distance, score_cutoff=allowed, limit=None
        ):
            near.setdefault(int(distance), set()).add(self._whole[spelling])
        closest = near[min(near)] if near else set()
        return next(iter(closest)) if len(closest) == 1 else None

    def related(self, bodies: frozenset[str]) -> frozenset[str]:
        """The bodies that may stand beside any of these."""
        return frozenset[str]().union(*(self._vocabulary.related.get(body, frozenset()) for body in bodies))

    def from_country(self, word: str, said: frozenset[str]) -> bool:
        """Whether a Han word names the country that every one of these bodies is in."""
        if word.isascii() or word not in self._vocabulary.places or not said:
            return False
        return all(self._is_in(word, body) for body in said)

    def _is_in(self, place: str, body: str) -> bool:
        """Whether a place may be said of a body."""
        countries = self._vocabulary.places.get(place, frozenset())
        return bool(countries & self._vocabulary.countries.get(body, frozenset()))

    def names_country(self, word: str) -> bool:
        """Whether a Han word names a country, so that what it adds to a name depends on the issuer."""
        return not word.isascii() and word in self._vocabulary.places

    def _explains(self, word: str, found: list[frozenset[str]]) -> bool:
        """Whether a word beside a known name changes nothing about who it is."""
        if word in self._vocabulary.body_words:
            return True
        return any(self._is_in(word, body) for keys in found for body in keys)
