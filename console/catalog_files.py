"""``recognition catalog export``, ``import`` and ``diff``: catalogs as files that an office opens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.markup import escape

from console.acting import Token, provenance
from console.language import Said, worded
from console.opened import official_catalog, reading, writing
from console.options import (
    AsJson,
    Code,
    Departments,
    Effective,
    Levels,
    NoticeNumber,
    NoticeTitle,
    Version,
    day,
    notice_of,
)
from console.talk import REFUSED, err, fail, note, print_json, print_rows, say
from domain.messages import Message, system_reason, tell

if TYPE_CHECKING:
    from catalog.files import EntryDifference
    from domain.values import Alias, CatalogEntry, Notice
    from infrastructure.standing import StandingRegistry

T = TypeVar("T")


class Format(StrEnum):
    """What a catalog is written as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


def export(
    fmt: Annotated[Format, typer.Option("--format", help="help.catalog.export.fmt", case_sensitive=False)] = Format.CSV,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="help.catalog.export.output")] = None,
    code: Code = None,
    version: Version = None,
) -> None:
    """``recognition catalog export``: see ``command.catalog.export``."""
    from catalog.files import export_entries
    from domain.values import shanghai_day

    if output is None and fmt is Format.XLSX and sys.stdout.isatty():
        fail(tell("said.catalog.workbook_to_terminal"))
    with reading() as registry:
        which = code or official_catalog()
        number = version or registry.shelf.governing(shanghai_day(registry.clock()), which)[0].number
        entries = entries_of(registry, which, number)
    content = export_entries(entries, fmt.value)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        fail(tell("said.file.not_written", file=str(output), reason=system_reason(error)))
    written = tell("said.catalog.written", count=len(entries), version=number, file=str(output))
    err.print(escape(worded(written)), highlight=False)


def import_(
    file: Annotated[Path, typer.Argument(help="help.catalog.import.file")],
    code: Annotated[str | None, typer.Option("--code", help="help.catalog.import.code")] = None,
    name: Annotated[str | None, typer.Option("--name", help="help.catalog.import.name")] = None,
    notice: Annotated[str | None, typer.Option("--notice", help="help.catalog.import.notice")] = None,
    notice_number: NoticeNumber = None,
    levels: Levels = None,
    departments: Departments = None,
    aliases: Annotated[Path | None, typer.Option("--aliases", help="help.catalog.import.aliases")] = None,
    effective: Annotated[
        date | None,
        typer.Option("--effective", parser=day, metavar="YYYY-MM-DD", help="help.catalog.import.effective"),
    ] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog import``: see ``command.catalog.import``."""
    from catalog.files import export_entries

    heads: list[Message] = []
    entries = read_file(file, heads)
    for each in heads:
        err.print(escape(worded(each)), highlight=False, soft_wrap=True)
    if code is not None:
        if name is None or notice is None or effective is None:
            fail(tell("said.catalog.three_needed"))
        stated = notice_of(notice, notice_number, levels, departments)
        propose_catalog(entries, code, name, stated, effective, token, aliases=aliases, as_json=as_json)
        return
    if as_json:
        sys.stdout.buffer.write(export_entries(entries, "json"))
        return
    numbers = [entry.number for entry in entries]
    say(tell("said.catalog.file_sound", file=file.name, count=len(entries), first=min(numbers), last=max(numbers)))


def propose(
    file: Annotated[Path, typer.Argument(help="help.catalog.propose.file")],
    code: Annotated[str, typer.Option("--code", help="help.catalog.propose.code")],
    name: Annotated[str, typer.Option("--name", help="help.catalog.propose.name")],
    notice: NoticeTitle,
    effective: Effective,
    notice_number: NoticeNumber = None,
    levels: Levels = None,
    departments: Departments = None,
    aliases: Annotated[Path | None, typer.Option("--aliases", help="help.catalog.propose.aliases")] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog propose``: see ``command.catalog.propose``."""
    entries = read_file(file)
    stated = notice_of(notice, notice_number, levels, departments)
    propose_catalog(entries, code, name, stated, effective, token, aliases=aliases, as_json=as_json)


def propose_catalog(
    entries: Sequence[CatalogEntry],
    code: str,
    name: str,
    notice: Notice,
    effective: date,
    token: str | None,
    *,
    aliases: Path | None = None,
    as_json: bool,
) -> None:
    """Propose entries as a further catalog, tell what its signers should know, and say what to do next."""
    from application.catalog_proposals import catalog_terms

    own = read_aliases(aliases) if aliases is not None else ()
    by = provenance(token)
    with writing() as registry:
        terms = catalog_terms(code, name, notice, effective, entries, own)
        refusals = list(registry.catalog_proposals.refusals(terms))
        for known in registry.catalog_proposals.notes(terms):
            note(tell("said.coded", said=known.said, code=known.code.value))
        if refusals:
            for refusal in refusals:
                note(tell("said.coded", said=refusal.said, code=refusal.code.value), "red")
            fail(tell("said.catalog.unfit"), REFUSED)
        proposal, position = registry.catalog_proposals.propose(by, terms)
    if as_json:
        print_json({"proposal": str(proposal), "code": code, "entries": len(entries), "position": position})
        return
    say(tell("said.catalog.proposed", code=code, count=len(entries)))
    say(f"  RECOGNITION_TOKEN=… recognition catalog publish {proposal}")


def diff(
    a: Annotated[str, typer.Argument(help="help.catalog.diff.a")],
    b: Annotated[str, typer.Argument(help="help.catalog.diff.b")],
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog diff``: see ``command.catalog.diff``."""
    from catalog.files import diff_entries

    numbers = [side for side in (a, b) if side.isdecimal()]
    if any(len(side) > 9 for side in numbers):
        fail(tell("said.catalog.version_too_long"))
    sides: dict[str, Sequence[CatalogEntry]] = {side: read_file(Path(side)) for side in (a, b) if not side.isdecimal()}
    if numbers:
        with reading() as registry:
            which = code or official_catalog()
            sides |= {side: entries_of(registry, which, int(side)) for side in numbers}
    differences = diff_entries(sides[a], sides[b])
    if as_json:
        print_json([as_data(each) for each in differences])
        return
    show_differences(differences, f"{a} → {b}")


def as_data(difference: EntryDifference) -> dict[str, Any]:
    """A difference for programs."""
    return {
        "kind": difference.kind.value,
        "number": difference.number,
        "newNumber": difference.new_number,
        "fields": [{"name": f.field, "before": f.before, "after": f.after} for f in difference.fields],
    }


def show_differences(differences: Sequence[EntryDifference], title: Said) -> None:
    """Print differences, and how many of which kind there are."""
    from domain.values import EntryChangeKind

    counts = {kind.value.lower(): sum(each.kind is kind for each in differences) for kind in EntryChangeKind}
    rows = [
        (each.number, each.kind.value, field.field, field.before, field.after)
        for each in differences
        for field in each.fields
    ]
    if differences:
        print_rows(title, ("entry", "change", "field", "before", "after"), rows)
    said = tell("said.catalog.changes", **counts) if differences else tell("said.catalog.no_difference")
    err.print(escape(worded(said)), highlight=False)


def read_file(path: Path, heads: list[Message] | None = None) -> tuple[CatalogEntry, ...]:
    """A file's entries, or every fault of it and the end of the command; ``heads`` is told which columns were read."""
    from catalog.files import read_entries

    return read_by(lambda source, left_out: read_entries(source, left_out=left_out, heads=heads), path)


def read_aliases(path: Path) -> list[Alias]:
    """The aliases that a file adds, or every fault of it and the end of the command."""
    from catalog.files.alias_changes import read_alias_changes
    from domain.values import AliasChangeKind

    changes = read_by(read_alias_changes, path)
    if any(change.effect is AliasChangeKind.WITHDRAWN for change in changes):
        fail(tell("said.catalog.alias_withdrawn_early", file=path.name), REFUSED)
    return [change.alias for change in changes]


def read_by(read: Callable[[Path, list[Message]], T], path: Path) -> T:
    """What a reader makes of a file, or every fault of it and the end of the command; what is hidden in it is said."""
    from catalog.faults import FileRefused

    left_out: list[Message] = []
    try:
        found = read(path, left_out)
    except FileRefused as refused:
        for fault in refused.faults:
            note(tell("said.coded", said=fault.placed, code=fault.code.value), "red")
        count = len(refused.faults)
        said = tell("said.catalog.file_refused", file=path.name, count=count)
        fail(tell("said.catalog.file_refused_for_one", file=path.name) if count == 1 else said, REFUSED)
    except OSError as error:
        fail(tell("said.file.unreadable", file=str(path), reason=system_reason(error)))
    for each in left_out:
        err.print(escape(worded(each)), highlight=False, soft_wrap=True)
    return found


def entries_of(registry: StandingRegistry, code: str, version: int) -> list[CatalogEntry]:
    """The entries of a version by number, or one sentence and the end of the command."""
    catalog = registry.shelf.catalog(code)
    try:
        entries = catalog.entries_at(version)
    except KeyError:
        fail(tell("said.catalog.no_version", version=version, latest=catalog.latest.number))
    return [entries[number] for number in sorted(entries)]
