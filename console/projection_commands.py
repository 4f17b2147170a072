"""``recognition projections``: how far the read models are, whether they are right, and making them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from console.talk import REFUSED, err, explaining, out, print_json
from infrastructure.composition import open_registry
from infrastructure.projections import rebuild as rebuilding
from infrastructure.projections.compare import Comparison
from infrastructure.projections.positions import projection_status
from infrastructure.settings import Settings

app = typer.Typer(
    help="The read models: how far they are, whether they are right, making them anew.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how far the read models are behind the events, and what keeps them from going on, if anything."""
    with explaining(), open_registry(Settings()) as registry:
        found = projection_status(registry.database)
    if as_json:
        print_json(asdict(found))
    else:
        table = Table(show_header=False)
        for name, value in asdict(found).items():
            table.add_row(name.replace("_", " "), "" if value is None else str(value))
        out.print(table)
    if found.last_error:
        raise typer.Exit(REFUSED)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Fold all events anew beside the live tables and compare; exit code 1 and the rows where they differ."""
    with explaining(), open_registry(Settings()) as registry, _progress("checking") as progress:
        registry.projections.run_until_caught_up()
        report = rebuilding.check(registry.database, registry.mapper, progress)
    if as_json:
        print_json(asdict(report))
    else:
        _print(report.comparisons)
        for name, keys in report.differing_keys.items():
            out.print(f"[red]{name}[/] differs at {', '.join(str(key) for key in keys)}")
        complete = "[green]The tables are what the events say.[/]"
        broken = "[red]The tables are not what the events say; run `recognition projections rebuild`.[/]"
        out.print(f"{complete if report.is_complete else broken} Position {report.position}.")
    if not report.is_complete:
        raise typer.Exit(REFUSED)


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Make the read models anew from the events, beside the live ones, compare, and put them in place at once."""
    with explaining(), open_registry(Settings()) as registry, _progress("rebuilding") as progress:
        report = rebuilding.rebuild(registry.database, registry.mapper, progress)
    if as_json:
        print_json(asdict(report))
        return
    if report.comparisons is not None:
        _print(report.comparisons)
    rate = report.events / report.seconds if report.seconds else 0.0
    out.print(
        f"{report.events} events in {report.seconds:.1f} s ({rate:,.0f}/s), in place at position {report.position};"
        f" {len(report.differences)} tables differed from the events before."
    )


def _print(comparisons: Iterable[Comparison]) -> None:
    table = Table()
    for column in ("table", "rows live", "rows from events", "the same"):
        table.add_column(column)
    for each in comparisons:
        table.add_row(each.table, str(each.live.rows), str(each.rebuilt.rows), "no" if each.differs else "yes")
    out.print(table)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, told position and aim."""
    bar = Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err, transient=True
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda position, aim: bar.update(task, completed=position, total=aim)
