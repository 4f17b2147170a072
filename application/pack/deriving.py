"""The match of a case made anew from a pack: under the versions that were known when it was recorded, by the matcher as live."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final, TypeVar
from uuid import UUID

from application.catalogs import Shelf
from application.several_catalogs import SURE, Found, GoverningVersion, settled
from domain.base import Aggregate, Event
from domain.case.events import CandidatesListed, Matched, RematchRequired, Submitted
from domain.catalog.timeline import AmendmentIssued, CatalogPublished, version_in_force
from domain.identifiers import catalog_id
from domain.matching import Matcher
from domain.messages import Message, tell
from domain.values import shanghai_day

A = TypeVar("A", bound=Aggregate)
READ: Final = ("certificate.name", "certificate.issuing_body", "certificate.grade", "work_field")
"""The personal fields of a submission that matching reads."""

Opened = Callable[[int, str, str | None], str | None]
"""The value of a personal field at a version and path, from what stands for it in the event. Raises ``Sealed``."""


class Sealed(Exception):
    """A value is sealed, and was not disclosed."""


class PackedCatalogs:
    """The catalogs of a pack, as a shelf reads them."""

    def __init__(self, streams: Mapping[UUID, Sequence[tuple[Event, int]]]) -> None:
        """``streams`` hold the events of each catalog with their positions, lawful and in order."""
        self._streams = streams
        first = sorted((events[0][1], events[0][0]) for events in streams.values())
        self._published: list[tuple[int, Any]] = first

    def codes(self) -> Sequence[str]:
        """See ``CatalogIndex``."""
        return [event.code for _, event in self._published]

    def head(self) -> int:
        """See ``CatalogIndex``."""
        return max((position for events in self._streams.values() for _, position in events), default=0)

    def load(self, kind: type[A], stream_id: UUID) -> A | None:
        """See ``CatalogStreams``."""
        found: Any = None
        for event, _ in self._streams.get(stream_id, ()):
            found = event.mutate(found)
        return found if isinstance(found, kind) else None

    def events_of(self, stream_id: UUID, *, after: int | None = None) -> Iterator[Event]:
        """See ``CatalogStreams``."""
        return (event for event, _ in self._streams.get(stream_id, ()) if event.originator_version > (after or 0))

    def in_force(self, shelf: Shelf, on: date, before: int, code: str | None = None) -> list[GoverningVersion]:
        """The versions in force on a day, of one catalog or of all, as they were known before a position."""
        found = []
        for each in self.codes() if code is None else [code]:
            events = [event for event, position in self._streams.get(catalog_id(each), ()) if position < before]
            known = sum(isinstance(event, CatalogPublished | AmendmentIssued) for event in events)
            number = version_in_force(shelf.catalog(each).versions[:known], on) if known else None
            if number is not None:
                found.append(GoverningVersion(each, number))
        return found


def shelf_of(catalogs: PackedCatalogs) -> Shelf:
    """The catalogs of a pack, on a shelf."""
    return Shelf(catalogs, catalogs)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A match that does not follow: at which version, and what was recorded and derived instead."""

    version: int
    said: Message


@dataclass(slots=True)
class Derivation:
    """What making matches anew came to: how many were, what contradicts, and why one was not."""

    made: int = 0
    contradiction: Contradiction | None = None
    not_derived: Message | None = None


def derive(
    shelf: Shelf, catalogs: PackedCatalogs, events: Sequence[tuple[Event, int]], opened: Opened, *, erased: bool
) -> Derivation:
    """Make every automatic match of a case anew; ``events`` come with their positions.

    What a reviewer chose stands as they chose it: that its entry is listed, guards ask.
    """
    done = Derivation()
    submitted: Any = events[0][0]
    for (before, _), (event, position) in pairwise(events):
        if not isinstance(before, Submitted | RematchRequired):
            continue
        if not _automatic(event):
            if isinstance(before, Submitted) and before.catalog_code is None:
                continue
            done.contradiction = Contradiction(before.originator_version, tell("pack.match_missing"))
            return done
        recorded: Any = event
        if recorded.rule_set != Matcher.rule_set:
            done.not_derived = tell("audit.not_derived_rule_set", rule_set=recorded.rule_set or "—")
            continue
        try:
            found = _found(shelf, catalogs, submitted, before, position, opened)
        except Sealed:
            done.not_derived = (
                tell("audit.not_derived_erased") if erased else tell("pack.not_derived_sealed", fields=READ)
            )
            continue
        done.made += 1
        if found is None or _recorded(recorded) != _derived(found):
            done.contradiction = Contradiction(recorded.originator_version, _differs(recorded, found))
            return done
    return done


def _automatic(event: Event) -> bool:
    return isinstance(event, CandidatesListed) or (isinstance(event, Matched) and not event.by_hand)


def _found(
    shelf: Shelf, catalogs: PackedCatalogs, submitted: Submitted, before: Event, position: int, opened: Opened
) -> Found | None:
    certificate = submitted.certificate

    def text(path: str, value: str | None) -> str | None:
        return opened(submitted.originator_version, path, value)

    name = text(READ[0], certificate.name) or ""
    body, grade = text(READ[1], certificate.issuing_body) or "", text(READ[2], certificate.grade)
    if isinstance(before, RematchRequired):
        on, code = shanghai_day(before.timestamp), submitted.catalog_code or ""
        first = shelf.match_among([GoverningVersion(code, before.catalog_version)], on, name, body, grade)
        others = [each for each in catalogs.in_force(shelf, on, position) if each.catalog_code != code]
        found = [shelf.match_among([each], on, name, body, grade) for each in others]
        return first and settled(first, [first, *filter(None, found)])
    on = submitted.submitted_on
    versions = catalogs.in_force(shelf, on, position, submitted.catalog_asked)
    field = text(READ[3], submitted.work_field) if len(versions) > 1 else None
    return shelf.match_among(versions, on, name, body, grade, field)


def _derived(found: Found) -> tuple[Any, ...]:
    match = found.match
    sure = match.outcome in SURE and match.entry is not None
    entry, grade = (match.entry.number, match.grade) if sure and match.entry else (None, None)
    candidates = sorted((each.number, each.grade or "") for each in match.candidates)
    return match.outcome, entry, grade, candidates


def _recorded(event: Any) -> tuple[Any, ...]:
    candidates = sorted((each.number, each.grade or "") for each in event.candidates)
    if isinstance(event, Matched):
        return event.outcome, event.entry_number, event.grade, candidates
    return event.outcome, None, None, candidates


def _differs(event: Any, found: Found | None) -> Message:
    recorded = getattr(event, "entry_number", None)
    derived = found.match.entry.number if found is not None and found.match.entry is not None else None
    return tell("pack.match_differs", recorded=recorded or "—", derived=derived or "—")
