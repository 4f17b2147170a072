"""The live projection: rows and position together, exactly once, whoever projects and whenever they die."""

import logging
import os
import signal
import subprocess
import sys
import time
from itertools import chain

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from application.projections.all import PROJECTIONS
from application.projections.registry import REGISTRY
from infrastructure.locks import PROJECTION_RUNNER, of_projection
from infrastructure.projections.batches import LiveProjection
from infrastructure.projections.errors import ProjectionFailure, RebuildDueError
from infrastructure.projections.schema import ensure_read_models
from tests.histories import histories, history

PATIENCE = 15.0

RUN_FOREVER = """
import sys, time
from types import SimpleNamespace
from infrastructure.projections import runner
from tests.infrastructure.projections.conftest import open_mapper
owner_url, app_url, key_file = sys.argv[1:]
from pathlib import Path
mapper, pool = open_mapper(app_url, Path(key_file))
runner.MOST_EVENTS = 20
runner.Projections(SimpleNamespace(owner_url=owner_url, app_url=app_url), mapper).start()
print("started", flush=True)
time.sleep(600)
"""


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def foreign_event(store):
    """An event that no rule of this release projects, stored as another release would."""
    store.execute(
        "INSERT INTO registry.events (originator_id, originator_version, topic, state)"
        " VALUES (gen_random_uuid(), 1, 'case.of-another-release', '{\"name\": \"王小明\"}')"
    )


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
def test_rows_are_what_the_events_say(store, saves):
    """Whatever happened, in batches of any size, the rows read back are the fold of the events read back."""
    if not saves:
        return
    store.execute("TRUNCATE registry.events")
    for each in PROJECTIONS:
        store.execute(f"DROP SCHEMA IF EXISTS {each.schema} CASCADE")
    store.execute("DELETE FROM registry.projection_positions")
    store.save_at_once(saves)
    ensure_read_models(store.owner_url, PROJECTIONS)
    with psycopg.connect(store.app_url, autocommit=True) as connection:
        for each in PROJECTIONS:
            live = LiveProjection(connection, store.mapper, each)
            while live.step(7):
                pass
    assert store.rows() == store.expected()


def test_nothing_is_projected_twice(store):
    """Two who project at once share the events between them; the rows are as if one had."""
    saves = history(11, 150)
    last = store.save_at_once(saves)
    ensure_read_models(store.owner_url, PROJECTIONS)
    with (
        psycopg.connect(store.app_url, autocommit=True) as one,
        psycopg.connect(store.app_url, autocommit=True) as other,
    ):
        first, second = (LiveProjection(each, store.mapper, REGISTRY) for each in (one, other))
        counts = [first.step(10) + second.step(10) for _ in range(200)]
    assert sum(counts) == sum(map(len, saves))
    assert store.status().position == last
    store.project()
    assert store.rows() == store.expected()


def test_an_interrupted_batch_leaves_nothing(store, monkeypatch):
    """Rows and position are committed together or not at all, and the batch is projected whole the next time."""
    store.save_at_once(history(5, 100))
    ensure_read_models(store.owner_url, PROJECTIONS)
    with psycopg.connect(store.app_url, autocommit=True) as connection:
        live = LiveProjection(connection, store.mapper, REGISTRY)
        live.step(30)
        before, position = store.rows(), store.status().position

        def fail(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("infrastructure.projections.rows.PostgresRows.flush", fail)
            with pytest.raises(KeyboardInterrupt):
                live.step(30)
        assert (store.rows(), store.status().position) == (before, position)
        while live.step(30):
            pass
    store.project()
    assert store.rows() == store.expected()


def test_a_running_projection_follows_the_events(store):
    """New events are in the rows soon after they are stored, without anybody asking."""
    with store.runner():
        for save in history(1, 60):
            last = store.save(save)
        wait_until(lambda: store.position() == last)
    assert store.rows() == store.expected()


def test_it_follows_even_without_notifications(store, monkeypatch):
    """A lost notification delays the rows by the idle time at most."""
    monkeypatch.setattr(psycopg.Connection, "notifies", lambda *_, **__: time.sleep(0.02) or iter(()))
    with store.runner(idle_seconds=0.1):
        last = store.save(*history(1, 10))
        wait_until(lambda: store.position() == last)


def test_stopping_ends_the_thread_and_lets_another_go_on(store):
    """After a stop nobody projects, and the next start goes on from there."""
    runner = store.runner().start()
    runner.stop()
    last = store.save(*history(1, 10))
    assert not store.status().active_runner
    assert store.position() == 0
    with runner:
        wait_until(lambda: store.position() == last)


def test_one_of_two_runners_is_active_and_the_other_takes_over(store):
    """Of two runners one projects; when it loses its connection, the other does, and no event is lost or doubled."""
    saves = history(8, 120)
    with store.runner(), store.runner():
        store.save(*saves[:20])
        wait_until(lambda: store.status().lag_events == 0)
        holders = (
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND (classid::bigint << 32) + objid::bigint = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        [(active,)] = store.execute(holders, of_projection(PROJECTION_RUNNER, REGISTRY.name))
        # Whoever may connect as the application's role may end its connections.
        with psycopg.connect(store.app_url) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [active])
        store.save(*saves[20:])
        wait_until(lambda: store.status().lag_events == 0)
        wait_until(
            lambda: store.execute(holders, of_projection(PROJECTION_RUNNER, REGISTRY.name)) not in ([], [(active,)])
        )
    assert store.rows() == store.expected()


def test_a_killed_process_is_taken_over_exactly_once(store):
    """SIGKILL in the middle of projecting: another process goes on where the rows are, and nothing is lost or doubled."""
    store.save_at_once(history(21, 1500))
    arguments = [store.owner_url, store.app_url, str(store.master_key_file)]
    for least in (1, 200, 600):
        with subprocess.Popen(
            [sys.executable, "-c", RUN_FOREVER, *arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([".", "graphql"])},
        ) as process:
            assert process.stdout is not None
            try:
                process.stdout.readline()
                wait_until(lambda least=least: store.position() >= least)
            finally:
                process.send_signal(signal.SIGKILL)
    store.project()
    assert store.rows() == store.expected()


def test_an_event_that_cannot_be_projected_holds_back_only_what_follows(store, caplog):
    """Events before it are projected; each read model logs it once, by position and type, and shows it in its status."""
    saves = history(1, 40)
    before = store.save_at_once(saves[:20])
    foreign_event(store)
    store.save_at_once(saves[20:])
    with caplog.at_level(logging.ERROR), store.runner():
        wait_until(lambda: all(store.status(each).last_error is not None for each in PROJECTIONS))
        time.sleep(0.4)
    status = store.status()
    assert status.position == before
    assert status.lag_events == status.head - before
    assert f"position {before + 1} (case.of-another-release)" in status.last_error
    said = [record.getMessage() for record in caplog.records]
    assert [text.count("case.of-another-release") for text in said] == [1 for _ in PROJECTIONS]
    assert all(sum(f"projection {each.name} stands still" in text for text in said) == 1 for each in PROJECTIONS)
    assert "王小明" not in caplog.text + status.last_error


def test_it_goes_on_once_the_event_can_be_projected(store):
    """The status is clear again as soon as the projection goes on."""
    store.save_at_once(history(1, 20))
    foreign_event(store)
    with pytest.raises(ProjectionFailure):
        store.project()
    store.execute("DELETE FROM registry.events WHERE topic = 'case.of-another-release'")
    store.execute("UPDATE registry.projection_positions SET error = 'as it was'")
    store.project()
    assert store.status().last_error is None
    assert store.status().lag_events == 0


def test_tables_of_another_shape_are_left_alone(store):
    """A release whose rows have another shape says that a rebuild is due, and writes nothing."""
    store.project()
    store.execute("UPDATE registry.projection_positions SET shape = 'another'")
    store.save(*history(1, 5))
    with pytest.raises(RebuildDueError, match="recognition projections rebuild"):
        store.runner().start()
    with psycopg.connect(store.app_url, autocommit=True) as connection, pytest.raises(RebuildDueError):
        LiveProjection(connection, store.mapper, REGISTRY).step(1000)
    assert store.position() == 0
    assert store.status().rebuild_due


def test_the_status_says_how_far_it_is(store):
    """Position, head and lag are counted in events; an active runner shows in every process."""
    saves = history(1, 30)
    last = store.save_at_once(saves)
    status = store.status()
    assert (status.position, status.head, status.lag_events) == (0, last, len(list(chain.from_iterable(saves))))
    assert (status.active_runner, status.rebuild_due, status.last_error) == (False, False, None)
    with store.runner():
        wait_until(lambda: store.status().lag_events == 0)
        assert store.status().active_runner


def test_the_application_may_change_rows_and_not_tables(store):
    """The application's role fills the tables; making and dropping them is the owner's."""
    store.project()
    with psycopg.connect(store.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DROP TABLE read_model.cases")
    with psycopg.connect(store.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE registry.projection_positions SET shape = ''")
