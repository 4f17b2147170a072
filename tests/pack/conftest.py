"""One registry with a revoked case and one in force, its log signed, and their packs: made once for all tests that only read them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
import pytest

from application.audit import Finding
from application.pack.judging import Wrong
from application.pack.verifying import Verified, verify_case
from infrastructure.audit.packing import ExportedCase, export_case
from infrastructure.composition import log_files
from infrastructure.log.epochs import epochs
from infrastructure.log.sequencer import Sequencer
from infrastructure.postgres.embedded import EmbeddedPostgres
from tests.api.conftest import Api, Clock, opened
from tests.conftest import TEMPLATE, _database

MATCHED_BY = ("certificate.name", "certificate.issuing_body", "certificate.grade", "work_field")
"""What matching reads; a case without a grade has no such field."""


@dataclass
class Archive:
    """A registry whose log is signed, and the numbers of its cases."""

    api: Api
    owner_url: str
    revoked: str = ""
    standing: str = ""

    def sign(self) -> None:
        registry = self.api.registry
        with psycopg.connect(registry.database.app_url) as connection:
            Sequencer(log_files(registry.settings)).run(connection)

    def as_owner(self, statement: str, *params: Any) -> list[Any]:
        with psycopg.connect(self.owner_url) as connection:
            return connection.execute(statement.encode(), params or None).fetchall()

    @property
    def vkey(self) -> str:
        return epochs(self.api.registry.database.app_url)[-1].vkeys[0]

    def export(self, number: str, *disclose: str) -> ExportedCase:
        registry = self.api.registry
        found = export_case(registry.audited, registry.seals, number, disclose, "a drill" if disclose else None)
        assert found is not None
        return found

    def pack(self, number: str, *disclose: str) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.export(number, *disclose).data)
        return found


def begun(api: Api, owner_url: str) -> Archive:
    """A case revoked for fraud and one in force, all in the log."""
    for process in api.registry.processes:
        process.stop()
    archive = Archive(api, owner_url)
    first, second = api.submit()["case"], api.submit()["case"]
    for case in (first, second):
        assert api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=12)["refusal"] is None
    assert api.revoked(first["id"])["refusal"] is None
    archive.revoked, archive.standing = first["caseNumber"], second["caseNumber"]
    archive.sign()
    return archive


@pytest.fixture(scope="package")
def archive(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """For tests that change nothing in it."""
    with (
        contextlib.contextmanager(_database)(postgres, TEMPLATE) as database,
        opened(database, tmp_path_factory.mktemp("archive"), Clock()) as api,
    ):
        yield begun(api, database.owner_url)


def verified(pack: dict[str, Any] | bytes, vkey: str) -> Verified:
    """A pack, as JSON or as bytes, verified."""
    return verify_case(pack if isinstance(pack, bytes) else orjson.dumps(pack), vkey)


def found_in(pack: dict[str, Any] | bytes, vkey: str) -> Finding:
    """The first thing that is wrong with a pack."""
    with pytest.raises(Wrong) as wrong:
        verified(pack, vkey)
    return wrong.value.found


def event_of(pack: dict[str, Any], topic: str) -> dict[str, Any]:
    """An event of a pack by its topic."""
    return next(each for each in pack["events"] if each["topic"] == topic)
