"""``recognition import``: decisions of before the registry, from a file that one administrator signs and another brings in."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
    from domain.values import Provenance
    from infrastructure.composition import Registry
    from infrastructure.standing import StandingRegistry


def import_decisions(
    file: Annotated[Path, typer.Argument(help="help.import.file")],
    sign: Annotated[bool, typer.Option("--sign", help="help.import.sign")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="help.import.dry_run")] = False,
    refused: Annotated[Path | None, typer.Option("--refused", help="help.import.refused")] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", metavar="N", min=1, help="help.import.processes"),
    ] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition import``: see ``command.import``."""
    by = provenance(token)
    report = refused or file.parent / f"{file.stem or 'import'}.refused.csv"
    if sign:
        with writing(catch_up=False) as registry:
            listed = _read(file)
            registry.imports.sign(by, listed.sha256, len(listed.rows))
        _say_signed(listed, as_json)
        return
    if dry_run:
        with reading() as standing:
            listed = _read(file, report)
            found = _Found.of(_rehearsed(standing, by, listed), listed.rows)
    else:
        with writing() as registry:
            listed = _read(file, report)
            found = _Found.of(_imported(registry, by, listed, processes), listed.rows)
    if found.refused:
        _write(report, found.refused)
    _say_found(found, report, as_json, rehearsed=dry_run)
    if found.refused:
        raise typer.Exit(REFUSED)


@dataclass(frozen=True)
class _Listed:
    """A file as it is signed: the digest of its bytes, and its rows."""

    sha256: str
    rows: tuple[DecisionRow, ...]


def _rehearsed(registry: StandingRegistry, by: Provenance, listed: _Listed) -> Iterator[RowOutcome]:
    yield from _followed(registry.imports().examine(by, listed.sha256, listed.rows), len(listed.rows))


def _imported(registry: Registry, by: Provenance, listed: _Listed, processes: int | None) -> Iterator[RowOutcome]:
    """Bring all in, and record how many of each there were."""
    from infrastructure.importing import take_in
    from infrastructure.shares import cores

    begun, counts = registry.imports.begin(by, listed.sha256), Counter[bool]()
    outcomes = take_in(registry.imports, registry.settings, by, begun, listed.rows, processes or cores())
    for each in _followed(outcomes, len(listed.rows)):
        counts[each.refused is None] += 1
        yield each
    registry.imports.finish(by, listed.sha256, counts[True], counts[False])


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


def _read(file: Path, report: Path | None = None) -> _Listed:
    """The file's rows, as it stands; ``report`` must be another."""
    from catalog.faults import FileRefused
    from catalog.files.decisions import decisions_of
    from catalog.files.tables import bytes_of
    from domain.messages import Message, system_reason, tell

    left_out: list[Message] = []
    try:
        data = bytes_of(file)
        listed = _Listed(hashlib.sha256(data).hexdigest(), decisions_of(data, file.name, left_out))
    except FileRefused as refused:
        fail(tell("import.file_refused", file=file.name, fault=refused.faults[0].placed).text(spoken()))
    except (OSError, ValueError) as error:  # a zero byte in a path is a ValueError
        why = system_reason(error) if isinstance(error, OSError) else "—"
        fail(tell("import.file_unreadable", file=str(file), why=why).text(spoken()))
    if report is not None and report.exists() and report.samefile(file):
        fail(tell("import.report_in_the_way").text(spoken()))
    for each in left_out:
        note(each)
    return listed


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


def _say_signed(listed: _Listed, as_json: bool) -> None:
    from domain.decision_import import waived_rules
    from domain.messages import tell

    if as_json:
        print_json({"sha256": listed.sha256, "rows": len(listed.rows), "waived": waived_rules()})
        return
    say(tell("import.now_signed", rows=len(listed.rows), sha256=listed.sha256).text(spoken()))
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
