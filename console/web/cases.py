"""Cases: the reviewer's queue and inbox, the page of a case with what can be done about it, and its evidence."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson
from anyio import to_thread
from starlette.responses import Response

from application.access import Action
from console.web.acts import ACTS, CaseAct, Kind
from console.web.asking import EvidenceRelay, document, put_evidence
from console.web.catalog import day_of
from console.web.visit import FORM_BYTES, NoPage, Visit, WebPage
from domain.case.case import RecognitionCase
from domain.clocks import DeadlineState
from domain.merkle import ProofRejected, TreeBoundsError, verify_inclusion
from domain.messages import Message, SpokenError
from domain.values import CaseStatus, ReviewOutcome, shanghai_day
from infrastructure.audit.packing import ExportedCase, export_case

ROWS: Final = 50
GUARDS_OF: Final[Mapping[str, Mapping[str, Message]]] = {
    kind.TOPIC: {guard.name: guard.said for guard in guards} for kind, guards in RecognitionCase.GUARDS.items()
}
"""The rules that an event kept, by its type: the names of docs/rules.md, and what is said to people."""
UPLOAD_BYTES: Final = 64 * 1024 * 1024
"""Bytes of the largest form with files."""
_OPEN: Final = [CaseStatus.SUBMITTED.value, CaseStatus.MATCHED.value]
QUEUES: Final[Mapping[str, Mapping[str, Any]]] = {
    "open": {"status": _OPEN},
    "soon": {"status": _OPEN, "deadline": DeadlineState.DUE_SOON.value},
    "overdue": {"status": _OPEN, "deadline": DeadlineState.OVERDUE.value},
    "waiting": {"status": [CaseStatus.SUPPLEMENT_REQUESTED.value]},
    "returned": {"status": _OPEN, "supplemented": True},
    "contested": {"status": _OPEN, "contested": True},
    "second": {"status": [CaseStatus.MATCHED.value], "overridden": True},
}
"""What a reviewer picks from, as filters of the API; ``mine`` is added with the asker's own subject."""
AGES: Final = (7, 14, 30)
"""Days since when a case waits, as the queue offers them."""


async def queue(visit: Visit) -> Response:
    """The cases that wait for an officer, by what they wait for; the oldest first."""
    view = visit.query("view") or "open"
    mine = {"decidedBy": visit.actor.subject} if visit.actor else {}
    chosen = dict(QUEUES).get(view, mine if view == "mine" else None)
    if chosen is None:
        raise NoPage(404, "error.missing")
    age = visit.number("age")
    if age:
        before = shanghai_day(visit.console.registry.clock()) - timedelta(days=min(age, 36_500))
        chosen = dict(chosen) | {"submittedTo": _begin_of(before.isoformat())}
    data = await visit.ask("cases", filter=chosen, **_oldest_first(visit, ROWS))
    listed = data["cases"]
    listed["nodes"].reverse()
    info = listed["pageInfo"]
    listed["pageInfo"] = {
        "hasNextPage": info["hasPreviousPage"],
        "hasPreviousPage": info["hasNextPage"],
        "endCursor": info["startCursor"],
        "startCursor": info["endCursor"],
    }
    return visit.page("queue", rows="cases.nodes", cases=listed, view=view, views=[*QUEUES, "mine"], ages=AGES, age=age)


def _oldest_first(visit: Visit, rows: int) -> dict[str, Any]:
    """The page of a list that the API has newest first, read from its end."""
    if visit.query("before"):
        return {"first": rows, "after": visit.query("before")}
    return {"last": rows, "before": visit.query("after")}


async def all_cases(visit: Visit) -> Response:
    """Cases by state, authority, entry and day."""
    status = visit.query("status")
    found = visit.query("number")
    if found:
        data = await visit.ask("case-by-number", number=found)
        if data["case"] is not None:
            return visit.go(f"/cases/{data['case']['caseNumber']}")
        visit.data.clear()
        visit.asked.clear()
    given = {
        "status": [status] if status in set(CaseStatus) else None,
        "authorityCode": visit.query("authority"),
        "entryNumber": visit.number("entry"),
        "submittedFrom": _begin_of(day_of(visit.query("from"))),
        "submittedTo": _begin_of(day_of(visit.query("to"))),
    }
    return await _listed(
        visit, "cases", {name: value for name, value in given.items() if value not in (None, "")}, missed=found
    )


def _begin_of(day: str | None) -> str | None:
    return f"{day}T00:00:00+08:00" if day else None


async def _listed(visit: Visit, template: str, given: Mapping[str, Any], **context: Any) -> Response:
    data = await visit.ask("cases", filter=given, **visit.window(ROWS))
    return visit.page(template, rows="cases.nodes", cases=data["cases"], statuses=list(CaseStatus), **context)


async def inbox(visit: Visit) -> Response:
    """What another officer proposed, and cases that need another officer's approval."""
    data = await visit.ask("inbox", atLeast=visit.query("at"))
    proposed = [each for each in data["proposed"]["nodes"] if each["pendingProposal"]]
    proposed += [each for each in data["ended"]["nodes"] if each["pendingProposal"]]
    visit.data["inbox"] = [*proposed, *data["overridden"]["nodes"]]
    return visit.page(
        "inbox",
        rows="inbox",
        proposed=proposed,
        overridden=data["overridden"]["nodes"],
        more=data["proposed"]["pageInfo"]["hasNextPage"],
    )


async def case(visit: Visit) -> Response:
    """A case: the certificate beside the candidates, evidence, deadlines, warnings, title, and what can be done now."""
    found, kept = await _case(visit), visit.query("done")
    pending = (found["pendingProposal"] or {}).get("kind")
    offered = [each for each in ACTS if visit.may(each.action)]
    usual = [each for each in offered if each.is_usual(found["status"], pending)]
    return visit.page(
        "case",
        case=found,
        usual=usual,
        others=[each for each in offered if each not in usual],
        done=next((each for each in ACTS if each.name == kept), None),
        attests=visit.may(Action.ATTEST),
        decides=visit.may(Action.DECIDE),
    )


async def _case(visit: Visit) -> dict[str, Any]:
    number = visit.request.path_params["number"]
    data = await visit.ask("case", number=number, atLeast=visit.query("at"))
    found: dict[str, Any] = visit.found(data["case"])
    return found


async def act(visit: Visit) -> Response:
    """One act about a case: its form, a page that names the consequence where it is grave, and what the registry says."""
    chosen = next((each for each in ACTS if each.name == visit.request.path_params["act"]), None)
    if chosen is None:
        raise NoPage(404, "error.missing")
    if not visit.may(chosen.action):
        raise NoPage(403, "error.not_for_role")
    if visit.request.method != "POST":
        return await _form(visit, chosen)
    await visit.guarded_form(largest=UPLOAD_BYTES if chosen.uploads else FORM_BYTES)
    if visit.sent("change") == "yes":
        return await _form(visit, chosen)
    values, wrong = _filled(visit, chosen)
    if wrong:
        return await _form(visit, chosen, wrong)
    if chosen.grave and visit.sent("confirmed") != "yes":
        return visit.page("confirm", case=await _case(visit), act=chosen, form=visit.form)
    return await _done(visit, chosen, values)


async def _done(visit: Visit, chosen: CaseAct, values: dict[str, Any]) -> Response:
    """The act, done; or its form with the registry's refusal at the field it is about."""
    case_id, version = visit.sent("case"), visit.sent("version")
    if chosen.uploads:
        files, wrong = await uploaded(visit, {"case": case_id})
        if wrong:
            return await _form(visit, chosen, wrong)
        values["evidence"] = files
    expected = int(version) if version.isdecimal() else None
    data = await visit.told(chosen.document, values | {"caseId": case_id, "expectedVersion": expected})
    payload = data[chosen.mutation]
    if payload["refusal"]:
        refusal = payload["refusal"]
        return await _form(visit, chosen, {refusal["field"] or "": refusal["message"]})
    return visit.go(f"/cases/{payload['case']['caseNumber']}", at=payload["position"], done=chosen.name)


def _filled(visit: Visit, chosen: CaseAct) -> tuple[dict[str, Any], dict[str, str]]:
    """What was typed into the fields of an act, and what is wrong with it, both by field."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for each in chosen.fields:
        text = visit.sent(each.name)
        if each.kind is Kind.FILES:
            continue
        if each.required and not text:
            wrong[each.name] = visit.speaker.say("form.needed")
            continue
        try:
            value = each.value(text)
        except ValueError:
            wrong[each.name] = visit.speaker.say("form.not_so")
            continue
        if value is not None:
            values[each.name] = value
    return values, wrong


async def _form(visit: Visit, chosen: CaseAct, wrong: Mapping[str, str] | None = None) -> Response:
    found = await _case(visit)
    authorities: Sequence[Any] = ()
    if any(each.kind is Kind.AUTHORITY for each in chosen.fields):
        authorities = (await visit.ask("authorities"))["authorities"]
    return visit.page(
        "act",
        status=422 if wrong else 200,
        case=found,
        act=chosen,
        rules=[each.text(visit.language) for each in chosen.rules],
        wrong=wrong or {},
        authorities=authorities,
        reviews=list(ReviewOutcome),
        largest=visit.console.registry.settings.evidence_max_size // (1024 * 1024),
        most=UPLOAD_BYTES,
    )


async def uploaded(visit: Visit, holder: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The files of a form, taken in as evidence of a holder, and those that an earlier try took in; and what is wrong, by its place.

    What is wrong with a file names it; what is wrong with the number under which it was sent is the number's.
    """
    found: list[dict[str, Any]] = []
    for name, text in visit.form.items():
        if name.startswith("kept-"):
            try:
                found.append(orjson.loads(text))
            except ValueError:
                raise NoPage(400, "error.unreadable_form") from None
    for name, file in visit.files.items():
        content = await file.read()
        if not content:
            continue
        media = file.content_type or "application/octet-stream"
        stored, fault = await put_evidence(visit.request, visit.asker, content, media, holder)
        if stored is None:
            said = fault.message if fault else ""
            of_the_person = fault is not None and fault.code == "INVALID_INPUT" and "id_number" in holder
            return found, {"idNumber": said} if of_the_person else {"evidence": f"{file.filename}: {said}"}
        kind = visit.sent(name.replace("file-", "kind-")) or "OTHER"
        found.append({
            "sha256": stored["sha256"], "fileName": file.filename, "mediaType": stored["mediaType"],
            "size": stored["size"], "kind": kind,
        })  # fmt: skip
    return found, {}


async def history(visit: Visit) -> Response:
    """How a case came about: each event with who, when, its guard's ground, and the difference it made."""
    number = visit.request.path_params["number"]
    data = await visit.ask("history", number=number, atLeast=visit.query("at"))
    found = visit.found(data["case"])
    events = found["history"]
    at = min(max(visit.number("version") or len(events), 1), len(events)) if events else 0
    changes = [
        changed(events[index - 1]["state"] if index else None, each["state"]) for index, each in enumerate(events)
    ]
    return visit.page(
        "history",
        rows="case.history",
        case=found,
        events=events,
        changes=changes,
        at=at,
        audits=visit.may(Action.READ_AUDIT_LOG),
        guards={name: said.text(visit.language) for name, said in GUARDS_OF.get(events[at - 1]["type"], {}).items()},
        proof=await _proof(visit, events[at - 1]["position"]),
    )


async def _proof(visit: Visit, position: str) -> str:
    """Whether an event is in the transparency log, in one sentence: the proof is checked here, not believed."""
    data, fault = await visit.tried(document("proof"), {"position": position})
    if data is None:
        return (
            visit.speaker.say("history.not_yet")
            if fault and fault.code == "LOG_BEHIND"
            else (fault.message if fault else "")
        )
    proof = data["inclusionProof"]
    head, size = proof["checkpoint"], proof["checkpoint"]["size"]
    hashes = [b64decode(each) for each in proof["hashes"]]
    try:
        verify_inclusion(b64decode(proof["leafHash"]), proof["leafIndex"], size, hashes, b64decode(head["rootHash"]))
    except (ProofRejected, TreeBoundsError):
        return visit.speaker.say("history.not_proved")
    return visit.speaker.say("history.proved", index=proof["leafIndex"] + 1, size=size)


def changed(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The fields of a state that differ from the state before: name, before, after."""
    was = dict(_flat("", before or {}))
    return [
        (name, was.get(name, ""), text)
        for name, text in _flat("", after)
        if was.get(name, "") != text and name != "version"
    ]


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [cell for key, each in value.items() for cell in _flat(f"{name}.{key}" if name else key, each)]
    return [(name, "" if value is None else str(value))]


async def rederive(visit: Visit) -> Response:
    """A decision derived again from what was recorded, under the version it was pinned to or under another one."""
    data = await visit.ask("case-by-number", number=visit.request.path_params["number"])
    found = visit.found(data["case"])
    derived, fault = await visit.tried(
        document("rederive"), {"caseId": found["id"], "catalogVersion": visit.number("version")}
    )
    if derived is not None:
        visit.data |= derived
        visit.asked.reverse()
    return visit.page(
        "rederive",
        status=200 if fault is None else 422,
        rows="rederive",
        case=found,
        derived=derived["rederive"] if derived else None,
        wrong=fault.message if fault else None,
    )


async def pack(visit: Visit) -> Response:
    """The audit pack of a case, in which persons stay sealed: what its decision rests on, verified without this registry."""
    data = await visit.ask("case-by-number", number=visit.request.path_params["number"])
    number, registry = visit.found(data["case"])["caseNumber"], visit.console.registry

    def export() -> ExportedCase | None:
        return export_case(registry.audited, registry.seals, number)

    try:
        made = visit.found(await to_thread.run_sync(export))
    except SpokenError as refused:
        raise NoPage(503, "error.no_pack", refused.text(visit.language)) from None
    headers = {"Content-Disposition": f'attachment; filename="{number}.audit-pack.json"'}
    return visit.sent_file(Response(made.data, 200, headers, "application/json"))


async def evidence(visit: Visit) -> Response:
    """One file in the page: opened on demand, since each opening is recorded."""
    found = await _case(visit)
    digest = visit.request.path_params["sha256"]
    file = next((each for each in found["evidence"] if each["sha256"] == digest), None)
    return visit.page("evidence", case=found, file=visit.found(file))


async def evidence_file(visit: Visit) -> Any:
    """The file itself, for the frame of its page."""
    data = await visit.ask("case-by-number", number=visit.request.path_params["number"])
    found = visit.found(data["case"])
    return EvidenceRelay(visit.request, visit.asker, found["id"], visit.request.path_params["sha256"])


PAGES: Final = (
    WebPage("/queue", queue, Action.DECIDE),
    WebPage("/inbox", inbox, Action.DECIDE),
    WebPage("/cases", all_cases, Action.READ_CASES),
    WebPage("/cases/{number}", case, Action.READ_CASES),
    WebPage("/cases/{number}/history", history, Action.READ_CASES),
    WebPage("/cases/{number}/evidence/{sha256}", evidence, Action.READ_CASES),
    WebPage("/cases/{number}/evidence/{sha256}/file", evidence_file, Action.READ_CASES),
    WebPage("/cases/{number}/rederive", rederive, Action.READ_AUDIT_LOG),
    WebPage("/cases/{number}/pack", pack, Action.READ_AUDIT_LOG),
    WebPage("/cases/{number}/{act}", act, Action.READ_CASES, posts=True),
)
