"""The events of a catalog, and the one timeline they lead to: every version, entry and alias it ever had.

Versions are bitemporal: in force on a day, known at an instant. Entries and aliases are kept as intervals of versions, so an
amendment costs its changes and any version is read back. Aggregate, rows, previews and the command line read this timeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from domain.base import Aggregate, Created, State
from domain.catalog.amendment import (
    AliasChange,
    AliasKey,
    AmendmentTerms,
    EntryChange,
    WordChange,
    WordKey,
    alias_key,
    word_key,
)
from domain.catalog.levels import UNSTATED
from domain.values import Actor, Alias, AliasChangeKind, CatalogEntry, Notice, TitleLevel, Word

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """One version as its event left it; ``changes`` are relative to the version before.

    ``amendment_id`` names the amendment that made it, None for the first; ``rematch_pending`` says that pending cases are
    matched anew under it once it is in force. ``levels`` are those that its titles may have, ``ends_on`` is the last day of the
    catalog; a version keeps both from the one before where its notice says nothing else.
    """

    number: int
    notice: Notice
    effective_from: date
    issued_at: datetime
    erratum: bool
    changes: tuple[EntryChange, ...]
    alias_changes: tuple[AliasChange, ...]
    entry_count: int
    rematch_pending: bool = False
    amendment_id: UUID | None = None
    word_changes: tuple[WordChange, ...] = ()
    levels: tuple[TitleLevel, ...] = UNSTATED
    ends_on: date | None = None


@dataclass(slots=True)
class Amendment:
    """An amendment on its way: PROPOSED, then ISSUED or DISCARDED."""

    id: UUID
    terms: AmendmentTerms
    proposed_by: Actor
    proposed_at: datetime
    status: str = "PROPOSED"
    closed_at: datetime | None = None
    version_number: int | None = None


@dataclass(slots=True)
class Interval(Generic[C]):
    """Some content in the versions ``from_version`` up to but not including ``until_version``; ``place`` is its order."""

    content: C
    place: int
    from_version: int
    until_version: int | None = None

    def holds(self, version: int) -> bool:
        """Whether a version has this content."""
        return self.from_version <= version and (self.until_version is None or version < self.until_version)


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

    @property
    def ends_on(self) -> date | None:
        """The last day of the catalog, as this version has it."""


def version_in_force(versions: Sequence[Dated], on: date, known_at: datetime | None = None) -> int | None:
    """The version in force on a day, as known at an instant (now, where None): of those issued by then and effective by
    that day, the one with the highest number. None before the first takes effect, and where that one says that the catalog
    has ended.
    """
    effective = (v for v in versions if v.effective_from <= on and (known_at is None or v.issued_at <= known_at))
    highest = max(effective, key=lambda version: version.number, default=None)
    ended = highest is not None and highest.ends_on is not None and highest.ends_on < on
    return None if highest is None or ended else highest.number


@dataclass(kw_only=True)
class CatalogTimeline(State):
    """Every version of one catalog, the amendments on their way, every entry, alias and word it ever had."""

    catalog_id: UUID
    code: str
    name: str
    versions: list[CatalogVersion]
    amendments: dict[UUID, Amendment] = field(default_factory=dict)
    entry_intervals: dict[int, list[Interval[CatalogEntry]]] = field(default_factory=dict)
    alias_intervals: dict[AliasKey, list[Interval[Alias]]] = field(default_factory=dict)
    alias_places: int = 0
    word_intervals: dict[WordKey, list[Interval[Word]]] = field(default_factory=dict)
    word_places: int = 0

    @property
    def latest(self) -> CatalogVersion:
        """The version with the highest number, whether or not it is in force yet."""
        return self.versions[-1]

    @property
    def ever_numbered(self) -> set[int]:
        """Every entry number that is or was in use."""
        return set(self.entry_intervals)

    def version_in_force(self, on: date, known_at: datetime | None = None) -> int | None:
        """As ``version_in_force`` of this module."""
        return version_in_force(self.versions, on, known_at)

    def effective_until(self, number: int) -> date | None:
        """The day on which a later version takes over from version ``number``, or the one after the catalog's last, as known
        now; None while neither is known.
        """
        last = self.versions[number - 1].ends_on
        days = [later.effective_from for later in self.versions[number:]]
        return min([*days, *([last + timedelta(days=1)] if last else [])], default=None)

    @property
    def ends_on(self) -> date | None:
        """The last day on which the catalog is in force, as known now; None while it has no end."""
        return self.latest.ends_on

    def taken_over_by(self, number: int) -> Iterator[int]:
        """The versions that version ``number`` takes over from earlier than any between them did, latest first."""
        day = self.versions[number - 1].effective_from
        for each in range(number - 1, 0, -1):
            between = min((v.effective_from for v in self.versions[each : number - 1]), default=None)
            if between is not None and between <= day:
                return  # days until which versions last never decrease with their number, so the first that stays ends it
            yield each

    def since(self, version: int) -> list[CatalogVersion]:
        """The versions issued after one, in order: what an amendment based on it has not seen."""
        return self.versions[max(version, 0) :]

    def entry_at(self, version: int, number: int) -> CatalogEntry | None:
        """One entry as a version has it; None where it has none."""
        found = self.entry_interval(version, number)
        return found.content if found else None

    def entry_interval(self, version: int, number: int) -> Interval[CatalogEntry] | None:
        """The interval of an entry that a version lies in; None where it has no such entry."""
        intervals = self.entry_intervals.get(number, ())
        return next((each for each in reversed(intervals) if each.holds(version)), None)

    def had(self, version: int, number: int) -> bool:
        """Whether a version, or one before it, has an entry of this number."""
        return any(each.from_version <= version for each in self.entry_intervals.get(number, ()))

    def entries_at(self, number: int) -> dict[int, CatalogEntry]:
        """The entries of version ``number``, by entry number. Raises ``KeyError`` for a version that never was."""
        self._require(number)
        return {
            entry: interval.content
            for entry, intervals in self.entry_intervals.items()
            for interval in intervals
            if interval.holds(number)
        }

    def aliases_at(self, number: int) -> tuple[Alias, ...]:
        """The aliases of version ``number`` in the order in which they came. Raises ``KeyError`` for a version that never was."""
        self._require(number)
        return _held(self.alias_intervals, number)

    def vocabulary_at(self, number: int) -> tuple[Word, ...]:
        """The words that version ``number`` is matched by, in the order in which they came. Raises ``KeyError`` for a version
        that never was.
        """
        self._require(number)
        return _held(self.word_intervals, number)

    def _require(self, number: int) -> None:
        if not 1 <= number <= len(self.versions):
            raise KeyError(number)

    # ── what applying an event does ───────────────────────────────────────────────────────────────────────────────
    def add_entries(self, entries: Iterable[CatalogEntry], version: int) -> None:
        """Begin an interval for each entry."""
        for entry in entries:
            self.entry_intervals.setdefault(entry.number, []).append(Interval(entry, entry.number, version))

    def add_aliases(self, aliases: Iterable[Alias], version: int) -> None:
        """Begin an interval for each alias, behind those that are there."""
        for alias in aliases:
            self.alias_places += 1
            self.alias_intervals.setdefault(alias_key(alias), []).append(Interval(alias, self.alias_places, version))

    def change_entries(self, changes: Sequence[EntryChange], version: int) -> int:
        """End the intervals of the entries that leave or change, and begin those of the content that comes; by how many entries
        that grows.
        """
        growth = 0
        for change in changes:
            for interval in self.entry_intervals.get(change.number, ()):
                if interval.until_version is None:
                    interval.until_version = version
                    growth -= 1
        coming = [change.entry for change in changes if change.entry is not None]
        self.add_entries(coming, version)
        return growth + len(coming)

    def change_aliases(self, changes: Sequence[AliasChange], version: int) -> None:
        """First what is withdrawn goes, then comes what is added."""
        for change in changes:
            if change.effect is AliasChangeKind.WITHDRAWN:
                for interval in self.alias_intervals.get(alias_key(change.alias), ()):
                    if interval.until_version is None:
                        interval.until_version = version
        self.add_aliases((each.alias for each in changes if each.effect is AliasChangeKind.ADDED), version)

    def add_words(self, words: Iterable[Word], version: int) -> None:
        """Begin an interval for each word, behind those that are there."""
        for word in words:
            self.word_places += 1
            self.word_intervals.setdefault(word_key(word), []).append(Interval(word, self.word_places, version))

    def change_words(self, changes: Sequence[WordChange], version: int) -> None:
        """First what is withdrawn goes, then comes what is added."""
        for change in changes:
            if change.effect is AliasChangeKind.WITHDRAWN:
                for interval in self.word_intervals.get(word_key(change.word), ()):
                    if interval.until_version is None:
                        interval.until_version = version
        self.add_words((each.word for each in changes if each.effect is AliasChangeKind.ADDED), version)

    def begun_or_ended(self, version: int) -> Iterator[Interval[CatalogEntry]]:
        """The entries that a version began or ended, in the order of its changes."""
        touched = (number for change in self.versions[version - 1].changes for number in change.numbers)
        for number in dict.fromkeys(touched):
            for interval in self.entry_intervals.get(number, ()):
                if version in {interval.from_version, interval.until_version}:
                    yield interval

    def aliases_begun_or_ended(self, version: int) -> Iterator[Interval[Alias]]:
        """The aliases that a version began or ended."""
        for key in dict.fromkeys(alias_key(each.alias) for each in self.versions[version - 1].alias_changes):
            for interval in self.alias_intervals.get(key, ()):
                if version in {interval.from_version, interval.until_version}:
                    yield interval


def _held(intervals: Mapping[Any, Sequence[Interval[C]]], number: int) -> tuple[C, ...]:
    """What a version holds, in the order in which it came."""
    held = [each for kept in intervals.values() for each in kept if each.holds(number)]
    return tuple(each.content for each in sorted(held, key=lambda each: each.place))


class CatalogEvent(Aggregate.Event):
    """Something that happened to a catalog."""


class CatalogPublished(Created, CatalogEvent):
    """Version 1, as the official notice states it."""

    TOPIC: ClassVar[str] = "catalog.published"
    code: str
    name: str
    notice: Notice
    effective_from: date
    entries: tuple[CatalogEntry, ...]
    aliases: tuple[Alias, ...] = ()
    vocabulary: tuple[Word, ...] = ()

    @staticmethod
    def initial(event: Any) -> CatalogTimeline:
        """A catalog begins with its first version."""
        first = CatalogVersion(
            1, event.notice, event.effective_from, event.timestamp, False, (), (), len(event.entries),
            levels=UNSTATED if event.notice.levels is None else event.notice.levels,
        )  # fmt: skip
        timeline = CatalogTimeline(
            version=event.originator_version,
            catalog_id=event.originator_id,
            code=event.code,
            name=event.name,
            versions=[first],
        )
        timeline.add_entries(event.entries, 1)
        timeline.add_aliases(event.aliases, 1)
        timeline.add_words(event.vocabulary, 1)
        return timeline


class AmendmentProposed(CatalogEvent):
    """One administrator proposes changes against the latest version."""

    TOPIC: ClassVar[str] = "catalog.amendment-proposed"
    amendment_id: UUID
    terms: AmendmentTerms

    @staticmethod
    def change(state: CatalogTimeline, event: Any) -> None:
        """The amendment is on its way."""
        state.amendments[event.amendment_id] = Amendment(
            event.amendment_id, event.terms, event.by.actor, event.timestamp
        )


class AmendmentIssued(CatalogEvent):
    """The catalog is amended: another administrator issues the proposal as version n+1."""

    TOPIC: ClassVar[str] = "catalog.amendment-issued"
    amendment_id: UUID
    number: int
    terms: AmendmentTerms

    @staticmethod
    def change(state: CatalogTimeline, event: Any) -> None:
        """The next version, whatever number the event states, and what it begins and ends."""
        number = len(state.versions) + 1
        amendment, terms = state.amendments[event.amendment_id], event.terms
        amendment.status, amendment.closed_at, amendment.version_number = "ISSUED", event.timestamp, number
        growth = state.change_entries(terms.changes, number)
        state.change_aliases(terms.alias_changes, number)
        state.change_words(terms.word_changes, number)
        state.versions.append(
            CatalogVersion(
                number,
                terms.notice,
                terms.effective_from,
                event.timestamp,
                terms.erratum,
                terms.changes,
                terms.alias_changes,
                state.latest.entry_count + growth,
                terms.rematch_pending,
                event.amendment_id,
                terms.word_changes,
                state.latest.levels if terms.notice.levels is None else terms.notice.levels,
                terms.ends_on or state.latest.ends_on,
            )
        )


class AmendmentDiscarded(CatalogEvent):
    """The proposal is dropped; it never takes effect."""

    TOPIC: ClassVar[str] = "catalog.amendment-discarded"
    amendment_id: UUID
    reason: str

    @staticmethod
    def change(state: CatalogTimeline, event: Any) -> None:
        """The amendment is closed."""
        amendment = state.amendments[event.amendment_id]
        amendment.status, amendment.closed_at = "DISCARDED", event.timestamp
