"""The public keys that tokens are checked with: what of a key set can be used, and a set that is fetched beside the requests (RFC 7517).

    JwksUnavailableError        tokens can't be judged until the key set can be fetched
    └── JwksMalformedError      there is no key set, or none with a key that can be used: to ask again does not help

Messages are words for an operator that a stranger may read: no address, no key material.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from domain.messages import Message, SpokenError, system_reason, tell

log = logging.getLogger(__name__)

ALGORITHMS: Final[Mapping[tuple[str, str | None], frozenset[str]]] = {
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("RSA", None): frozenset({"RS256"}),
}
"""What a key of a type and curve may verify. ``Ed25519`` is the name by RFC 9864, ``EdDSA`` the one providers still write."""

LIMIT: Final = 1 << 20
"""Bytes of the largest key set."""
_MOST_KEYS: Final = 100
_MEMBERS: Final = {"OKP": ("kty", "crv", "x"), "EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e")}
_RSA_BITS: Final = range(2048, 8193)
_WAITING: Final = 4
_FIRST_INTERVAL: Final = 5.0
_UNDER_WAY: Final = tell("trouble.being_fetched")
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._=-]{1,64}")

VerificationKey = OKPKey | ECKey | RSAKey


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key, its id if it has one, and the algorithms it may be used with: the token never chooses."""

    key: VerificationKey
    algorithms: frozenset[str]
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class UsableKeys:
    """What can be used of a key set, and what was left out, a few words each."""

    keys: tuple[TrustedKey, ...]
    left_out: tuple[Message, ...] = ()

    def named(self, kid: str | None) -> Sequence[TrustedKey]:
        """The keys that a token's ``kid`` may mean: those with this id, else those without any; every key for no ``kid``.

        Several keys may share an id (RFC 7517, section 4.5), and a key without one contradicts no name.
        """
        if kid is None:
            return self.keys
        return [key for key in self.keys if key.kid == kid] or [key for key in self.keys if key.kid is None]


class JwksUnavailableError(SpokenError):
    """The key set can't be fetched; tokens can't be judged until it can."""


class JwksMalformedError(JwksUnavailableError):
    """There is no key set, or none with a key that can be used: to ask again does not help."""


def file_source(path: Path) -> Callable[[], bytes]:
    """Reads a JWKS document from a file, anew at each fetch."""

    def read() -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(LIMIT + 1)
        except OSError as error:
            raise JwksUnavailableError(tell("trouble.file_cant_read", reason=system_reason(error))) from None

    return read


class KeySet:
    """A cached JWKS; safe to share by threads. It is fetched in a thread of its own, one fetch at a time.

    Nobody waits for a fetch while there are keys: the old ones go on serving up to ``max_stale`` seconds, so that a slow
    provider delays nobody and a short outage locks nobody out. A token whose key is unknown may wait ``patience`` seconds for a
    fetch under way, a few such tokens at a time, so that a rotated-in key is found at its first use. A rotated-out one is
    refused once a fetch after ``max_age`` seconds has ended. Unknown keys cause at most one fetch each ``min_interval`` seconds.
    """

    def __init__(
        self,
        source: Callable[[], bytes],
        *,
        max_age: float = 600.0,
        min_interval: float = 30.0,
        max_stale: float = 3600.0,
        patience: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetches nothing yet; ``clock`` counts seconds. ``source`` raises ``JwksUnavailableError`` or ``OSError``."""
        self._source, self._clock, self._patience = source, clock, patience
        self._max_age, self._min_interval, self._max_stale = max_age, min_interval, max_stale
        self._lock = threading.Lock()  # held for a few instructions, never over a fetch
        self._waiting = threading.BoundedSemaphore(_WAITING)
        self._keys: UsableKeys | None = None
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._flight: threading.Event | None = None
        self._failure: Message | None = None

    def fetch(self) -> None:
        """Fetch here and now, for a start. Raises ``JwksUnavailableError`` with the reason, which ``trouble`` tells too."""
        with self._lock:
            self._tried = self._clock()
        try:
            self._take(self._source())
        except JwksUnavailableError as error:
            self._fail(error.said)
            raise

    def find(self, kid: str | None) -> Sequence[TrustedKey]:
        """The keys that a token with this ``kid`` may be checked with.

        Raises ``JwksUnavailableError`` without a usable set, and for a key that is unknown while the set can't be fetched: it may
        be a new one.
        """
        now = self._clock()
        found = self._known(kid, now)
        if found and now - self._fetched < self._max_age:
            return found
        flight = self._begin(now)
        if found:
            return found
        landed = flight is None or self._landed(flight)
        if not landed or self._failure is not None or not self._usable(self._clock()):
            raise JwksUnavailableError(self._failure or _UNDER_WAY)
        return self._known(kid, self._clock())

    def held(self) -> UsableKeys | None:
        """The keys that serve now, as one value that is another after each fetch. Never waits; has them fetched where that is due."""
        now = self._clock()
        if now - self._fetched >= self._max_age:
            self._begin(now)
        return self._keys if self._usable(now) else None

    def trouble(self) -> Message | None:
        """Why no token can be judged, in words; None while one can. Asking has the keys fetched where that is due."""
        now = self._clock()
        if now - self._fetched >= self._max_age:
            self._begin(now)
        return None if self._usable(now) else self._failure or _UNDER_WAY

    def remarks(self) -> Sequence[Message]:
        """What an operator should know of a set that serves for all that: why it is not fetched anew, what of it is not used."""
        failure = self._failure and tell(
            "trouble.not_fetched_anew", minutes=f"{self._max_stale / 60:g}", reason=self._failure
        )
        return [*([failure] if failure else []), *(self._keys.left_out if self._keys else ())]

    def _usable(self, now: float) -> bool:
        return self._keys is not None and now - self._fetched < self._max_stale

    def _known(self, kid: str | None, now: float) -> Sequence[TrustedKey]:
        return self._keys.named(kid) if self._keys is not None and self._usable(now) else ()

    def _landed(self, flight: threading.Event) -> bool:
        """Whether a fetch ends within a token's patience; at once False where enough others wait for it already."""
        if not self._waiting.acquire(blocking=False):
            return flight.is_set()
        try:
            return flight.wait(self._patience)
        finally:
            self._waiting.release()

    def _begin(self, now: float) -> threading.Event | None:
        """The fetch under way, begun now unless the last one is too recent; None without one."""
        with self._lock:
            if self._flight is not None:
                return self._flight
            interval = self._min_interval if self._keys is not None else min(self._min_interval, _FIRST_INTERVAL)
            if now - self._tried < interval:
                return None
            self._tried = now
            self._flight = flight = threading.Event()
        threading.Thread(target=self._fly, args=[flight], name="identity provider's keys", daemon=True).start()
        return flight

    def _fly(self, flight: threading.Event) -> None:
        try:
            self._take(self._source())
        except (JwksUnavailableError, OSError) as error:
            self._fail(
                error.said
                if isinstance(error, JwksUnavailableError)
                else tell("trouble.answer_broke_off", name=type(error).__name__)
            )
        finally:
            with self._lock:
                self._flight = None
            flight.set()

    def _take(self, document: bytes) -> None:
        keys = parse_jwks(document)
        if keys.left_out and (self._keys is None or keys.left_out != self._keys.left_out):
            log.warning(
                "Not every key of the identity provider's key set is used: %s.", "; ".join(map(str, keys.left_out))
            )
        if self._failure is not None:
            log.warning("The identity provider's key set was fetched again.")
        self._keys, self._fetched, self._failure = keys, self._clock(), None

    def _fail(self, reason: Message) -> None:
        if reason != self._failure:
            known = "the keys known go on serving for a while" if self._keys else "no token can be judged"
            log.error("The identity provider's key set can't be used: %s; %s.", reason, known)
        self._failure = reason


def parse_jwks(document: bytes) -> UsableKeys:
    """What can be used of a JWKS to check signatures; anything else is left out and named (RFC 7517, section 5).

    Raises ``JwksMalformedError`` for anything that is no key set, or holds no key that can be used.
    """
    if len(document) > LIMIT:
        raise JwksMalformedError(tell("trouble.key_set_more_than_bytes", limit=LIMIT))
    try:
        found = orjson.loads(document)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise JwksMalformedError(tell("trouble.no_key_set", form='{"keys": […]}'))
    keys: list[TrustedKey] = []
    left_out: list[Message] = []
    for number, jwk in enumerate(found["keys"][:_MOST_KEYS], 1):
        trusted = _trusted(jwk) if isinstance(jwk, dict) else tell("trouble.no_object")
        if isinstance(trusted, Message):
            kid = jwk.get("kid") if isinstance(jwk, dict) else None
            plain = isinstance(kid, str) and _PLAIN_ID.fullmatch(kid)
            left_out.append(
                tell("trouble.named_key_left_out", number=number, kid=str(kid), reason=trusted)
                if plain
                else tell("trouble.key_left_out", number=number, reason=trusted)
            )
        else:
            keys.append(trusted)
    if len(found["keys"]) > _MOST_KEYS:
        left_out.append(tell("trouble.keys_left_out", most=_MOST_KEYS))
    if not keys:
        none = tell("trouble.holds_no_key_can_used")
        raise JwksMalformedError(tell("trouble.none_usable", reason=none, left_out=left_out[:5]) if left_out else none)
    return UsableKeys(tuple(keys), tuple(left_out))


def _trusted(jwk: dict[str, Any]) -> TrustedKey | Message:
    """The key, or why it is left out."""
    kty, crv, kid = jwk.get("kty"), jwk.get("crv"), jwk.get("kid")
    algorithms = ALGORITHMS.get((str(kty), None if kty == "RSA" else crv if isinstance(crv, str) else ""))
    if algorithms is None:
        return tell("trouble.type_none_ed_p_rsa")
    if kid is not None and not isinstance(kid, str):
        return tell("trouble.kid_no_text")
    if jwk.get("use", "sig") != "sig" or not _verifies(jwk.get("key_ops")):
        return tell("trouble.not_signatures")
    if "alg" in jwk and (not isinstance(jwk["alg"], str) or jwk["alg"] not in algorithms):
        return tell("trouble.algorithm_none_eddsa_es_rs")
    public = {name: jwk[name] for name in _MEMBERS[str(kty)] if isinstance(jwk.get(name), str)}
    try:
        key: VerificationKey
        if kty == "OKP":
            key = OKPKey.import_key(public)
        elif kty == "EC":
            key = ECKey.import_key(public)
        else:
            key = RSAKey.import_key(public)
        raw = key.public_key
    except (JoseError, ValueError, KeyError, TypeError, OverflowError, UnsupportedAlgorithm):
        return tell("trouble.malformed")
    if isinstance(raw, RSAPublicKey) and raw.key_size not in _RSA_BITS:
        return tell("trouble.length_not_between_bits")
    return TrustedKey(key, algorithms, kid)


def _verifies(operations: object) -> bool:
    return operations is None or (isinstance(operations, list) and "verify" in operations)
