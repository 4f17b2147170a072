"""Applications that were begun and not submitted: sealed, one a subject, kept ``KEPT`` and then gone.

A draft lies in a file of its own outside the database, so that no backup of the database and no log of it holds one. Its name is a
keyed digest of the subject. When it was last saved and whom it is about stand before what is sealed, so that whatever removes old
drafts, or those of a person whose data is erased, opens none. Whom it is about stands there as digests of what only the
registry can make: without its keys nobody tells whether a draft is about anybody in particular.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import Clock
from infrastructure.locks import DRAFTS
from infrastructure.private_files import write_private
from infrastructure.processes import Process, Step

KEPT: Final = timedelta(days=30)
"""How long after it was last saved a draft is kept."""
LARGEST: Final = 64 * 1024
"""Bytes of the largest draft, as JSON."""
FOLDER: Final = "drafts"
IDLE_SECONDS: Final = 3600
_AT_BYTES: Final = 8
_MARK_BYTES: Final = 32
_MARKS: Final = 2
"""Marks that every draft has, so that their number tells nothing: those of persons, and random ones for the others."""
_HEAD_BYTES: Final = _AT_BYTES + _MARKS * _MARK_BYTES
_NONCE_BYTES: Final = 12


def mark_of_number(digest: bytes) -> bytes:
    """The mark of drafts about a person, by the keyed digest of their number (``HolderDirectory.identity``)."""
    return sha256(b"draft:number:" + digest).digest()


def mark_of_holder(ref: UUID) -> bytes:
    """The mark of drafts of a person, by the random reference that their token states."""
    return sha256(b"draft:holder:" + ref.bytes).digest()


class DraftTooLargeError(Exception):
    """More was typed than a draft holds."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed, and when it was last saved."""

    saved_at: datetime
    fields: Mapping[str, str]

    @property
    def kept_until(self) -> datetime:
        """When it is gone, if it is not saved again."""
        return self.saved_at + KEPT


class Drafts:
    """The drafts of an installation, under a key of its own."""

    def __init__(self, folder: Path, key: bytes, clock: Clock, largest: int = LARGEST) -> None:
        """``key`` has 32 bytes and seals nothing else; ``largest`` are the bytes of the largest draft, as JSON."""
        self._folder, self._clock, self._largest = folder, clock, largest
        self._naming = hmac.new(key, b"name", sha256).digest()
        self._sealing = AESGCM(hmac.new(key, b"seal", sha256).digest())

    def save(self, subject: str, fields: Mapping[str, str], marks: Collection[bytes] = ()) -> None:
        """Keep what somebody typed, in place of what was kept before; ``marks`` are of whom it is about. Raises ``DraftTooLargeError``."""
        plain = orjson.dumps(dict(fields))
        if len(plain) > self._largest:
            raise DraftTooLargeError
        remove_old(self._folder, self._clock())
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, nonce = self._path(subject), secrets.token_bytes(_NONCE_BYTES)
        others = (secrets.token_bytes(_MARK_BYTES) for _ in range(_MARKS - len(marks)))
        head = b"".join([int(self._clock().timestamp()).to_bytes(_AT_BYTES, "big"), *marks, *others])
        sealed = self._sealing.encrypt(nonce, zlib.compress(plain), head + path.name.encode())
        write_private(path, (head + nonce + sealed).hex(), replace=True)

    def of(self, subject: str) -> Draft | None:
        """What somebody began; None where that is nothing, or was longer ago than drafts are kept."""
        path = self._path(subject)
        try:
            raw = bytes.fromhex(path.read_text("ascii"))
            head, nonce, sealed = (
                raw[:_HEAD_BYTES],
                raw[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES],
                raw[_HEAD_BYTES + _NONCE_BYTES :],
            )
            plain = zlib.decompress(self._sealing.decrypt(nonce, sealed, head + path.name.encode()))
        except (FileNotFoundError, ValueError, InvalidTag, zlib.error):
            return None
        found = Draft(_instant(head[:_AT_BYTES]), orjson.loads(plain))
        return found if found.kept_until > self._clock() else None

    def erase(self, subject: str) -> None:
        """Let go of what somebody began."""
        self._path(subject).unlink(missing_ok=True)

    def _path(self, subject: str) -> Path:
        return self._folder / hmac.new(self._naming, subject.encode(), sha256).hexdigest()


def remove_old(folder: Path, now: datetime) -> int:
    """Remove the drafts that were last saved longer ago than they are kept; how many."""
    return _remove(path for path, head in _heads(folder) if _instant(head[:_AT_BYTES]) + KEPT <= now)


def erase_about(folder: Path, marks: Collection[bytes]) -> int:
    """Remove every draft that bears one of these marks, whoever saved it; how many."""
    wanted = frozenset(marks)
    places = range(_AT_BYTES, _HEAD_BYTES, _MARK_BYTES)
    return _remove(
        path for path, head in _heads(folder) if any(head[each : each + _MARK_BYTES] in wanted for each in places)
    )


def _heads(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """What stands before what is sealed, of every draft that is whole."""
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError, ValueError):
            with path.open(encoding="ascii") as file:
                head = bytes.fromhex(file.read(2 * _HEAD_BYTES))
            if len(head) == _HEAD_BYTES:  # a shorter file is one that is just being written
                yield path, head


def _remove(paths: Iterator[Path]) -> int:
    removed = 0
    for path in list(paths):
        path.unlink(missing_ok=True)
        removed += 1
    return removed


def _instant(at: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(at, "big"), UTC)


def drafts_process(folder: Path, clock: Clock) -> Process:
    """Removes old drafts, every hour."""

    def step(_stopping: object) -> bool:
        remove_old(folder, clock())
        return False

    looking: Step = step
    return Process("drafts", DRAFTS, looking, idle_seconds=IDLE_SECONDS)
