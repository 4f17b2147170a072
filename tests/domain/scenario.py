"""Given events, when a command, then events or a refusal; and what the scenarios are about.

Every scenario also holds two laws: what a command records, replayed after what was given, leads to an equal aggregate; and
a refused command leaves no event behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, Event
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Provenance, Role

NOON = datetime(2024, 5, 6, 4, tzinfo=UTC)
"""Noon in Shanghai on Monday 2024-05-06, the day on which scenarios play unless they say otherwise."""


def actor(subject: str, role: Role, authority_code: str | None = None, holder_ref: UUID | None = None) -> Actor:
    """Somebody who acts."""
    return Actor(subject=subject, role=role, authority_code=authority_code, holder_ref=holder_ref)


APPLICANT = actor("applicant", Role.APPLICANT)
REVIEWER = actor("reviewer", Role.REVIEWER, "330106-HR")
COLLEAGUE = actor("colleague", Role.REVIEWER, "330100-HR")
ADMINISTRATOR = actor("administrator", Role.ADMINISTRATOR)
SECOND_ADMINISTRATOR = actor("second-administrator", Role.ADMINISTRATOR)
REGISTRY = actor("registry", Role.SYSTEM)


def act(by: Actor = REVIEWER, at: datetime = NOON) -> Act:
    """Somebody's act at an instant."""
    return Act(Provenance(actor=by), at)


@dataclass(frozen=True)
class Happened:
    """An event without its place in a stream: its kind, its facts, and the act that recorded it."""

    kind: type[Event]
    facts: dict[str, Any]
    act: Act = field(default_factory=act, compare=False)

    def at(self, stream: UUID, version: int, topic: str) -> Event:
        """The event in its place."""
        origin = {"originator_topic": topic} if issubclass(self.kind, Created) else {}
        envelope = {"originator_id": stream, "originator_version": version, "by": self.act.by}
        return self.kind(**envelope, timestamp=self.act.at, **origin, **self.facts)

    def by(self, who: Actor, at: datetime = NOON) -> Self:
        """The same, by somebody else or at another instant."""
        return replace(self, act=act(who, at))


def bare(event: Event) -> Happened:
    """A recorded event without its place in the stream, to compare with what was expected."""
    facts = event.model_dump(exclude={*Event.model_fields, "originator_topic"})
    return Happened(type(event), facts, Act(event.by, event.timestamp))


def expected(happened: Happened) -> Happened:
    """What was expected, with every default filled in and values dumped, as ``bare`` gives what was recorded."""
    return bare(happened.at(UUID(int=0), 1, ""))


def replay(events: Iterable[Event]) -> Any:
    """The aggregate that these events lead to; None for none."""
    aggregate: Any = None
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate


class Given:
    """A stream's past, a command upon it, and what came of it."""

    def __init__(self, kind: type[Aggregate], stream: UUID, *past: Happened) -> None:
        topic = getattr(kind, "TOPIC", "")
        self.past = [each.at(stream, version, topic) for version, each in enumerate(past, 1)]
        self.refusal: Refused | None = None
        self.new: list[Event] = []

    def when(self, command: Callable[[Any], Any]) -> Self:
        """Give the aggregate a command; one that starts a stream gets None and answers with the new aggregate."""
        self.refusal = None
        aggregate = replay(self.past)
        try:
            answer = command(aggregate)
        except Refused as refused:
            self.refusal = refused
        aggregate = answer if aggregate is None and self.refusal is None else aggregate
        self.new = list(aggregate.collect_events()) if aggregate is not None else []
        self.aggregate = replay([*self.past, *self.new])
        assert aggregate == self.aggregate
        return self

    def then(self, *events: Happened) -> Any:
        """Exactly these events were recorded; answers the state after them."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert [bare(each) for each in self.new] == [expected(each) for each in events]
        return self.state

    @property
    def state(self) -> Any:
        """What the stream leads to, past and new events together."""
        return self.aggregate.state

    def refused(self, code: RefusalCode) -> Refused:
        """The command was refused for this reason, in a sentence that names a way out, and nothing was recorded."""
        assert self.refusal is not None, f"recorded: {self.new}"
        assert (self.refusal.code, self.new) == (code, [])
        assert self.refusal.message.endswith(".")
        return self.refusal
