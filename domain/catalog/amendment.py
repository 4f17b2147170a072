"""What an amendment changes, as values, what the changes make of entries and aliases, and what stands against them (article 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from domain.base import Immutable
from domain.catalog.levels import UNSTATED, beyond, level_of_title
from domain.matching.vocabulary import fault_of
from domain.messages import Message, tell
from domain.refusals import RefusalCode, Refused
from domain.values import (
    Alias,
    AliasChangeKind,
    AliasKind,
    CatalogEntry,
    EntryChangeKind,
    Notice,
    TitleLevel,
    Word,
    WordKind,
)

AliasKey = tuple[AliasKind, str, str | None, frozenset[int]]
"""What tells one alias from another: two that say the same of the same text are one, whatever their grounds."""

WordKey = tuple[WordKind, str, str, str]
"""What tells one word from another: kind, text, meaning and scope; its ground does not."""


class EntryChange(Immutable):
    """What an amendment does to one entry; ``entry`` is the new content, None for a withdrawal.

    An entry that is renumbered leaves ``number`` for ``new_number``, under which its content stands, changed or not.
    """

    kind: EntryChangeKind
    number: int
    entry: CatalogEntry | None = None
    reason: str | None = None
    new_number: int | None = None

    @property
    def resulting_number(self) -> int | None:
        """The number that bears the content afterwards; None for a withdrawal."""
        if self.kind is EntryChangeKind.WITHDRAWN:
            return None
        return self.new_number if self.kind is EntryChangeKind.RENUMBERED else self.number

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers that it touches."""
        if self.new_number is None or self.new_number == self.number:
            return (self.number,)
        return self.number, self.new_number


class AliasChange(Immutable):
    """What an amendment does to one alias: ADDED or WITHDRAWN. The alias's ground says why: that of an addition why the
    alias holds, that of a withdrawal why it no longer does.
    """

    kind: EntryChangeKind
    alias: Alias

    @property
    def effect(self) -> AliasChangeKind:
        """What it does."""
        withdrawn = self.kind is EntryChangeKind.WITHDRAWN
        return AliasChangeKind.WITHDRAWN if withdrawn else AliasChangeKind.ADDED


class WordChange(Immutable):
    """What an amendment does to one word of the vocabulary: ADDED or WITHDRAWN. Its ground says why it holds, or no longer."""

    effect: AliasChangeKind
    word: Word


class AmendmentTerms(Immutable):
    """What an administrator proposes: the notice behind it, when it takes effect, and every change.

    ``ends_on`` ends the catalog after that day; where it says nothing, an end stated before holds.
    """

    base_version: int
    notice: Notice
    effective_from: date
    erratum: bool = False
    rematch_pending: bool = False
    changes: tuple[EntryChange, ...] = ()
    alias_changes: tuple[AliasChange, ...] = ()
    word_changes: tuple[WordChange, ...] = ()
    ends_on: date | None = None


def entries_after(entries: Mapping[int, CatalogEntry], changes: Sequence[EntryChange]) -> dict[int, CatalogEntry]:
    """The entries by number, after one version's changes."""
    result = dict(entries)
    apply_changes(result, changes)
    return result


def apply_changes(entries: dict[int, CatalogEntry], changes: Sequence[EntryChange]) -> None:
    """Change the entries by number in place, as one version does: first what leaves its number goes, so that another may come."""
    for change in changes:
        if change.kind is EntryChangeKind.RENUMBERED or change.entry is None:
            entries.pop(change.number, None)
    for change in changes:
        if change.entry is not None:
            entries[change.resulting_number or change.number] = change.entry


def alias_key(alias: Alias) -> AliasKey:
    """What tells an alias from another; its ground does not."""
    return alias.kind, alias.text.casefold(), alias.issuer, frozenset(alias.numbers)


def aliases_after(aliases: Sequence[Alias], changes: Sequence[AliasChange]) -> tuple[Alias, ...]:
    """The aliases after one version's changes: first what is withdrawn goes, then what is added comes, at the end."""
    withdrawn = {alias_key(change.alias) for change in changes if change.effect is AliasChangeKind.WITHDRAWN}
    added = tuple(change.alias for change in changes if change.effect is AliasChangeKind.ADDED)
    kept = (alias for alias in aliases if alias_key(alias) not in withdrawn) if withdrawn else aliases
    return (*kept, *added)


def word_key(word: Word) -> WordKey:
    """What tells a word from another; its ground does not."""
    return word.kind, word.text, word.meaning, word.scope


def vocabulary_after(words: Sequence[Word], changes: Sequence[WordChange]) -> tuple[Word, ...]:
    """The words after one version's changes: first what is withdrawn goes, then what is added comes, at the end."""
    withdrawn = {word_key(change.word) for change in changes if change.effect is AliasChangeKind.WITHDRAWN}
    added = (change.word for change in changes if change.effect is AliasChangeKind.ADDED)
    return (*(word for word in words if word_key(word) not in withdrawn), *added)


def refusals_of_word_changes(changes: Sequence[WordChange], words: Sequence[Word]) -> Iterator[Refused]:
    """Everything that stands against these changes of a vocabulary."""
    there, named = {word_key(word) for word in words}, set[tuple[AliasChangeKind, WordKey]]()
    gone = {word_key(change.word) for change in changes if change.effect is AliasChangeKind.WITHDRAWN}
    for change in changes:
        word, key, effect = change.word, word_key(change.word), change.effect
        if (effect, key) in named:
            said = tell("word.twice", word=word.text, kind=word.kind.value, effect=effect)
            yield _of_words(said, RefusalCode.DUPLICATE_CHANGE)
        named.add((effect, key))
        if effect is AliasChangeKind.WITHDRAWN:
            if key not in there:
                yield _of_words(tell("word.not_there", word=word.text, kind=word.kind.value))
            continue
        if key in there - gone:
            yield _of_words(tell("word.there_already", word=word.text, kind=word.kind.value))
        if fault := fault_of(word):
            yield _of_words(fault)


def _of_words(said: Message, code: RefusalCode = RefusalCode.CHANGE_INVALID) -> Refused:
    return Refused(code, said, "wordChanges")


def refusals_of_alias_changes(
    changes: Sequence[AliasChange],
    aliases: Sequence[Alias],
    entries: Collection[int],
    withdrawn_entries: Collection[int],
    field: str = "aliasChanges",
) -> Iterator[Refused]:
    """Everything that stands against these changes of ``aliases``, in a version of these entries (and without those).

    ``field`` is the input that they stand in.
    """
    for refusal in _against_aliases(changes, aliases, entries, withdrawn_entries):
        refusal.field = field
        yield refusal


def _against_aliases(
    changes: Sequence[AliasChange],
    aliases: Sequence[Alias],
    entries: Collection[int],
    withdrawn_entries: Collection[int],
) -> Iterator[Refused]:
    there, named = {alias_key(alias) for alias in aliases}, set[tuple[AliasChangeKind, AliasKey]]()
    gone = {alias_key(change.alias) for change in changes if change.effect is AliasChangeKind.WITHDRAWN}
    for change in changes:
        alias, key = change.alias, alias_key(change.alias)
        if change.kind is EntryChangeKind.REVISED:
            yield _of_aliases(tell("alias.not_revised", alias=alias.text))
            continue
        if (change.effect, key) in named:
            said = tell("alias.twice", alias=alias.text, effect=change.effect)
            yield _of_aliases(said, RefusalCode.DUPLICATE_CHANGE)
        named.add((change.effect, key))
        if change.effect is AliasChangeKind.WITHDRAWN:
            if key not in there:
                yield _of_aliases(tell("alias.not_there", alias=alias.text))
            continue
        if key in there - gone:
            yield _of_aliases(tell("alias.there_already", alias=alias.text))
        yield from _faults_of_alias(alias, entries, withdrawn_entries)


def _faults_of_alias(alias: Alias, entries: Collection[int], withdrawn: Collection[int]) -> Iterator[Refused]:
    if alias.kind is AliasKind.ISSUING_BODY and (not alias.issuer or alias.numbers):
        yield _of_aliases(tell("alias.of_a_body", alias=alias.text))
    if alias.kind is not AliasKind.ISSUING_BODY and alias.issuer is not None:
        yield _of_aliases(tell("alias.of_a_qualification", alias=alias.text))
    if alias.kind not in {AliasKind.ISSUING_BODY, AliasKind.QUALIFICATION} and not alias.numbers:
        yield _of_aliases(tell("alias.near_nothing", alias=alias.text))
    for number in alias.numbers:
        if number not in entries:
            code = RefusalCode.ENTRY_WITHDRAWN if number in withdrawn else RefusalCode.UNKNOWN_ENTRY
            yield _of_aliases(tell("alias.entry_not_there", alias=alias.text, number=number), code)


def _of_aliases(said: Message, code: RefusalCode = RefusalCode.CHANGE_INVALID) -> Refused:
    return Refused(code, said, "aliasChanges")


def faults_of(entry: CatalogEntry) -> Iterator[Message]:
    """What keeps an entry from leading to one title for each grade."""
    grades = [award.grade for award in entry.awards]
    if not grades:
        yield tell("entry.no_title", number=entry.number)
    elif len(grades) > 1 and None in grades:
        yield tell("entry.grade_missing", number=entry.number)
    elif len(set(grades)) < len(grades):
        yield tell("entry.grade_twice", number=entry.number)
    for award in entry.awards:
        said = level_of_title(award.title)
        if said is not None and said is not award.level:
            yield tell("entry.level_differs", number=entry.number, title=award.title, level=award.level, said=said)


def refusals_of_levels(
    entries: Iterable[CatalogEntry], levels: Collection[TitleLevel], field: str
) -> Iterator[Refused]:
    """That entries award levels which the notice does not let the catalog award; ``field`` is the input they stand in."""
    by_level: dict[TitleLevel, list[int]] = {}
    for entry in entries:
        for level in beyond({award.level for award in entry.awards}, levels):
            by_level.setdefault(level, []).append(entry.number)
    for level, numbers in by_level.items():
        yield Refused(RefusalCode.LEVEL_NOT_AWARDED, _not_awarded(numbers, level, levels), field)


def _not_awarded(numbers: Sequence[int], level: TitleLevel, levels: Collection[TitleLevel]) -> Message:
    awarded = [each for each in TitleLevel if each in levels]
    if not awarded:
        return tell("entry.no_level_awarded", numbers=numbers, level=level)
    if len(numbers) == 1:
        return tell("entry.level_not_awarded", number=numbers[0], level=level, awarded=awarded)
    return tell("entry.levels_not_awarded", numbers=numbers, level=level, awarded=awarded)


def refusals_of_entries(
    entries: Sequence[CatalogEntry], levels: Collection[TitleLevel] | None = None
) -> Iterator[Refused]:
    """Everything that stands against publishing these entries as a catalog's first version; ``levels`` are those of its notice."""
    if not entries:
        yield Refused(RefusalCode.NO_CHANGES, tell("catalog.no_entries"), "entries")
    seen: set[int] = set()
    for entry in entries:
        if entry.number in seen:
            yield Refused(RefusalCode.ENTRY_EXISTS, tell("entry.stands_twice", number=entry.number), "entries")
        seen.add(entry.number)
        for fault in faults_of(entry):
            yield Refused(RefusalCode.CHANGE_INVALID, fault, "entries")
    yield from refusals_of_levels(entries, UNSTATED if levels is None else levels, "entries")
