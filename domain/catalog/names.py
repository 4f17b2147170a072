"""Whether an amended version matches its own entries by their own names, read as the matcher itself reads them.

An alias without entries says that a qualification is known and not listed. An entry that comes under that very name would
be held up by it for ever; so such an amendment is refused until it withdraws the alias too. What else keeps a name from
leading to its entry may be meant, as two entries of one name are, and is told.

These rules depend on how names are read, which later releases do better. So they guard what is proposed and issued now, and
say nothing about what was recorded lawfully by the reading of its day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from domain.catalog.amendment import AmendmentTerms, aliases_after, entries_after
from domain.matching import Matcher, Vocabulary
from domain.matching.forms import build
from domain.matching.issuers import IssuerBook
from domain.matching.normalise import fold
from domain.matching.remembered import RememberedTexts
from domain.messages import Language, Message, tell
from domain.refusals import RefusalCode, Refused
from domain.values import Alias, AliasChangeKind, AliasKind, CatalogEntry

MOST_EXAMINED: Final = 8
"""Entries held up by aliases for which the fewest aliases are sought, since each try builds a matcher; fewer in a large catalog.
For further ones every alias is named that would mean the entry. What is refused is the same."""
_LARGE: Final = 2_000


class Abandoned(Exception):
    """Nobody waits for the answer any more; nothing was recorded."""


class NoteCode(StrEnum):
    """What the signers of an amendment should know: an entry's own name that other entries bear too (NAME_SHARED) or that
    does not lead to it (NAME_NOT_MATCHED), aliases that say of an entry's other names that they are not listed
    (ALIASES_LEFT), a body's alias under a key that is no entry's body (ISSUER_WITHOUT_ENTRY). Of a further catalog: an entry that
    another catalog has too and awards otherwise (CATALOG_OVERLAP).
    """

    NAME_SHARED = "NAME_SHARED"
    NAME_NOT_MATCHED = "NAME_NOT_MATCHED"
    ALIASES_LEFT = "ALIASES_LEFT"
    ISSUER_WITHOUT_ENTRY = "ISSUER_WITHOUT_ENTRY"
    CATALOG_OVERLAP = "CATALOG_OVERLAP"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know: a stable code, a sentence that names the way out, the input it is about."""

    code: NoteCode
    said: Message
    field: str

    @property
    def message(self) -> str:
        """The sentence in English."""
        return self.text(Language.EN)

    def text(self, language: Language) -> str:
        """The sentence in a language."""
        return self.said.text(language)


class ResultingNames:
    """The version that an amendment of ``entries`` and ``aliases`` would make, asked for its entries by their names.

    Answers are worked out when first asked for. They cost the building of two matchers (about 0.25 s each for the official
    catalog), of a few more where names are held up, and some matches a name.
    """

    def __init__(
        self,
        entries: Mapping[int, CatalogEntry],
        aliases: Sequence[Alias],
        words: Vocabulary,
        terms: AmendmentTerms,
        *,
        resulting: Vocabulary | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """``words`` are those of the version, ``resulting`` those after the amendment, where it changes any. ``wanted`` is asked between two names: where nobody waits for the answer any more,
        the work ends (``Abandoned``).
        """
        self.wanted = wanted
        self._words_before, self._words = words, resulting or words
        self._texts = RememberedTexts()
        self._unmatched_names: dict[int, list[str]] = {}
        sound = [
            change
            for change in terms.changes
            if change.entry is None
            or (change.entry.number == change.resulting_number and change.entry.qualification_name)
        ]
        self._examined = 0
        self._before = (dict(entries), tuple(aliases))
        self._entries = entries_after(entries, sound)
        self._aliases = aliases_after(aliases, terms.alias_changes)
        self._added = [c.alias for c in terms.alias_changes if c.effect is AliasChangeKind.ADDED and c.alias.text]
        self._touches_aliases = bool(terms.alias_changes or terms.word_changes)
        self._named = [
            change.entry
            for change in sound
            if change.entry is not None and _names(change.entry) != _names(entries.get(change.number))
        ]

    @cached_property
    def refusals(self) -> tuple[Refused, ...]:
        """Names that matching can't read, or else the entries that an alias holds up."""
        if self._unreadable:
            return self._unreadable
        return tuple(
            _held_up(entry, blocking, self._added)
            for entry in self._named
            if (blocking := self._held_up_by[entry.number])
        )

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What the signers should know; nothing where a name can't be read."""
        return () if self._unreadable else tuple(self._notes())

    @cached_property
    def _unreadable(self) -> tuple[Refused, ...]:
        return tuple(unreadable_names(self._named, self._added, self._matcher.readable, self._words))

    @cached_property
    def _held_up_by(self) -> dict[int, list[Alias]]:
        return {entry.number: self._blocking(entry) for entry in self._each(self._named)}

    def _each(self, entries: Iterable[CatalogEntry]) -> Iterator[CatalogEntry]:
        for entry in entries:
            if not self.wanted():
                raise Abandoned
            yield entry

    @cached_property
    def _matcher(self) -> Matcher:
        return self._without(())

    @cached_property
    def _unlisted(self) -> tuple[Alias, ...]:
        """The aliases of a qualification that mean no entry of the version; those that are only near some among them."""
        names = (alias for alias in self._aliases if alias.kind is not AliasKind.ISSUING_BODY)
        means = AliasKind.QUALIFICATION
        return tuple(a for a in names if a.kind is not means or self._entries.keys().isdisjoint(a.numbers))

    @cached_property
    def _listing(self) -> Matcher:
        """The matcher if no alias said that anything is not listed."""
        return self._without(self._unlisted)

    def _without(self, aliases: Iterable[Alias]) -> Matcher:
        left = set(aliases)
        entries = [self._entries[number] for number in sorted(self._entries)]
        left_over = [alias for alias in self._aliases if alias not in left]
        return Matcher(entries, left_over, self._words, remembered=self._texts)

    def _blocking(self, entry: CatalogEntry) -> list[Alias]:
        """The aliases, as few as can be, without which the entry's own names lead to it; none where others are in the way."""
        texts = [text for text in self._unmatched(entry) if _leads(self._listing, text, entry)]
        if not texts:
            return []

        def suffices(withdrawn: Sequence[Alias]) -> bool:
            if not self.wanted():
                raise Abandoned
            matcher = self._without(withdrawn)
            return all(_leads(matcher, text, entry) for text in texts)

        alike = self._meant(entry)
        if self._examined >= min(MOST_EXAMINED, max(1, _LARGE // len(self._entries))):
            return alike or list(self._unlisted)
        self._examined += 1
        return _needed(alike if suffices(alike) else self._unlisted, suffices)

    def _unmatched(self, entry: CatalogEntry) -> list[str]:
        """Those of an entry's own names that, with its own issuing body, do not lead to it."""
        found = self._unmatched_names.get(entry.number)
        if found is None:
            texts = dict.fromkeys((entry.qualification_name, entry.translated_name))
            found = [text for text in texts if not _leads(self._matcher, text, entry)]
            self._unmatched_names[entry.number] = found
        return found

    def _meant(self, entry: CatalogEntry) -> list[Alias]:
        """The unlisted names that would mean this entry if nothing said that they are not listed."""
        likely = self._unlisted_meaning.get(entry.number, ())
        return [alias for alias in likely if _leads(self._listing, alias.text, entry)]

    @cached_property
    def _unlisted_meaning(self) -> dict[int, list[Alias]]:
        """The unlisted names by the entries that they can mean."""
        meaning: dict[int, list[Alias]] = {}
        for alias in self._unlisted:
            for number in self._listing.may_mean(alias.text):
                meaning.setdefault(number, []).append(alias)
        return meaning

    def _notes(self) -> Iterator[Note]:
        for entry in self._each(self._named):
            blocking = self._held_up_by[entry.number]
            if not blocking and (texts := self._unmatched(entry)):
                yield self._not_matched(entry, texts, tell("note.not_by_own_name", number=entry.number, name=texts[0]))
            left = [alias.text for alias in self._meant(entry) if alias not in blocking]
            if left:
                yield Note(
                    NoteCode.ALIASES_LEFT,
                    tell("note.aliases_left", number=entry.number, aliases=left),
                    "aliasChanges",
                )
        if self._touches_aliases:
            yield from self._no_longer()
            yield from self._without_entry()

    def _no_longer(self) -> Iterator[Note]:
        """Entries that stay as they are, and that the changed aliases keep from being matched as before."""
        named = {entry.number for entry in self._named}
        others = [entry for number, entry in sorted(self._entries.items()) if number not in named]
        lost = [(entry, texts) for entry in self._each(others) if (texts := self._unmatched(entry))]
        if lost:
            entries, aliases = self._before
            before = Matcher([entries[number] for number in sorted(entries)], aliases, self._words_before)
            lost = [(entry, had) for entry, texts in lost if (had := [t for t in texts if _leads(before, t, entry)])]
        if len(lost) > 1:
            said = tell("note.several_no_longer", numbers=[entry.number for entry, _ in lost])
            yield Note(NoteCode.NAME_NOT_MATCHED, said, "aliasChanges")
        for entry, texts in lost if len(lost) == 1 else ():
            yield self._not_matched(
                entry, texts, tell("note.no_longer_by_own_name", number=entry.number, name=texts[0])
            )

    def _without_entry(self) -> Iterator[Note]:
        book = IssuerBook(self._aliases, self._words)
        bodies = {entry.issuing_body for entry in self._entries.values()}
        known = {key for body in bodies for names in book.read(fold(body)).names for key in names}
        for alias in self._added:
            if alias.issuer is not None and alias.issuer not in known:
                yield Note(
                    NoteCode.ISSUER_WITHOUT_ENTRY,
                    tell("note.issuer_without_entry", issuer=alias.issuer, alias=alias.text),
                    "aliasChanges",
                )

    def _not_matched(self, entry: CatalogEntry, texts: Sequence[str], head: Message) -> Note:
        match = self._matcher.match(texts[0], entry.issuing_body)
        shared = sorted({each.number for each in match.candidates} - {entry.number})
        if blocking := self._held_up_by.get(entry.number) or self._blocking(entry):
            said = tell("note.alias_denies", head=head, aliases=[alias.text for alias in blocking])
            return Note(NoteCode.NAME_NOT_MATCHED, said, "aliasChanges")
        if shared:
            return Note(NoteCode.NAME_SHARED, tell("note.shared", head=head, others=shared), "changes")
        why = list(dict.fromkeys(reason for each in match.candidates for reason in each.because[-1:]))
        said = tell("note.not_matched_because", head=head, why=why) if why else tell("note.not_matched", head=head)
        return Note(NoteCode.NAME_NOT_MATCHED, said, "changes")


def unreadable_names(
    entries: Iterable[CatalogEntry],
    added: Iterable[Alias],
    readable: Collection[int],
    words: Vocabulary,
    field: str = "changes",
) -> Iterator[Refused]:
    """Entries that are not ``readable``, and aliases to be added that hold no word for matching to read.

    A name that holds nothing but its issuing body's is none. ``field`` is the input that the entries stand in.
    """
    unread = [alias for alias in added if not is_readable(alias, words)]
    for entry in entries:
        if entry.number not in readable:
            yield Refused(
                RefusalCode.NAME_UNREADABLE,
                tell("entry.unreadable", number=entry.number, name=entry.qualification_name),
                field,
            )
    for alias in unread:
        yield Refused(
            RefusalCode.NAME_UNREADABLE,
            tell("alias.unreadable", alias=alias.text),
            "aliasChanges",
        )


def readable_entries(entries: Sequence[CatalogEntry], aliases: Sequence[Alias], words: Vocabulary) -> frozenset[int]:
    """The entries with at least one name that holds a word to match by, beside these aliases."""
    return frozenset[int]().union(*(form.numbers for form in build(entries, (), words, IssuerBook(aliases, words))[1]))


def is_readable(alias: Alias, words: Vocabulary) -> bool:
    """Whether an alias holds a word for matching to read."""
    if alias.kind is not AliasKind.ISSUING_BODY:
        return bool(build((), (alias,), words, IssuerBook((), words))[1])
    return bool(IssuerBook([alias.model_copy(update={"issuer": "-"})], words).names)


def _names(entry: CatalogEntry | None) -> tuple[str, ...]:
    return (entry.qualification_name, entry.translated_name, entry.issuing_body) if entry else ()


def _leads(matcher: Matcher, text: str, entry: CatalogEntry) -> bool:
    return matcher.leads_to(text, entry.issuing_body) == entry.number


def _needed(candidates: Sequence[Alias], suffices: Callable[[Sequence[Alias]], bool]) -> list[Alias]:
    """As few of the candidates as suffice, all of which do: by halves, in few trials (Junker 2004, QuickXplain)."""

    def among(taken: list[Alias], tried: bool, left: list[Alias]) -> list[Alias]:
        if tried and suffices(taken):
            return []
        if len(left) == 1:
            return left
        first, second = left[: len(left) // 2], left[len(left) // 2 :]
        of_second = among([*taken, *first], True, second)
        return [*among([*taken, *of_second], bool(of_second), first), *of_second]

    return among([], False, list(candidates)) if candidates else []


def _held_up(entry: CatalogEntry, blocking: Sequence[Alias], added: Sequence[Alias]) -> Refused:
    texts = [alias.text for alias in blocking]
    new = [alias.text for alias in blocking if alias in added]
    old = [text for text in texts if text not in new]
    if old and new:
        ways = tell("entry.withdraw_and_leave_out", old=old, new=new)
    else:
        ways = tell("entry.withdraw_aliases", aliases=old) if old else tell("entry.leave_aliases_out", aliases=new)
    one = len(texts) == 1
    said = tell("entry.alias_says", aliases=texts) if one else tell("entry.aliases_say", aliases=texts)
    return Refused(
        RefusalCode.NAME_UNLISTED,
        tell("entry.held_up", number=entry.number, name=entry.qualification_name, said=said, ways=ways),
        "changes",
    )
