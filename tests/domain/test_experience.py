"""How many months some periods cover: overlaps once, months as the calendar has them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.experience import covered_months
from domain.values import Experience


def period(start, end):
    """A period, both days included."""
    return Experience(employer="e", start=date.fromisoformat(str(start)), end=date.fromisoformat(str(end)), field="f")


@pytest.mark.parametrize(
    ("periods", "months"),
    [
        ([], 0),
        ([("2019-01-01", "2019-12-31")], 12),
        ([("2018-01-01", "2018-06-30"), ("2018-04-01", "2018-12-31")], 12),
        ([("2018-01-01", "2018-12-31"), ("2018-03-01", "2018-05-31")], 12),
        ([("2018-01-01", "2018-06-30"), ("2018-07-01", "2018-12-31")], 12),
        ([("2020-01-15", "2021-01-10")], 11),
        ([("2020-01-15", "2021-01-14")], 12),
        ([("2020-02-01", "2020-02-28")], 0),
        ([("2020-02-01", "2020-02-29")], 1),
        ([("2021-02-01", "2021-02-28")], 1),
        ([("2020-02-29", "2021-02-28")], 12),
        ([("2019-01-31", "2019-02-26")], 0),
        ([("2019-01-31", "2019-02-27")], 1),
        ([("2020-01-01", "2020-01-15"), ("2020-03-01", "2020-03-15")], 1),
        ([("2020-01-01", "2020-01-14"), ("2020-03-01", "2020-03-15")], 0),
        ([("2020-06-01", "2020-06-01")], 0),
    ],
)
def test_months_of_periods(periods, months):
    """Whole months from day to day, days beside them by thirty, and what several periods share once."""
    assert covered_months(period(*each) for each in periods) == months


DAYS = st.dates(date(1970, 1, 1), date(2030, 12, 31))
PERIODS = st.lists(st.tuples(DAYS, st.integers(0, 3000)), max_size=6).map(
    lambda drawn: [period(start, start + timedelta(days=length)) for start, length in drawn]
)


@given(PERIODS)
def test_never_more_than_the_days_that_lie_in_them(periods):
    """A month has at least 28 days, and no day counts twice."""
    days = {each.start + timedelta(days=n) for each in periods for n in range((each.end - each.start).days + 1)}
    assert covered_months(periods) * 28 <= len(days)


@given(PERIODS, st.randoms())
def test_order_and_repetition_change_nothing(periods, random):
    """The same periods in another order, or stated twice, cover the same months."""
    again = [*periods, *periods]
    random.shuffle(again)
    assert covered_months(again) == covered_months(periods)


@given(PERIODS, PERIODS)
def test_more_periods_never_cover_less(some, others):
    """What is added never takes away."""
    assert covered_months([*some, *others]) >= covered_months(some)
