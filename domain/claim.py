"""The claims on a certificate: who presents it, which title stands on it, and who forfeited it by fraud.

The stream's identifier is a keyed digest of the body's key and the certificate number: the store itself refuses the second of two
who claim at once, since they collide on the version they both want to write, and nobody without the key can try numbers on it.

A certificate may be claimed by cases of several persons while nothing is decided, since whoever knows its number could else keep
its true holder from it; it leads to one title at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from domain.base import Act, Aggregate, Created, State
from domain.guards import Asks, Attempt, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class Claimant:
    """A case that claims something, and whose case it is."""

    case_id: UUID
    holder_ref: UUID


@dataclass(kw_only=True)
class CertificateClaimState(State):
    """Which cases claim a certificate, in their order, which of them led to a title that stands, and who forfeited it by fraud."""

    claimants: tuple[Claimant, ...]
    title_of: UUID | None = None
    forfeited: tuple[Claimant, ...] = ()

    def claimed_by(self, case_id: UUID) -> bool:
        """Whether a case claims the certificate."""
        return any(each.case_id == case_id for each in self.claimants)

    @property
    def free(self) -> bool:
        """Whether nobody claims the certificate and nobody forfeited it."""
        return not self.claimants and not self.forfeited


def already_claimed() -> Refused:
    """The refusal of a second claim, the same whether the rule or the store found it."""
    return Refused(
        RefusalCode.CERTIFICATE_ALREADY_CLAIMED,
        tell("claim.claimed_already"),
        "certificate.certificateNumber",
    )


def title_on_certificate() -> Refused:
    """The refusal of a second title on one certificate."""
    return Refused(
        RefusalCode.CERTIFICATE_HOLDS_TITLE,
        tell("claim.title_stands"),
    )


@guard(Asks.WHEN, "article 1")
def unclaimed(attempt: Attempt) -> Refused | None:
    """A certificate that supports a live case supports no second one of the same person, nor one without evidence."""
    return None if attempt.state.free else already_claimed()


@guard(Asks.WHEN, "article 1")
def claimed_before(attempt: Attempt) -> Refused | None:
    """What is contested was claimed before."""
    if not attempt.state.free:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("claim.of_nobody"))


@guard(Asks.WHO, "article 1")
def another_person(attempt: Attempt) -> Refused | None:
    """Nobody contests their own claim, and who forfeited a certificate by fraud does not present it again."""
    state, mine = attempt.state, attempt.event.holder_ref
    return already_claimed() if mine in {each.holder_ref for each in (*state.claimants, *state.forfeited)} else None


@guard(Asks.WHAT, "article 1, 按要求提供相关佐证材料")
def with_evidence(attempt: Attempt) -> Refused | None:
    """A claim is contested with evidence only."""
    return None if attempt.event.files > 0 else already_claimed()


@guard(Asks.WHAT, "the registry's own")
def claimed_by_this_case(attempt: Attempt) -> Refused | None:
    """A claim is released, awarded or forfeited for a case that has it."""
    if attempt.state.claimed_by(attempt.event.case_id):
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("claim.of_another_case"))


@guard(Asks.WHAT, "the registry's own")
def not_claimed_by_this_case(attempt: Attempt) -> Refused | None:
    """A case takes a claim again that it has not."""
    if not attempt.state.claimed_by(attempt.event.case_id):
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("claim.of_this_case"))


@guard(Asks.WHEN, "article 1")
def no_other_title(attempt: Attempt) -> Refused | None:
    """A certificate leads to one title at a time; another one ends first."""
    return None if attempt.state.title_of in {None, attempt.event.case_id} else title_on_certificate()


class CertificateClaim(Aggregate):
    """The claims on one certificate."""

    TOPIC: ClassVar[str] = "certificate-claim"

    class Event(Aggregate.Event):
        """Something that happened to the claims on a certificate."""

        case_id: UUID

    class Claimed(Created, Event):
        """A submission claims a certificate nobody has presented before."""

        TOPIC: ClassVar[str] = "certificate-claim.claimed"
        holder_ref: UUID

        @staticmethod
        def initial(event: Any) -> CertificateClaimState:
            """The case claims the certificate alone."""
            first = Claimant(event.case_id, event.holder_ref)
            return CertificateClaimState(version=event.originator_version, claimants=(first,))

    class Reclaimed(Event):
        """A later case claims a released certificate."""

        TOPIC: ClassVar[str] = "certificate-claim.reclaimed"
        holder_ref: UUID

        @staticmethod
        def change(state: CertificateClaimState, event: Any) -> None:
            """Another case claims it alone."""
            state.claimants = (Claimant(event.case_id, event.holder_ref),)

    class Contested(Event):
        """Another person's case, with evidence, claims a certificate beside whoever claims it or forfeited it by fraud."""

        TOPIC: ClassVar[str] = "certificate-claim.contested"
        holder_ref: UUID
        files: int

        @staticmethod
        def change(state: CertificateClaimState, event: Any) -> None:
            """Both wait for a reviewer."""
            state.claimants = (*state.claimants, Claimant(event.case_id, event.holder_ref))

    class Retaken(Event):
        """A case that a review opened again, or whose title is given back, claims its certificate beside whoever has claimed it since."""

        TOPIC: ClassVar[str] = "certificate-claim.retaken"
        holder_ref: UUID

        @staticmethod
        def change(state: CertificateClaimState, event: Any) -> None:
            """It has a claim again."""
            state.claimants = (*state.claimants, Claimant(event.case_id, event.holder_ref))

    class Awarded(Event):
        """The case led to a title: the certificate is its holder's."""

        TOPIC: ClassVar[str] = "certificate-claim.awarded"

        @staticmethod
        def change(state: CertificateClaimState, event: Any) -> None:
            """No other case leads to a title while it stands; a forfeit that did not stand is forgotten."""
            state.title_of = event.case_id
            state.forfeited = tuple(each for each in state.forfeited if each.case_id != event.case_id)

    class Forfeited(Event):
        """The title was revoked for fraud: its holder presents the certificate no more, another person may."""

        TOPIC: ClassVar[str] = "certificate-claim.forfeited"

        @staticmethod
        def change(state: CertificateClaimState, event: Any) -> None:
            """No title stands on it, and the fraud is remembered."""
            state.forfeited = (*state.forfeited, *(each for each in state.claimants if each.case_id == event.case_id))
            state.claimants = tuple(each for each in state.claimants if each.case_id != event.case_id)
            state.title_of = None if state.title_of == event.case_id else state.title_of

    class Released(Event):
        """The case ended by rejection, withdrawal, annulment or surrender, or claims under another body; it has no claim any more."""

        TOPIC: ClassVar[str] = "certificate-claim.released"

        @staticmethod
        def change(state: CertificateClaimState, event: Any) -> None:
            """Others may have it."""
            state.claimants = tuple(each for each in state.claimants if each.case_id != event.case_id)
            state.title_of = None if state.title_of == event.case_id else state.title_of

    GUARDS: ClassVar[Guards] = {
        Claimed: (),
        Reclaimed: (unclaimed,),
        Contested: (claimed_before, another_person, with_evidence),
        Retaken: (not_claimed_by_this_case, no_other_title),
        Awarded: (claimed_by_this_case, no_other_title),
        Forfeited: (claimed_by_this_case,),
        Released: (claimed_by_this_case,),
    }

    @property
    def state(self) -> CertificateClaimState:
        """Who claims the certificate; for reading only."""
        state: CertificateClaimState = self._state
        return state

    def claim(self, act: Act, by: Claimant, files: int) -> None:
        """Claim the certificate for a case with so many evidence files: alone, or beside another person's.

        A case that claims it already changes nothing. Raises ``Refused`` (CERTIFICATE_ALREADY_CLAIMED).
        """
        if self.state.claimed_by(by.case_id):
            return
        facts: dict[str, Any] = {"case_id": by.case_id, "holder_ref": by.holder_ref}
        if self.state.free:
            self.decide(CertificateClaim.Reclaimed, act, **facts)
        else:
            self.decide(CertificateClaim.Contested, act, **facts, files=files)

    def retake(self, act: Act, by: Claimant) -> None:
        """Claim it again for a case that was closed. Raises ``Refused`` (CERTIFICATE_HOLDS_TITLE)."""
        if not self.state.claimed_by(by.case_id):
            self.decide(CertificateClaim.Retaken, act, case_id=by.case_id, holder_ref=by.holder_ref)

    def award(self, act: Act, case_id: UUID) -> None:
        """Let the case's title stand on it, once. Raises ``Refused`` (CERTIFICATE_HOLDS_TITLE)."""
        if self.state.title_of != case_id:
            self.decide(CertificateClaim.Awarded, act, case_id=case_id)

    def release(self, act: Act, case_id: UUID) -> None:
        """Give the certificate back; a case that does not claim it changes nothing."""
        if self.state.claimed_by(case_id):
            self.decide(CertificateClaim.Released, act, case_id=case_id)

    def forfeit(self, act: Act, case_id: UUID) -> None:
        """Remember that the case's title was obtained by fraud; a case that does not claim it changes nothing."""
        if self.state.claimed_by(case_id):
            self.decide(CertificateClaim.Forfeited, act, case_id=case_id)
