"""An entry's content as texts by the names that the API and files give its fields, for differences and lists."""

from __future__ import annotations

from datetime import date
from typing import Final, Protocol

from domain.catalog.levels import LEVEL_NAMES
from domain.values import TitleLevel

FIELDS: Final = {
    "qualificationName": "qualification_name",
    "translatedName": "translated_name",
    "issuingBody": "issuing_body",
    "awards": "awards",
    "field": "field",
    "label": "label",
    "country": "country",
    "series": "series",
    "tier": "tier",
    "conditions": "conditions",
    "validUntil": "valid_until",
    "remark": "remark",
}
"""The fields of an entry beside its number: the name that people read, and the attribute; in the order of the notice's columns,
then those that other notices have.
"""


class Award(Protocol):
    """One title, with what it is awarded for."""

    @property
    def grade(self) -> str | None:
        """The grade that leads to it, if any."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def level(self) -> TitleLevel:
        """Its level."""


def award_text(award: Award) -> str:
    """A title as people read it: ``1级：工程师（中级）``."""
    before = f"{award.grade}：" if award.grade is not None else ""
    return f"{before}{award.title}（{LEVEL_NAMES[award.level]}）"


def texts_of(entry: object | None) -> dict[str, str]:
    """An entry's fields as texts, those that say nothing left out; nothing for no entry."""
    return {} if entry is None else {name: text for name in FIELDS if (text := _text(getattr(entry, FIELDS[name])))}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "、".join(map(award_text, value))
    return value.isoformat() if isinstance(value, date) else str(value or "")
