"""How many months of work some periods cover (article 3: foreign experience counts as professional experience)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from domain.values import Experience

_DAYS_OF_A_MONTH: Final = 30
"""Days that are no whole month of the calendar are added up over all periods and make a month by thirty."""
_DAY: Final = timedelta(days=1)


def covered_months(periods: Iterable[Experience]) -> int:
    """The whole months that periods cover together, both their days included, days that several share counted once.

    A period that runs on where another ends is one with it; within it months run from day to day of the calendar.
    """
    months = days = 0
    for start, end in _joined(periods):
        whole = _whole_months(start, end + _DAY)
        months += whole
        days += (end + _DAY - _months_later(start, whole)).days
    return months + days // _DAYS_OF_A_MONTH


def _joined(periods: Iterable[Experience]) -> Iterator[tuple[date, date]]:
    ordered = sorted((each.start, each.end) for each in periods)
    start, end = ordered[0] if ordered else (date.max, date.min)
    for following, last in ordered[1:]:
        if following <= end + _DAY:
            end = max(end, last)
            continue
        yield start, end
        start, end = following, last
    if ordered:
        yield start, end


def _whole_months(start: date, until: date) -> int:
    """The most months that lie between a day and a later one, which is not included."""
    months = (until.year - start.year) * 12 + until.month - start.month
    return months if _months_later(start, months) <= until else months - 1


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - _DAY)
