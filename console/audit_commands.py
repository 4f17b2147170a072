"""``recognition audit``: what an auditor asks of the registry as a whole, and the proof that nothing was rewritten."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console import audit_check, audit_outliers, audit_pack, log_commands
from console.opened import asking
from console.options import AsJson, day
from console.program import Group
from console.table_files import AsFile, Format, written
from console.talk import REFUSED, UNUSABLE, fail, jsonable, note, print_json, print_rows, say, say_error

app = typer.Typer(
    help="Audit the registry: statistics, and the log that proves that nothing was rewritten, watched and witnessed.",
    no_args_is_help=True,
    cls=Group,
)
app.add_typer(log_commands.app, name="log")
app.command()(audit_check.check)
app.command()(audit_check.findings)
app.command()(audit_outliers.outliers)
app.command()(audit_pack.export)
app.command()(audit_pack.verify)

Keys = Annotated[list[str], typer.Option("--key", help="The log's verifier key, and those of witnesses; repeatable.")]


@app.command()
def watch(
    url: Annotated[str, typer.Argument(help="The registry's address, as https://registry.example.org.")],
    key: Keys,
    keep: Annotated[
        Path, typer.Option("--keep", help="The folder in which the last checkpoint is kept, outside the registry.")
    ] = Path("recognition-watch"),
    token: Annotated[
        str | None,
        typer.Option(
            "--token", envvar="RECOGNITION_TOKEN", help="An auditor's token, to recompute leaves from the API."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once at everything, and end.")] = False,
    every: Annotated[float, typer.Option("--every", min=0.1, help="Seconds between two looks.")] = 5.0,
    whole_every: Annotated[
        float, typer.Option("--whole-every", min=1, help="Seconds after which everything is read anew.")
    ] = 3600,
    as_json: AsJson = False,
) -> None:
    """Watch a registry's log from outside: it only grows, and what the API shows is what was signed.

    The first deviation ends it with exit code 2, in one sentence; exit code 1 says that the log could not be seen.
    """
    from console.watching import DeviationFound, LogUnseen, Watch

    watching = Watch(url, key, keep, token)
    if token is None:
        note("Without --token the log alone is watched; with an auditor's token, events are held against it.")

    def looked(sentence: str, size: int, leaves: int, events: int) -> None:
        if as_json:
            print_json({"size": size, "leaves": leaves, "events": events})
        else:
            say(sentence)

    try:
        watching.run(looked, once=once, every=every, whole_every=whole_every)
    except DeviationFound as deviation:
        if as_json:
            print_json({"deviation": str(deviation), "code": deviation.code})
        say_error(f"{deviation} ({deviation.code})")
        raise typer.Exit(UNUSABLE) from None
    except LogUnseen as unseen:
        fail(str(unseen), REFUSED)


@app.command()
def witness(
    log: Annotated[
        list[str],
        typer.Option("--log", help="The verifier key of a log to confirm, as its operator gave it; repeatable."),
    ],
    name: Annotated[str, typer.Option("--name", help="The witness's own name, as witness.example.org/w1.")],
    state: Annotated[
        Path, typer.Option("--state", help="The folder with the witness's key and what it confirmed last.")
    ] = Path("recognition-witness"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8100,
) -> None:
    """Confirm the checkpoints of another department's log, over HTTP, until interrupted (C2SP tlog-witness).

    Each is confirmed only where it continues the one confirmed before; the key is made in the folder on first use.
    """
    import time

    import uvicorn

    from console.serve_commands import listening
    from console.witness_app import witness_app
    from infrastructure.log.witness import Witness

    with listening(host, port) as listener:
        witnessing = Witness(state, name, log, time.time)
        with witnessing.alone():
            bound = listener.getsockname()
            say(witnessing.key.verifier.vkey)
            note(f"Confirming {len(log)} keys of logs on http://{bound[0]}:{bound[1]}/add-checkpoint.", "dim")
            config = uvicorn.Config(witness_app(witnessing), log_level="warning", access_log=False)
            uvicorn.Server(config).run(sockets=[listener])


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
    output: AsFile = None,
    fmt: Format = None,
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
    heads = (*(each.value.lower() for each in keys), *measures)
    if not written(output, fmt, "statistics", heads, table):
        print_rows("Statistics", heads, table)
