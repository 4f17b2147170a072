"""``recognition match``: what one certificate is in the catalog, or each of a file's, and why."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from console.language import spoken, worded
from console.opened import reading, today
from console.options import AsJson, On
from console.progress import progress
from console.remote.address import asked_server
from console.remote.asking import document, server_for
from console.reports import written_whole
from console.talk import REFUSED, fail, jsonable, note, print_json, print_rows, say
from domain.messages import Message, system_reason, tell

if TYPE_CHECKING:
    from application.catalogs import Shelf
    from application.matching_batch import Answered, Ask, Summary
    from application.several_catalogs import Found
    from console.remote.client import Server
    from domain.values import CatalogEntry, MatchCandidate

_HEAD: Final = (
    "row", "name", "issuer", "grade", "outcome", "entry", "qualification", "title", "score", "candidates", "reasons",
    "catalog", "version", "rule set",
)  # fmt: skip


def match(
    name: Annotated[str | None, typer.Argument(help="help.match.name")] = None,
    issuer: Annotated[str, typer.Option("--issuer", help="help.match.issuer")] = "",
    grade: Annotated[str | None, typer.Option("--grade", help="help.match.grade")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="help.match.file")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="help.match.report")] = None,
    on: On = None,
    code: Annotated[str | None, typer.Option("--catalog", help="help.match.code")] = None,
    as_json: AsJson = False,
) -> None:
    """``recognition match``: see ``command.match``."""
    day = on or today()
    if (name is None) == (file is None):
        fail(tell("said.match.one_or_file"))
    if file is not None:
        if issuer or grade:
            fail(tell("said.match.file_says_issuers"))
        if asked_server() is not None:
            fail(tell("said.match.file_from_database"))
        _match_file(file, report or file.with_name(f"{file.stem}.matches.csv"), day, code, as_json)
    else:
        _match_one(str(name), issuer, grade, day, code, as_json)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A match as it is shown: whole for programs; for people its outcome, what it is, and a row a candidate."""

    whole: Mapping[str, Any]
    outcome: str
    said: Message
    rows: Sequence[tuple[str, ...]]


def _match_one(name: str, issuer: str, grade: str | None, day: date, code: str | None, as_json: bool) -> None:
    server = server_for()
    if server is None:
        shown = _of_database(name, issuer, grade, day, code)
    else:
        shown = _of_server(server, name, issuer, grade, day, code)
    if as_json:
        print_json(shown.whole)
        return
    say(tell("said.match.answer", outcome=shown.outcome, said=shown.said))
    if shown.rows:
        print_rows("", ("entry", "qualification", "issuing body", "score", "reasons"), shown.rows)


def _of_database(name: str, issuer: str, grade: str | None, day: date, code: str | None) -> _Shown:
    with reading() as registry:
        found = registry.shelf.match(name, issuer, grade, day, code)
        if found is None:
            fail(tell("said.match.no_catalog", day=day), REFUSED)
        match = found.match
        entries = [_entry_of(registry.shelf, found, each) for each in match.candidates]
    whole = {
        "outcome": match.outcome,
        "entry": match.entry,
        "award": match.award,
        "candidates": [_answer(each) for each in match.candidates],
        "catalog": found.version.catalog_code,
        "version": found.version.number,
        "ruleSet": match.rule_set,
    }
    rows = [
        (_place_of(each), entry.qualification_name, entry.issuing_body, f"{each.score:.2f}", "\n".join(_told(each)))
        for each, entry in zip(match.candidates, entries, strict=True)
    ]
    return _Shown(whole, match.outcome.value, _title(jsonable(match.entry), jsonable(match.award)), rows)


def _of_server(server: Server, name: str, issuer: str, grade: str | None, day: date, code: str | None) -> _Shown:
    certificate = {"name": name, "issuingBody": issuer, "grade": grade}
    asked = {"certificate": certificate, "catalogCode": code, "on": day.isoformat()}
    found = server.ask(document("match"), asked)["matchCertificate"]
    version, candidates, rows = found.pop("catalogVersion"), [], []
    for each in found["candidates"]:
        entry = each["entry"]
        other = entry["catalogCode"] if entry["catalogCode"] != version["catalogCode"] else None
        candidates.append(
            {
                "number": entry["number"],
                "grade": each["award"] and each["award"]["grade"],
                "score": each["score"],
                "reasons": each["reasons"],
                "catalogCode": other,
            }
        )
        place = f"{other} {entry['number']}" if other else str(entry["number"])
        row = (
            place,
            entry["qualificationName"],
            entry["issuingBody"],
            f"{each['score']:.2f}",
            "\n".join(each["reasons"]),
        )
        rows.append(row)
    whole = found | {
        "candidates": candidates,
        "catalog": version["catalogCode"],
        "version": version["number"],
    }
    return _Shown(whole, found["outcome"], _title(found["entry"], found["award"]), rows)


def _entry_of(shelf: Shelf, found: Found, candidate: MatchCandidate) -> CatalogEntry:
    """The entry that a candidate is, in its own catalog."""
    code = candidate.catalog_code or found.version.catalog_code
    entry = shelf.entry_at(code, candidate.catalog_version or found.version.number, candidate.number)
    if entry is None:
        raise LookupError(f"{code} has no entry {candidate.number}")
    return entry


def _told(candidate: MatchCandidate) -> list[str]:
    """The reasons of a candidate, in the language of the command."""
    language = spoken()
    return [each.text(language) for each in candidate.because]


def _answer(candidate: MatchCandidate) -> dict[str, Any]:
    """A candidate for programs: its reasons as sentences, and as ``codes`` with their facts."""
    return {
        "number": candidate.number,
        "grade": candidate.grade,
        "score": candidate.score,
        "reasons": _told(candidate),
        "codes": candidate.reasons,
        "catalogCode": candidate.catalog_code,
        "catalogVersion": candidate.catalog_version,
    }


def _place_of(candidate: MatchCandidate) -> str:
    return f"{candidate.catalog_code} {candidate.number}" if candidate.catalog_code else str(candidate.number)


def _title(entry: Mapping[str, Any] | None, award: Mapping[str, Any] | None) -> Message:
    if entry is None:
        return tell("said.match.no_entry")
    title = award["title"] if award else tell("said.match.title_open")
    return tell("said.match.entry", number=entry["number"], name=entry["qualificationName"], title=title)


def _match_file(file: Path, report: Path, day: date, code: str | None, as_json: bool) -> None:
    from application.matching_batch import Summary, match_all
    from catalog.faults import FileRefused
    from catalog.files.certificates import read_certificates
    from catalog.files.delimited import guarded

    left_out: list[Message] = []
    try:
        certificates = read_certificates(file, left_out)
    except FileRefused as refused:
        fail(tell("fault.placed", place=file.name, said=refused.faults[0].placed))
    except OSError as error:
        fail(tell("said.file.unreadable", file=str(file), reason=system_reason(error)))
    if report.exists() and report.samefile(file):
        fail(tell("said.match.report_is_list"))
    summary = Summary()
    with reading() as registry, written_whole(report) as sheet, progress(tell("said.progress.matching")) as bar:
        writer = csv.writer(sheet)
        writer.writerow(_HEAD)
        answers = match_all(certificates, _asking(registry.shelf, day, code), summary)
        for done, answered in enumerate(answers, 1):
            writer.writerow([guarded(cell) for cell in _row(answered)])
            bar(done, len(certificates))
        if summary.certificates < len(certificates):
            fail(tell("said.match.no_catalog", day=day), REFUSED)
    for each in left_out:
        note(each)
    _say(summary, report, left_out, as_json)


def _asking(shelf: Shelf, day: date, code: str | None) -> Ask:
    """Every certificate is asked of the versions that are in force as the list begins, whatever is amended meanwhile."""
    return partial(shelf.match_among, shelf.governing(day, code), day)


def _row(answered: Answered) -> tuple[str, ...]:
    match, version = answered.found.match, answered.found.version
    certificate, entry = answered.certificate, match.entry
    return (
        str(certificate.row),
        certificate.name,
        certificate.issuer,
        certificate.grade or "",
        match.outcome.value,
        str(entry.number) if entry else "",
        entry.qualification_name if entry else "",
        match.award.title if match.award else "",
        f"{match.candidates[0].score:.3f}" if match.candidates else "",
        " ".join(map(str, answered.candidates)),
        "\n".join(answered.reasons(spoken())),
        version.catalog_code,
        str(version.number),
        match.rule_set,
    )


def _say(summary: Summary, report: Path, left_out: Sequence[Message], as_json: bool) -> None:
    from domain.values import MatchOutcome

    counts = {outcome.value: summary.outcomes[outcome] for outcome in MatchOutcome}
    if as_json:
        print_json(
            {
                "certificates": summary.certificates,
                "outcomes": counts,
                "openTitles": summary.open_titles,
                "unread": summary.unread,
                "leftOut": [worded(each) for each in left_out],
                "report": str(report),
            }
        )
        return
    print_rows("", ("outcome", "certificates"), list(counts.items()))
    note(
        tell("said.match.done", certificates=summary.certificates, open_titles=summary.open_titles, report=str(report)),
        "green",
    )
    if summary.unread:
        note(tell("said.match.unread", unread=summary.unread))
