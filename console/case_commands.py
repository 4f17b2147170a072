"""``recognition case``: a case as it is, as it was, and how it came about.

Whoever runs a command under their account of the machine holds the keys and reads in clear; with a token, they read what its role
does. That they did is recorded like any other reading, before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import Token
from console.case_reading import Number, Reason, case_of, no_such_case, record, told, viewer_of
from console.case_replay import replay
from console.opened import asking
from console.options import AsJson, day
from console.program import Commands, ServerCommand
from console.remote.asking import instants, server_for
from console.remote.cases import case_and_title
from console.remote.cases import due as server_due
from console.remote.cases import history as server_history
from console.remote.cases import integrity as server_integrity
from console.talk import jsonable, print_json, print_pairs, print_rows
from domain.messages import tell

if TYPE_CHECKING:
    from application.deadlines import StandingDeadline
    from application.views import CaseView, IntegrityRecordView, TitleView
    from infrastructure.standing import StandingRegistry


class ClockStanding(StrEnum):
    """What ``--state`` takes: the names of ``domain.clocks.DeadlineState``, which nothing imports before a command runs."""

    RUNNING = "RUNNING"
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    MET = "MET"
    MISSED = "MISSED"
    SUSPENDED = "SUSPENDED"


_PAGE = 500
_MOST_RECORDS = 1_000
app = Commands("case")
app.command()(replay)


InForceOn = Annotated[
    date | None, typer.Option("--in-force-on", parser=day, metavar="YYYY-MM-DD", help="help.case.in_force_on")
]


@app.command(cls=ServerCommand)
def show(number: Number, reason: Reason = None, token: Token = None, as_json: AsJson = False) -> None:
    """``recognition case show``: see ``command.case.show``."""
    server = server_for(token, reason)
    case, title = case_and_title(server, number) if server else _case_and_title(number, reason, token)
    if case is None:
        no_such_case(number)
    if as_json:
        print_json({"case": case, "title": title})
    else:
        print_pairs(tell("said.case.title", number=case["caseNumber"]), _facts(instants(case), title))


def _case_and_title(
    number: str, reason: str | None, token: str | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    from application.access import Action
    from application.queries import one_by_key
    from application.questions import titles_of_cases

    async def question(registry: StandingRegistry) -> tuple[CaseView | None, TitleView | None]:
        viewer = viewer_of(registry, token, Action.READ_CASES, reason)
        case = await case_of(registry, viewer, number)
        if case is None:
            return None, None
        title = (await one_by_key(registry.reads, titles_of_cases([case.case_id]))).get(case.case_id)
        shown = viewer.show(case, case, "case"), viewer.show(title, title, "title") if title else None
        await record(registry, viewer, "case show")
        return shown

    case, title = asking(question)
    return _with_id("case", case) if case else None, _with_id("title", title) if title else None


@app.command(cls=ServerCommand)
def history(number: Number, reason: Reason = None, token: Token = None, as_json: AsJson = False) -> None:
    """``recognition case history``: see ``command.case.history``."""
    server = server_for(token, reason)
    found = server_history(server, number) if server else _history(number, reason, token)
    if not found:
        no_such_case(number)
    if as_json:
        print_json(found)
        return
    columns = ("version", "event", "by", "recorded at", "what happened", "reason", "state after")
    names = ("version", "type", "by", "recordedAt", "summary", "reason", "state")
    rows = [[each[name] for name in names] for each in instants(found)]
    print_rows(tell("said.case.history", number=number), columns, rows)


def _history(number: str, reason: str | None, token: str | None) -> Sequence[dict[str, Any]]:
    from application.access import Action

    async def question(registry: StandingRegistry) -> Sequence[dict[str, Any]]:
        viewer = viewer_of(registry, token, Action.READ_CASES, reason)
        case = await case_of(registry, viewer, number)
        events = (await registry.reads.streams([case.case_id]))[case.case_id] if case else []
        lines = told(viewer, events)
        await record(registry, viewer, "case history")
        return lines

    return asking(question)


@app.command(cls=ServerCommand)
def due(
    state: Annotated[
        ClockStanding, typer.Option("--state", help="help.case.due.state", case_sensitive=False)
    ] = ClockStanding.OVERDUE,
    authority: Annotated[str | None, typer.Option("--authority", help="help.case.due.authority")] = None,
    as_json: AsJson = False,
) -> None:
    """``recognition case due``: see ``command.case.due``."""
    server = server_for()
    found = server_due(server, state.value, authority) if server else _standing(state, authority)
    if as_json:
        print_json(found)
        return
    names = ("caseNumber", "status", "authorityCode", "kind", "dueOn", "state")
    columns = ("case", "status", "authority", "deadline", "due on", "state")
    print_rows(
        tell("said.case.deadlines", state=state.value), columns, [[each[name] for name in names] for each in found]
    )


def _standing(state: ClockStanding, authority: str | None) -> list[dict[str, Any]]:
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

    return asking(question)


def _due(case: CaseView, deadline: StandingDeadline) -> dict[str, Any]:
    return {
        "caseNumber": case.case_number,
        "status": case.status.value,
        "authorityCode": case.authority_code,
        "kind": deadline.kind.value,
        "dueOn": deadline.due_on,
        "state": deadline.state.value,
    }


@app.command(cls=ServerCommand)
def integrity(
    in_force_on: InForceOn = None,
    reason: Reason = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition case integrity``: see ``command.case.integrity``."""
    server = server_for(token, reason)
    records = server_integrity(server, in_force_on) if server else _archive(in_force_on, reason, token)
    if as_json:
        print_json(records)
        return
    columns = ("case", "filed on", "lapses on", "overturned", "authority", "ground")
    names = ("caseNumber", "filedOn", "lapsesOn", "overturned", "authorityCode", "ground")
    print_rows(tell("said.case.integrity_archive"), columns, [[each[name] for name in names] for each in records])


def _archive(in_force_on: date | None, reason: str | None, token: str | None) -> list[dict[str, Any]]:
    from application.access import Action
    from application.asking import Window
    from application.questions import IntegrityFilter, integrity_archive
    from application.viewing import RecordRow

    which = IntegrityFilter(in_force_on=in_force_on)

    async def question(registry: StandingRegistry) -> Sequence[IntegrityRecordView]:
        viewer = viewer_of(registry, token, Action.READ_INTEGRITY_RECORDS, reason)
        page = await registry.reads.page(integrity_archive(viewer.scope, which, Window(_MOST_RECORDS)))
        shown = [
            viewer.show(RecordRow.of(each, viewer.scope, each.record_id), each, "integrity record")
            for each in page.rows
        ]
        await record(registry, viewer, "case integrity")
        return shown

    found: list[dict[str, Any]] = jsonable(asking(question))
    return found


def _with_id(kind: str, view: CaseView | TitleView) -> dict[str, Any]:
    """A view for programs, named by the identifiers that the API knows it by."""
    from registry_api.ids import encode

    data: dict[str, Any] = jsonable(view)
    own = {"id": encode(kind, data.pop(f"{kind}Id"))}
    return own | data | ({"caseId": encode("case", data["caseId"])} if "caseId" in data else {})


def _facts(case: Mapping[str, Any], title: Mapping[str, Any] | None) -> Sequence[tuple[str, Any]]:
    holder, certificate = case["holder"], case["certificate"]
    entry = (
        tell(
            "said.case.entry",
            number=case["entryNumber"],
            catalog=str(case["catalogCode"]),
            version=str(case["versionNumber"]),
        )
        if case["entryNumber"]
        else None
    )
    return [
        ("status", case["status"]),
        ("version", case["version"]),
        ("holder", holder["name"] or (tell("said.case.erased") if holder["erased"] else None)),
        ("certificate", " · ".join(filter(None, [certificate["name"], certificate["issuingBody"]])) or None),
        ("entry", entry),
        ("grade", case["grade"]),
        ("authority", case["authorityCode"]),
        ("submitted", case["submittedAt"]),
        ("title", tell("said.case.holds_title", title=title["title"], status=title["status"]) if title else None),
        ("recognised on", title["recognizedOn"] if title else None),
        ("ended on", title["endedOn"] if title else None),
        ("for appointment", title["validForAppointment"] if title else None),
    ]
