"""What differs between two lists of entries: entry by entry, and field by field.

An entry is known again by its number, and in a new edition under another number by its qualification and body.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalog.text import fold
from domain.catalog.texts import FIELDS, texts_of
from domain.values import CatalogEntry, EntryChangeKind


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field's text on both sides; None where the entry isn't there. ``field`` bears the API's name."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class EntryDifference:
    """One entry that differs: ADDED (no ``before``), WITHDRAWN (no ``after``), REVISED or RENUMBERED, with the fields that differ.

    ``number`` is the one it had, or for an addition has; ``new_number`` the other one where it was renumbered.
    """

    kind: EntryChangeKind
    number: int
    fields: tuple[FieldDifference, ...]
    before: CatalogEntry | None
    after: CatalogEntry | None
    new_number: int | None = None


def diff_entries(
    a: Iterable[CatalogEntry], b: Iterable[CatalogEntry], *, whole: bool = True
) -> tuple[EntryDifference, ...]:
    """How ``b`` differs from ``a``, in the order of numbers; nothing where they hold the same entries.

    Where a number bears another qualification than before, the one it bore is looked for under other numbers: it was RENUMBERED
    where it is found, and else WITHDRAWN. One that shares its name, or in a list that renumbers nothing its body, was REVISED.
    Unless both lists are ``whole``, an entry is known by its number alone. Raises ``ValueError`` where one side bears a number
    twice.
    """
    before, after = _by_number(a), _by_number(b)
    moves = _moves(before, after) if whole else None
    return tuple(
        sorted(_differences(before, after, moves), key=lambda each: (each.number, each.kind is EntryChangeKind.ADDED))
    )


def _differences(
    before: Mapping[int, CatalogEntry], after: Mapping[int, CatalogEntry], found: Mapping[int, int] | None
) -> Iterator[EntryDifference]:
    moves = found or {}
    arrived = set(moves.values())
    for number in before.keys() | after.keys():
        left = None if number in moves else before.get(number)
        right = None if number in arrived else after.get(number)
        replaced = found is not None and left is not None and right is not None
        if replaced and left is not None and right is not None and not _related(left, right, renumbered=bool(moves)):
            yield _difference(EntryChangeKind.WITHDRAWN, number, left, None)
            yield _difference(EntryChangeKind.ADDED, number, None, right)
        elif left is None and right is not None:
            yield _difference(EntryChangeKind.ADDED, number, None, right)
        elif left is not None and right is None:
            yield _difference(EntryChangeKind.WITHDRAWN, number, left, None)
        elif left != right:
            yield _difference(EntryChangeKind.REVISED, number, left, right)
    for number, new in moves.items():
        yield _difference(EntryChangeKind.RENUMBERED, number, before[number], after[new])


def _difference(
    kind: EntryChangeKind, number: int, before: CatalogEntry | None, after: CatalogEntry | None
) -> EntryDifference:
    left, right = texts_of(before), texts_of(after)
    moved = kind is EntryChangeKind.RENUMBERED and after is not None
    new = after.number if moved and after is not None else None
    numbers = (FieldDifference("number", str(number), str(new)),) if moved else ()
    fields = tuple(
        FieldDifference(name, left.get(name), right.get(name)) for name in FIELDS if left.get(name) != right.get(name)
    )
    return EntryDifference(kind, number, (*numbers, *fields), before, after, new)


def _moves(before: Mapping[int, CatalogEntry], after: Mapping[int, CatalogEntry]) -> dict[int, int]:
    """The entries that stand under another number now: the old numbers and the new ones."""
    leaving = {n: entry for n, entry in before.items() if n not in after or _identity(entry) != _identity(after[n])}
    coming = {n: entry for n, entry in after.items() if n not in before or _identity(entry) != _identity(before[n])}
    moves: dict[int, int] = {}
    for key in (_content, _identity):
        pairs = _paired(leaving, coming, key)
        moves |= pairs
        leaving = {n: entry for n, entry in leaving.items() if n not in pairs}
        coming = {n: entry for n, entry in coming.items() if n not in pairs.values()}
    return moves


def _paired(
    left: Mapping[int, CatalogEntry], right: Mapping[int, CatalogEntry], key: Callable[[CatalogEntry], Hashable]
) -> dict[int, int]:
    """Numbers of entries that have a key in common which no other has on its side."""
    found: defaultdict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, entries in enumerate((left, right)):
        for number, entry in entries.items():
            found[key(entry)][side].append(number)
    return {a[0]: b[0] for a, b in found.values() if len(a) == len(b) == 1}


def _content(entry: CatalogEntry) -> Hashable:
    return entry.model_copy(update={"number": 0, "label": None})


def _identity(entry: CatalogEntry) -> Hashable:
    return fold(entry.qualification_name).casefold(), fold(entry.issuing_body).casefold()


def _related(left: CatalogEntry, right: CatalogEntry, *, renumbered: bool) -> bool:
    """Whether two contents of one number are the same qualification, as far as can be told: one name is the same, or the body is
    in a list that renumbers nothing.
    """
    names = left.qualification_name == right.qualification_name or left.translated_name == right.translated_name
    return names or (not renumbered and left.issuing_body == right.issuing_body)


def _by_number(entries: Iterable[CatalogEntry]) -> dict[int, CatalogEntry]:
    found: dict[int, CatalogEntry] = {}
    for entry in entries:
        if entry.number in found:
            raise ValueError(f"The number {entry.number} stands twice on one side; give each entry its own.")
        found[entry.number] = entry
    return found
