"""What the use cases need from outside, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.messages import Message, SpokenError
from domain.values import Actor, Person

Clock = Callable[[], datetime]
"""The present instant, aware, in UTC."""


class Holders(Protocol):
    """What secret numbers lead to: keyed digests that can be erased (PIPL article 47), never the numbers."""

    def find(self, id_type: str, id_number: str) -> UUID | None:
        """The holder's random reference; None where the number is unknown."""

    def find_all(self, numbers: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], UUID]:
        """The references of all whose numbers are known, by (kind, number), by one statement; others are absent."""

    def warm(self, holder_refs: Collection[UUID]) -> None:
        """Have the keys of several holders at hand, by one statement."""

    def find_or_create(self, id_type: str, id_number: str) -> UUID:
        """The holder's reference, made on first sight; the same for two who ask at once."""

    def entering(
        self, person: Person, case_id: UUID, certificate_number: str | None, *, known: bool
    ) -> AbstractContextManager[Enrolment | None]:
        """What is entered with a submission: a person's number leads to them, a certificate's number to a case of theirs.

        Within the context their data can be sealed, under a key of their own that is new unless they are ``known``. The answer is
        stored with the events, or not at all; it is None where it had to be stored elsewhere, before them. Raises ``Overtaken``
        there, where the number leads to another reference by now.
        """

    def namesakes(self, persons: Mapping[UUID, Person]) -> Mapping[UUID, frozenset[UUID]]:
        """For each of these cases, by its person: cases of other holders who may be the same person (``domain.namesakes``), a few."""

    def cases_of_certificates(self, numbers: Collection[str]) -> Mapping[str, frozenset[UUID]]:
        """The cases of certificates with these numbers, however they are spelled; a number of none is absent."""

    def identity(self, id_type: str, id_number: str) -> bytes:
        """The digest that leads to a person in ``questions.LOOK_UPS``. Raises ``Refused`` (INVALID_INPUT) for what is no number."""

    def certificate(self, number: str) -> bytes | None:
        """The digest that leads to the cases of a certificate; None for a text that holds no number."""

    @property
    def apart(self) -> bool:
        """Whether the digests lie in a database of their own, where no question of rows reaches."""

    def register_officer(self, subject: str, id_type: str, id_number: str) -> None:
        """Keep who an officer is, in place of what was kept of them before."""

    def officer(self, subject: str) -> tuple[bool, UUID | None]:
        """Whether it is known who an officer is, and the holder that is the same person, if any."""

    def officer_stream(self, subject: str) -> UUID:
        """The stream of one officer, which nobody can work out from the subject: the transparency log names streams for ever."""

    def claim_stream(self, issuing_body: str, certificate_number: str) -> UUID:
        """The stream of the claim on one certificate, whatever the spelling of its body and number."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """The key of somebody new, as it is kept: wrapped by a master key."""

    holder_ref: UUID
    wrapped: bytes
    master_key_id: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is stored with a submission's events, in their transaction: digests by which somebody is found, and a new key.

    ``digests`` lead to the holder: that of a person's number with a nil case, that of a certificate's with the case.
    """

    holder_ref: UUID
    digests: tuple[tuple[bytes, UUID], ...]
    key: NewKey | None = None


@dataclass(frozen=True, slots=True)
class Briefing:
    """What is known where a command begins: all of one instant, asked for in one statement.

    ``streams`` are stored events by stream, in order, for ``Journal.restored``, of those that are there; ``asked`` names those
    that would stand among them if they were. What was decided about the holder's data as a whole is there too.
    """

    catalog_head: int
    holder_ref: UUID | None
    officer: tuple[bool, UUID | None]
    streams: Mapping[UUID, Sequence[Any]]
    asked: frozenset[UUID] = frozenset()


class Briefings(Protocol):
    """What commands read before they decide; the key of the holder it is about is at hand afterwards."""

    def submission(self, id_type: str, id_number: str, streams: Sequence[UUID]) -> Briefing:
        """Who a person is, if known, by a number in its one form; what was decided about their data as a whole; the streams."""

    def decision(self, case_id: UUID, officer: str | None, *, with_claim: bool) -> Briefing:
        """A case, its holder, its claim where wanted, and who an officer is, where one is named."""


class EventUnreadable(SpokenError):
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


class NotAuthenticated(SpokenError):
    """A token that proves nothing. ``code`` is stable; the message names the way out and nothing of the token."""

    def __init__(self, code: str, said: Message) -> None:
        super().__init__(said)
        self.code = code


class IdentityProviderUnavailable(Exception):
    """No token can be judged at the moment: the identity provider's keys are not there. The token may be as good as any."""


class Authenticator(Protocol):
    """Tells from bearer tokens who somebody is."""

    def verify(self, token: str) -> Identity:
        """The identity that a token proves; may wait. Raises ``NotAuthenticated`` and ``IdentityProviderUnavailable``."""

    def digest(self, token: str) -> bytes:
        """What a token is remembered by."""

    def known(self, digest: bytes) -> Identity | None:
        """The identity of a token that was proved before and would be proved again now; None for any other. Never waits."""
