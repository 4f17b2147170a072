"""Re-wrap every data key under the current master key; holders' seals stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg_pool import ConnectionPool

from infrastructure.sealing.master import MasterKeys

_COUNT = "SELECT count(*) FROM registry.holder_keys WHERE master_key_id <> %s AND wrapped_key IS NOT NULL"
_BY_MASTER = (
    "SELECT CASE WHEN wrapped_key IS NOT NULL THEN master_key_id END AS id, count(*) FROM registry.holder_keys"
    " GROUP BY id ORDER BY id NULLS LAST"
)
_BATCH = (
    "SELECT holder_ref, wrapped_key, master_key_id FROM registry.holder_keys"
    " WHERE master_key_id <> %s AND wrapped_key IS NOT NULL AND holder_ref >= %s ORDER BY holder_ref LIMIT %s"
)
# Compare and swap: a key that was destroyed since it was read stays destroyed.
_SWAP = (
    "UPDATE registry.holder_keys SET wrapped_key = %s, master_key_id = %s"
    " WHERE holder_ref = %s AND wrapped_key = %s AND master_key_id = %s"
)


Pool = ConnectionPool[Any]
"""Connections to the database of the keys."""


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How many holders' keys one master key wraps; ``master_key_id`` is None for destroyed ones."""

    master_key_id: str | None
    keys: int


def count_keys(pool: Pool) -> list[KeyCount]:
    """How many keys there are, by master key, the destroyed ones last."""
    with pool.connection() as connection:
        return [KeyCount(*row) for row in connection.execute(_BY_MASTER).fetchall()]


def rotate(
    pool: Pool,
    master: MasterKeys,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    batch_size: int = 500,
) -> int:
    """Bring every key that an older master key wraps under the current one; answers how many it re-wrapped.

    Each batch commits by itself, so an interrupted rotation is taken up by calling again. ``progress(done, total)`` is called
    after each batch. Writers that still use the old master key as current may run meanwhile; rotate again after the last of
    them has been restarted, and drop the old key once that answers 0. Raises ``MasterKeyError`` when a needed key is not
    configured, and ``SealBrokenError`` for an altered row; what was re-wrapped before stays so.
    """
    with pool.connection() as connection:
        total = connection.execute(_COUNT, [master.current_id]).fetchone()[0]
    done, after = 0, UUID(int=0)
    while True:
        with pool.connection() as connection:
            rows = connection.execute(_BATCH, [master.current_id, after, batch_size]).fetchall()
            for ref, wrapped, key_id in rows:
                fresh = master.wrap(ref, master.unwrap(ref, bytes(wrapped), key_id))
                done += connection.execute(_SWAP, [fresh, master.current_id, ref, wrapped, key_id]).rowcount
        if not rows:
            return done
        after = rows[-1][0]
        progress(done, max(total, done))
