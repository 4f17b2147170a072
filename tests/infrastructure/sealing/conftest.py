"""A database for the tests of a module, each of which is about holders of its own, and the application's connections to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from infrastructure.postgres.embedded import EmbeddedPostgres
from tests.conftest import TEMPLATE, TestDatabase, _database


@pytest.fixture(scope="module")
def database(postgres: EmbeddedPostgres) -> Iterator[TestDatabase]:
    """A migrated database, dropped after the module."""
    yield from _database(postgres, TEMPLATE)


@pytest.fixture(scope="module")
def pool(database: TestDatabase) -> Iterator[ConnectionPool[Any]]:
    """Connections to it."""
    with ConnectionPool(database.app_url, min_size=1, max_size=8, open=True) as opened:
        yield opened


@pytest.fixture
def own_pool(postgres: EmbeddedPostgres) -> Iterator[ConnectionPool[Any]]:
    """Connections to a database of the test's own, for one that is about every key there is."""
    for database in _database(postgres, TEMPLATE):
        with ConnectionPool(database.app_url, min_size=1, max_size=8, open=True) as opened:
            yield opened
