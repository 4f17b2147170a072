"""``recognition case``: a case as it is, as it was, and how it came about.

Whoever holds the database's keys reads in clear; that they did is recorded like any other reading, before it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from console.opened import asking, which_registry
from console.options import AsJson
from console.program import Group
from console.talk import REFUSED, fail, jsonable, print_json, print_pairs, print_rows

if TYPE_CHECKING:
    from application.queries import Positioned
    from application.views import CaseView, TitleView
    from infrastructure.standing import StandingRegistry

_OPERATION = "operation of the registry"
app = typer.Typer(help="Look at a case: as it is, and how it came about.", no_args_is_help=True, cls=Group)

Number = Annotated[str, typer.Argument(help="The case number, as ZJ2026-4T9QK-7H2MB; in small letters too.")]
Reason = Annotated[str, typer.Option("--reason", help="Why the case is read; recorded with the access.")]


@app.command()
def show(number: Number, reason: Reason = _OPERATION, as_json: AsJson = False) -> None:
    """Show a case as its latest event left it, and the title it led to."""

    async def question(registry: StandingRegistry) -> tuple[CaseView | None, TitleView | None]:
        case = await _find(registry, number, "case show", reason)
        titles = await registry.reads.titles_of_cases([case.case_id]) if case else {}
        return case, titles.get(case.case_id) if case else None

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

    async def question(registry: StandingRegistry) -> Sequence[Positioned]:
        case = await _find(registry, number, "case history", reason)
        return (await registry.reads.streams([case.case_id]))[case.case_id] if case else []

    events = asking(question)
    if not events:
        _no_such_case(number)
    told = list(_told(events))
    if as_json:
        print_json(told)
        return
    columns = ("version", "event", "by", "recorded at", "what happened", "reason", "state after")
    names = ("version", "type", "by", "recordedAt", "summary", "reason", "state")
    print_rows(f"History of {number}", columns, [[each[name] for name in names] for each in told])


async def _find(registry: StandingRegistry, number: str, operation: str, reason: str) -> CaseView | None:
    """The case of a number; that it is read is recorded first."""
    from application.access import Scope

    case = await registry.reads.case(None, number, Scope(everything=True))
    if case:
        await _record(registry, case, operation, reason)
    return case


def _no_such_case(number: str) -> NoReturn:
    fail(f"There is no case {number} in {which_registry()}; check the number, and which registry is asked.", REFUSED)


def _with_id(kind: str, view: CaseView | TitleView) -> dict[str, Any]:
    """A view for programs, named by the identifiers that the API knows it by."""
    from registry_api.ids import encode

    data: dict[str, Any] = jsonable(view)
    own = {"id": encode(kind, data.pop(f"{kind}Id"))}
    return own | data | ({"caseId": encode("case", data["caseId"])} if "caseId" in data else {})


async def _record(registry: StandingRegistry, case: CaseView, operation: str, reason: str) -> None:
    """Record that the operator reads a person's case in clear; without that nothing is shown."""
    import os
    import pwd

    from application.ports import Access
    from domain.values import Actor, Role

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
    await registry.access_log.append(access)


def _told(events: Sequence[Positioned]) -> Sequence[dict[str, Any]]:
    from application.disclosure import facts, reason_of
    from application.folding import case_views

    told = []
    views = case_views((each.event, each.position) for each in events)
    for each, view in zip(events, views, strict=True):
        actor = each.event.by.actor
        told.append(
            {
                "version": each.event.originator_version,
                "position": each.position,
                "recordedAt": each.event.recorded_at,
                "type": each.event.TOPIC,
                "by": " ".join(filter(None, [actor.role.value, actor.subject, actor.authority_code])),
                "summary": each.event.sentence,
                "reason": reason_of(each.event, in_clear=True),
                "state": view.status.value,
                "data": facts(each.event, in_clear=True),
            }
        )
    return told


def _facts(case: CaseView, title: TitleView | None) -> Sequence[tuple[str, Any]]:
    entry = f"{case.entry_number} of {case.catalog_code} v{case.version_number}" if case.entry_number else None
    return [
        ("status", case.status.value),
        ("version", case.version),
        ("holder", case.holder.name or ("erased" if case.holder.erased else None)),
        ("certificate", f"{case.certificate.name} · {case.certificate.issuing_body}"),
        ("entry", entry),
        ("grade", case.grade),
        ("authority", case.authority_code),
        ("submitted", case.submitted_at),
        ("title", f"{title.title} ({title.status.value})" if title else None),
        ("recognised on", title.recognized_on if title else None),
        ("revoked on", title.revoked_on if title else None),
        ("for appointment", title.valid_for_appointment if title else None),
    ]
