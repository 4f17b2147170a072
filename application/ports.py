"""What the use cases need from outside, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.values import Actor

Clock = Callable[[], datetime]
"""The present instant, aware, in UTC."""


class Holders(Protocol):
    """Which holder an identity number belongs to: a keyed index that can be erased (PIPL article 47)."""

    def find(self, id_type: str, id_number: str) -> UUID | None:
        """The holder's random reference; None where the number is unknown."""

    def find_or_create(self, id_type: str, id_number: str) -> UUID:
        """The holder's reference, made on first sight; the same for two who ask at once."""


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


class EvidenceFiles(Protocol):
    """The evidence files that were uploaded."""

    def size_of(self, sha256: str, holder_ref: UUID) -> int | None:
        """The size in bytes of a holder's file once it is proved whole; None where there is none.

        Raises ``Refused`` (EVIDENCE_MISMATCH) for one that was altered in the store.
        """


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
