"""A certificate supports one person's live recognition at a time.

The stream's identifier is derived from issuing body and certificate number, so that the store itself refuses the second
claim: two submissions of one certificate collide on the version they both want to write.
"""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, event
from domain.identifiers import claim_id
from domain.refusals import RefusalCode, Refused
from domain.text import identifying_form


class CertificateClaim(Aggregate):
    """Which case, if any, a certificate supports now."""

    TOPIC: ClassVar[str] = "certificate-claim"

    class Claimed(Created):
        """A submission claims a certificate nobody has presented before."""

        TOPIC: ClassVar[str] = "certificate-claim.claimed"
        case_id: UUID
        holder_ref: UUID

    class Released(Aggregate.Event):
        """The case ended by rejection or withdrawal; the certificate may be presented again."""

        TOPIC: ClassVar[str] = "certificate-claim.released"
        case_id: UUID

    class Reclaimed(Aggregate.Event):
        """A later submission claims a released certificate."""

        TOPIC: ClassVar[str] = "certificate-claim.reclaimed"
        case_id: UUID
        holder_ref: UUID

    @event(Claimed)
    def __init__(self, case_id: UUID, holder_ref: UUID) -> None:
        self.case_id: UUID | None = case_id
        self.holder_ref = holder_ref

    @classmethod
    def claim(cls, act: Act, stream_id: UUID, case_id: UUID, holder_ref: UUID) -> Self:
        """Claim a certificate for the first time."""
        return cls._begin(act, cls.Claimed, stream_id, case_id=case_id, holder_ref=holder_ref)

    def reclaim(self, act: Act, case_id: UUID, holder_ref: UUID) -> None:
        """Claim it again after a release. Raises ``Refused`` while another case holds it."""
        if self.case_id is not None:
            raise already_claimed()
        self._record(act, CertificateClaim.Reclaimed, case_id=case_id, holder_ref=holder_ref)

    @event(Reclaimed)
    def _reclaimed(self, case_id: UUID, holder_ref: UUID) -> None:
        self.case_id = case_id
        self.holder_ref = holder_ref

    def release(self, act: Act, case_id: UUID) -> None:
        """Give the certificate back; a case that does not hold it changes nothing."""
        if self.case_id == case_id:
            self._record(act, CertificateClaim.Released, case_id=case_id)

    @event(Released)
    def _released(self) -> None:
        self.case_id = None


def already_claimed() -> Refused:
    """The refusal of a second claim, the same whether the rule or the store found it."""
    return Refused(
        RefusalCode.CERTIFICATE_ALREADY_CLAIMED,
        "This certificate supports another case already; withdraw that one first, or correct the certificate number.",
        "certificate.certificateNumber",
    )


def claim_stream(issuing_body: str, certificate_number: str | None) -> UUID | None:
    """The claim's stream; None where the certificate shows no number to claim it by, or one without letter or digit."""
    if certificate_number is None or not identifying_form(certificate_number):
        return None
    return claim_id(issuing_body, certificate_number)
