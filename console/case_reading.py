"""What the commands on cases have in common: who reads, that it is recorded, and a history as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from console.acting import acting
from console.language import spoken
from console.opened import which_registry
from console.talk import REFUSED, fail
from domain.messages import tell

if TYPE_CHECKING:
    from application.access import Action
    from application.queries import Positioned
    from application.viewing import Viewer
    from application.views import CaseView
    from infrastructure.standing import StandingRegistry

OPERATION: Final = "operation of the registry"

Number = Annotated[str, typer.Argument(help="help.case.number")]
Reason = Annotated[
    str | None,
    typer.Option("--reason", help="help.case.reason"),
]


def no_such_case(number: str) -> NoReturn:
    """Say that there is no case of this number, and which registry was asked."""
    fail(tell("said.case.absent", number=number, where=which_registry()), REFUSED)


def viewer_of(registry: StandingRegistry, token: str | None, action: Action, reason: str | None) -> Viewer:
    """Whoever reads, with their rights: the bearer of the token, or the account under which the command runs, for ``OPERATION`` unless
    a reason is given. Raises ``Refused`` where they may not.
    """
    from application.access import require, scope_of
    from application.viewing import Viewer
    from catalog.authorities import load_directory
    from catalog.jurisdiction import load_jurisdiction
    from domain.values import shanghai_day

    actor = acting(token)
    require(actor, action)
    directory = load_directory(load_jurisdiction(registry.settings.jurisdiction))
    why = " ".join(reason.split()) if reason else ""
    if not why and token is None:
        why = OPERATION
    return Viewer(actor, scope_of(actor, directory, shanghai_day(registry.clock())), registry.seals, why or None)


async def case_of(registry: StandingRegistry, viewer: Viewer, number: str) -> CaseView | None:
    """The case of a number, where the viewer sees it by their office; nobody is shown a case of their own here, but by the API."""
    from application.queries import first
    from application.questions import case_numbered

    case = await first(registry.reads, case_numbered(viewer.scope, number))
    return case if case is not None and viewer.officially(case) else None


async def record(registry: StandingRegistry, viewer: Viewer, operation: str) -> None:
    """Record what somebody is shown of persons in clear; without that nothing is shown."""
    from application.ports import Access

    if viewer.actor is None or not viewer.shown:
        return
    access = Access(
        at=registry.clock(),
        actor=viewer.actor,
        client="console",
        request_id="",
        reason=viewer.reason or f"{viewer.actor.role.value}: {operation}",
        operation=operation,
        fields={ref: frozenset(kinds) for ref, kinds in viewer.shown.items()},
    )
    await registry.access_log.append(access)


def told(viewer: Viewer, events: Sequence[Positioned]) -> Sequence[dict[str, Any]]:
    """Every event of a case as it is told: who, when, what, why, and the state after it."""
    from application.disclosure import reason_in
    from application.folding import case_views

    lines = []
    views = case_views((each.event, each.position) for each in events)
    for each, view in zip(events, views, strict=True):
        actor, facts = each.event.by.actor, viewer.facts(each.event, view)
        lines.append(
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
    return lines
