"""Text as the registry accepts it: normalised once, at the border, so that events hold one spelling of one thing."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from domain.messages import Message, tell
from domain.refusals import RefusalCode, Refused

NAME_LIMIT: Final = 300
"""Longest accepted name of a person, qualification, body or file, in characters."""
PROSE_LIMIT: Final = 4000
"""Longest accepted reason or finding, in characters."""
CODE_LIMIT: Final = 100
"""Longest accepted code, number or key, in characters."""

_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_IDEOGRAPHS: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fffd\U00030000-\U0003fffd]")
"""The blocks of CJK ideographs, and the planes that Unicode keeps for more of them (2 and 3), whatever edition the interpreter has."""
_INVISIBLE: Final = re.compile("[\u034f\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks that choose a glyph and tell no two texts apart (Default_Ignorable_Code_Point among the marks)."""


def clean(value: str, field: str, *, limit: int = NAME_LIMIT, required: bool = True) -> str:
    """Text in Unicode NFC with runs of white space folded to one blank and none at the ends.

    Raises ``Refused`` (INVALID_INPUT) for text that is too long, empty where it is required, or that holds control,
    invisible, private or unassigned characters, which no name needs and which make two texts look alike. Ideographs are
    accepted though the interpreter's edition of Unicode may not know them yet; for a private-use character of GBK the
    sentence names its successor, where there is one.
    """
    if value.isascii() and value.isalnum() and len(value) <= limit:
        return value  # nothing to normalise, to fold or to forbid
    # Measured before, so that nobody has megabytes normalised, and after, since NFC makes some characters several.
    text = value if len(value) > limit else " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > limit:
        raise Refused(
            RefusalCode.INVALID_INPUT, tell("input.too_long", field=field, found=len(text), most=limit), field
        )
    for character in "" if text.isprintable() else text:  # printable is what has none of these categories
        if unicodedata.category(character) in _FORBIDDEN and not is_ideograph(character):
            raise Refused(
                RefusalCode.INVALID_INPUT,
                _forbidden(field, character),
                field,
            )
    if required and not text:
        raise Refused(RefusalCode.INVALID_INPUT, tell("input.empty", field=field), field)
    return text


def subject_form(subject: str, *, tells_case: bool = False) -> str:
    """The one form in which subjects are recorded and compared: NFC, without blanks at the ends, in lower case.

    ``Officer.X`` and ``officer.x`` are one person, so neither is the second officer for the other; unless the identity
    provider tells them apart (``tells_case``).
    """
    form = unicodedata.normalize("NFC", subject).strip()
    return form if tells_case else unicodedata.normalize("NFC", form.casefold())


def clean_optional(value: str | None, field: str, *, limit: int = NAME_LIMIT) -> str | None:
    """As ``clean``, where nothing and blank both read as None."""
    return None if value is None else clean(value, field, limit=limit, required=False) or None


def clean_code(value: str, field: str) -> str:
    """A code of the registry's own, as of an authority: as ``clean``, and full-width letters and digits become plain ones (NFKC)."""
    text = value if len(value) > CODE_LIMIT else unicodedata.normalize("NFKC", value)
    return clean(text, field, limit=CODE_LIMIT)


def is_ideograph(character: str) -> bool:
    """Whether a character is a CJK ideograph, or stands where Unicode puts further ones."""
    return _IDEOGRAPHS.fullmatch(character) is not None


def identifying_form(value: str) -> str:
    """The form under which two spellings of a name, of a person or a body, are the same.

    NFKC, casefolded; letters, digits and combining marks tell names apart, what stands between them does not: blanks, hyphens,
    middle dots of whichever kind. Empty where there is nothing to tell a name by.
    """
    # Once more, since a mark may have come to stand beside another letter.
    return unicodedata.normalize("NFKC", "".join(character for character in _compared(value) if _tells(character)))


def number_form(value: str) -> str:
    """The form under which two spellings of a certificate's number are the same; numbers that differ stay different.

    As ``identifying_form``, but a run of separators between two digits or two letters becomes one hyphen: 2023-1-12 is not
    2023-11-2. Between a letter and a digit it says nothing: AB-12 is AB12.
    """
    form, apart = "", False
    for character in _compared(value):
        if not _tells(character):
            apart = True
            continue
        if apart and form and form[-1].isdigit() == character.isdigit():
            form += "-"
        form, apart = form + character, False
    return unicodedata.normalize("NFKC", form)


def _compared(value: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return _INVISIBLE.sub("", folded)


def _tells(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M" or is_ideograph(character)


def _forbidden(field: str, character: str) -> Message:
    successor, code = _successor(character), _code_point(character)
    if successor is None:
        return tell("input.forbidden_character", field=field, character=code)
    return tell(
        "input.superseded_character",
        field=field,
        character=code,
        successor=successor,
        successor_code=_code_point(successor),
    )


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


_GBK_PRIVATE: Final = range(0xE815, 0xE865)
"""Where GBK put the eighty ideographs and components, FE50 to FEA0, that Unicode had not encoded by then."""
_GB_18030_2022: Final = {
    0xE7C7: "\u1e3f",
    0xE816: "\U00020087",
    0xE817: "\U00020089",
    0xE818: "\U000200cc",
    0xE81E: "\u9fb4",
    0xE826: "\u9fb5",
    0xE82B: "\u9fb6",
    0xE82C: "\u9fb7",
    0xE831: "\U000215d7",
    0xE832: "\u9fb8",
    0xE83B: "\U0002298f",
    0xE843: "\u9fb9",
    0xE854: "\u9fba",
    0xE855: "\U000241fe",
    0xE864: "\u9fbb",
}
"""What GB 18030-2005 and -2022 moved out of private use, and codecs may still leave there."""


def _successor(character: str) -> str | None:
    """The character that Unicode has in place of a private-use one of GBK; None where none is known."""
    code = ord(character)
    if code in _GB_18030_2022 or code not in _GBK_PRIVATE:
        return _GB_18030_2022.get(code)
    place = code - _GBK_PRIVATE.start
    # No second byte of the encoding is 7F.
    return bytes((0xFE, 0x50 + place + (place >= 0x2F))).decode("gb18030")
