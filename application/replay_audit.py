"""Re-checking a recorded history: whether each event was one that its actor could lawfully record on that day.

The guards are the very lists that guarded the live command, asked of what was recorded: the event, the state before it, and the
directory and catalogs of the day. A history that somebody put into the store by another way than the use cases shows here,
however well-formed each event is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.base import Aggregate, Created, Event, evolve
from domain.guards import Attempt, Circumstances, Guard
from domain.messages import Language, Message, tell
from domain.refusals import Refused


class NotKnown(Exception):
    """What a guard asks about cannot be read, so that the guard cannot be asked; what is wrong there is a finding of its own."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not have happened: at which version of the stream, and which rule it breaks.

    ``rule`` is the guard's name; ``code`` that of its refusal. Beside the guards there are two rules of every stream:
    HISTORY_BROKEN (a gap, another stream, another beginning) and BACK_DATED (recorded before the event it follows).
    """

    version: int
    event: str
    code: str
    said: Message
    rule: str

    @property
    def message(self) -> str:
        """What is wrong, in one English sentence."""
        return self.said.text(Language.EN)


class Replay:
    """One stream as it is read event by event: the state that they lead to, and what breaks a rule.

    Checking ends at a broken place, since no state is known behind it; ``broken`` says so.
    """

    def __init__(self, kind: type[Aggregate], known: Circumstances | None = None) -> None:
        self.kind, self._known = kind, known
        self.state: Any = None
        self.broken = False
        self._before: Event | None = None

    def take(self, event: Event) -> Iterator[Violation]:
        """What is wrong with the next event. The guards see the state before it, which then takes it in."""
        if self.broken:
            return
        before = self._before
        said = _broken(self.kind, before, event)
        if said is not None:
            self.broken = True
            yield _violation(event, "HISTORY_BROKEN", said, "history_unbroken")
            return
        if before is not None and event.recorded_at < before.recorded_at:
            said = tell("audit.back_dated_in_stream", version=before.originator_version)
            yield _violation(event, "BACK_DATED", said, "recorded_in_order")
        attempt = Attempt(event, self.state, self._known)
        for each in self.kind.GUARDS[type(event)]:
            try:
                for refusal in _refusals(each, attempt):
                    yield _violation(event, refusal.code.value, refusal.said, each.name)
            except (LookupError, TypeError, AttributeError, ValueError):  # of a state that no command leaves
                yield _violation(event, "HISTORY_BROKEN", tell("audit.rule_not_asked", rule=each.name), each.name)
        try:
            self.state = evolve(self.state, event)
        except (LookupError, TypeError, AttributeError):
            self.broken = True
            yield _violation(event, "HISTORY_BROKEN", tell("audit.about_nothing"), "history_unbroken")
            return
        self._before = event


def violations(kind: type[Aggregate], events: Iterable[Event], known: Circumstances | None = None) -> list[Violation]:
    """Everything that breaks a rule in one stream of this kind, in order; empty for a lawful one."""
    replay = Replay(kind, known)
    return [each for event in events for each in replay.take(event)]


def allowed_by(kind: type[Aggregate], event: Event, state: Any, known: Circumstances | None) -> list[Guard]:
    """The guards that an event keeps, given the state before it: those that allowed it."""
    attempt = Attempt(event, state, known)
    return [each for each in kind.GUARDS[type(event)] if not _refusals(each, attempt)]


def _refusals(guard: Guard, attempt: Attempt) -> Sequence[Refused]:
    try:
        found = guard.check(attempt)
        if found is None:  # as nearly always
            return ()
        return (found,) if isinstance(found, Refused) else tuple(found)
    except NotKnown:
        return ()


def _broken(kind: type[Aggregate], before: Event | None, event: Event) -> Message | None:
    if type(event) not in kind.GUARDS:
        return tell("audit.other_kind", kind=kind.TOPIC)
    if before is None:
        begins = isinstance(event, Created) and event.originator_version == 1
        return None if begins else tell("audit.no_beginning", kind=kind.TOPIC)
    follows = event.originator_version == before.originator_version + 1
    if follows and event.originator_id == before.originator_id and not isinstance(event, Created):
        return None
    return tell("audit.does_not_follow", version=before.originator_version)


def _violation(event: Event, code: str, said: Message, rule: str) -> Violation:
    return Violation(event.originator_version, event.TOPIC, code, said, rule)
