"""``recognition audit``: what an auditor asks of the registry as a whole, and the proof that nothing was rewritten."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console import audit_check, audit_events, audit_outliers, audit_pack, log_commands
from console.language import spoken, worded
from console.opened import asking
from console.options import AsJson, day
from console.program import Commands
from console.table_files import AsFile, Format, written
from console.talk import REFUSED, UNUSABLE, fail, jsonable, note, print_json, print_rows, say, say_error
from domain.messages import Message, tell

app = Commands("audit")
app.add_typer(log_commands.app, name="log")
app.command()(audit_check.check)
app.command()(audit_check.findings)
app.command()(audit_events.events)
app.command()(audit_events.sample)
app.command()(audit_outliers.outliers)
app.command()(audit_pack.export)
app.command()(audit_pack.verify)

Keys = Annotated[list[str], typer.Option("--key", help="help.option.key")]


@app.command()
def watch(
    url: Annotated[str, typer.Argument(help="help.audit.watch.url")],
    key: Keys,
    keep: Annotated[Path, typer.Option("--keep", help="help.audit.watch.keep")] = Path("recognition-watch"),
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="RECOGNITION_TOKEN", help="help.audit.watch.token"),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="help.audit.watch.once")] = False,
    every: Annotated[float, typer.Option("--every", min=0.1, help="help.audit.watch.every")] = 5.0,
    whole_every: Annotated[float, typer.Option("--whole-every", min=1, help="help.audit.watch.whole_every")] = 3600,
    as_json: AsJson = False,
) -> None:
    """``recognition audit watch``: see ``command.audit.watch``."""
    from console.watching import DeviationFound, LogUnseen, Watch

    watching = Watch(url, key, keep, token)
    if token is None:
        note(tell("said.watch.log_alone"))

    def looked(sentence: Message, size: int, leaves: int, events: int) -> None:
        if as_json:
            print_json({"size": size, "leaves": leaves, "events": events})
        else:
            say(sentence)

    try:
        watching.run(looked, once=once, every=every, whole_every=whole_every)
    except DeviationFound as deviation:
        if as_json:
            print_json({"deviation": worded(deviation.said), "code": deviation.code})
        say_error(tell("said.coded", said=deviation.said, code=deviation.code))
        raise typer.Exit(UNUSABLE) from None
    except LogUnseen as unseen:
        fail(unseen.said, REFUSED)


@app.command()
def witness(
    log: Annotated[
        list[str],
        typer.Option("--log", help="help.audit.witness.log"),
    ],
    name: Annotated[str, typer.Option("--name", help="help.audit.witness.name")],
    state: Annotated[Path, typer.Option("--state", help="help.audit.witness.state")] = Path("recognition-witness"),
    host: Annotated[str, typer.Option(help="help.audit.witness.host")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="help.audit.witness.port")] = 8100,
) -> None:
    """``recognition audit witness``: see ``command.audit.witness``."""
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
            note(
                tell("said.witness.confirming", count=len(log), address=f"http://{bound[0]}:{bound[1]}/add-checkpoint"),
                "dim",
            )
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
        typer.Option("--by", help="help.audit.statistics.by", case_sensitive=False),
    ] = None,
    first: Annotated[
        date | None, typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="help.audit.statistics.first")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="help.audit.statistics.last")
    ] = None,
    authority: Annotated[
        str | None, typer.Option("--authority", metavar="CODE", help="help.audit.statistics.authority")
    ] = None,
    output: AsFile = None,
    fmt: Format = None,
    as_json: AsJson = False,
) -> None:
    """``recognition audit statistics``: see ``command.audit.statistics``."""
    from application.asking import UNSCOPED
    from application.statistics import StatisticsFilter, StatisticsKey
    from application.statistics import statistics as counted
    from domain.refusals import Refused

    keys = [StatisticsKey(each.value) for each in by or ()]
    which = StatisticsFilter(submitted_from=first, submitted_to=last, authority_code=authority)
    try:
        rows = asking(lambda registry: counted(registry.reads, UNSCOPED, keys, which))
    except Refused as refused:
        fail(refused.text(spoken()))
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
        print_rows(tell("said.audit.statistics"), (*heads[:-1], "days p90"), table)
