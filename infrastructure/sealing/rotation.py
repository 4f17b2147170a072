"""Re-wrap every data key under the current master key; holders' seals stay as they are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg_pool import ConnectionPool

from application.holders import final_by
from infrastructure.locks import FINISHING_ERASURES, FINISHING_RUNNER, MASTER_KEYS
from infrastructure.processes import Process
from infrastructure.sealing.master import ExistingMasterKeys, MasterKeys

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


_NOT_FINAL = (
    "SELECT min(destroyed_at) FROM registry.holder_keys WHERE destroyed_at IS NOT NULL AND master_key_id = ANY(%s)"
)
_FIRST: Final = UUID(int=0)
_ALL: Final = 2**31

log = logging.getLogger(__name__)

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


def drop_old(pool: Pool, path: Path) -> MasterKeys:
    """Remove the master keys that are not the current one, from the file too; answers what is left.

    Held alone among all who keep a new holder's key: what somebody wrapped under an old one meanwhile is brought under the
    current one first, and nobody wraps under an old one afterwards. A crash leaves old keys in the file; the next call removes them.
    """
    with pool.connection() as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [MASTER_KEYS])
        master = ExistingMasterKeys(path).now()
        connection.cursor().executemany(
            "INSERT INTO registry.dropped_master_keys (id) VALUES (%s) ON CONFLICT DO NOTHING",
            [[key_id] for key_id in master.keys if key_id != master.current_id],
        )
        for ref, wrapped, key_id in connection.execute(_BATCH, [master.current_id, _FIRST, _ALL]).fetchall():
            fresh = master.wrap(ref, master.unwrap(ref, bytes(wrapped), key_id))
            connection.execute(_SWAP, [fresh, master.current_id, ref, wrapped, key_id])
    left = master.only_current()
    left.save(path)
    return left


def unfinished_erasures(pool: Pool, master: MasterKeys) -> datetime | None:
    """When the earliest erasure was made whose key a master key at hand once wrapped, so that a copy of it could be opened; else None."""
    with pool.connection() as connection:
        row = connection.execute(_NOT_FINAL, [list(master.keys)]).fetchone()
    return row[0] if row else None


def finish_erasures(pool: Pool, path: Path) -> int:
    """Make every erasure final: all keys under a new master key, the old ones dropped. How many keys were re-wrapped.

    From then on nothing opens what is left of a destroyed key in dead rows, logs or backups of the database. Without an erasure
    to finish nothing happens. May be called again after a crash, and by several processes, of which one does it.
    """
    with pool.connection() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [FINISHING_ERASURES])
        try:
            master = ExistingMasterKeys(path).now()
            if unfinished_erasures(pool, master) is None:
                return 0
            master = master.with_new()
            master.save(path)  # before the first key is wrapped by it: a crash leaves a key that nothing needs yet
            done = rotate(pool, master)
            drop_old(pool, path)
            return done
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", [FINISHING_ERASURES])


def finishing_process(pool: Pool, path: Path, clock: Callable[[], datetime]) -> Process:
    """Every night, and at the start of a server, the erasures before it are made final."""

    def step(stopping: Callable[[], bool]) -> bool:  # noqa: ARG001 - a step's shape
        earliest = unfinished_erasures(pool, ExistingMasterKeys(path).now())
        if earliest is not None and final_by(earliest) - timedelta(hours=1) <= clock():
            log.info(
                "Erasures are final: %d keys are under a new master key, the old ones are dropped.",
                finish_erasures(pool, path),
            )
        return False

    return Process("finishing erasures", FINISHING_RUNNER, step, idle_seconds=60)
