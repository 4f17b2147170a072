"""Changes of entries against the version they change: which numbers they name, which they leave and which they take.

A number stays its entry's for ever, unless an amendment takes it away: an entry that is RENUMBERED keeps its history under
the number it had and takes one that is free in the resulting version. What an amendment that renumbers leaves free, or withdraws,
may be another entry's from then on; a version and a number together always name one content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from domain.catalog.amendment import AliasChange, AmendmentTerms, EntryChange, alias_key, faults_of
from domain.catalog.timeline import CatalogTimeline
from domain.messages import Message, tell
from domain.refusals import RefusalCode, Refused
from domain.values import Alias, AliasChangeKind, AliasKind, CatalogEntry, EntryChangeKind

RENUMBERED_GROUND: Final = "the entries that it named bear other numbers in this version"


def changes_against(timeline: CatalogTimeline, changes: Sequence[EntryChange]) -> Iterator[Refused]:
    """Everything that stands against these changes of the latest version."""
    moved = {change.number for change in changes if change.kind is EntryChangeKind.RENUMBERED}
    gone = {change.number for change in changes if change.kind is EntryChangeKind.WITHDRAWN}
    left = {number for number in moved | gone if timeline.entry_at(timeline.latest.number, number) is not None}
    named, taken = set[int](), set[int]()
    for change in changes:
        number, taking = change.number, change.resulting_number
        added = change.kind is EntryChangeKind.ADDED
        again = None if added or number not in named else number
        twice = taking if again is None and taking in taken else again
        if twice is not None:
            yield Refused(
                RefusalCode.DUPLICATE_CHANGE,
                tell("entry.changed_twice", number=twice),
                "changes",
            )
        named |= set() if added else {number}
        taken |= set() if taking is None else {taking}
        yield from _against(change, timeline, moved, left)


def _against(
    change: EntryChange, timeline: CatalogTimeline, moved: Collection[int], left: Collection[int]
) -> Iterator[Refused]:
    number, ever = change.number, timeline.ever_numbered
    latest = timeline.latest.number
    current = timeline.entry_at(latest, number)
    if change.kind is EntryChangeKind.ADDED:
        if number in ever and not (moved and (number in left or current is None)):
            yield Refused(
                RefusalCode.ENTRY_EXISTS,
                tell("entry.number_used", number=number, next=max(ever) + 1),
                "changes",
            )
        current = None
    elif current is None:
        code = RefusalCode.ENTRY_WITHDRAWN if number in ever else RefusalCode.UNKNOWN_ENTRY
        yield Refused(code, tell("entry.not_there", version=latest, number=number), "changes")
    elif change.kind is EntryChangeKind.RENUMBERED and change.new_number is not None:
        target = change.new_number
        if target not in left and timeline.entry_at(latest, target) is not None:
            yield Refused(
                RefusalCode.ENTRY_EXISTS,
                tell("entry.number_kept", number=number, target=target),
                "changes",
            )
    for fault in _faults_of_change(change, current):
        yield Refused(RefusalCode.CHANGE_INVALID, fault, "changes")


def _faults_of_change(change: EntryChange, current: CatalogEntry | None) -> Iterator[Message]:
    """What is wrong with a change in itself."""
    entry, number = change.entry, change.number
    renumbered = change.kind is EntryChangeKind.RENUMBERED
    if renumbered and change.new_number in {None, number}:
        yield tell("entry.new_number_missing", number=number)
    if not renumbered and change.new_number is not None:
        yield tell("entry.new_number_unasked", number=number)
    if change.kind is EntryChangeKind.WITHDRAWN:
        if entry is not None:
            yield tell("entry.withdrawn_with_content", number=number)
    elif entry is None:
        yield tell("entry.without_content", number=number)
    else:
        if entry.number != (change.resulting_number or number):
            yield tell("entry.other_number", number=change.resulting_number or number, found=entry.number)
        if entry == current:
            yield tell("entry.unchanged", number=number)
        yield from faults_of(entry)


def with_content(terms: AmendmentTerms, entries: Mapping[int, CatalogEntry]) -> AmendmentTerms:
    """The terms with the content that a renumbered entry keeps, where they do not give it anew."""
    changes = tuple(_filled(change, entries.get(change.number)) for change in terms.changes)
    return terms if changes == terms.changes else terms.model_copy(update={"changes": changes})


def _filled(change: EntryChange, current: CatalogEntry | None) -> EntryChange:
    kept = change.kind is EntryChangeKind.RENUMBERED and change.entry is None and change.new_number is not None
    if not kept or current is None:
        return change
    return change.model_copy(update={"entry": current.model_copy(update={"number": change.new_number})})


def with_moved_aliases(terms: AmendmentTerms, entries: Collection[int], aliases: Sequence[Alias]) -> AmendmentTerms:
    """The terms with what renumbering does to ``aliases``: each follows its entries, and none comes to mean an entry that takes
    over a number. ``entries`` are the numbers of the version that is amended.
    """
    moves = {c.number: c.new_number for c in terms.changes if c.kind is EntryChangeKind.RENUMBERED and c.new_number}
    coming = {EntryChangeKind.ADDED, EntryChangeKind.RENUMBERED}
    foreign = {change.resulting_number for change in terms.changes if change.kind in coming}
    if not moves and foreign.isdisjoint(entries):
        return terms
    moved = {
        alias_key(alias): alias.model_copy(update={"numbers": numbers})
        for alias in aliases
        for numbers in [tuple(sorted({moves.get(n, n) for n in alias.numbers if n in moves or n not in foreign}))]
        if numbers != tuple(sorted(alias.numbers))
    }
    said = {(change.effect, alias_key(change.alias)) for change in terms.alias_changes}
    there = {key for alias in aliases if (key := alias_key(alias)) not in moved}
    there |= {key for effect, key in said if effect is AliasChangeKind.ADDED}
    more: list[AliasChange] = []
    for alias in aliases:
        key = alias_key(alias)
        if key not in moved or (AliasChangeKind.WITHDRAWN, key) in said:
            continue
        why = alias.model_copy(update={"ground": RENUMBERED_GROUND})
        more.append(AliasChange(kind=EntryChangeKind.WITHDRAWN, alias=why))
        stays = bool(moved[key].numbers) or alias.kind is AliasKind.QUALIFICATION
        if stays and alias_key(moved[key]) not in there:
            there.add(alias_key(moved[key]))
            more.append(AliasChange(kind=EntryChangeKind.ADDED, alias=moved[key]))
    return terms.model_copy(update={"alias_changes": (*terms.alias_changes, *more)}) if more else terms
