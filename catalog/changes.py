"""From a difference between two lists of entries to what an amendment proposes (article 5)."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.files.difference import EntryDifference
from domain.catalog.amendment import EntryChange
from domain.values import EntryChangeKind


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
