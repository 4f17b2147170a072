"""The projection ``statistics``: every case once, as its events say, and nothing of the person."""

import dataclasses
from collections import defaultdict
from datetime import date
from itertools import chain

import pytest
from hypothesis import given, settings

from application.asking import UNSCOPED
from application.projections.all import PROJECTIONS
from application.projections.statistics import COUNTED_CASES, STATISTICS
from application.statistics import StatisticsFilter, StatisticsKey, statistics_question
from domain.base import evolve
from domain.values import CaseStatus, shanghai_day
from tests.histories import histories, history
from tests.projecting import Projecting


class MemoryRows:
    """Rows in a dictionary."""

    def __init__(self):
        self.rows = {}

    def get(self, table, key):  # noqa: ARG002 - the shape of ``Rows``
        return self.rows.get(key)

    def put(self, table, view, *, fresh=False):  # noqa: ARG002 - the shape of ``Rows``
        self.rows[table.key_of(view)] = view


def log_of(saves):
    return [(event, 3 * n) for n, event in enumerate(chain.from_iterable(saves), 1)]


def project(log, rows=None):
    rows = Projecting(STATISTICS, log).take_in(log, rows or MemoryRows())
    return {key[0]: view for key, view in rows.rows.items()}


def told(log):
    """By case, what its events tell when they are read one after another, by hand."""
    found = {}
    streams = defaultdict(list)
    for event, _ in log:
        streams[event.originator_id].append(event)
    catalogs = {}
    for events in streams.values():
        if events[0].TOPIC == "catalog.published":
            state = None
            for event in events:
                state = evolve(state, event)
            catalogs[state.code] = state
    for identifier, events in streams.items():
        if not events[0].TOPIC.startswith("recognition-case."):
            continue
        state = None
        for event in events:
            state = evolve(state, event)
        matches = [e for e in events if e.TOPIC.endswith((".matched", ".rematch-required"))]
        since = max((n for n, e in enumerate(matches) if e.TOPIC.endswith(".rematch-required")), default=-1)
        matches = matches[since + 1 :]
        sure = [e for e in matches if not e.by_hand]
        by_hand = matches and matches[-1].by_hand
        reopened, refused = -1, False
        for n, e in enumerate(events):
            refused = refused or e.TOPIC.endswith(".rejected")
            if getattr(e, "outcome", None) == "REMANDED" or (refused and getattr(e, "outcome", None) == "OVERTURNED"):
                reopened, refused = n, False
        decisions = [
            (e.authority_code, e.by.actor.subject, e.decided_on)
            if e.TOPIC.endswith(".imported")
            else (e.by.actor.authority_code, e.by.actor.subject, shanghai_day(e.timestamp))
            for e in events[reopened + 1 :]
            if e.TOPIC.endswith((".approved", ".rejected", ".imported"))
        ]
        began = events[0].submitted_on if events[0].TOPIC.endswith(".imported") else shanghai_day(events[0].timestamp)
        entry = (
            catalogs[state.catalog_code].entry_at(state.catalog_version, state.entry_number)
            if state.entry_number
            else None
        )
        found[identifier] = {
            "authority_code": decisions[-1][0] if decisions else state.authority_code,
            "officer": decisions[-1][1] if decisions else None,
            "submitted_on": began,
            "month": f"{began:%Y-%m}",
            "catalog_code": state.catalog_code,
            "entry": f"{state.catalog_code}/{state.entry_number}" if entry else None,
            "field": entry.field if entry else None,
            "level": next((a.level for a in entry.awards if a.grade == state.grade), None) if entry else None,
            "outcome": state.status,
            "approved": any(e.TOPIC.endswith((".approved", ".imported")) for e in events),
            "rejected": refused,
            "ended": state.status in {CaseStatus.REVOKED, CaseStatus.ANNULLED, CaseStatus.SURRENDERED},
            "overridden": bool(sure and by_hand)
            and (
                sure[-1].entry_number != state.entry_number
                or (sure[-1].grade is not None and sure[-1].grade != state.grade)
            ),
            "days": (decisions[-1][2] - began).days if decisions else None,
        }
    return found


@settings(max_examples=60, deadline=None)
@given(histories(150))
def test_each_case_is_counted_as_its_events_say(saves):
    """Whatever happened, each case has one row, and every field of it is what reading its events by hand gives."""
    log = log_of(saves)
    counted = {key: dataclasses.asdict(view) for key, view in project(log).items()}
    assert counted == {key: {"case_id": key} | facts for key, facts in told(log).items()}


def test_the_histories_hold_what_is_counted():
    """What is said of histories above is said of every way in which a case goes."""
    views = [view for seed in range(8) for view in project(log_of(history(seed, 200))).values()]
    for name in ("approved", "rejected", "ended", "overridden"):
        assert {getattr(view, name) for view in views} == {True, False}, name
    assert len({view.outcome for view in views}) > 5
    for name in ("officer", "level", "days", "entry"):
        assert len({getattr(view, name) for view in views}) > 2, name
        assert any(getattr(view, name) is None for view in views), name


@settings(max_examples=30, deadline=None)
@given(histories())
def test_projecting_again_or_from_the_middle_changes_nothing(saves):
    """Rows follow from the events alone, whoever has seen which of them."""
    log = log_of(saves)
    rows, once = MemoryRows(), project(log)
    for start in range(0, len(log), 5):
        Projecting(STATISTICS, log).take_in(log[start : start + 5], rows)
    assert {key[0]: view for key, view in rows.rows.items()} == once
    assert project(log, rows) == once


def test_nothing_personal_is_counted():
    """The tables of statistics have no column about a person, nor one that names a holder."""
    assert not COUNTED_CASES.personal
    assert not [name for name in COUNTED_CASES.column_names if "holder" in name or "certificate" in name]


def test_every_key_is_a_column():
    """What cases are counted by is there to be counted by."""
    asked = statistics_question(UNSCOPED, list(StatisticsKey), StatisticsFilter(submitted_from=date(2026, 1, 1)))
    assert len(asked.by) == len(StatisticsKey)
    assert set(asked.by) <= set(COUNTED_CASES.column_names)
    assert {column for _, column in asked.measures} <= set(COUNTED_CASES.column_names)


@pytest.mark.parametrize("what", ["name", "schema"])
def test_projections_share_nothing(what):
    """Each has a name, a schema and tables of its own."""
    assert len({getattr(each, what) for each in PROJECTIONS}) == len(PROJECTIONS) > 1
    names = [table.name for each in PROJECTIONS for table in each.tables]
    assert len(set(names)) == len(names)
