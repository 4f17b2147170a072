"""Statistics: how many cases there were, how they went and how long they took, by the keys that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from application.access import Scope
from application.asking import Compare, Compared, Grouped, Measured, Question, holding
from application.projections.statistics import COUNTED_CASES
from application.queries import Reads
from application.views import StatisticsView
from domain.messages import tell
from domain.refusals import RefusalCode, Refused

MOST_GROUPS: Final = 5_000
"""Rows of one answer."""
_MEASURES: Final = (
    (Measured.ROWS, "case_id"),
    (Measured.TRUE, "approved"),
    (Measured.TRUE, "rejected"),
    (Measured.TRUE, "ended"),
    (Measured.TRUE, "overridden"),
    (Measured.MEDIAN, "days"),
    (Measured.P90, "days"),
)


class StatisticsKey(StrEnum):
    """By what cases are counted."""

    AUTHORITY = "AUTHORITY"
    OFFICER = "OFFICER"
    MONTH = "MONTH"
    CATALOG = "CATALOG"
    ENTRY = "ENTRY"
    FIELD = "FIELD"
    LEVEL = "LEVEL"
    OUTCOME = "OUTCOME"


_COLUMNS: Final = {StatisticsKey.AUTHORITY: "authority_code", StatisticsKey.CATALOG: "catalog_code"}
"""The columns that do not bear the key's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsFilter:
    """Which cases are counted: those submitted from a day to a day, both included, those of an authority."""

    submitted_from: Annotated[date | None, Compared(Compare.LEAST, ("submitted_on",))] = None
    submitted_to: Annotated[date | None, Compared(Compare.MOST, ("submitted_on",))] = None
    authority_code: Annotated[str | None, Compared()] = None


def statistics_question(scope: Scope, by: Sequence[StatisticsKey], which: StatisticsFilter) -> Grouped:
    """The cases of a scope, counted by these keys."""
    columns = tuple(_COLUMNS.get(key, key.value.lower()) for key in by)
    return Grouped(Question(COUNTED_CASES, holding(which), scope=scope), columns, _MEASURES, MOST_GROUPS)


async def statistics(
    reads: Reads, scope: Scope, by: Sequence[StatisticsKey], which: StatisticsFilter
) -> Sequence[StatisticsView]:
    """Counts by these keys, in their order; one row of all cases without any key.

    Raises ``Refused`` (INVALID_INPUT) for a key that is named twice, and where there would be more than ``MOST_GROUPS`` rows.
    """
    if len(set(by)) < len(by):
        raise Refused(RefusalCode.INVALID_INPUT, tell("statistics.named_twice"), "by")
    found = await reads.groups(statistics_question(scope, by, which))
    if len(found) > MOST_GROUPS:
        raise Refused(
            RefusalCode.INVALID_INPUT,
            tell("statistics.too_many_rows", most=MOST_GROUPS),
            "by",
        )
    return [_row(each, len(by)) for each in found]


def _row(group: Sequence[Any], keys: int) -> StatisticsView:
    cases, approved, rejected, ended, overridden, median, p90 = group[keys:]
    return StatisticsView(
        keys=tuple("" if key is None else str(key) for key in group[:keys]),
        cases=cases,
        approved=approved,
        rejected=rejected,
        ended=ended,
        overridden=overridden,
        days_median=median,
        days_p90=p90,
    )
