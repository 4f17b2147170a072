"""``recognition case``: a case as it is, as it was, and how it came about.

Whoever holds the database's keys reads in clear; that they did is recorded like any other reading, before it is shown.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich.table import Table

from application.access import Scope
from application.disclosure import facts, reason_of
from application.folding import case_views
from application.ports import Access, AccessNotRecorded
from application.queries import Positioned
from application.views import CaseView, TitleView
from console.opened import asking
from console.talk import REFUSED, fail, out, print_json
from domain.values import Actor, Role
from infrastructure.composition import Registry

_OPERATION = "operation of the registry"
app = typer.Typer(help="Look at a case.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The case number, as ZJ2026-4T9QK-7H2MB.")]
Reason = Annotated[str, typer.Option("--reason", help="Why the case is read; recorded with the access.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def show(number: Number, reason: Reason = _OPERATION, as_json: AsJson = False) -> None:
    """Show a case as its latest event left it, and the title it led to."""

    async def question(registry: Registry) -> tuple[CaseView | None, TitleView | None]:
        case = await registry.reads.case(None, number, Scope(everything=True))
        if case:
            await _record(registry, case, "case show", reason)
        titles = await registry.reads.titles_of_cases([case.case_id]) if case else {}
        return case, titles.get(case.case_id) if case else None

    case, title = asking(question)
    if case is None:
        fail(f"There is no case {number}; check the number.", REFUSED)
    if as_json:
        print_json({"case": to_jsonable_python(case), "title": to_jsonable_python(title)})
        return
    table = Table(title=f"Case {case.case_number}", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for label, value in _rows(case, title):
        table.add_row(label, "" if value is None else str(value))
    out.print(table)


@app.command()
def history(number: Number, reason: Reason = _OPERATION, as_json: AsJson = False) -> None:
    """Show every event of a case, with who, when and why, and the state it left."""

    async def question(registry: Registry) -> Sequence[Positioned]:
        case = await registry.reads.case(None, number, Scope(everything=True))
        if case:
            await _record(registry, case, "case history", reason)
        return (await registry.reads.streams([case.case_id]))[case.case_id] if case else []

    events = asking(question)
    if not events:
        fail(f"There is no case {number}; check the number.", REFUSED)
    told = list(_told(events))
    if as_json:
        print_json(told)
        return
    table = Table(title=f"History of {number}", show_lines=True)
    for column in ("#", "event", "who and when", "what happened", "state after"):
        table.add_column(column, overflow="fold")
    for each in told:
        table.add_row(
            str(each["version"]),
            str(each["type"]).partition(".")[2],
            f"{each['by']}\n{each['recordedAt']}",
            f"{each['summary']}\n{each['reason'] or ''}".strip(),
            str(each["state"]),
        )
    out.print(table)


async def _record(registry: Registry, case: CaseView, operation: str, reason: str) -> None:
    """Record that the operator reads a person's case in clear; without that nothing is shown."""
    operator = Actor(subject=f"operator:{pwd.getpwuid(os.getuid()).pw_name}", role=Role.SYSTEM)
    access = Access(
        at=registry.clock(),
        actor=operator,
        client="console",
        request_id="",
        reason=reason,
        operation=operation,
        fields={case.holder.ref: frozenset({"certificateNumber", "event", "holder"})},
    )
    try:
        await registry.access_log.append(access)
    except AccessNotRecorded:
        fail("The access could not be recorded, so nothing is shown; check the database and try again.", REFUSED)


def _told(events: Sequence[Positioned]) -> Sequence[dict[str, Any]]:
    told = []
    views = case_views((each.event, each.position) for each in events)
    for each, view in zip(events, views, strict=True):
        actor = each.event.by.actor
        told.append(
            {
                "version": each.event.originator_version,
                "position": each.position,
                "recordedAt": each.event.recorded_at.isoformat(timespec="seconds"),
                "type": each.event.TOPIC,
                "by": " ".join(filter(None, [actor.role.value, actor.subject, actor.authority_code])),
                "summary": each.event.sentence,
                "reason": reason_of(each.event, in_clear=True),
                "state": view.status.value,
                "data": facts(each.event, in_clear=True),
            }
        )
    return told


def _rows(case: CaseView, title: TitleView | None) -> Sequence[tuple[str, Any]]:
    entry = f"{case.entry_number} of {case.catalog_code} v{case.version_number}" if case.entry_number else None
    return [
        ("status", case.status.value),
        ("version", case.version),
        ("holder", case.holder.name or ("erased" if case.holder.erased else None)),
        ("certificate", f"{case.certificate.name} · {case.certificate.issuing_body}"),
        ("entry", entry),
        ("grade", case.grade),
        ("authority", case.authority_code),
        ("submitted", case.submitted_at.isoformat(timespec="seconds")),
        ("title", f"{title.title} ({title.status.value})" if title else None),
        ("recognised on", title.recognized_on if title else None),
        ("revoked on", title.revoked_on if title else None),
        ("for appointment", title.valid_for_appointment if title else None),
    ]
