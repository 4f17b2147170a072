"""``recognition audit export`` and ``audit verify``: what a decision rests on as one file, verified without a registry."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from console.acting import Token, acting
from console.language import spoken
from console.opened import asking, reading
from console.options import AsJson
from console.progress import progress
from console.talk import REFUSED, fail, note, print_json, print_pairs
from domain.messages import system_reason, tell

if TYPE_CHECKING:
    from application.pack.verifying import Verified
    from application.pack.whole import WholeVerified
    from infrastructure.audit.packing import ExportedCase
    from infrastructure.standing import StandingRegistry

_PEEKED: Final = 4096
"""Bytes in which a file says what it is."""


def export(
    case: Annotated[str | None, typer.Argument(help="help.audit.export.case")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="help.audit.export.out")] = Path("audit-pack.json"),
    everything: Annotated[bool, typer.Option("--all", help="help.audit.export.everything")] = False,
    disclose: Annotated[
        list[str] | None,
        typer.Option(
            "--disclose",
            metavar="FIELD",
            help="help.audit.export.disclose",
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="help.audit.export.reason")] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """``recognition audit export``: see ``command.audit.export``."""
    if everything == (case is not None):
        fail(tell("said.pack.case_or_all"))
    if disclose and everything:
        fail(tell("said.pack.disclosed_by_case"))
    if disclose and len((reason or "").strip()) < 3:
        fail(tell("said.pack.reason_missing"))
    from infrastructure.audit.packing import PackRefused

    try:
        if everything:
            told = _export_everything(out, token)
        else:
            told = _export_case(case or "", out, disclose or [], (reason or "").strip() or None, token)
    except PackRefused as refused:
        fail(refused.text(spoken()), REFUSED)
    if as_json:
        print_json(told)
    else:
        print_pairs(tell("said.pack.exported"), list(told.items()))


def verify(
    file: Annotated[Path, typer.Argument(help="help.audit.verify.file")],
    key: Annotated[list[str], typer.Option("--key", help="help.option.key")],
    as_json: AsJson = False,
) -> None:
    """``recognition audit verify``: see ``command.audit.verify``."""
    from application.pack.judging import Wrong
    from console.audit_check import sentence
    from domain.merkle import TransparencyError

    begun = time.perf_counter()
    try:
        with _opened(file) as source:
            head = source.peek(_PEEKED)[:_PEEKED]
            facts = _verified_whole(source, key) if _of_everything(head) else _verified_case(source, key)
    except Wrong as wrong:
        found = wrong.found
        if as_json:
            told = {"code": found.code, "rule": found.rule, "message": found.said.text(spoken())}
            place = {"streamId": found.stream_id, "version": found.version, "position": found.position}
            print_json({"verified": False, **told, **place})
        fail(sentence(found), REFUSED)
    except TransparencyError as error:
        fail(tell("said.coded", said=error.said, code=error.code), REFUSED)
    facts["seconds"] = round(time.perf_counter() - begun, 3)
    if as_json:
        print_json({"verified": True, **facts})
        return
    remarks = facts.pop("remarks", [])
    disclosed = facts.pop("disclosed", [])
    print_pairs(tell("said.pack.verified"), list(facts.items()))
    for each in disclosed:
        named = tell("said.pack.disclosed", field=each["field"], version=each["version"])
        print_pairs(None, [(named, each["value"])])
    for remark in remarks:
        note(remark)


def _of_everything(head: bytes) -> bool:
    from application.pack.contents import WHOLE_FORMAT

    return WHOLE_FORMAT.encode() in head.split(b",", 1)[0]


def _opened(file: Path) -> BufferedReader:
    try:
        return file.open("rb")
    except (OSError, ValueError) as error:
        why = system_reason(error) if isinstance(error, OSError) else tell("said.pack.no_such_path")
        fail(tell("said.pack.unreadable", file=str(file), reason=why))


def _verified_case(source: BinaryIO, keys: list[str]) -> dict[str, Any]:
    from application.pack.verifying import LARGEST, verify_case

    data = source.read(LARGEST + 1)
    if len(data) > LARGEST:
        fail(tell("said.pack.too_large", most=LARGEST))
    found: Verified = verify_case(data, *keys)
    title = None
    if found.award is not None:
        title = tell(
            "said.pack.title", title=found.award.title, level=found.award.level.value, status=str(found.title_status)
        )
    return {
        "case": found.case_number,
        "status": found.status,
        "title": title,
        "log": found.origin,
        "leaves": found.leaves,
        "witnesses": list(found.witnesses),
        "exported": found.exported_at,
        "streams": found.streams,
        "events": found.events,
        "matches derived": found.matches,
        "remarks": [each.text(spoken()) for each in found.remarks],
        "disclosed": [
            {"streamId": each.stream_id, "version": each.version, "field": each.field, "value": each.value}
            for each in found.disclosed
        ],
    }


def _verified_whole(source: BinaryIO, keys: list[str]) -> dict[str, Any]:
    import tempfile

    from application.pack.whole import LONGEST_LINE, verify_whole

    def lines() -> Iterable[bytes]:
        while line := source.readline(LONGEST_LINE):
            yield line

    with tempfile.TemporaryFile() as hashes, progress(tell("said.progress.verifying")) as told:
        found: WholeVerified = verify_whole(lines(), hashes, *keys, told=told)
    return {
        "log": found.origin,
        "leaves": found.leaves,
        "witnesses": list(found.witnesses),
        "exported": found.exported_at,
        "streams": found.streams,
        "rules not asked of seals": found.unasked,
    }


def _export_case(number: str, out: Path, disclose: list[str], reason: str | None, token: str | None) -> dict[str, Any]:
    from application.access import Action
    from console.case_reading import case_of, no_such_case, record, viewer_of

    async def question(registry: StandingRegistry) -> ExportedCase | None:
        from infrastructure.audit.packing import export_case

        viewer = viewer_of(registry, token, Action.READ_AUDIT_LOG, reason)
        case = await case_of(registry, viewer, number)
        if case is None:
            return None
        if disclose and not viewer.in_clear(case):
            fail(tell("said.pack.person_not_shown"), REFUSED)
        found = export_case(registry.audited, registry.seals, number, disclose, reason)
        for holder, fields in (found.shown if found is not None else {}).items():
            for each in fields:
                viewer.note(holder, each)
        await record(registry, viewer, "audit export")
        return found

    found = asking(question)
    if found is None:
        no_such_case(number)
    _written(out, lambda file: file.write(found.data))
    return {"file": str(out), "bytes": len(found.data), "events": found.events, "leaves": found.leaves}


def _export_everything(out: Path, token: str | None) -> dict[str, Any]:
    from application.access import Action, require
    from infrastructure.audit.packing import export_everything

    written = 0
    with reading() as registry, progress(tell("said.progress.exporting")) as told:
        require(acting(token), Action.READ_AUDIT_LOG)

        def write(file: BinaryIO) -> None:
            nonlocal written
            for line, done, of in export_everything(registry.audited):
                file.write(line)
                written = done
                if done % 1000 == 0:
                    told(done, of)

        _written(out, write)
    return {"file": str(out), "events": written}


def _written(out: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file in one step: a pack that was interrupted is none."""
    part: Path | None = None
    try:
        part = out.with_name(f"{out.name}.part")
        with part.open("wb") as file:
            write(file)
        part.replace(out)
    except (OSError, ValueError) as error:
        why = system_reason(error) if isinstance(error, OSError) else tell("said.pack.no_such_path")
        fail(tell("said.pack.not_written", file=str(out), reason=why))
    finally:
        if part is not None:
            with contextlib.suppress(OSError, ValueError):
                part.unlink(missing_ok=True)
