"""Identity numbers as people write them, brought to one form; and the check digit of the resident identity number.

Source: GB 11643-1999, 公民身份号码: 17 digits and a check character computed by ISO 7064:1983, MOD 11-2.
"""

from __future__ import annotations

import re
import string
import unicodedata
from datetime import date
from typing import Final

RESIDENT_ID: Final = "RESIDENT_ID"
"""The 18-character number of a Chinese resident identity card."""

_RESIDENT: Final = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"
_CAPITALS: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


def normalised_identity_number(id_type: str, text: str) -> str:
    """One spelling for each number: full-width to ASCII, capitals, and no blanks.

    In a resident identity number hyphens go too, and the multiplication sign or a Cyrillic or Greek X becomes X; in any other
    document a hyphen may be part of the number. Decides nothing: a malformed number comes back normalised and malformed.
    """
    folded = "".join(unicodedata.normalize("NFKC", text).split()).translate(_CAPITALS)
    if id_type == RESIDENT_ID:
        folded = re.sub(r"[-‐‑–—−]", "", folded)
        folded = re.sub(r"[×ХхΧχ]$", "X", folded)
    # Once more, since a capital, or a neighbour after a hyphen went, may have another composed form.
    return unicodedata.normalize("NFKC", folded)


def resident_check_character(first_seventeen: str) -> str:
    """The 18th character for 17 digits (GB 11643, ISO 7064 MOD 11-2). Raises ``ValueError`` for anything but 17 digits."""
    if not re.fullmatch(r"[0-9]{17}", first_seventeen):
        raise ValueError("A resident identity number has 17 digits before its check character.")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_seventeen, strict=True))
    return _CHECK[total % 11]


def is_resident_id(text: str) -> bool:
    """Whether a normalised number is a possible resident identity number: its form, day of birth and check character.

    The division code is not looked up, since codes are abolished while the numbers issued under them stay valid.
    """
    if not _RESIDENT.fullmatch(text) or text[0] == "0":
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return resident_check_character(text[:17]) == text[17]
