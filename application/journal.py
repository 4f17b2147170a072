"""The event-sourced application: streams in, streams out, and what a conflict between two writers means.

Concurrency is optimistic: a save that meets a newer version of one of its streams is refused whole by the store
(``IntegrityError``). Nothing of it is stored, so the caller reads again and decides anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import IntegrityError, Mapper

from application.ports import Enrolment
from domain.base import Aggregate, Event

A = TypeVar("A", bound=Aggregate)


class Conflict(Exception):
    """Another writer recorded an event on one of the streams first; nothing of this save was stored."""


class Overtaken(IntegrityError):
    """What was to be entered with a save is out of date, so nothing was stored: the person is known by now, or was erased."""


class KeyOutdated(Overtaken):
    """The key to be stored with a save is wrapped by a master key that was dropped meanwhile, so nothing was stored."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A save whose events are stored bytes already, and what is entered with it."""

    stored: Sequence[Any]
    enrolment: Enrolment | None = None


class Journal(Application[UUID]):
    """Loads and saves the registry's streams. ``mapper`` turns events into stored bytes and back, sealing on the way."""

    name = "registry"

    def __init__(self, env: Mapping[str, str], mapper: Mapper[UUID]) -> None:
        self._own_mapper = mapper
        super().__init__(dict(env))

    def construct_mapper(self) -> Mapper[UUID]:
        """The mapper given at construction."""
        return self._own_mapper

    def load(self, kind: type[A], stream_id: UUID) -> A | None:
        """The aggregate as all its events leave it; None where no stream of that kind has this identifier."""
        try:
            found: Any = self.repository.get(stream_id)
        except AggregateNotFoundError:
            return None
        return found if isinstance(found, kind) else None

    def load_all(self, streams: Mapping[UUID, type[Aggregate]]) -> dict[UUID, Any]:
        """The aggregates of several streams, of the kind named for each, by one statement; a stream that is none is absent."""
        stored: defaultdict[UUID, list[Any]] = defaultdict(list)
        for each in self._select_streams(list(streams)) if streams else ():
            stored[each.originator_id].append(each)
        found = {stream: self.restored(streams[stream], events) for stream, events in stored.items()}
        return {stream: each for stream, each in found.items() if each is not None}

    def which_exist(self, streams: Sequence[UUID]) -> frozenset[UUID]:
        """Those of these streams that have begun."""
        return frozenset(each.originator_id for each in self._select_streams(streams)) if streams else frozenset()

    def _select_streams(self, streams: Sequence[UUID]) -> Sequence[Any]:
        together: Any = getattr(self.recorder, "select_streams", None)
        if together is None:  # the library's recorder in memory
            return [each for stream in streams for each in self.recorder.select_events(stream)]
        return list(together(streams))

    def record(self, *aggregates: Aggregate) -> int:
        """Save what these aggregates recorded, all or nothing; the position of the last event. Raises ``Conflict``."""
        return max(self.record_each(*aggregates).values())

    def restored(self, kind: type[A], stored: Sequence[Any]) -> A | None:
        """The aggregate as these stored events of its stream leave it; None where there are none, or it is of another kind."""
        found: Any = None
        for each in stored:
            found = cast("Event", self._own_mapper.to_domain_event(each)).mutate(found)
        return found if isinstance(found, kind) else None

    def record_each(self, *aggregates: Aggregate, enrolment: Enrolment | None = None) -> dict[UUID, int]:
        """The same; for each stream the position of its last event.

        ``enrolment`` is stored in the same transaction. Raises also ``Overtaken``, where it is out of date.
        """
        events = [event for each in aggregates for event in each.collect_events()]
        stored = [self._own_mapper.to_stored_event(event) for event in events]
        entered = {} if enrolment is None else {"enrolment": enrolment}
        try:
            positions = self.recorder.insert_events(stored, **entered)
        except Overtaken:
            raise
        except IntegrityError as error:
            raise Conflict from error
        return {each.originator_id: position for each, position in zip(events, positions or (), strict=True)}

    def prepared(self, aggregates: Sequence[Aggregate], enrolment: Enrolment | None = None) -> Prepared:
        """One save of several that are stored together, its events sealed already."""
        events = [event for each in aggregates for event in each.collect_events()]
        return Prepared([self._own_mapper.to_stored_event(event) for event in events], enrolment)

    def record_together(self, saves: Sequence[Prepared]) -> list[bool]:
        """Store several saves in one transaction, each whole or not at all; which of them were.

        No two of them may be about one stream. A save that another writer was before, or whose person is known by now, stores nothing.
        """
        together: Any = getattr(self.recorder, "insert_together", None)
        if together is not None:
            return list(together([(each.stored, each.enrolment) for each in saves]))
        return [self._stores(each) for each in saves]  # the library's recorder in memory

    def _stores(self, save: Prepared) -> bool:
        try:
            self.recorder.insert_events(save.stored)
        except IntegrityError:
            return False
        return True

    def events_of(self, stream_id: UUID, *, after: int | None = None) -> Iterator[Event]:
        """A stream's events in order, from just after a version on."""
        for event in self.events.get(stream_id, gt=after):
            yield cast("Event", event)

    def last_position(self) -> int:
        """The position of the newest event; 0 while there is none."""
        return self.recorder.max_notification_id() or 0
