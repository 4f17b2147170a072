"""Connections of the application's role to a test's own database."""

import pytest
from psycopg_pool import ConnectionPool


@pytest.fixture
def pool(database):
    with ConnectionPool(database.app_url, min_size=1, max_size=8, open=True) as opened:
        yield opened
