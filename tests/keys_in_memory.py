"""Keys of one process, for tests of what seals without a database."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from application.ports import NewKey
from domain.messages import tell
from infrastructure.sealing.errors import HolderErased, HolderKeyMissingError
from infrastructure.sealing.seals import KEY_BYTES


class InMemoryKeyring:
    """A ``Keyring`` that keeps nothing; the cryptography over its keys is the real one."""

    def __init__(self) -> None:
        self._keys: dict[UUID, bytes | None] = {}

    def key_for(self, holder_ref: UUID) -> bytes:
        """See ``Keyring``."""
        key = self._keys.setdefault(holder_ref, secrets.token_bytes(KEY_BYTES))
        if key is None:
            raise HolderErased
        return key

    def existing_key(self, holder_ref: UUID) -> bytes | None:
        """See ``Keyring``."""
        if holder_ref not in self._keys:
            raise HolderKeyMissingError(tell("trouble.holder_key_missing"))
        return self._keys[holder_ref]

    def warm(self, holder_refs: Collection[UUID]) -> None:
        """See ``Keyring``; there is nothing to fetch."""

    def at_hand(self, holder_ref: UUID) -> bool:
        """See ``Keyring``."""
        return holder_ref in self._keys

    @contextmanager
    def drafted(self, holder_ref: UUID) -> Iterator[NewKey | None]:
        """See ``Keyring``."""
        self.key_for(holder_ref)
        yield None

    def destroy(self, holder_ref: UUID) -> bool:
        """See ``Keyring``."""
        already = holder_ref in self._keys and self._keys[holder_ref] is None
        self._keys[holder_ref] = None
        return not already
