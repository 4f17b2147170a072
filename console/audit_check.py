"""``recognition audit check``: every history asked again by the guards of the live commands, and held against the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.language import spoken, worded
from console.opened import reading, which_registry
from console.options import AsJson
from console.progress import Progress, progress
from console.table_files import AsFile, Format, written
from console.talk import REFUSED, fail, note, print_json, say
from domain.messages import tell

if TYPE_CHECKING:
    from application.audit import Finding, FindingRow
    from infrastructure.audit.check import AuditReport
    from infrastructure.standing import StandingRegistry

Told = Callable[["Finding"], None]
_HEADS = ("code", "rule", "stream", "version", "position", "message")


def check(
    case: Annotated[str | None, typer.Option("--case", metavar="NUMBER", help="help.audit.check.case")] = None,
    since: Annotated[
        int | None,
        typer.Option("--since", metavar="POSITION", min=0, help="help.audit.check.since"),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", metavar="N", min=1, help="help.audit.check.processes"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """``recognition audit check``: see ``command.audit.check``."""
    if case is not None and since is not None:
        fail(tell("said.audit.case_or_position"))

    def told(found: Finding) -> None:
        if not as_json:
            note(sentence(found), "red")

    with reading() as registry, progress(tell("said.progress.checking")) as bar:
        begun = time.monotonic()
        done = _done(registry, case, since, processes, bar, told)
        done.seconds = round(time.monotonic() - begun, 3)
    if as_json:
        print_json(_as_json(done))
    else:
        _print(done)
    if done.findings or done.earlier:
        raise typer.Exit(REFUSED)


def findings(output: AsFile = None, fmt: Format = None, as_json: AsJson = False) -> None:
    """``recognition audit findings``: see ``command.audit.findings``."""
    from infrastructure.audit.runs import last_findings

    with reading() as registry:
        found = last_findings(registry.database.app_url)
    if found is None:
        fail(tell("said.audit.nothing_checked"), REFUSED)
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
            say(_sentence(each.stream_id, each.version, each.position, each.text(spoken()), each.rule))
        note(
            tell(
                "said.audit.checked_through",
                position=last.checked_through,
                at=f"{last.checked_at:%Y-%m-%d %H:%M}",
                count=len(rows),
            ),
            "dim",
        )
    if rows:
        raise typer.Exit(REFUSED)


def _cells(each: FindingRow) -> tuple[Any, ...]:
    return each.code, each.rule, each.stream_id, each.version, each.position, each.text(spoken())


def sentence(found: Finding) -> str:
    """A finding in one line: where, what, and which rule."""
    return _sentence(found.stream_id, found.version, found.position, found.said.text(spoken()), found.rule)


def _sentence(stream: object, version: int | None, position: int | None, said: str, rule: str) -> str:
    parts = [
        None if stream is None else tell("said.stream", stream=str(stream)),
        None if version is None else tell("said.version", version=version),
        None if position is None else tell("said.position", position=position),
    ]
    place = [each for each in parts if each is not None] or tell("said.everything")
    return worded(tell("said.parts", place=place, said=said, rule=rule))


def _done(
    registry: StandingRegistry,
    case: str | None,
    since: int | None,
    processes: int | None,
    progress: Progress,
    told: Told,
) -> AuditReport:
    from infrastructure.audit.check import check_all, check_case, check_since
    from infrastructure.shares import Shares, cores
    from infrastructure.standing import open_audited

    if case is not None:
        found = check_case(registry.audited, case, told)
        if found is None:
            fail(
                tell("said.case.absent", number=case, where=which_registry()),
                REFUSED,
            )
        return found
    if since is not None:
        return check_since(registry.audited, since, progress, told)
    with Shares(processes or cores(), open_audited, registry.settings) as sharing:
        return check_all(registry.audited, progress, told, sharing=sharing)


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
        note(tell("said.audit.went_on"), "dim")
    note(
        tell(
            "said.audit.counted",
            events=done.events,
            streams=done.streams,
            seconds=f"{done.seconds:.1f}",
            rate=f"{rate:,.0f}",
        ),
        "dim",
    )
    if done.earlier:
        note(tell("said.audit.found_before", earlier=done.earlier), "red")
    if not done.findings and not done.earlier:
        say(tell("said.audit.lawful", position=done.position))
    else:
        say(tell("said.audit.found", count=len(done.findings) + done.earlier, position=done.position))
