"""Sealing what is too large for memory: authenticated chunks whose order, number and end are part of the seal.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, CRYPTO 2015) over AES-256-GCM. A nonce is the chunk's number (11 bytes, big-endian) and a byte that is 1 for
the last chunk; a random salt in front of the file derives a key of the file's own (HKDF), so that no nonce meets a key twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.messages import tell
from infrastructure.sealing.errors import SealBrokenError
from infrastructure.sealing.seals import KEY_BYTES

CHUNK: Final = 64 * 1024
"""Plaintext bytes of every chunk but the last."""

_MAGIC: Final = b"RRS1"
_SALT: Final = 32
_HEADER: Final = len(_MAGIC) + _SALT
_TAG: Final = 16


def seal_stream(key: bytes, bound_to: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Seal pieces of any size under a 256-bit key, bound to additional data; holds one chunk and one piece in memory."""
    salt = os.urandom(_SALT)
    cipher = _cipher(key, salt)
    yield _MAGIC + salt
    for number, (chunk, last) in enumerate(_chunks(pieces, CHUNK)):
        yield cipher.encrypt(_nonce(number, last=last), chunk, bound_to)


def open_stream(key: bytes, bound_to: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The plaintext, each chunk authenticated before it is given out; pieces may be cut anywhere.

    Raises ``SealBrokenError`` at the first chunk that was altered, moved, dropped or added, and at a file cut short. Only an
    iteration that came to its end has proved the whole.
    """
    source = iter(pieces)
    head = b""
    while len(head) < _HEADER:
        piece = next(source, None)
        if piece is None:
            break
        head += piece
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        raise SealBrokenError(tell("trouble.sealed_file_lost_beginning"))
    cipher = _cipher(key, head[len(_MAGIC) : _HEADER])
    for number, (chunk, last) in enumerate(_chunks(_chained(head[_HEADER:], source), CHUNK + _TAG)):
        try:
            plain = cipher.decrypt(_nonce(number, last=last), chunk, bound_to)
        except (InvalidTag, ValueError):
            plain = None
        if plain is None:
            raise SealBrokenError(tell("trouble.chunk_sealed_file_altered_moved_or", number=number))
        yield plain


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=b"recognition-registry/stream/1")
    return AESGCM(derivation.derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _chained(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _chunks(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut into chunks of one size, the last marked: a chunk is held back until more is known to follow."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) > size:
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True
