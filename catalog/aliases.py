"""The aliases that ship with the official catalog: other names of bodies and qualifications, each with its ground.

They are data beside the official text and never an edit of it; version 1 of the catalog takes them along, and an amendment
changes them like entries. ``aliases/issuing_bodies.csv`` names bodies, ``aliases/chambers.csv`` the German chambers with
their seats and districts, ``aliases/qualifications.csv`` what is listed or ambiguous, ``aliases/unlisted.csv`` the neighbours
that must never match; a name in both of the last two is a question for a reviewer. Columns:
``kind,text,issuer,numbers,ground``; numbers are separated by spaces.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from io import StringIO
from typing import Final

from catalog.faults import Fault, FaultCode, SourceRefused
from catalog.jurisdiction import Jurisdiction, load_jurisdiction
from domain.messages import Message, tell
from domain.values import Alias, AliasKind

_COLUMNS: Final = ["kind", "text", "issuer", "numbers", "ground"]


def load_aliases(where: Jurisdiction | None = None) -> tuple[Alias, ...]:
    """Every alias of a jurisdiction, by default the shipped one's, in the order of its files.

    Raises ``SourceRefused`` naming file and line of every fault.
    """
    return _aliases(where or load_jurisdiction())


@cache
def _aliases(where: Jurisdiction) -> tuple[Alias, ...]:
    return tuple(alias for name in where.catalog.aliases for alias in parse_aliases(where.text(name), name))


def parse_aliases(text: str, source: str) -> tuple[Alias, ...]:
    """Read aliases from CSV; raises ``SourceRefused`` with every fault at once."""
    faults: list[Fault] = []
    rows = csv.reader(StringIO(text))
    if next(rows, None) != _COLUMNS:
        raise SourceRefused(source, (_fault(1, tell("fault.first_line_of_data", columns=tuple(_COLUMNS))),))
    aliases: list[Alias] = []
    seen: set[tuple[str, ...]] = set()
    for line, row in enumerate(rows, start=2):
        wrong = list(_wrong(row, seen))
        faults.extend(_fault(line, message) for message in wrong)
        if not wrong:
            kind, name, issuer, numbers, ground = row
            listed = tuple(int(number) for number in numbers.split())
            aliases.append(Alias(kind=AliasKind(kind), text=name, issuer=issuer or None, numbers=listed, ground=ground))
    if faults:
        raise SourceRefused(source, tuple(faults))
    return tuple(aliases)


def _wrong(row: list[str], seen: set[tuple[str, ...]]) -> Iterator[Message]:
    """What is wrong with one row, each a sentence naming the way out."""
    if len(row) != len(_COLUMNS):
        yield tell("fault.row_miscounted_in_data", wanted=len(_COLUMNS), found=len(row))
        return
    kind, name, issuer, numbers, ground = row
    if kind not in set(AliasKind):
        yield tell("fault.kind_unknown", kind=kind, kinds=tuple(map(str, AliasKind)))
    if not name.strip() or not ground.strip():
        yield tell("fault.alias_incomplete")
    if not all(number.isascii() and number.isdigit() and int(number) for number in numbers.split()):
        yield tell("fault.numbers_malformed", numbers=numbers)
    if (kind == AliasKind.ISSUING_BODY) != bool(issuer) or (kind == AliasKind.ISSUING_BODY and numbers):
        yield tell("fault.alias_of_body_or_qualification")
    key = (kind, name.casefold(), issuer)
    if key in seen:
        yield tell("fault.alias_twice", name=name)
    seen.add(key)


def _fault(line: int, message: Message) -> Fault:
    return Fault(FaultCode.VALUE_UNKNOWN, message, row=line)
