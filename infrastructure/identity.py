"""Who a bearer token says somebody is, believed only after every check (RFC 7519, RFC 8725).

The algorithm is the key's, never the token's choice; no key, address or certificate in a token's header is ever used.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, ExpiredTokenError, JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from application.ports import Identity, IdentityProviderUnavailable, NotAuthenticated
from domain.messages import Message, SpokenError, facts_of, tell
from domain.text import subject_form
from domain.values import Actor, Role, is_account
from infrastructure.claim_paths import PLAIN_PATHS, ClaimPaths, SeveralStated
from infrastructure.jwks import ALGORITHMS, JwksUnavailableError, KeySet, TrustedKey, UsableKeys
from infrastructure.private_files import others_may_read, write_private

MAX_TOKEN: Final = 8192
"""Characters of the longest token that is looked at."""

DEVELOPMENT_ISSUER: Final = "urn:recognition-registry:development"
AUDIENCE: Final = "recognition-registry"
_MOST_TRIED: Final = 4
_MOST_KNOWN: Final = 10_000
"""Tokens, by their digests, of which it is remembered what they prove."""
_NAMES: Final = frozenset().union(*ALGORITHMS.values())
_FORBIDDEN_HEADERS: Final = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"})
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})

RefusalReason = Literal[
    "token-malformed",
    "token-too-large",
    "token-header",
    "token-algorithm",
    "token-key-unknown",
    "token-signature",
    "token-expired",
    "token-not-yet-valid",
    "token-issuer",
    "token-audience",
    "token-claims",
    "token-several",
]


def _sentence(reason: RefusalReason) -> Message:
    key = reason.replace("-", ".", 1).replace("-", "_")
    return tell(key, most=MAX_TOKEN) if facts_of(key) else tell(key)


class TokenRefused(NotAuthenticated):
    """A token is not believed. ``code`` is stable; the sentence names the way out and nothing of the token."""

    def __init__(self, code: RefusalReason) -> None:
        super().__init__(code, _sentence(code))

    def __reduce__(self) -> tuple[type[TokenRefused], tuple[str]]:
        """Keep the code when a refusal crosses a process."""
        return type(self), (self.code,)


_Name = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]


class _Claims(BaseModel):
    """The claims the registry reads; SYSTEM is no role that anybody signs in with, an account of a machine no subject."""

    model_config = ConfigDict(extra="ignore")

    sub: _Name
    role: Role
    authority: _Name | None = None
    holder: UUID | None = None
    azp: _Name | None = None
    client_id: _Name | None = None

    def identity(self, *, tells_case: bool) -> Identity:
        """The identity these claims state; see ``subject_form`` for ``tells_case``."""
        subject = subject_form(self.sub, tells_case=tells_case)
        actor = Actor(subject=subject, role=self.role, authority_code=self.authority, holder_ref=self.holder)
        return Identity(actor, self.azp or self.client_id)


class _FixedAlgorithms(JWSRegistry):
    """The key's algorithms and no others; foreign header members are ignored here, the harmful ones refused before."""

    def __init__(self, algorithms: frozenset[str]) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)
        self._own = algorithms

    def get_alg(self, name: str) -> JWSAlgModel:
        # The library warns of the name EdDSA (RFC 9864); here its curve is fixed by the key, which is what the RFC is about.
        return self.algorithms[name] if name in self._own else super().get_alg(name)


@dataclass(frozen=True, slots=True)
class _Proved:
    """What a token was found to be, until when (seconds since 1970), and under which keys."""

    identity: Identity
    expires: int
    under: UsableKeys | None


class TokenVerifier:
    """Checks bearer tokens of one issuer for one audience; safe to share by threads.

    ``verify`` computes, and may wait half a second for keys under way, so an event loop calls it in a thread.
    """

    def __init__(
        self,
        keys: KeySet,
        *,
        issuer: str,
        audience: str = AUDIENCE,
        leeway: int = 30,
        tells_case: bool = False,
        paths: ClaimPaths = PLAIN_PATHS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``leeway`` is how many seconds the clocks may differ; ``clock`` tells seconds since 1970.

        ``tells_case``: whether two subjects that differ in case alone are two people; ``paths``: where the claims lie.
        """
        self._paths = paths
        self._tells_case = tells_case
        self._keys = keys
        self._clock, self._leeway = clock, leeway
        self._lock = threading.Lock()
        self._proved: OrderedDict[bytes, _Proved] = OrderedDict()
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def digest(self, token: str) -> bytes:
        """See ``application.ports.Authenticator``."""
        return sha256(token.encode("utf-8", "surrogatepass")).digest()

    def known(self, digest: bytes) -> Identity | None:
        """See ``application.ports.Authenticator``: what was proved holds until the token expires or its key is not trusted any more."""
        proved = self._proved.get(digest)
        if proved is None or proved.under is None:
            return None
        if proved.expires < int(self._clock()) - self._leeway or self._keys.held() is not proved.under:
            with self._lock:
                self._proved.pop(digest, None)
            return None
        return proved.identity

    def verify(self, token: str) -> Identity:
        """The identity a token states. Raises ``TokenRefused``, with nothing of the token in it, for every failure of the token.

        Raises ``IdentityProviderUnavailable`` where there is no key to judge it by.
        """
        try:
            return self._verified(token)
        except _NotBelieved as error:
            reason = error.reason
        except RecursionError:
            reason = "token-malformed"
        # Raised out here, so that no traceback carries what the inner errors say about the token.
        raise TokenRefused(reason)

    def _verified(self, token: str) -> Identity:
        if len(token) > MAX_TOKEN:
            raise _NotBelieved("token-too-large")
        header = _header(token)
        under = self._keys.held()
        claims = self._signed(token, self._trusted(header))
        try:
            self._claims.validate(claims)
        except ExpiredTokenError:
            raise _NotBelieved("token-expired") from None
        except ClaimError as error:
            raise _NotBelieved(_reason(error.claim, claims)) from None
        try:
            found = _Claims.model_validate(self._paths.stated(claims))
        except SeveralStated:
            raise _NotBelieved("token-several") from None
        except ValidationError:
            raise _NotBelieved("token-claims") from None
        if found.role is Role.SYSTEM or is_account(subject_form(found.sub)):
            raise _NotBelieved("token-claims")
        identity = found.identity(tells_case=self._tells_case)
        proved = _Proved(identity, int(claims["exp"]), under)
        with self._lock:
            self._proved[self.digest(token)] = proved
            while len(self._proved) > _MOST_KNOWN:
                self._proved.popitem(last=False)
        return identity

    @staticmethod
    def _signed(token: str, candidates: Sequence[TrustedKey]) -> dict[str, Any]:
        """The claims, by the first of the keys that signed them."""
        for trusted in candidates:
            try:
                return jwt.decode(token, trusted.key, registry=_FixedAlgorithms(trusted.algorithms)).claims
            except BadSignatureError:
                continue
            except (JoseError, ValueError, TypeError):
                raise _NotBelieved("token-malformed") from None
        raise _NotBelieved("token-signature")

    def _trusted(self, header: dict[str, Any]) -> Sequence[TrustedKey]:
        """The keys that the token's header leaves; a token without ``kid`` needs exactly one that fits its algorithm."""
        kid, algorithm, kind = header.get("kid"), header.get("alg"), header.get("typ", "JWT")
        if not isinstance(algorithm, str) or algorithm not in _NAMES:
            raise _NotBelieved("token-algorithm")
        if header.keys() & _FORBIDDEN_HEADERS or not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise _NotBelieved("token-header")
        if "kid" in header and not isinstance(kid, str):
            raise _NotBelieved("token-key-unknown")
        try:
            named = self._keys.find(kid)
        except JwksUnavailableError:
            raise IdentityProviderUnavailable from None
        fitting = [trusted for trusted in named if algorithm in trusted.algorithms]
        by_name = kid is not None and any(trusted.kid == kid for trusted in named)
        if not by_name and len(fitting) != 1:
            raise _NotBelieved("token-key-unknown")
        if not fitting:
            raise _NotBelieved("token-algorithm")
        return fitting[:_MOST_TRIED]


class DevelopmentKeyError(SpokenError):
    """The file of the development issuer's key holds none."""

    code: ClassVar[str] = "development-key"


class DevelopmentIssuer:
    """Issues short-lived tokens where no identity provider is set up; its key stays in the data directory, mode 0600."""

    FILE: ClassVar[str] = "development-issuer.json"

    def __init__(self, data_dir: Path, *, max_lifetime: int = 8 * 3600, clock: Callable[[], float] = time.time) -> None:
        """Make the Ed25519 key on first use; ``max_lifetime`` is in seconds, ``clock`` tells seconds since 1970.

        Raises ``PermissionError`` when others may read the key's file, and ``DevelopmentKeyError`` when it holds no key.
        """
        self._max_lifetime, self._clock = max_lifetime, clock
        path = data_dir / self.FILE
        if not path.exists():
            fresh = OKPKey.generate_key(
                "Ed25519", {"kid": f"dev-{secrets.token_hex(4)}", "use": "sig", "alg": "Ed25519"}
            )
            with contextlib.suppress(FileExistsError):  # another process was first: its key is read below
                write_private(path, orjson.dumps(fresh.as_dict(private=True)).decode("ascii"), replace=False)
        if others_may_read(path):
            raise PermissionError(f"Others may read the development key {path.name}; run chmod 600 on it.")
        try:
            self._key = OKPKey.import_key(orjson.loads(path.read_bytes()))
        except (ValueError, KeyError, TypeError, JoseError):
            raise DevelopmentKeyError(tell("trouble.development_key_spoilt", path=str(path))) from None

    def issue(
        self,
        role: Role,
        subject: str | None = None,
        authority: str | None = None,
        holder: UUID | None = None,
        lifetime: int | None = None,
        client: str | None = None,
    ) -> str:
        """A token for a role; ``lifetime`` in seconds, the longest allowed by default.

        Without a subject it is a random one, ``dev-reviewer-3f9a…``, so that two tokens are two people. Raises ``ValueError``
        for a longer lifetime, for SYSTEM, which nobody signs in as, and for the subject of an account.
        """
        seconds = self._max_lifetime if lifetime is None else lifetime
        if not 0 < seconds <= self._max_lifetime:
            raise ValueError(f"A development token lives between 1 and {self._max_lifetime} seconds.")
        if role is Role.SYSTEM:
            raise ValueError("SYSTEM is the registry itself; choose a role that somebody has.")
        if subject is not None and is_account(subject_form(subject)):
            raise ValueError(
                "No token bears the subject of an account of a machine; leave out the os: at its beginning."
            )
        now = int(self._clock())
        claims = {
            "iss": DEVELOPMENT_ISSUER,
            "aud": AUDIENCE,
            "sub": subject or f"dev-{role.value.lower().replace('_', '-')}-{secrets.token_hex(6)}",
            "role": role.value,
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "authority": authority,
            "holder": str(holder) if holder else None,
            "client_id": client,
        }
        header = {"alg": "Ed25519", "kid": self._key.kid}
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, given, self._key, algorithms=["Ed25519"])

    def jwks(self) -> bytes:
        """The JWKS document with the public key, for a verifier."""
        return orjson.dumps({"keys": [self._key.as_dict(private=False)]})

    def verifier(self) -> TokenVerifier:
        """A verifier of this issuer's tokens, for the same process or any other with the same data directory."""
        keys = KeySet(self.jwks)
        keys.fetch()
        return TokenVerifier(keys, issuer=DEVELOPMENT_ISSUER, leeway=0, clock=self._clock)


class _NotBelieved(Exception):
    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason)
        self.reason: RefusalReason = reason


def _header(token: str) -> dict[str, Any]:
    try:
        header = orjson.loads(urlsafe_b64decode(token.split(".", 1)[0].encode("ascii")))
    except ValueError:  # also what malformed base64, JSON and non-ASCII text raise
        header = None
    if not isinstance(header, dict) or token.count(".") != 2:
        raise _NotBelieved("token-malformed")
    return header


def _reason(claim: str | None, claims: dict[str, Any]) -> RefusalReason:
    if claim not in claims:
        return "token-claims"
    reasons: dict[str, RefusalReason] = {"iss": "token-issuer", "aud": "token-audience"}
    if claim in {"nbf", "iat"} and isinstance(claims[claim], int | float):
        return "token-not-yet-valid"
    return reasons.get(claim, "token-claims")
