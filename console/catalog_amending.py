"""``recognition catalog amend``, ``issue``, ``publish``, ``discard`` and ``history``: how a catalog changes, and how it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from console.acting import Token, provenance
from console.catalog_aliases import alias_history, cells, change_data, show_alias_changes
from console.catalog_files import as_data, read_by, read_file, show_differences
from console.catalog_vocabulary import show_word_changes, word_change_data
from console.language import spoken
from console.opened import answered, official_catalog, reading, writing
from console.options import (
    LARGEST,
    AsJson,
    Code,
    Departments,
    Effective,
    Levels,
    NoticeNumber,
    NoticeTitle,
    day,
    notice_of,
)
from console.talk import REFUSED, fail, jsonable, note, print_json, print_rows, say

if TYPE_CHECKING:
    from application.catalogs import Examined
    from catalog.files import EntryDifference
    from domain.catalog.amendment import AmendmentTerms
    from domain.catalog.names import Note
    from domain.catalog.timeline import CatalogTimeline
    from domain.refusals import Refused
    from domain.values import CatalogEntry


def amend(
    notice: NoticeTitle,
    effective: Effective,
    file: Annotated[
        Path | None, typer.Argument(help="The catalog as it is to be: CSV, XLSX, JSON, DOCX or TXT.")
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option(
            "--aliases", help="Changes of aliases: CSV or XLSX with change, kind, text, issuer, numbers, ground."
        ),
    ] = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option(
            "--vocabulary", help="Changes of words: CSV or XLSX with change, kind, text, meaning, scope, ground."
        ),
    ] = None,
    notice_number: NoticeNumber = None,
    reason: Annotated[str | None, typer.Option("--reason", help="The reason, given to every change.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="The file lists new and revised entries only.")] = False,
    erratum: Annotated[bool, typer.Option("--erratum", help="An erratum may take effect in the past.")] = False,
    rematch_pending: Annotated[
        bool, typer.Option("--rematch-pending", help="Match pending cases anew once it is in force.")
    ] = False,
    ends: Annotated[
        date | None,
        typer.Option(
            "--ends-on", parser=day, metavar="YYYY-MM-DD", help="The last day on which the catalog is in force."
        ),
    ] = None,
    levels: Levels = None,
    departments: Departments = None,
    base: Annotated[
        int | None,
        typer.Option("--base", min=1, max=LARGEST, help="The version the file is based on; the latest by default."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show its effect and record nothing.")] = False,
    code: Code = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Propose an amendment that leads to what a file says; with --dry-run, only show what it would do.

    With --aliases it changes aliases too, with --vocabulary the words that matching knows; without a file of entries, these alone.
    """
    from application.queries import impact
    from catalog.changes import proposed_changes
    from catalog.files.alias_changes import read_alias_changes
    from catalog.files.word_changes import read_word_changes
    from domain.catalog.amendment import AmendmentTerms

    if file is None and aliases is None and vocabulary is None and ends is None:
        fail(
            "There is nothing to amend by; name a file of entries, one of alias changes with --aliases, one of words with "
            "--vocabulary, or a last day with --ends-on."
        )
    entries = read_file(file) if file is not None else None
    alias_changes = read_by(read_alias_changes, aliases) if aliases is not None else ()
    word_changes = read_by(read_word_changes, vocabulary) if vocabulary is not None else ()
    by = None if dry_run else provenance(token)
    with reading() if by is None else writing() as registry:
        which = code or official_catalog()
        catalog = registry.shelf.catalog(which)
        differences = differences_to(catalog, entries, partial=partial) if entries is not None else ()
        terms = AmendmentTerms(
            base_version=base or catalog.latest.number,
            notice=notice_of(notice, notice_number, levels, departments),
            effective_from=effective,
            erratum=erratum,
            rematch_pending=rematch_pending,
            changes=proposed_changes(differences, reason=reason),
            alias_changes=alias_changes,
            word_changes=word_changes,
            ends_on=ends,
        )
        examined = registry.catalogs.examine(which, terms)
        numbers = [number for change in terms.changes for number in change.numbers]
        pending, titles = answered(
            registry, lambda: impact(registry.reads, which, numbers, every_pending=terms.rematch_pending)
        )
        amendment = None
        if by is not None and not examined.refusals:
            amendment, _ = registry.catalogs.propose(by, which, terms)
    effect = _Effect(which, terms, differences, examined, pending, titles, amendment)
    if as_json:
        print_json(effect.data())
    else:
        files = " and ".join(each.name for each in (file, aliases, vocabulary) if each) or f"ends on {ends}"
        _show(effect, f"{which} · version {terms.base_version} → {files}")
    for each in examined.notes:
        note(f"{each.text(spoken())} ({each.code.value})")
    for refusal in examined.refusals:
        note(f"{refusal.text(spoken())} ({refusal.code.value})", "red")
    if examined.refusals:
        fail("The amendment can't be issued as it stands; correct what is listed above.", REFUSED)


@dataclass(frozen=True)
class _Effect:
    """What an amendment does: its changes, whom they concern, and its identifier once it is proposed."""

    catalog: str
    terms: AmendmentTerms
    differences: Sequence[EntryDifference]
    examined: Examined
    pending: int
    titles: int
    amendment: UUID | None

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "catalog": self.catalog,
            "baseVersion": self.terms.base_version,
            "changes": [as_data(each) for each in self.differences],
            "aliasChanges": [change_data(each) for each in self.examined.terms.alias_changes],
            "wordChanges": [word_change_data(each) for each in self.examined.terms.word_changes],
            "pendingCasesAffected": self.pending,
            "titlesOnChangedEntries": self.titles,
            "refusals": [_finding(each) for each in self.examined.refusals],
            "notes": [_finding(each) for each in self.examined.notes],
            "amendment": str(self.amendment) if self.amendment else None,
        }


def _finding(found: Refused | Note) -> dict[str, Any]:
    return {"code": found.code.value, "message": found.text(spoken()), "field": found.field}


def _show(effect: _Effect, title: str) -> None:
    show_differences(effect.differences, title)
    show_alias_changes(effect.examined.terms.alias_changes)
    show_word_changes(effect.examined.terms.word_changes)
    say(
        f"Pending cases affected: {effect.pending}. Current titles on changed entries: {effect.titles};"
        " they stay as they are."
    )
    if effect.amendment:
        say("Proposed. Another administrator issues it:")
        say(f"  RECOGNITION_TOKEN=… recognition catalog issue {effect.amendment}")


def issue(
    amendment: Annotated[UUID, typer.Argument(help="The amendment's identifier, as `amend` and `history` print it.")],
    code: Code = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Issue another administrator's amendment, and match pending cases anew where it asks for that."""
    from domain.identifiers import catalog_id

    by = provenance(token)
    with writing() as registry:
        which = code or official_catalog()
        number, position = registry.catalogs.issue(by, catalog_id(which), amendment)
        registry.projections.run_until_caught_up()
        moved = sum(1 for _ in registry.rematching.run())
    if as_json:
        print_json({"catalog": which, "version": number, "position": position, "rematched": moved})
        return
    say(f"Issued as version {number} of {which}; {moved} pending cases matched anew.")


def discard(
    amendment: Annotated[UUID, typer.Argument(help="The amendment's identifier.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is dropped.")],
    code: Code = None,
    token: Token = None,
) -> None:
    """Drop a proposed amendment."""
    from domain.identifiers import catalog_id

    by = provenance(token)
    with writing() as registry:
        registry.catalogs.discard(by, catalog_id(code or official_catalog()), amendment, reason)
    say("Discarded.")


def publish(
    proposal: Annotated[UUID, typer.Argument(help="The proposal's identifier, as `propose` printed it.")],
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Publish another administrator's proposed catalog."""
    by = provenance(token)
    with writing() as registry:
        code, position = registry.catalog_proposals.publish(by, proposal)
    if as_json:
        print_json({"catalog": code, "version": 1, "position": position})
        return
    say(f"Published {code} as version 1.")


def history(
    number: Annotated[
        int | None, typer.Argument(min=1, max=LARGEST, help="One entry; the versions by default.")
    ] = None,
    aliases: Annotated[bool, typer.Option("--aliases", help="Every change of an alias instead.")] = False,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Show every version and proposed amendment, every content of one entry, or how the aliases changed."""
    from domain.values import shanghai_day

    if aliases and number is not None:
        fail("An entry's history and that of the aliases are two questions; ask for one of them.")
    with reading() as registry:
        catalog = registry.shelf.catalog(code or official_catalog())
        today = shanghai_day(registry.clock())
    if aliases:
        rows = alias_history(catalog)
    elif number is not None:
        rows = _contents(catalog, number)
    else:
        rows = _versions(catalog, today)
    if not rows and not aliases:
        fail(f"{catalog.code} never had an entry {number}; look at `recognition catalog show`.", REFUSED)
    if as_json:
        print_json(rows)
    elif not rows:
        note("No alias ever changed.")
    else:
        print_rows(
            f"{catalog.name}" + (f" · entry {number}" if number else ""), list(rows[0]), cells(rows, list(rows[0]))
        )


def _versions(catalog: CatalogTimeline, today: date) -> list[dict[str, Any]]:
    on = catalog.version_in_force(today)
    rows: list[dict[str, Any]] = [
        {
            "version": each.number,
            "notice": each.notice.title,
            "effective": each.effective_from,
            "issued": each.issued_at,
            "changes": len(each.changes),
            "aliases": len(each.alias_changes),
            "words": len(each.word_changes),
            "kind": "erratum" if each.erratum else "rematch" if each.rematch_pending else None,
            "amendment": None,
            "status": "in force" if each.number == on else None,
        }
        for each in catalog.versions
    ]
    rows += [
        {
            "version": None,
            "notice": each.terms.notice.title,
            "effective": each.terms.effective_from,
            "issued": None,
            "changes": len(each.terms.changes),
            "aliases": len(each.terms.alias_changes),
            "words": len(each.terms.word_changes),
            "kind": "erratum" if each.terms.erratum else "rematch" if each.terms.rematch_pending else None,
            "amendment": str(each.id),
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
    data: dict[str, Any] = jsonable(entry) if entry else {}
    awards = "、".join(f"{award['grade'] or ''}{award['title']}" for award in data.pop("awards", ()))
    texts = ("qualificationName", "translatedName", "issuingBody", "field")
    return {"version": version, "change": what, **{name: data.get(name) for name in texts}, "awards": awards or None}


def differences_to(
    catalog: CatalogTimeline, entries: Sequence[CatalogEntry], *, partial: bool
) -> tuple[EntryDifference, ...]:
    """What leads from the latest version to these entries; ``partial``: they are only those that are new or read otherwise."""
    from catalog.changes import with_numbers_kept
    from catalog.files import diff_entries

    current = catalog.entries_at(catalog.latest.number)
    numbered = with_numbers_kept(entries, current)
    return diff_entries(_kept(current, numbered) if partial else current.values(), numbered, whole=not partial)


def _kept(current: dict[int, CatalogEntry], entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    """The current entries that a partial file speaks of."""
    return [current[entry.number] for entry in entries if entry.number in current]
