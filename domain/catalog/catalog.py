"""The catalog of foreign qualifications as a stream: numbered versions, each from its own notice, in force from a day (article 5).

An amendment is proposed by one administrator and issued by another; issuing makes version n+1. Numbers of entries are never
reused, and what a version withdrew keeps its history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import ClassVar, Final, Self
from uuid import UUID

from domain.base import Act, Aggregate
from domain.catalog.amendment import (
    AmendmentTerms,
    entries_after,
    refusals_of_alias_changes,
    refusals_of_entries,
    refusals_of_levels,
    refusals_of_word_changes,
)
from domain.catalog.changes import changes_against
from domain.catalog.timeline import (
    AmendmentDiscarded,
    AmendmentIssued,
    AmendmentProposed,
    CatalogEvent,
    CatalogPublished,
    CatalogTimeline,
)
from domain.guards import Asks, Attempt, Guards, breaches, guard
from domain.identifiers import amendment_id, catalog_id
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import Alias, CatalogEntry, Notice, Role, Word, same_person, shanghai_day


# ── who ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHO, "article 5")
def administrators_only(attempt: Attempt) -> Refused | None:
    """Administrators publish and amend catalogs; the registry itself publishes the official notice."""
    if attempt.event.by.actor.role in {Role.ADMINISTRATOR, Role.SYSTEM}:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("catalog.administrators_only"))


@guard(Asks.WHO, "article 5")
def another_administrator(attempt: Attempt) -> Refused | None:
    """The administrator who proposed an amendment does not issue it."""
    amendment = attempt.state.amendments.get(attempt.event.amendment_id)
    if amendment is None or not same_person(amendment.proposed_by, attempt.event.by.actor):
        return None
    return Refused(RefusalCode.SAME_ADMINISTRATOR, tell("amendment.another_administrator"))


# ── when ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHEN, "article 5")
def amendment_open(attempt: Attempt) -> Refused | None:
    """An amendment is issued or discarded that was proposed, and once."""
    amendment = attempt.state.amendments.get(attempt.event.amendment_id)
    if amendment is None:
        return Refused(RefusalCode.UNKNOWN_AMENDMENT, tell("amendment.unknown"), "amendmentId")
    if amendment.status != "PROPOSED":
        issued = amendment.status == "ISSUED"
        said = tell("amendment.issued_already") if issued else tell("amendment.discarded_already")
        return Refused(RefusalCode.AMENDMENT_CLOSED, said, "amendmentId")
    return None


@guard(Asks.WHEN, "article 5")
def on_the_latest_version(attempt: Attempt) -> Refused | None:
    """An amendment changes the latest version."""
    base, latest = attempt.event.terms.base_version, attempt.state.latest.number
    if base == latest:
        return None
    return Refused(
        RefusalCode.STALE_BASE_VERSION,
        tell("amendment.on_the_latest_version", base=base, latest=latest),
        "baseVersion",
    )


@guard(Asks.WHEN, "article 5")
def not_before_its_day(attempt: Attempt) -> Refused | None:
    """Only an erratum takes effect before the day of recording."""
    terms, today = attempt.event.terms, shanghai_day(attempt.event.timestamp)
    if terms.erratum or terms.effective_from >= today:
        return None
    return Refused(
        RefusalCode.EFFECTIVE_TOO_EARLY,
        tell("amendment.not_before_its_day", effective=terms.effective_from, today=today),
        "effectiveFrom",
    )


# ── what ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@guard(Asks.WHAT, "article 5")
def entries_sound(attempt: Attempt) -> Iterator[Refused]:
    """A first version has entries, each numbered once, each leading to one title for each grade, of a level that the notice
    awards.
    """
    yield from refusals_of_entries(attempt.event.entries, attempt.event.notice.levels)


@guard(Asks.WHAT, "article 5")
def changes_something(attempt: Attempt) -> Refused | None:
    """An amendment changes at least one entry, alias or word, or the day on which the catalog ends."""
    terms = attempt.event.terms
    ends = terms.ends_on not in {None, attempt.state.latest.ends_on}
    if terms.changes or terms.alias_changes or terms.word_changes or ends:
        return None
    return Refused(RefusalCode.NO_CHANGES, tell("amendment.changes_something"), "changes")


@guard(Asks.WHAT, "article 5")
def ends_after_it_began(attempt: Attempt) -> Refused | None:
    """A catalog does not end before the amendment that ends it takes effect."""
    terms = attempt.event.terms
    if terms.ends_on is None or terms.ends_on >= terms.effective_from:
        return None
    return Refused(
        RefusalCode.ENDS_TOO_EARLY,
        tell("amendment.ends_after_it_began", ends=terms.ends_on, effective=terms.effective_from),
        "endsOn",
    )


@guard(Asks.WHAT, "article 5")
def changes_sound(attempt: Attempt) -> Iterator[Refused]:
    """A change names an entry once: one that is there, or for an addition a number never used or left by the same amendment."""
    yield from changes_against(attempt.state, attempt.event.terms.changes)


@guard(Asks.WHAT, "article 5")
def levels_awarded(attempt: Attempt) -> Iterator[Refused]:
    """Titles are of the levels that the notice awards; where it says nothing, of those that the catalog awards so far."""
    timeline, terms = attempt.state, attempt.event.terms
    changed = {change.entry.number: change.entry for change in terms.changes if change.entry is not None}
    if terms.notice.levels is None:
        yield from refusals_of_levels(changed.values(), timeline.latest.levels, "changes")
    else:
        resulting = entries_after(timeline.entries_at(timeline.latest.number), terms.changes)
        yield from refusals_of_levels((resulting | changed).values(), terms.notice.levels, "changes")


@guard(Asks.WHAT, "article 5")
def alias_changes_sound(attempt: Attempt) -> Iterator[Refused]:
    """A change of an alias adds one that is not there, or withdraws one that is, and names entries that the version has."""
    timeline, terms = attempt.state, attempt.event.terms
    if terms.alias_changes:
        latest = timeline.latest.number
        entries = entries_after(timeline.entries_at(latest), terms.changes)
        named = {number for change in terms.changes for number in change.numbers}
        yield from refusals_of_alias_changes(
            terms.alias_changes, timeline.aliases_at(latest), entries, (timeline.ever_numbered | named) - entries.keys()
        )


@guard(Asks.WHAT, "article 5")
def word_changes_sound(attempt: Attempt) -> Iterator[Refused]:
    """A change of a word adds one that is not there and that matching can read, or withdraws one that is there."""
    timeline, terms = attempt.state, attempt.event.terms
    if terms.word_changes:
        yield from refusals_of_word_changes(terms.word_changes, timeline.vocabulary_at(timeline.latest.number))


@guard(Asks.WHAT, "article 5")
def issued_as_proposed(attempt: Attempt) -> Refused | None:
    """What is issued is what was proposed."""
    amendment = attempt.state.amendments.get(attempt.event.amendment_id)
    if amendment is None or amendment.terms == attempt.event.terms:
        return None
    return Refused(RefusalCode.TERMS_CHANGED, tell("amendment.issued_as_proposed"))


@guard(Asks.WHAT, "article 5")
def next_number(attempt: Attempt) -> Refused | None:
    """Versions are numbered without a gap."""
    number, following = attempt.event.number, attempt.state.latest.number + 1
    if number == following:
        return None
    return Refused(RefusalCode.NUMBER_SKIPPED, tell("amendment.next_number", number=number, following=following))


TERMS: Final = (
    on_the_latest_version,
    not_before_its_day,
    ends_after_it_began,
    changes_something,
    changes_sound,
    levels_awarded,
    alias_changes_sound,
    word_changes_sound,
)
"""What terms must keep, when they are proposed and again when they are issued."""


class Catalog(Aggregate):
    """One catalog, every version it ever had, and the amendments on their way."""

    TOPIC: ClassVar[str] = "catalog"
    Event = CatalogEvent
    GUARDS: ClassVar[Guards] = {
        CatalogPublished: (administrators_only, entries_sound),
        AmendmentProposed: (administrators_only, *TERMS),
        AmendmentIssued: (
            administrators_only,
            amendment_open,
            another_administrator,
            *TERMS,
            issued_as_proposed,
            next_number,
        ),
        AmendmentDiscarded: (administrators_only, amendment_open),
    }

    @property
    def state(self) -> CatalogTimeline:
        """Everything the catalog ever said; for reading only."""
        state: CatalogTimeline = self._state
        return state

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
        vocabulary: Sequence[Word] = (),
    ) -> Self:
        """Publish a catalog's first version. Raises ``Refused`` with the first of ``refusals_of_entries``."""
        return cls.begin(
            CatalogPublished,
            act,
            catalog_id(code),
            code=code,
            name=name,
            notice=notice,
            effective_from=effective_from,
            entries=tuple(entries),
            aliases=tuple(aliases),
            vocabulary=tuple(vocabulary),
        )

    @classmethod
    def against(cls, timeline: CatalogTimeline, act: Act, terms: AmendmentTerms) -> Iterator[Refused]:
        """Everything that stands against proposing these terms, so that an administrator sees all of it at once."""
        version = timeline.version + 1
        proposed = AmendmentProposed(
            originator_id=timeline.catalog_id,
            originator_version=version,
            timestamp=act.at,
            by=act.by,
            amendment_id=amendment_id(timeline.catalog_id, version),
            terms=terms,
        )
        for breach in breaches(cls.GUARDS, Attempt(proposed, timeline, None)):
            yield breach.refusal

    def propose(self, act: Act, terms: AmendmentTerms) -> UUID:
        """Propose an amendment; answers its identifier. Raises ``Refused`` with the first of ``against``."""
        identifier = amendment_id(self.id, self.version + 1)
        self.decide(AmendmentProposed, act, amendment_id=identifier, terms=terms)
        return identifier

    def issue(self, act: Act, amendment_id: UUID) -> int:
        """Issue a proposed amendment as the next version, whose number it answers. Raises ``Refused`` where the issuer
        proposed it, another version came first, or the day it takes effect has passed.
        """
        amendment = self.state.amendments.get(amendment_id)
        if amendment is None:  # there are no terms to make the event of
            raise Refused(RefusalCode.UNKNOWN_AMENDMENT, tell("amendment.unknown"), "amendmentId")
        number = self.state.latest.number + 1
        self.decide(AmendmentIssued, act, amendment_id=amendment_id, number=number, terms=amendment.terms)
        return number

    def discard(self, act: Act, amendment_id: UUID, reason: str) -> None:
        """Drop a proposed amendment, by its proposer or another administrator. Raises ``Refused`` once it is closed."""
        self.decide(AmendmentDiscarded, act, amendment_id=amendment_id, reason=reason)
