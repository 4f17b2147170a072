"""A database with events, a data directory, and the sequencer between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from domain.log.checkpoint import LogCheckpoint, TrustPolicy
from infrastructure.log.checking import LogCheck, check_log
from infrastructure.log.epochs import begin_log, epochs
from infrastructure.log.kept import KEPT_FILE
from infrastructure.log.keys import LOG_KEY_FILE
from infrastructure.log.sequencer import LogFiles, Sequencer
from infrastructure.log.tables import Head, read_epoch, read_head
from infrastructure.postgres.datastore import RegistryDatastore
from infrastructure.postgres.recorder import EnvelopedEvent, EventRecorder

NAME = "registry.example.org/log"
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@dataclass
class Ledger:
    """One installation: a database, its events and its data directory."""

    owner_url: str
    app_url: str
    folder: Path
    recorder: EventRecorder
    sequencer: Sequencer = field(init=False)
    events: int = 0

    def __post_init__(self) -> None:
        self.sequencer = Sequencer(self.files)

    @property
    def files(self) -> LogFiles:
        return LogFiles(self.folder / LOG_KEY_FILE, self.folder / KEPT_FILE)

    def record(self, count: int) -> list[int]:
        """Record events, one a stream; their positions."""
        saves: list[StoredEvent] = []
        for _ in range(count):
            self.events += 1
            at = START + timedelta(seconds=self.events)
            state = {"number": self.events, "recorded_at": at.isoformat(), "by": {"actor": {"subject": "reviewer"}}}
            saves.append(
                EnvelopedEvent(
                    uuid4(),
                    1,
                    "recognition-case.submitted",
                    json.dumps(state).encode(),
                    at,
                    "reviewer",
                    "REVIEWER",
                    None,
                    None,
                )
            )
        return list(self.recorder.insert_events(saves) or [])

    def begin(self) -> None:
        begin_log(self.owner_url, self.files, NAME)

    def sequence(self) -> Head:
        """Bring the log up to the events."""
        with psycopg.connect(self.app_url) as connection:
            self.sequencer.run(connection)
        return self.head()

    def restart(self) -> None:
        """As after the process ended: nothing is remembered."""
        self.sequencer = Sequencer(self.files)

    def head(self) -> Head:
        with psycopg.connect(self.app_url) as connection:
            found = read_epoch(connection)
            assert found is not None
            head = read_head(connection, found[0])
            assert head is not None
            return head

    def policy(self) -> TrustPolicy:
        return TrustPolicy.of(*epochs(self.app_url)[-1].vkeys)

    def signed(self) -> LogCheckpoint:
        return self.policy().open(bytes(self.head().note)).checkpoint

    def check(self) -> LogCheck:
        return check_log(self.app_url, self.files)

    def as_owner(self, statement: str, *params: Any) -> list[Any]:
        """What the owner of the database may do to events, past every guard of the application."""
        with psycopg.connect(self.owner_url) as connection:
            cursor = connection.execute(statement.encode(), params)
            return cursor.fetchall() if cursor.description else []

    def stream_at(self, position: int) -> UUID:
        [(stream,)] = self.as_owner("SELECT originator_id FROM registry.events WHERE position = %s", position)
        return UUID(str(stream))


def opened(database: Any, folder: Path) -> Iterator[Ledger]:
    datastore = RegistryDatastore(database.app_url)
    try:
        ledger = Ledger(database.owner_url, database.app_url, folder, EventRecorder(datastore))
        ledger.begin()
        yield ledger
    finally:
        datastore.close()


@pytest.fixture
def ledger(database: Any, tmp_path: Path) -> Iterator[Ledger]:
    """An installation whose log is begun and empty."""
    yield from opened(database, tmp_path)


def dump(ledger: Ledger, tables: tuple[str, ...]) -> dict[str, bytes]:
    """The content of tables, as a backup holds it."""
    found = {}
    with psycopg.connect(ledger.owner_url) as connection:
        for table in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT BINARY)".encode()) as copy:
                found[table] = b"".join(bytes(block) for block in copy)
    return found


BACKED_UP = (
    "registry.events",
    "log.epochs",
    "log.keys",
    "log.checkpoints",
    "log.cosignatures",
    "log.tiles",
    "log.leaves",
    "log.halts",
)


def restore(ledger: Ledger, backup: dict[str, bytes]) -> None:
    """Put a backup in place of what is there, as its owner; the sequence of positions goes on from the last there is."""
    with psycopg.connect(ledger.owner_url) as connection:
        connection.execute(f"TRUNCATE {', '.join(backup)}".encode())
        for table, content in backup.items():
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
                copy.write(content)
        connection.execute(
            "SELECT setval(pg_get_serial_sequence('registry.events', 'position'), (SELECT max(position) FROM registry.events))"
        )
