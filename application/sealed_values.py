"""A sealed value in the JSON of a stored event: its shape, the place it is bound to, and what shows that it holds a value.

A seal of the present form carries a commitment beside its ciphertext, SHA-256 of the place, of a random salt and of the value; the
salt is sealed with the value. So one value can be shown to whoever has the stored bytes, by its salt (an ``Opening``), and no key
of anybody is given away with it. The salt has 128 random bits: without it nobody can try values on a commitment, and once the
holder's key is destroyed the salt is as lost as the value.

    "2." base64url(nonce, 12 bytes ‖ commitment, 32 ‖ AES-256-GCM of salt, 16 ‖ value, padded with blanks to a multiple of 32)

The additional data of the cipher is the place and the commitment. A seal of the first form, base64url(nonce ‖ ciphertext) without
the prefix, has no commitment: it opens under its holder's key, and nobody can be shown what it holds.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

SEALED: Final = "sealed"
"""The one key of the JSON object that stands in for a sealed value."""
COMMITTED: Final = "2."
"""How the text of a seal with a commitment begins."""
NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16
COMMITMENT_BYTES: Final = 32
_PADDING: Final = 32
"""Plaintexts are padded to this multiple, so that a length says little about a name, also after erasure."""


class Opening(NamedTuple):
    """What shows that a seal holds a value: the salt, and the value itself."""

    salt: bytes
    value: str


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


def padded(value: Any) -> bytes:
    """A JSON value as it is sealed. Blanks after a JSON text mean nothing to its parser, so the padding needs no removal."""
    plain = orjson.dumps(value)
    return plain.ljust(-(-len(plain) // _PADDING) * _PADDING)


def commitment(salt: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """What a seal states of a padded value at its place; nobody finds two values for one."""
    return sha256(bound_to + salt + plain).digest()


def is_sealed(value: Any) -> bool:
    """Whether a JSON value is a seal, by its shape."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(SEALED), str)


def commitment_in(sealed: str) -> bytes | None:
    """The commitment that the text of a seal carries; None for one of the first form, or none at all."""
    if not sealed.startswith(COMMITTED):
        return None
    try:
        raw = base64.b64decode(sealed.removeprefix(COMMITTED), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw[NONCE_BYTES : NONCE_BYTES + COMMITMENT_BYTES] if len(raw) > NONCE_BYTES + COMMITMENT_BYTES else None


def opens(sealed: str, opening: Opening, bound_to: bytes) -> bool:
    """Whether this is what the text of a seal holds at its place."""
    stated = commitment_in(sealed)
    if stated is None or len(opening.salt) != SALT_BYTES:
        return False
    return commitment(opening.salt, padded(opening.value), bound_to) == stated
