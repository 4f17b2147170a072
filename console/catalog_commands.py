"""``recognition catalog``: what the catalog says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from pydantic_core import to_jsonable_python
from rich.table import Table

from catalog.notice import load_official_catalog
from console import catalog_aliases, catalog_amending, catalog_files
from console.talk import explaining, fail, out, print_json
from domain.catalog.timeline import CatalogTimeline
from domain.values import CatalogEntry, shanghai_day
from infrastructure.composition import open_registry, utc_now
from infrastructure.settings import Settings

app = typer.Typer(help="Look at a catalog, write it to a file, amend it, and see how it changed.", no_args_is_help=True)
app.command("export")(catalog_files.export)
app.command("import")(catalog_files.import_)
app.command("diff")(catalog_files.diff)
app.command("propose")(catalog_files.propose)
app.command("publish")(catalog_amending.publish)
app.command("amend")(catalog_amending.amend)
app.command("issue")(catalog_amending.issue)
app.command("discard")(catalog_amending.discard)
app.command("history")(catalog_amending.history)
app.command("aliases")(catalog_aliases.aliases)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Code = Annotated[str | None, typer.Option("--catalog", help="The catalog's code; the official one by default.")]


@app.command()
def show(
    number: Annotated[int | None, typer.Argument(help="One entry; all of them by default.")] = None,
    code: Code = None,
    version: Annotated[int | None, typer.Option(help="The version; the one in force by default.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="In force on this day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the entries of a catalog version."""
    with explaining(), open_registry(Settings()) as registry:
        which = code or load_official_catalog().code
        catalog = registry.shelf.catalog(which)
        day = on.date() if on else shanghai_day(utc_now())
        chosen = version or registry.shelf.governing(day, which)[0].number
        entries = _entries(catalog, chosen, number)
    if as_json:
        print_json({"catalog": which, "version": chosen, "entries": to_jsonable_python(entries)})
        return
    table = Table(title=f"{catalog.name} · version {chosen}", show_lines=True)
    for column in ("序号", "境外职业资格名称", "译名", "证书颁发机构", "比照认定职称", "专业领域"):
        table.add_column(column, overflow="fold")
    for entry in entries:
        awards = "、".join(f"{award.grade or ''}{award.title}" for award in entry.awards)
        row = (entry.qualification_name, entry.translated_name, entry.issuing_body, awards, entry.field)
        table.add_row(str(entry.number), *row)
    out.print(table)


def _entries(catalog: CatalogTimeline, version: int, number: int | None) -> list[CatalogEntry]:
    try:
        entries = catalog.entries_at(version)
    except KeyError:
        fail(f"The catalog has no version {version}; it has 1 to {catalog.latest.number}.")
    if number is None:
        return [entries[each] for each in sorted(entries)]
    if number not in entries:
        fail(f"Version {version} has no entry {number}; it has {min(entries)} to {max(entries)}.")
    return [entries[number]]
