"""Who is signed in on the console: a sealed cookie that only this server reads, which ends by itself, and forms bound to it.

The cookie holds the token that the identity provider gave; every page asks the registry with it, so a session never outlives its
token. Nothing is kept on the server but the sessions that were signed out before their end.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import secrets
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import Identity
from domain.values import Actor, Role
from infrastructure.private_files import write_private

SESSION_COOKIE: Final = "session"
VISITOR_COOKIE: Final = "visitor"
IDLE_SECONDS: Final = 30 * 60
"""A session ends after so long without a page."""
LONGEST_SECONDS: Final = 8 * 3600
"""A session ends so long after signing in, whatever was done."""
REASON_SECONDS: Final = 15 * 60
"""How long a reason to read persons in clear holds."""
LARGEST_COOKIE: Final = 4000
"""Bytes of the largest cookie that every browser keeps (RFC 6265, section 6.1)."""
KEY_FILE: Final = "console.key"
_SIGNED_OUT: Final = 10_000
_INFLATED: Final = 64 * 1024


class SessionTooLargeError(Exception):
    """The provider's token does not fit into a cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person signed in; times are seconds since 1970."""

    id: str
    token: str
    subject: str
    role: str
    authority: str | None
    holder: str | None
    begun: int
    seen: int
    reason: str | None = None
    reason_until: int = 0

    @property
    def actor(self) -> Actor:
        """Who it is to the registry, as the token said when it was proved at signing in."""
        holder = UUID(self.holder) if self.holder else None
        return Actor(subject=self.subject, role=Role(self.role), authority_code=self.authority, holder_ref=holder)


class Sessions:
    """Seals, opens and ends sessions under a key of the installation's own."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        """``key`` has 32 bytes; ``clock`` tells seconds since 1970."""
        self._seal, self._key, self._clock = AESGCM(key), key, clock
        self._signed_out: OrderedDict[str, None] = OrderedDict()

    def begin(self, token: str, identity: Identity) -> Session:
        """A session of whoever a token names, which was proved just now."""
        actor, now = identity.actor, int(self._clock())
        return Session(
            id=secrets.token_hex(16),
            token=token,
            subject=actor.subject,
            role=actor.role.value,
            authority=actor.authority_code,
            holder=str(actor.holder_ref) if actor.holder_ref else None,
            begun=now,
            seen=now,
        )

    def opened(self, cookie: str | None) -> Session | None:
        """The session that a cookie holds; None where it is none of ours, has ended, or was signed out."""
        found = self.unsealed(cookie, SESSION_COOKIE)
        if found is None:
            return None
        session, now = Session(**found), self._clock()
        if now - session.seen > IDLE_SECONDS or now - session.begun > LONGEST_SECONDS or session.id in self._signed_out:
            return None
        return session if session.reason_until > now else replace(session, reason=None, reason_until=0)

    def cookie(self, session: Session) -> str:
        """The cookie of a session that was just used. Raises ``SessionTooLargeError``."""
        sealed = self.sealed(asdict(replace(session, seen=int(self._clock()))), SESSION_COOKIE)
        if len(sealed) > LARGEST_COOKIE:
            raise SessionTooLargeError
        return sealed

    def with_reason(self, session: Session, reason: str | None) -> Session:
        """The session, reading persons in clear for a while for this reason; masked again where it is None."""
        until = int(self._clock()) + REASON_SECONDS if reason else 0
        return replace(session, reason=reason, reason_until=until)

    def key_for(self, purpose: str) -> bytes:
        """A key of 32 bytes for another purpose of the console's than sessions."""
        return hmac.new(self._key, b"key:" + purpose.encode(), sha256).digest()

    def end(self, session: Session) -> None:
        """Sign somebody out: a copy of the cookie opens nothing any more in this process."""
        self._signed_out[session.id] = None
        while len(self._signed_out) > _SIGNED_OUT:
            self._signed_out.popitem(last=False)

    def form_token(self, bearer: str) -> str:
        """What a form carries to show that a page of ours made it, for the session or visitor it was made for."""
        return hmac.new(self._key, b"form:" + bearer.encode(), sha256).hexdigest()

    def is_form_token(self, sent: str, bearer: str) -> bool:
        """Whether a form's token is the one of its bearer; takes the same time whatever was sent."""
        return hmac.compare_digest(sent.encode(), self.form_token(bearer).encode())

    def sealed(self, content: dict[str, Any], purpose: str) -> str:
        """Content that nobody else can read or change, for a cookie of one purpose."""
        nonce = secrets.token_bytes(12)
        sealed = self._seal.encrypt(nonce, zlib.compress(orjson.dumps(content)), purpose.encode())
        return _in_text(nonce + sealed)

    def unsealed(self, cookie: str | None, purpose: str) -> dict[str, Any] | None:
        """The content of a cookie of this purpose; None for anything that we did not seal."""
        try:
            raw = base64.urlsafe_b64decode((cookie or "") + "=" * (-len(cookie or "") % 4))
            plain = self._seal.decrypt(raw[:12], raw[12:], purpose.encode())
            if _in_text(raw) != cookie:  # another spelling of the same bytes is none of ours either
                return None
            content: dict[str, Any] = orjson.loads(zlib.decompressobj().decompress(plain, _INFLATED))
        except (binascii.Error, InvalidTag, ValueError, zlib.error):
            return None
        return content


def _in_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def open_sessions(data_dir: Path, clock: Callable[[], float] = time.time) -> Sessions:
    """The sessions of an installation, whose key lies in its data directory, made on first use (mode 0600).

    Several servers of one installation share the file, or else each signs in for itself.
    """
    path = data_dir / KEY_FILE
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # another process was first: its key is read below
            write_private(path, secrets.token_hex(32), replace=False)
    return Sessions(bytes.fromhex(path.read_text(encoding="ascii").strip()), clock)
