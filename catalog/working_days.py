"""The working days of China as the State Council announces them each autumn for the year to come (国务院办公厅关于节假日安排的通知).

Source: the package ``chinese-calendar``, which carries one year after the other and says for which it does.
"""

from __future__ import annotations

from functools import cache

from chinese_calendar import constants

from domain.clocks import BeyondKnownYears, WorkingCalendar


@cache
def working_calendar(beyond: BeyondKnownYears = BeyondKnownYears.REFUSE) -> WorkingCalendar:
    """Every holiday and every worked weekend of the years that the installed package knows."""
    holidays, worked = frozenset(constants.holidays), frozenset(constants.workdays)
    return WorkingCalendar(
        first_year=min(holidays).year,
        last_year=max(holidays).year,
        holidays=holidays,
        worked_weekends=worked,
        beyond=beyond,
    )
