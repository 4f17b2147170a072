"""Whether an installation is as it should be: each part looked at by itself, in a sentence that names the way out.

Nothing is changed, made or migrated; a probe of a few bytes is put beside the evidence files and removed. What one part lacks keeps
no other from being looked at.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

import obstore
import psycopg

from application.attestation import issuer_at
from application.projections.all import PROJECTIONS
from domain.messages import Message, tell
from infrastructure.attestation.keys import ATTESTATION_KEY_FILE, remarks_on_keys, trouble_of_keys
from infrastructure.composition import EVIDENCE_FOLDER, MASTER_KEY_FILE, log_files, utc_now
from infrastructure.evidence import open_bucket
from infrastructure.figures import figures
from infrastructure.identity_provider import open_identity_provider
from infrastructure.log.checking import log_state
from infrastructure.log.kept import KEPT_FILE, KeptCheckpoint
from infrastructure.log.keys import LOG_KEY_FILE
from infrastructure.postgres.database import Database, check_application
from infrastructure.postgres.existing import open_existing_database, whereabouts
from infrastructure.postgres.free_space import MIB, FreeSpace
from infrastructure.private_files import others_may_read
from infrastructure.projections.positions import projection_status
from infrastructure.sealing.keyring import INDEX_REF, PostgresKeyring
from infrastructure.sealing.master import ExistingMasterKeys
from infrastructure.sealing.rotation import unfinished_erasures
from infrastructure.settings import Settings
from infrastructure.standing import open_existing_keys

CLOCK_WARNS: Final = timedelta(seconds=2)
CLOCK_FAILS: Final = timedelta(minutes=5)
"""As far as the audit lets the clocks of servers differ (``infrastructure.audit.whole.TOLERANCE``)."""
ROOM: Final = 2 * 1024 * MIB
"""Bytes that should be free beyond what is kept back."""
BACKUP_WITHIN: Final = timedelta(hours=36)
LAG: Final = 1_000
CONNECTIONS: Final = 12
"""Connections of a server besides its pools: of processes, lines and listeners."""


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of one part: its name (a stable word), how it is, and what there is to say."""

    part: str
    health: Health
    said: Message


Part = Iterator[Looked]
Explain = Callable[[BaseException], str | None]
"""One sentence of an error; None for a defect."""


def examine(settings: Settings, explain: Explain, clock: Callable[[], datetime] = utc_now) -> Iterator[Looked]:
    """Look at everything, a part after the other. What keeps a part from being looked at is what is wrong with it."""
    yield from _guarded("settings", lambda: _settings(settings), explain)
    yield from _guarded("provider", lambda: _provider(settings), explain)
    yield from _guarded("disk", lambda: _disk(settings), explain)
    with contextlib.ExitStack() as stack:
        try:
            database = stack.enter_context(open_existing_database(settings))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong
            yield _broken("database", error, explain)
            return
        where = whereabouts(settings)
        parts: dict[str, Callable[[], Part]] = {
            "database": lambda: _database(database, where, settings),
            "roles": lambda: _roles(database),
            "clock": lambda: _clock(database, clock),
            "keys": lambda: _keys(settings),
            "attestation": lambda: _attestation(settings, database, clock),
            "evidence": lambda: _evidence(settings),
            "log": lambda: _log(settings, database),
            "readModels": lambda: _read_models(database),
            "audit": lambda: _audit(database),
            "backup": lambda: _backup(database, clock),
        }
        for part, look in parts.items():
            yield from _guarded(part, look, explain)


def _guarded(part: str, look: Callable[[], Part], explain: Explain) -> Part:
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong with this part
        yield _broken(part, error, explain)


def _broken(part: str, error: BaseException, explain: Explain) -> Looked:
    sentence = (explain(error) or type(error).__name__).rstrip(".。")
    return Looked(part, Health.BAD, tell("doctor.broken", reason=sentence))


def _settings(settings: Settings) -> Part:
    file = settings.configuration_file
    if file is None:
        yield Looked("settings", Health.OK, tell("doctor.settings"))
        return
    secret = any((settings.database_url, settings.metrics_token, settings.oidc_client_secret))
    if secret and others_may_read(file):
        yield Looked("settings", Health.BAD, tell("doctor.settings_open", file=str(file)))
    else:
        yield Looked("settings", Health.OK, tell("doctor.settings_file", file=str(file)))


def _provider(settings: Settings) -> Part:
    provider = open_identity_provider(settings)
    if provider is None:
        yield Looked("provider", Health.WARN, tell("doctor.provider_none"))
        return
    provider.start()
    trouble, remarks = provider.trouble(), provider.remarks()
    if trouble is not None:
        yield Looked("provider", Health.BAD, tell("doctor.provider_trouble", reason=trouble))
    elif remarks:
        yield Looked("provider", Health.WARN, tell("doctor.provider_remarks", reason=tuple(remarks)))
    else:
        yield Looked("provider", Health.OK, tell("doctor.provider", issuer=str(settings.token_issuer)))


def _disk(settings: Settings) -> Part:
    folder = next(
        each for each in (settings.data_dir.absolute(), *settings.data_dir.absolute().parents) if each.exists()
    )
    free = FreeSpace(folder, settings.least_free_space).free()
    least = settings.least_free_space
    facts: dict[str, Any] = {"free": free // MIB, "folder": str(folder)}
    if free < least:
        yield Looked("disk", Health.BAD, tell("doctor.disk_full", least=least // MIB, **facts))
    elif free < least + ROOM:
        yield Looked("disk", Health.WARN, tell("doctor.disk_low", least=least // MIB, **facts))
    else:
        yield Looked("disk", Health.OK, tell("doctor.disk", **facts))
    if settings.data_dir.exists() and not os.access(settings.data_dir, os.W_OK | os.X_OK):
        yield Looked("disk", Health.BAD, tell("doctor.disk_refused", folder=str(settings.data_dir)))


def _database(database: Database, where: Message, settings: Settings) -> Part:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), current_setting('data_checksums'),"
            " current_setting('max_connections')::integer, pg_is_in_recovery(), pg_database_size(current_database()),"
            " (SELECT failed_count FROM pg_stat_archiver WHERE last_failed_time > coalesce(last_archived_time, '-infinity'))"
        ).fetchone()
    version, checksums, most, standby, size, failing = row or ("?", "off", 0, True, 0, None)
    if standby:
        yield Looked("database", Health.BAD, tell("doctor.database_standby", where=where))
        return
    yield Looked("database", Health.OK, tell("doctor.database", where=where, version=version, size=size // MIB))
    yield from archive(failing)
    if checksums != "on":
        yield Looked("database", Health.WARN, tell("doctor.database_checksums"))
    needed = 2 * settings.pool_max_size + settings.recorder_pool_size + CONNECTIONS
    if most < needed:
        yield Looked("database", Health.WARN, tell("doctor.database_connections", most=most, needed=needed))


def archive(failing: int | None) -> Part:
    """What there is to say of PostgreSQL's archive: how often in all it failed, where it did at last; None where all is well or there is none."""
    if failing is not None:
        yield Looked("database", Health.BAD, tell("doctor.archive_fails", times=failing))


def _roles(database: Database) -> Part:
    check_application(database.app_url)
    with psycopg.connect(database.app_url) as connection:
        row = connection.execute("SELECT session_user::text, current_user::text").fetchone()
    session, current = row or ("?", "?")
    if session == current:
        yield Looked("roles", Health.OK, tell("doctor.roles", role=current))
    else:
        yield Looked("roles", Health.WARN, tell("doctor.roles_step_down", role=current, login=session))


def _clock(database: Database, clock: Callable[[], datetime]) -> Part:
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        begun, before = clock(), time.monotonic()
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        middle = begun + timedelta(seconds=(time.monotonic() - before) / 2)
    difference = abs(row[0] - middle) if row else CLOCK_FAILS
    facts = {"seconds": f"{difference.total_seconds():.1f}"}
    if difference >= CLOCK_FAILS:
        yield Looked("clock", Health.BAD, tell("doctor.clock_wrong", **facts))
    elif difference >= CLOCK_WARNS:
        yield Looked("clock", Health.WARN, tell("doctor.clock_off", **facts))
    else:
        yield Looked("clock", Health.OK, tell("doctor.clock", **facts))


def _keys(settings: Settings) -> Part:
    path = settings.data_dir / MASTER_KEY_FILE
    master = ExistingMasterKeys(path)
    current = master.now().current_id
    with open_existing_keys(settings) as pool:
        PostgresKeyring(pool, master).existing_key(INDEX_REF)
        waiting = unfinished_erasures(pool, master.now())
    yield Looked("keys", Health.OK, tell("doctor.keys", key=current, file=str(path)))
    if waiting is not None and utc_now() - waiting > BACKUP_WITHIN:
        yield Looked("keys", Health.WARN, tell("doctor.keys_unfinished", since=waiting.date()))
    if settings.keys_database_url is None and settings.database_url is None:
        yield Looked("keys", Health.WARN, tell("doctor.keys_together"))


def _attestation(settings: Settings, database: Database, clock: Callable[[], datetime]) -> Part:
    """Nothing is said of it where nothing is attested."""
    if issuer_at(settings.public_url) is None:
        return
    path = settings.data_dir / ATTESTATION_KEY_FILE
    with psycopg.connect(database.app_url) as connection:
        trouble, remarks = trouble_of_keys(connection, path), remarks_on_keys(connection, clock())
    if trouble is not None:
        yield Looked("attestation", Health.BAD, trouble)
    else:
        yield Looked("attestation", Health.OK, tell("doctor.attestation", file=str(path)))
    for each in remarks:
        yield Looked("attestation", Health.WARN, each)


def _evidence(settings: Settings) -> Part:
    bucket = open_bucket(settings.evidence_bucket, settings.data_dir / EVIDENCE_FOLDER)
    name, content = f"doctor-{uuid4().hex}", b"probe"
    where = settings.evidence_bucket or str(settings.data_dir / EVIDENCE_FOLDER)
    obstore.put(bucket, name, content)
    try:
        same = bytes(obstore.get(bucket, name).bytes()) == content
    finally:
        obstore.delete(bucket, name)
    if same:
        yield Looked("evidence", Health.OK, tell("doctor.evidence", where=where))
    else:
        yield Looked("evidence", Health.BAD, tell("doctor.evidence_altered", where=where))


def _log(settings: Settings, database: Database) -> Part:
    files = log_files(settings)
    state = log_state(database.app_url, files)
    if state.refusal is not None:
        yield Looked("log", Health.BAD, tell("doctor.log_refuses", reason=str(state.refusal).rstrip(".")))
        return
    for file in (files.keys, files.checkpoint):
        if not file.exists():
            yield Looked("log", Health.BAD, tell("doctor.log_file_missing", file=str(file)))
            return
    kept = KeptCheckpoint(files.checkpoint).read()
    size = kept.size if kept is not None else 0
    facts = {"leaves": size, "waiting": state.behind}
    yield Looked("log", Health.OK if state.behind < LAG else Health.WARN, tell("doctor.log", **facts))
    if not settings.log_witnesses:
        yield Looked("log", Health.WARN, tell("doctor.log_unwitnessed", file=KEPT_FILE))
    if others_may_read(settings.data_dir / LOG_KEY_FILE):
        yield Looked("log", Health.BAD, tell("doctor.log_keys_open", file=LOG_KEY_FILE))


def _read_models(database: Database) -> Part:
    for each in PROJECTIONS:
        status = projection_status(database, each)
        if status.last_error is not None:
            yield Looked("readModels", Health.BAD, tell("doctor.read_model_stands", name=each.name))
        elif status.rebuild_due:
            yield Looked("readModels", Health.BAD, tell("doctor.read_model_due", name=each.name))
        elif status.lag_events > LAG:
            facts: dict[str, Any] = {"name": each.name, "events": status.lag_events}
            yield Looked("readModels", Health.WARN, tell("doctor.read_model_behind", **facts))
        else:
            yield Looked("readModels", Health.OK, tell("doctor.read_model", name=each.name))
        if status.quarantined and each is PROJECTIONS[0]:
            yield Looked("readModels", Health.WARN, tell("doctor.quarantined", events=len(status.quarantined)))


def _audit(database: Database) -> Part:
    with psycopg.connect(database.app_url) as connection:
        found = figures(connection).audit_findings
    if found is None:
        yield Looked("audit", Health.WARN, tell("doctor.audit_never"))
    elif found:
        yield Looked("audit", Health.BAD, tell("doctor.audit_found", findings=found))
    else:
        yield Looked("audit", Health.OK, tell("doctor.audit"))


def _backup(database: Database, clock: Callable[[], datetime]) -> Part:
    with psycopg.connect(database.app_url) as connection:
        last = figures(connection).last_backup
    if last is None:
        yield Looked("backup", Health.WARN, tell("doctor.backup_never"))
    elif clock() - last > BACKUP_WITHIN:
        yield Looked("backup", Health.WARN, tell("doctor.backup_old", day=last.date()))
    else:
        yield Looked("backup", Health.OK, tell("doctor.backup", day=last.date()))


def worst(found: list[Looked]) -> Health:
    """The worst of what was found."""
    order = list(Health)
    return max((each.health for each in found), key=order.index, default=Health.OK)
