"""``recognition catalog aliases``, and how changes of aliases are read from a file and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from console.opened import answered, official_catalog, reading
from console.options import LARGEST, AsJson, Code, NamedKind, Version
from console.talk import fail, print_json, print_rows, say
from domain.messages import Message, tell

if TYPE_CHECKING:
    from domain.catalog.amendment import AliasChange
    from domain.catalog.timeline import CatalogTimeline

_ALL: Final = 1_000_000
ALIAS: Final = ("kind", "text", "issuer", "numbers", "ground", "fromVersion")
CHANGE: Final = ("kind", "aliasKind", "text", "issuer", "numbers", "ground")


def aliases(
    search: Annotated[str | None, typer.Argument(help="help.catalog.aliases.search")] = None,
    kind: Annotated[
        NamedKind | None, typer.Option("--kind", help="help.catalog.aliases.kind", case_sensitive=False)
    ] = None,
    entry: Annotated[int | None, typer.Option("--entry", min=1, max=LARGEST, help="help.catalog.aliases.entry")] = None,
    unlisted: Annotated[bool, typer.Option("--unlisted", help="help.catalog.aliases.unlisted")] = False,
    version: Version = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog aliases``: see ``command.catalog.aliases``."""
    from application.asking import Window
    from application.questions import AliasFilter
    from application.questions import aliases as aliases_asked
    from domain.values import AliasKind, shanghai_day

    which = AliasFilter(
        kind=AliasKind(kind.value) if kind else None, search=search, entry_number=entry, unlisted=unlisted
    )
    with reading() as registry:
        catalog = registry.shelf.catalog(code or official_catalog())
        number = version or registry.shelf.governing(shanghai_day(registry.clock()), catalog.code)[0].number
        if not 1 <= number <= catalog.latest.number:
            fail(tell("said.catalog.no_version", version=number, latest=catalog.latest.number))
        asked = (catalog.code, number)
        found = answered(registry, lambda: registry.reads.page(aliases_asked(asked, which, Window(size=_ALL)))).rows
    rows = [
        {
            "kind": each.kind.value,
            "text": each.text,
            "issuer": each.issuer,
            "numbers": list(each.numbers),
            "ground": each.ground,
            "fromVersion": each.from_version,
        }
        for each in found
    ]
    if as_json:
        print_json({"catalog": catalog.code, "version": number, "aliases": rows})
        return
    print_rows(
        tell("said.catalog.aliases", catalog=catalog.name, version=number, count=len(rows)), ALIAS, cells(rows, ALIAS)
    )


def cells(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[list[Any]]:
    """The cells of rows for programs, in the order of the columns."""
    return [[row[name] for name in names] for row in rows]


def change_data(change: AliasChange) -> dict[str, Any]:
    """A change of an alias for programs."""
    alias = change.alias
    return {
        "kind": change.effect.value,
        "aliasKind": alias.kind.value,
        "text": alias.text,
        "issuer": alias.issuer,
        "numbers": list(alias.numbers),
        "ground": alias.ground,
    }


def show_alias_changes(changes: Sequence[AliasChange]) -> None:
    """Print changes of aliases, if there are any."""
    if changes:
        say()
        print_rows(
            tell("said.catalog.title_aliases"), CHANGE, cells([change_data(change) for change in changes], CHANGE)
        )


def state_of(status: str, subject: str) -> Message:
    """Where an amendment that is not issued stands, and who proposed it."""
    if status == "DISCARDED":
        return tell("said.catalog.discarded_by", subject=subject)
    return tell("said.catalog.proposed_by", subject=subject)


def alias_history(catalog: CatalogTimeline) -> list[dict[str, Any]]:
    """Every change of an alias that a version made, and those that are proposed, for programs."""
    rows = [
        {"version": version.number, "status": tell("said.catalog.issued_state")} | change_data(change)
        for version in catalog.versions
        for change in version.alias_changes
    ]
    rows += [
        {"version": None, "status": state_of(each.status, each.proposed_by.subject)} | change_data(change)
        for each in catalog.amendments.values()
        if each.status != "ISSUED"
        for change in each.terms.alias_changes
    ]
    return rows
