"""Working days of China, and the clocks that the law counts in them.

Everything here is a function of its arguments: which days are holidays, and which weekends are worked (调休), is known to a
``WorkingCalendar``, and what instant it is comes with the question.

Sources: 行政许可法 第八十二条: 期限以工作日计算, holidays left out. 民法典 第二百零一条, 第二百零三条: the day on which a period begins is
not counted, the last one ends at midnight, and where it is a holiday the first day after the holidays is the last.
行政许可法 第四十五条: what a supplement, a hearing or an expert takes is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import SHANGHAI, DeadlineKind, shanghai_day

__all__ = [
    "BeyondKnownYears",
    "Deadline",
    "DeadlineState",
    "ReadOn",
    "StatutoryClock",
    "Suspension",
    "WorkingCalendar",
    "end_of_day",
    "start_of_day",
]

_LAST_SECOND: Final = time(23, 59, 59)
_DAY: Final = timedelta(days=1)


class BeyondKnownYears(StrEnum):
    """What is done about a year whose holidays nobody has announced: not to guess, or to count every weekday as worked."""

    REFUSE = "REFUSE"
    WEEKDAYS = "WEEKDAYS"


def start_of_day(day: date) -> datetime:
    """The first instant of a business day: 00:00 in Shanghai."""
    return datetime.combine(day, time.min, SHANGHAI)


def end_of_day(day: date) -> datetime:
    """The instant until which a period lasts whose last day this is: 23:59:59 in Asia/Shanghai."""
    return datetime.combine(day, _LAST_SECOND, SHANGHAI)


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days are worked: weekdays that are no holidays, and weekends that are worked in their place.

    ``holidays`` and ``worked_weekends`` are complete for the years from ``first_year`` to ``last_year``.
    """

    first_year: int
    last_year: int
    holidays: frozenset[date]
    worked_weekends: frozenset[date]
    beyond: BeyondKnownYears = BeyondKnownYears.REFUSE

    def is_worked(self, day: date) -> bool:
        """Whether a day is worked. Raises ``Refused`` (WORKING_DAYS_UNKNOWN) beyond the known years, unless weekdays are to do."""
        if not self.first_year <= day.year <= self.last_year and self.beyond is BeyondKnownYears.REFUSE:
            raise Refused(
                RefusalCode.WORKING_DAYS_UNKNOWN,
                tell("clock.working_days_unknown", year=day.year, first=self.first_year, last=self.last_year),
            )
        return day in self.worked_weekends or (day.weekday() < 5 and day not in self.holidays)

    def after(self, start: date, days: int) -> date:
        """The last day of a period of so many working days that begins on ``start``, which is not counted.

        With 0 days it is ``start`` itself where that is worked, else the next day that is. Raises ``ValueError`` for less.
        """
        if days < 0:
            raise ValueError(f"A period has no {days} days; count from 0 up.")
        if days == 0:
            return self.worked_from(start)
        following = self._worked_after(start)
        for _ in range(days - 1):
            next(following)
        return next(following)

    def worked_from(self, day: date) -> date:
        """The day itself where it is worked, else the next that is: where a period ends whose last day is a holiday."""
        return day if self.is_worked(day) else next(self._worked_after(day))

    def between(self, start: date, end: date) -> int:
        """How many working days lie after ``start`` up to and with ``end``; 0 where none does."""
        return sum(self.is_worked(start + _DAY * passed) for passed in range(1, (end - start).days + 1))

    def _worked_after(self, day: date) -> Iterator[date]:
        while True:
            if day == date.max:  # the calendar itself ends; a period that began then has no last day
                yield day
                continue
            day += _DAY
            if self.is_worked(day):
                yield day


class DeadlineState(StrEnum):
    """How a clock stands: still running, soon due, over; done in time, done late; or suspended."""

    RUNNING = "RUNNING"
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    MET = "MET"
    MISSED = "MISSED"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class ReadOn:
    """The day in Shanghai on which deadlines are read; what is due before ``soon_before`` is due soon."""

    day: date
    soon_before: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A clock whose last day was pinned by an event: nothing but events moves it.

    ``done_on`` is the day on which what had to be done was done, None until then. While it is ``suspended``, its last day is that
    of before; an event pins a later one when it runs again.
    """

    kind: DeadlineKind
    due_on: date
    done_on: date | None = None
    suspended: bool = False

    @property
    def runs(self) -> bool:
        """Whether it runs: neither done nor suspended."""
        return self.done_on is None and not self.suspended

    def state(self, on: ReadOn) -> DeadlineState:
        """How it stands on a day; a day lasts until 23:59:59 in Shanghai."""
        if self.done_on is not None:
            return DeadlineState.MET if self.done_on <= self.due_on else DeadlineState.MISSED
        if self.suspended:
            return DeadlineState.SUSPENDED
        if self.due_on < on.day:
            return DeadlineState.OVERDUE
        return DeadlineState.DUE_SOON if self.due_on < on.soon_before else DeadlineState.RUNNING


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time that is not counted: from the day after ``start`` to the day ``end``, or still, where that is None.

    Raises ``ValueError`` where it ends before it starts.
    """

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"A suspension that starts on {self.start} cannot end on {self.end}; correct the days.")

    def holds_back(self, day: date) -> bool:
        """Whether this day is not counted."""
        return self.start < day and (self.end is None or day <= self.end)

    def stands_on(self, day: date) -> bool:
        """Whether the clock stands still at the end of this day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class StatutoryClock:
    """A period that the law gives, from the day of an event.

    ``days`` are working days; or, with ``calendar_days``, days of the calendar, where the last one that is no working day gives
    way to the next that is. ``done_at`` is the instant at which what had to be done was done. Raises ``ValueError`` for less
    than one day.
    """

    kind: DeadlineKind
    start: date
    days: int
    suspensions: tuple[Suspension, ...] = ()
    done_at: datetime | None = None
    calendar_days: bool = False

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"A deadline of {self.days} days is none; give at least one.")

    def due_on(self, calendar: WorkingCalendar, today: date) -> date:
        """The last day in time, as far as it can be told today: a suspension that goes on is taken to end today.

        Raises ``Refused`` (WORKING_DAYS_UNKNOWN) where the calendar does not know the year.
        """
        known = tuple(Suspension(each.start, each.end or max(today, each.start)) for each in self.suspensions)
        day, left = self.start, self.days
        while left and day < date.max:  # the calendar itself ends there
            day += _DAY
            counts = self.calendar_days or calendar.is_worked(day)
            if counts and not any(each.holds_back(day) for each in known):
                left -= 1
        return calendar.worked_from(day) if self.calendar_days else day

    def state(self, calendar: WorkingCalendar, at: datetime, soon: int) -> DeadlineState:
        """How the clock stands at an instant; ``soon`` says for how many working days before its last it is soon due.

        What was done after the instant was not done yet. Raises ``Refused`` (WORKING_DAYS_UNKNOWN) where the calendar does not
        know the year.
        """
        today = shanghai_day(at)
        done = None if self.done_at is None or self.done_at > at else shanghai_day(self.done_at)
        due = self.due_on(calendar, done or today)
        stopped = today <= due and any(each.stands_on(today) for each in self.suspensions)
        known = Deadline(kind=self.kind, due_on=due, done_on=done, suspended=stopped)
        return known.state(ReadOn(today, calendar.after(today, soon + 1)))
