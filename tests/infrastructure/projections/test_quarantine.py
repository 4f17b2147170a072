"""One event that cannot be read stops nothing else: an operator sets it aside, on the record, and the rest goes on."""

import psycopg
import pytest

from infrastructure.projections.errors import ProjectionFailure
from infrastructure.quarantine import NotToBeQuarantinedError, set_aside
from tests.histories import history


def put_aside(store, position, reason="the disk was bad"):
    """As an operator does."""
    with psycopg.connect(store.owner_url) as connection:
        return set_aside(connection, store.mapper, position, reason, "operator:test")


@pytest.fixture
def broken(store):
    """A store with a history in which one event of a case, neither first nor last of its stream, is unreadable; its position."""
    store.save_at_once(history(31, 200))
    [(position, _)] = store.execute(
        "UPDATE registry.events SET state = 'no JSON' WHERE position = ("
        "SELECT e.position FROM registry.events AS e WHERE e.topic LIKE 'recognition-case.%%' AND e.originator_version = 2"
        " AND EXISTS (SELECT FROM registry.events AS f WHERE f.originator_id = e.originator_id AND f.originator_version = 3)"
        " ORDER BY e.position LIMIT 1) RETURNING position, topic"
    )
    return position


def test_it_is_named_until_somebody_decides(store, broken):
    """Nothing is passed over silently: whatever comes to it stops there, and says where in one sentence."""
    for ask in (store.project, store.rebuild):
        with pytest.raises(ProjectionFailure) as failure:
            ask()
        assert failure.value.position == broken


def test_set_aside_it_holds_back_its_own_stream_alone(store, broken):
    """The events behind it are projected, those of its stream stay where they were; a rebuild and a check agree."""
    put_aside(store, broken)
    store.project()
    assert store.position() == store.execute("SELECT max(position) FROM registry.events")[0][0]
    [(stream,)] = store.execute("SELECT originator_id FROM registry.events WHERE position = %s", broken)
    assert store.execute("SELECT version FROM read_model.cases WHERE case_id = %s", stream) == [(1,)]
    assert store.check().is_complete
    store.rebuild()
    assert store.check().is_complete


def test_what_was_decided_is_shown_and_stays(store, broken):
    """Position, reason, who and when stand in the status; the record only grows, and a second decision changes nothing."""
    assert "no JSON object" in put_aside(store, broken)
    put_aside(store, broken, "another reason")
    [shown] = store.status().quarantined
    assert (shown.position, shown.reason, shown.operator, shown.version) == (
        broken,
        "the disk was bad",
        "operator:test",
        2,
    )
    with psycopg.connect(store.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM registry.quarantine")


def test_nobody_sets_aside_what_can_be_read(store, broken):
    """An event that reads well cannot be hidden so, nor one that is not there."""
    for position in (broken + 1, 10**9):
        with pytest.raises(NotToBeQuarantinedError):
            put_aside(store, position)
    assert store.status().quarantined == ()
