"""Re-checking a recorded history: whether each event was one that its actor could lawfully record on that day.

The guards are the very lists that guarded the live command, asked of what was recorded: the event, the state before it, and the
directory and catalogs of the day. A history that somebody put into the store by another way than the use cases shows here,
however well-formed each event is.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from domain.base import Aggregate, Created, Event, evolve
from domain.guards import Attempt, Circumstances, breaches


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not have happened: at which version of the stream, and which rule it breaks.

    ``rule`` is the guard's name; ``code`` that of its refusal. Beside the guards there are two rules of every stream:
    HISTORY_BROKEN (a gap, another stream, another beginning) and BACK_DATED (recorded before the event it follows).
    """

    version: int
    event: str
    code: str
    message: str
    rule: str


def violations(kind: type[Aggregate], events: Iterable[Event], known: Circumstances | None = None) -> list[Violation]:
    """Everything that breaks a rule in one stream of this kind, in order; empty for a lawful one.

    Checking ends at a broken place, since no state is known behind it.
    """
    found: list[Violation] = []
    state: Any = None
    before: Event | None = None
    for event in events:
        broken = _broken(kind, before, event)
        if broken is not None:
            return [*found, _violation(event, "HISTORY_BROKEN", broken, "history_unbroken")]
        if before is not None and event.recorded_at < before.recorded_at:
            sentence = f"It is recorded before version {before.originator_version}, which it follows."
            found.append(_violation(event, "BACK_DATED", sentence, "recorded_in_order"))
        found += [
            _violation(event, breach.refusal.code.value, breach.refusal.message, breach.guard.name)
            for breach in breaches(kind.GUARDS, Attempt(event, state, known))
        ]
        try:
            state = evolve(deepcopy(state), event)
        except LookupError:
            sentence = "What it is about is not there, so no state follows from it."
            return [*found, _violation(event, "HISTORY_BROKEN", sentence, "history_unbroken")]
        before = event
    return found


def _broken(kind: type[Aggregate], before: Event | None, event: Event) -> str | None:
    if type(event) not in kind.GUARDS:
        return f"It is no event of a {kind.TOPIC}."
    if before is None:
        begins = isinstance(event, Created) and event.originator_version == 1
        return None if begins else f"A {kind.TOPIC} begins with its first event, at version 1."
    follows = event.originator_version == before.originator_version + 1
    if follows and event.originator_id == before.originator_id and not isinstance(event, Created):
        return None
    return f"It does not follow version {before.originator_version} of its stream."


def _violation(event: Event, code: str, message: str, rule: str) -> Violation:
    return Violation(event.originator_version, event.TOPIC, code, message, rule)
