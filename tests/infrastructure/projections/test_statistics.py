"""Statistics as they are asked: equal to a count by hand over the cases, by any keys, of any time, in any scope."""

import asyncio
from collections import defaultdict
from itertools import combinations

import pytest
from psycopg_pool import AsyncConnectionPool

from application.access import Scope
from application.asking import UNSCOPED
from application.projections.statistics import COUNTED_CASES
from application.statistics import MOST_GROUPS, StatisticsFilter, StatisticsKey, statistics
from domain.refusals import Refused
from infrastructure.reads import PostgresReads
from tests.histories import AUTHORITIES, history

VALUES = {
    StatisticsKey.AUTHORITY: lambda case: case.authority_code,
    StatisticsKey.OFFICER: lambda case: case.officer or "",
    StatisticsKey.MONTH: lambda case: f"{case.submitted_on:%Y-%m}",
    StatisticsKey.CATALOG: lambda case: case.catalog_code or "",
    StatisticsKey.ENTRY: lambda case: case.entry or "",
    StatisticsKey.FIELD: lambda case: case.field or "",
    StatisticsKey.LEVEL: lambda case: case.level.value if case.level else "",
    StatisticsKey.OUTCOME: lambda case: case.outcome.value if case.outcome else "",
}
BY = [(), *((key,) for key in StatisticsKey), *combinations(StatisticsKey, 2), tuple(StatisticsKey)]


@pytest.fixture
def filled(store):
    """A store with a history, projected."""
    store.save_at_once(history(31, 700))
    store.project()
    return store


def answers(store, *asked):
    """The rows of each of these questions."""

    async def run():
        pool = AsyncConnectionPool(store.app_url, kwargs={"autocommit": True}, min_size=1, max_size=2, open=False)
        async with PostgresReads(pool, store.mapper) as reads:
            return [await statistics(reads, *each) for each in asked]

    return asyncio.run(run())


def percentile(days, part):
    """Between the two nearest, as linear interpolation has it; None of none."""
    if not days:
        return None
    place = part * (len(days) - 1)
    low, high = days[int(place)], days[min(int(place) + 1, len(days) - 1)]
    return low + (high - low) * (place - int(place))


def by_hand(cases, by):
    """Counts over cases, by keys."""
    groups = defaultdict(list)
    for case in cases:
        groups[tuple(VALUES[key](case) for key in by)].append(case)
    if not by and not groups:
        groups[()] = []
    counted = {}
    for keys, some in groups.items():
        days = sorted(case.days for case in some if case.days is not None)
        counts = tuple(
            sum(getattr(case, name) for case in some) for name in ("approved", "rejected", "ended", "overridden")
        )
        counted[keys] = (len(some), *counts, percentile(days, 0.5), percentile(days, 0.9))
    return counted


def as_counted(rows):
    return {
        row.keys: (row.cases, row.approved, row.rejected, row.ended, row.overridden, row.days_median, row.days_p90)
        for row in rows
    }


def test_they_are_what_a_count_by_hand_gives(filled):
    """By no key, by each, by every two and by all at once."""
    cases = list(filled.rows()[COUNTED_CASES.name].values())
    found = answers(filled, *((UNSCOPED, by, StatisticsFilter()) for by in BY))
    assert len(cases) > 20
    for by, rows in zip(BY, found, strict=True):
        expected = by_hand(cases, by)
        assert len(rows) == len(expected)
        assert {key: pytest.approx(value) for key, value in as_counted(rows).items()} == expected, by


def test_they_are_of_the_days_the_authority_and_the_scope_asked_for(filled):
    """Both days included; an authority outside the scope counts nothing; with no case there is a row of nothing."""
    cases = sorted(filled.rows()[COUNTED_CASES.name].values(), key=lambda case: case.submitted_on)
    first, last = cases[len(cases) // 4].submitted_on, cases[len(cases) // 2].submitted_on
    within = [case for case in cases if first <= case.submitted_on <= last]
    one, other = AUTHORITIES[0], Scope(authorities=frozenset(AUTHORITIES[1:]), subject="applicant-1")
    months = (StatisticsKey.MONTH,)
    asked = {
        (UNSCOPED, months, StatisticsFilter(submitted_from=first, submitted_to=last)): within,
        (UNSCOPED, (), StatisticsFilter(authority_code=one)): [c for c in cases if c.authority_code == one],
        (other, months, StatisticsFilter()): [c for c in cases if c.authority_code != one],
        (other, (), StatisticsFilter(authority_code=one)): [],
        (Scope(), months, StatisticsFilter()): [],
    }
    for (key, some), rows in zip(asked.items(), answers(filled, *asked), strict=True):
        assert {k: pytest.approx(v) for k, v in as_counted(rows).items()} == by_hand(some, key[1])
    assert within


def test_what_cannot_be_answered_is_refused(filled):
    """A key named twice; more rows than an answer holds."""
    with pytest.raises(Refused, match="twice"):
        answers(filled, (UNSCOPED, [StatisticsKey.MONTH] * 2, StatisticsFilter()))
    filled.execute(
        "INSERT INTO read_model_statistics.counted_cases (case_id, authority_code, submitted_on, month, outcome, approved,"
        " rejected, ended, overridden) SELECT gen_random_uuid(), n::text, '2026-01-01', '2026-01', 'SUBMITTED', false, false, false, false"
        " FROM generate_series(1, %s) AS n",
        MOST_GROUPS + 1,
    )
    with pytest.raises(Refused, match="fewer keys"):
        answers(filled, (UNSCOPED, [StatisticsKey.AUTHORITY], StatisticsFilter()))
