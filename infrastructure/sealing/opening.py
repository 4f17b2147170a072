"""Opening seals that stand in rows and folds: one key a holder, kept by the keyring while it may be."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from application.sealed_values import SEALED, Opening, place
from application.seals import Seal, seal_in
from infrastructure.sealing.keyring import Keyring
from infrastructure.sealing.seals import opening_of, unseal


class KeyringSeals:
    """``application.seals.Seals`` over a keyring; safe to share by threads."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def warm(self, holder_refs: Collection[UUID]) -> None:
        """See ``Seals``."""
        self._keyring.warm(holder_refs)

    def at_hand(self, holder_ref: UUID) -> bool:
        """See ``Seals``."""
        return self._keyring.at_hand(holder_ref)

    def opened(self, holder_ref: UUID, stream_id: UUID, text: str) -> str | None:
        """See ``Seals``. Raises ``SealBrokenError``, and ``HolderKeyMissingError`` for a holder who never had a key."""
        seal = seal_in(text)
        if seal is None:
            return text
        key = self._keyring.existing_key(holder_ref)
        if key is None:
            return None
        opened: str | None = unseal(key, {SEALED: seal.sealed}, place(stream_id, seal.version, seal.topic, seal.path))
        return opened

    def opening(self, holder_ref: UUID, stream_id: UUID, seal: Seal) -> Opening | None:
        """What shows to others that a seal holds its value; None after erasure, and for a seal without a commitment.

        Raises as ``opened``.
        """
        key = self._keyring.existing_key(holder_ref)
        if key is None:
            return None
        return opening_of(key, {SEALED: seal.sealed}, place(stream_id, seal.version, seal.topic, seal.path))
