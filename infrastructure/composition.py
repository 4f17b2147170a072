"""The composition root: opens everything the registry is made of, in order, and closes it in reverse.

Its arguments are the seams: settings and a clock. Nothing else in the project reads the environment or opens a connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from psycopg_pool import AsyncConnectionPool

from application.attestation import Attestations, issuer_at
from application.audit import circumstances
from application.cases import Cases
from application.catalog_proposals import CatalogProposals
from application.catalogs import Catalogs, Shelf
from application.claims import Claims
from application.deadlines import Deadlines
from application.holders import HolderFiles
from application.importing import Imports
from application.journal import Journal
from application.officers import Officers
from application.operations import Maintenance
from application.personal_plan import check_event_classes
from application.ports import Authenticator, Clock
from application.reading import Readers
from application.rematching import Rematching
from application.retention import RetentionTerms
from catalog.aliases import load_aliases
from catalog.authorities import load_directory
from catalog.jurisdiction import Jurisdiction, load_jurisdiction
from catalog.notice import load_official_catalog
from catalog.vocabulary import load_vocabulary
from domain.authorities import AuthorityDirectory
from domain.guards import Circumstances
from domain.jurisdiction import ProvincialRules
from domain.refusals import RefusalCode, Refused
from domain.streams import event_classes
from domain.values import REGISTRY_ITSELF, Provenance
from infrastructure.access_log import PostgresAccessLog
from infrastructure.attestation.entries import PostgresStatusEntries
from infrastructure.attestation.keys import ATTESTATION_KEY_FILE, FileKeys, begin_attestation
from infrastructure.audit.check import Audited
from infrastructure.audit.nightly import auditing_process
from infrastructure.audit.runs import PostgresAuditRuns
from infrastructure.backup.erasures import ERASURES_FILE, noting
from infrastructure.briefings import StoredBriefings
from infrastructure.deadlines import ProjectedOverdueCases, deadlines_process
from infrastructure.drafts import FOLDER as DRAFTS_FOLDER
from infrastructure.drafts import drafts_process
from infrastructure.erasure import StoredPersonalData
from infrastructure.evidence import EvidenceStore, open_bucket
from infrastructure.feed import FollowedFeed
from infrastructure.forward import ForwardClock
from infrastructure.identity import DevelopmentIssuer
from infrastructure.identity_provider import IdentityProvider, open_identity_provider
from infrastructure.lean_reads import PostgresLeanReads
from infrastructure.log.epochs import begin_log
from infrastructure.log.kept import KEPT_FILE
from infrastructure.log.keys import LOG_KEY_FILE
from infrastructure.log.reading import PostgresLog
from infrastructure.log.sequencer import LogFiles, Sequencer, sequencing_process
from infrastructure.log.witnessing import WitnessAddress, open_witnessing, witnessing_process
from infrastructure.maintenance import PostgresMaintenance
from infrastructure.mapper import EventMapper
from infrastructure.operations_report import StoredOperations
from infrastructure.postgres.connection_strings import checked
from infrastructure.postgres.database import Database, open_database, step_down
from infrastructure.postgres.lines import Lines
from infrastructure.postgres.pools import async_pool, read_over
from infrastructure.postgres.recorder import EventRecorder
from infrastructure.processes import ProcessRunner
from infrastructure.projections.runner import Projections
from infrastructure.reads import PostgresReads
from infrastructure.rematching import ProjectedPendingCases, rematching_process
from infrastructure.replicas import Replicas, ReplicatedLeanReads, ReplicatedReads
from infrastructure.rewinds import RewindWatch
from infrastructure.sealing.directory import HolderDirectory
from infrastructure.sealing.keyring import PostgresKeyring
from infrastructure.sealing.master_opening import open_master_keys
from infrastructure.sealing.opening import KeyringSeals
from infrastructure.sealing.rotation import Pool, finishing_process
from infrastructure.settings import Settings

MASTER_KEY_FILE = "master.keys"
EVIDENCE_FOLDER = "evidence"
LINES = 4
"""Connections over which answers are read without a pool: as many as one core of a server keeps busy."""


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Registry:
    """An opened registry: what the API, the command line and the projections work with."""

    settings: Settings
    database: Database
    mapper: EventMapper
    journal: Journal
    shelf: Shelf
    cases: Cases
    catalogs: Catalogs
    catalog_proposals: CatalogProposals
    holders: HolderDirectory
    officers: Officers
    authorities: AuthorityDirectory
    rules: ProvincialRules
    projections: Projections
    rematching: Rematching
    deadlines: Deadlines
    processes: tuple[ProcessRunner, ...]
    reads: PostgresReads
    feed: FollowedFeed
    lines: Lines
    lean_reads: PostgresLeanReads | ReplicatedLeanReads
    primary_reads: PostgresReads
    """The same as ``reads``, asked of the primary alone: for what must know of everything that is recorded."""
    readers: Readers
    replicas: Replicas
    rewinds: RewindWatch
    access_log: PostgresAccessLog
    transparency: PostgresLog
    audited: Audited
    audit_runs: PostgresAuditRuns
    attestations: Attestations
    operations: StoredOperations
    maintenance: Maintenance
    evidence: EvidenceStore
    holder_files: HolderFiles
    imports: Imports
    keyring: PostgresKeyring
    seals: KeyringSeals
    authenticator: Authenticator
    provider: IdentityProvider | None
    clock: Clock


@contextlib.contextmanager
def open_registry(
    settings: Settings, clock: Clock = utc_now, provider: IdentityProvider | None = None
) -> Iterator[Registry]:
    """Open the registry the settings name: database, keys, application. The official catalog is there when this returns.

    First it is made sure that every event class can be sealed, named and upcast without a gap (``EventClassError``).

    Nothing runs yet: ``registry.projections`` and ``registry.processes`` are started, and ``registry.reads``, ``registry.lines`` and ``registry.feed`` entered, by whoever
    serves, who may have opened the identity ``provider`` before. Raises ``DatabaseUnavailableError``, ``MasterKeyError`` or
    ``IdentityProviderError`` with the way out, and ``SourceRefused`` for a malformed jurisdiction before anything is opened.
    """
    check_event_classes(event_classes())
    where = load_jurisdiction(settings.jurisdiction)
    authorities, rules = load_directory(where), where.rules
    provider = provider or open_identity_provider(settings)
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(open_database(settings))
        begin_log(database.owner_url, log_files(settings), settings.log_name)
        if issuer_at(settings.public_url) is not None:
            begin_attestation(database.owner_url, settings.data_dir / ATTESTATION_KEY_FILE)
        keys = _keys_database(stack, settings, database)
        master = open_master_keys(settings.data_dir / MASTER_KEY_FILE, keys.pool)
        keyring = PostgresKeyring(keys.pool, master, require_room=database.require_room)
        mapper = EventMapper(keyring)
        journal = Journal(database.application_environment(), mapper)
        stack.callback(journal.close)
        host, clock = clock, forward(clock, database)
        shelf = Shelf(journal, PublishedCatalogs(database))
        known = Circumstances(authorities, shelf, rules)
        holders = HolderDirectory(
            keys.pool, keyring, require_room=database.require_room, apart=settings.keys_database_url is not None
        )
        briefings = StoredBriefings(cast("EventRecorder", journal.recorder), holders, keyring)
        bucket = open_bucket(settings.evidence_bucket, settings.data_dir / EVIDENCE_FOLDER)
        evidence = EvidenceStore(
            bucket, keyring, max_size=settings.evidence_max_size, require_room=database.require_room
        )
        holder_files = HolderFiles(
            journal,
            StoredPersonalData(
                database.pool,
                keyring,
                holders,
                evidence,
                noting(database.pool, settings.data_dir / ERASURES_FILE),
                settings.data_dir / DRAFTS_FOLDER,
            ),
            Claims(journal, shelf, holders, known),
            clock,
            RetentionTerms(rules),
        )
        readers = read_pool(database, settings)
        primary = PostgresReads(readers, mapper)
        lines = Lines(database.app_url, min(LINES, settings.pool_max_size))
        lean = PostgresLeanReads(lines)
        replicas = replicas_of(database, settings)
        officers = Officers(journal, holders, clock, needed=settings.identity_provider)
        rematching = Rematching(journal, shelf, ProjectedPendingCases(database), authorities, holders, clock, rules)
        deadlines = Deadlines(journal, ProjectedOverdueCases(database), clock, known)
        audited = audited_by(settings, database, mapper, keys.pool, shelf, host)
        witnessing = open_witnessing(database.pool, settings.log_witnesses)
        requested = PostgresMaintenance(database.pool)
        registry = Registry(
            settings=settings,
            database=database,
            mapper=mapper,
            journal=journal,
            shelf=shelf,
            cases=Cases(journal, shelf, holders, briefings, authorities, clock, rules, evidence, officers),
            catalogs=Catalogs(journal, shelf, clock),
            catalog_proposals=CatalogProposals(journal, shelf, clock, known),
            holders=holders,
            officers=officers,
            authorities=authorities,
            rules=rules,
            projections=Projections(database, mapper),
            rematching=rematching,
            deadlines=deadlines,
            processes=tuple(
                ProcessRunner(process, database.app_url)
                for process in (
                    rematching_process(rematching),
                    deadlines_process(deadlines),
                    finishing_process(keys.pool, settings.data_dir / MASTER_KEY_FILE, clock),
                    sequencing_process(Sequencer(log_files(settings)), database.pool, witnessing.before_signing),
                    auditing_process(audited),
                    drafts_process(settings.data_dir / DRAFTS_FOLDER, clock),
                    *([witnessing_process(witnessing)] if settings.log_witnesses else []),
                )
            ),
            reads=ReplicatedReads(readers, mapper, replicas) if replicas else primary,
            feed=FollowedFeed(database.app_url, primary),
            lines=lines,
            lean_reads=ReplicatedLeanReads(lines, replicas) if replicas else lean,
            primary_reads=primary,
            readers=replicas.readers,
            replicas=replicas,
            rewinds=RewindWatch(cast("EventRecorder", journal.recorder)),
            access_log=PostgresAccessLog(readers),
            transparency=PostgresLog(readers),
            audited=audited,
            audit_runs=PostgresAuditRuns(readers),
            attestations=attesting(settings, readers, primary, clock),
            operations=StoredOperations(
                database,
                keys.pool,
                settings.data_dir / MASTER_KEY_FILE,
                tuple(WitnessAddress.parse(each).key for each in settings.log_witnesses),
                requested,
            ),
            maintenance=Maintenance(requested),
            evidence=evidence,
            holder_files=holder_files,
            imports=imports_by(settings, journal, shelf, holders, clock),
            keyring=keyring,
            seals=KeyringSeals(keyring),
            authenticator=provider or DevelopmentIssuer(settings.data_dir).verifier(),
            provider=provider,
            clock=clock,
        )
        publish_official_catalog(registry, where)
        holder_files.finish_erasures()
        yield registry


def forward(clock: Clock, database: Database) -> Clock:
    """A clock that does not go back behind what is recorded already."""
    with database.pool.connection() as connection:
        last = connection.execute("SELECT max(recorded_at) FROM registry.events").fetchone()
    return ForwardClock(clock, last[0] if last else None)


def provincial_rules(settings: Settings) -> ProvincialRules:
    """The rules of the province that the settings name. Raises ``SourceRefused`` for a malformed jurisdiction."""
    return load_jurisdiction(settings.jurisdiction).rules


def imports_by(settings: Settings, journal: Journal, shelf: Shelf, holders: HolderDirectory, clock: Clock) -> Imports:
    """What brings in decisions of before, and what guards ask of their days."""
    where = load_jurisdiction(settings.jurisdiction)
    known = Circumstances(load_directory(where), shelf, where.rules)
    return Imports(journal, shelf, holders, Claims(journal, shelf, holders, known), known, clock)


def audited_by(
    settings: Settings,
    database: Database,
    mapper: EventMapper,
    keys: Pool,
    shelf: Shelf,
    clock: Clock,
) -> Audited:
    """What an audit of this registry reads, and what guards ask of its days: the directory, the catalogs, the province's rules."""
    where = load_jurisdiction(settings.jurisdiction)
    directory = load_directory(where)
    return Audited(
        url=database.app_url,
        mapper=mapper,
        keys=keys,
        files=log_files(settings),
        known=lambda: circumstances(directory, shelf, where.rules),
        clock=clock,
    )


def attesting(
    settings: Settings, readers: AsyncConnectionPool[Any], reads: PostgresReads, clock: Clock
) -> Attestations:
    """What attests titles under the installation's public address, if it has one."""
    authorities = load_directory(load_jurisdiction(settings.jurisdiction))
    keys = FileKeys(readers, settings.data_dir / ATTESTATION_KEY_FILE)
    entries = PostgresStatusEntries(readers)
    return Attestations(issuer_at(settings.public_url), entries, keys, reads, authorities, clock)


def log_files(settings: Settings) -> LogFiles:
    """Where the log's keys and its last checkpoint lie: beside the master keys."""
    return LogFiles(settings.data_dir / LOG_KEY_FILE, settings.data_dir / KEPT_FILE)


def publish_official_catalog(registry: Registry, where: Jurisdiction) -> None:
    """Publish the catalog of the jurisdiction's notice, unless it is published already; safe when several start at once."""
    official = load_official_catalog(where)
    if official.code in registry.shelf.codes():
        return
    try:
        registry.catalogs.publish(
            Provenance(actor=REGISTRY_ITSELF, client="start"),
            code=official.code,
            name=official.name,
            notice=official.notice,
            effective_from=official.effective_from,
            entries=official.entries,
            aliases=load_aliases(where),
            vocabulary=load_vocabulary(where),
        )
    except Refused as refused:
        if refused.code is not RefusalCode.CATALOG_EXISTS:
            raise


class PublishedCatalogs:
    """Which catalogs exist, in the order of their publication; asked of the event table, so every process agrees."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def codes(self) -> Sequence[str]:
        """Their codes."""
        rows = read_over(
            self._database.pool,
            lambda connection: connection.execute(
                "SELECT convert_from(state, 'UTF8')::jsonb ->> 'code' FROM registry.events"
                " WHERE topic = 'catalog.published' ORDER BY position"
            ).fetchall(),
        )
        return [code for (code,) in rows]

    def head(self) -> int:
        """The position of the last event of any catalog."""
        row = read_over(
            self._database.pool,
            lambda connection: connection.execute(
                "SELECT coalesce(max(position), 0) FROM registry.events WHERE starts_with(topic, 'catalog.')"
            ).fetchone(),
        )
        return int(row[0]) if row else 0


def _keys_database(stack: contextlib.ExitStack, settings: Settings, events: Database) -> Database:
    """Where holders' keys lie: beside the events, or in a database of their own whose backups can be shorter-lived."""
    if settings.keys_database_url is None:
        return events
    return _own_keys_database(stack, settings, settings.keys_database_url)


def _own_keys_database(stack: contextlib.ExitStack, settings: Settings, url: str) -> Database:
    own = {"database_url": url, "database_owner_url": None}
    return stack.enter_context(open_database(settings.model_copy(update=own), "RECOGNITION_KEYS_DATABASE_URL"))


def replicas_of(database: Database, settings: Settings) -> Replicas:
    """The servers that follow the primary and are asked too. Raises ``DatabaseUnavailableError`` for what is no connection string."""
    urls = [checked(each, "DATABASE_READ_URLS") for each in settings.database_read_urls]
    if settings.database_owner_url is None:
        urls = [step_down(each) for each in urls]
    lines = min(LINES, settings.pool_max_size)
    return Replicas(database.app_url, urls, Readers(), pool_size=settings.pool_max_size, lines=lines)


def read_pool(database: Database, settings: Settings) -> AsyncConnectionPool[Any]:
    """The pool of the read side, as the settings want it; ``reads`` opens it when it is entered."""
    return async_pool(
        database.app_url,
        name="reads",
        min_size=min(settings.pool_min_size, settings.pool_max_size),
        max_size=settings.pool_max_size,
        timeout=settings.pool_timeout,
    )
