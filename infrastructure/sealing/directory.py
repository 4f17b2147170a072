"""Which holder an identity number belongs to, without keeping the number: a keyed hash that erasure removes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg_pool import ConnectionPool

from domain.identity_numbers import normalised_identity_number
from infrastructure.postgres.pools import read_over
from infrastructure.sealing.keyring import INDEX_REF, Keyring
from infrastructure.sealing.seals import KEY_BYTES

_FIND: Final = "SELECT holder_ref FROM registry.holder_index WHERE lookup = %s"
_ADD: Final = (
    "INSERT INTO registry.holder_index (lookup, holder_ref) VALUES (%s, %s)"
    " ON CONFLICT (lookup) DO NOTHING RETURNING holder_ref"
)
_FORGET: Final = "DELETE FROM registry.holder_index WHERE holder_ref = %s"


class HolderDirectory:
    """``registry.holder_index``: HMAC-SHA256 over identity type and normalised number, to the holder's random reference.

    The index key is derived (HKDF, RFC 5869) from a secret that the keyring keeps wrapped by the master key like any data
    key, so that a rotation of the master key leaves every look-up as it is. Safe to share by threads.
    """

    def __init__(
        self, pool: ConnectionPool[Any], keyring: Keyring, *, require_room: Callable[[], None] = lambda: None
    ) -> None:
        """Fetch the index secret, or make it on first use; ``require_room`` raises where nobody new may be stored."""
        self._pool, self._require_room = pool, require_room
        derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"recognition-registry/holder-index/1")
        self._key = derivation.derive(keyring.key_for(INDEX_REF))

    def find(self, id_type: str, id_number: str) -> UUID | None:
        """The holder with this number, None when the registry knows none (or has forgotten them)."""
        lookup = self._lookup(id_type, id_number)
        row = read_over(self._pool, lambda connection: connection.execute(_FIND, [lookup]).fetchone())
        return row[0] if row else None

    def find_or_create(self, id_type: str, id_number: str) -> UUID:
        """The holder with this number, or a new random reference; callers at the same moment all get the same one.

        Committed before the case that uses it: a crash leaves at most a reference that no event names.
        """
        lookup = self._lookup(id_type, id_number)
        with self._pool.connection() as connection:
            while True:  # a second round only where the row found by the insert was forgotten before it was read
                row = connection.execute(_FIND, [lookup]).fetchone()
                if row is None:
                    self._require_room()
                    row = connection.execute(_ADD, [lookup, uuid4()]).fetchone()
                if row is not None:
                    return UUID(str(row[0]))

    def forget(self, holder_ref: UUID) -> int:
        """Remove every number that leads to this holder; answers how many there were."""
        with self._pool.connection() as connection:
            return int(connection.execute(_FORGET, [holder_ref]).rowcount)

    def _lookup(self, id_type: str, id_number: str) -> bytes:
        # A type has no blanks once normalised, so no two pairs give the same message.
        kind = "".join(id_type.split()).upper()
        message = f"{kind}\n{normalised_identity_number(kind, id_number)}"
        return hmac.new(self._key, message.encode(), hashlib.sha256).digest()
