"""Who an officer is, said by an administrator, so that nobody decides about themselves under somebody else's number.

The stream says that it was said, of whom, by whom and when; the identity itself is kept as a keyed digest beside the events and
compared with the holders' (application.ports.Holders).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.base import Aggregate, Created, State
from domain.guards import Asks, Attempt, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import Role


@dataclass(kw_only=True)
class OfficerState(State):
    """An officer of whom it is known who they are."""

    subject: str


@guard(Asks.WHO, "the registry's own")
def administrators_register(attempt: Attempt) -> Refused | None:
    """An administrator says who an officer is."""
    if attempt.event.by.actor.role is Role.ADMINISTRATOR:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("officer.administrators_register"))


@guard(Asks.WHO, "the registry's own")
def of_somebody_else(attempt: Attempt) -> Refused | None:
    """Nobody says it of themselves."""
    subject = attempt.event.subject if attempt.state is None else attempt.state.subject
    if attempt.event.by.actor.subject != subject:
        return None
    return Refused(RefusalCode.SAME_OFFICER, tell("officer.of_somebody_else"), "subject")


class Officer(Aggregate):
    """What was said of one officer's identity, one time after another."""

    TOPIC: ClassVar[str] = "officer"

    class Event(Aggregate.Event):
        """Something that was said of an officer's identity."""

    class Registered(Created, Event):
        """An officer's identity is known from now on."""

        TOPIC: ClassVar[str] = "officer.registered"
        subject: str

        @staticmethod
        def initial(event: Any) -> OfficerState:
            """It is known who they are."""
            return OfficerState(version=event.originator_version, subject=event.subject)

    class RegisteredAnew(Event):
        """The identity was said again, the same or another."""

        TOPIC: ClassVar[str] = "officer.registered-anew"

    GUARDS: ClassVar[Guards] = {
        Registered: (administrators_register, of_somebody_else),
        RegisteredAnew: (administrators_register, of_somebody_else),
    }

    @property
    def state(self) -> OfficerState:
        """Who the officer is said to be; for reading only."""
        state: OfficerState = self._state
        return state
