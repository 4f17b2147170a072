"""When two holders may be one person under two documents: the same name, and no day of birth that says otherwise.

A number tells the day of birth where it has 18 characters and the place of it: GB 11643 and the documents that follow it. Where
one of two documents tells none, as a passport, the name alone counts; so what is found is a question and no answer.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from domain.text import identifying_form
from domain.values import Person

_DATED: Final = frozenset({"RESIDENT_ID", "FOREIGN_RESIDENT_ID", "HMT_RESIDENCE_PERMIT"})
_NUMBER: Final = re.compile(r"[0-9]{6}(?P<day>[0-9]{8})[0-9]{3}[0-9X]")
_ANY, _UNTOLD = "any", "untold"


def birth_date(id_type: str, id_number: str) -> date | None:
    """The day of birth that a normalised identity number tells; None where it tells none."""
    match = _NUMBER.fullmatch(id_number) if id_type in _DATED else None
    try:
        return date.fromisoformat(match["day"]) if match else None
    except ValueError:
        return None


def forms_of(person: Person) -> tuple[tuple[str, str], ...]:
    """What somebody is found by: their name with their day of birth, or with the word that stands for any, or for none told.

    Empty after an erasure.
    """
    if person.name is None:
        return ()
    name, born = identifying_form(person.name), birth_date(person.id_type or "", person.id_number or "")
    return ((name, _UNTOLD),) if born is None else ((name, born.isoformat()), (name, _ANY))


def forms_sought(person: Person) -> tuple[tuple[str, str], ...]:
    """What others are found by who may be the same person. Empty after an erasure."""
    if person.name is None:
        return ()
    name, born = identifying_form(person.name), birth_date(person.id_type or "", person.id_number or "")
    return ((name, _ANY if born is None else born.isoformat()), (name, _UNTOLD))
