"""Text as the registry accepts it: normalised once, at the border, so that events hold one spelling of one thing."""

from __future__ import annotations

import unicodedata
from typing import Final

from domain.messages import tell
from domain.refusals import RefusalCode, Refused

NAME_LIMIT: Final = 300
"""Longest accepted name of a person, qualification, body or file, in characters."""
PROSE_LIMIT: Final = 4000
"""Longest accepted reason or finding, in characters."""
CODE_LIMIT: Final = 100
"""Longest accepted code, number or key, in characters."""

_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(value: str, field: str, *, limit: int = NAME_LIMIT, required: bool = True) -> str:
    """Text in Unicode NFC with runs of white space folded to one blank and none at the ends.

    Raises ``Refused`` (INVALID_INPUT) for text that is too long, empty where it is required, or that holds control,
    invisible, private or unassigned characters, which no name needs and which make two texts look alike.
    """
    # Measured before, so that nobody has megabytes normalised, and after, since NFC makes some characters several.
    text = value if len(value) > limit else " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > limit:
        raise Refused(
            RefusalCode.INVALID_INPUT, tell("input.too_long", field=field, found=len(text), most=limit), field
        )
    for character in "" if text.isprintable() else text:  # printable is what has none of these categories
        if unicodedata.category(character) in _FORBIDDEN:
            raise Refused(
                RefusalCode.INVALID_INPUT,
                tell("input.forbidden_character", field=field, character=f"U+{ord(character):04X}"),
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


def identifying_form(value: str) -> str:
    """The form under which two spellings of a number or a body are the same: NFKC, casefolded, letters and digits only."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", value).casefold()))
