"""A migrated database with a recorder, a mapper, and the tables read back as views."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from psycopg_pool import ConnectionPool

from application.projections.all import PROJECTIONS
from application.projections.projection import Projection
from application.projections.registry import REGISTRY
from domain.base import Event
from infrastructure.mapper import EventMapper
from infrastructure.postgres.datastore import RegistryDatastore
from infrastructure.postgres.recorder import EventRecorder
from infrastructure.projections.positions import ProjectionStatus, projection_status
from infrastructure.projections.rebuild import CheckReport, RebuildReport, check, rebuild
from infrastructure.projections.runner import Projections
from infrastructure.sealing.keyring import PostgresKeyring
from infrastructure.sealing.master import MasterKeys
from tests.projecting import Projecting


@dataclass(frozen=True)
class Store:
    """One test's database: its events, and its read model."""

    owner_url: str
    app_url: str
    recorder: EventRecorder
    mapper: EventMapper
    master_key_file: Any

    def save(self, *saves: list[Event]) -> int:
        """Store these saves in order; the last position."""
        position = 0
        for events in saves:
            position = max(self.recorder.insert_events([self.mapper.to_stored_event(event) for event in events]))
        return position

    def save_at_once(self, saves: list[list[Event]]) -> int:
        """Store all of them as one save."""
        return self.save(list(chain.from_iterable(saves)))

    def runner(self, **options: Any) -> Projections:
        return Projections(self, self.mapper, **options)

    def status(self, projection: Projection = REGISTRY) -> ProjectionStatus:
        return projection_status(self, projection)

    def rebuild(
        self, *arguments: Any, projections: Sequence[Projection] = PROJECTIONS, **options: Any
    ) -> RebuildReport:
        return rebuild(self, self.mapper, projections, *arguments, **options)

    def check(self, projection: Projection = REGISTRY) -> CheckReport:
        return check(self, self.mapper, projection)

    def project(self) -> None:
        self.runner().run_until_caught_up()

    def rows(self, projections: Sequence[Projection] = PROJECTIONS) -> dict[str, dict[Any, Any]]:
        """Every row of every table, as views by their keys."""
        found = {}
        with psycopg.connect(self.app_url, options="-c timezone=UTC") as connection:
            for table in (table for each in projections for table in each.tables):
                rows = connection.execute(f"SELECT {table.select_list} FROM {table.qualified}").fetchall()
                views = [table.from_row(row) for row in rows]
                found[table.name] = {table.key_of(view): view for view in views}
        return found

    def expected(self) -> dict[str, dict[Any, Any]]:
        """What the rows should be: all events, read back from the store, folded in memory."""
        log = [
            (event, stored.position)
            for stored in self.recorder.tail(0, 10**9)
            for event in self.mapper.sealed_events([stored_event(stored)])
        ]
        rows = _Memory()
        for each in PROJECTIONS:
            Projecting(each, log).take_in(log, rows)
        return rows.tables

    def execute(self, statement: str, *params: Any) -> list[Any]:
        """As the owner."""
        with psycopg.connect(self.owner_url) as connection:
            cursor = connection.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    def position(self) -> int:
        """How far the projection that is the last is."""
        return self.execute("SELECT min(position) FROM registry.projection_positions")[0][0]

    def schemas(self) -> set[str]:
        return {
            name
            for (name,) in self.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'read_model')")
        }


class _Memory:
    def __init__(self):
        self.tables = {table.name: {} for each in PROJECTIONS for table in each.tables}

    def get(self, table, key):
        return self.tables[table.name].get(key)

    def put(self, table, view, *, fresh=False):  # noqa: ARG002 - the shape of ``Rows``
        self.tables[table.name][table.key_of(view)] = view


def stored_event(stored):
    return StoredEvent(stored.stream_id, stored.version, stored.topic, stored.state)


def open_mapper(app_url: str, master_key_file: Any) -> tuple[EventMapper, ConnectionPool[Any]]:
    pool = ConnectionPool(app_url, min_size=1, max_size=4, open=True)
    return EventMapper(PostgresKeyring(pool, MasterKeys.load_or_create(master_key_file))), pool


@pytest.fixture
def store(database, tmp_path) -> Iterator[Store]:
    """An empty store."""
    datastore = RegistryDatastore(database.app_url)
    key_file = tmp_path / "master.keys"
    mapper, pool = open_mapper(database.app_url, key_file)
    yield Store(database.owner_url, database.app_url, EventRecorder(datastore), mapper, key_file)
    pool.close()
    datastore.close()
