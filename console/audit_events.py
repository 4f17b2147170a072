"""``recognition audit events`` and ``audit sample``: what auditors take with them as a table, of the whole registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from console.acting import Token
from console.case_reading import viewer_of
from console.language import spoken
from console.opened import asking
from console.options import AsJson, instant
from console.table_files import AsFile, Format, written
from console.talk import print_json, print_rows
from domain.messages import tell

if TYPE_CHECKING:
    from application.queries import AuditEvent
    from application.views import CaseView
    from infrastructure.standing import StandingRegistry

_PAGE: Final = 1_000
_EVENT: Final = (
    "position",
    "recordedAt",
    "type",
    "stream",
    "version",
    "actor",
    "role",
    "authorityCode",
    "client",
    "summary",
)
_CASE: Final = (
    "caseNumber", "status", "submittedAt", "lodgedWith", "decidedAt", "decidedBy", "decidedWith", "entry", "grade", "overridden",
)  # fmt: skip


def events(
    types: Annotated[list[str] | None, typer.Option("--type", help="help.audit.events.types")] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="help.audit.events.actor")] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="help.audit.events.after")] = 0,
    first: Annotated[
        datetime | None, typer.Option("--from", parser=instant, metavar="INSTANT", help="help.audit.events.first")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", parser=instant, metavar="INSTANT", help="help.audit.events.last")
    ] = None,
    output: AsFile = None,
    fmt: Format = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition audit events``: see ``command.audit.events``."""
    from application.access import Action
    from application.asking import Window
    from application.questions import AuditFilter
    from application.questions import events as asked

    which = AuditFilter(types=types, actor=actor, recorded_from=first, recorded_to=last)

    async def question(registry: StandingRegistry) -> list[dict[str, Any]]:
        viewer_of(registry, token, Action.READ_AUDIT_LOG, None)
        position, found = after, list[dict[str, Any]]()
        while True:
            page = await registry.reads.audit_log(asked(which, Window(_PAGE, (position,))))
            found += map(_event, page.rows)
            if not page.has_next:
                return found
            position = page.rows[-1].envelope.position

    _tell("events", _EVENT, asking(question), output, fmt, as_json=as_json)


def sample(
    seed: Annotated[str, typer.Option("--seed", help="help.audit.sample.seed")],
    size: Annotated[int, typer.Option("--size", min=1, max=10_000, help="help.audit.sample.size")] = 20,
    up_to: Annotated[int | None, typer.Option("--up-to", min=1, help="help.audit.sample.up_to")] = None,
    output: AsFile = None,
    fmt: Format = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition audit sample``: see ``command.audit.sample``."""
    from application.access import Action
    from application.questions import CaseFilter
    from application.questions import sample as drawn

    async def question(registry: StandingRegistry) -> list[dict[str, Any]]:
        viewer = viewer_of(registry, token, Action.READ_AUDIT_LOG, None)
        cases = await registry.reads.drawn(drawn(viewer.scope, CaseFilter(), seed, size, up_to))
        return [_case(each) for each in cases]

    _tell("sample", _CASE, asking(question), output, fmt, as_json=as_json)


def _tell(
    name: str, heads: Sequence[str], rows: Sequence[dict[str, Any]], output: Any, fmt: Any, *, as_json: bool
) -> None:
    if written(output, fmt, name, heads, ([each[head] for head in heads] for each in rows)):
        return
    if as_json:
        print_json(rows)
        return
    title = tell("said.audit.events") if name == "events" else tell("said.audit.sample")
    print_rows(title, heads, [[each[head] for head in heads] for each in rows])


def _event(row: AuditEvent) -> dict[str, Any]:
    """An event by its envelope and what happened; nothing of it is about a person."""
    envelope = row.envelope
    actor = envelope.actor
    return {
        "position": envelope.position,
        "recordedAt": _instant(envelope.recorded_at),
        "type": envelope.type,
        "stream": str(envelope.stream_id),
        "version": envelope.version,
        "actor": actor.subject,
        "role": actor.role.value,
        "authorityCode": actor.authority_code,
        "client": row.event.by.client if row.event else None,
        "summary": row.event.summary.text(spoken()) if row.event else row.problem,
    }


def _case(case: CaseView) -> dict[str, Any]:
    """A case by its number and how it was decided; nothing of it is about its holder."""
    return {
        "caseNumber": case.case_number,
        "status": case.status.value,
        "submittedAt": _instant(case.submitted_at),
        "lodgedWith": case.lodged_with_code,
        "decidedAt": _instant(case.decided_at),
        "decidedBy": case.decided_by.subject if case.decided_by else None,
        "decidedWith": case.decided_by.authority_code if case.decided_by else None,
        "entry": case.entry_number,
        "grade": case.grade,
        "overridden": case.overridden,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
