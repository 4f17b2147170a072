"""Reading one's own writes: a position awaited is a position in the rows."""

import asyncio
import time

import pytest
from psycopg_pool import AsyncConnectionPool

from application.projections.all import PROJECTIONS
from application.queries import ProjectionBehind
from infrastructure.projections.positions import wait_for
from tests.histories import history


def awaiting(store, position, timeout):
    async def ask():
        async with AsyncConnectionPool(store.app_url, min_size=1, max_size=2, open=False) as pool:
            return await wait_for(pool, position, timeout, [each.name for each in PROJECTIONS])

    return asyncio.run(ask())


def test_a_position_that_is_projected_is_answered_at_once(store):
    """No waiting where the rows hold the event already."""
    last = store.save(*history(1, 20))
    store.project()
    assert awaiting(store, last, 0) == last
    assert awaiting(store, 1, 0) == last


def test_a_write_is_read_after_waiting_for_it(store):
    """Whoever waits for the position of a write finds it in the rows."""
    with store.runner():
        last = store.save(*history(1, 20))
        assert awaiting(store, last, 60) >= last
        assert store.rows() == store.expected()


def test_waiting_is_bounded(store):
    """Where the rows don't come, the answer does: how far they are, and what was awaited."""
    store.project()
    started = time.monotonic()
    with pytest.raises(ProjectionBehind) as behind:
        awaiting(store, 7, 0.05)
    assert (behind.value.awaited, behind.value.projected) == (7, 0)
    assert time.monotonic() - started < 30


def test_a_registry_that_never_projected_is_behind(store):
    """Before the first start nothing is projected, and that is no error of its own."""
    with pytest.raises(ProjectionBehind):
        awaiting(store, 1, 0)
