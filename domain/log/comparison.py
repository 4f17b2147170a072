"""Events held against the log: which was changed, removed or put in between since its leaf was signed.

Both sides stand in the order of positions, so one walk along them finds every place where they part. What happened of two events
that were swapped reads as both having changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.log.leaf import LogLeaf
from domain.log.log_errors import LeafError


class DeviationKind(StrEnum):
    """What became of an event that the log committed to, or did not."""

    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    INSERTED = "INSERTED"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    NO_LEAF = "NO_LEAF"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One place where the events are not what was signed; ``leaf_index`` is None for an event that has no leaf."""

    kind: DeviationKind
    position: int
    leaf_index: int | None
    sentence: str


def deviations(entries: Iterable[bytes], events: Iterable[LogLeaf], first: int = 0) -> Iterator[Deviation]:
    """Where the entries of a log, from leaf ``first`` on, and the leaves made anew from events part, in order.

    ``events`` end with the last position that the log covers.
    """
    found = iter(events)
    event = next(found, None)
    before = 0
    for index, entry in enumerate(entries, first):
        if event is not None and event.encode() == entry:
            before, event = event.position, next(found, None)
            continue
        try:
            leaf = LogLeaf.parse(entry)
        except LeafError as error:
            yield Deviation(DeviationKind.NO_LEAF, 0, index, f"Leaf {index} is no leaf of a registry: {error}")
            continue
        if leaf.position <= before:
            sentence = f"Leaf {index} is of position {leaf.position}, after a leaf of position {before}."
            yield Deviation(DeviationKind.OUT_OF_ORDER, leaf.position, index, sentence)
            continue
        before = leaf.position
        while event is not None and event.position < leaf.position:
            yield _inserted(event)
            event = next(found, None)
        if event is None or event.position > leaf.position:
            yield _removed(leaf, index)
        else:
            if event != leaf:
                yield _changed(leaf, event, index)
            event = next(found, None)
    while event is not None:
        yield _inserted(event)
        event = next(found, None)


def _changed(leaf: LogLeaf, event: LogLeaf, index: int) -> Deviation:
    parts = [
        name
        for name, differs in (
            ("its stream", leaf.stream_id != event.stream_id),
            ("its version", leaf.version != event.version),
            ("its topic", leaf.topic != event.topic),
            ("its content", leaf.digest != event.digest),
        )
        if differs
    ]
    sentence = (
        f"The event at position {leaf.position} (leaf {index}, {leaf.topic}, version {leaf.version} of stream"
        f" {leaf.stream_id}) was changed after it was logged: {' and '.join(parts)} is another."
    )
    return Deviation(DeviationKind.CHANGED, leaf.position, index, sentence)


def _removed(leaf: LogLeaf, index: int) -> Deviation:
    sentence = (
        f"The event at position {leaf.position} (leaf {index}, {leaf.topic}, version {leaf.version} of stream"
        f" {leaf.stream_id}) was removed after it was logged."
    )
    return Deviation(DeviationKind.REMOVED, leaf.position, index, sentence)


def _inserted(event: LogLeaf) -> Deviation:
    sentence = (
        f"The event at position {event.position} ({event.topic}, version {event.version} of stream {event.stream_id}) was put"
        " between events that were logged: it is no leaf."
    )
    return Deviation(DeviationKind.INSERTED, event.position, None, sentence)
