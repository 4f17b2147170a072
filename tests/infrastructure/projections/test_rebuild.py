"""Rebuild and check: the read model is what the events say, proven beside the live tables and swapped in one piece."""

import os
import subprocess
import sys
import threading
from itertools import chain

import psycopg
import pytest

from application.projections.all import PROJECTIONS
from application.projections.registry import REGISTRY
from application.projections.tables import CASES
from infrastructure.locks import REBUILD
from infrastructure.projections import rebuild as rebuilding
from infrastructure.projections.errors import ProjectionFailure, RebuildRunningError
from tests.histories import history

REBUILD_AND_DIE = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from application.projections.all import PROJECTIONS
from infrastructure.projections import rebuild
from tests.infrastructure.projections.conftest import open_mapper
owner_url, app_url, key_file = sys.argv[1:]
mapper, pool = open_mapper(app_url, Path(key_file))
rebuild.MOST_EVENTS = 50
rebuild.rebuild(
    SimpleNamespace(owner_url=owner_url, app_url=app_url), mapper, PROJECTIONS, lambda position, _: position > 100 and os._exit(9)
)
"""

LIVE = {each.schema for each in PROJECTIONS}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    """So that a history of some hundred events takes several."""
    monkeypatch.setattr(rebuilding, "MOST_EVENTS", 40)


@pytest.fixture
def filled(store):
    """A store with a history, projected."""
    store.save_at_once(history(32, 200))
    store.project()
    return store


def tamper(store):
    """Change one row of the live tables by hand; its key."""
    [(case_id,)] = store.execute(
        "UPDATE read_model.cases SET grade = 'forged'"
        " WHERE case_id = (SELECT case_id FROM read_model.cases ORDER BY case_id LIMIT 1) RETURNING case_id"
    )
    return case_id


def test_a_rebuild_gives_what_the_live_projection_gave(filled):
    """Folded in large batches into new tables, the same rows come out; no table differs, and they are swapped in."""
    before, position = filled.rows(), filled.position()
    [(was,)] = filled.execute("SELECT 'read_model.cases'::regclass::oid")
    report = filled.rebuild()
    [(now,)] = filled.execute("SELECT 'read_model.cases'::regclass::oid")
    assert filled.rows() == before == filled.expected()
    assert (report.position, report.compared_at, report.swapped) == (position, position, True)
    assert report.differences == ()
    assert {each.table for each in report.comparisons} == {table.name for each in PROJECTIONS for table in each.tables}
    assert was != now
    assert filled.schemas() == LIVE


def test_aliases_that_came_and_went_are_rebuilt_as_they_were_projected(filled):
    """The history amends aliases, and both ways lead to the same rows: what holds, what is over, what a version changed."""
    before = filled.rows()
    aliases = before["catalog_aliases"].values()
    assert any(each.until_version is not None for each in aliases)
    assert any(each.from_version > 1 for each in aliases)
    report = filled.rebuild()
    assert not [each for each in report.comparisons if each.differs]
    after = filled.rows()
    for table in ("catalog_aliases", "catalog_versions", "amendments"):
        assert after[table] == before[table]


def test_the_new_tables_have_the_indexes_and_rights_of_the_old(filled):
    """Nothing but the rows' origin tells rebuilt tables from the first ones."""
    question = (
        "SELECT c.relname, c.relkind::text, c.relacl::text, pg_get_indexdef(c.oid) FROM pg_class AS c"
        " WHERE c.relnamespace = 'read_model'::regnamespace AND c.relkind IN ('r', 'i') ORDER BY c.relname"
    )
    before = filled.execute(question)
    filled.rebuild()
    assert filled.execute(question) == before
    assert len(before) > 2 * len(REGISTRY.tables)


def test_a_dry_rebuild_changes_nothing(filled):
    """Without the swap the live tables stay the ones they were."""
    [(was,)] = filled.execute("SELECT 'read_model.cases'::regclass::oid")
    report = filled.rebuild(swap=False)
    assert filled.execute("SELECT 'read_model.cases'::regclass::oid") == [(was,)]
    assert not report.swapped
    assert filled.schemas() == LIVE


def test_a_rebuild_reports_and_mends_what_differed(filled):
    """The events are the truth: a forged row is reported by table and digest, and gone after the swap."""
    tamper(filled)
    report = filled.rebuild()
    [difference] = report.differences
    assert difference.table == "cases"
    assert difference.live.rows == difference.rebuilt.rows
    assert difference.live.digest != difference.rebuilt.digest
    assert filled.rows() == filled.expected()


def test_progress_tells_how_far_it_is(filled):
    """A long task says how far it has come, and arrives."""
    told = []
    filled.rebuild(lambda position, target: told.append((position, target)))
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1] == (filled.position(), filled.position())


@pytest.mark.parametrize("when", [1, 3, "compare", "swap"])
def test_an_interrupted_rebuild_changes_nothing(filled, monkeypatch, when):
    """Whenever it is interrupted, the live tables are as they were, and the next run starts clean and succeeds."""
    before = filled.rows()
    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) == when:
            raise KeyboardInterrupt

    def fail(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if when == "compare":
            patch.setattr(rebuilding, "compare", fail)
        if when == "swap":
            patch.setattr(rebuilding, "shape", fail)
            patch.setattr(rebuilding._Shadow, "is_comparable", lambda *_: True)
        with pytest.raises(KeyboardInterrupt):
            filled.rebuild(interrupt)
    assert filled.rows() == before
    assert filled.schemas() == LIVE
    assert filled.rebuild().differences == ()


def test_a_rebuild_that_is_killed_changes_nothing(filled):
    """A process that dies leaves tables nobody reads, and the next run drops them."""
    before = filled.rows()
    arguments = [filled.owner_url, filled.app_url, str(filled.master_key_file)]
    process = subprocess.run(
        [sys.executable, "-c", REBUILD_AND_DIE, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([".", "graphql"])},
        check=False,
    )
    assert process.returncode == 9
    assert filled.rows() == before
    assert {each.next_schema for each in PROJECTIONS} <= filled.schemas()
    assert filled.rebuild().differences == ()
    assert filled.schemas() == LIVE


def test_events_that_come_meanwhile_are_in_the_new_tables(store):
    """Writers, the live projection and a rebuild at once: afterwards nothing is missing, and it goes on."""
    saves = history(41, 260)
    store.save_at_once(saves[:100])
    store.project()

    def write():
        for save in saves[100:]:
            store.save(save)

    with store.runner():
        writer = threading.Thread(target=write)
        writer.start()
        reports = [store.rebuild()]
        while writer.is_alive():
            reports.append(store.rebuild())
        writer.join()
        while store.status().lag_events:
            writer.join(0.01)
    assert all(report.swapped and report.differences == () for report in reports)
    assert store.rows() == store.expected()


def test_readers_are_served_throughout(filled):
    """A reader who asks again and again meets whole tables every time, also while they are swapped."""
    count = len(filled.rows()["catalog_entries"])
    done, seen, errors = threading.Event(), set(), []

    def read():
        with psycopg.connect(filled.app_url, autocommit=True) as connection:
            while not done.is_set():
                try:
                    seen.update(connection.execute("SELECT count(*) FROM read_model.catalog_entries", prepare=True))
                except psycopg.Error as error:
                    errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            filled.rebuild()
    finally:
        done.set()
        reader.join()
    assert errors == []
    assert seen == {(count,)}


def test_a_rebuild_brings_tables_of_another_shape_up_to_date(filled):
    """After an upgrade that changed the rows' shape, a rebuild makes the read model anew; nothing can be compared."""
    expected = filled.rows()
    filled.execute("ALTER TABLE read_model.cases DROP COLUMN grade")
    filled.execute("UPDATE registry.projection_positions SET shape = 'another', position = 3")
    report = filled.rebuild()
    assert report.comparisons is None
    assert filled.rows() == expected
    assert not filled.status().rebuild_due
    assert filled.status().lag_events == 0


def test_a_first_rebuild_needs_no_live_projection(store):
    """On a database nobody has projected yet, a rebuild fills the read model."""
    store.save_at_once(history(31, 50))
    store.rebuild()
    assert store.rows() == store.expected()
    assert store.status().lag_events == 0


def test_a_rebuild_that_cannot_project_an_event_changes_nothing(filled):
    """The live tables stay, and the error names the event."""
    before = filled.rows()
    filled.execute(
        "INSERT INTO registry.events (originator_id, originator_version, topic, state)"
        " VALUES (gen_random_uuid(), 1, 'case.of-another-release', '{}')"
    )
    with pytest.raises(ProjectionFailure, match=r"case\.of-another-release"):
        filled.rebuild()
    assert filled.rows() == before
    assert filled.schemas() == LIVE


def test_one_rebuild_at_a_time(filled):
    """A second one is refused with the way out, and disturbs nothing."""
    with psycopg.connect(filled.owner_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [REBUILD])
        with pytest.raises(RebuildRunningError, match="wait"):
            filled.rebuild()


def test_a_check_finds_complete_tables_complete(filled):
    """The live tables equal an independent fold, and checking leaves no trace."""
    report = filled.check()
    assert report.is_complete
    assert report.position == filled.position()
    assert report.differing_keys == {}
    assert {each.table: each.live.rows for each in report.comparisons} == {
        name: len(rows) for name, rows in filled.rows([REGISTRY]).items()
    }
    assert filled.schemas() == LIVE


def test_a_check_names_a_tampered_row_and_mends_nothing(filled):
    """A row changed by hand is named by table and key."""
    case_id = tamper(filled)
    report = filled.check()
    assert not report.is_complete
    assert report.differing_keys == {"cases": ((case_id,),)}
    assert filled.execute("SELECT count(*) FROM read_model.cases WHERE grade = 'forged'") == [(1,)]


@pytest.mark.parametrize(
    ("projection", "table"),
    [(each, table) for each in PROJECTIONS for table in each.tables],
    ids=lambda each: each.name,
)
def test_a_check_finds_a_missing_row_in_every_table(filled, projection, table):
    """A row that is gone is named, whichever table it was in."""
    keys = ", ".join(table.key)
    [gone] = filled.execute(
        f"DELETE FROM {table.qualified} WHERE ({keys}) ="
        f" (SELECT {keys} FROM {table.qualified} ORDER BY {keys} LIMIT 1) RETURNING {keys}"
    )
    assert filled.check(projection).differing_keys == {table.name: (gone,)}


def test_a_check_names_at_most_ten_rows(filled):
    """Where everything is wrong, ten keys are enough to start with, and the counts say the rest."""
    filled.execute("DELETE FROM read_model.catalog_entries")
    report = filled.check()
    assert [len(keys) for keys in report.differing_keys.values()] == [10]
    [difference] = [each for each in report.comparisons if each.differs]
    assert (difference.live.rows, difference.rebuilt.rows) == (
        0,
        len(list(chain(filled.expected()["catalog_entries"]))),
    )


def test_what_is_read_is_what_the_view_says(filled):
    """The select list and the reader of a table fit each other over the wire, JSON included."""
    with psycopg.connect(filled.app_url) as connection:
        row = connection.execute(f"SELECT {CASES.select_list} FROM read_model.cases LIMIT 1").fetchone()
    view = CASES.from_row(row)
    assert filled.expected()["cases"][CASES.key_of(view)] == view
