"""What the streams seen so far lead to: the cases and catalogs that a projector remembers between two events of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from application.projections.projection import RowsOutOfStep, Stream
from domain.base import Created, Event, evolve
from domain.case.events import CaseEvent
from domain.case.imported import BEGINNINGS
from domain.case.state import Pinned
from domain.catalog.timeline import CatalogTimeline
from domain.identifiers import catalog_id
from domain.values import CatalogEntry

_MOST_CASES: Final = 20_000
"""How many cases are remembered; one that left is made of its events again."""


class Versioned(Protocol):
    """A state that knows which event of its stream it has seen last."""

    @property
    def version(self) -> int:
        """The version of that event."""


S = TypeVar("S", bound=Versioned)


class StreamStates(Generic[S]):
    """Cases and catalogs as their last event left them, read from their events (``stream``) when first needed.

    Of a case is remembered what ``advance`` makes of one state (None before the first event) and one more event.
    """

    def __init__(self, stream: Stream, advance: Callable[[S | None, Event], S]) -> None:
        self._stream = stream
        self._advance = advance
        self._catalogs: dict[UUID, CatalogTimeline] = {}
        self._cases: OrderedDict[UUID, S] = OrderedDict()

    def forget(self) -> None:
        """Remember nothing; states are made of their events again when needed."""
        self._catalogs.clear()
        self._cases.clear()

    def forget_case(self, case_id: UUID) -> None:
        """What is remembered of a person goes with the person."""
        self._cases.pop(case_id, None)

    def remember(self, events: Iterable[Event]) -> None:
        """Take in what the events of some cases, each case's in order, lead to."""
        for event in events:
            self._cases[event.originator_id] = self._advance(self._cases.get(event.originator_id), event)

    def unknown_cases(self, events: Iterable[Event]) -> list[UUID]:
        """The cases among the streams of these events that began before them and are not remembered."""
        begun, found = set[UUID](), dict[UUID, None]()
        for event in events:
            if isinstance(event, BEGINNINGS):
                begun.add(event.originator_id)
            elif (
                isinstance(event, CaseEvent)
                and event.originator_id not in begun
                and event.originator_id not in self._cases
            ):
                found[event.originator_id] = None
        return list(found)

    def case_after(self, event: Event, position: int) -> S | None:
        """A case after an event of it; None where that was seen already. Raises ``RowsOutOfStep`` where one before it is missing."""
        state = self._case_before(event, position)
        if state is not None and state.version >= event.originator_version:
            return None
        after = self._advance(state, event)
        self._cases[event.originator_id] = after
        self._cases.move_to_end(event.originator_id)
        if len(self._cases) > _MOST_CASES:
            self._cases.popitem(last=False)
        return after

    def _case_before(self, event: Event, position: int) -> S | None:
        state = self._cases.get(event.originator_id)
        if state is None and event.originator_version > 1:
            for earlier in self._stream(event.originator_id, position):
                state = self._advance(state, earlier)
        seen = state.version if state else 0
        if event.originator_version > seen + 1:
            raise RowsOutOfStep(
                f"case {event.originator_id} is at version {seen}, not before {event.originator_version}"
            )
        return state

    def knows_catalog(self, stream_id: UUID) -> bool:
        """Whether the catalog of this stream is remembered."""
        return stream_id in self._catalogs

    def published(self, event: Event) -> CatalogTimeline:
        """A catalog that begins with this event."""
        timeline: CatalogTimeline = evolve(None, event)
        self._catalogs[event.originator_id] = timeline
        return timeline

    def see_catalog(self, event: Event, position: int) -> None:
        """Take in an event of a catalog, unless it was seen already."""
        if isinstance(event, Created):
            if not self.knows_catalog(event.originator_id):
                self.published(event)
            return
        timeline = self.timeline(event.originator_id, position)
        if timeline.version < event.originator_version:
            evolve(timeline, event)

    def timeline(self, stream_id: UUID, position: int) -> CatalogTimeline:
        """A catalog as the events before a position left it. Raises ``RowsOutOfStep`` where there is none."""
        timeline = self._catalogs.get(stream_id)
        if timeline is None:
            timeline = state_after(self._stream(stream_id, position))
            if timeline is None:
                raise RowsOutOfStep(f"no catalog is published in stream {stream_id} before position {position}")
            self._catalogs[stream_id] = timeline
        return timeline

    def entry_of(self, pinned: Pinned | None, position: int) -> CatalogEntry | None:
        """The entry that a case is pinned to, or its title, as its version has it; None while it is pinned to none."""
        if pinned is None:
            return None
        timeline = self.timeline(_stream_of(pinned.catalog_code), position)
        return timeline.entry_at(pinned.catalog_version, pinned.entry_number)


def state_after(events: Iterable[Event]) -> Any:
    """The state that a stream's events lead to; None for none."""
    state: Any = None
    for event in events:
        state = evolve(state, event)
    return state


@lru_cache(maxsize=256)
def _stream_of(catalog_code: str) -> UUID:
    return catalog_id(catalog_code)
