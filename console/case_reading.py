"""What the commands on cases have in common: who reads, that it is recorded, and a history as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from console.language import spoken
from console.opened import which_registry
from console.talk import REFUSED, fail

if TYPE_CHECKING:
    from application.queries import Positioned
    from application.viewing import Viewer
    from infrastructure.standing import StandingRegistry

OPERATION: Final = "operation of the registry"

Number = Annotated[str, typer.Argument(help="The case number, as ZJ2026-4T9QK-7H2MB; in small letters too.")]
Reason = Annotated[str, typer.Option("--reason", help="Why the case is read; recorded with the access.")]


def no_such_case(number: str) -> NoReturn:
    """Say that there is no case of this number, and which registry was asked."""
    fail(f"There is no case {number} in {which_registry()}; check the number, and which registry is asked.", REFUSED)


def operator(registry: StandingRegistry, reason: str) -> Viewer:
    """Whoever runs the command, under their account's name: they hold the keys, so they see everything."""
    import os
    import pwd

    from application.access import Scope
    from application.viewing import Viewer
    from domain.values import Actor, Role

    actor = Actor(subject=f"operator:{pwd.getpwuid(os.getuid()).pw_name}", role=Role.SYSTEM)
    return Viewer(actor, Scope(everything=True, restricted=True), registry.seals, reason)


async def record(registry: StandingRegistry, viewer: Viewer, operation: str) -> None:
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
