"""Where pydantic meets ``eventsourcing``, and nowhere else.

Events are frozen pydantic models with a stable ``TOPIC``, validated when they are made and when they are read back. Each
says in one place what it states (its fields), what it tells a reader (its summary) and what it does to the state of its
stream (``initial`` or ``change``). ``evolve`` is the one function from events to states: aggregates, rows, histories, every
as-of question and the audit call it.

Aggregates follow one habit: **guard, then record**. ``begin`` and ``decide`` make the event, ask the guards of its kind, and
only then apply it. What applies an event runs again at every replay, so it assigns and does nothing else: a guard, a clock, a
random number or a look-up in there would make history unloadable.

Source: ``eventsourcing`` 9.5, "aggregates with pydantic".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self, cast
from uuid import UUID

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate
from eventsourcing.utils import register_topic
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from domain.guards import Attempt, Circumstances, Guards, require
from domain.messages import Message, facts_of, tell
from domain.values import Provenance

__all__ = ["Act", "Aggregate", "Created", "Event", "Immutable", "State", "evolve"]

_AWARE: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class Immutable(BaseModel):
    """A value that is stored or parsed: frozen, and closed to fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, and the instant at which the registry records it.

    ``at`` comes from the application's clock, so that the domain has none. Raises ``ValidationError`` for a naive instant.
    """

    by: Provenance
    at: datetime

    def __post_init__(self) -> None:
        _AWARE.validate_python(self.at)


@dataclass(kw_only=True)
class State:
    """What the events of a stream lead to; ``version`` is that of the last one."""

    version: int


class Event(Immutable, CanMutateAggregate[UUID]):
    """One immutable fact of a stream.

    ``timestamp`` is the instant of recording (``recorded_at`` in what is stored and shown); every business date is a field
    of its own. ``by`` is the provenance that each event carries. A change of an event's shape raises ``class_version`` and
    adds ``upcast_vN_vN+1(state: dict)``, which runs before validation.

    What happened is told without naming anybody by the message ``summary.TOPIC``, whose facts are fields of the event.
    """

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    timestamp: AwareDatetime
    by: Provenance

    @property
    def recorded_at(self) -> datetime:
        """The instant at which the registry recorded the event."""
        return self.timestamp

    @property
    def summary(self) -> Message:
        """What happened, in one sentence without personal data; — stands for a fact that a recorded history lacks."""
        key = f"summary.{self.TOPIC}"
        facts = {name: getattr(self, name) for name in facts_of(key)}
        return tell(key, **{name: "—" if fact is None else fact for name, fact in facts.items()})

    @classmethod
    def derived(cls, state: Any, act: Act) -> dict[str, Any]:  # noqa: ARG003 - what most events derive nothing from
        """The facts that follow from the state and the act, which nobody types in."""
        return {}

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - most are whole
        """The facts as typed, and what follows from them, the circumstances and the state before where it was left out."""
        return facts

    @staticmethod
    def change(state: Any, event: Any) -> None:
        """What this event does to the state of its stream: fields by name, so that a decoded record serves as well."""

    def apply(self, aggregate: Any) -> None:
        """Let the aggregate's state evolve; the library calls this at every replay."""
        aggregate.evolve_by(self)

    def _as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}


class Created(Event, CanInitAggregate[UUID]):
    """The first event of a stream."""

    originator_topic: str

    @staticmethod
    def initial(event: Any) -> Any:
        """The state that this event begins with."""
        raise TypeError(f"{type(event).__qualname__} does not say with which state its stream begins")


def evolve(state: Any, event: Any, kind: type[Event] | None = None) -> Any:
    """The state after one more event; None stands before the first.

    The state is changed in place and answered; whoever keeps the one before takes a copy first. ``kind`` is the event's class
    where the event itself is a decoded record with the same field names; one that says so itself (``KIND``) needs no telling.
    """
    own: Any = kind or type(event)
    known, begins = _kind_of(own)
    if begins:
        return known.initial(event)
    if state is None:
        raise TypeError(f"a stream does not begin with {known.TOPIC}")
    known.change(state, event)
    state.version = event.originator_version
    return state


@cache
def _kind_of(own: Any) -> tuple[Any, bool]:
    """The class of events of a class, its own or the one that a record names, and whether a stream begins with them."""
    kind = own if issubclass(own, Event) else own.KIND
    return kind, issubclass(kind, Created)


AnyEvent = Event
"""The name of ``Event`` where an aggregate's own ``Event`` stands in front of it."""


def make_resolvable(kinds: Iterable[type[Event]]) -> None:
    """Make event classes known under their topics, so that what is stored finds them again."""
    for kind in kinds:
        register_topic(kind.TOPIC, kind)


class Aggregate(BaseAggregate[UUID]):
    """Base of the registry's aggregates: a stream of events, the state they lead to, and the guards of its events."""

    TOPIC: ClassVar[str] = ""
    GUARDS: ClassVar[Guards] = {}

    class Event(Event, CanMutateAggregate[UUID]):
        """Base of the aggregate's own events."""

    @property
    def state(self) -> Any:
        """What the events lead to; for reading only."""
        return self._state

    def evolve_by(self, event: AnyEvent) -> None:
        """Take in one more event of the stream; the library calls this through the event."""
        self._state = evolve(getattr(self, "_state", None), event)

    @classmethod
    def begin(
        cls, kind: type[Created], act: Act, stream_id: UUID, known: Circumstances | None = None, **facts: Any
    ) -> Self:
        """Start a stream with its first event. Raises ``Refused`` where a guard of it is not kept."""
        event = kind(
            originator_topic=cls.TOPIC,
            originator_id=stream_id,
            originator_version=cls.INITIAL_VERSION,
            timestamp=act.at,
            by=act.by,
            **kind.derived(None, act),
            **kind.completed(facts, act, known, None),
        )
        require(cls.GUARDS, Attempt(event, None, known))
        aggregate: Any = event.mutate(None)
        aggregate.pending_events.append(event)
        return cast("Self", aggregate)

    def decide(self, kind: type[AnyEvent], act: Act, known: Circumstances | None = None, **facts: Any) -> None:
        """Record an event of this kind, no earlier than the one before it, whatever the clock says since.

        Raises ``Refused`` where a guard of it is not kept; then nothing is recorded.
        """
        act = Act(act.by, max(act.at, self.modified_on))
        event = self._next(kind, act, kind.completed(facts, act, known, self.state))
        require(self.GUARDS, Attempt(event, self.state, known))
        event.mutate(self)
        self.pending_events.append(event)

    def _next(self, kind: type[AnyEvent], act: Act, facts: Mapping[str, Any]) -> AnyEvent:
        return kind(
            originator_id=self.id,
            originator_version=self.version + 1,
            timestamp=act.at,
            by=act.by,
            **kind.derived(self.state, act),
            **facts,
        )
