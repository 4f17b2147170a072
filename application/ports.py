"""What the use cases need from outside, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.values import Actor, Person

Clock = Callable[[], datetime]
"""The present instant, aware, in UTC."""


class Holders(Protocol):
    """What secret numbers lead to: keyed digests that can be erased (PIPL article 47), never the numbers."""

    def find(self, id_type: str, id_number: str) -> UUID | None:
        """The holder's random reference; None where the number is unknown."""

    def find_or_create(self, id_type: str, id_number: str) -> UUID:
        """The holder's reference, made on first sight; the same for two who ask at once."""

    def enter(self, person: Person, case_id: UUID, certificate_number: str | None) -> UUID:
        """Let a person's number lead to them, under the reference they bear, and a certificate's number to a case of theirs.

        Answers the reference under which they are known, which is another where somebody was faster.
        """

    def cases_of_certificate(self, number: str) -> frozenset[UUID]:
        """The cases of certificates with this number, however it is spelled."""

    def register_officer(self, subject: str, id_type: str, id_number: str) -> None:
        """Keep who an officer is, in place of what was kept of them before."""

    def officer(self, subject: str) -> tuple[bool, UUID | None]:
        """Whether it is known who an officer is, and the holder that is the same person, if any."""

    def officer_stream(self, subject: str) -> UUID:
        """The stream of one officer, which nobody can work out from the subject: the transparency log names streams for ever."""

    def claim_stream(self, issuing_body: str, certificate_number: str) -> UUID:
        """The stream of the claim on one certificate, whatever the spelling of its body and number."""


class EventUnreadable(Exception):
    """A stored event cannot be read. The message names stream, version and topic, and nothing of its content."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who read personal data in clear, when, why, and of whom: which kinds of fields by holder, never a value."""

    at: datetime
    actor: Actor
    client: str | None
    request_id: str
    reason: str
    operation: str
    fields: Mapping[UUID, frozenset[str]]


class AccessNotRecorded(Exception):
    """An access could not be recorded; what was read must not be shown."""


class AccessLog(Protocol):
    """The record of who read personal data in clear; it only grows."""

    async def append(self, access: Access) -> None:
        """Record an access durably before its answer is shown. Raises ``AccessNotRecorded``."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What an evidence file serves: the case it was uploaded for, or whatever its uploader submits about the same person.

    Whoever knows a digest and somebody's number gets no file with it.
    """

    case_id: UUID | None = None
    uploader: str | None = None


class EvidenceFiles(Protocol):
    """The evidence files that were uploaded."""

    def size_of(self, sha256: str, holder_ref: UUID, purposes: Sequence[Purpose]) -> int | None:
        """The size in bytes of a holder's file for one of these purposes, proved whole; None where there is none.

        Raises ``Refused`` (EVIDENCE_MISMATCH) for one that was altered in the store.
        """

    def adopt(self, sha256: str, holder_ref: UUID, uploaded: Purpose, purpose: Purpose) -> None:
        """Let a file that was uploaded for one purpose serve another; where there is none, nothing happens."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a verified token names: the actor, and the client that speaks for them where it is another."""

    actor: Actor
    client: str | None = None


class NotAuthenticated(Exception):
    """A token that proves nothing. ``code`` is stable; the message names the way out and nothing of the token."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class IdentityProviderUnavailable(Exception):
    """No token can be judged at the moment: the identity provider's keys are not there. The token may be as good as any."""


Authenticator = Callable[[str], Identity]
"""A bearer token to the identity it proves. Raises ``NotAuthenticated`` and ``IdentityProviderUnavailable``."""
