"""What a catalog version and an amendment are, as values, and the pure rules over them: which version is in force, what
changes make of entries and aliases, and what stands against an entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from domain.base import Immutable
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Alias, CatalogEntry, EntryChangeKind, Notice


class EntryChange(Immutable):
    """What an amendment does to one entry; ``entry`` is the new content, None for a withdrawal."""

    kind: EntryChangeKind
    number: int
    entry: CatalogEntry | None = None
    reason: str | None = None


class AliasChange(Immutable):
    """What an amendment does to one alias: ADDED or WITHDRAWN."""

    kind: EntryChangeKind
    alias: Alias


class AmendmentTerms(Immutable):
    """What an administrator proposes: the notice behind it, when it takes effect, and every change."""

    base_version: int
    notice: Notice
    effective_from: date
    erratum: bool = False
    rematch_pending: bool = False
    changes: tuple[EntryChange, ...] = ()
    alias_changes: tuple[AliasChange, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """One version as its event left it; ``changes`` are relative to the version before.

    ``amendment_id`` names the amendment that made it, None for the first; ``rematch_pending`` says that pending cases are
    matched anew under it once it is in force.
    """

    number: int
    notice: Notice
    effective_from: date
    issued_at: datetime
    erratum: bool
    changes: tuple[EntryChange, ...]
    alias_changes: tuple[AliasChange, ...]
    rematch_pending: bool = False
    amendment_id: UUID | None = None


@dataclass(slots=True)
class Amendment:
    """An amendment on its way: PROPOSED, then ISSUED or DISCARDED."""

    id: UUID
    terms: AmendmentTerms
    proposed_by: Actor
    status: str = "PROPOSED"


class Dated(Protocol):
    """What tells whether a version is in force."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def effective_from(self) -> date:
        """The day it takes effect."""

    @property
    def issued_at(self) -> datetime:
        """The instant it became known."""


def version_in_force(versions: Sequence[Dated], on: date, known_at: datetime | None = None) -> int | None:
    """The version in force on a day, as known at an instant (now, where None): of those issued by then and effective by
    that day, the one with the highest number. None before the first takes effect.
    """
    return max(
        (v.number for v in versions if v.effective_from <= on and (known_at is None or v.issued_at <= known_at)),
        default=None,
    )


def entries_after(entries: Mapping[int, CatalogEntry], changes: Sequence[EntryChange]) -> dict[int, CatalogEntry]:
    """The entries by number, after one version's changes."""
    result = dict(entries)
    apply_changes(result, changes)
    return result


def apply_changes(entries: dict[int, CatalogEntry], changes: Sequence[EntryChange]) -> None:
    """Change the entries by number in place, as one version does."""
    for change in changes:
        if change.entry is None:
            entries.pop(change.number, None)
        else:
            entries[change.number] = change.entry


def aliases_after(aliases: Sequence[Alias], changes: Sequence[AliasChange]) -> tuple[Alias, ...]:
    """The aliases after one version's changes."""
    withdrawn = {change.alias for change in changes if change.kind is EntryChangeKind.WITHDRAWN}
    added = tuple(change.alias for change in changes if change.kind is not EntryChangeKind.WITHDRAWN)
    return tuple(alias for alias in aliases if alias not in withdrawn) + added


def faults_of(entry: CatalogEntry) -> Iterator[str]:
    """What keeps an entry from leading to one title for each grade; each reads on from ``Entry n``."""
    grades = [award.grade for award in entry.awards]
    if not grades:
        yield "awards no title; name at least one"
    elif len(grades) > 1 and None in grades:
        yield "awards several titles, one of them without a grade; give each title its grade"
    elif len(set(grades)) < len(grades):
        yield "awards two titles for one grade; keep one of them"


def refusals_of_entries(entries: Sequence[CatalogEntry]) -> Iterator[Refused]:
    """Everything that stands against publishing these entries as a catalog's first version."""
    if not entries:
        yield Refused(RefusalCode.NO_CHANGES, "The catalog has no entries; give it at least one.", "entries")
    seen: set[int] = set()
    for entry in entries:
        if entry.number in seen:
            yield Refused(
                RefusalCode.ENTRY_EXISTS, f"Entry {entry.number} stands twice; number each entry once.", "entries"
            )
        seen.add(entry.number)
        for fault in faults_of(entry):
            yield Refused(RefusalCode.CHANGE_INVALID, f"Entry {entry.number} {fault}.", "entries")
