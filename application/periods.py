"""Statutory periods, as the guards ask for them."""

from datetime import date, timedelta


class PlainPeriods:
    """Days of the week."""

    def __init__(self, hearing_days: int = 5) -> None:
        self._days = hearing_days

    def answer_until(self, served_on: date) -> date:
        """The last day to answer."""
        day, left = served_on, self._days
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5
        return day
