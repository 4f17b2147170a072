"""``recognition import``: decisions of before the registry, from a file that one administrator signs and another brings in."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import Token, provenance
from console.language import spoken
from console.opened import reading, writing
from console.options import AsJson
from console.reports import counting, written_whole
from console.talk import REFUSED, fail, note, print_json, say

if TYPE_CHECKING:
    from application.importing import RowOutcome
    from catalog.files.decisions import DecisionRow


def import_decisions(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with a row for each title that was recognised.")],
    sign: Annotated[
        bool, typer.Option("--sign", help="Sign the file instead, for another administrator to import.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row and record nothing.")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option("--refused", help="Where refused rows go; FILE.refused.csv else.")
    ] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Import decisions of before the registry; one that was broken off goes on where it stopped.

    Each keeps its own days and the catalog version of its day. Exit code 0: every row is in, or the file is signed; 1: rows were
    refused, or the file is not signed by another; 2: the call or the file can't be used.
    """
    from domain.messages import tell

    by = provenance(token)
    data, rows, left_out = _read(file)
    for each in left_out:
        note(each)
    sha256 = hashlib.sha256(data).hexdigest()
    report = refused or file.with_name(f"{file.stem}.refused.csv")
    if report.exists() and report.samefile(file):
        fail(tell("import.report_in_the_way").text(spoken()))
    if sign:
        with writing(catch_up=False) as registry:
            registry.imports.sign(by, sha256, len(rows))
        _say_signed(sha256, len(rows), as_json)
        return
    if dry_run:
        with reading() as standing:
            found = _Found.of(_followed(standing.imports().examine(by, sha256, rows), len(rows)), rows)
    else:
        with writing() as registry:
            begun = registry.imports.begin(by, sha256)
            found = _Found.of(_followed(registry.imports.take_in(by, begun, rows), len(rows)), rows)
            registry.imports.finish(by, sha256, found.imported, len(found.refused))
    if found.refused:
        _write(report, found.refused)
    _say_found(found, report, as_json, rehearsed=dry_run)
    if found.refused:
        raise typer.Exit(REFUSED)


@dataclass
class _Found:
    """What became of all rows."""

    imported: int = 0
    already: int = 0
    refused: list[tuple[DecisionRow, RowOutcome]] = field(default_factory=list)

    @classmethod
    def of(cls, outcomes: Iterable[RowOutcome], rows: Sequence[DecisionRow]) -> _Found:
        """Count them; refused rows stand in their order."""
        found = cls()
        for each in outcomes:
            if each.refused is not None:
                found.refused.append((rows[each.row - 1], each))
            else:
                found.imported += 1
                found.already += each.already
        found.refused.sort(key=lambda pair: pair[1].row)
        return found


def _read(file: Path) -> tuple[bytes, tuple[DecisionRow, ...], list[str]]:
    from catalog.faults import FileRefused
    from catalog.files.decisions import decisions_of
    from catalog.files.tables import bytes_of
    from domain.messages import tell

    left_out: list[str] = []
    try:
        data = bytes_of(file)
        return data, decisions_of(data, file.name, left_out), left_out
    except FileRefused as refused:
        fail(tell("import.file_refused", file=file.name, fault=str(refused.faults[0])).text(spoken()))
    except (OSError, ValueError) as error:  # a zero byte in a path is a ValueError
        why = getattr(error, "strerror", None) or "—"
        fail(tell("import.file_unreadable", file=str(file), why=why).text(spoken()))


def _followed(outcomes: Iterable[RowOutcome], total: int) -> Iterable[RowOutcome]:
    from domain.messages import tell

    with counting() as progress:
        yield from progress.track(outcomes, total=total, description=tell("import.importing").text(spoken()))


def _write(report: Path, refused: Sequence[tuple[DecisionRow, RowOutcome]]) -> None:
    """The refused rows as they were, each behind its place, code and reason; what holds persons is for its owner alone."""
    from catalog.files.decisions import HEADS
    from catalog.files.delimited import guarded

    report.touch(mode=0o600)
    with written_whole(report) as sheet:
        writer = csv.writer(sheet)
        writer.writerow(["row", "code", "reason", *(names[0] for names in HEADS.values())])
        for row, outcome in refused:
            told = outcome.refused.text(spoken()) if outcome.refused else ""
            code = outcome.code.value if outcome.code else ""
            cells = [row.cells.get(column, "") for column in HEADS]
            writer.writerow([guarded(each) for each in (row.place, code, told, *cells)])
    report.chmod(0o600)


def _say_signed(sha256: str, rows: int, as_json: bool) -> None:
    from domain.decision_import import waived_rules
    from domain.messages import tell

    if as_json:
        print_json({"sha256": sha256, "rows": rows, "waived": waived_rules()})
        return
    say(tell("import.now_signed", rows=rows, sha256=sha256).text(spoken()))
    note(tell("import.not_asked", rules=waived_rules()).text(spoken()))


def _say_found(found: _Found, report: Path, as_json: bool, *, rehearsed: bool) -> None:
    from domain.messages import tell

    counts: dict[str, int] = {"imported": found.imported, "already": found.already, "refused": len(found.refused)}
    if as_json:
        rows: list[Any] = [
            {
                "row": row.place,
                "code": outcome.code,
                "reason": outcome.refused.text(spoken()) if outcome.refused else None,
            }
            for row, outcome in found.refused
        ]
        print_json(counts | {"rows": rows, "report": str(report) if found.refused else None})
        return
    told = tell("import.tried", **counts) if rehearsed else tell("import.done", **counts)
    say(told.text(spoken()))
    if found.refused:
        note(tell("import.refused_in", file=str(report)).text(spoken()))
