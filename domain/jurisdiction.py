"""What differs from province to province: who recognises from when, in which periods, and what is kept for how long.

These are facts of a notice and of a bureau's own orders, read from a file (``catalog/jurisdiction.toml``); the rules of the notice
that are the same everywhere stand beside the events they guard. A rule that changes, changes from a day: each act is judged by the
rules of its own day, a period by those of the day on which it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, InstanceOf, StringConstraints, model_validator

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
    "RuleChange",
]

S = TypeVar("S")
T = TypeVar("T")

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
    """What is kept although a person asks for erasure: a record in force, a decision that a review may still reach, and, where the
    province says so, a title that stands; where it does not, the title ends with the erasure.
    """

    integrity_record_in_force: bool
    decision_open_to_review: bool
    title_that_stands: bool = False
    source: Said


class Competence(_Rules):
    """Which levels of title the authorities of one kind award, by the level of their division (职称管理权限)."""

    kind: AuthorityKind
    division: DivisionLevel
    levels: frozenset[TitleLevel]
    source: Said


def _each_once(competences: tuple[Competence, ...]) -> tuple[Competence, ...]:
    seen: set[tuple[AuthorityKind, DivisionLevel]] = set()
    for each in competences:
        if (each.kind, each.division) in seen:
            raise ValueError(f"{each.kind} of a {each.division} stands twice; keep one of the two")
        seen.add((each.kind, each.division))
    return competences


class ChangedPeriods(_Rules):
    """Periods that are other ones from a day on; None for one that stays as it was."""

    accept: Period | None = None
    supplement: Period | None = None
    decide: Period | None = None
    answer: AnswerPeriod | None = None
    review: Period | None = None
    due_soon: Annotated[int, Field(ge=0, le=60)] | None = None


class ChangedWorkingDays(_Rules):
    """What is done, from a day on, about years whose holidays nobody has announced."""

    beyond_known_years: BeyondKnownYears


class RuleChange(_Rules):
    """What is another rule from a day on; None for what stays as it was. ``competences`` stand in place of all before."""

    since: Annotated[date, Field(validation_alias="from")]
    periods: ChangedPeriods | None = None
    integrity: IntegrityTerm | None = None
    retention: Retention | None = None
    competences: Annotated[tuple[Competence, ...], AfterValidator(_each_once)] | None = None
    working_days: ChangedWorkingDays | None = None

    @model_validator(mode="after")
    def _says_something(self) -> RuleChange:
        parts = [value for name, value in self if name != "since" and value is not None]
        if not any(
            any(value is not None for _, value in part) if isinstance(part, BaseModel) else part for part in parts
        ):
            raise ValueError("nothing changes on this day; name a rule, or leave the day out")
        return self


class ProvincialRules(_Rules):
    """The rules of one province, as they were first and as they changed.

    ``division`` is its code (GB/T 2260); ``case_prefix`` opens every case number; nothing is recognised on a day before
    ``commencement``; ``catalog_code`` names the catalog of the notice under which it recognises. ``calendar`` knows the working
    days of the country, and ``beyond_known_years`` says what is done about the years that it does not know. ``changes`` are in the
    order of their days; what may change is asked for by the day.
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
    competences: Annotated[tuple[Competence, ...], AfterValidator(_each_once)]
    beyond_known_years: BeyondKnownYears
    calendar: InstanceOf[WorkingCalendar]
    changes: Annotated[tuple[RuleChange, ...], Field(validation_alias="rules")] = ()

    @model_validator(mode="after")
    def _changes_in_order(self) -> ProvincialRules:
        before = self.commencement
        for number, each in enumerate(self.changes, 1):
            if each.since <= before:
                raise ValueError(
                    f"rules[{number}].from is {each.since}, which is not after {before}; changes stand in the order of their"
                    " days, the first after the commencement"
                )
            before = each.since
        return self

    def awards(self, kind: AuthorityKind, division: DivisionLevel, day: date) -> frozenset[TitleLevel]:
        """The levels that an authority of this kind awards on a day in a division of this level; none where nothing is said of it."""
        competences = self._last(day, lambda change: change.competences, self.competences)
        return next(
            (each.levels for each in competences if (each.kind, each.division) == (kind, division)),
            frozenset(),
        )

    def period(self, kind: DeadlineKind, day: date) -> Period:
        """The period of one kind of deadline that begins on a day."""
        name = kind.value.lower()
        first: Period = getattr(self.periods, name)
        return self._last(day, lambda change: getattr(change.periods, name, None), first)

    def integrity_on(self, day: date) -> IntegrityTerm:
        """How long a record stands that is filed on a day."""
        return self._last(day, lambda change: change.integrity, self.integrity)

    def retention_on(self, day: date) -> Retention:
        """What is kept of a person who asks for erasure on a day."""
        return self._last(day, lambda change: change.retention, self.retention)

    def clock(
        self,
        kind: DeadlineKind,
        start: date,
        suspensions: Iterable[Suspension] = (),
        done_at: datetime | None = None,
    ) -> StatutoryClock:
        """The clock of this kind from a day on, as long as this province gives on that day."""
        period = self.period(kind, start)
        return StatutoryClock(
            kind, start, period.days, tuple(suspensions), done_at, period.unit is PeriodUnit.CALENDAR_DAYS
        )

    def answer_until(self, served_on: date) -> date:
        """The last day on which a holder may answer a proposal of which notice was served on a day; with 0 days, that day.

        Raises ``Refused`` (WORKING_DAYS_UNKNOWN) where the calendar does not know the year.
        """
        if not self.period(DeadlineKind.ANSWER, served_on).days:
            return served_on
        return self.clock(DeadlineKind.ANSWER, served_on).due_on(self._counting(served_on), served_on)

    def due_on(self, kind: DeadlineKind, start: date) -> date | None:
        """The last day of a period that begins on a day; None where the calendar does not know the year."""
        return _due_on(self.clock(kind, start), self._counting(start))

    def kept_through(self, decided_on: date) -> date:
        """The last day on which a decision of a day may be brought to review, for as long as which its papers are kept.

        In a year that the calendar does not know, every weekday counts as worked.
        """
        weekdays = replace(self.calendar, beyond=BeyondKnownYears.WEEKDAYS)
        return self.clock(DeadlineKind.REVIEW, decided_on).due_on(weekdays, decided_on)

    def prolonged(self, kind: DeadlineKind, start: date, due_on: date, waited: Suspension) -> date | None:
        """The last day of a period that began on a day, after a time that is not counted; None where the calendar does not know the year.

        Raises ``ValueError`` while that time goes on.
        """
        if waited.end is None:
            raise ValueError(f"What is awaited since {waited.start} has not come; prolong the period when it has.")
        calendar = self._counting(start)
        with suppress(Refused):
            if self.period(kind, start).unit is PeriodUnit.CALENDAR_DAYS:
                return calendar.worked_from(due_on + (waited.end - waited.start))
            days = calendar.between(waited.start, waited.end)
            return calendar.after(due_on, days) if days else due_on
        return None

    def read_on(self, day: date) -> ReadOn:
        """A day on which deadlines are read, with the province's days before the last on which one is soon due.

        This is a reminder and no period: in a year that the calendar does not know, every weekday counts as worked.
        """
        weekdays = replace(self.calendar, beyond=BeyondKnownYears.WEEKDAYS)
        soon = self._last(day, lambda change: getattr(change.periods, "due_soon", None), self.periods.due_soon)
        return ReadOn(day, weekdays.after(day, soon + 1))

    def _counting(self, day: date) -> WorkingCalendar:
        changed = self._last(day, lambda change: change.working_days, None)
        beyond = changed.beyond_known_years if changed else self.beyond_known_years
        return self.calendar if self.calendar.beyond is beyond else replace(self.calendar, beyond=beyond)

    def _last(self, day: date, stated: Callable[[RuleChange], S | None], first: T) -> S | T:
        """What the last change up to a day says, of those that say anything of it; what stood first where none does."""
        for change in reversed(self.changes):
            said = stated(change) if change.since <= day else None
            if said is not None:
                return said
        return first


@lru_cache(maxsize=4096)
def _due_on(clock: StatutoryClock, calendar: WorkingCalendar) -> date | None:
    """The last day of a clock without suspensions, None where the calendar does not know the year; kept, since a few periods a day
    are asked of every event of that day.
    """
    with suppress(Refused):
        return clock.due_on(calendar, clock.start)
    return None
