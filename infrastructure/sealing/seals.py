"""Sealing values: AES-256-GCM under a holder's data key, bound to the place where each stands (NIST SP 800-38D).

The form of a seal, and what shows to others that it holds a value, is told in ``application.sealed_values``.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.sealed_values import (
    COMMITMENT_BYTES,
    COMMITTED,
    NONCE_BYTES,
    SALT_BYTES,
    SEALED,
    Opening,
    commitment,
    padded,
)
from domain.messages import tell
from infrastructure.sealing.errors import SealBrokenError

KEY_BYTES: Final = 32
_HEAD: Final = NONCE_BYTES + COMMITMENT_BYTES
_URLSAFE: Final = bytes.maketrans(b"-_", b"+/")


def seal(key: bytes, value: Any, bound_to: bytes) -> dict[str, str]:
    """Seal a JSON value under a 256-bit key with a fresh random 96-bit nonce; the answer is JSON again."""
    return sealing(key)(value, bound_to)


def sealing(key: bytes) -> Callable[[Any, bytes], dict[str, str]]:
    """What seals under one key, made once for many values; see ``seal``."""
    encrypt = AESGCM(key).encrypt

    def sealed(value: Any, bound_to: bytes) -> dict[str, str]:
        fresh = os.urandom(NONCE_BYTES + SALT_BYTES)
        plain, nonce, salt = padded(value), fresh[:NONCE_BYTES], fresh[NONCE_BYTES:]
        stated = commitment(salt, plain, bound_to)
        ciphertext = encrypt(nonce, salt + plain, bound_to + stated)
        return {SEALED: COMMITTED + base64.urlsafe_b64encode(nonce + stated + ciphertext).decode("ascii")}

    return sealed


def unsealing(key: bytes) -> Callable[[dict[str, str], bytes], Any]:
    """What opens seals of either form under one key, made once for many of them; see ``unseal``."""
    decrypt = AESGCM(key).decrypt

    def opened(sealed: dict[str, str], bound_to: bytes) -> Any:
        text = sealed[SEALED]
        try:
            if not text.startswith(COMMITTED):
                raw = _raw(text)
                return orjson.loads(decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to))
            raw = _raw(text[len(COMMITTED) :])
            stated = raw[NONCE_BYTES:_HEAD]
            plain = decrypt(raw[:NONCE_BYTES], raw[_HEAD:], bound_to + stated)
            if commitment(plain[:SALT_BYTES], plain[SALT_BYTES:], bound_to) == stated:
                return orjson.loads(plain[SALT_BYTES:])
        except (InvalidTag, binascii.Error, UnicodeEncodeError, ValueError):
            pass
        raise SealBrokenError(tell("trouble.sealed_value_altered_moved_or_sealed"))

    return opened


def unseal(key: bytes, sealed: dict[str, str], bound_to: bytes) -> Any:
    """The value behind a seal. Raises ``SealBrokenError`` if it was altered, stands elsewhere, or is under another key."""
    return unsealing(key)(sealed, bound_to)


def opening_of(key: bytes, sealed: dict[str, str], bound_to: bytes) -> Opening | None:
    """What shows to others that a seal holds its value; None for a seal of the first form. Raises as ``unseal`` does."""
    value = unseal(key, sealed, bound_to)
    text = sealed[SEALED]
    if not text.startswith(COMMITTED):
        return None
    raw = _raw(text[len(COMMITTED) :])
    return Opening(
        AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[_HEAD:], bound_to + raw[NONCE_BYTES:_HEAD])[:SALT_BYTES], value
    )


def _raw(text: str) -> bytes:
    return binascii.a2b_base64(text.encode("ascii").translate(_URLSAFE), strict_mode=True)
