"""``recognition projections``: how far the read models are, whether they are right, and making them anew."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import account
from console.opened import reading, writing
from console.options import AsJson
from console.program import Group
from console.talk import REFUSED, err, fail, jsonable, note, print_json, print_pairs, print_rows, say

if TYPE_CHECKING:
    from application.projections.projection import Projection
    from infrastructure.projections.compare import Comparison

app = typer.Typer(
    help="The read models: how far they are, whether they are right, making them anew.", no_args_is_help=True, cls=Group
)

Name = Annotated[str | None, typer.Argument(help="One read model, as registry or statistics; all without it.")]


@app.command()
def status(name: Name = None, as_json: AsJson = False) -> None:
    """Show how far the read models are behind the events, and what keeps them from going on, if anything."""
    from infrastructure.projections.positions import projection_status

    asked = _named(name)
    with reading() as registry:
        registry.stored_shapes()
        found: list[dict[str, Any]] = [jsonable(projection_status(registry.database, each)) for each in asked]
    if as_json:
        print_json(found[0] if name else {"projections": found})
    else:
        for each in found:
            facts = [(_words(key), value) for key, value in each.items() if key != "quarantined"]
            print_pairs(f"Read model {each['name']}", facts)
        for aside in found[0]["quarantined"]:
            note(
                f"Set aside: {aside['topic']} at position {aside['position']}, version {aside['version']} of stream"
                f" {aside['streamId']}, by {aside['operator']}: {aside['reason']}",
                "yellow",
            )
    if any(each["lastError"] for each in found):
        raise typer.Exit(REFUSED)


@app.command()
def check(name: Name = None, as_json: AsJson = False) -> None:
    """Fold all events anew beside the live tables and compare; exit code 1 and the rows where they differ."""
    from infrastructure.projections import rebuild as rebuilding

    asked = _named(name)
    with reading() as registry, _progress("checking") as progress:
        registry.catch_up()
        reports = {each.name: rebuilding.check(registry.database, registry.mapper, each, progress) for each in asked}
    complete = all(report.is_complete for report in reports.values())
    if as_json:
        told = [jsonable(report) | {"name": key, "complete": report.is_complete} for key, report in reports.items()]
        print_json(told[0] if name else {"projections": told, "complete": complete})
    else:
        for each, report in reports.items():
            _print(each, report.comparisons)
            for table, keys in report.differing_keys.items():
                note(f"{table} differs at {', '.join(str(key) for key in keys)}", "red")
        _tell_of_findings()
        last = min(report.position for report in reports.values())
        good = "The tables are what the events say."
        broken = "The tables are not what the events say; run `recognition projections rebuild`."
        note(f"{good if complete else broken} Position {last}.", "green")
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
            help="Why, where the audit found something; recorded with your account's name.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the read models anew from the events, beside the live ones, compare, and put them in place at once.

    Refused where the last audit found events that are unlawful or altered, since that would make them official.
    """
    from infrastructure.audit.runs import EventsUnlawfulError, require_lawful
    from infrastructure.projections import rebuild as rebuilding

    asked = _named(name)
    with writing(catch_up=False) as registry, _progress("rebuilding") as progress:
        try:
            disregarded = require_lawful(registry.database.app_url, "projections rebuild", although, account())
        except EventsUnlawfulError as unlawful:
            fail(f"{unlawful} ({unlawful.code})", REFUSED)
        if disregarded is not None:
            note(f"Rebuilt although the audit found {disregarded.findings} things; that is on the record.", "red")
        report = rebuilding.rebuild(registry.database, registry.mapper, asked, progress)
    if as_json:
        print_json(report)
        return
    if report.comparisons is not None:
        _print(name or "of every projection", report.comparisons)
    rate = report.events / report.seconds if report.seconds else 0.0
    say(
        f"{report.events} events in {report.seconds:.1f} s ({rate:,.0f}/s), in place at position {report.position};"
        f" {len(report.differences)} tables differed from the events before."
    )


@app.command()
def quarantine(
    position: Annotated[int, typer.Argument(help="The position of the event, as `projections status` names it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is set aside; recorded, and shown by `status`.")],
) -> None:
    """Set aside an event that cannot be read, so that all others go on; recorded with your account's name, never silent.

    The event stays where it is. Its stream is not projected from it on; a release that reads it again takes it in at a rebuild.
    """
    from infrastructure.quarantine import set_aside_over

    if len(reason.strip()) < 3:
        fail("Say why the event is set aside, in a few words, with --reason.")
    with reading() as registry:
        wrong = set_aside_over(registry.database.owner_url, registry.mapper, position, reason.strip(), account())
    say(f"{wrong} It is set aside; `recognition projections status` shows it.")


def _tell_of_findings() -> None:
    """That the tables say what the events say is little worth where the events are not lawful."""
    from infrastructure.audit.runs import last_findings

    with reading() as registry:
        last = last_findings(registry.database.app_url)
    if last is not None and last[1]:
        note(
            f"The audit found {len(last[1])} things in the events themselves: see `recognition audit findings`.", "red"
        )


def _words(name: str) -> str:
    return "".join(f" {each.lower()}" if each.isupper() else each for each in name)


def _named(name: str | None) -> Sequence[Projection]:
    """The projections that are asked for: the one of that name, or all."""
    from application.projections.all import PROJECTIONS

    found = [each for each in PROJECTIONS if name in {None, each.name}]
    if not found:
        fail(
            f"There is no read model {name}; name one of {', '.join(each.name for each in PROJECTIONS)}, or none for all."
        )
    return found


def _print(name: str, comparisons: Iterable[Comparison]) -> None:
    rows = [(each.table, each.live.rows, each.rebuilt.rows, not each.differs) for each in comparisons]
    print_rows(f"Read model {name}", ("table", "rows live", "rows from events", "the same"), rows)


@contextlib.contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, told position and aim."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err, transient=True
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda position, aim: bar.update(task, completed=position, total=aim)
