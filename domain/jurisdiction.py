"""What differs from province to province: who recognises from when, in which periods, and what is kept for how long.

These are facts of a notice and of a bureau's own orders, read from a file (``catalog/jurisdiction.toml``); the rules of the notice
that are the same everywhere stand beside the events they guard.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, StringConstraints, model_validator

from domain.authorities import AuthorityKind, DivisionLevel
from domain.clocks import BeyondKnownYears, ReadOn, StatutoryClock, Suspension, WorkingCalendar
from domain.refusals import Refused
from domain.values import DeadlineKind, TitleLevel

__all__ = [
    "AnswerPeriod",
    "Competence",
    "IntegrityTerm",
    "Period",
    "PeriodUnit",
    "Periods",
    "ProvincialRules",
    "Retention",
]

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""A name or a source in words."""


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PeriodUnit(StrEnum):
    """In which days a period counts."""

    WORKING_DAYS = "WORKING_DAYS"
    CALENDAR_DAYS = "CALENDAR_DAYS"


class Period(_Rules):
    """So many days, and where the law or the bureau says so."""

    days: Annotated[int, Field(ge=1, le=3650)]
    unit: PeriodUnit = PeriodUnit.WORKING_DAYS
    source: Said


class AnswerPeriod(Period):
    """As ``Period``; with 0 days, notice of a proposal is enough, and its holder is waited for no longer."""

    days: Annotated[int, Field(ge=0, le=3650)]


class Periods(_Rules):
    """How long each thing may take: to accept a case, to supplement it, to decide it, to answer a proposal, to ask for a review.

    ``due_soon`` says for how many working days before its last a period is soon due.
    """

    accept: Period
    supplement: Period
    decide: Period
    answer: AnswerPeriod
    review: Period
    due_soon: Annotated[int, Field(ge=0, le=60)]


class IntegrityTerm(_Rules):
    """How many years a record stands in the integrity archive."""

    years: Annotated[int, Field(ge=1, le=99)]
    source: Said


class Retention(_Rules):
    """What is kept although a person asks for erasure: a record in force, and a decision that a review may still reach."""

    integrity_record_in_force: bool
    decision_open_to_review: bool
    source: Said


class Competence(_Rules):
    """Which levels of title the authorities of one kind award, by the level of their division (职称管理权限)."""

    kind: AuthorityKind
    division: DivisionLevel
    levels: frozenset[TitleLevel]
    source: Said


class ProvincialRules(_Rules):
    """The rules of one province.

    ``division`` is its code (GB/T 2260); ``case_prefix`` opens every case number; nothing is recognised on a day before
    ``commencement``; ``catalog_code`` names the catalog of the notice under which it recognises. ``calendar`` knows the working
    days of the country, and ``beyond_known_years`` says what is done about the years that it does not know.
    """

    division: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]0{4}$")]
    name_zh: Said
    name_en: Said
    case_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}$")]
    commencement: date
    catalog_code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
    periods: Periods
    integrity: IntegrityTerm
    retention: Retention
    competences: tuple[Competence, ...]
    beyond_known_years: BeyondKnownYears
    calendar: InstanceOf[WorkingCalendar]

    @model_validator(mode="after")
    def _each_competence_once(self) -> ProvincialRules:
        seen: set[tuple[AuthorityKind, DivisionLevel]] = set()
        for each in self.competences:
            if (each.kind, each.division) in seen:
                raise ValueError(f"{each.kind} of a {each.division} stands twice; keep one of the two")
            seen.add((each.kind, each.division))
        return self

    def awards(self, kind: AuthorityKind, division: DivisionLevel) -> frozenset[TitleLevel]:
        """The levels that an authority of this kind awards in a division of this level; none where nothing is said of it."""
        return next(
            (each.levels for each in self.competences if (each.kind, each.division) == (kind, division)),
            frozenset(),
        )

    def period(self, kind: DeadlineKind) -> Period:
        """The period of one kind of deadline."""
        period: Period = getattr(self.periods, kind.value.lower())
        return period

    def clock(
        self,
        kind: DeadlineKind,
        start: date,
        suspensions: Iterable[Suspension] = (),
        done_at: datetime | None = None,
    ) -> StatutoryClock:
        """The clock of this kind from a day on, as long as this province gives."""
        period = self.period(kind)
        return StatutoryClock(
            kind, start, period.days, tuple(suspensions), done_at, period.unit is PeriodUnit.CALENDAR_DAYS
        )

    def answer_until(self, served_on: date) -> date:
        """The last day on which a holder may answer a proposal of which notice was served on a day; with 0 days, that day.

        Raises ``Refused`` (WORKING_DAYS_UNKNOWN) where the calendar does not know the year.
        """
        if not self.periods.answer.days:
            return served_on
        return self.clock(DeadlineKind.ANSWER, served_on).due_on(self._counting(), served_on)

    def due_on(self, kind: DeadlineKind, start: date) -> date | None:
        """The last day of a period that begins on a day; None where the calendar does not know the year."""
        with suppress(Refused):
            return self.clock(kind, start).due_on(self._counting(), start)
        return None

    def prolonged(self, kind: DeadlineKind, due_on: date, waited: Suspension) -> date | None:
        """The last day of a period after a time that is not counted; None where the calendar does not know the year.

        Raises ``ValueError`` while that time goes on.
        """
        if waited.end is None:
            raise ValueError(f"What is awaited since {waited.start} has not come; prolong the period when it has.")
        calendar = self._counting()
        with suppress(Refused):
            if self.period(kind).unit is PeriodUnit.CALENDAR_DAYS:
                return calendar.worked_from(due_on + (waited.end - waited.start))
            days = calendar.between(waited.start, waited.end)
            return calendar.after(due_on, days) if days else due_on
        return None

    def read_on(self, day: date) -> ReadOn:
        """A day on which deadlines are read, with the province's days before the last on which one is soon due.

        This is a reminder and no period: in a year that the calendar does not know, every weekday counts as worked.
        """
        weekdays = replace(self.calendar, beyond=BeyondKnownYears.WEEKDAYS)
        return ReadOn(day, weekdays.after(day, self.periods.due_soon + 1))

    def _counting(self) -> WorkingCalendar:
        return replace(self.calendar, beyond=self.beyond_known_years)
