"""The registry as it stands, for commands that read: opening it makes, migrates, publishes and finishes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import psycopg

from application.attestation import Attestations
from application.catalogs import Catalogs, Shelf
from application.importing import Imports
from application.journal import Journal
from application.personal_plan import check_event_classes
from application.ports import Clock
from application.projections.all import PROJECTIONS
from domain.jurisdiction import ProvincialRules
from domain.streams import event_classes
from infrastructure.access_log import PostgresAccessLog
from infrastructure.audit.check import Audited
from infrastructure.composition import (
    MASTER_KEY_FILE,
    PublishedCatalogs,
    attesting,
    audited_by,
    forward,
    imports_by,
    provincial_rules,
    read_pool,
    utc_now,
)
from infrastructure.log.reading import PostgresLog
from infrastructure.mapper import EventMapper
from infrastructure.postgres.database import Database
from infrastructure.postgres.existing import open_existing_database
from infrastructure.projections.errors import ReadModelAbsentError, RebuildDueError
from infrastructure.projections.runner import Projections
from infrastructure.projections.schema import shape, stored_shape
from infrastructure.reads import PostgresReads
from infrastructure.sealing.directory import HolderDirectory
from infrastructure.sealing.keyring import PostgresKeyring
from infrastructure.sealing.master import ExistingMasterKeys
from infrastructure.sealing.opening import KeyringSeals
from infrastructure.sealing.rotation import Pool
from infrastructure.settings import Settings


@dataclass(frozen=True)
class StandingRegistry:
    """A registry that is only read: its catalogs, its read side, and the log in which reading persons in clear is recorded."""

    settings: Settings
    database: Database
    mapper: EventMapper
    shelf: Shelf
    catalogs: Catalogs
    projections: Projections
    reads: PostgresReads
    access_log: PostgresAccessLog
    transparency: PostgresLog
    audited: Audited
    attestations: Attestations
    seals: KeyringSeals
    rules: ProvincialRules
    imports: Callable[[], Imports]
    """What rehearses imports; it needs the keys of look-ups, which most commands that read do not."""
    clock: Clock

    def catch_up(self) -> None:
        """Bring the rows of the read model up to the events, as a running server does.

        Raises ``ReadModelAbsentError`` or ``RebuildDueError`` where the tables are not there or are another release's, and
        ``ProjectionFailure`` where an event is in the way.
        """
        if self.stored_shapes() != {each.name: shape(each) for each in PROJECTIONS}:
            raise RebuildDueError
        self.projections.run_until_caught_up()

    def stored_shapes(self) -> Mapping[str, str]:
        """By projection, which shape its tables have, of this release or another. Raises ``ReadModelAbsentError``."""
        with psycopg.connect(self.database.app_url) as connection:
            found = {each.name: stored_shape(connection, each) for each in PROJECTIONS}
        shapes = {name: each for name, each in found.items() if each is not None}
        if len(shapes) < len(found):
            raise ReadModelAbsentError
        return shapes


@contextlib.contextmanager
def open_standing_registry(settings: Settings, clock: Clock = utc_now) -> Iterator[StandingRegistry]:
    """Open the registry the settings name as it stands.

    Raises ``RegistryAbsentError`` where there is none, and every other ``DatabaseUnavailableError`` with the way out.
    """
    check_event_classes(event_classes())
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(open_existing_database(settings))
        keys: Pool = database.pool
        if settings.keys_database_url is not None:
            keys = stack.enter_context(open_existing_keys(settings))
        keyring = PostgresKeyring(keys, ExistingMasterKeys(settings.data_dir / MASTER_KEY_FILE))
        mapper = EventMapper(keyring)
        journal = Journal(database.application_environment(), mapper)
        stack.callback(journal.close)
        shelf = Shelf(journal, PublishedCatalogs(database))
        readers = read_pool(database, settings)
        reads = PostgresReads(readers, mapper)

        def imports() -> Imports:
            holders = HolderDirectory(keys, keyring, apart=settings.keys_database_url is not None)
            return imports_by(settings, journal, shelf, holders, clock)

        yield StandingRegistry(
            settings=settings,
            database=database,
            mapper=mapper,
            shelf=shelf,
            catalogs=Catalogs(journal, shelf, forward(clock, database)),
            projections=Projections(database, mapper),
            reads=reads,
            access_log=PostgresAccessLog(readers),
            transparency=PostgresLog(readers),
            audited=audited_by(settings, database, mapper, keys, shelf, clock),
            attestations=attesting(settings, readers, reads, clock),
            seals=KeyringSeals(keyring),
            rules=provincial_rules(settings),
            imports=imports,
            clock=clock,
        )


@contextlib.contextmanager
def open_audited(settings: Settings) -> Iterator[Audited]:
    """Open what a process that shares an audit reads, as it stands; what guards ask is asked once for all its parts."""
    with open_standing_registry(settings) as registry:
        known = registry.audited.known()
        yield replace(registry.audited, known=lambda: known)


@contextlib.contextmanager
def open_existing_keys(settings: Settings) -> Iterator[Pool]:
    """Open the database of the keys as it stands, and nothing else."""
    url = settings.keys_database_url
    where = settings.model_copy(update={"database_url": url, "database_owner_url": None}) if url else settings
    with open_existing_database(where, "RECOGNITION_KEYS_DATABASE_URL" if url else "DATABASE_URL") as database:
        yield database.pool
