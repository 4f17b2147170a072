"""``recognition catalog``: what the catalog says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console import catalog_aliases, catalog_amending, catalog_files, catalog_vocabulary
from console.opened import official_catalog, reading
from console.options import LARGEST, AsJson, Code, On, Version
from console.program import Commands
from console.talk import fail, print_json, print_rows
from domain.messages import tell

if TYPE_CHECKING:
    from domain.catalog.timeline import CatalogTimeline
    from domain.values import CatalogEntry

LOOK, FILES, CHANGE = "panel.catalog.look", "panel.catalog.files", "panel.catalog.change"

app = Commands("catalog")


@app.command(rich_help_panel=LOOK)
def show(
    number: Annotated[int | None, typer.Argument(min=1, max=LARGEST, help="help.catalog.show.number")] = None,
    code: Code = None,
    version: Version = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog show``: see ``command.catalog.show``."""
    from domain.values import shanghai_day

    with reading() as registry:
        which = code or official_catalog()
        catalog = registry.shelf.catalog(which)
        day = on or shanghai_day(registry.clock())
        chosen = version or registry.shelf.governing(day, which)[0].number
        entries = _entries(catalog, chosen, number)
    if as_json:
        print_json({"catalog": which, "version": chosen, "entries": entries})
        return
    columns = ("number", "qualification", "translation", "issuing body", "title", "field")
    rows = [
        (
            f"{entry.number} ({entry.label})" if entry.label else entry.number,
            entry.qualification_name,
            entry.translated_name,
            entry.issuing_body,
            "、".join(f"{award.grade or ''}{award.title}" for award in entry.awards),
            entry.field,
        )
        for entry in entries
    ]
    print_rows(tell("said.catalog.version", catalog=catalog.name, version=chosen), columns, rows)


app.command("history", rich_help_panel=LOOK)(catalog_amending.history)
app.command("diff", rich_help_panel=LOOK)(catalog_files.diff)
app.command("aliases", rich_help_panel=LOOK)(catalog_aliases.aliases)
app.command("vocabulary", rich_help_panel=LOOK)(catalog_vocabulary.vocabulary)
app.command("export", rich_help_panel=FILES)(catalog_files.export)
app.command("import", rich_help_panel=FILES)(catalog_files.import_)
app.command("amend", rich_help_panel=CHANGE)(catalog_amending.amend)
app.command("issue", rich_help_panel=CHANGE)(catalog_amending.issue)
app.command("discard", rich_help_panel=CHANGE)(catalog_amending.discard)
app.command("propose", rich_help_panel=CHANGE)(catalog_files.propose)
app.command("publish", rich_help_panel=CHANGE)(catalog_amending.publish)


def _entries(catalog: CatalogTimeline, version: int, number: int | None) -> list[CatalogEntry]:
    try:
        entries = catalog.entries_at(version)
    except KeyError:
        fail(tell("said.catalog.no_version", version=version, latest=catalog.latest.number))
    if number is None:
        return [entries[each] for each in sorted(entries)]
    if number not in entries:
        fail(tell("said.catalog.no_entry", version=version, number=number, first=min(entries), last=max(entries)))
    return [entries[number]]
