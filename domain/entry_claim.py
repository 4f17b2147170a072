"""One live recognition for a holder, an entry and a grade, certificates without a number included.

The stream's identifier follows from the holder's random reference, the catalog, the entry and the grade, so the store itself refuses
the second of two cases that claim at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from domain.base import Act, Aggregate, Created, State
from domain.guards import Asks, Attempt, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused


@dataclass(kw_only=True)
class EntryClaimState(State):
    """Which case of a holder, if any, is live on an entry and grade."""

    case_id: UUID | None


def entry_claimed() -> Refused:
    """The refusal of a second live recognition of one holder on one entry and grade."""
    return Refused(
        RefusalCode.ENTRY_ALREADY_CLAIMED,
        tell("claim.entry_claimed"),
    )


@guard(Asks.WHEN, "article 1")
def entry_unclaimed(attempt: Attempt) -> Refused | None:
    """A person has one live case or title for an entry and grade."""
    return None if attempt.state.case_id is None else entry_claimed()


@guard(Asks.WHAT, "the registry's own")
def entry_claimed_by_this_case(attempt: Attempt) -> Refused | None:
    """The claim on an entry is released for the case that has it."""
    if attempt.state.case_id == attempt.event.case_id:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("claim.entry_of_another_case"))


class EntryClaim(Aggregate):
    """The live recognitions of one holder on one entry and grade, one after another."""

    TOPIC: ClassVar[str] = "entry-claim"

    class Event(Aggregate.Event):
        """Something that happened to the claim of a holder on an entry and grade."""

        case_id: UUID

    class Claimed(Created, Event):
        """The first case of the holder is matched to the entry and grade."""

        TOPIC: ClassVar[str] = "entry-claim.claimed"
        holder_ref: UUID

        @staticmethod
        def initial(event: Any) -> EntryClaimState:
            """The case has it."""
            return EntryClaimState(version=event.originator_version, case_id=event.case_id)

    class Reclaimed(Event):
        """A later case of the holder is matched to it."""

        TOPIC: ClassVar[str] = "entry-claim.reclaimed"

        @staticmethod
        def change(state: EntryClaimState, event: Any) -> None:
            """That case has it."""
            state.case_id = event.case_id

    class Released(Event):
        """The case or its title ended, or the case is matched to another entry or grade."""

        TOPIC: ClassVar[str] = "entry-claim.released"

        @staticmethod
        def change(state: EntryClaimState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """Nobody has it."""
            state.case_id = None

    GUARDS: ClassVar[Guards] = {Claimed: (), Reclaimed: (entry_unclaimed,), Released: (entry_claimed_by_this_case,)}

    @property
    def state(self) -> EntryClaimState:
        """Which case has it; for reading only."""
        state: EntryClaimState = self._state
        return state

    def claim(self, act: Act, case_id: UUID) -> None:
        """Claim it for a case; one that has it already changes nothing. Raises ``Refused`` (ENTRY_ALREADY_CLAIMED)."""
        if self.state.case_id != case_id:
            self.decide(EntryClaim.Reclaimed, act, case_id=case_id)

    def release(self, act: Act, case_id: UUID) -> None:
        """Give it back; a case that does not have it changes nothing."""
        if self.state.case_id == case_id:
            self.decide(EntryClaim.Released, act, case_id=case_id)
