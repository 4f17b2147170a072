"""Use cases on catalogs, and the shelf from which matching and deciding take the version that governs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from uuid import UUID

from application.access import Action, require
from application.journal import Conflict, Journal
from application.ports import Clock
from domain.base import Act
from domain.catalog import AmendmentTerms, Catalog
from domain.identifiers import catalog_id
from domain.matching import Match, Matcher
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, PROSE_LIMIT, clean
from domain.values import Alias, CatalogEntry, MatchOutcome, Notice, Provenance, shanghai_day


@dataclass(frozen=True, slots=True)
class GoverningVersion:
    """The catalog version that governs on a day."""

    catalog_code: str
    number: int


@dataclass(frozen=True, slots=True)
class Found:
    """A match, and the version it was made under."""

    match: Match
    version: GoverningVersion


class Shelf:
    """Every catalog, in process, kept up to date by reading what its stream gained; safe for several threads.

    ``published`` lists the codes of all catalogs. Reading one costs an indexed query for new events. Matchers are kept for
    the versions last used.
    """

    def __init__(self, journal: Journal, published: Callable[[], Sequence[str]]) -> None:
        self._journal = journal
        self._published = published
        self._lock = Lock()
        self._catalogs: dict[str, Catalog] = {}
        self._matcher = lru_cache(maxsize=32)(self._build_matcher)

    def codes(self) -> Sequence[str]:
        """Every published catalog, in the order of publication."""
        return self._published()

    def catalog(self, code: str) -> Catalog:
        """A catalog as of now, for reading only. Raises ``Refused`` (UNKNOWN_CATALOG)."""
        with self._lock:
            catalog = self._catalogs.get(code)
            if catalog is None:
                catalog = self._journal.load(Catalog, catalog_id(code))
                if catalog is None:
                    raise Refused(
                        RefusalCode.UNKNOWN_CATALOG,
                        "No catalog has this code; choose one from the list of catalogs.",
                        "catalogCode",
                    )
                self._catalogs[code] = catalog
            else:
                for event in self._journal.events_of(catalog.id, after=catalog.version):
                    event.mutate(catalog)
            return catalog

    def governing(self, on: date, code: str | None = None, known_at: datetime | None = None) -> list[GoverningVersion]:
        """The versions in force on a day: of one catalog, or of all. Raises ``Refused`` where one catalog has none."""
        codes = self.codes() if code is None else [code]
        numbers = [(each, self.catalog(each).version_in_force(on, known_at)) for each in codes]
        if code is not None and numbers[0][1] is None:
            raise Refused(
                RefusalCode.NO_VERSION_IN_FORCE,
                f"No version of {code} is in force on {on}; choose a later day.",
                "on",
            )
        return [GoverningVersion(each, number) for each, number in numbers if number is not None]

    def entry(self, code: str, version: int, number: int) -> CatalogEntry:
        """One entry of one version. Raises ``Refused``: UNKNOWN_ENTRY, or ENTRY_WITHDRAWN where an earlier one had it."""
        catalog = self.catalog(code)
        entry = catalog.entries_at(version).get(number)
        if entry is not None:
            return entry
        known = any(number in catalog.entries_at(earlier) for earlier in range(1, version))
        raise Refused(
            RefusalCode.ENTRY_WITHDRAWN if known else RefusalCode.UNKNOWN_ENTRY,
            f"Version {version} of {code} has no entry {number}; choose one that it has.",
            "entryNumber",
        )

    def match(self, name: str, issuing_body: str, grade: str | None, on: date, code: str | None = None) -> Found | None:
        """Match a certificate against the versions in force on a day; the surest match wins, the earlier catalog on a tie.

        Two catalogs that both match automatically contradict one another: then nothing is automatic, and the first match
        is offered as AMBIGUOUS. None where no version is in force.
        """
        return self.match_among(self.governing(on, code), name, issuing_body, grade)

    def match_among(
        self, versions: Sequence[GoverningVersion], name: str, issuing_body: str, grade: str | None
    ) -> Found | None:
        """The same against versions already known, so that a whole list is answered by one state of the catalogs."""
        found = [
            Found(self._matcher(version.catalog_code, version.number).match(name, issuing_body, grade), version)
            for version in versions
        ]
        if not found:
            return None
        order = list(MatchOutcome)
        return min(found, key=lambda each: order.index(each.match.outcome))

    def _build_matcher(self, code: str, version: int) -> Matcher:
        catalog = self.catalog(code)
        entries = catalog.entries_at(version)
        return Matcher([entries[number] for number in sorted(entries)], catalog.aliases_at(version))


class Catalogs:
    """Publishing and amending catalogs."""

    def __init__(self, journal: Journal, shelf: Shelf, clock: Clock) -> None:
        self._journal = journal
        self._shelf = shelf
        self._clock = clock

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
        )
        try:
            return self._journal.record(catalog)
        except Conflict:
            raise Refused(RefusalCode.CATALOG_EXISTS, "A catalog with this code exists; amend it instead.") from None

    def propose(self, by: Provenance, code: str, terms: AmendmentTerms) -> tuple[UUID, int]:
        """Propose an amendment; its identifier and the position."""
        require(by.actor, Action.AMEND_CATALOG)
        catalog = self._load(catalog_id(code))
        identifier = catalog.propose(Act(by, self._clock()), terms)
        return identifier, self._save(catalog)

    def issue(self, by: Provenance, catalog_stream: UUID, amendment_id: UUID) -> tuple[int, int]:
        """Issue an amendment; the number of the version it makes, and the position."""
        require(by.actor, Action.AMEND_CATALOG)
        catalog = self._load(catalog_stream)
        number = catalog.issue(Act(by, self._clock()), amendment_id)
        return number, self._save(catalog)

    def discard(self, by: Provenance, catalog_stream: UUID, amendment_id: UUID, reason: str) -> int:
        """Drop an amendment; the position."""
        require(by.actor, Action.AMEND_CATALOG)
        catalog = self._load(catalog_stream)
        catalog.discard(Act(by, self._clock()), amendment_id, clean(reason, "reason", limit=PROSE_LIMIT))
        return self._save(catalog)

    def refusals(self, code: str, terms: AmendmentTerms) -> list[Refused]:
        """Everything that stands against an amendment today, for its preview."""
        return list(self._shelf.catalog(code).refusals(terms, shanghai_day(self._clock())))

    def _load(self, stream: UUID) -> Catalog:
        catalog = self._journal.load(Catalog, stream)
        if catalog is None:
            raise Refused(RefusalCode.UNKNOWN_CATALOG, "No such catalog; choose one from the list of catalogs.")
        return catalog

    def _save(self, catalog: Catalog) -> int:
        try:
            return self._journal.record(catalog)
        except Conflict:
            raise Refused(
                RefusalCode.STALE_BASE_VERSION,
                "Another administrator changed the catalog first; look at what changed and propose it anew.",
            ) from None


def clean_notice(number: str | None, title: str) -> Notice:
    """A notice as the domain keeps it. Raises ``Refused``."""
    return Notice(
        number=clean(number, "noticeNumber", limit=CODE_LIMIT, required=False) or None if number else None,
        title=clean(title, "noticeTitle"),
    )
