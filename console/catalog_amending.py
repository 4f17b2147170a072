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
from console.catalog_aliases import alias_history, cells, change_data, show_alias_changes, state_of
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
from domain.messages import Message, tell

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
    file: Annotated[Path | None, typer.Argument(help="help.catalog.amend.file")] = None,
    aliases: Annotated[
        Path | None,
        typer.Option("--aliases", help="help.catalog.amend.aliases"),
    ] = None,
    vocabulary: Annotated[
        Path | None,
        typer.Option("--vocabulary", help="help.catalog.amend.vocabulary"),
    ] = None,
    notice_number: NoticeNumber = None,
    reason: Annotated[str | None, typer.Option("--reason", help="help.catalog.amend.reason")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="help.catalog.amend.partial")] = False,
    erratum: Annotated[bool, typer.Option("--erratum", help="help.catalog.amend.erratum")] = False,
    rematch_pending: Annotated[
        bool, typer.Option("--rematch-pending", help="help.catalog.amend.rematch_pending")
    ] = False,
    ends: Annotated[
        date | None,
        typer.Option("--ends-on", parser=day, metavar="YYYY-MM-DD", help="help.catalog.amend.ends"),
    ] = None,
    levels: Levels = None,
    departments: Departments = None,
    base: Annotated[
        int | None,
        typer.Option("--base", min=1, max=LARGEST, help="help.catalog.amend.base"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="help.catalog.amend.dry_run")] = False,
    code: Code = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog amend``: see ``command.catalog.amend``."""
    from application.queries import impact
    from catalog.changes import proposed_changes
    from catalog.files.alias_changes import read_alias_changes
    from catalog.files.word_changes import read_word_changes
    from domain.catalog.amendment import AmendmentTerms

    if file is None and aliases is None and vocabulary is None and ends is None:
        fail(tell("said.catalog.nothing_to_amend"))
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
        files = [each.name for each in (file, aliases, vocabulary) if each]
        what = files or tell("said.catalog.ends_on", day=str(ends))
        _show(effect, tell("said.catalog.change", catalog=which, version=terms.base_version, files=what))
    for each in examined.notes:
        note(tell("said.coded", said=each.said, code=each.code.value))
    for refusal in examined.refusals:
        note(tell("said.coded", said=refusal.said, code=refusal.code.value), "red")
    if examined.refusals:
        fail(tell("said.catalog.amendment_unfit"), REFUSED)


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


def _show(effect: _Effect, title: Message) -> None:
    show_differences(effect.differences, title)
    show_alias_changes(effect.examined.terms.alias_changes)
    show_word_changes(effect.examined.terms.word_changes)
    say(tell("said.catalog.effect", pending=effect.pending, titles=effect.titles))
    if effect.amendment:
        say(tell("said.catalog.amendment_proposed"))
        say(f"  RECOGNITION_TOKEN=… recognition catalog issue {effect.amendment}")


def issue(
    amendment: Annotated[UUID, typer.Argument(help="help.catalog.issue.amendment")],
    code: Code = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog issue``: see ``command.catalog.issue``."""
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
    say(tell("said.catalog.issued", version=number, catalog=which, moved=moved))


def discard(
    amendment: Annotated[UUID, typer.Argument(help="help.catalog.discard.amendment")],
    reason: Annotated[str, typer.Option("--reason", help="help.catalog.discard.reason")],
    code: Code = None,
    token: Token = None,
) -> None:
    """``recognition catalog discard``: see ``command.catalog.discard``."""
    from domain.identifiers import catalog_id

    by = provenance(token)
    with writing() as registry:
        registry.catalogs.discard(by, catalog_id(code or official_catalog()), amendment, reason)
    say(tell("said.catalog.discarded"))


def publish(
    proposal: Annotated[UUID, typer.Argument(help="help.catalog.publish.proposal")],
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog publish``: see ``command.catalog.publish``."""
    by = provenance(token)
    with writing() as registry:
        code, position = registry.catalog_proposals.publish(by, proposal)
    if as_json:
        print_json({"catalog": code, "version": 1, "position": position})
        return
    say(tell("said.catalog.published", code=code))


def history(
    number: Annotated[int | None, typer.Argument(min=1, max=LARGEST, help="help.catalog.history.number")] = None,
    aliases: Annotated[bool, typer.Option("--aliases", help="help.catalog.history.aliases")] = False,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog history``: see ``command.catalog.history``."""
    from domain.values import shanghai_day

    if aliases and number is not None:
        fail(tell("said.catalog.one_history"))
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
        fail(tell("said.catalog.never_had_entry", code=catalog.code, number=str(number)), REFUSED)
    if as_json:
        print_json(rows)
    elif not rows:
        note(tell("said.catalog.no_alias_changed"))
    else:
        print_rows(
            tell("said.catalog.entry", catalog=catalog.name, number=number) if number else catalog.name,
            list(rows[0]),
            cells(rows, list(rows[0])),
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
            "kind": _kind(erratum=each.erratum, rematch=each.rematch_pending),
            "amendment": None,
            "status": tell("said.catalog.in_force") if each.number == on else None,
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
            "kind": _kind(erratum=each.terms.erratum, rematch=each.terms.rematch_pending),
            "amendment": str(each.id),
            "status": state_of(each.status, each.proposed_by.subject),
        }
        for each in catalog.amendments.values()
        if each.status != "ISSUED"
    ]
    return rows


def _kind(*, erratum: bool, rematch: bool) -> Message | None:
    """What is special about an amendment."""
    return tell("said.catalog.erratum") if erratum else tell("said.catalog.rematch") if rematch else None


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
