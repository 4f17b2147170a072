"""``recognition audit``: what an auditor asks of the registry as a whole."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from console.opened import asking
from console.options import AsJson, day
from console.program import Group
from console.talk import fail, jsonable, print_json, print_rows

app = typer.Typer(help="Ask about the registry as a whole: statistics.", no_args_is_help=True, cls=Group)


class CountedBy(StrEnum):
    """By what cases are counted, as ``application.statistics.StatisticsKey``."""

    AUTHORITY = "AUTHORITY"
    OFFICER = "OFFICER"
    MONTH = "MONTH"
    CATALOG = "CATALOG"
    ENTRY = "ENTRY"
    FIELD = "FIELD"
    LEVEL = "LEVEL"
    OUTCOME = "OUTCOME"


@app.callback()
def audit() -> None:
    """Ask about the registry as a whole."""


@app.command()
def statistics(
    by: Annotated[
        list[CountedBy] | None,
        typer.Option("--by", help="Count by this; again for more.", case_sensitive=False),
    ] = None,
    first: Annotated[
        date | None, typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="Submitted on this day or later.")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="Submitted on this day or earlier.")
    ] = None,
    authority: Annotated[
        str | None, typer.Option("--authority", metavar="CODE", help="Cases of this authority.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how many cases there were, how they went, and the days from submission to decision; days are those of Shanghai."""
    from application.asking import UNSCOPED
    from application.statistics import StatisticsFilter, StatisticsKey
    from application.statistics import statistics as counted
    from domain.refusals import Refused

    keys = [StatisticsKey(each.value) for each in by or ()]
    which = StatisticsFilter(submitted_from=first, submitted_to=last, authority_code=authority)
    try:
        rows = asking(lambda registry: counted(registry.reads, UNSCOPED, keys, which))
    except Refused as refused:
        fail(refused.message)
    if as_json:
        print_json({"by": [each.value for each in keys], "rows": jsonable(rows)})
        return
    measures = ("cases", "approved", "rejected", "ended", "overridden", "days median", "days 90 %")
    table = [
        (
            *each.keys,
            each.cases,
            each.approved,
            each.rejected,
            each.ended,
            each.overridden,
            each.days_median,
            each.days_p90,
        )
        for each in rows
    ]
    print_rows("Statistics", (*(each.value.lower() for each in keys), *measures), table)
