"""Several projections: each with its own position, tables and runner; another one is a value."""

import time
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from application.projections.all import PROJECTIONS
from application.projections.projection import Projection, Table
from application.projections.registry import REGISTRY
from application.projections.statistics import STATISTICS
from infrastructure.projections.batches import LiveProjection
from infrastructure.projections.errors import ProjectionFailure
from infrastructure.projections.rebuild import check, rebuild
from infrastructure.projections.runner import Projections
from infrastructure.projections.schema import ensure_read_models
from tests.histories import history


@dataclass(kw_only=True)
class LengthView:
    """How long a stream is."""

    stream_id: UUID
    events: int


LENGTHS = Table("lengths", LengthView, ("stream_id",), schema="read_model_lengths")


class Lengths:
    """Counts the events of every stream; refuses those of the topic that it is told to."""

    refused = None

    def __init__(self, stream):
        pass

    def forget(self):
        pass

    def keys_needed(self, events, cases):  # noqa: ARG002 - the shape of ``Projector``
        return {LENGTHS: {(event.originator_id,) for event in events}}

    def project(self, event, position, rows):  # noqa: ARG002 - the same
        if self.refused == event.TOPIC:
            raise ValueError
        rows.put(LENGTHS, LengthView(stream_id=event.originator_id, events=event.originator_version))

    def settle(self, cases, rows):  # noqa: ARG002 - the same
        return ()


FURTHER = Projection("lengths", (LENGTHS,), Lengths)


def wait_until(condition):
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def test_a_further_projection_is_a_value(store):
    """Run, shown, checked and rebuilt by its name and rules alone, beside those that are there."""
    last = store.save_at_once(history(41, 220))
    with Projections(store, store.mapper, [FURTHER]):
        wait_until(lambda: store.status(FURTHER).position == last)
    assert store.status(REGISTRY).position == 0
    expected = dict(store.execute("SELECT originator_id, max(originator_version) FROM registry.events GROUP BY 1"))
    assert dict(store.execute("SELECT stream_id, events FROM read_model_lengths.lengths")) == expected
    assert check(store, store.mapper, FURTHER).is_complete
    store.execute("DELETE FROM read_model_lengths.lengths WHERE events = 1")
    assert not check(store, store.mapper, FURTHER).is_complete
    report = rebuild(store, store.mapper, [FURTHER])
    assert [each.table for each in report.differences] == ["lengths"]
    assert check(store, store.mapper, FURTHER).is_complete


def test_one_that_stands_still_holds_up_no_other(store, monkeypatch):
    """An event that one projection cannot take in stops that one, which says so; the others go on."""
    last = store.save_at_once(history(41, 220))
    monkeypatch.setattr(Lengths, "refused", "recognition-case.submitted")
    with Projections(store, store.mapper, [*PROJECTIONS, FURTHER]):
        wait_until(lambda: all(store.status(each).position == last for each in PROJECTIONS))
        wait_until(lambda: store.status(FURTHER).last_error is not None)
    assert "recognition-case.submitted" in store.status(FURTHER).last_error
    assert store.status(FURTHER).position < last
    assert [store.status(each).last_error for each in PROJECTIONS] == [None, None]
    assert store.rows() == store.expected()


def test_a_rebuild_by_name_leaves_the_others_alone(store):
    """Tables and position of another projection stay the ones they are."""
    store.save_at_once(history(41, 220))
    store.project()
    was = {each.name: store.execute("SELECT %s::regnamespace::oid", each.schema) for each in PROJECTIONS}
    store.execute("UPDATE read_model_statistics.counted_cases SET officer = 'nobody'")
    report = store.rebuild(projections=[STATISTICS])
    assert [each.table for each in report.comparisons] == ["counted_cases"]
    assert len(report.differences) == 1
    now = {each.name: store.execute("SELECT %s::regnamespace::oid", each.schema) for each in PROJECTIONS}
    assert now["registry"] == was["registry"]
    assert now["statistics"] != was["statistics"]
    assert store.rows() == store.expected()


def test_projections_that_stand_apart_are_compared_each_where_it_stands(store):
    """A rebuild of all shares one pass over the events, and still compares each at its own position."""
    store.save_at_once(history(41, 220))
    for each, steps in ((REGISTRY, 1), (STATISTICS, 3)):
        with psycopg.connect(store.app_url, autocommit=True) as connection:
            ensure_read_models(store.owner_url, [each])
            live = LiveProjection(connection, store.mapper, each)
            for _ in range(steps):
                live.step(20)
    assert store.status(REGISTRY).position < store.status(STATISTICS).position < store.status(REGISTRY).head
    report = store.rebuild()
    assert report.differences == ()
    assert len(report.comparisons) == sum(len(each.tables) for each in PROJECTIONS)
    assert {store.status(each).lag_events for each in PROJECTIONS} == {0}
    assert store.rows() == store.expected()


def test_a_failure_in_one_of_a_shared_pass_changes_nothing(store, monkeypatch):
    """What cannot be rebuilt whole is not put in place in part."""
    store.save_at_once(history(41, 220))
    store.runner().run_until_caught_up()
    with Projections(store, store.mapper, [FURTHER]) as running:
        running.run_until_caught_up()
    was = store.execute("SELECT 'read_model'::regnamespace::oid")
    monkeypatch.setattr(Lengths, "refused", "recognition-case.approved")
    with pytest.raises(ProjectionFailure):
        rebuild(store, store.mapper, [*PROJECTIONS, FURTHER])
    assert store.execute("SELECT 'read_model'::regnamespace::oid") == was
    assert store.rows() == store.expected()
