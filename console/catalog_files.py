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
from console.language import spoken
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
    fmt: Annotated[Format, typer.Option("--format", help="What to write.", case_sensitive=False)] = Format.CSV,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file; standard output by default.")] = None,
    code: Code = None,
    version: Version = None,
) -> None:
    """Write a catalog version as a file; importing it again gives the same entries."""
    from catalog.files import export_entries
    from domain.values import shanghai_day

    if output is None and fmt is Format.XLSX and sys.stdout.isatty():
        fail("A workbook is no text for a terminal; name a file with -o.")
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
        fail(f"{output} can't be written ({error.strerror}); choose another place.")
    err.print(f"{len(entries)} entries of version {number} written to {escape(str(output))}.", highlight=False)


def import_(
    file: Annotated[Path, typer.Argument(help="A CSV, XLSX, JSON, DOCX or TXT file.")],
    code: Annotated[str | None, typer.Option("--code", help="Propose it as a further catalog under this code.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The further catalog's name.")] = None,
    notice: Annotated[str | None, typer.Option("--notice", help="With --code: the title of the notice.")] = None,
    notice_number: NoticeNumber = None,
    levels: Levels = None,
    departments: Departments = None,
    aliases: Annotated[
        Path | None, typer.Option("--aliases", help="With --code: aliases to publish with it, as `amend` takes them.")
    ] = None,
    effective: Annotated[
        date | None,
        typer.Option("--effective", parser=day, metavar="YYYY-MM-DD", help="With --code: the day it takes effect."),
    ] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Read and check a file, telling all its faults at once; with --code, propose it as a further catalog."""
    from catalog.files import export_entries

    heads: list[str] = []
    entries = read_file(file, heads)
    for each in heads:
        err.print(escape(each), highlight=False, soft_wrap=True)
    if code is not None:
        if name is None or notice is None or effective is None:
            fail("A further catalog needs --name, --notice and --effective; give all three.")
        stated = notice_of(notice, notice_number, levels, departments)
        propose_catalog(entries, code, name, stated, effective, token, aliases=aliases, as_json=as_json)
        return
    if as_json:
        sys.stdout.buffer.write(export_entries(entries, "json"))
        return
    numbers = [entry.number for entry in entries]
    say(f"{file.name}: {len(entries)} entries, {min(numbers)} to {max(numbers)}, without a fault.")


def propose(
    file: Annotated[Path, typer.Argument(help="The whole catalog: a CSV, XLSX, JSON, DOCX or TXT file.")],
    code: Annotated[str, typer.Option("--code", help="Lower-case letters, digits and hyphens.")],
    name: Annotated[str, typer.Option("--name", help="The catalog's name.")],
    notice: NoticeTitle,
    effective: Effective,
    notice_number: NoticeNumber = None,
    levels: Levels = None,
    departments: Departments = None,
    aliases: Annotated[
        Path | None, typer.Option("--aliases", help="Aliases to publish with it, as `amend` takes them.")
    ] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Propose a further catalog from a file; another administrator publishes it."""
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
            note(f"{known.text(spoken())} ({known.code.value})")
        if refusals:
            for refusal in refusals:
                note(f"{refusal.text(spoken())} ({refusal.code.value})", "red")
            fail("The catalog can't be published as it stands; correct what is listed above.", REFUSED)
        proposal, position = registry.catalog_proposals.propose(by, terms)
    if as_json:
        print_json({"proposal": str(proposal), "code": code, "entries": len(entries), "position": position})
        return
    say(f"Proposed {code} with {len(entries)} entries. Another administrator publishes it:")
    say(f"  RECOGNITION_TOKEN=… recognition catalog publish {proposal}")


def diff(
    a: Annotated[str, typer.Argument(help="A version's number, or a file.")],
    b: Annotated[str, typer.Argument(help="A version's number, or a file.")],
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions or files, entry by entry and field by field."""
    from catalog.files import diff_entries

    numbers = [side for side in (a, b) if side.isdecimal()]
    if any(len(side) > 9 for side in numbers):
        fail("A version's number has nine digits at most; check it.")
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


def show_differences(differences: Sequence[EntryDifference], title: str) -> None:
    """Print differences, and how many of which kind there are."""
    from domain.values import EntryChangeKind

    counts = [f"{sum(each.kind is kind for each in differences)} {kind.value.lower()}" for kind in EntryChangeKind]
    rows = [
        (each.number, each.kind.value, field.field, field.before, field.after)
        for each in differences
        for field in each.fields
    ]
    if differences:
        print_rows(title, ("entry", "change", "field", "before", "after"), rows)
    err.print(", ".join(counts) if differences else "No entry differs.", highlight=False)


def read_file(path: Path, heads: list[str] | None = None) -> tuple[CatalogEntry, ...]:
    """A file's entries, or every fault of it and the end of the command; ``heads`` is told which columns were read."""
    from catalog.files import read_entries

    return read_by(lambda source, left_out: read_entries(source, left_out=left_out, heads=heads), path)


def read_aliases(path: Path) -> list[Alias]:
    """The aliases that a file adds, or every fault of it and the end of the command."""
    from catalog.files.alias_changes import read_alias_changes
    from domain.values import AliasChangeKind

    changes = read_by(read_alias_changes, path)
    if any(change.effect is AliasChangeKind.WITHDRAWN for change in changes):
        fail(f"{path.name} withdraws an alias, and a further catalog has none yet; leave the row out.", REFUSED)
    return [change.alias for change in changes]


def read_by(read: Callable[[Path, list[str]], T], path: Path) -> T:
    """What a reader makes of a file, or every fault of it and the end of the command; what is hidden in it is said."""
    from catalog.faults import FileRefused

    left_out: list[str] = []
    try:
        found = read(path, left_out)
    except FileRefused as refused:
        for fault in refused.faults:
            note(f"{fault} ({fault.code})", "red")
        count = "1 fault" if len(refused.faults) == 1 else f"{len(refused.faults)} faults"
        fail(f"{path.name} is refused for {count}; correct what is listed above.", REFUSED)
    except OSError as error:
        fail(f"{path} can't be read ({error.strerror}); name another file.")
    for each in left_out:
        err.print(escape(each), highlight=False, soft_wrap=True)
    return found


def entries_of(registry: StandingRegistry, code: str, version: int) -> list[CatalogEntry]:
    """The entries of a version by number, or one sentence and the end of the command."""
    catalog = registry.shelf.catalog(code)
    try:
        entries = catalog.entries_at(version)
    except KeyError:
        fail(f"The catalog has no version {version}; it has 1 to {catalog.latest.number}.")
    return [entries[number] for number in sorted(entries)]
