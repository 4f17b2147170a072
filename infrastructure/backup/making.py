"""Making a backup: one snapshot of the events and of what belongs to them, the keys, the evidence, in one sealed file.

The registry may serve meanwhile. Events and log are of one instant; keys are read while no master key is dropped, evidence after
the snapshot, so that whatever an event names is there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import obstore
import orjson
import psycopg

from domain.messages import tell
from infrastructure.attestation.keys import ATTESTATION_KEY_FILE
from infrastructure.backup.archive import SHORTEST, Frame, file_frames, pieces_as_frames, sealed
from infrastructure.backup.erasures import ERASURES_FILE, ErasureList
from infrastructure.backup.errors import BackupError
from infrastructure.backup.tables import OF_KEYS, Counted, copied_out, tables
from infrastructure.composition import EVIDENCE_FOLDER, MASTER_KEY_FILE, log_files
from infrastructure.evidence import open_bucket
from infrastructure.locks import MASTER_KEYS
from infrastructure.log.kept import KEPT_FILE
from infrastructure.log.keys import LOG_KEY_FILE
from infrastructure.log.tables import read_epoch, read_head
from infrastructure.postgres.connection_strings import checked
from infrastructure.postgres.existing import open_existing_database
from infrastructure.postgres.migrations import load_migrations
from infrastructure.settings import Settings

FORMAT: Final = 1
_AT_ONCE: Final = 500

Progress = Callable[[str, int], None]
"""Told what is read and how many bytes were written."""


@dataclass(frozen=True, slots=True)
class BackupMade:
    """What a backup holds: its last event, how many there are, evidence files, and its size in bytes."""

    made_at: datetime
    position: int
    events: int
    evidence_files: int
    bytes: int


@dataclass(slots=True)
class _Making:
    counted: Counted
    position: int = 0
    evidence_files: int = 0
    made_at: datetime | None = None


def make_backup(
    settings: Settings, file: Path, passphrase: str, operator: str, progress: Progress = lambda _what, _bytes: None
) -> BackupMade:
    """Write a backup of the registry that the settings name to a file that is not there yet; a crash leaves ``<file>.partial`` at most.

    The backup is noted in the database, by its ``operator``. Raises ``BackupError``, ``DatabaseUnavailableError`` and ``MasterKeyError``.
    """
    if file.exists():
        raise BackupError(tell("backup.file_exists", file=str(file)))
    if len(passphrase) < SHORTEST:
        raise BackupError(tell("backup.short_passphrase", shortest=SHORTEST))
    with open_existing_database(settings) as database, contextlib.ExitStack() as stack:
        making, written, told = _Making(Counted()), 0, ["events"]
        frames = _frames(stack, settings, database.owner_url, making, lambda what: told.__setitem__(0, what))
        partial = file.with_name(f"{file.name}.partial")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
                for piece in sealed(frames, passphrase):
                    target.write(piece)
                    written += len(piece)
                    progress(told[0], written)
                target.flush()
                os.fsync(target.fileno())
            partial.rename(file)
        finally:
            partial.unlink(missing_ok=True)
        events = making.counted.rows["registry.events"]
        if making.made_at is None:
            raise TypeError("a snapshot has an instant")
        with psycopg.connect(database.owner_url) as connection:
            connection.execute(
                "INSERT INTO registry.backups (made_at, position, events, bytes, operator) VALUES (%s, %s, %s, %s, %s)",
                [making.made_at, making.position, events, written, operator],
            )
        return BackupMade(making.made_at, making.position, events, making.evidence_files, written)


def _frames(
    stack: contextlib.ExitStack, settings: Settings, owner_url: str, making: _Making, progress: Callable[[str], None]
) -> Iterator[Frame]:
    keys_url = (
        None
        if settings.keys_database_url is None
        else checked(settings.keys_database_url, "RECOGNITION_KEYS_DATABASE_URL")
    )
    holding = stack.enter_context(psycopg.connect(keys_url or owner_url, autocommit=True))
    holding.execute(
        "SELECT pg_advisory_lock_shared(%s)", [MASTER_KEYS]
    )  # no master key is dropped until its file was read
    events = stack.enter_context(_snapshot(owner_url))
    apart = stack.enter_context(_snapshot(keys_url)) if keys_url else None
    files = list(_files(settings, events))
    ErasureList(settings.data_dir / ERASURES_FILE).complete(events)
    head = events.execute("SELECT coalesce(max(position), 0), transaction_timestamp() FROM registry.events").fetchone()
    making.position, making.made_at = head or (0, None)
    yield (
        "manifest",
        orjson.dumps(
            {
                "format": FORMAT,
                "release": version("recognition-registry"),
                "schema": len(load_migrations()),
                "madeAt": making.made_at,
                "position": making.position,
                "logName": settings.log_name,
            }
        ),
    )
    yield from files
    holding.close()
    asked = tables(events)
    yield from copied_out(
        events, [each for each in asked if apart is None or each.name not in OF_KEYS], making.counted, progress
    )
    if apart is not None:
        yield from copied_out(apart, [each for each in tables(apart) if each.name in OF_KEYS], making.counted, progress)
    progress("evidence")
    yield from _evidence(settings, making)
    erasures = settings.data_dir / ERASURES_FILE
    if erasures.exists():
        yield from file_frames(erasures, f"file/{ERASURES_FILE}")
    yield (
        "end",
        orjson.dumps(
            {"rows": making.counted.rows, "digests": making.counted.digests, "evidenceFiles": making.evidence_files}
        ),
    )


@contextlib.contextmanager
def _snapshot(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees one instant."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT 1")
        yield connection


def _files(settings: Settings, events: psycopg.Connection[Any]) -> Iterator[Frame]:
    """The keys, and the log's last word, which is that of the snapshot: the file may be a step ahead."""
    folder = settings.data_dir
    if not (folder / MASTER_KEY_FILE).exists():
        raise BackupError(tell("backup.keys_missing", file=str(folder / MASTER_KEY_FILE)))
    for pattern in (f"{LOG_KEY_FILE}*", f"{KEPT_FILE}.*", ATTESTATION_KEY_FILE):
        for path in sorted(folder.glob(pattern)):
            yield f"file/{path.name}", path.read_bytes()
    yield f"file/{MASTER_KEY_FILE}", (folder / MASTER_KEY_FILE).read_bytes()
    epoch = read_epoch(events)
    head = read_head(events, epoch[0]) if epoch else None
    if head is not None:
        yield f"file/{log_files(settings).checkpoint.name}", bytes(head.note)


def _evidence(settings: Settings, making: _Making) -> Iterator[Frame]:
    """The evidence files, each as it lies: sealed under its holder's key."""
    bucket = open_bucket(settings.evidence_bucket, settings.data_dir / EVIDENCE_FOLDER)
    for listed in obstore.list(bucket, chunk_size=_AT_ONCE):
        for meta in listed:
            try:
                found = obstore.get(bucket, meta["path"])
            except FileNotFoundError:  # an erasure was faster
                continue
            making.evidence_files += 1
            yield from pieces_as_frames(f"evidence/{meta['path']}", map(bytes, found.stream()))
