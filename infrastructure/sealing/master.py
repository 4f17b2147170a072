"""The master keys that wrap every holder's data key, and the file in which an embedded installation keeps them.

One text form for both the file and a setting: ``id:base64`` lines (or comma-separated), 32 bytes each, the current key
first. Older keys stay listed until ``rotate`` has re-wrapped what they wrapped; after that, and once old backups are of no
use any more, they go: a wrapped key without its master key is noise.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.sealed_values import NONCE_BYTES
from domain.messages import tell
from infrastructure.private_files import others_may_read, write_private
from infrastructure.sealing.errors import MasterKeyError, SealBrokenError
from infrastructure.sealing.seals import KEY_BYTES

log = logging.getLogger(__name__)

_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The current master key and the older ones that still open; never shown by ``repr``."""

    current_id: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.current_id not in self.keys:
            raise MasterKeyError(tell("trouble.current_master_key_not_among_keys"))
        for key_id, key in self.keys.items():
            if not _ID.fullmatch(key_id) or len(key) != KEY_BYTES:
                raise MasterKeyError(tell("trouble.master_key_bytes_under_id_letters"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``id:base64`` entries, by lines or commas, the current one first. Raises ``MasterKeyError``."""
        keys: dict[str, bytes] = {}
        for entry in filter(None, re.split(r"[\s,]+", text)):
            key_id, _, encoded = entry.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if key_id in keys or len(key) != KEY_BYTES:
                raise MasterKeyError(tell("trouble.master_keys_written_id"))
            keys[key_id] = key
        if not keys:
            raise MasterKeyError(tell("trouble.no_master_key_given"))
        return cls(next(iter(keys)), keys)

    @classmethod
    def generate(cls) -> Self:
        """A new random master key under a random id."""
        key_id = secrets.token_hex(4)
        return cls(key_id, {key_id: secrets.token_bytes(KEY_BYTES)})

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """The keys of a file that only its owner may read (0600), made with a fresh key on first use.

        Two processes starting at once end up with one key. Raises ``MasterKeyError`` for a malformed file, or one that
        others may read.
        """
        if not path.exists():
            with contextlib.suppress(FileExistsError):  # somebody else was first: theirs is read below
                write_private(path, cls.generate().text(), replace=False)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The keys of a file that is there. Raises ``MasterKeyError`` for a malformed file, or one that others may read."""
        if others_may_read(path):
            raise MasterKeyError(tell("trouble.others_may_read_master_keys", file=path.name))
        return cls.parse(path.read_text("ascii", errors="replace"))

    def now(self) -> Self:
        """These keys, which do not change; a ``MasterKeyFile`` answers those of the moment."""
        return self

    def text(self) -> str:
        """The form that ``parse`` reads, the current key first."""
        order = [self.current_id, *(key_id for key_id in self.keys if key_id != self.current_id)]
        return "".join(f"{key_id}:{base64.b64encode(self.keys[key_id]).decode('ascii')}\n" for key_id in order)

    def with_new(self) -> MasterKeys:
        """These keys with a fresh current one; what the old ones wrapped still opens."""
        fresh = MasterKeys.generate()
        return MasterKeys(fresh.current_id, {**fresh.keys, **self.keys})

    def only_current(self) -> MasterKeys:
        """The current key alone, for when a rotation is complete."""
        return MasterKeys(self.current_id, {self.current_id: self.keys[self.current_id]})

    def save(self, path: Path) -> None:
        """Replace the file, in one step and durably: a crash leaves the old keys or the new, never half of either."""
        write_private(path, self.text(), replace=True)

    def wrap(self, holder_ref: UUID, data_key: bytes) -> bytes:
        """A data key under the current master key: nonce and AES-256-GCM ciphertext, bound to holder and master key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.keys[self.current_id]).encrypt(nonce, data_key, _bound(holder_ref, self.current_id))

    def unwrap(self, holder_ref: UUID, wrapped: bytes, key_id: str) -> bytes:
        """The data key. Raises ``MasterKeyError`` for an unknown master key, ``SealBrokenError`` for an altered row."""
        master = self.keys.get(key_id)
        if master is None:
            raise MasterKeyError(tell("trouble.master_key_needed_not_configured", key=key_id))
        try:
            return AESGCM(master).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(holder_ref, key_id))
        except (InvalidTag, ValueError):
            pass
        raise SealBrokenError(tell("trouble.holders_key_altered_or_master_key"))


class MasterKeyFile:
    """The master keys of a file that another process may rotate meanwhile: read again whenever the file was replaced.

    A server under way thus neither wraps under a key that is about to be dropped nor fails to open what a rotation wrapped.
    """

    def __init__(self, path: Path) -> None:
        """Load the keys, or make them on first use. Raises ``MasterKeyError``."""
        self._path = path
        self._keys = MasterKeys.load_or_create(path)
        self._seen: tuple[int, int] | None = self._stamp()

    def now(self) -> MasterKeys:
        """The keys as the file has them, or had them, while it is gone. Raises ``MasterKeyError`` for one that was spoilt."""
        try:
            stamp = self._stamp()
        except FileNotFoundError:
            if self._seen is not None:
                log.error("The master keys' file %s is gone; put it back: only this process knows them.", self._path)  # noqa: TRY400 - the sentence says it all
            self._seen = None
            return self._keys
        if stamp != self._seen:
            self._keys, self._seen = MasterKeys.load(self._path), stamp
        return self._keys

    def _stamp(self) -> tuple[int, int]:
        found = self._path.stat()  # replaced in one step: another inode
        return found.st_ino, found.st_mtime_ns


class ExistingMasterKeys:
    """The master keys of a file that is there, for commands that read: none is made, and none is needed until one is used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> MasterKeys:
        """The keys as the file has them. Raises ``MasterKeyError`` where there is none, or a spoilt one."""
        if not self._path.exists():
            raise MasterKeyError(tell("trouble.master_keys_registry_not", path=str(self._path)))
        return MasterKeys.load(self._path)


def _bound(holder_ref: UUID, key_id: str) -> bytes:
    return orjson.dumps(["recognition-registry/data-key/1", str(holder_ref), key_id])
