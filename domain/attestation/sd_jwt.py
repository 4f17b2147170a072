"""What a selectively disclosable JWT holds: digests in the signed payload, and the disclosures beside it (RFC 9901, section 4).

Signing is not done here: the payload is a plain set of claims, and the compact form joins what was signed with the disclosures.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

HASH_NAME: Final = "sha-256"
"""The name of the hash in ``_sd_alg`` (IANA, Named Information Hash Algorithms)."""
_RESERVED: Final = frozenset({"_sd", "...", "_sd_alg"})
NEVER_CONCEALED: Final = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""Claims that an SD-JWT VC always shows (draft-ietf-oauth-sd-jwt-vc, "Registered JWT Claims")."""

Salt = Callable[[], str]
"""A fresh base64url text of at least 128 random bits (RFC 9901, section 9.3)."""


@dataclass(frozen=True, slots=True)
class Concealed:
    """A payload to be signed, and the disclosures of what it conceals, in the order of the claims."""

    payload: Mapping[str, Any]
    disclosures: tuple[str, ...]

    def compact(self, signed: str) -> str:
        """The issued form: the signed JWT and every disclosure, a tilde behind each (RFC 9901, section 4)."""
        return "".join(f"{part}~" for part in (signed, *self.disclosures))


def base64url(content: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(content).decode("ascii").rstrip("=")


def disclosure(salt: str, name: str, value: Any) -> str:
    """The disclosure of a claim (RFC 9901, section 4.2.1)."""
    return base64url(json.dumps([salt, name, value], ensure_ascii=False).encode())


def digest(shown: str) -> str:
    """The digest under which a disclosure stands in the payload (RFC 9901, section 4.2.3)."""
    return base64url(sha256(shown.encode("ascii")).digest())


def concealed(visible: Mapping[str, Any], hidden: Mapping[str, Any], salt: Salt) -> Concealed:
    """Claims with ``hidden`` ones as digests. One that is None is not stated: a decoy stands in its place, so that nobody who is shown
    some claims learns that there is no such other (RFC 9901, section 4.2.5).

    The digests are sorted, which says nothing of the order of the claims. Raises ``ValueError`` for a claim that may not be concealed,
    for a reserved name, and for one that stands on both sides.
    """
    if wrong := hidden.keys() & (NEVER_CONCEALED | _RESERVED | visible.keys()) | visible.keys() & _RESERVED:
        raise ValueError(f"these claims cannot be concealed, or not be stated so: {', '.join(sorted(wrong))}")
    shown = tuple(disclosure(salt(), name, value) for name, value in hidden.items() if value is not None)
    decoys = [digest(salt()) for value in hidden.values() if value is None]
    digests = sorted([*map(digest, shown), *decoys])
    return Concealed({**visible, **({"_sd": digests, "_sd_alg": HASH_NAME} if digests else {})}, shown)
