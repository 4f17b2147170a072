"""Applications that were begun and not submitted: sealed, one a subject, kept ``KEPT`` and then gone.

A draft lies in a file of its own outside the database, so that no backup of the database and no log of it holds one. Its name is a
keyed digest of the subject; when it was last saved stands before what is sealed, so that whatever removes old ones opens none.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

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
_NONCE_BYTES: Final = 12


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

    def __init__(self, folder: Path, key: bytes, clock: Clock) -> None:
        """``key`` has 32 bytes and seals nothing else."""
        self._folder, self._clock = folder, clock
        self._naming = hmac.new(key, b"name", sha256).digest()
        self._sealing = AESGCM(hmac.new(key, b"seal", sha256).digest())

    def save(self, subject: str, fields: Mapping[str, str]) -> None:
        """Keep what somebody typed, in place of what was kept before. Raises ``DraftTooLargeError``."""
        plain = orjson.dumps(dict(fields))
        if len(plain) > LARGEST:
            raise DraftTooLargeError
        remove_old(self._folder, self._clock())
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, nonce = self._path(subject), secrets.token_bytes(_NONCE_BYTES)
        at = int(self._clock().timestamp()).to_bytes(_AT_BYTES, "big")
        sealed = self._sealing.encrypt(nonce, zlib.compress(plain), at + path.name.encode())
        write_private(path, (at + nonce + sealed).hex(), replace=True)

    def of(self, subject: str) -> Draft | None:
        """What somebody began; None where that is nothing, or was longer ago than drafts are kept."""
        path = self._path(subject)
        try:
            raw = bytes.fromhex(path.read_text("ascii"))
            at, nonce, sealed = (
                raw[:_AT_BYTES],
                raw[_AT_BYTES : _AT_BYTES + _NONCE_BYTES],
                raw[_AT_BYTES + _NONCE_BYTES :],
            )
            plain = zlib.decompress(self._sealing.decrypt(nonce, sealed, at + path.name.encode()))
        except (FileNotFoundError, ValueError, InvalidTag, zlib.error):
            return None
        found = Draft(_instant(at), orjson.loads(plain))
        return found if found.kept_until > self._clock() else None

    def erase(self, subject: str) -> None:
        """Let go of what somebody began."""
        self._path(subject).unlink(missing_ok=True)

    def _path(self, subject: str) -> Path:
        return self._folder / hmac.new(self._naming, subject.encode(), sha256).hexdigest()


def remove_old(folder: Path, now: datetime) -> int:
    """Remove the drafts that were last saved longer ago than they are kept; how many."""
    removed = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError, ValueError):
            with path.open(encoding="ascii") as file:
                at = bytes.fromhex(file.read(2 * _AT_BYTES))
            if len(at) == _AT_BYTES and _instant(at) + KEPT <= now:  # an empty file is one that is just being written
                path.unlink()
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
