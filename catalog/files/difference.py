"""What differs between two lists of entries: entry by entry, and field by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.rows import LEVEL_NAMES
from domain.values import CatalogEntry, EntryChangeKind


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field's text on both sides; None where the entry isn't there. ``field`` bears the API's name."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class EntryDifference:
    """One entry that differs: ADDED (no ``before``), WITHDRAWN (no ``after``) or REVISED, with the fields that differ."""

    kind: EntryChangeKind
    number: int
    fields: tuple[FieldDifference, ...]
    before: CatalogEntry | None
    after: CatalogEntry | None


def diff_entries(a: Iterable[CatalogEntry], b: Iterable[CatalogEntry]) -> tuple[EntryDifference, ...]:
    """How ``b`` differs from ``a``, by number and in its order; nothing where they hold the same entries.

    Raises ``ValueError`` where one side bears a number twice.
    """
    before, after = _by_number(a), _by_number(b)
    return tuple(
        difference
        for number in sorted(before.keys() | after.keys())
        if (difference := _difference(number, before.get(number), after.get(number))) is not None
    )


def _difference(number: int, before: CatalogEntry | None, after: CatalogEntry | None) -> EntryDifference | None:
    if before == after:
        return None
    if before is None:
        kind = EntryChangeKind.ADDED
    else:
        kind = EntryChangeKind.WITHDRAWN if after is None else EntryChangeKind.REVISED
    left, right = _texts(before), _texts(after)
    fields = tuple(
        FieldDifference(name, left.get(name), right.get(name))
        for name in (left or right)
        if left.get(name) != right.get(name)
    )
    return EntryDifference(kind, number, fields, before, after)


def _texts(entry: CatalogEntry | None) -> dict[str, str]:
    if entry is None:
        return {}
    return {
        "qualificationName": entry.qualification_name,
        "translatedName": entry.translated_name,
        "issuingBody": entry.issuing_body,
        "field": entry.field,
        "awards": "、".join(
            f"{f'{award.grade}：' if award.grade is not None else ''}{award.title}（{LEVEL_NAMES[award.level]}）"
            for award in entry.awards
        ),
    }


def _by_number(entries: Iterable[CatalogEntry]) -> dict[int, CatalogEntry]:
    found: dict[int, CatalogEntry] = {}
    for entry in entries:
        if entry.number in found:
            raise ValueError(f"The number {entry.number} stands twice on one side; give each entry its own.")
        found[entry.number] = entry
    return found
