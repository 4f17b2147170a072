"""The streams of a pack asked as an audit asks them: columns, histories, guards, with what is sealed left sealed.

A guard that compares two sealed values cannot be asked of seals. Every stream with persons in it is therefore read twice, its seals
different from one another and all alike: what breaks a rule either way breaks it; what does in one reading alone is not derived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from application.audit import Finding
from application.pack.contents import PackedEvent, Place
from application.replay_audit import Replay, Violation
from application.sealed_values import SEALED, Opening, is_sealed, opens, place
from application.stored_events import Opens, Unreadable, event_of, replace_sealed, state_of
from domain.base import Aggregate, Event
from domain.guards import Circumstances
from domain.messages import Message, tell
from domain.streams import AGGREGATES, event_classes

_CLASSES: Final = {kind.TOPIC: kind for kind in event_classes()}
_KINDS: Final[Mapping[type[Event], type[Aggregate]]] = {kind: each for each in AGGREGATES for kind in each.GUARDS}
ALIKE: Final = "\x1fsealed"
"""What stands for every seal in the second reading."""


class Wrong(Exception):
    """The first thing that is wrong."""

    def __init__(self, found: Finding) -> None:
        super().__init__(str(found.said))
        self.found = found


def wrong(code: str, rule: str, said: Message, at: PackedEvent | None = None, stream_id: UUID | None = None) -> Wrong:
    """What is wrong, at an event, in a stream, or in the whole."""
    if at is None:
        return Wrong(Finding(code, rule, said, stream_id))
    return Wrong(Finding(code, rule, said, at.stream_id, at.version, at.position))


def sealed_at(text: str | None) -> bool:
    """Whether a personal value, as an event was read from a pack, is sealed still."""
    return text is not None and text.startswith("\x1f")


@dataclass(slots=True)
class JudgedStream:
    """A stream that keeps every rule: its kind, the state it leads to, its events with their positions.

    ``unasked`` are the rules, by version, that compare what is sealed.
    """

    stream_id: UUID
    kind: type[Aggregate]
    state: Any
    events: list[tuple[Event, int]] = field(default_factory=list)
    unasked: list[tuple[int, str]] = field(default_factory=list)

    @property
    def bare(self) -> list[Event]:
        """The events alone."""
        return [event for event, _ in self.events]


class Reader:
    """Reads packed events, with the disclosed values, whose openings were verified, in their places."""

    def __init__(self, disclosed: Mapping[Place, Opening]) -> None:
        self._disclosed = disclosed

    def read(self, packed: PackedEvent, *, alike: bool = False) -> Event:
        """The event. Raises ``Wrong``."""
        kind = _CLASSES.get(packed.topic)
        if kind is None:
            raise wrong("UNREADABLE", "events_can_be_read", tell("audit.unreadable", topic=packed.topic), packed)
        try:
            opener = self._opener(packed, alike=alike)
            return event_of(kind, packed.stream_id, packed.version, state_of(packed.state), lambda: opener)
        except Unreadable:
            said = tell("audit.unreadable", topic=packed.topic)
        raise wrong("UNREADABLE", "events_can_be_read", said, packed)

    def _opener(self, packed: PackedEvent, *, alike: bool) -> Opens:
        def stands_for(path: str, value: Any) -> str:
            if not is_sealed(value):
                raise wrong("SEAL_BROKEN", "persons_are_sealed", tell("pack.not_sealed", field=path), packed)
            opening = self._disclosed.get(Place(packed.stream_id, packed.version, path))
            if opening is not None:
                return opening.value
            return ALIKE if alike else f"\x1f{value[SEALED]}"

        return stands_for


def require_opened(packed: PackedEvent, disclosed: Mapping[str, Opening]) -> None:
    """What was disclosed of an event, by path, is what is sealed there. Raises ``Wrong``."""
    sealed: dict[str, str] = {}

    def note(path: str, value: Any) -> Any:
        sealed[path] = value[SEALED]
        return value

    try:
        replace_sealed(state_of(packed.state), "", note)
    except Unreadable:
        raise wrong("UNREADABLE", "events_can_be_read", tell("audit.unreadable", topic=packed.topic), packed) from None
    for path, opening in disclosed.items():
        bound_to = place(packed.stream_id, packed.version, packed.topic, path)
        if path not in sealed or not opens(sealed[path], opening, bound_to):
            raise wrong("DISCLOSED_DIFFERS", "disclosed_as_sealed", tell("pack.opening_false", field=path), packed)


def judge(
    packed: Sequence[PackedEvent], known: Circumstances, reader: Reader, told: Callable[[], object] = lambda: None
) -> JudgedStream:
    """Ask every event of one stream, in the order of its versions. Raises ``Wrong`` at the first thing that is wrong."""
    first = reader.read(packed[0])
    kind = _KINDS[type(first)]
    plain, alike = Replay(kind, known), Replay(kind, known)
    judged = JudgedStream(packed[0].stream_id, kind, None)
    last = 0
    for each in packed:
        if each.position <= last:
            said = tell("audit.order_reversed", version=each.version - 1)
            raise wrong("ORDER_REVERSED", "positions_in_order", said, each)
        last = each.position
        event = reader.read(each)
        _columns(each, event)
        sealed = b'"sealed":' in each.state
        found = list(plain.take(event))
        other = list(alike.take(reader.read(each, alike=True) if sealed else event))
        rules = {each.rule for each in other}
        for violation in found:
            if violation.rule in rules:
                raise _violated(violation, each)
        judged.unasked += [(each.version, rule) for rule in sorted({v.rule for v in found} ^ rules)]
        judged.events.append((event, each.position))
        told()
    judged.state = plain.state
    return judged


def _violated(violation: Violation, at: PackedEvent) -> Wrong:
    return Wrong(Finding(violation.code, violation.rule, violation.said, at.stream_id, at.version, at.position))


def _columns(packed: PackedEvent, event: Event) -> None:
    actor = event.by.actor
    stated = {
        "recorded_at": (packed.recorded_at, event.timestamp),
        "actor_subject": (packed.actor_subject, actor.subject),
        "actor_role": (packed.actor_role, actor.role.value),
        "actor_authority": (packed.actor_authority, actor.authority_code),
        "client": (packed.client, event.by.client),
    }
    for column, (found, said) in stated.items():
        if found != said:
            raise wrong(
                "COLUMN_DIFFERS", "columns_repeat_the_event", tell("audit.column_differs", column=column), packed
            )


def by_stream(events: Iterable[PackedEvent]) -> dict[UUID, list[PackedEvent]]:
    """The events of each stream, in the order of their versions."""
    found: dict[UUID, list[PackedEvent]] = {}
    for each in events:
        found.setdefault(each.stream_id, []).append(each)
    return {stream: sorted(each, key=lambda event: event.version) for stream, each in found.items()}
