"""Whose data key is what: the port the mapper asks, and its keeper in PostgreSQL.

What holds after ``destroy`` has returned: nobody creates a key for this holder again, ever, since the tombstone stays and
the database refuses to change it. The process that destroyed the key decrypts nothing more; a server beside it follows within a
second (``infrastructure.following``); any other may go on from its cache for at most ``cache_seconds`` after the destruction was
committed, as every cached key is dropped that long after it was *asked for*. A key in use inside a running call is used to the end of that call. What was deleted from the table may linger in
dead rows, logs and backups of the database, but wrapped: rotating the master key and dropping the old one ends that too.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final, Protocol
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from application.journal import KeyOutdated
from application.ports import NewKey
from domain.messages import tell
from infrastructure.postgres.pools import read_over
from infrastructure.sealing.errors import HolderErased, HolderKeyMissingError, MasterKeyError
from infrastructure.sealing.master import ExistingMasterKeys, MasterKeyFile, MasterKeys
from infrastructure.sealing.seals import KEY_BYTES

INDEX_REF: Final = UUID(int=0)
"""Reserved reference under which the secret of the holder index is kept, so that rotation re-wraps it like any key."""

_MISSING: Final = tell("trouble.holder_key_missing")
_INSERT = (
    "INSERT INTO registry.holder_keys (holder_ref, wrapped_key, master_key_id) VALUES (%s, %s, %s)"
    " ON CONFLICT (holder_ref) DO NOTHING"
)
_SELECT = "SELECT holder_ref, wrapped_key, master_key_id FROM registry.holder_keys WHERE holder_ref = ANY(%s)"
_BURY = (
    "UPDATE registry.holder_keys SET wrapped_key = NULL, destroyed_at = now()"
    " WHERE holder_ref = %s AND destroyed_at IS NULL"
)
_TOMBSTONE = (
    "INSERT INTO registry.holder_keys (holder_ref, wrapped_key, master_key_id, destroyed_at)"
    " VALUES (%s, NULL, %s, now()) ON CONFLICT (holder_ref) DO NOTHING"
)


class Keyring(Protocol):
    """The data keys of holders, 32 bytes each."""

    def key_for(self, holder_ref: UUID) -> bytes:
        """The key to seal with, made and kept when the holder is new. Raises ``HolderErased`` after destruction."""

    def existing_key(self, holder_ref: UUID) -> bytes | None:
        """The key to open with; None once destroyed. Raises ``HolderKeyMissingError`` for a holder that never had one."""

    def warm(self, holder_refs: Collection[UUID]) -> None:
        """Make ready for these holders at once; unknown ones are passed over."""

    def at_hand(self, holder_ref: UUID) -> bool:
        """Whether ``existing_key`` answers for this holder without asking anybody."""

    def drafted(self, holder_ref: UUID) -> AbstractContextManager[NewKey | None]:
        """A new holder's key, to be stored with the first events that it seals; within the context it seals.

        Where the context ends without an error the key was stored. None where this keeper stores it by itself.
        """

    def destroy(self, holder_ref: UUID) -> bool:
        """Destroy the key for good and leave a tombstone, also for a new holder; False if there was one already."""


class PostgresKeyring:
    """Keys in ``registry.holder_keys``, wrapped by the master key, with a bounded cache; safe to share by threads.

    ``pool`` holds autocommit-or-not connections of the application's role to the database of the keys, which may be another
    than that of the events. A key is committed before anything sealed with it: a crash leaves at most an unused key.
    """

    def __init__(
        self,
        pool: ConnectionPool[Any],
        master: MasterKeys | MasterKeyFile | ExistingMasterKeys,
        *,
        cache_seconds: float = 10.0,
        cache_size: int = 20_000,
        clock: Callable[[], float] = time.monotonic,
        require_room: Callable[[], None] = lambda: None,
    ) -> None:
        """``cache_seconds`` bounds how long another process may decrypt after an erasure; ``clock`` is in seconds.

        ``require_room`` raises before a new key where nothing more may be stored.
        """
        self._require_room = require_room
        self._pool, self._master = pool, master
        self._cache_seconds, self._cache_size, self._clock = cache_seconds, cache_size, clock
        self._lock = threading.Lock()
        self._cache: OrderedDict[UUID, tuple[float, bytes | None]] = OrderedDict()
        self._drafts: dict[UUID, bytes] = {}

    @contextmanager
    def drafted(self, holder_ref: UUID) -> Iterator[NewKey | None]:
        """See ``Keyring``. The reference is one that nobody else knows yet, so that nobody else makes a key for it."""
        self._require_room()
        key, master = secrets.token_bytes(KEY_BYTES), self._master.now()
        until, wrapped = self._clock() + self._cache_seconds, master.wrap(holder_ref, key)
        self._drafts[holder_ref] = key
        try:
            yield NewKey(holder_ref, wrapped, master.current_id)
        except KeyOutdated:
            self._require_other_master(master)
            raise
        finally:
            del self._drafts[holder_ref]
        self._remember(until, {holder_ref: key})

    def offer(self, holder_ref: UUID, wrapped: bytes | None, master_key_id: str, asked_at: float) -> None:
        """Take in a row of the table of keys that somebody read with other things, at ``asked_at`` by this keyring's clock.

        A key under a master key that this process does not know any more, or not yet, is asked for when it is needed.
        """
        if self._cached(holder_ref) is not None:
            return
        with suppress(MasterKeyError):
            key = wrapped and self._master.now().unwrap(holder_ref, wrapped, master_key_id)
            self._remember(asked_at + self._cache_seconds, {holder_ref: key})

    def now(self) -> float:
        """The keyring's clock, in seconds."""
        return self._clock()

    def key_for(self, holder_ref: UUID) -> bytes:
        """See ``Keyring``; of several writers who meet a new holder at once, all get the one key that was kept."""
        if (draft := self._drafts.get(holder_ref)) is not None:
            return draft
        try:
            key = self.existing_key(holder_ref)
        except HolderKeyMissingError:
            self._require_room()
            while not self._keep(holder_ref, self._master.now()):
                pass  # the master key was dropped meanwhile; the file has the next
            key = self.existing_key(holder_ref)
        if key is None:
            raise HolderErased
        return key

    def _keep(self, holder_ref: UUID, master: MasterKeys) -> bool:
        """Make a key and keep it, unless somebody else did; False where the master key was dropped."""
        key = secrets.token_bytes(KEY_BYTES)
        until, wrapped = self._clock() + self._cache_seconds, master.wrap(holder_ref, key)
        try:
            with self._pool.connection() as connection:
                kept = connection.execute(_INSERT, [holder_ref, wrapped, master.current_id]).rowcount
        except psycopg.errors.CheckViolation:
            self._require_other_master(master)
            return False
        if kept:
            self._remember(until, {holder_ref: key})
        return True

    def _require_other_master(self, dropped: MasterKeys) -> None:
        if self._master.now().current_id == dropped.current_id:
            raise MasterKeyError(tell("trouble.master_key_dropped_after_erasure", key=dropped.current_id)) from None

    def _remember(self, until: float, keys: Mapping[UUID, bytes | None]) -> None:
        with self._lock:
            now = self._clock()
            for ref, key in keys.items():
                if (kept := self._cache.get(ref)) is not None and kept[1] is None and kept[0] > now:
                    continue  # a key that is destroyed stays so, whatever was asked before
                self._cache[ref] = (until, key)
                self._cache.move_to_end(ref)
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)

    def existing_key(self, holder_ref: UUID) -> bytes | None:
        """See ``Keyring``. Raises also ``MasterKeyError`` and ``SealBrokenError`` for a key that does not unwrap."""
        hit = self._cached(holder_ref)
        if hit is None:
            found = self._fetch([holder_ref])
            if holder_ref not in found:
                raise HolderKeyMissingError(_MISSING)
            return found[holder_ref]
        return hit[1]

    def warm(self, holder_refs: Collection[UUID]) -> None:
        """See ``Keyring``; one statement for all that are not cached."""
        if missing := [ref for ref in holder_refs if self._cached(ref) is None]:
            self._fetch(missing)

    def at_hand(self, holder_ref: UUID) -> bool:
        """See ``Keyring``."""
        return self._cached(holder_ref) is not None

    def destroy(self, holder_ref: UUID) -> bool:
        """See ``Keyring``; committed when this returns."""
        if holder_ref == INDEX_REF:
            raise ValueError("The secret of the holder index belongs to no holder and is never destroyed.")
        with self._pool.connection() as connection:
            # Tombstone first: whether a key was there before or is being made right now, the row exists afterwards.
            made = connection.execute(_TOMBSTONE, [holder_ref, self._master.now().current_id]).rowcount
            buried = connection.execute(_BURY, [holder_ref]).rowcount
        with self._lock:
            self._cache.pop(holder_ref, None)
        return bool(made or buried)

    def forget(self, holder_ref: UUID) -> None:
        """Open nothing more of a holder whose erasure another process recorded: what was asked before it does not bring the key back."""
        with self._lock:
            self._cache[holder_ref] = (self._clock() + self._cache_seconds, None)
            self._cache.move_to_end(holder_ref)

    def _cached(self, holder_ref: UUID) -> tuple[float, bytes | None] | None:
        with self._lock:
            entry = self._cache.get(holder_ref)
            if entry is None or entry[0] <= self._clock():
                return None
            self._cache.move_to_end(holder_ref)
            return entry

    def _fetch(self, holder_refs: list[UUID]) -> dict[UUID, bytes | None]:
        # The age of an entry counts from before the question, so that it never outlives a destruction by more than its term.
        until = self._clock() + self._cache_seconds
        try:
            found = self._unwrapped(holder_refs)
        except MasterKeyError:
            # A rotation may have dropped the master key between the question and its use; then the rows are under the next.
            found = self._unwrapped(holder_refs)
        self._remember(until, found)
        return found

    def _unwrapped(self, holder_refs: list[UUID]) -> dict[UUID, bytes | None]:
        rows = read_over(self._pool, lambda connection: connection.execute(_SELECT, [holder_refs]).fetchall())
        master = self._master.now()
        return {ref: wrapped and master.unwrap(ref, bytes(wrapped), key_id) for ref, wrapped, key_id in rows}
