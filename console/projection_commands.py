"""``recognition projections``: how far the read models are, whether they are right, and making them anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import account
from console.language import Said
from console.opened import reading, writing
from console.options import AsJson
from console.program import Commands
from console.progress import progress
from console.talk import REFUSED, fail, jsonable, note, print_json, print_pairs, print_rows, say
from domain.messages import tell

if TYPE_CHECKING:
    from application.projections.projection import Projection
    from infrastructure.projections.compare import Comparison

app = Commands("projections")

Name = Annotated[str | None, typer.Argument(help="help.projections.name")]


@app.command()
def status(name: Name = None, as_json: AsJson = False) -> None:
    """``recognition projections status``: see ``command.projections.status``."""
    from infrastructure.projections.positions import projection_status

    asked = _named(name)
    with reading() as registry:
        registry.stored_shapes()
        found: list[dict[str, Any]] = [jsonable(projection_status(registry.database, each)) for each in asked]
    if as_json:
        print_json(found[0] if name else {"projections": found})
    else:
        for each in found:
            facts: list[tuple[Said, Any]] = [
                (_words(key), value) for key, value in each.items() if key != "quarantined"
            ]
            print_pairs(tell("said.projections.read_model", name=each["name"]), facts)
        for aside in found[0]["quarantined"]:
            note(
                tell(
                    "said.projections.aside",
                    topic=aside["topic"],
                    position=aside["position"],
                    version=aside["version"],
                    stream=aside["streamId"],
                    operator=aside["operator"],
                    reason=aside["reason"],
                ),
                "yellow",
            )
    if any(each["lastError"] for each in found):
        raise typer.Exit(REFUSED)


@app.command()
def check(name: Name = None, as_json: AsJson = False) -> None:
    """``recognition projections check``: see ``command.projections.check``."""
    from infrastructure.projections import rebuild as rebuilding

    asked = _named(name)
    with reading() as registry, progress(tell("said.progress.checking")) as bar:
        registry.catch_up()
        reports = {each.name: rebuilding.check(registry.database, registry.mapper, each, bar) for each in asked}
    complete = all(report.is_complete for report in reports.values())
    if as_json:
        told = [jsonable(report) | {"name": key, "complete": report.is_complete} for key, report in reports.items()]
        print_json(told[0] if name else {"projections": told, "complete": complete})
    else:
        for each, report in reports.items():
            _print(each, report.comparisons)
            for table, keys in report.differing_keys.items():
                note(tell("said.projections.differs", table=table, keys=tuple(str(key) for key in keys)), "red")
        _tell_of_findings()
        last = min(report.position for report in reports.values())
        good = tell("said.projections.well")
        broken = tell("said.projections.not_well")
        note(
            tell(
                "said.log.and",
                well=good if complete else broken,
                position=tell("said.projections.through", position=last),
            ),
            "green",
        )
    if not complete:
        raise typer.Exit(REFUSED)


@app.command()
def rebuild(
    name: Name = None,
    although: Annotated[
        str | None,
        typer.Option(
            "--although",
            metavar="REASON",
            help="help.projections.rebuild.although",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """``recognition projections rebuild``: see ``command.projections.rebuild``."""
    from infrastructure.audit.runs import EventsUnlawfulError, require_lawful
    from infrastructure.projections import rebuild as rebuilding

    asked = _named(name)
    with writing(catch_up=False) as registry, progress(tell("said.progress.rebuilding")) as bar:
        try:
            disregarded = require_lawful(registry.database.app_url, "projections rebuild", although, account())
        except EventsUnlawfulError as unlawful:
            fail(tell("said.coded", said=unlawful.said, code=unlawful.code), REFUSED)
        if disregarded is not None:
            note(tell("said.projections.although", findings=disregarded.findings), "red")
        report = rebuilding.rebuild(registry.database, registry.mapper, asked, bar)
    if as_json:
        print_json(report)
        return
    if report.comparisons is not None:
        _print(name or tell("said.projections.of_all"), report.comparisons)
    rate = report.events / report.seconds if report.seconds else 0.0
    say(
        tell(
            "said.projections.rebuilt",
            events=report.events,
            seconds=f"{report.seconds:.1f}",
            rate=f"{rate:,.0f}",
            position=report.position,
            count=len(report.differences),
        )
    )


@app.command()
def quarantine(
    position: Annotated[int, typer.Argument(help="help.projections.quarantine.position")],
    reason: Annotated[str, typer.Option("--reason", help="help.projections.quarantine.reason")],
) -> None:
    """``recognition projections quarantine``: see ``command.projections.quarantine``."""
    from infrastructure.quarantine import set_aside_over

    if len(reason.strip()) < 3:
        fail(tell("said.projections.reason_missing"))
    with reading() as registry:
        wrong = set_aside_over(registry.database.owner_url, registry.mapper, position, reason.strip(), account())
    say(tell("said.projections.now_aside", wrong=wrong))


def _tell_of_findings() -> None:
    """That the tables say what the events say is little worth where the events are not lawful."""
    from infrastructure.audit.runs import last_findings

    with reading() as registry:
        last = last_findings(registry.database.app_url)
    if last is not None and last[1]:
        note(tell("said.projections.audit_found", count=len(last[1])), "red")


def _words(name: str) -> str:
    return "".join(f" {each.lower()}" if each.isupper() else each for each in name)


def _named(name: str | None) -> Sequence[Projection]:
    """The projections that are asked for: the one of that name, or all."""
    from application.projections.all import PROJECTIONS

    found = [each for each in PROJECTIONS if name in {None, each.name}]
    if not found:
        fail(tell("said.projections.no_such", name=str(name), known=tuple(each.name for each in PROJECTIONS)))
    return found


def _print(name: Said, comparisons: Iterable[Comparison]) -> None:
    rows = [(each.table, each.live.rows, each.rebuilt.rows, not each.differs) for each in comparisons]
    print_rows(
        tell("said.projections.read_model", name=name), ("table", "rows live", "rows from events", "the same"), rows
    )
