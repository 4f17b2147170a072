"""``recognition catalog export``, ``import`` and ``diff``: catalogs as files that an office opens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from application.catalog_proposals import catalog_terms
from catalog.faults import FileRefused
from catalog.files import EntryDifference, diff_entries, export_entries, read_entries
from catalog.notice import load_official_catalog
from console.acting import As, EffectiveFrom, NoticeNumber, NoticeTitle, provenance
from console.talk import REFUSED, err, explaining, fail, out, print_json
from domain.values import CatalogEntry, EntryChangeKind, shanghai_day
from infrastructure.composition import Registry, open_registry, utc_now
from infrastructure.settings import Settings

T = TypeVar("T")
Code = Annotated[str | None, typer.Option("--catalog", help="The catalog's code; the official one by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
_COLOURS = {EntryChangeKind.ADDED: "green", EntryChangeKind.WITHDRAWN: "red", EntryChangeKind.REVISED: "yellow"}


class Format(StrEnum):
    """What a catalog is written as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


def export(
    fmt: Annotated[Format, typer.Option("--format", help="What to write.", case_sensitive=False)] = Format.CSV,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The file; standard output by default.")] = None,
    code: Code = None,
    version: Annotated[int | None, typer.Option(help="The version; the one in force by default.")] = None,
) -> None:
    """Write a catalog version as a file; importing it again gives the same entries."""
    with explaining(), open_registry(Settings()) as registry:
        which = code or load_official_catalog().code
        number = version or registry.shelf.governing(shanghai_day(utc_now()), which)[0].number
        entries = entries_of(registry, which, number)
    content = export_entries(entries, fmt.value)
    if output is None:
        if fmt is Format.XLSX and sys.stdout.isatty():
            fail("A workbook is no text for a terminal; name a file with -o.")
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
    notice: NoticeTitle = None,
    notice_number: NoticeNumber = None,
    effective: EffectiveFrom = None,
    subject: As = None,
    as_json: AsJson = False,
) -> None:
    """Read and check a file, telling all its faults at once; with --code, propose it as a further catalog."""
    entries = read_file(file)
    if code is not None:
        propose_catalog(entries, code, name, notice, notice_number, effective, subject, as_json=as_json)
        return
    if as_json:
        sys.stdout.buffer.write(export_entries(entries, "json"))
        return
    numbers = [entry.number for entry in entries]
    out.print(f"{escape(file.name)}: {len(entries)} entries, {min(numbers)} to {max(numbers)}, without a fault.")


def propose(
    file: Annotated[Path, typer.Argument(help="The whole catalog: a CSV, XLSX, JSON, DOCX or TXT file.")],
    code: Annotated[str, typer.Option("--code", help="Lower-case letters, digits and hyphens.")],
    name: Annotated[str, typer.Option("--name", help="The catalog's name.")],
    notice: NoticeTitle = None,
    notice_number: NoticeNumber = None,
    effective: EffectiveFrom = None,
    subject: As = None,
    as_json: AsJson = False,
) -> None:
    """Propose a further catalog from a file; another administrator publishes it."""
    entries = read_file(file)
    propose_catalog(entries, code, name, notice, notice_number, effective, subject, as_json=as_json)


def propose_catalog(
    entries: Sequence[CatalogEntry],
    code: str,
    name: str | None,
    notice: str | None,
    notice_number: str | None,
    effective: datetime | None,
    subject: str | None,
    *,
    as_json: bool,
) -> None:
    """Propose entries as a further catalog, and say what to do next."""
    if name is None or notice is None or effective is None:
        fail("A further catalog needs --name, --notice and --effective; give all three.")
    by = provenance(subject)
    with explaining(), open_registry(Settings()) as registry:
        terms = catalog_terms(code, name, notice_number, notice, effective.date(), entries)
        refusals = list(registry.catalog_proposals.refusals(terms))
        if refusals:
            for refusal in refusals:
                err.print(f"[red]·[/] {escape(refusal.message)} ({refusal.code.value})", highlight=False)
            fail("The catalog can't be published as it stands; correct what is listed above.", REFUSED)
        proposal, position = registry.catalog_proposals.propose(by, terms)
    if as_json:
        print_json({"proposal": str(proposal), "code": code, "entries": len(entries), "position": position})
        return
    out.print(f"Proposed {escape(code)} with {len(entries)} entries. Another administrator publishes it:")
    out.print(f"  recognition catalog publish {proposal} --as SUBJECT", highlight=False)


def diff(
    a: Annotated[str, typer.Argument(help="A version's number, or a file.")],
    b: Annotated[str, typer.Argument(help="A version's number, or a file.")],
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions or files, entry by entry and field by field."""
    sides: dict[str, Sequence[CatalogEntry]] = {side: read_file(Path(side)) for side in (a, b) if not side.isdecimal()}
    if any(side.isdecimal() for side in (a, b)):
        with explaining(), open_registry(Settings()) as registry:
            which = code or load_official_catalog().code
            sides |= {side: entries_of(registry, which, int(side)) for side in (a, b) if side.isdecimal()}
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
        "fields": [{"name": f.field, "before": f.before, "after": f.after} for f in difference.fields],
    }


def show_differences(differences: Sequence[EntryDifference], title: str) -> None:
    """Print differences as a table, and how many of which kind there are."""
    if differences:
        table = Table(title=escape(title), show_lines=True)
        for column in ("entry", "change", "field", "before", "after"):
            table.add_column(column, overflow="fold")
        for each in differences:
            colour = _COLOURS[each.kind]
            for n, field in enumerate(each.fields):
                head = (str(each.number), f"[{colour}]{each.kind.value}[/]") if n == 0 else ("", "")
                before, after = escape(field.before or ""), escape(field.after or "")
                table.add_row(*head, field.field, f"[red]{before}[/]", f"[green]{after}[/]")
        out.print(table)
    counts = [f"{sum(each.kind is kind for each in differences)} {kind.value.lower()}" for kind in EntryChangeKind]
    out.print(", ".join(counts) if differences else "No entry differs.")


def read_file(path: Path) -> tuple[CatalogEntry, ...]:
    """A file's entries, or every fault of it and the end of the command."""
    return read_by(lambda source, left_out: read_entries(source, left_out=left_out), path)


def read_by(read: Callable[[Path, list[str]], T], path: Path) -> T:
    """What a reader makes of a file, or every fault of it and the end of the command; what is hidden in it is said."""
    left_out: list[str] = []
    try:
        found = read(path, left_out)
    except FileRefused as refused:
        for fault in refused.faults:
            err.print(f"[red]·[/] {escape(str(fault))} ({fault.code})", highlight=False, soft_wrap=True)
        count = "1 fault" if len(refused.faults) == 1 else f"{len(refused.faults)} faults"
        fail(f"{escape(path.name)} is refused for {count}; correct what is listed above.", REFUSED)
    except OSError as error:
        fail(f"{escape(str(path))} can't be read ({error.strerror}); name another file.")
    for each in left_out:
        err.print(escape(each), highlight=False, soft_wrap=True)
    return found


def entries_of(registry: Registry, code: str, version: int) -> list[CatalogEntry]:
    """The entries of a version by number, or one sentence and the end of the command."""
    catalog = registry.shelf.catalog(code)
    try:
        entries = catalog.entries_at(version)
    except KeyError:
        fail(f"The catalog has no version {version}; it has 1 to {catalog.latest.number}.")
    return [entries[number] for number in sorted(entries)]
