"""The file of a backup: members one after another, compressed, sealed under a passphrase.

    "RRB1" · length of the header (4 bytes) · header (JSON: how the key is derived) · sealed stream (``infrastructure.sealing.stream``)

The sealed stream holds one zlib stream (RFC 1950) of frames: length of the name (2 bytes), name, length of the data (4 bytes), data.
Frames of one name in a row are one member. Numbers are big-endian. The key follows from the passphrase by scrypt (RFC 7914); the
header is bound to the seal, so that nobody weakens it unnoticed.
"""

from __future__ import annotations

import secrets
import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final

import orjson
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from domain.messages import tell
from infrastructure.backup.errors import BackupError
from infrastructure.sealing.errors import SealBrokenError
from infrastructure.sealing.seals import KEY_BYTES
from infrastructure.sealing.stream import open_stream, seal_stream

MAGIC: Final = b"RRB1"
SHORTEST: Final = 12
"""Characters of a passphrase."""
LARGEST_FRAME: Final = 4 * 1024 * 1024
_MOST_HEADER: Final = 4096
_PIECE: Final = 1024 * 1024
_COST: Final = {"kdf": "scrypt", "n": 2**17, "r": 8, "p": 1}
_MOST_COST: Final = 2**21
"""A header that asks for more than a gibibyte was not written here."""

Frame = tuple[str, bytes]


def sealed(frames: Iterable[Frame], passphrase: str) -> Iterator[bytes]:
    """The bytes of a backup, as they are written. Raises ``BackupError`` for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        raise BackupError(tell("backup.short_passphrase", shortest=SHORTEST))
    header = orjson.dumps({**_COST, "salt": secrets.token_hex(16)})
    yield MAGIC + struct.pack(">I", len(header)) + header
    yield from seal_stream(_key(header, passphrase), header, _compressed(frames))


def opened(file: IO[bytes], passphrase: str, name: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The members of a backup in their order, each with its pieces, which are read before the next member.

    Raises ``BackupError`` where it is no backup, the passphrase is another, or a byte was altered; only an iteration that came to its
    end has proved the whole.
    """
    head = file.read(len(MAGIC) + 4)
    length = struct.unpack(">I", head[len(MAGIC) :])[0] if len(head) == len(MAGIC) + 4 else 0
    if not head.startswith(MAGIC) or not 0 < length <= _MOST_HEADER:
        raise BackupError(tell("backup.no_backup", file=name))
    header = file.read(length)
    try:
        key = _key(header, passphrase)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise BackupError(tell("backup.no_backup", file=name)) from None
    pieces = open_stream(key, header, iter(lambda: file.read(_PIECE), b""))
    for member, frames in groupby(_proved(pieces, name), key=lambda frame: frame[0]):
        yield member, (data for _, data in frames)


def _proved(pieces: Iterable[bytes], name: str) -> Iterator[Frame]:
    try:
        yield from _frames(_decompressed(pieces))
    except (SealBrokenError, zlib.error, EOFError, UnicodeDecodeError):
        raise BackupError(tell("backup.not_opened", file=name)) from None


def whole(pieces: Iterable[bytes]) -> bytes:
    """A small member in one piece."""
    return b"".join(pieces)


def file_frames(path: Path, member: str) -> Iterator[Frame]:
    """A file as a member."""
    with path.open("rb") as file:
        yield from pieces_as_frames(member, iter(lambda: file.read(_PIECE), b""))


def pieces_as_frames(member: str, pieces: Iterable[bytes]) -> Iterator[Frame]:
    """Pieces of any size as frames of a member, at least one."""
    held, empty = bytearray(), True
    for piece in pieces:
        held += piece
        while len(held) >= LARGEST_FRAME:
            yield member, bytes(held[:LARGEST_FRAME])
            del held[:LARGEST_FRAME]
            empty = False
    if held or empty:
        yield member, bytes(held)


def _key(header: bytes, passphrase: str) -> bytes:
    given: dict[str, Any] = orjson.loads(header)
    n, r, p = int(given["n"]), int(given["r"]), int(given["p"])
    if given["kdf"] != "scrypt" or n * r > _MOST_COST * 8 or p > 16:
        raise ValueError("another derivation than is written here")
    salt = bytes.fromhex(given["salt"])
    return Scrypt(salt=salt, length=KEY_BYTES, n=n, r=r, p=p).derive(passphrase.encode())


def _compressed(frames: Iterable[Frame]) -> Iterator[bytes]:
    deflate = zlib.compressobj(1)
    for name, data in frames:
        encoded = name.encode()
        yield deflate.compress(struct.pack(">H", len(encoded)) + encoded + struct.pack(">I", len(data)))
        yield deflate.compress(data)
    yield deflate.flush()


def _decompressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    for piece in pieces:
        yield inflate.decompress(piece)
    yield inflate.flush()
    if not inflate.eof:
        raise EOFError


def _frames(pieces: Iterable[bytes]) -> Iterator[Frame]:
    source, held = iter(pieces), bytearray()

    def take(count: int, *, may_end: bool = False) -> bytes | None:
        while len(held) < count:
            piece = next(source, None)
            if piece is None:
                if may_end and not held:
                    return None
                raise EOFError
            held.extend(piece)
        taken = bytes(held[:count])
        del held[:count]
        return taken

    while (length := take(2, may_end=True)) is not None:
        name = take(struct.unpack(">H", length)[0]) or b""
        size = struct.unpack(">I", take(4) or b"")[0]
        yield name.decode(), take(size) or b""
