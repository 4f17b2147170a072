"""``recognition catalog amend``, ``issue``, ``publish``, ``discard`` and ``history``: how a catalog changes, and how it did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic_core import to_jsonable_python
from rich.markup import escape

from application.catalogs import clean_notice
from catalog.changes import proposed_changes
from catalog.files import EntryDifference, diff_entries
from catalog.files.alias_changes import read_alias_changes
from catalog.notice import load_official_catalog
from console.acting import As, NoticeNumber, provenance
from console.catalog_aliases import alias_history, change_data, show_alias_changes, show_rows
from console.catalog_files import AsJson, Code, as_data, read_by, read_file, show_differences
from console.talk import REFUSED, err, explaining, fail, out, print_json
from domain.catalog.amendment import AmendmentTerms
from domain.catalog.timeline import CatalogTimeline
from domain.identifiers import catalog_id
from domain.values import CatalogEntry, shanghai_day
from infrastructure.composition import Registry, open_registry, utc_now
from infrastructure.settings import Settings


def amend(
    notice: Annotated[str, typer.Option("--notice", help="The title of the notice behind it.")],
    effective: Annotated[datetime, typer.Option("--effective", formats=["%Y-%m-%d"], help="The day it takes effect.")],
    file: Annotated[
        Path | None, typer.Argument(help="The catalog as it is to be: CSV, XLSX, JSON, DOCX or TXT.")
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option(
            "--aliases", help="Changes of aliases: CSV or XLSX with change, kind, text, issuer, numbers, ground."
        ),
    ] = None,
    notice_number: NoticeNumber = None,
    reason: Annotated[str | None, typer.Option("--reason", help="The reason, given to every change.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="The file lists new and revised entries only.")] = False,
    erratum: Annotated[bool, typer.Option("--erratum", help="An erratum may take effect in the past.")] = False,
    rematch_pending: Annotated[
        bool, typer.Option("--rematch-pending", help="Match pending cases anew once it is in force.")
    ] = False,
    base: Annotated[
        int | None, typer.Option("--base", help="The version the file is based on; the latest by default.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show its effect and record nothing.")] = False,
    code: Code = None,
    subject: As = None,
    as_json: AsJson = False,
) -> None:
    """Propose an amendment that leads to what a file says; with --dry-run, only show what it would do.

    With --aliases it changes aliases too, or, without a file of entries, nothing else.
    """
    if file is None and aliases is None:
        fail("There is nothing to amend by; name a file of entries, or one of alias changes with --aliases.")
    entries = read_file(file) if file is not None else None
    alias_changes = read_by(read_alias_changes, aliases) if aliases is not None else ()
    by = None if dry_run else provenance(subject)
    with explaining(), open_registry(Settings()) as registry:
        which = code or load_official_catalog().code
        catalog = registry.shelf.catalog(which)
        differences = _differences(catalog, entries, partial=partial) if entries is not None else ()
        terms = AmendmentTerms(
            base_version=base or catalog.latest.number,
            notice=clean_notice(notice_number, notice),
            effective_from=effective.date(),
            erratum=erratum,
            rematch_pending=rematch_pending,
            changes=proposed_changes(differences, reason=reason),
            alias_changes=alias_changes,
        )
        examined = registry.catalogs.examine(which, terms)
        pending, titles = _impact(registry, which, terms)
        amendment = None
        if by is not None and not examined.refusals:
            amendment, _ = registry.catalogs.propose(by, which, terms)
    told = {
        "catalog": which,
        "baseVersion": terms.base_version,
        "changes": [as_data(each) for each in differences],
        "aliasChanges": [change_data(each) for each in examined.terms.alias_changes],
        "pendingCasesAffected": pending,
        "titlesOnChangedEntries": titles,
        "refusals": [{"code": r.code.value, "message": r.message, "field": r.field} for r in examined.refusals],
        "notes": [{"code": n.code.value, "message": n.message, "field": n.field} for n in examined.notes],
        "amendment": str(amendment) if amendment else None,
    }
    if as_json:
        print_json(told)
    else:
        title = (
            f"{which} · version {terms.base_version} → {' and '.join(each.name for each in (file, aliases) if each)}"
        )
        show_differences(differences, title)
        show_alias_changes(examined.terms.alias_changes, "aliases")
        out.print(
            f"Pending cases affected: {pending}. Current titles on changed entries: {titles}; they stay as they are."
        )
    for note in examined.notes:
        err.print(f"[yellow]·[/] {escape(note.message)} ({note.code.value})", highlight=False)
    for refusal in examined.refusals:
        err.print(f"[red]·[/] {escape(refusal.message)} ({refusal.code.value})", highlight=False)
    if examined.refusals:
        fail("The amendment can't be issued as it stands; correct what is listed above.", REFUSED)
    if amendment and not as_json:
        out.print("Proposed. Another administrator issues it:")
        out.print(f"  recognition catalog issue {amendment} --as SUBJECT", highlight=False)


def issue(
    amendment: Annotated[UUID, typer.Argument(help="The amendment's identifier, as `amend` and `history` print it.")],
    code: Code = None,
    subject: As = None,
    as_json: AsJson = False,
) -> None:
    """Issue another administrator's amendment, and match pending cases anew where it asks for that."""
    by = provenance(subject)
    with explaining(), open_registry(Settings()) as registry:
        which = code or load_official_catalog().code
        number, position = registry.catalogs.issue(by, catalog_id(which), amendment)
        registry.projections.run_until_caught_up()
        moved = registry.rematching.run_until_done()
    if as_json:
        print_json({"catalog": which, "version": number, "position": position, "rematched": moved})
        return
    out.print(f"Issued as version {number} of {which}; {moved} pending cases matched anew.", highlight=False)


def discard(
    amendment: Annotated[UUID, typer.Argument(help="The amendment's identifier.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is dropped.")],
    code: Code = None,
    subject: As = None,
) -> None:
    """Drop a proposed amendment."""
    by = provenance(subject)
    with explaining(), open_registry(Settings()) as registry:
        registry.catalogs.discard(by, catalog_id(code or load_official_catalog().code), amendment, reason)
    out.print("Discarded.")


def publish(
    proposal: Annotated[UUID, typer.Argument(help="The proposal's identifier, as `propose` printed it.")],
    subject: As = None,
    as_json: AsJson = False,
) -> None:
    """Publish another administrator's proposed catalog."""
    by = provenance(subject)
    with explaining(), open_registry(Settings()) as registry:
        code, position = registry.catalog_proposals.publish(by, proposal)
    if as_json:
        print_json({"catalog": code, "version": 1, "position": position})
        return
    out.print(f"Published {code} as version 1.", highlight=False)


def history(
    number: Annotated[int | None, typer.Argument(help="One entry; the versions by default.")] = None,
    aliases: Annotated[bool, typer.Option("--aliases", help="Every change of an alias instead.")] = False,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Show every version of a catalog and the amendments on their way; or every content one entry ever had; or how its
    aliases changed.
    """
    if aliases and number is not None:
        fail("An entry's history and that of the aliases are two questions; ask for one of them.")
    with explaining(), open_registry(Settings()) as registry:
        catalog = registry.shelf.catalog(code or load_official_catalog().code)
    rows = alias_history(catalog) if aliases else _versions(catalog) if number is None else _contents(catalog, number)
    if not rows and not aliases:
        fail(f"{catalog.code} never had an entry {number}; look at `recognition catalog show`.", REFUSED)
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print("No alias ever changed.")
    show_rows(rows, f"{catalog.name}" + (f" · entry {number}" if number else ""), lines=number is not None)


def _versions(catalog: CatalogTimeline) -> list[dict[str, Any]]:
    on = catalog.version_in_force(shanghai_day(utc_now()))
    rows: list[dict[str, Any]] = [
        {
            "version": each.number,
            "notice": each.notice.title,
            "effective": str(each.effective_from),
            "issued": each.issued_at.isoformat(timespec="seconds"),
            "changes": len(each.changes),
            "aliases": len(each.alias_changes),
            "kind": "erratum" if each.erratum else "rematch" if each.rematch_pending else None,
            "status": "in force" if each.number == on else None,
        }
        for each in catalog.versions
    ]
    rows += [
        {
            "version": None,
            "notice": each.terms.notice.title,
            "effective": str(each.terms.effective_from),
            "issued": None,
            "changes": len(each.terms.changes),
            "aliases": len(each.terms.alias_changes),
            "kind": str(each.id),
            "status": f"{each.status.lower()} by {each.proposed_by.subject}",
        }
        for each in catalog.amendments.values()
        if each.status != "ISSUED"
    ]
    return rows


def _contents(catalog: CatalogTimeline, number: int) -> list[dict[str, Any]]:
    first = catalog.entry_at(1, number)
    found = [_content(1, "PUBLISHED", first)] if first else []
    for version in catalog.versions[1:]:
        found += [_content(version.number, c.kind.value, c.entry) for c in version.changes if c.number == number]
    return found


def _content(version: int, what: str, entry: CatalogEntry | None) -> dict[str, Any]:
    data: dict[str, Any] = to_jsonable_python(entry) if entry else {}
    awards = "、".join(f"{award['grade'] or ''}{award['title']}" for award in data.pop("awards", ()))
    texts = ("qualification_name", "translated_name", "issuing_body", "field")
    return {"version": version, "change": what, **{name: data.get(name) for name in texts}, "awards": awards or None}


def _differences(
    catalog: CatalogTimeline, entries: Sequence[CatalogEntry], *, partial: bool
) -> tuple[EntryDifference, ...]:
    current = catalog.entries_at(catalog.latest.number)
    return diff_entries(_kept(current, entries) if partial else current.values(), entries)


def _kept(current: dict[int, CatalogEntry], entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    """The current entries that a partial file speaks of."""
    return [current[entry.number] for entry in entries if entry.number in current]


def _impact(registry: Registry, code: str, terms: AmendmentTerms) -> tuple[int, int]:
    registry.projections.run_until_caught_up()
    numbers = [change.number for change in terms.changes]

    async def ask() -> tuple[int, int]:
        async with registry.reads:
            return await registry.reads.impact(code, numbers, every_pending=terms.rematch_pending)

    return asyncio.run(ask())
