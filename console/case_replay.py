"""``recognition case replay``: how a case came about, event by event: who, when, why, what changed, and which rules allowed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from console.acting import Token
from console.case_reading import Number, Reason, case_of, no_such_case, record, told, viewer_of
from console.language import spoken
from console.opened import asking
from console.options import AsJson, instant
from console.talk import REFUSED, jsonable, note, print_json, say

if TYPE_CHECKING:
    from application.views import CaseView
    from infrastructure.audit.replay import Judged
    from infrastructure.standing import StandingRegistry

_PLACE: Final = frozenset({"version", "position"})
"""Fields of a case that every event changes."""


def replay(
    number: Number,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            parser=instant,
            metavar="INSTANT",
            help="As it was known at this instant, as 2026-11-23T09:00:00+08:00.",
        ),
    ] = None,
    reason: Reason = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Replay a case from its events: who did what, when and why, what it changed, and the rules that allowed it.

    Exit code 1 where an event breaks a rule.
    """
    from application.access import Action
    from application.folding import case_views
    from infrastructure.audit.replay import judged

    async def question(registry: StandingRegistry) -> list[dict[str, Any]]:
        viewer = viewer_of(registry, token, Action.READ_CASES, reason)
        case = await case_of(registry, viewer, number)
        if case is None:
            return []
        events = (await registry.reads.streams([case.case_id], at))[case.case_id]
        views = [viewer.show(view, view, "case") for view in case_views((each.event, each.position) for each in events)]
        lines = told(viewer, events)
        await record(registry, viewer, "case replay")
        until = events[-1].position
        return _timeline(lines, views, judged(registry.audited, case.case_id, until))

    found = asking(question)
    if not found:
        no_such_case(number)
    if as_json:
        print_json(found)
    else:
        _print(number, found)
    if any(each["violations"] for each in found):
        raise typer.Exit(REFUSED)


def _timeline(
    lines: Sequence[Mapping[str, Any]], views: Sequence[CaseView], rules: Mapping[int, Judged]
) -> list[dict[str, Any]]:
    found, before = [], dict[str, Any]()
    for line, view in zip(lines, views, strict=True):
        after = {name: jsonable(value) for name, value in asdict(view).items() if name not in _PLACE}
        changed = {
            name: {"before": before.get(name), "after": value}
            for name, value in after.items()
            if before.get(name) != value
        }
        by_rules = rules.get(line["version"])
        allowed = [{"rule": each.name, "sentence": each.sentence} for each in by_rules.allowed] if by_rules else []
        broken = (
            [
                {"rule": each.rule, "code": each.code, "message": each.said.text(spoken())}
                for each in by_rules.violations
            ]
            if by_rules
            else []
        )
        found.append({**line, "changes": changed, "allowedBy": allowed, "violations": broken})
        before = after
    return found


def _print(number: str, found: Sequence[Mapping[str, Any]]) -> None:
    say(f"Replay of {number}", "bold")
    for each in found:
        say()
        say(f"{each['version']}. {each['summary']}", "bold")
        say(f"   {each['recordedAt'].isoformat(timespec='seconds')} · {each['by']} · position {each['position']}")
        if each["reason"]:
            say(f"   why: {each['reason']}")
        for name, change in each["changes"].items():
            if change["before"] not in (None, [], {}) or change["after"] not in (None, [], {}, False):
                say(f"   {name}: {_short(change['before'])} → {_short(change['after'])}")
        say(f"   allowed by: {', '.join(rule['rule'] for rule in each['allowedBy']) or 'no rule'}")
        for broken in each["violations"]:
            note(f"version {each['version']}: {broken['message']} ({broken['rule']})", "red")


def _short(value: Any) -> str:
    if value is None:
        return "—"
    text = (
        ", ".join(f"{name} {_short(each)}" for name, each in value.items() if each is not None)
        if isinstance(value, dict)
        else str(value)
    )
    return text if len(text) <= 120 else f"{text[:117]}…"
