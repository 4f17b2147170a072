"""Identity numbers as one value: however somebody types the number of a document, one person has one number of each kind.

``IdentityNumber.of`` is the only way from text to a number. It folds spellings (full-width signs, blanks, hyphens, small letters,
look-alikes of X), brings what is written in two forms to one (15 and 18 digits; with and without the count of renewals), and
refuses what no authority could have issued: a number that is mistyped makes a title that nobody finds.

Sources, by kind:

- ``RESIDENT_ID`` 居民身份证: GB 11643-1999, 公民身份号码: six digits of a division, the day of birth, three of a sequence, and a check
  character by ISO 7064:1983, MOD 11-2. GB 11643-1989: the same with two digits of the year and no check character.
- ``PASSPORT`` 护照: ICAO Doc 9303-3: up to nine letters and digits, where blanks and hyphens are fillers.
- ``HM_TRAVEL_PERMIT`` 港澳居民来往内地通行证: 公安部出入境管理局, 号码规则 (2010): H or M, eight digits for life, and until the form of 2012
  two for how often it was renewed; the first nine characters are the person's.
- ``TW_TRAVEL_PERMIT`` 台湾居民来往大陆通行证: eight digits for life; the booklets before the card of 2015 add two for the renewals and
  a letter for the place of issue.
- ``FOREIGN_RESIDENT_ID`` 外国人永久居留身份证: three letters of the nationality and twelve digits; since the form of 2023 (国家移民管理局,
  机读信息规则) eighteen characters as in a resident identity number, of which the first is 9. Nobody can compute one from
  the other, so they are two numbers.
- ``HMT_RESIDENCE_PERMIT`` 港澳台居民居住证: 国办发〔2018〕81号, article 6: as a resident identity number, under 810000, 820000 or 830000.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import mul
from typing import Final, Self

from domain.messages import Message, tell
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, clean

__all__ = ["IdentityKind", "IdentityNumber", "resident_check_character"]


class IdentityKind(StrEnum):
    """Kinds of identity document."""

    RESIDENT_ID = "RESIDENT_ID"
    PASSPORT = "PASSPORT"
    HM_TRAVEL_PERMIT = "HM_TRAVEL_PERMIT"
    TW_TRAVEL_PERMIT = "TW_TRAVEL_PERMIT"
    FOREIGN_RESIDENT_ID = "FOREIGN_RESIDENT_ID"
    HMT_RESIDENCE_PERMIT = "HMT_RESIDENCE_PERMIT"

    @property
    def called(self) -> Message:
        """What the document is called."""
        return tell(f"IdentityKind.{self.value}")

    @property
    def form(self) -> Message:
        """The form of its numbers."""
        return _FORMS[self]

    @classmethod
    def of(cls, text: str, field: str = "idType") -> Self:
        """The kind that somebody named. Raises ``Refused`` with the list of all."""
        try:
            return cls(text.strip())
        except ValueError:
            types = [each.value for each in cls]
            said = tell("input.not_id_type", field=field, types=types)
            raise Refused(RefusalCode.INVALID_INPUT, said, field) from None


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number as an authority could have issued it, in its one form. Made by ``of`` and by nothing else."""

    kind: IdentityKind
    number: str

    @classmethod
    def of(cls, id_type: str, text: str, *, today: date | None = None, field: str = "idNumber") -> Self:
        """The number that somebody typed, of a document of this kind.

        ``today`` is the day in Shanghai by which its bearer must have been born, where the caller knows the day. Raises
        ``Refused`` (INVALID_INPUT): ``idType`` for an unknown kind; ``field`` for a malformed number, saying what is wrong and
        never quoting it.
        """
        kind = IdentityKind.of(id_type)
        typed = _folded(clean(text, field, limit=CODE_LIMIT), kind)
        number, born = _READERS[kind](typed, field)
        if born is not None and today is not None and born > today:
            raise _malformed(field, tell("identity.born_later", field=field))
        return cls(kind, number)


def resident_check_character(first_seventeen: str) -> str:
    """The 18th character for 17 digits (GB 11643, ISO 7064 MOD 11-2). Raises ``ValueError`` for anything but 17 digits."""
    if not _SEVENTEEN.fullmatch(first_seventeen):
        raise ValueError("A resident identity number has 17 digits before its check character.")
    total = sum(map(mul, _WEIGHTS, map(int, first_seventeen)))
    return _CHECK[total % 11]


def _malformed(field: str, said: Message) -> Refused:
    return Refused(RefusalCode.INVALID_INPUT, said, field)


_FORMS: Final[Mapping[IdentityKind, Message]] = {
    IdentityKind.RESIDENT_ID: tell("identity_form.resident_id"),
    IdentityKind.PASSPORT: tell("identity_form.passport"),
    IdentityKind.HM_TRAVEL_PERMIT: tell("identity_form.hm_travel_permit"),
    IdentityKind.TW_TRAVEL_PERMIT: tell("identity_form.tw_travel_permit"),
    IdentityKind.FOREIGN_RESIDENT_ID: tell("identity_form.foreign_resident_id"),
    IdentityKind.HMT_RESIDENCE_PERMIT: tell("identity_form.hmt_residence_permit"),
}
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"
_CAPITALS: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_SEVENTEEN: Final = re.compile(r"[0-9]{17}")
_EIGHTEEN: Final = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN: Final = re.compile(r"[0-9]{15}")
_PROVINCES: Final = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71")
"""Where resident identity numbers are issued (GB/T 2260); below the province codes are abolished while their numbers stay valid."""
_PERMIT_AREAS: Final = ("810000", "820000", "830000")
_CENTENARIANS: Final = 996
"""From here on, the sequence of 15 digits meant somebody born before 1900 (GB 11643-1989)."""


def _folded(text: str, kind: IdentityKind) -> str:
    """Full-width to ASCII, capitals, no blanks, no hyphens; brackets around an issuer's letter and look-alikes of X likewise."""
    if text.isascii() and text.isalnum():
        return text.upper()
    folded = "".join(unicodedata.normalize("NFKC", text).split()).translate(_CAPITALS)
    folded = re.sub(r"[-‐-―−⁃]", "", folded)
    if kind is IdentityKind.TW_TRAVEL_PERMIT:
        folded = re.sub(r"\(([A-Z])\)$", r"\1", folded)
    elif kind is not IdentityKind.PASSPORT:
        folded = re.sub(r"[×ХхΧχ]$", "X", folded)
    return folded


def _resident(typed: str, field: str) -> tuple[str, date | None]:
    number = _upgraded(typed, field) if _FIFTEEN.fullmatch(typed) else typed
    _expect(_EIGHTEEN.fullmatch(number) is not None, IdentityKind.RESIDENT_ID, field)
    if number.startswith(_PERMIT_AREAS):
        raise _malformed(field, tell("identity.number_of_residence_permit", field=field))
    if number.startswith("9"):
        raise _malformed(field, tell("identity.number_of_foreigner", field=field))
    if not _PROVINCES.match(number):
        raise _malformed(field, tell("identity.no_province", field=field))
    return number, _checked(number, field)


def _upgraded(fifteen: str, field: str) -> str:
    """The 18 characters of an old number: the century, and the check character."""
    if int(fifteen[12:]) >= _CENTENARIANS:
        raise _malformed(field, tell("identity.century_untold", field=field))
    longer = f"{fifteen[:6]}19{fifteen[6:]}"
    return longer + resident_check_character(longer)


def _passport(typed: str, field: str) -> tuple[str, date | None]:
    form = re.fullmatch(r"[A-Z0-9]{5,9}", typed) is not None and any(sign.isdigit() for sign in typed)
    _expect(form, IdentityKind.PASSPORT, field)
    return typed, None


def _hm_permit(typed: str, field: str) -> tuple[str, date | None]:
    _expect(re.fullmatch(r"[HM][0-9]{8}(?:[0-9]{2})?", typed) is not None, IdentityKind.HM_TRAVEL_PERMIT, field)
    return typed[:9], None


def _tw_permit(typed: str, field: str) -> tuple[str, date | None]:
    _expect(re.fullmatch(r"[0-9]{8}(?:[0-9]{2}[A-Z]?)?", typed) is not None, IdentityKind.TW_TRAVEL_PERMIT, field)
    return typed[:8], None


def _foreign_resident(typed: str, field: str) -> tuple[str, date | None]:
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", typed):
        # Two digits of the year tell no century, and the 29 February of one of the two is enough.
        _day(f"20{typed[7:13]}", field)
        return typed, None
    _expect(_EIGHTEEN.fullmatch(typed) is not None and typed[0] == "9", IdentityKind.FOREIGN_RESIDENT_ID, field)
    return typed, _checked(typed, field)


def _residence_permit(typed: str, field: str) -> tuple[str, date | None]:
    form = _EIGHTEEN.fullmatch(typed) is not None and typed.startswith(_PERMIT_AREAS)
    _expect(form, IdentityKind.HMT_RESIDENCE_PERMIT, field)
    return typed, _checked(typed, field)


_READERS: Final[Mapping[IdentityKind, Callable[[str, str], tuple[str, date | None]]]] = {
    IdentityKind.RESIDENT_ID: _resident,
    IdentityKind.PASSPORT: _passport,
    IdentityKind.HM_TRAVEL_PERMIT: _hm_permit,
    IdentityKind.TW_TRAVEL_PERMIT: _tw_permit,
    IdentityKind.FOREIGN_RESIDENT_ID: _foreign_resident,
    IdentityKind.HMT_RESIDENCE_PERMIT: _residence_permit,
}
"""From folded text, and the field it stands in, to the number and, where it tells, the day of birth."""


def _expect(form: bool, kind: IdentityKind, field: str) -> None:
    if not form:
        raise _malformed(field, tell("identity.another_form", field=field, kind=kind, form=kind.form))


def _checked(number: str, field: str) -> date:
    """The day of birth in 18 characters whose check character is right."""
    born = _day(number[6:14], field)
    if resident_check_character(number[:17]) != number[17]:
        raise _malformed(field, tell("identity.check_character", field=field))
    return born


def _day(digits: str, field: str) -> date:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        born = date.min
    if born.year < 1800:
        raise _malformed(field, tell("identity.no_such_day", field=field))
    return born
