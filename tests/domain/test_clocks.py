"""Working days of China, and what the law counts in them; on the real calendar of the State Council."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.working_days import working_calendar
from domain.clocks import (
    BeyondKnownYears,
    DeadlineKind,
    DeadlineState,
    StatutoryClock,
    Suspension,
    WorkingCalendar,
    end_of_day,
)
from domain.refusals import RefusalCode, Refused
from domain.values import SHANGHAI

CHINA = working_calendar()
PLAIN = WorkingCalendar(1, 9999, frozenset(), frozenset())
"""Weekdays alone, in every year."""
DAYS = st.dates(date(CHINA.first_year, 1, 1), date(CHINA.last_year, 6, 30))


def noon(day):
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


# ── working days ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        (date(2025, 3, 3), 1, date(2025, 3, 4)),
        (date(2025, 3, 7), 1, date(2025, 3, 10)),  # over a weekend
        (date(2025, 3, 8), 1, date(2025, 3, 10)),  # from a Saturday
        (date(2025, 3, 3), 20, date(2025, 3, 31)),
        (date(2025, 1, 24), 1, date(2025, 1, 26)),  # the Sunday before the Spring Festival is worked
        (date(2025, 1, 26), 2, date(2025, 2, 5)),  # eight days of holidays between
        (date(2025, 1, 27), 3, date(2025, 2, 7)),
        (date(2025, 2, 7), 1, date(2025, 2, 8)),  # the Saturday after is worked
        (date(2025, 9, 26), 2, date(2025, 9, 29)),  # Sunday 28 September is worked
        (date(2025, 9, 30), 1, date(2025, 10, 9)),  # National Day and Mid-Autumn
        (date(2024, 2, 28), 1, date(2024, 2, 29)),  # a leap day is a day
        (date(2024, 2, 29), 1, date(2024, 3, 1)),
        (date(2025, 2, 28), 1, date(2025, 3, 3)),
        (date(2025, 10, 1), 0, date(2025, 10, 9)),
        (date(2025, 10, 9), 0, date(2025, 10, 9)),
    ],
)
def test_the_last_day_of_a_period(start, days, last):
    """The first day is not counted; holidays and weekends are not, worked weekends are."""
    assert CHINA.after(start, days) == last


@given(DAYS, st.integers(1, 90))
def test_a_period_has_as_many_working_days_as_it_says(start, days):
    """The last day is worked, and from the day after the first to it there are so many working days."""
    last = CHINA.after(start, days)
    assert CHINA.is_worked(last)
    assert CHINA.between(start, last) == days


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_periods_add_up(start, first, second):
    """A period after a period ends where the two together end."""
    start = CHINA.worked_from(start)
    assert CHINA.after(CHINA.after(start, first), second) == CHINA.after(start, first + second)


@given(DAYS, st.integers(1, 60))
def test_who_begins_later_ends_no_earlier(start, days):
    """A later first day never gives an earlier last one."""
    assert CHINA.after(start, days) <= CHINA.after(start + timedelta(days=1), days)


def test_every_known_year_has_its_working_days():
    """A year of China has about 250 working days, and not one of its holidays is worked."""
    for year in range(CHINA.first_year, CHINA.last_year + 1):
        days = [date(year, 1, 1) + timedelta(days=passed) for passed in range(366)]
        worked = [day for day in days if day.year == year and CHINA.is_worked(day)]
        assert 245 <= len(worked) <= 256, year
        assert not CHINA.is_worked(date(year, 10, 1))
        assert not CHINA.is_worked(date(year, 5, 1))
    assert not CHINA.holidays & CHINA.worked_weekends


def test_beyond_the_known_years_nothing_is_guessed():
    """A period that reaches into a year whose holidays nobody announced is refused, naming the years that are known."""
    with pytest.raises(Refused, match=f"{CHINA.first_year} to {CHINA.last_year}") as refused:
        CHINA.after(date(CHINA.last_year, 12, 30), 10)
    assert refused.value.code is RefusalCode.WORKING_DAYS_UNKNOWN
    with pytest.raises(Refused):
        CHINA.is_worked(date(CHINA.first_year - 1, 12, 31))


def test_a_jurisdiction_may_count_weekdays_beyond_them():
    """By a setting, every weekday of an unknown year is counted; known years stay as they are."""
    lenient = working_calendar(BeyondKnownYears.WEEKDAYS)
    assert lenient.after(date(CHINA.last_year + 1, 3, 1), 5) == PLAIN.after(date(CHINA.last_year + 1, 3, 1), 5)
    assert lenient.after(date(2025, 9, 30), 1) == date(2025, 10, 9)


def test_no_period_runs_backward():
    """Less than no day is a mistake of the caller."""
    with pytest.raises(ValueError, match="no -1 days"):
        CHINA.after(date(2025, 3, 3), -1)


def test_the_last_day_ends_at_midnight_in_shanghai():
    """A period lasts until 23:59:59 of its last day in Asia/Shanghai, whatever the offset of the instant asked about."""
    assert end_of_day(date(2025, 3, 31)) == datetime(2025, 3, 31, 15, 59, 59, tzinfo=UTC)
    assert end_of_day(date(2025, 3, 31)).tzinfo is SHANGHAI


# ── statutory clocks ──────────────────────────────────────────────────────────────────────────────────────────────────
DECIDE = StatutoryClock(DeadlineKind.DECIDE, date(2025, 3, 3), 20)
"""Due on 31 March 2025."""


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (datetime(2025, 3, 3, 1, tzinfo=UTC), DeadlineState.RUNNING),
        (datetime(2025, 3, 25, 15, 59, 59, tzinfo=UTC), DeadlineState.RUNNING),
        (datetime(2025, 3, 25, 16, 0, 0, tzinfo=UTC), DeadlineState.DUE_SOON),
        (datetime(2025, 3, 31, 15, 59, 59, tzinfo=UTC), DeadlineState.DUE_SOON),
        (datetime(2025, 3, 31, 15, 59, 59, 999_999, tzinfo=UTC), DeadlineState.DUE_SOON),
        (datetime(2025, 3, 31, 16, 0, 0, tzinfo=UTC), DeadlineState.OVERDUE),
    ],
)
def test_a_clock_runs_out_at_the_end_of_its_last_day(at, state):
    """Running, soon due from three working days before, overdue from the first instant of the day after."""
    assert DECIDE.due_on(CHINA, at.date()) == date(2025, 3, 31)
    assert DECIDE.state(CHINA, at, soon=3) is state


@pytest.mark.parametrize(
    ("done", "state"),
    [
        (datetime(2025, 3, 10, 1, tzinfo=UTC), DeadlineState.MET),
        (datetime(2025, 3, 31, 15, 59, 59, tzinfo=UTC), DeadlineState.MET),
        (datetime(2025, 3, 31, 16, 0, 0, tzinfo=UTC), DeadlineState.MISSED),
    ],
)
def test_what_was_done_was_done_in_time_or_late(done, state):
    """A clock that was answered stays met or missed; before that it runs as if nothing had been done."""
    clock = StatutoryClock(DeadlineKind.DECIDE, date(2025, 3, 3), 20, done_at=done)
    assert clock.state(CHINA, done, soon=3) is state
    assert clock.state(CHINA, done + timedelta(days=400), soon=3) is state
    assert clock.state(CHINA, datetime(2025, 3, 4, tzinfo=UTC), soon=3) is DeadlineState.RUNNING


def test_a_supplement_stops_the_clock():
    """Days after the request up to the day on which the supplement came are not counted."""
    asked, came = date(2025, 3, 5), date(2025, 3, 12)
    waiting = StatutoryClock(DeadlineKind.DECIDE, date(2025, 3, 3), 20, (Suspension(asked),))
    going_on = StatutoryClock(DeadlineKind.DECIDE, date(2025, 3, 3), 20, (Suspension(asked, came),))
    assert waiting.state(CHINA, noon(date(2025, 3, 10)), soon=3) is DeadlineState.SUSPENDED
    assert waiting.due_on(CHINA, came) == going_on.due_on(CHINA, came) == CHINA.after(came, 18)
    assert going_on.state(CHINA, noon(came), soon=3) is DeadlineState.RUNNING
    assert waiting.due_on(CHINA, date(2025, 6, 30)) > going_on.due_on(CHINA, came)


def test_what_was_late_before_it_stopped_stays_late():
    """A supplement asked for after the last day saves nobody."""
    clock = StatutoryClock(DeadlineKind.DECIDE, date(2025, 3, 3), 2, (Suspension(date(2025, 3, 7)),))
    assert clock.state(CHINA, noon(date(2025, 3, 10)), soon=1) is DeadlineState.OVERDUE
    assert clock.due_on(CHINA, date(2025, 3, 10)) == date(2025, 3, 5)


@given(DAYS, st.integers(1, 30), st.integers(0, 30), st.integers(0, 40))
def test_a_suspension_costs_exactly_its_working_days(start, days, before, long):
    """One that begins before the last day moves it on by as many working days as it held back, and by none after it."""
    start = CHINA.worked_from(start)
    asked = CHINA.after(start, before)
    came = asked + timedelta(days=long)
    clock = StatutoryClock(DeadlineKind.DECIDE, start, days, (Suspension(asked, came),))
    held = CHINA.between(asked, came) if before < days else 0
    assert clock.due_on(CHINA, came) == CHINA.after(start, days + held)


@given(DAYS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=3), st.integers(1, 30))
def test_suspensions_never_shorten_a_period(start, stops, days):
    """However they overlap, what is due with them is due no earlier than without."""
    stopped = tuple(
        Suspension(start + timedelta(days=first), start + timedelta(days=first + long)) for first, long in stops
    )
    with_them = StatutoryClock(DeadlineKind.DECIDE, start, days, stopped).due_on(CHINA, start)
    assert with_them >= StatutoryClock(DeadlineKind.DECIDE, start, days).due_on(CHINA, start)


@given(DAYS, st.integers(1, 30), st.integers(0, 5))
def test_a_clock_goes_forward_only(start, days, soon):
    """With time, a clock that nobody answers is running, then soon due, then overdue, and never goes back."""
    order = [DeadlineState.RUNNING, DeadlineState.DUE_SOON, DeadlineState.OVERDUE]
    clock = StatutoryClock(DeadlineKind.ACCEPT, start, days)
    last = clock.due_on(CHINA, start)
    seen = [
        order.index(clock.state(CHINA, noon(start + timedelta(days=passed)), soon))
        for passed in range((last - start).days + 3)
    ]
    assert seen == sorted(seen)
    assert seen[-1] == 2
    assert seen[-3] == 1


def test_a_review_is_asked_for_within_days_of_the_calendar():
    """Sixty days of the calendar; one that would end on a holiday ends on the first working day after (2025-10-01 to -08)."""
    clock = StatutoryClock(DeadlineKind.REVIEW, date(2025, 8, 4), 60, calendar_days=True)
    assert date(2025, 8, 4) + timedelta(days=60) == date(2025, 10, 3)
    assert clock.due_on(CHINA, date(2025, 8, 4)) == date(2025, 10, 9)
    assert StatutoryClock(DeadlineKind.REVIEW, date(2025, 3, 3), 60, calendar_days=True).due_on(
        CHINA, date(2025, 3, 3)
    ) == date(2025, 5, 6)


def test_a_clock_of_no_days_and_a_suspension_that_ends_before_it_starts_are_mistakes():
    """Whoever makes one learns so at once."""
    with pytest.raises(ValueError, match="at least one"):
        StatutoryClock(DeadlineKind.ANSWER, date(2025, 3, 3), 0)
    with pytest.raises(ValueError, match="cannot end"):
        Suspension(date(2025, 3, 3), date(2025, 3, 2))
