"""One sealed value: AES-256-GCM under a holder's data key, bound to the place where it stands (NIST SP 800-38D)."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.sealing.errors import SealBrokenError

SEALED: Final = "sealed"
"""The one key of the JSON object that stands in for a sealed value."""

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_URLSAFE: Final = bytes.maketrans(b"-_", b"+/")
_PADDING: Final = 32
"""Plaintexts are padded to this multiple, so that a length says little about a name, also after erasure."""


def place(stream_id: UUID | str, version: int, topic: str, path: str) -> bytes:
    """The additional data that binds a seal to one field of one event, in canonical bytes."""
    return places(stream_id, version, topic)(path)


def places(stream_id: UUID | str, version: int, topic: str) -> Callable[[str], bytes]:
    """``place`` for the fields of one event, by their paths."""
    event = orjson.dumps(["recognition-registry/seal/1", str(stream_id), version, topic])[:-1]
    return lambda path: b"%b,%b]" % (event, _in_json(path))


@lru_cache(maxsize=4096)
def _in_json(path: str) -> bytes:
    return orjson.dumps(path)


def seal(key: bytes, value: Any, bound_to: bytes) -> dict[str, str]:
    """Seal a JSON value under a 256-bit key with a fresh random 96-bit nonce; the answer is JSON again."""
    plain = orjson.dumps(value)
    nonce = os.urandom(NONCE_BYTES)
    # Blanks after a JSON text mean nothing to its parser, so the padding needs no removal.
    ciphertext = AESGCM(key).encrypt(nonce, plain.ljust(-(-len(plain) // _PADDING) * _PADDING), bound_to)
    return {SEALED: base64.urlsafe_b64encode(nonce + ciphertext).decode("ascii")}


def is_sealed(value: Any) -> bool:
    """Whether a JSON value is one that ``seal`` made, by its shape."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(SEALED), str)


def unsealing(key: bytes) -> Callable[[dict[str, str], bytes], Any]:
    """What opens seals under one key, made once for many of them; see ``unseal``."""
    decrypt = AESGCM(key).decrypt

    def opened(sealed: dict[str, str], bound_to: bytes) -> Any:
        try:
            raw = binascii.a2b_base64(sealed[SEALED].encode("ascii").translate(_URLSAFE), strict_mode=True)
            return orjson.loads(decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to))
        except (InvalidTag, binascii.Error, UnicodeEncodeError, ValueError):
            pass
        raise SealBrokenError(
            "A sealed value was altered, moved, or sealed under another key; restore the event it belongs to."
        )

    return opened


def unseal(key: bytes, sealed: dict[str, str], bound_to: bytes) -> Any:
    """The value behind a seal. Raises ``SealBrokenError`` if it was altered, stands elsewhere, or is under another key."""
    return unsealing(key)(sealed, bound_to)
