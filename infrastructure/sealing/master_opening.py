"""Opening the master keys beside the database whose keys they wrap: a new one is made only where nothing was wrapped yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from psycopg_pool import ConnectionPool

from domain.messages import Message, tell
from infrastructure.sealing.errors import MasterKeyError
from infrastructure.sealing.master import MasterKeyFile, MasterKeys

_FIRST: Final = (
    "SELECT master_key_id FROM registry.holder_keys WHERE wrapped_key IS NOT NULL ORDER BY holder_ref LIMIT 1"
)
_ALL: Final = "SELECT DISTINCT master_key_id FROM registry.holder_keys WHERE wrapped_key IS NOT NULL ORDER BY 1"


def open_master_keys(path: Path, pool: ConnectionPool[Any]) -> MasterKeyFile:
    """The master keys of a file, made on first use unless keys in the database are wrapped already.

    Raises ``MasterKeyError``, with nothing written, where the file is another registry's or is not there although the database
    holds wrapped keys, as after restoring a dump beside a new data directory; the sentence names the keys that are needed. The
    first wrapped key is that of the holder index, which a rotation wraps anew before all others, so that one look-up tells.
    """
    with pool.connection() as connection:
        first = connection.execute(_FIRST).fetchone()
        if first is None:
            return MasterKeyFile(path)
        known = MasterKeys.load(path).keys if path.exists() else {}
        if first[0] not in known:
            needed = [str(key_id) for (key_id,) in connection.execute(_ALL).fetchall() if key_id not in known]
            raise MasterKeyError(_needed(path, needed, there=path.exists()))
    return MasterKeyFile(path)


def _needed(path: Path, needed: Sequence[str], *, there: bool) -> Message:
    if there:
        return tell("trouble.master_keys_of_another", keys=needed, path=str(path), file=path.name)
    return tell("trouble.master_keys_absent", keys=needed, path=str(path), file=path.name)
