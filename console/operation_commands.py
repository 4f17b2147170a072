"""``recognition doctor`` and ``migrate``: whether an installation is as it should be, and bringing it up to this release."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.language import spoken
from console.options import AsJson
from console.talk import REFUSED, note, out, print_json, say

_COLOURS = {"ok": "green", "warn": "yellow", "bad": "bold red"}


def doctor(as_json: AsJson = False) -> None:
    """``recognition doctor``: see ``command.doctor``."""
    from rich.markup import escape

    from console.sentences import sentence_of
    from domain.messages import tell
    from infrastructure.doctor import Health, Looked, examine, worst
    from infrastructure.settings import Settings

    def explain(error: BaseException) -> str | None:
        known = sentence_of(error)
        return None if known is None else known[0]

    found: list[Looked] = []
    language = spoken()
    for each in examine(Settings(), explain):
        found.append(each)
        if not as_json:
            colour = _COLOURS[each.health.value]
            line = f"[{colour}]{each.health.value:<4}[/]  {each.part:<10}  {escape(each.said.text(language))}"
            out.print(line, highlight=False, soft_wrap=True)
    health = worst(found)
    bad = sum(each.health is Health.BAD for each in found)
    warnings = sum(each.health is Health.WARN for each in found)
    if as_json:
        told = [{"part": each.part, "health": each.health, "message": each.said.text(language)} for each in found]
        print_json({"health": health, "parts": told})
    elif health is Health.BAD:
        note(tell("doctor.sum_bad", bad=bad, parts=len(found)).text(language), "red")
    elif health is Health.WARN:
        note(tell("doctor.sum_warn", warnings=warnings, parts=len(found)).text(language))
    else:
        note(tell("doctor.sum_ok", parts=len(found)).text(language), "green")
    if health is Health.BAD:
        raise typer.Exit(REFUSED)


def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="help.migrate.dry_run")] = False,
    create: Annotated[bool, typer.Option("--create", help="help.migrate.create")] = False,
    as_json: AsJson = False,
) -> None:
    """``recognition migrate``: see ``command.migrate``."""
    from domain.messages import tell
    from infrastructure.migrating import bring_up, standing_version
    from infrastructure.postgres.existing import whereabouts
    from infrastructure.settings import Settings

    settings = Settings()
    where = whereabouts(settings)
    if dry_run:
        version, release = standing_version(settings, may_be_empty=create)
    else:
        version, release = bring_up(settings, may_be_empty=create)
    facts: dict[str, Any] = {"where": where, "from_version": version, "to_version": release}
    if as_json:
        print_json({"from": version, "to": release, "done": not dry_run and version != release})
    elif version == release:
        say(tell("migrating.none", where=where, version=version).text(spoken()))
    elif dry_run:
        say(tell("migrating.due", steps=release - version, **facts).text(spoken()))
    else:
        say(tell("migrating.done", **facts).text(spoken()))
    if dry_run and version != release:
        raise typer.Exit(REFUSED)
