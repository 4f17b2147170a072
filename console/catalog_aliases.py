"""``recognition catalog aliases``, and how changes of aliases are read from a file and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from application.queries import AliasFilter, Page, Window
from application.views import AliasView
from catalog.notice import load_official_catalog
from console.catalog_files import AsJson, Code
from console.talk import explaining, fail, out, print_json
from domain.catalog.amendment import AliasChange
from domain.catalog.timeline import CatalogTimeline
from domain.values import AliasKind, shanghai_day
from infrastructure.composition import Registry, open_registry, utc_now
from infrastructure.settings import Settings

_ALL: Final = 1_000_000


def aliases(
    search: Annotated[str | None, typer.Argument(help="A text somewhere in them; all of them by default.")] = None,
    kind: Annotated[AliasKind | None, typer.Option("--kind", help="Of which kind.", case_sensitive=False)] = None,
    entry: Annotated[int | None, typer.Option("--entry", help="Those that may mean this entry.")] = None,
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="Only names of qualifications that the version is known not to list.")
    ] = False,
    version: Annotated[int | None, typer.Option("--version", help="The version; the one in force by default.")] = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Show the aliases of a catalog version: the other names by which matching knows qualifications and bodies."""
    which = AliasFilter(kind=kind, search=search, entry_number=entry, unlisted=unlisted)
    with explaining(), open_registry(Settings()) as registry:
        catalog = registry.shelf.catalog(code or load_official_catalog().code)
        number = version or registry.shelf.governing(shanghai_day(utc_now()), catalog.code)[0].number
        if not 1 <= number <= catalog.latest.number:
            fail(f"The catalog has no version {number}; it has 1 to {catalog.latest.number}.")
        found = _found(registry, catalog, number, which)
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
    show_rows(rows, f"{catalog.name} · version {number}")
    out.print(f"{len(rows)} aliases.")


def _found(registry: Registry, catalog: CatalogTimeline, number: int, which: AliasFilter) -> Sequence[AliasView]:
    registry.projections.run_until_caught_up()

    async def ask() -> Page[AliasView]:
        async with registry.reads:
            return await registry.reads.aliases((catalog.code, number), which, Window(first=_ALL))

    return asyncio.run(ask()).rows


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


def show_alias_changes(changes: Sequence[AliasChange], title: str) -> None:
    """Print changes of aliases as a table, if there are any."""
    show_rows([change_data(change) for change in changes], title)


def alias_history(catalog: CatalogTimeline) -> list[dict[str, Any]]:
    """Every change of an alias that a version made, and those that are proposed, for programs."""
    rows = [
        {"version": version.number, "status": "issued"} | change_data(change)
        for version in catalog.versions
        for change in version.alias_changes
    ]
    rows += [
        {"version": None, "status": f"{each.status.lower()} by {each.proposed_by.subject}"} | change_data(change)
        for each in catalog.amendments.values()
        if each.status != "ISSUED"
        for change in each.terms.alias_changes
    ]
    return rows


def show_rows(rows: Sequence[dict[str, Any]], title: str, *, lines: bool = False) -> None:
    """Print rows of the same columns as a table, if there are any."""
    if rows:
        table = Table(title=escape(title), show_lines=lines)
        for column in rows[0]:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(escape(_text(value)) for value in row.values()))
        out.print(table)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
