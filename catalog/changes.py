"""From a difference between two lists of entries to what an amendment proposes (article 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from catalog.files.difference import EntryDifference
from domain.catalog.amendment import EntryChange
from domain.values import CatalogEntry, EntryChangeKind


def with_numbers_kept(entries: Sequence[CatalogEntry], current: Mapping[int, CatalogEntry]) -> tuple[CatalogEntry, ...]:
    """The entries of a list that has labels in the place of numbers, under the numbers that the registry has for them.

    An entry that is there under the same qualification and body keeps its number, whatever its label; of several, the one with
    its label. Further ones are numbered behind all that are there. A list with an entry without a label stays as it is.
    """
    if not all(entry.label for entry in entries):
        return tuple(entries)
    known: dict[tuple[str, str], list[CatalogEntry]] = {}
    for each in current.values():
        known.setdefault(_identity(each), []).append(each)
    following = count(max(current, default=0) + 1)
    numbered = []
    for entry in entries:
        candidates = known.get(_identity(entry), [])
        found = next((each for each in candidates if each.label == entry.label), None)
        found = found or (candidates[0] if len(candidates) == 1 else None)
        if found is not None:
            candidates.remove(found)
        numbered.append(entry.model_copy(update={"number": found.number if found else next(following)}))
    return tuple(numbered)


def _identity(entry: CatalogEntry) -> tuple[str, str]:
    return entry.qualification_name.casefold(), entry.issuing_body.casefold()


def proposed_changes(
    differences: Iterable[EntryDifference], *, reason: str | None = None, whole: bool = True
) -> tuple[EntryChange, ...]:
    """The changes that lead from the one list to the other, in the order of their numbers.

    ``whole`` says that the new list is the whole catalog, so that what it lacks is withdrawn; a list of new and revised
    entries only is not, and withdraws nothing. ``reason`` is given to every change.
    """
    return tuple(
        EntryChange(
            kind=difference.kind,
            number=difference.number,
            entry=difference.after,
            reason=reason,
            new_number=difference.new_number,
        )
        for difference in differences
        if whole or difference.kind is not EntryChangeKind.WITHDRAWN
    )
