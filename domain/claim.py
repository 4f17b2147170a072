"""A certificate supports one person's live recognition at a time.

The stream's identifier is a keyed digest of issuing body and certificate number: the store itself refuses the second claim,
since two submissions of one certificate collide on the version they both want to write, and nobody without the key can try
numbers on the identifiers.
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
class ClaimState(State):
    """Which case, if any, a certificate supports now."""

    case_id: UUID | None
    holder_ref: UUID


def already_claimed() -> Refused:
    """The refusal of a second claim, the same whether the rule or the store found it."""
    return Refused(
        RefusalCode.CERTIFICATE_ALREADY_CLAIMED,
        tell("claim.claimed_already"),
        "certificate.certificateNumber",
    )


@guard(Asks.WHEN, "article 1")
def unclaimed(attempt: Attempt) -> Refused | None:
    """A certificate that supports a live case supports no second one."""
    return None if attempt.state.case_id is None else already_claimed()


@guard(Asks.WHAT, "the registry's own")
def claimed_by_this_case(attempt: Attempt) -> Refused | None:
    """A claim is released for the case that holds it."""
    if attempt.state.case_id == attempt.event.case_id:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("claim.of_another_case"))


class CertificateClaim(Aggregate):
    """The claims on one certificate, one after another."""

    TOPIC: ClassVar[str] = "certificate-claim"

    class Event(Aggregate.Event):
        """Something that happened to the claim on a certificate."""

        case_id: UUID

    class Claimed(Created, Event):
        """A submission claims a certificate nobody has presented before."""

        TOPIC: ClassVar[str] = "certificate-claim.claimed"
        holder_ref: UUID

        @staticmethod
        def initial(event: Any) -> ClaimState:
            """The case holds the certificate."""
            return ClaimState(version=event.originator_version, case_id=event.case_id, holder_ref=event.holder_ref)

    class Released(Event):
        """The case ended by rejection or withdrawal; the certificate may be presented again."""

        TOPIC: ClassVar[str] = "certificate-claim.released"

        @staticmethod
        def change(state: ClaimState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """Nobody holds it."""
            state.case_id = None

    class Reclaimed(Event):
        """A later submission claims a released certificate."""

        TOPIC: ClassVar[str] = "certificate-claim.reclaimed"
        holder_ref: UUID

        @staticmethod
        def change(state: ClaimState, event: Any) -> None:
            """Another case holds it."""
            state.case_id = event.case_id
            state.holder_ref = event.holder_ref

    GUARDS: ClassVar[Guards] = {Claimed: (), Released: (claimed_by_this_case,), Reclaimed: (unclaimed,)}

    @property
    def state(self) -> ClaimState:
        """Who holds the certificate; for reading only."""
        state: ClaimState = self._state
        return state

    def release(self, act: Act, case_id: UUID) -> None:
        """Give the certificate back; a case that does not hold it changes nothing."""
        if self.state.case_id == case_id:
            self.decide(CertificateClaim.Released, act, case_id=case_id)
