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
from domain.messages import Message, tell


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
    sentence: Message


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
            yield Deviation(
                DeviationKind.NO_LEAF, 0, index, tell("proof.leaf_not_of_registry", index=index, reason=error.said)
            )
            continue
        if leaf.position <= before:
            said = tell("proof.leaf_position_after_leaf_position", index=index, position=leaf.position, before=before)
            yield Deviation(DeviationKind.OUT_OF_ORDER, leaf.position, index, said)
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
            (tell("proof.its_stream"), leaf.stream_id != event.stream_id),
            (tell("proof.its_version"), leaf.version != event.version),
            (tell("proof.its_topic"), leaf.topic != event.topic),
            (tell("proof.its_content"), leaf.digest != event.digest),
        )
        if differs
    ]
    said = tell(
        "proof.event_position_leaf_version_stream_changed",
        position=leaf.position,
        index=index,
        topic=leaf.topic,
        version=leaf.version,
        stream=str(leaf.stream_id),
        parts=parts,
    )
    return Deviation(DeviationKind.CHANGED, leaf.position, index, said)


def _removed(leaf: LogLeaf, index: int) -> Deviation:
    said = tell(
        "proof.event_position_leaf_version_stream_removed",
        position=leaf.position,
        index=index,
        topic=leaf.topic,
        version=leaf.version,
        stream=str(leaf.stream_id),
    )
    return Deviation(DeviationKind.REMOVED, leaf.position, index, said)


def _inserted(event: LogLeaf) -> Deviation:
    said = tell(
        "proof.event_position_version_stream_put_between",
        position=event.position,
        topic=event.topic,
        version=event.version,
        stream=str(event.stream_id),
    )
    return Deviation(DeviationKind.INSERTED, event.position, None, said)
