"""What the streams seen so far lead to: the cases and catalogs that are remembered between two events of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from application.projections.projection import Recorded, RowsOutOfStep, Stream
from domain.base import Created, evolve
from domain.case.case import RecognitionCase
from domain.case.imported import BEGINNINGS
from domain.case.state import CaseState, Pinned
from domain.catalog.timeline import CatalogTimeline
from domain.identifiers import catalog_id
from domain.values import CatalogEntry

CASE_TOPICS: Final = frozenset(kind.TOPIC for kind in RecognitionCase.GUARDS)
"""The topics of the events of cases."""
_BEGINNINGS: Final = frozenset(kind.TOPIC for kind in BEGINNINGS)
_MOST_CASES: Final = 20_000
"""How many cases are remembered; one that left is made of its events again."""


@dataclass(slots=True)
class TouchedCase:
    """A case that the events of a batch are about, as the last of them left it, and where that one stands.

    ``awarded_at`` is the position at which its title was awarded, where that was in this batch. ``is_new`` and ``is_newly_titled``: before the
    batch there was no such case, or no title of it.
    """

    state: CaseState
    position: int
    is_new: bool
    is_newly_titled: bool
    awarded: Pinned | None
    awarded_at: int


class CaseStates:
    """Cases as their last event left them, read from their events (``stream``) when first needed; and which of them a batch touched.

    They are folded once a batch, for however many projections. Keys are the numbers of identifiers, which are compared faster.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._cases: OrderedDict[int, CaseState] = OrderedDict()
        self._touched: dict[int, TouchedCase] = {}

    @property
    def touched(self) -> Collection[TouchedCase]:
        """The cases of this batch, in the order of their first event in it."""
        return self._touched.values()

    def done(self) -> None:
        """The batch is projected; the next one begins."""
        self._touched.clear()
        while len(self._cases) > _MOST_CASES:
            self._cases.popitem(last=False)

    def forget(self) -> None:
        """Remember nothing; states are made of their events again when needed."""
        self._cases.clear()
        self._touched.clear()

    def forget_holder(self, holder_ref: UUID) -> None:
        """What is remembered of a person goes with the person."""
        for key in [key for key, case in self._cases.items() if case.holder_ref == holder_ref]:
            del self._cases[key]

    def remember(self, events: Iterable[Recorded]) -> None:
        """Take in what the events of some cases, each case's in order, lead to."""
        for event in events:
            key = event.originator_id.int
            self._cases[key] = evolve(self._cases.get(key), event)

    def unknown(self, events: Iterable[Recorded]) -> list[UUID]:
        """The cases among the streams of these events that began before them and are not remembered."""
        begun, found = set[int](), dict[int, UUID]()
        for event in events:
            if event.TOPIC in _BEGINNINGS:
                begun.add(event.originator_id.int)
            elif event.TOPIC in CASE_TOPICS:
                key = event.originator_id.int
                if key not in begun and key not in self._cases:
                    found[key] = event.originator_id
        return list(found.values())

    def take_in(self, event: Recorded, position: int) -> None:
        """A case's next event; one that was seen already changes nothing. Raises ``RowsOutOfStep`` where one before it is missing."""
        key, version = event.originator_id.int, event.originator_version
        state = self._cases.get(key)
        if state is None and version > 1:
            state = state_after(self._stream(event.originator_id, position))
        seen = state.version if state is not None else 0
        if version <= seen:
            return
        if version > seen + 1:
            raise RowsOutOfStep(f"case {event.originator_id} is at version {seen}, not before {version}")
        touched, awarded = self._touched.get(key), state.awarded if state is not None else None
        after = evolve(state, event)
        self._cases[key] = after
        self._cases.move_to_end(key)
        if touched is None:
            touched = TouchedCase(after, position, state is None, awarded is None, awarded, position)
            self._touched[key] = touched
        touched.state, touched.position = after, position
        if after.awarded is not touched.awarded:
            touched.awarded, touched.awarded_at = after.awarded, position


class CatalogStates:
    """Catalogs as their last event left them, read from their events (``stream``) when first needed."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._catalogs: dict[UUID, CatalogTimeline] = {}

    def forget(self) -> None:
        """Remember nothing; states are made of their events again when needed."""
        self._catalogs.clear()

    def knows(self, stream_id: UUID) -> bool:
        """Whether the catalog of this stream is remembered."""
        return stream_id in self._catalogs

    def published(self, event: Recorded) -> CatalogTimeline:
        """A catalog that begins with this event."""
        timeline: CatalogTimeline = evolve(None, event)
        self._catalogs[event.originator_id] = timeline
        return timeline

    def see(self, event: Recorded, position: int) -> None:
        """Take in an event of a catalog, unless it was seen already."""
        if isinstance(event, Created):
            if not self.knows(event.originator_id):
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


def state_after(events: Iterable[Recorded]) -> Any:
    """The state that a stream's events lead to; None for none."""
    state: Any = None
    for event in events:
        state = evolve(state, event)
    return state


@lru_cache(maxsize=256)
def _stream_of(catalog_code: str) -> UUID:
    return catalog_id(catalog_code)
