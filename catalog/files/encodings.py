"""In which encoding a text file was saved: decided by the heads that the reader expects, and refused where they leave it open."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable
from typing import Final

from catalog.faults import Fault, FaultCode
from domain.messages import tell

Expected = Callable[[str], str]
"""What a reader knows again in a text: the heads it recognises, joined; empty where it recognises none."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLDER: Final = ("gb18030", "big5", "cp932", "cp1252")
"""Encodings without a mark in which Chinese, Japanese and Western offices save; each decodes much that is not its own."""
_WESTERN: Final = frozenset("ÄÖÜäöüßÀÂÇÈÉÊËÎÏÔÙÛàâçèéêëîïôùûñÑáíóúÁÍÓÚåÅøØæÆ–—„“”‚‘’«»°§®™ ")
_NAMES: Final = ("UTF-8", "UTF-16", "GB 18030", "Big5", "Shift JIS", "Windows-1252")


def decoded(data: bytes, expected: Expected) -> str | Fault:
    """The text of a file: by its mark; as UTF-8 or UTF-16; or in the one older encoding that its heads or its letters prove.

    A head in Chinese, Japanese or with an umlaut proves the encoding in which it is recognised. Under heads in plain ASCII an
    encoding is believed that alone makes common characters of all the rest. What two encodings could have written is refused.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            marked = _strictly(data, encoding)
            return _refused() if marked is None else marked
    if b"\0" in data:
        wide = [text for each in ("utf-16-le", "utf-16-be") if (text := _strictly(data, each)) and expected(text)]
        return wide[0] if len(wide) == 1 else _refused()
    plain = _strictly(data, "utf-8")
    if plain is not None:
        return _refused() if _is_chance(plain, data) else plain
    found = {each: text for each in _OLDER if (text := _strictly(data, each)) is not None}
    heads = {each: expected(text) for each, text in found.items()}
    proved = [each for each, head in heads.items() if not head.isascii()]
    if proved:
        return found[max(proved, key=lambda each: len(heads[each]))]
    likely = [each for each, text in found.items() if heads[each] and _common(text, each)]
    return found[likely[0]] if len(likely) == 1 else _refused()


def _is_chance(plain: str, data: bytes) -> bool:
    """Whether text that happens to be well-formed UTF-8 is likelier GB 18030: nothing but letters of scripts that no certificate
    here is written in, each of two bytes, which read as common hanzi (``һ`` for ``一``).
    """
    beyond = {character for character in plain if not character.isascii()}
    if not beyond or any(character > "\u07ff" or _is_western(character) for character in beyond):
        return False
    older = _strictly(data, "gb18030")
    return older is not None and _common(older, "gb18030")


def _is_western(character: str) -> bool:
    return character in _WESTERN or unicodedata.name(character, "").startswith(("LATIN", "GREEK"))


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _common(text: str, encoding: str) -> bool:
    """Whether every character beyond ASCII is one that writers of this encoding commonly use."""
    return all(_is_common(character, encoding) for character in set(text) if not character.isascii())


def _is_common(character: str, encoding: str) -> bool:
    if encoding == "cp1252":
        return character in _WESTERN
    if encoding == "cp932":
        return "JIS" in _name_of_kana(character) or _lead(character, "cp932") <= 0x97
    if encoding == "big5":
        return _lead(character, "big5") <= 0xC6
    return _lead(character, "gb2312") <= 0xD7  # punctuation, and the hanzi of level 1 (GB 2312)


def _name_of_kana(character: str) -> str:
    name = unicodedata.name(character, "")
    return "JIS" if name.startswith(("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "FULLWIDTH")) else ""


def _lead(character: str, encoding: str) -> int:
    try:
        written = character.encode(encoding)
    except UnicodeEncodeError:
        return 0xFF
    return written[0] if len(written) == 2 else 0xFF


def _refused() -> Fault:
    message = tell("fault.encoding_unknown", names=_NAMES)
    return Fault(FaultCode.UNKNOWN_ENCODING, message)
