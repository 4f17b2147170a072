"""The public keys that tokens are checked with: fetched, cached, and fetched again when a provider rotates them (RFC 7517)."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

ALGORITHMS: Final[Mapping[tuple[str, str | None], frozenset[str]]] = {
    ("OKP", "Ed25519"): frozenset({"EdDSA", "Ed25519"}),
    ("EC", "P-256"): frozenset({"ES256"}),
    ("RSA", None): frozenset({"RS256"}),
}
"""What a key of a type and curve may verify. ``Ed25519`` is the name by RFC 9864, ``EdDSA`` the one providers still write."""

_MEMBERS: Final = {"OKP": ("kty", "crv", "x"), "EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e")}
_LIMIT: Final = 1 << 20
_SHORTEST_RSA: Final = 2048

VerificationKey = OKPKey | ECKey | RSAKey


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key and the algorithms it may be used with: the token never chooses."""

    key: VerificationKey
    algorithms: frozenset[str]


class JwksUnavailableError(Exception):
    """The key set can't be fetched or is none; tokens can't be judged until it can."""


def file_source(path: Path) -> Callable[[], bytes]:
    """Reads a JWKS document from a file, anew at each fetch."""
    return path.read_bytes


def url_source(url: str, *, timeout: float = 5.0) -> Callable[[], bytes]:
    """Fetches a JWKS document over HTTPS, or over HTTP from this machine; follows no redirect, reads at most 1 MiB.

    ``timeout`` is in seconds. Raises ``ValueError`` for any other URL.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}):
        raise ValueError("Give the key set's address as https://…; plain http is for this machine only.")
    opener = urllib.request.build_opener(_NoRedirects())

    def fetch() -> bytes:
        with opener.open(url, timeout=timeout) as answer:
            return bytes(answer.read(_LIMIT + 1))

    return fetch


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:  # noqa: ARG002
        return None


class KeySet:
    """A cached JWKS; safe to share by threads. ``find`` may wait for one fetch, at most one each ``min_interval`` seconds.

    A rotated-in key is found at its first use, a rotated-out one refused after ``max_age`` seconds. While the source fails,
    the last keys serve up to ``max_stale`` seconds, so that a provider's short outage locks nobody out.
    """

    def __init__(
        self,
        source: Callable[[], bytes],
        *,
        max_age: float = 600.0,
        min_interval: float = 30.0,
        max_stale: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetches nothing yet; ``clock`` counts seconds."""
        self._source, self._clock = source, clock
        self._max_age, self._min_interval, self._max_stale = max_age, min_interval, max_stale
        self._lock = threading.Lock()
        self._keys: Mapping[str, TrustedKey] = {}
        self._fetched: float | None = None
        self._tried: float | None = None

    def find(self, kid: str) -> TrustedKey | None:
        """The key with this id, None when the set has none. Raises ``JwksUnavailableError`` when there is no usable set."""
        fresh = self._fetched is not None and self._clock() - self._fetched < self._max_age
        if not fresh or kid not in self._keys:
            self._refresh()
        if self._fetched is None or self._clock() - self._fetched >= self._max_stale:
            raise JwksUnavailableError
        return self._keys.get(kid)

    def _refresh(self) -> None:
        with self._lock:
            now = self._clock()
            if self._tried is not None and now - self._tried < self._min_interval:
                return
            self._tried = now
            try:
                keys = parse_jwks(self._source())
            except (OSError, ValueError, JwksUnavailableError):
                return  # the last keys stay, and ``find`` says when they are too old
            self._keys, self._fetched = keys, now


def parse_jwks(document: bytes) -> dict[str, TrustedKey]:
    """The usable signature keys of a JWKS by their ids; symmetric, encryption and unknown keys are left out (RFC 7517, 5).

    Raises ``JwksUnavailableError`` for anything that is no key set, or names an id twice.
    """
    try:
        found = orjson.loads(document) if len(document) <= _LIMIT else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise JwksUnavailableError
    keys: dict[str, TrustedKey] = {}
    for jwk in found["keys"]:
        trusted = _trusted(jwk) if isinstance(jwk, dict) else None
        if trusted is None:
            continue
        if jwk["kid"] in keys:
            raise JwksUnavailableError
        keys[jwk["kid"]] = trusted
    return keys


def _trusted(jwk: dict[str, Any]) -> TrustedKey | None:
    kty, kid = jwk.get("kty"), jwk.get("kid")
    algorithms = ALGORITHMS.get((str(kty), None if kty == "RSA" else jwk.get("crv")))
    if algorithms is None or not isinstance(kid, str) or jwk.get("use", "sig") != "sig":
        return None
    if "alg" in jwk and jwk["alg"] not in algorithms:
        return None
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
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    if isinstance(raw, RSAPublicKey) and raw.key_size < _SHORTEST_RSA:
        return None
    return TrustedKey(key, algorithms)
