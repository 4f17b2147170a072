"""Restoring a backup into an empty place, all of it or nothing, and what must be done before anybody works with it.

1. Tables, keys, log files and evidence are put where the settings say; each table is held against the digest that was taken when it
   was written. What fails here is taken back: the place is empty again.
2. The schema is brought up to this release, and the read models are made anew from the events.
3. Everything is audited, the log included, as it was signed.
4. Erasures that the backup does not know are done again, from the lists that are given.
5. The transparency log begins a new epoch, on the record, unless nothing was signed after the backup: what was signed since is lost,
   and a log that went on from an earlier state would contradict it.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import obstore
import orjson
import psycopg
from psycopg.sql import SQL, Identifier

from application.audit import Finding
from application.projections.all import PROJECTIONS
from domain.messages import Message, tell
from domain.refusals import Refused
from infrastructure.attestation.keys import ATTESTATION_KEY_FILE
from infrastructure.audit.check import check_all
from infrastructure.backup.archive import opened, whole
from infrastructure.backup.erasures import ERASURES_FILE, ListedErasure
from infrastructure.backup.errors import BackupError
from infrastructure.backup.making import FORMAT
from infrastructure.backup.tables import OF_KEYS, SCHEMAS, Counted, copied_in, restart_identities, tables
from infrastructure.composition import EVIDENCE_FOLDER, MASTER_KEY_FILE, Registry, log_files, open_registry
from infrastructure.evidence import open_bucket
from infrastructure.log.epochs import begin_epoch
from infrastructure.log.kept import KEPT_FILE
from infrastructure.log.keys import LOG_KEY_FILE
from infrastructure.log.sequencer import Sequencer
from infrastructure.postgres.cluster import cluster_data
from infrastructure.postgres.connection_strings import checked
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.migrations import load_migrations, migrate
from infrastructure.private_files import write_private
from infrastructure.projections.rebuild import rebuild
from infrastructure.sealing.errors import HolderKeyMissingError
from infrastructure.settings import Settings
from infrastructure.shares import Shares, cores
from infrastructure.standing import open_audited

_KEPT_WITH: Final = (MASTER_KEY_FILE, LOG_KEY_FILE, KEPT_FILE, ATTESTATION_KEY_FILE, ERASURES_FILE)
_SPOOLED: Final = 32 * 1024 * 1024

Progress = Callable[[str, int], None]
"""Told what is done, and how many bytes of the file were read, or events."""


@dataclass(slots=True)
class Restored:
    """What was restored: the instant and the last event of the backup, events, evidence files; and what came of it."""

    made_at: datetime
    position: int
    events: int = 0
    evidence_files: int = 0
    findings: list[Finding] = field(default_factory=list)
    erased_again: int = 0
    not_erased: list[tuple[str, Message]] = field(default_factory=list)
    """Erasures that were refused, by the holder's reference: an officer has to do them."""
    epoch: int | None = None
    """The epoch of the log that was begun; None where it goes on."""


def restore_backup(
    settings: Settings,
    file: Path,
    passphrase: str,
    operator: str,
    erasures: Sequence[ListedErasure],
    *,
    log_goes_on: bool = False,
    progress: Progress = lambda _what, _count: None,
) -> Restored:
    """Restore a backup where the settings say, and make it fit to work with. ``log_goes_on``: nothing was signed after the backup.

    Raises ``BackupError`` with nothing left behind: the place is not empty, the file is none, was altered, or is a newer release's.
    """
    restored = _load(settings, file, passphrase, operator, progress)
    with open_registry(settings) as registry:
        progress("read models", 0)
        rebuild(registry.database, registry.mapper, PROJECTIONS)
        progress("audit", 0)
        with Shares(cores(), open_audited, settings) as sharing:
            done = check_all(registry.audited, lambda events, _of: progress("audit", events), sharing=sharing)
        restored.findings = done.findings
        for each in erasures:
            _erase_again(registry, each, restored)
        registry.projections.run_until_caught_up()
        if not log_goes_on:
            progress("log", 0)
            restored.epoch = _begin_epoch(registry, operator, restored.made_at)
    return restored


def _erase_again(registry: Registry, erasure: ListedErasure, restored: Restored) -> None:
    ref = erasure.holder_ref
    try:
        key = registry.keyring.existing_key(ref)
    except HolderKeyMissingError:
        return  # the holder came after the backup, so there is nothing to erase
    if key is None:
        return
    try:
        registry.holder_files.erase(erasure.by, ref, erasure.legal_basis)
        restored.erased_again += 1
    except Refused as refused:
        restored.not_erased.append((str(ref), refused.said))


def _begin_epoch(registry: Registry, operator: str, made_at: datetime) -> int:
    files = log_files(registry.settings)
    reason = f"Restored from the backup of {made_at.isoformat(timespec='seconds')}."
    begun = begin_epoch(registry.database.owner_url, files, registry.settings.log_name, operator, reason, force=True)
    with psycopg.connect(registry.database.app_url, autocommit=True) as connection:
        Sequencer(files).run(connection)
    return begun.epoch


def _load(settings: Settings, file: Path, passphrase: str, operator: str, progress: Progress) -> Restored:
    with contextlib.ExitStack() as undo, file.open("rb") as source:
        members = opened(source, passphrase, str(file))
        name, pieces = next(members)
        if name != "manifest":
            raise BackupError(tell("backup.no_backup", file=str(file)))
        manifest: dict[str, Any] = orjson.loads(whole(pieces))
        release = len(load_migrations())
        if manifest["format"] != FORMAT or manifest["schema"] > release:
            raise BackupError(tell("backup.newer", file=str(file), release=str(manifest["release"])))
        restored = Restored(datetime.fromisoformat(manifest["madeAt"]), manifest["position"])
        _require_empty_folder(settings)
        undo.callback(_empty_folder, settings, existed=settings.data_dir.exists())
        with _databases(settings) as (events_url, keys_url):
            for url in {events_url, keys_url}:
                _require_empty_database(url)
            for url in {events_url, keys_url}:
                undo.callback(_drop, url)
                migrate(url, load_migrations()[: manifest["schema"]])
            _fill(
                settings,
                events_url,
                keys_url,
                members,
                restored,
                undo,
                lambda what: progress(what, source.tell()),
                file.stat().st_size,
                operator,
            )
            undo.pop_all()
    return restored


def _fill(
    settings: Settings,
    events_url: str,
    keys_url: str,
    members: Iterator[tuple[str, Iterator[bytes]]],
    restored: Restored,
    undo: contextlib.ExitStack,
    progress: Callable[[str], None],
    size: int,
    operator: str,
) -> None:
    counted, end = Counted(), dict[str, Any]()
    bucket = open_bucket(settings.evidence_bucket, settings.data_dir / EVIDENCE_FOLDER)
    with psycopg.connect(events_url) as events, psycopg.connect(keys_url) as keys:
        known = {each.name: each for each in tables(events)}
        for name, pieces in members:
            kind, _, rest = name.partition("/")
            progress(kind if kind != "table" else rest)
            match kind:
                case "table" if rest in known:
                    copied_in(keys if rest in OF_KEYS else events, known[rest], pieces, counted)
                case "file" if rest.startswith(_KEPT_WITH) and "/" not in rest:
                    write_private(settings.data_dir / rest, whole(pieces).decode(), replace=True)
                case "evidence":
                    _put(bucket, rest, pieces)
                    undo.callback(obstore.delete, bucket, rest)
                    restored.evidence_files += 1
                case "end":
                    end = orjson.loads(whole(pieces))
                case _:
                    raise BackupError(tell("backup.incomplete", part=name))
        _require_whole(end, counted, restored)
        for connection in (events, keys):
            restart_identities(connection, counted.rows)
    with psycopg.connect(events_url, autocommit=True) as connection:
        connection.execute("ANALYZE registry.events, registry.holder_keys")
    restored.events = counted.rows.get("registry.events", 0)
    _note(events_url, restored, size, operator)


def _note(url: str, restored: Restored, size: int, operator: str) -> None:
    """The backup itself is on record where it was restored, which it can't hold of itself."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO registry.backups (made_at, position, events, bytes, operator) VALUES (%s, %s, %s, %s, %s)",
            [restored.made_at, restored.position, restored.events, size, operator],
        )


def _require_whole(end: dict[str, Any], counted: Counted, restored: Restored) -> None:
    if not end:
        raise BackupError(tell("backup.incomplete", part="end"))
    if end["evidenceFiles"] != restored.evidence_files:
        raise BackupError(tell("backup.incomplete", part="evidence"))
    for name, digest in end["digests"].items():
        if counted.digests.get(name) != digest or counted.rows.get(name) != end["rows"][name]:
            raise BackupError(tell("backup.incomplete", part=name))


def _put(bucket: Any, path: str, pieces: Iterable[bytes]) -> None:
    with tempfile.SpooledTemporaryFile(max_size=_SPOOLED) as spool:
        for piece in pieces:
            spool.write(piece)
        spool.seek(0)
        obstore.put(bucket, path, spool)


@contextlib.contextmanager
def _databases(settings: Settings) -> Iterator[tuple[str, str]]:
    """The owner's connection strings of events and keys; the embedded server runs meanwhile."""
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            events = stack.enter_context(EmbeddedPostgres(settings.data_dir)).owner_url
        else:
            given = settings.database_owner_url or settings.database_url
            events = checked(given, "DATABASE_OWNER_URL" if settings.database_owner_url else "DATABASE_URL")
        keys = settings.keys_database_url
        yield events, events if keys is None else checked(keys, "RECOGNITION_KEYS_DATABASE_URL")


def _require_empty_folder(settings: Settings) -> None:
    folder = settings.data_dir
    there = [each.name for each in folder.glob("*") if each.name.startswith(_KEPT_WITH)] if folder.exists() else []
    if settings.database_url is None and (cluster_data(folder) / "PG_VERSION").exists():
        there.append("postgres")
    bucket_is_there = settings.evidence_bucket is not None or (folder / EVIDENCE_FOLDER).exists()
    if bucket_is_there and next(
        iter(obstore.list(open_bucket(settings.evidence_bucket, folder / EVIDENCE_FOLDER))), []
    ):
        there.append(settings.evidence_bucket or EVIDENCE_FOLDER)
    if there:
        raise BackupError(tell("backup.not_empty", where=str(folder.absolute()), found=sorted(there)))


def _require_empty_database(url: str) -> None:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(SCHEMAS)])
        there = found.fetchall()
        where = connection.info.dbname
    if there:
        raise BackupError(tell("backup.not_empty", where=where, found=[name for (name,) in there]))


def _drop(url: str) -> None:
    """Leave a database as empty as it was."""
    with psycopg.connect(url) as connection:
        for schema in SCHEMAS:
            connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


def _empty_folder(settings: Settings, *, existed: bool) -> None:
    """Leave a data directory as it was: what was made in it goes."""
    folder = settings.data_dir
    for each in folder.glob("*"):
        if each.name.startswith(_KEPT_WITH):
            each.unlink()
    if settings.database_url is None:
        shutil.rmtree(folder / "postgres", ignore_errors=True)
    shutil.rmtree(folder / EVIDENCE_FOLDER, ignore_errors=True)
    if not existed:
        with contextlib.suppress(OSError):
            folder.rmdir()
