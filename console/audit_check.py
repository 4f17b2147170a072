"""``recognition audit check``: every history asked again by the guards of the live commands, and held against the log."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.language import spoken
from console.opened import reading, which_registry
from console.options import AsJson
from console.table_files import AsFile, Format, written
from console.talk import REFUSED, err, fail, note, print_json, say

if TYPE_CHECKING:
    from application.audit import Finding, FindingRow
    from infrastructure.audit.check import AuditReport
    from infrastructure.standing import StandingRegistry

Told = Callable[["Finding"], None]
Progress = Callable[[int, int], None]
_HEADS = ("code", "rule", "stream", "version", "position", "message")


def check(
    case: Annotated[
        str | None, typer.Option("--case", metavar="NUMBER", help="This case alone, and what others say of it.")
    ] = None,
    since: Annotated[
        int | None,
        typer.Option("--since", metavar="POSITION", min=0, help="The streams that gained events after this position."),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", metavar="N", min=1, help="Processes that share a check of everything; one a core."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask every recorded history again by the rules of the live commands, and hold all against the transparency log.

    Columns, seals, streams, times, claims, integrity records and keys are checked as well. Exit code 1, and a sentence for each
    thing found: where it is, which rule is not kept, and the way out. A check of everything is kept for `audit findings`, and goes
    on where it was interrupted.
    """
    if case is not None and since is not None:
        fail("Name a case with --case or a position with --since, one of the two; without both everything is checked.")

    def told(found: Finding) -> None:
        if not as_json:
            note(sentence(found), "red")

    with reading() as registry, _progress() as progress:
        begun = time.monotonic()
        done = _done(registry, case, since, processes, progress, told)
        done.seconds = round(time.monotonic() - begun, 3)
    if as_json:
        print_json(_as_json(done))
    else:
        _print(done)
    if done.findings or done.earlier:
        raise typer.Exit(REFUSED)


def findings(output: AsFile = None, fmt: Format = None, as_json: AsJson = False) -> None:
    """Show what the last check of everything found, and up to which position it read; exit code 1 where it found anything."""
    from infrastructure.audit.runs import last_findings

    with reading() as registry:
        found = last_findings(registry.database.app_url)
    if found is None:
        fail("Nothing has been checked yet: run `recognition audit check`, or leave it to a running server.", REFUSED)
    last, rows = found
    if as_json:
        told = [
            {
                "code": each.code,
                "rule": each.rule,
                "message": each.text(spoken()),
                "streamId": each.stream_id,
                "version": each.version,
                "position": each.position,
            }
            for each in rows
        ]
        print_json({"checkedThrough": str(last.checked_through), "checkedAt": last.checked_at, "findings": told})
    elif not written(output, fmt, "findings", _HEADS, map(_cells, rows)):
        for each in rows:
            parts = (("stream", each.stream_id), ("version", each.version), ("position", each.position))
            place = ", ".join(f"{name} {value}" for name, value in parts if value is not None)
            say(f"{place or 'everything'}: {each.text(spoken())} ({each.rule})")
        note(
            f"Checked through position {last.checked_through} at {last.checked_at:%Y-%m-%d %H:%M}Z: {len(rows)} findings.",
            "dim",
        )
    if rows:
        raise typer.Exit(REFUSED)


def _cells(each: FindingRow) -> tuple[Any, ...]:
    return each.code, each.rule, each.stream_id, each.version, each.position, each.text(spoken())


def sentence(found: Finding) -> str:
    """A finding in one line: where, what, and which rule."""
    return f"{found.place or 'everything'}: {found.said.text(spoken())} ({found.rule})"


def _done(
    registry: StandingRegistry,
    case: str | None,
    since: int | None,
    processes: int | None,
    progress: Progress,
    told: Told,
) -> AuditReport:
    from infrastructure.audit.check import check_all, check_case, check_since
    from infrastructure.audit.shares import cores

    if case is not None:
        found = check_case(registry.audited, case, told)
        if found is None:
            fail(
                f"There is no case {case} in {which_registry()}; check the number, and which registry is asked.",
                REFUSED,
            )
        return found
    if since is not None:
        return check_since(registry.audited, since, progress, told)
    return check_all(registry.audited, progress, told, processes=processes or cores())


def _as_json(done: AuditReport) -> dict[str, Any]:
    found = [
        {
            "code": each.code,
            "rule": each.rule,
            "message": each.said.text(spoken()),
            "streamId": each.stream_id,
            "version": each.version,
            "position": each.position,
        }
        for each in done.findings
    ]
    return {
        "checkedThrough": str(done.position),
        "events": done.events,
        "streams": done.streams,
        "seconds": done.seconds,
        "resumed": done.resumed,
        "earlierFindings": done.earlier,
        "findings": found,
    }


def _print(done: AuditReport) -> None:
    rate = done.events / done.seconds if done.seconds else 0.0
    if done.resumed:
        note("A check that was interrupted was gone on with; events count from there.", "dim")
    note(f"{done.events} events of {done.streams} streams in {done.seconds:.1f} s ({rate:,.0f}/s).", "dim")
    if done.earlier:
        note(f"Before it was interrupted it had found {done.earlier} things: see `recognition audit findings`.", "red")
    if not done.findings and not done.earlier:
        say(f"Every history up to position {done.position} is lawful and as it was recorded.")
    else:
        say(f"{len(done.findings) + done.earlier} findings up to position {done.position}; tell the auditors.")


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("events", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
