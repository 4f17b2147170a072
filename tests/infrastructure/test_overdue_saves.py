"""A server that takes a save and does not answer is given up on, and nothing of it is acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import OperationalError, StoredEvent
from psycopg.conninfo import make_conninfo

from application.outages import Outage
from infrastructure.locks import APPEND
from infrastructure.postgres.datastore import RegistryDatastore
from infrastructure.postgres.embedded import SUPERUSER, EmbeddedPostgres
from infrastructure.postgres.recorder import EventRecorder
from infrastructure.postgres.sqlstates import outage_of

Recorders = Callable[..., EventRecorder]


@pytest.fixture
def recorder(database: Any) -> Iterator[Recorders]:
    """Makes recorders whose saves may take a moment; their connections are closed after the test."""
    made: list[RegistryDatastore] = []

    def make(**options: Any) -> EventRecorder:
        made.append(RegistryDatastore(make_conninfo(database.app_url, **options), pool_size=2, save_seconds=0.5))
        return EventRecorder(made[-1])

    yield make
    for each in made:
        each.pool.close()


def event() -> StoredEvent:
    return StoredEvent(uuid4(), 1, "something.happened", b"{}")


def save_on(recorder: EventRecorder) -> None:
    """Save until the server has read its settings anew."""
    for _ in range(1_000):
        recorder.insert_events([event()])


def test_a_commit_that_no_standby_confirms_is_given_up(recorder: Recorders, postgres: EmbeddedPostgres) -> None:
    """Cancelled, it would be answered as done: so the connection is cut, which is an outage, and the next save goes on when it can."""
    superuser = postgres.url(SUPERUSER, "postgres")

    def confirmed_by(standby: str) -> None:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    waiting = recorder(options="-c synchronous_commit=on")
    waiting.max_notification_id()
    confirmed_by("nobody")
    try:
        with pytest.raises(OperationalError) as given_up:
            save_on(waiting)
        assert outage_of(given_up.value) is Outage.CONNECTION_LOST
    finally:
        confirmed_by("")
    assert waiting.insert_events([event()])


def test_a_save_waits_for_others_no_longer_than_it_may(recorder: Recorders, database: Any) -> None:
    """Behind a save that hangs the others are told so, with nothing of theirs stored."""
    saving = recorder()
    with psycopg.connect(database.app_url) as hanging:
        hanging.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND])
        with pytest.raises(OperationalError) as refused:
            saving.insert_events([event()])
        assert outage_of(refused.value) in {Outage.TIMED_OUT, Outage.CONNECTION_LOST}
    assert saving.insert_events([event()])
