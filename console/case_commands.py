"""``recognition case``: a case as it is, as it was, and how it came about.

Whoever holds the database's keys reads in clear; that they did is recorded like any other reading, before it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from console.language import spoken
from console.opened import asking, which_registry
from console.options import AsJson
from console.program import Group
from console.talk import REFUSED, fail, jsonable, print_json, print_pairs, print_rows

if TYPE_CHECKING:
    from application.deadlines import StandingDeadline
    from application.queries import Positioned
    from application.viewing import Viewer
    from application.views import CaseView, TitleView
    from infrastructure.standing import StandingRegistry


class Standing(StrEnum):
    """What ``--state`` takes: the names of ``domain.clocks.DeadlineState``, which nothing imports before a command runs."""

    RUNNING = "RUNNING"
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    MET = "MET"
    MISSED = "MISSED"
    SUSPENDED = "SUSPENDED"


_PAGE = 500
_OPERATION = "operation of the registry"
app = typer.Typer(help="Look at a case: as it is, and how it came about.", no_args_is_help=True, cls=Group)

Number = Annotated[str, typer.Argument(help="The case number, as ZJ2026-4T9QK-7H2MB; in small letters too.")]
Reason = Annotated[str, typer.Option("--reason", help="Why the case is read; recorded with the access.")]


@app.command()
def show(number: Number, reason: Reason = _OPERATION, as_json: AsJson = False) -> None:
    """Show a case as its latest event left it, and the title it led to."""
    from application.queries import first, one_by_key
    from application.questions import case_numbered, titles_of_cases

    async def question(registry: StandingRegistry) -> tuple[CaseView | None, TitleView | None]:
        viewer = _operator(registry, reason)
        case = await first(registry.reads, case_numbered(viewer.scope, number))
        if case is None:
            return None, None
        title = (await one_by_key(registry.reads, titles_of_cases([case.case_id]))).get(case.case_id)
        shown = viewer.show(case, case, "case"), viewer.show(title, title, "title") if title else None
        await _record(registry, viewer, "case show")
        return shown

    case, title = asking(question)
    if case is None:
        _no_such_case(number)
    if as_json:
        print_json({"case": _with_id("case", case), "title": _with_id("title", title) if title else None})
    else:
        print_pairs(f"Case {case.case_number}", _facts(case, title))


@app.command()
def history(number: Number, reason: Reason = _OPERATION, as_json: AsJson = False) -> None:
    """Show every event of a case, with who, when and why, and the state it left."""
    from application.queries import first
    from application.questions import case_numbered

    async def question(registry: StandingRegistry) -> Sequence[dict[str, Any]]:
        viewer = _operator(registry, reason)
        case = await first(registry.reads, case_numbered(viewer.scope, number))
        events = (await registry.reads.streams([case.case_id]))[case.case_id] if case else []
        told = _told(viewer, events)
        await _record(registry, viewer, "case history")
        return told

    told = asking(question)
    if not told:
        _no_such_case(number)
    if as_json:
        print_json(told)
        return
    columns = ("version", "event", "by", "recorded at", "what happened", "reason", "state after")
    names = ("version", "type", "by", "recordedAt", "summary", "reason", "state")
    print_rows(f"History of {number}", columns, [[each[name] for name in names] for each in told])


@app.command()
def due(
    state: Annotated[
        Standing, typer.Option("--state", help="How the clock stands.", case_sensitive=False)
    ] = Standing.OVERDUE,
    authority: Annotated[
        str | None, typer.Option("--authority", help="Only cases of this authority, as 330106-EI.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the cases of which a statutory clock is overdue, or in another state today; without anything of persons."""
    from application.asking import UNSCOPED, Window
    from application.deadlines import standing
    from application.questions import CaseFilter, cases
    from domain.clocks import DeadlineState
    from domain.values import shanghai_day

    asked = DeadlineState(state.value)

    async def question(registry: StandingRegistry) -> list[dict[str, Any]]:
        on = registry.rules.read_on(shanghai_day(registry.clock()))
        which, after, found = CaseFilter(deadline=asked, authority_code=authority), None, []
        while True:
            page = await registry.reads.page(cases(UNSCOPED, which, Window(size=_PAGE, after=after), on))
            found += [_due(case, each) for case in page.rows for each in standing(case, on) if each.state is asked]
            if not page.has_next:
                return sorted(found, key=lambda each: (each["dueOn"], each["caseNumber"]))
            after = (page.rows[-1].submitted_at, page.rows[-1].case_id)

    found = asking(question)
    if as_json:
        print_json(found)
        return
    names = ("caseNumber", "status", "authorityCode", "kind", "dueOn", "state")
    columns = ("case", "status", "authority", "deadline", "due on", "state")
    print_rows(f"Deadlines: {state.value}", columns, [[each[name] for name in names] for each in found])


def _due(case: CaseView, deadline: StandingDeadline) -> dict[str, Any]:
    return {
        "caseNumber": case.case_number,
        "status": case.status.value,
        "authorityCode": case.authority_code,
        "kind": deadline.kind.value,
        "dueOn": deadline.due_on,
        "state": deadline.state.value,
    }


def _no_such_case(number: str) -> NoReturn:
    fail(f"There is no case {number} in {which_registry()}; check the number, and which registry is asked.", REFUSED)


def _with_id(kind: str, view: CaseView | TitleView) -> dict[str, Any]:
    """A view for programs, named by the identifiers that the API knows it by."""
    from registry_api.ids import encode

    data: dict[str, Any] = jsonable(view)
    own = {"id": encode(kind, data.pop(f"{kind}Id"))}
    return own | data | ({"caseId": encode("case", data["caseId"])} if "caseId" in data else {})


def _operator(registry: StandingRegistry, reason: str) -> Viewer:
    """Whoever runs the command, under their account's name: they hold the keys, so they see everything."""
    import os
    import pwd

    from application.access import Scope
    from application.viewing import Viewer
    from domain.values import Actor, Role

    actor = Actor(subject=f"operator:{pwd.getpwuid(os.getuid()).pw_name}", role=Role.SYSTEM)
    return Viewer(actor, Scope(everything=True, restricted=True), registry.seals, reason)


async def _record(registry: StandingRegistry, viewer: Viewer, operation: str) -> None:
    """Record what the operator is shown of persons in clear; without that nothing is shown."""
    from application.ports import Access

    if viewer.actor is None or not viewer.shown:
        return
    access = Access(
        at=registry.clock(),
        actor=viewer.actor,
        client="console",
        request_id="",
        reason=viewer.reason or operation,
        operation=operation,
        fields={ref: frozenset(kinds) for ref, kinds in viewer.shown.items()},
    )
    await registry.access_log.append(access)


def _told(viewer: Viewer, events: Sequence[Positioned]) -> Sequence[dict[str, Any]]:
    from application.disclosure import reason_in
    from application.folding import case_views

    told = []
    views = case_views((each.event, each.position) for each in events)
    for each, view in zip(events, views, strict=True):
        actor, facts = each.event.by.actor, viewer.facts(each.event, view)
        told.append(
            {
                "version": each.event.originator_version,
                "position": each.position,
                "recordedAt": each.event.recorded_at,
                "type": each.event.TOPIC,
                "by": " ".join(filter(None, [actor.role.value, actor.subject, actor.authority_code])),
                "summary": each.event.summary.text(spoken()),
                "reason": reason_in(facts),
                "state": view.status.value,
                "data": facts,
            }
        )
    return told


def _facts(case: CaseView, title: TitleView | None) -> Sequence[tuple[str, Any]]:
    entry = f"{case.entry_number} of {case.catalog_code} v{case.version_number}" if case.entry_number else None
    return [
        ("status", case.status.value),
        ("version", case.version),
        ("holder", case.holder.name or ("erased" if case.holder.erased else None)),
        ("certificate", " · ".join(filter(None, [case.certificate.name, case.certificate.issuing_body])) or None),
        ("entry", entry),
        ("grade", case.grade),
        ("authority", case.authority_code),
        ("submitted", case.submitted_at),
        ("title", f"{title.title} ({title.status.value})" if title else None),
        ("recognised on", title.recognized_on if title else None),
        ("ended on", title.ended_on if title else None),
        ("for appointment", title.valid_for_appointment if title else None),
    ]
