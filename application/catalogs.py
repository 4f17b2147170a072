"""Use cases on catalogs, and the shelf from which matching and deciding take the version that governs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from threading import Lock, local
from typing import Final, Protocol, TypeVar
from uuid import UUID

from application.access import Action, require
from application.issuers import with_own_spellings
from application.journal import Conflict, Journal
from application.overlaps import overlaps
from application.ports import Clock
from application.several_catalogs import Found, GoverningVersion, lapsed, settled
from domain.base import Act, Event
from domain.catalog.amendment import AmendmentTerms, vocabulary_after
from domain.catalog.catalog import Catalog
from domain.catalog.changes import with_content, with_moved_aliases
from domain.catalog.names import Note, ResultingNames
from domain.catalog.timeline import CatalogTimeline
from domain.identifiers import catalog_id
from domain.matching import Matcher, Vocabulary
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, PROSE_LIMIT, clean
from domain.values import (
    REGISTRY_ITSELF,
    Alias,
    CatalogEntry,
    EntryChangeKind,
    MatchOutcome,
    Notice,
    Provenance,
    TitleLevel,
    Word,
    shanghai_day,
)

T = TypeVar("T")
Wanted = Callable[[], bool]
"""Whether somebody still waits for an answer; asked between two steps of long work."""


def always() -> bool:
    """Somebody waits."""
    return True


MOST_CHANGES: Final = 2_000
"""Changes of entries, and of aliases, that one amendment may hold."""
ATTEMPTS: Final = 8
"""How often a decision on a catalog is made anew because another writer was first."""
MATCHES_KEPT: Final = 4_096
"""Answers of the matchers that are kept in process."""
LONGEST_KEPT: Final = 1_000
"""Characters of what was asked, beyond which an answer is not kept."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An amendment as it would be recorded, everything that stands against it, and what its signers should know."""

    terms: AmendmentTerms
    refusals: tuple[Refused, ...]
    notes: tuple[Note, ...]


class CatalogIndex(Protocol):
    """Which catalogs there are, and whether anything happened to one."""

    def codes(self) -> Sequence[str]:
        """The codes of all catalogs, in the order of publication."""

    def head(self) -> int:
        """The position of the last event of any catalog; 0 before the first."""


class CatalogStreams(Protocol):
    """The streams of catalogs, as a shelf reads them."""

    def load(self, kind: type[Catalog], stream_id: UUID) -> Catalog | None:
        """A catalog as all its events leave it; None where there is none."""

    def events_of(self, stream_id: UUID, *, after: int | None = None) -> Iterator[Event]:
        """A stream's events in order, from just after a version on."""


class Shelf:
    """Every catalog, in process, kept up to date by reading what its stream gained; safe for several threads.

    Asking costs one question, whether any catalog gained an event; within ``steady`` none. Matchers are kept for the versions last
    used, and of each the answers last given: a match follows from the version, the name, the body and the grade alone.
    """

    def __init__(self, journal: CatalogStreams, published: CatalogIndex) -> None:
        self._journal = journal
        self._published = published
        self._lock = Lock()
        self._catalogs: dict[str, Catalog] = {}
        self._codes: Sequence[str] = ()
        self._head = 0
        self._steady = local()
        self._matcher = lru_cache(maxsize=32)(self._build_matcher)
        self._matched = lru_cache(maxsize=MATCHES_KEPT)(self._match_anew_under)

    def forget_matches(self) -> None:
        """Keep no answer of the matchers: what was asked may be about a person whose data was erased."""
        self._matched.cache_clear()

    def forget(self) -> None:
        """Keep nothing, as when the history may be another."""
        with self._lock:
            self._catalogs, self._codes, self._head = {}, (), 0
            self._matcher.cache_clear()
            self._matched.cache_clear()

    def codes(self) -> Sequence[str]:
        """Every published catalog, in the order of publication."""
        with self._lock:
            self._catch_up()
            return self._codes

    @contextmanager
    def steady(self, head: int | None = None) -> Iterator[None]:
        """Let this thread see the catalogs as of ``head``, so that a use case decides under one state of them.

        Without ``head`` they are as they are in hand, and nobody is asked: good for a guess that is made anew under a head.
        """
        before = getattr(self._steady, "holds", False)
        if head is not None:
            with self._lock:
                self._follow(head)
        self._steady.holds = True
        try:
            yield
        finally:
            self._steady.holds = before

    def _catch_up(self) -> None:
        """Take in what the catalogs gained, unless this thread holds on to a state of them. The lock is held."""
        if not getattr(self._steady, "holds", False):
            self._follow(self._published.head())

    def _follow(self, head: int) -> None:
        if head <= self._head:
            return
        for catalog in self._catalogs.values():
            for event in self._journal.events_of(catalog.id, after=catalog.version):
                event.mutate(catalog)
        self._codes = self._published.codes()
        self._head = head

    def catalog(self, code: str) -> CatalogTimeline:
        """A catalog as of now, for reading only. Raises ``Refused`` (UNKNOWN_CATALOG)."""
        with self._lock:
            self._catch_up()
            catalog = self._catalogs.get(code)
            if catalog is None:
                catalog = self._journal.load(Catalog, catalog_id(code))
                if catalog is None:
                    raise Refused(
                        RefusalCode.UNKNOWN_CATALOG,
                        tell("catalog.unknown_code"),
                        "catalogCode",
                    )
                self._catalogs[code] = catalog
            return catalog.state

    def governing(self, on: date, code: str | None = None, known_at: datetime | None = None) -> list[GoverningVersion]:
        """The versions in force on a day: of one catalog, or of all. Raises ``Refused`` where one catalog has none."""
        codes = self.codes() if code is None else [code]
        numbers = [(each, self.catalog(each).version_in_force(on, known_at)) for each in codes]
        if code is not None and numbers[0][1] is None:
            raise Refused(
                RefusalCode.NO_VERSION_IN_FORCE,
                tell("catalog.version_not_in_force", code=code, day=on),
                "on",
            )
        return [GoverningVersion(each, number) for each, number in numbers if number is not None]

    def entry_at(self, code: str, version: int, number: int) -> CatalogEntry | None:
        """One entry of one version; None where there is none. Raises ``Refused`` (UNKNOWN_CATALOG)."""
        return self.catalog(code).entry_at(version, number)

    def has(self, code: str, version: int) -> bool:
        """Whether a version is issued."""
        try:
            return 1 <= version <= self.catalog(code).latest.number
        except Refused:
            return False

    def had(self, code: str, version: int, number: int) -> bool:
        """Whether this version, or one before it, has an entry of this number. Raises ``Refused`` (UNKNOWN_CATALOG)."""
        return self.catalog(code).had(version, number)

    def match(
        self,
        name: str,
        issuing_body: str,
        grade: str | None,
        on: date,
        code: str | None = None,
        field: str | None = None,
    ) -> Found | None:
        """Match a certificate against the versions in force on a day; what they answer together says ``several_catalogs``.

        ``field`` is that of the case's work. None where no version is in force.
        """
        return self.match_among(self.governing(on, code), on, name, issuing_body, grade, field)

    def match_among(
        self,
        versions: Sequence[GoverningVersion],
        on: date,
        name: str,
        issuing_body: str,
        grade: str | None,
        field: str | None = None,
    ) -> Found | None:
        """The same against versions already known, so that a whole list is answered by one state of the catalogs."""
        found = [self._under(version, name, issuing_body, grade, on) for version in versions]
        if not found:
            return None
        order = list(MatchOutcome)
        first = min(found, key=lambda each: order.index(each.match.outcome))
        return settled(first, found, field)

    def warm(self, on: date) -> None:
        """Make the matchers of the versions in force on a day, so that nobody waits for them at the first question."""
        for version in self.governing(on):
            self._matcher(version.catalog_code, version.number)

    def match_anew(self, name: str, issuing_body: str, grade: str | None, on: date, version: GoverningVersion) -> Found:
        """Match a pending case's certificate under the version it moves to; it stays with that catalog.

        Automatic only where no other catalog in force on the day contradicts, as in ``match``.
        """
        found = self._under(version, name, issuing_body, grade, on)
        others = [each for each in self.governing(on) if each.catalog_code != version.catalog_code]
        return settled(found, [found, *(self._under(each, name, issuing_body, grade, on) for each in others)])

    def leads_to(self, version: GoverningVersion, name: str, issuing_body: str) -> CatalogEntry | None:
        """The entry of a version that a certificate would be matched to by itself; None where it would be asked about."""
        number = self._matcher(version.catalog_code, version.number).leads_to(name, issuing_body)
        return None if number is None else self.entry_at(version.catalog_code, version.number, number)

    def _under(self, version: GoverningVersion, name: str, issuing_body: str, grade: str | None, on: date) -> Found:
        """A version's answer on a day. What the matcher says is kept; whether the entry is still listed is the day's."""
        if len(name) + len(issuing_body) + len(grade or "") > LONGEST_KEPT:
            return lapsed(self._match_anew_under(version, name, issuing_body, grade), on)
        return lapsed(self._matched(version, name, issuing_body, grade), on)

    def _match_anew_under(self, version: GoverningVersion, name: str, issuing_body: str, grade: str | None) -> Found:
        return Found(self._matcher(version.catalog_code, version.number).match(name, issuing_body, grade), version)

    def _build_matcher(self, code: str, version: int) -> Matcher:
        catalog = self.catalog(code)
        entries = catalog.entries_at(version)
        words = Vocabulary(catalog.vocabulary_at(version), code)
        return Matcher([entries[number] for number in sorted(entries)], catalog.aliases_at(version), words)


class Catalogs:
    """Publishing and amending catalogs."""

    def __init__(self, journal: Journal, shelf: Shelf, clock: Clock) -> None:
        self._journal = journal
        self._shelf = shelf
        self._clock = clock
        self._names = lru_cache(maxsize=4)(self._read_names)

    def publish(
        self,
        by: Provenance,
        *,
        code: str,
        name: str,
        notice: Notice,
        effective_from: date,
        entries: Sequence[CatalogEntry],
        aliases: Sequence[Alias] = (),
        vocabulary: Sequence[Word] = (),
    ) -> int:
        """Publish a catalog's first version; the position. Raises ``Refused`` (CATALOG_EXISTS)."""
        catalog = Catalog.publish(
            Act(by, self._clock()),
            code=code,
            name=name,
            notice=notice,
            effective_from=effective_from,
            entries=entries,
            aliases=aliases,
            vocabulary=vocabulary,
        )
        try:
            return self._journal.record(catalog)
        except Conflict:
            raise Refused(RefusalCode.CATALOG_EXISTS, tell("catalog.exists")) from None

    def propose(self, by: Provenance, code: str, terms: AmendmentTerms, wanted: Wanted = always) -> tuple[UUID, int]:
        """Propose an amendment; its identifier and the position. New names of issuing bodies become aliases with it, and aliases
        follow the entries that it renumbers.
        """
        require(by.actor, Action.AMEND_CATALOG)
        _require_size(terms)
        return self._decide(
            catalog_id(code), lambda catalog: self._propose(catalog, Act(by, self._clock()), terms, wanted)
        )

    def _propose(self, catalog: Catalog, act: Act, terms: AmendmentTerms, wanted: Wanted) -> UUID:
        whole = completed(terms, catalog.state)
        identifier = catalog.propose(act, whole)
        self._require_names(catalog.state, whole, wanted)  # before anything is stored
        return identifier

    def issue(
        self, by: Provenance, catalog_stream: UUID, amendment_id: UUID, wanted: Wanted = always
    ) -> tuple[int, int]:
        """Issue an amendment; the number of the version it makes, and the position.

        Of two who issue at once one wins; the other is refused as if they had come later (STALE_BASE_VERSION, or
        AMENDMENT_CLOSED where both issue the same amendment).
        """
        require(by.actor, Action.AMEND_CATALOG)
        return self._decide(
            catalog_stream, lambda catalog: self._issue(catalog, Act(by, self._clock()), amendment_id, wanted)
        )

    def _issue(self, catalog: Catalog, act: Act, amendment_id: UUID, wanted: Wanted) -> int:
        number = catalog.issue(act, amendment_id)
        self._require_names(
            catalog.state, catalog.state.amendments[amendment_id].terms, wanted
        )  # before anything is stored
        return number

    def discard(self, by: Provenance, catalog_stream: UUID, amendment_id: UUID, reason: str) -> int:
        """Drop an amendment; the position."""
        require(by.actor, Action.AMEND_CATALOG)
        why = clean(reason, "reason", limit=PROSE_LIMIT)
        _, position = self._decide(
            catalog_stream, lambda catalog: catalog.discard(Act(by, self._clock()), amendment_id, why)
        )
        return position

    def examine(self, code: str, terms: AmendmentTerms, wanted: Wanted = always) -> Examined:
        """An amendment as it would be recorded today, for its preview. Raises ``Refused`` (UNKNOWN_CATALOG), and
        ``Abandoned`` once the answer is not ``wanted`` any more.
        """
        _require_size(terms)
        catalog = self._shelf.catalog(code)
        whole = completed(terms, catalog)
        names = self._names_of(catalog, whole, wanted)
        act = Act(Provenance(actor=REGISTRY_ITSELF, client="preview"), self._clock())
        refusals = (*Catalog.against(catalog, act, whole), *names.refusals)
        coming = {EntryChangeKind.ADDED, EntryChangeKind.REVISED}
        entries = [change.entry for change in whole.changes if change.kind in coming and change.entry is not None]
        on = max(whole.effective_from, shanghai_day(act.at))
        shared = () if refusals else overlaps(self._shelf, code, entries, on, field="changes", wanted=wanted)
        return Examined(whole, refusals, (*names.notes, *shared))

    def _require_names(self, catalog: CatalogTimeline, terms: AmendmentTerms, wanted: Wanted) -> None:
        for refusal in self._names_of(catalog, terms, wanted).refusals:
            raise refusal

    def _names_of(self, catalog: CatalogTimeline, terms: AmendmentTerms, wanted: Wanted) -> ResultingNames:
        """The names of what the terms make of their base version, or of the latest where they name none that is there."""
        known = 1 <= terms.base_version <= catalog.latest.number
        names = self._names(catalog.code, terms.base_version if known else catalog.latest.number, terms)
        names.wanted = wanted
        return names

    def _read_names(self, code: str, base: int, terms: AmendmentTerms) -> ResultingNames:
        catalog = self._shelf.catalog(code)
        held = catalog.vocabulary_at(base)
        words = Vocabulary(held, code)
        resulting = Vocabulary(vocabulary_after(held, terms.word_changes), code) if terms.word_changes else words
        return ResultingNames(catalog.entries_at(base), catalog.aliases_at(base), words, terms, resulting=resulting)

    def base_of(self, code: str, amendment_id: UUID) -> int | None:
        """The version that an amendment is based on; None where the catalog has no such amendment."""
        amendment = self._shelf.catalog(code).amendments.get(amendment_id)
        return amendment.terms.base_version if amendment else None

    def _decide(self, stream: UUID, decide: Callable[[Catalog], T]) -> tuple[T, int]:
        """Decide on the catalog as it is, and save; anew where somebody else was first. The answer, and the position."""
        for _ in range(ATTEMPTS):
            catalog = self._load(stream)
            answer = decide(catalog)
            try:
                return answer, self._journal.record(catalog)
            except Conflict:
                continue
        raise Refused(
            RefusalCode.STALE_BASE_VERSION,
            tell("catalog.contended"),
        )

    def _load(self, stream: UUID) -> Catalog:
        catalog = self._journal.load(Catalog, stream)
        if catalog is None:
            raise Refused(RefusalCode.UNKNOWN_CATALOG, tell("catalog.unknown"))
        return catalog


def _require_size(terms: AmendmentTerms) -> None:
    for field, changes in (
        ("changes", terms.changes),
        ("aliasChanges", terms.alias_changes),
        ("wordChanges", terms.word_changes),
    ):
        if len(changes) > MOST_CHANGES:
            raise Refused(
                RefusalCode.INVALID_INPUT,
                tell("amendment.too_many", field=field, found=len(changes), most=MOST_CHANGES),
                field,
            )


def clean_notice(
    number: str | None,
    title: str,
    levels: Iterable[TitleLevel] | None = None,
    departments: Iterable[str] = (),
) -> Notice:
    """A notice as the domain keeps it. Raises ``Refused``."""
    stated = None if levels is None else set(levels)
    return Notice(
        number=clean(number, "noticeNumber", limit=CODE_LIMIT, required=False) or None if number else None,
        title=clean(title, "noticeTitle"),
        levels=None if stated is None else tuple(level for level in TitleLevel if level in stated),
        departments=tuple(dict.fromkeys(clean(each, f"departments.{n}") for n, each in enumerate(departments))),
    )


def completed(terms: AmendmentTerms, catalog: CatalogTimeline) -> AmendmentTerms:
    """The terms with what follows from them: the content of entries that are renumbered, what that does to aliases, and aliases
    for new names of issuing bodies.
    """
    number = catalog.latest.number
    entries, aliases = catalog.entries_at(number), catalog.aliases_at(number)
    whole = with_moved_aliases(with_content(terms, entries), entries, aliases)
    return with_own_spellings(whole, aliases, Vocabulary(catalog.vocabulary_at(number), catalog.code))
