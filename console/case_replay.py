"""``recognition case replay``: how a case came about, event by event: who, when, why, what changed, and which rules allowed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from console.acting import Token
from console.case_reading import Number, Reason, case_of, no_such_case, record, told, viewer_of
from console.language import spoken, worded
from console.opened import asking
from console.options import AsJson, instant
from console.talk import REFUSED, jsonable, note, print_json, say
from domain.messages import Message, tell

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
            help="help.case.replay.at",
        ),
    ] = None,
    reason: Reason = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition case replay``: see ``command.case.replay``."""
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
    say(tell("said.case.replay", number=number), "bold")
    for each in found:
        say()
        say(f"{each['version']}. {each['summary']}", "bold")
        at = each["recordedAt"].isoformat(timespec="seconds")
        _say(tell("said.case.at", at=at, by=each["by"], position=each["position"]))
        if each["reason"]:
            _say(tell("said.case.why", reason=each["reason"]))
        for name, change in each["changes"].items():
            if change["before"] not in (None, [], {}) or change["after"] not in (None, [], {}, False):
                say(f"   {name}: {_short(change['before'])} → {_short(change['after'])}")
        rules = [rule["rule"] for rule in each["allowedBy"]]
        _say(tell("said.case.allowed_by", rules=rules or tell("said.case.no_rule")))
        for broken in each["violations"]:
            said = tell("said.case.broken", version=each["version"], said=broken["message"], rule=broken["rule"])
            note(said, "red")


def _say(said: Message) -> None:
    """A line that belongs to the event above it."""
    say(f"   {worded(said)}")


def _short(value: Any) -> str:
    if value is None:
        return "—"
    text = (
        ", ".join(f"{name} {_short(each)}" for name, each in value.items() if each is not None)
        if isinstance(value, dict)
        else str(value)
    )
    return text if len(text) <= 120 else f"{text[:117]}…"
