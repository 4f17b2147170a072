"""The catalog of foreign qualifications: numbered versions, each from its own notice, each in force from a day (article 5).

Versions are bitemporal: in force on a day, known at an instant. An amendment is proposed by one administrator and issued
by another; issuing makes version n+1. Numbers of entries are never reused, and what a version withdrew keeps its history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, event
from domain.catalog_versions import (
    Amendment,
    AmendmentTerms,
    CatalogVersion,
    EntryChange,
    aliases_after,
    apply_changes,
    entries_after,
    faults_of,
    refusals_of_alias_changes,
    refusals_of_entries,
    version_in_force,
)
from domain.identifiers import amendment_id, catalog_id
from domain.refusals import RefusalCode, Refused
from domain.values import Alias, CatalogEntry, EntryChangeKind, Notice, Provenance, Role, shanghai_day


class Catalog(Aggregate):
    """One catalog, every version it ever had, and the amendments on their way."""

    TOPIC: ClassVar[str] = "catalog"

    class Published(Created):
        """Version 1, as the official notice states it."""

        TOPIC: ClassVar[str] = "catalog.published"
        code: str
        name: str
        notice: Notice
        effective_from: date
        entries: tuple[CatalogEntry, ...]
        aliases: tuple[Alias, ...] = ()

    class AmendmentProposed(Aggregate.Event):
        """One administrator proposes changes against the latest version."""

        TOPIC: ClassVar[str] = "catalog.amendment-proposed"
        amendment_id: UUID
        terms: AmendmentTerms

    class AmendmentIssued(Aggregate.Event):
        """The catalog is amended: another administrator issues the proposal as version n+1."""

        TOPIC: ClassVar[str] = "catalog.amendment-issued"
        amendment_id: UUID
        number: int
        terms: AmendmentTerms

    class AmendmentDiscarded(Aggregate.Event):
        """The proposal is dropped; it never takes effect."""

        TOPIC: ClassVar[str] = "catalog.amendment-discarded"
        amendment_id: UUID
        reason: str

    @event(Published)
    def __init__(
        self,
        code: str,
        name: str,
        notice: Notice,
        effective_from: date,
        entries: tuple[CatalogEntry, ...],
        aliases: tuple[Alias, ...],
        timestamp: datetime,
    ) -> None:
        self.code = code
        self.name = name
        self.versions = [CatalogVersion(1, notice, effective_from, timestamp, False, (), ())]
        self.entries = {entry.number: entry for entry in entries}
        self.first_entries = entries
        self.first_aliases = aliases
        self.ever_numbered = set(self.entries)
        self.amendments: dict[UUID, Amendment] = {}

    @classmethod
    def publish(
        cls,
        act: Act,
        *,
        code: str,
        name: str,
        notice: Notice,
        effective_from: date,
        entries: Sequence[CatalogEntry],
        aliases: Sequence[Alias] = (),
    ) -> Self:
        """Publish a catalog's first version. Raises ``Refused`` with the first of ``refusals_of_entries``."""
        _require_administrator(act)
        for refusal in refusals_of_entries(entries):
            raise refusal
        return cls._begin(
            act,
            cls.Published,
            catalog_id(code),
            code=code,
            name=name,
            notice=notice,
            effective_from=effective_from,
            entries=tuple(entries),
            aliases=tuple(aliases),
        )

    @property
    def latest(self) -> CatalogVersion:
        """The version with the highest number, whether or not it is in force yet."""
        return self.versions[-1]

    def entries_at(self, number: int) -> dict[int, CatalogEntry]:
        """The entries of version ``number``, by entry number. Raises ``KeyError`` for a version that never was."""
        if not 1 <= number <= len(self.versions):
            raise KeyError(number)
        if number == len(self.versions):
            return dict(self.entries)
        entries = {entry.number: entry for entry in self.first_entries}
        for version in self.versions[1:number]:
            apply_changes(entries, version.changes)
        return entries

    def entry_at(self, version: int, number: int) -> CatalogEntry | None:
        """One entry as a version has it; None where it has none. Costs the changes, not the entries."""
        for each in reversed(self.versions[1:version]):
            for change in each.changes:
                if change.number == number:
                    return change.entry
        return next((entry for entry in self.first_entries if entry.number == number), None)

    def had(self, version: int, number: int) -> bool:
        """Whether a version, or one before it, has an entry of this number."""
        changed = any(change.number == number for each in self.versions[1:version] for change in each.changes)
        return changed or any(entry.number == number for entry in self.first_entries)

    def since(self, version: int) -> list[CatalogVersion]:
        """The versions issued after one, in order: what an amendment based on it has not seen."""
        return self.versions[max(version, 0) :]

    def aliases_at(self, number: int) -> tuple[Alias, ...]:
        """The aliases of version ``number``. Raises ``KeyError`` for a version that never was."""
        if not 1 <= number <= len(self.versions):
            raise KeyError(number)
        aliases = self.first_aliases
        for version in self.versions[1:number]:
            aliases = aliases_after(aliases, version.alias_changes)
        return aliases

    def version_in_force(self, on: date, known_at: datetime | None = None) -> int | None:
        """As ``version_in_force`` of this module."""
        return version_in_force(self.versions, on, known_at)

    def refusals(self, terms: AmendmentTerms, today: date) -> Iterator[Refused]:
        """Everything that stands against these terms on this day, so that an administrator sees all of it at once."""
        if terms.base_version != self.latest.number:
            yield _stale_base(terms.base_version, self.latest.number)
        if terms.effective_from < today and not terms.erratum:
            yield Refused(
                RefusalCode.EFFECTIVE_TOO_EARLY,
                f"{terms.effective_from} is before {today}; choose a later day, or mark the amendment as an erratum.",
                "effectiveFrom",
            )
        if not terms.changes and not terms.alias_changes:
            yield Refused(RefusalCode.NO_CHANGES, "The amendment changes nothing; add at least one change.", "changes")
        named: set[int] = set()
        for change in terms.changes:
            if change.number in named:
                yield Refused(
                    RefusalCode.DUPLICATE_CHANGE,
                    f"Entry {change.number} is changed twice; put both into one change.",
                    "changes",
                )
            named.add(change.number)
            yield from self._against(change)
        if terms.alias_changes:
            entries = entries_after(self.entries, terms.changes)
            yield from refusals_of_alias_changes(
                terms.alias_changes,
                self.aliases_at(len(self.versions)),
                entries,
                self.ever_numbered.union(named) - entries.keys(),
            )

    def _against(self, change: EntryChange) -> Iterator[Refused]:
        number, current = change.number, self.entries.get(change.number)
        if change.kind is EntryChangeKind.ADDED:
            if number in self.ever_numbered:
                yield Refused(
                    RefusalCode.ENTRY_EXISTS,
                    f"Number {number} is or was in use; add the entry under {max(self.ever_numbered) + 1} or higher.",
                    "changes",
                )
        elif current is None:
            code = RefusalCode.ENTRY_WITHDRAWN if number in self.ever_numbered else RefusalCode.UNKNOWN_ENTRY
            yield Refused(code, f"Version {self.latest.number} has no entry {number}; name one that it has.", "changes")
        for fault in _faults_of_change(change, current):
            yield Refused(RefusalCode.CHANGE_INVALID, f"Entry {number} {fault}.", "changes")

    def propose(self, act: Act, terms: AmendmentTerms) -> UUID:
        """Propose an amendment; answers its identifier. Raises ``Refused`` with the first of ``refusals``."""
        _require_administrator(act)
        for refusal in self.refusals(terms, shanghai_day(act.at)):
            raise refusal
        identifier = amendment_id(self.id, self.version + 1)
        self._record(act, Catalog.AmendmentProposed, amendment_id=identifier, terms=terms)
        return identifier

    @event(AmendmentProposed)
    def _amendment_proposed(self, amendment_id: UUID, terms: AmendmentTerms, by: Provenance) -> None:
        self.amendments[amendment_id] = Amendment(amendment_id, terms, by.actor)

    def issue(self, act: Act, amendment_id: UUID) -> int:
        """Issue a proposed amendment as the next version, whose number it answers. Raises ``Refused`` where the issuer
        proposed it, another version came first, or the day it takes effect has passed.
        """
        _require_administrator(act)
        amendment = self._open_amendment(amendment_id)
        if amendment.proposed_by.subject == act.by.actor.subject:
            raise Refused(
                RefusalCode.SAME_ADMINISTRATOR, "You proposed this amendment; another administrator must issue it."
            )
        for refusal in self.refusals(amendment.terms, shanghai_day(act.at)):
            raise refusal
        number = self.latest.number + 1
        self._record(act, Catalog.AmendmentIssued, amendment_id=amendment_id, number=number, terms=amendment.terms)
        return number

    @event(AmendmentIssued)
    def _amendment_issued(self, amendment_id: UUID, number: int, terms: AmendmentTerms, timestamp: datetime) -> None:
        self.amendments[amendment_id].status = "ISSUED"
        self.entries = entries_after(self.entries, terms.changes)
        self.ever_numbered |= {change.number for change in terms.changes}
        self.versions.append(
            CatalogVersion(
                number,
                terms.notice,
                terms.effective_from,
                timestamp,
                terms.erratum,
                terms.changes,
                terms.alias_changes,
                terms.rematch_pending,
                amendment_id,
            )
        )

    def discard(self, act: Act, amendment_id: UUID, reason: str) -> None:
        """Drop a proposed amendment, by its proposer or another administrator. Raises ``Refused`` once it is closed."""
        _require_administrator(act)
        self._open_amendment(amendment_id)
        self._record(act, Catalog.AmendmentDiscarded, amendment_id=amendment_id, reason=reason)

    @event(AmendmentDiscarded)
    def _amendment_discarded(self, amendment_id: UUID) -> None:
        self.amendments[amendment_id].status = "DISCARDED"

    def _open_amendment(self, amendment_id: UUID) -> Amendment:
        amendment = self.amendments.get(amendment_id)
        if amendment is None:
            raise Refused(RefusalCode.UNKNOWN_AMENDMENT, "No such amendment; look it up in the catalog.", "amendmentId")
        if amendment.status != "PROPOSED":
            raise Refused(
                RefusalCode.AMENDMENT_CLOSED,
                f"The amendment is {amendment.status.lower()} already; propose a new one to change more.",
                "amendmentId",
            )
        return amendment


def _require_administrator(act: Act) -> None:
    if act.by.actor.role not in {Role.ADMINISTRATOR, Role.SYSTEM}:
        raise Refused(RefusalCode.NOT_PERMITTED, "Only administrators publish and amend catalogs; ask one to do it.")


def _faults_of_change(change: EntryChange, current: CatalogEntry | None) -> Iterator[str]:
    """What is wrong with a change in itself; each reads on from ``Entry n``."""
    entry = change.entry
    if change.kind is EntryChangeKind.WITHDRAWN:
        if entry is not None:
            yield "is withdrawn and must not carry new content; leave the content out"
    elif entry is None:
        yield "lacks its new content; give it, or withdraw the entry"
    else:
        if entry.number != change.number:
            yield f"carries the content of entry {entry.number}; make the numbers the same"
        if entry == current:
            yield "stays as it is; leave the change out"
        yield from faults_of(entry)


def _stale_base(base: int, latest: int) -> Refused:
    return Refused(
        RefusalCode.STALE_BASE_VERSION,
        f"The amendment is based on version {base}, but version {latest} exists; look at what changed since and propose "
        f"it anew against version {latest}.",
        "baseVersion",
    )
