"""A real PostgreSQL for every test that asks: one embedded server a test process, a fresh migrated database a test."""

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg.sql import SQL, Identifier

from application.catalogs import Shelf
from domain.matching import Matcher
from infrastructure.postgres.embedded import APP_ROLE, OWNER_ROLE, SUPERUSER, EmbeddedPostgres
from infrastructure.postgres.migrations import migrate

TEMPLATE = "migrated_template"
_numbers = itertools.count(1)
settings.register_profile("untimed", deadline=None)  # how long an example takes is no requirement
settings.load_profile("untimed")


@dataclass(frozen=True)
class TestDatabase:
    """Connection strings of one test's database: as its owner, and with the application's rights."""

    __test__ = False

    owner_url: str
    app_url: str


def pytest_xdist_auto_num_workers() -> int:
    """Two processes a core: a test of a whole registry waits for its server and its database about half of its time."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """Look for garbage seldom from here on, and never among what was imported: nothing that a test makes is much."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """A folder that the server's system user can get to, also when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="registry-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True, scope="session")
def _matchers_made_once() -> Iterator[None]:
    """A matcher follows from the content of its version alone, and takes a third of a second to make: one serves every test."""
    made: dict[Any, Matcher] = {}
    build = Shelf._build_matcher

    def kept(self: Shelf, code: str, version: int) -> Matcher:
        catalog = self.catalog(code)
        entries = tuple(sorted(catalog.entries_at(version).items()))
        key = (code, entries, tuple(catalog.aliases_at(version)), tuple(catalog.vocabulary_at(version)))
        if key not in made:
            made[key] = build(self, code, version)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shelf, "_build_matcher", kept)
        yield


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory of the test's own, for a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="registry-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(server_dir: Path) -> Iterator[EmbeddedPostgres]:
    """The test process's server, with a migrated template to make databases from."""
    with EmbeddedPostgres(server_dir) as server:
        # No test cuts the power; what a killed process or server leaves, the operating system has, with fsync or without.
        with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            # Hundreds of small databases that are dropped at once are nothing for the vacuum, nor for plans in machine code.
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit"):
                connection.execute(SQL("ALTER SYSTEM SET {} = off").format(Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
        with psycopg.connect(server.owner_url, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
        migrate(server.url(OWNER_ROLE, TEMPLATE))
        yield server


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[TestDatabase]:
    """A fresh database without the registry's schema."""
    yield from _database(postgres, "template1")


@dataclass(frozen=True)
class Prepared:
    """A registry that was opened and closed again: its database, to make others from, and the files that belong to it."""

    database: str
    folder: Path


@pytest.fixture(scope="session")
def prepared(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The official catalog published, folded and in the log, an hour ago by the tests' clock and by this machine's: what every
    registry begins with, made once.
    """
    from infrastructure.composition import log_files
    from infrastructure.log.sequencer import Sequencer
    from tests.api.conftest import Clock, opened

    name, folder = f"prepared_{os.getpid()}_{next(_numbers)}", tmp_path_factory.mktemp("prepared")
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        words = map(Identifier, (name, TEMPLATE, OWNER_ROLE))
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(*words))
    database = TestDatabase(postgres.url(OWNER_ROLE, name), postgres.url(APP_ROLE, name))
    with opened(database, folder, Clock(min(Clock().now, datetime.now(UTC)) - timedelta(hours=1))) as api:
        registry = api.registry
        registry.projections.run_until_caught_up()
        with psycopg.connect(database.app_url) as connection:
            Sequencer(log_files(registry.settings)).run(connection)
    return Prepared(name, folder)


@pytest.fixture
def database(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Iterator[TestDatabase]:
    """A fresh database, dropped after the test: one of a ``prepared`` registry where the test asks for that, else migrated and empty."""
    whose = request.getfixturevalue("prepared").database if "prepared" in request.fixturenames else TEMPLATE
    yield from _database(postgres, whose)


def _database(postgres: EmbeddedPostgres, template: str) -> Iterator[TestDatabase]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    statement = SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    # As the superuser, who ends whatever connections a test has left, its superuser's too.
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(statement.format(*map(Identifier, (name, template, OWNER_ROLE))))
        yield TestDatabase(postgres.url(OWNER_ROLE, name), postgres.url(APP_ROLE, name))
        # It goes with the whole server: dropping one takes a checkpoint each.
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
