"""What operators do to the log, on the record: beginning it, beginning a new epoch, and changing the keys that sign it.

All of it goes over a connection of the owner's; the application's role may add tree heads, and no epoch and no key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from domain.log.checkpoint import LogCheckpoint, LogOrigin
from domain.log.note_keys import SigningKey
from domain.log.signed_note import SignedNote
from domain.merkle import TransparencyError
from domain.messages import tell
from infrastructure.locks import SEQUENCING
from infrastructure.log.errors import LogAbsentError, LogActError, LogKeyError
from infrastructure.log.kept import KeptCheckpoint
from infrastructure.log.keys import active_vkeys, keys_for, load_keys, new_key, save_keys
from infrastructure.log.sequencer import LogFiles, Sequencer
from infrastructure.log.tables import read_epoch, read_head

_FIRST_REASON: Final = "The registry was made."


@dataclass(frozen=True, slots=True)
class Epoch:
    """A log that the registry began: its origin and keys, who began it and why, and how far it was signed."""

    epoch: int
    origin: str
    vkeys: tuple[str, ...]
    operator: str
    reason: str
    begun_at: datetime
    size: int | None


def begin_log(owner_url: str, files: LogFiles, name: str) -> None:
    """Begin the log of a new registry with a key of its own; where there is a log, nothing happens.

    Nor does it where the data directory keeps a checkpoint: then a log was there, and the sequencer says so. Raises
    ``LogKeyError`` where the key file is another log's.
    """
    with psycopg.connect(owner_url) as connection:
        if read_epoch(connection) is not None:
            return
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCING])
        if read_epoch(connection) is not None or KeptCheckpoint(files.checkpoint).note() is not None:
            return
        origin = str(LogOrigin(name, 1))
        keys = keys_for(files.keys, origin)
        _insert(connection, 1, origin, keys, "registry", _FIRST_REASON, None)


def begin_epoch(
    owner_url: str, files: LogFiles, name: str, operator: str, reason: str, *, force: bool = False
) -> Epoch:
    """Begin the next epoch, on the record: an origin and a key of its own, from the first event on.

    Keys and last checkpoint of the old epoch stay beside the new ones, as ``log.keys.<epoch>`` and ``log.checkpoint.<epoch>``. Raises ``LogActError`` where the log as it is
    can go on, unless ``force`` says to begin anew for all that.
    """
    with psycopg.connect(owner_url) as connection:
        if not force and Sequencer(files).examine(connection) is None:
            raise LogActError(tell("trouble.log_can_go_on_as_so"))
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCING])
        kept = KeptCheckpoint(files.checkpoint)
        note = kept.note() or _last_note(connection)
        number = _next_epoch(connection, note)
        origin = str(LogOrigin(name, number))
        if files.keys.exists() and load_keys(files.keys)[0].name != origin:  # else an act that a crash interrupted
            files.keys.replace(files.keys.with_name(f"{files.keys.name}.{number - 1}"))
        keys = keys_for(files.keys, origin)
        _insert(connection, number, origin, keys, operator, reason, note)
        connection.commit()
        kept.set_aside(number - 1)
    return next(each for each in epochs(owner_url) if each.epoch == number)


def rotate(owner_url: str, files: LogFiles, operator: str, *, retire: bool) -> list[str]:
    """Add a key that signs from now on beside the present one; ``retire``: let only the newest sign. The keys that sign then.

    Raises ``LogKeyError`` where the keys are not those of the database, ``LogAbsentError`` where there is no log, and
    ``LogActError`` where only one key signs, which nothing could replace.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCING])
        found = read_epoch(connection)
        if found is None:
            raise LogAbsentError(tell("trouble.database_no_log"))
        epoch, origin = found
        if not files.keys.exists():
            raise LogKeyError(tell("trouble.no", keys=str(files.keys)))
        keys, vkeys = load_keys(files.keys), active_vkeys(connection, epoch)
        if retire:
            return _retire(connection, files, epoch, keys, vkeys, operator)
        unannounced = [key for key in keys if key.name == origin and key.verifier.vkey not in vkeys]
        key = unannounced[0] if unannounced else new_key(origin)  # a crash left one that the database does not name
        save_keys(files.keys, [key, *(each for each in keys if each != key)], replace=True)
        _record_key(connection, epoch, key.verifier.vkey, "ADDED", operator)
    return [key.verifier.vkey, *vkeys]


def resume(owner_url: str, operator: str) -> int:
    """Lift every halt of the present epoch, on the record; how many there were. Raises ``LogActError`` where there is none."""
    with psycopg.connect(owner_url) as connection:
        lifted = connection.execute(
            "UPDATE log.halts SET lifted_by = %s, lifted_at = now() WHERE lifted_at IS NULL"
            " AND epoch = (SELECT max(epoch) FROM log.epochs)",
            [operator],
        ).rowcount
    if not lifted:
        raise LogActError(tell("trouble.no_witness_stopped_log"))
    return lifted


def epochs(url: str) -> list[Epoch]:
    """Every epoch, the first first."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT e.epoch, e.origin, e.operator, e.reason, e.begun_at, (SELECT max(size) FROM log.checkpoints AS c"
            " WHERE c.epoch = e.epoch) FROM log.epochs AS e ORDER BY e.epoch"
        ).fetchall()
        return [
            Epoch(number, origin, tuple(active_vkeys(connection, number)), operator, reason, begun_at, size)
            for number, origin, operator, reason, begun_at, size in rows
        ]


def _retire(
    connection: psycopg.Connection[Any],
    files: LogFiles,
    epoch: int,
    keys: Sequence[SigningKey],
    vkeys: Sequence[str],
    operator: str,
) -> list[str]:
    if len(vkeys) < 2:
        raise LogActError(tell("trouble.one_key_signs_not_retired_without"))
    newest = next((key for key in keys if key.verifier.vkey == vkeys[0]), None)
    if newest is None:
        raise LogKeyError(tell("trouble.does_not_hold_newest_key", keys=str(files.keys), vkey=vkeys[0]))
    for vkey in vkeys[1:]:
        _record_key(connection, epoch, vkey, "RETIRED", operator)
    connection.commit()  # before the file: a retired key that is still there does no harm, a missing one stops the log
    save_keys(files.keys, [newest], replace=True)
    return [vkeys[0]]


def _next_epoch(connection: psycopg.Connection[Any], note: bytes | None) -> int:
    found = read_epoch(connection)
    known = [found[0]] if found else [0]
    if note is not None:
        with contextlib.suppress(TransparencyError):  # a spoilt file names no epoch; the database's does
            known.append(LogOrigin.parse(LogCheckpoint.parse(SignedNote.parse(note).text).origin).epoch)
    return max(known) + 1


def _last_note(connection: psycopg.Connection[Any]) -> bytes | None:
    found = read_epoch(connection)
    head = read_head(connection, found[0]) if found else None
    return bytes(head.note) if head else None


def _insert(
    connection: psycopg.Connection[Any],
    epoch: int,
    origin: str,
    keys: Sequence[SigningKey],
    operator: str,
    reason: str,
    not_continued: bytes | None,
) -> None:
    connection.execute(
        "INSERT INTO log.epochs (epoch, origin, operator, reason, not_continued) VALUES (%s, %s, %s, %s, %s)",
        [epoch, origin, operator, reason, not_continued],
    )
    for key in keys:
        _record_key(connection, epoch, key.verifier.vkey, "ADDED", operator)


def _record_key(connection: psycopg.Connection[Any], epoch: int, vkey: str, act: str, operator: str) -> None:
    # Of one transaction's keys each has an instant of its own, so that the newest is known.
    connection.execute(
        "INSERT INTO log.keys (epoch, vkey, act, operator, recorded_at) VALUES (%s, %s, %s, %s, clock_timestamp())",
        [epoch, vkey, act, operator],
    )
