"""From text as somebody typed or scanned it to text that can be compared.

Work is bounded before anything else: the raw text is cut at ``RAW_LIMIT`` characters, white space is folded, and what is
still longer than ``TEXT_LIMIT`` is no certificate's name. Everything after that is linear in at most ``TEXT_LIMIT``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.matching.han import TO_SIMPLIFIED

RAW_LIMIT: Final = 4_000
TEXT_LIMIT: Final = 400

_MARKS: Final = str.maketrans(dict.fromkeys("®™℠©", ""))
_INVISIBLE: Final = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", ""))
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−﹘﹣－⁃─━﹣", "-") | dict.fromkeys("∕⁄／", "/"))
_QUOTES: Final = str.maketrans(dict.fromkeys("'’‘`´\"“”„«»‹›「」『』《》〈〉", " "))
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe"})
_OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKUP: Final = re.compile(
    r"<[^>]{0,200}>|\$\{|\{\{|\bjavascript:|&#?\w{2,8};|\.\./|[\"'`]\s*(?:;|--|or\b|and\b|\))|--\s*$"
    r"|;\s*--|\b(?:drop|alter|truncate)\s+table\b|\bunion\s+select\b|\binsert\s+into\b|\bdelete\s+from\b|/\*|\*/",
    re.IGNORECASE,
)
_AMPERSAND: Final = re.compile(r"&amp;|＆amp;", re.IGNORECASE)
_CAPITAL_I: Final = re.compile(r"\b(?=[A-Zl]*[A-Z])[A-Zl]*l[A-Zl]*\b")
_SCRIPTS: Final = (
    "LATIN",
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "IDEOGRAPHIC",
    "KANGXI",
    "FULLWIDTH",
    "HALFWIDTH",
    "MODIFIER",
)


class Oddity(StrEnum):
    """What no certificate's name contains; any of it keeps a match from being automatic."""

    TOO_LONG = "TOO_LONG"
    CONTROL = "CONTROL"
    BIDI = "BIDI"
    MARKUP = "MARKUP"
    PICTURE = "PICTURE"
    SCRIPT = "SCRIPT"


@dataclass(frozen=True, slots=True)
class Folded:
    """Text made comparable: ``plain`` keeps case and punctuation, ``text`` is folded whole, ``oddities`` what was wrong."""

    plain: str
    text: str
    oddities: frozenset[Oddity]


def fold(raw: str) -> Folded:
    """Fold a text for comparison and name what is odd about it; never raises, whatever the text holds."""
    oddities: set[Oddity] = set()
    if len(raw) > RAW_LIMIT:
        raw, oddities = raw[:RAW_LIMIT], {Oddity.TOO_LONG}
    plain = " ".join(unicodedata.normalize("NFKC", raw.translate(_MARKS).translate(_INVISIBLE)).split())
    if len(plain) > TEXT_LIMIT:
        plain = plain[:TEXT_LIMIT]
        oddities.add(Oddity.TOO_LONG)
    plain = _CAPITAL_I.sub(_with_capital_i, _AMPERSAND.sub("&", plain))
    if _MARKUP.search(plain):
        oddities.add(Oddity.MARKUP)
    oddities.update(_oddities(plain))
    plain = plain.translate(_DASHES).translate(_QUOTES)
    return Folded(plain, _lower(plain), frozenset(oddities))


def _with_capital_i(match: re.Match[str]) -> str:
    """A word in capitals in which a small l stands for a capital I, as scanners read it: lT, lTlL, Power Bl."""
    word = match.group()
    return word.replace("l", "I") if 2 <= len(word) <= 5 else word


def _lower(text: str) -> str:
    """Case, umlauts, accents and Han variants folded."""
    lowered = text.casefold().translate(_UMLAUTS).translate(TO_SIMPLIFIED)
    if lowered.isascii():
        return lowered
    kept = (char for char in unicodedata.normalize("NFKD", lowered) if not "\u0300" <= char <= "\u036f")
    return unicodedata.normalize("NFC", "".join(kept))


def _oddities(text: str) -> set[Oddity]:
    found: set[Oddity] = set()
    for char in set(text):
        if char.isascii():
            if not char.isprintable():
                found.add(Oddity.CONTROL)
        elif char in _OVERRIDES:
            found.add(Oddity.BIDI)
        else:
            found.update(_foreign(char))
    return found


def _foreign(char: str) -> set[Oddity]:
    """What a character beyond ASCII says: control and private characters, pictures, letters of scripts nobody asked for."""
    category = unicodedata.category(char)
    if category[0] == "C":
        return {Oddity.CONTROL}
    if category in {"So", "Sk"}:
        return {Oddity.PICTURE}
    if category[0] == "L" and not unicodedata.name(char, "").startswith(_SCRIPTS):
        return {Oddity.SCRIPT}
    return set()
