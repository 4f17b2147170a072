"""``recognition audit outliers``: what stands out among officers, each number beside the others'."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from console.language import spoken
from console.opened import asking
from console.options import AsJson, day
from console.table_files import AsFile, Format, written
from console.talk import note, print_json, say
from domain.messages import tell


def outliers(
    first: Annotated[
        date | None, typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="help.audit.outliers.first")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="help.audit.outliers.last")
    ] = None,
    within: Annotated[int, typer.Option("--within", metavar="SECONDS", min=1, help="help.audit.outliers.within")] = 60,
    output: AsFile = None,
    fmt: Format = None,
    as_json: AsJson = False,
) -> None:
    """``recognition audit outliers``: see ``command.audit.outliers``."""
    from datetime import datetime, time

    from anyio import to_thread

    from application.outliers import outliers as standing_out
    from domain.values import SHANGHAI
    from infrastructure.audit.officers import officer_counts

    begin = datetime.combine(first or date(1, 1, 2), time.min, SHANGHAI)
    end = datetime.combine((last or date(9999, 12, 30)) + timedelta(days=1), time.min, SHANGHAI)
    counts = asking(lambda registry: to_thread.run_sync(officer_counts, registry.database.app_url, begin, end, within))
    found = standing_out(counts)
    heads = ("kind", "officers", "number", "of", "others", "others of", "message")
    table = (
        (
            each.kind.value,
            ", ".join(each.officers),
            each.own.number,
            each.own.of,
            each.others.number,
            each.others.of,
            each.said.text(spoken()),
        )
        for each in found
    )
    if written(output, fmt, "outliers", heads, table):
        return
    if as_json:
        rows = [
            {
                "kind": each.kind.value,
                "officers": list(each.officers),
                "number": each.own.number,
                "of": each.own.of,
                "others": each.others.number,
                "othersOf": each.others.of,
                "message": each.said.text(spoken()),
            }
            for each in found
        ]
        print_json({"officers": len(counts.officers), "withinSeconds": within, "outliers": rows})
        return
    for each in found:
        say(each.said.text(spoken()))
    note(
        tell("said.audit.outliers", count=len(found), officers=len(counts.officers)),
        "dim",
    )
