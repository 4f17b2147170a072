"""A real registry with a history of every kind of event, its log signed, and the hands of its owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infrastructure.audit.check import AuditReport, check_all, check_case, check_since
from infrastructure.composition import log_files
from infrastructure.log.sequencer import Sequencer
from tests.api.conftest import Api, Clock, opened


@dataclass
class Office:
    """The registry, as its users and as its database's owner have it."""

    api: Api
    owner_url: str

    def as_owner(self, statement: str, *params: Any) -> list[Any]:
        """What the owner of the database may do, past every guard of the application."""
        with psycopg.connect(self.owner_url) as connection:
            cursor = connection.execute(statement.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

    def sign(self) -> None:
        """Bring the log up to the events."""
        registry = self.api.registry
        with psycopg.connect(registry.database.app_url) as connection:
            Sequencer(log_files(registry.settings)).run(connection)

    def check(self) -> AuditReport:
        return check_all(self.api.registry.audited)

    def check_since(self, position: int) -> AuditReport:
        return check_since(self.api.registry.audited, position)

    def check_case(self, number: str) -> AuditReport | None:
        return check_case(self.api.registry.audited, number)

    def found(self) -> set[tuple[str, int | None]]:
        """Rule and version of everything that a check finds."""
        return {(each.rule, each.version) for each in self.check().findings}

    def place(self, topic: str, number: int = 0) -> tuple[Any, int, int]:
        """Stream, version and position of an event by its topic, the first of them or another."""
        rows = self.as_owner(
            "SELECT originator_id, originator_version, position FROM registry.events WHERE topic = %s ORDER BY position",
            topic,
        )
        found: tuple[Any, int, int] = rows[number]
        return found


@pytest.fixture
def office(database: Any, tmp_path: Path) -> Iterator[Office]:
    """A registry of the test's own, in which nothing is signed or audited but by the test."""
    with opened(database, tmp_path, Clock()) as api:
        for process in api.registry.processes:
            process.stop()
        yield Office(api, database.owner_url)
