"""The keys that sign the log's checkpoints: a file beside the master keys, mode 0600, a key a line, the newest first.

All keys of the file sign each checkpoint, so that whoever trusts any of them goes on verifying while a rotation is announced.
Which keys an epoch has stands in the database too (public halves), so that a lost file is never replaced in silence.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from domain.log.log_errors import NoteError
from domain.log.note_keys import SigningKey
from domain.messages import said_by, tell
from infrastructure.log.errors import LogKeyError
from infrastructure.private_files import others_may_read, write_private

LOG_KEY_FILE: Final = "log.keys"
_ACTIVE: Final = (
    "SELECT vkey FROM log.keys AS k WHERE epoch = %s AND act = 'ADDED' AND NOT EXISTS (SELECT FROM log.keys AS r"
    " WHERE r.epoch = k.epoch AND r.vkey = k.vkey AND r.act = 'RETIRED') ORDER BY recorded_at DESC, vkey"
)


def new_key(origin: str) -> SigningKey:
    """A fresh Ed25519 key that signs for an origin."""
    return SigningKey(origin, secrets.token_bytes(32))


def load_keys(path: Path) -> tuple[SigningKey, ...]:
    """The keys of a file that is there. Raises ``LogKeyError`` for a malformed one, or one that others may read."""
    if others_may_read(path):
        raise LogKeyError(tell("trouble.others_may_read_logs_keys", file=path.name))
    try:
        keys = tuple(map(SigningKey.parse, path.read_text("utf-8", errors="replace").split()))
    except NoteError as error:
        raise LogKeyError(tell("trouble.holds_no_key_log", file=path.name, reason=said_by(error))) from None
    if not keys:
        raise LogKeyError(tell("trouble.empty", file=path.name))
    return keys


def keys_for(path: Path, origin: str) -> tuple[SigningKey, ...]:
    """The keys of the file, made with a fresh one on first use; only for an epoch that has signed nothing yet.

    Two processes that start at once end up with one key. Raises ``LogKeyError`` where the file is another log's.
    """
    if not path.exists():
        with contextlib.suppress(FileExistsError):  # somebody else was first: theirs is read below
            save_keys(path, [new_key(origin)], replace=False)
    keys = load_keys(path)
    if any(key.name != origin for key in keys):
        raise LogKeyError(tell("trouble.holds_keys_signed", file=path.name, found=keys[0].name, origin=origin))
    return keys


def save_keys(path: Path, keys: Sequence[SigningKey], *, replace: bool) -> None:
    """Write the file, in one step and durably, the newest key first."""
    write_private(path, "".join(f"{key.secret}\n" for key in keys), replace=replace)


def active_vkeys(connection: psycopg.Connection[Any], epoch: int) -> list[str]:
    """The verifier keys that an epoch signs with, the newest first."""
    return [vkey for (vkey,) in connection.execute(_ACTIVE.encode(), [epoch])]


def signing_keys(path: Path, vkeys: Sequence[str]) -> tuple[SigningKey, ...]:
    """The keys of the file that an epoch signs with. Raises ``LogKeyError`` where one of them is not there."""
    if not path.exists():
        raise LogKeyError(
            tell(
                "trouble.log_signed_no",
                vkey=vkeys[0] if vkeys else tell("trouble.another_key"),
                path=str(path),
                file=path.name,
            )
        )
    keys = {key.verifier.vkey: key for key in load_keys(path)}
    missing = [vkey for vkey in vkeys if vkey not in keys]
    if missing or not vkeys:
        raise LogKeyError(
            tell(
                "trouble.does_not_hold_key_which_signs", path=str(path), missing=missing or tell("trouble.of_this_log")
            )
        )
    return tuple(keys[vkey] for vkey in vkeys)
