"""Where pydantic meets ``eventsourcing``, and nowhere else.

Events are frozen pydantic models with a stable ``TOPIC``, validated when they are made and when they are read back.
Aggregates follow one habit: **guard, then record**. A public method checks every rule and calls ``_record``; a private
past-tense method decorated with ``@event`` only assigns. Such bodies run again at every replay, so a guard, a clock, a
random number or a look-up inside one would make history unloadable.

Source: ``eventsourcing`` 9.5, "aggregates with pydantic"; its base aggregate must not nest its created event, since
aggregates with a ``TOPIC`` refuse to build on an inherited event without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate, event
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from domain.values import Provenance

__all__ = ["Act", "Aggregate", "Created", "Event", "Immutable", "event"]

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


class Event(Immutable, CanMutateAggregate[UUID]):
    """One immutable fact of a stream.

    ``timestamp`` is the instant of recording (``recorded_at`` in what is stored and shown); every business date is a field
    of its own. ``by`` is the provenance that each event carries. A change of an event's shape raises ``class_version`` and
    adds ``upcast_vN_vN+1(state: dict)``, which runs before validation.
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

    def _as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}


class Created(Event, CanInitAggregate[UUID]):
    """The first event of a stream."""

    originator_topic: str


class Aggregate(BaseAggregate[UUID]):
    """Base of the registry's aggregates: a stream of events and the state they lead to."""

    class Event(Event, CanMutateAggregate[UUID]):
        """Base of the aggregate's own events."""

    @classmethod
    def _begin(cls, act: Act, created: type[CanInitAggregate[UUID]], stream_id: UUID, **facts: Any) -> Self:
        """Start a stream with its created event."""
        return cls._create(created, id=stream_id, by=act.by, timestamp=act.at, **facts)

    def _record(self, act: Act, kind: type[CanMutateAggregate[UUID]], **facts: Any) -> None:
        """Append an event of this kind; the guards have passed before this is called."""
        self.trigger_event(kind, by=act.by, timestamp=act.at, **facts)
