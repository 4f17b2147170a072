"""The amendment workbench: a catalog as its office saved it, what it would change and touch, proposed by one, issued by another."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from anyio import to_thread
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from application.access import Action
from catalog.changes import proposed_changes
from catalog.faults import FileRefused
from catalog.files import read_entries
from catalog.files.alias_changes import read_alias_changes
from catalog.files.word_changes import read_word_changes
from console.catalog_amending import differences_to
from console.web.visit import NoPage, Visit, WebPage
from domain.catalog.amendment import EntryChange

T = TypeVar("T")
FILE_BYTES: Final = 20 * 1024 * 1024
REQUIRED: Final = ("noticeNumber", "noticeTitle", "effectiveFrom")
PROPOSE: Final = """mutation ($input: AmendmentInput!) {
  proposeAmendment(input: $input) { position refusal { code message field } amendment { id } }
}"""
ISSUE: Final = """mutation ($amendmentId: ID!) {
  issueAmendment(amendmentId: $amendmentId) { position refusal { code message } catalogVersion { catalogCode number } }
}"""
DISCARD: Final = """mutation ($amendmentId: ID!, $reason: String!) {
  discardAmendment(amendmentId: $amendmentId, reason: $reason) { position refusal { code message } amendment { id } }
}"""


async def listed(visit: Visit) -> Response:
    """Every catalog with its amendments, open ones first, and proposals of further catalogs."""
    codes = (await visit.ask("catalogs", atLeast=visit.query("at")))["catalogs"]
    found = {}
    for each in codes:
        answer = await visit.ask("amendments", code=each["code"], atLeast=visit.query("at"))
        found[each["code"]] = answer["amendments"]
    data = await visit.ask("proposals")
    visit.data = {"catalogs": codes, "amendments": [one for each in found.values() for one in each]}
    return visit.page(
        "amendments", rows="amendments", catalogs=codes, amendments=found, proposals=data["catalogProposals"]
    )


async def amend(visit: Visit) -> Response:
    """Upload the catalog as it is to be; see what that changes and what stands against it; propose it."""
    code = visit.request.path_params["code"]
    catalog = visit.found((await visit.ask("versions", code=code))["catalog"])
    if visit.request.method != "POST":
        return _form(visit, catalog, {})
    await visit.guarded_form(largest=FILE_BYTES)
    if visit.sent("input"):
        return await _proposed(visit, catalog)
    wrong = {name: visit.speaker.say("form.needed") for name in REQUIRED if not visit.sent(name)}
    sent = {name: (each.filename or name, await each.read()) for name, each in visit.files.items() if name in _READ}
    if not sent and not visit.sent("endsOn"):
        wrong["file"] = visit.speaker.say("amend.no_file")
    changes: dict[str, Any] = {}
    for name, (file_name, content) in sent.items():
        try:
            changes[name] = await to_thread.run_sync(_READ[name], visit, code, file_name, content)
        except FileRefused as refused:
            wrong[name] = str(refused)
    if wrong:
        return _form(visit, catalog, wrong)
    given = {
        "catalogCode": code,
        "baseVersion": catalog["versions"][-1]["number"],
        "noticeNumber": visit.sent("noticeNumber"),
        "noticeTitle": visit.sent("noticeTitle"),
        "effectiveFrom": visit.sent("effectiveFrom"),
        "erratum": visit.sent("erratum") == "yes",
        "rematchPending": visit.sent("rematchPending") == "yes",
        "changes": changes.get("file", []),
        "aliasChanges": changes.get("aliases", []),
        "wordChanges": changes.get("words", []),
        "endsOn": visit.sent("endsOn") or None,
    }
    hidden = {"input": orjson.dumps(given).decode()}
    return await previewed(visit, given, action=f"/amendments/new/{code}", hidden=hidden)


async def previewed(visit: Visit, given: Mapping[str, Any], *, action: str, hidden: Mapping[str, str]) -> Response:
    """What an amendment would do, and a form that proposes it to ``action`` with what is ``hidden``."""
    data = await visit.ask("preview", input=given)
    return visit.page("preview", preview=data["previewAmendment"], given=given, action=action, hidden=hidden)


def _entries(visit: Visit, code: str, _name: str, content: bytes) -> list[dict[str, Any]]:
    """What leads from the latest version to the file's entries, as the API takes it. Blocks; raises ``FileRefused``."""
    timeline = visit.console.registry.shelf.catalog(code)
    differences = differences_to(timeline, read_entries(content), partial=visit.sent("partial") == "yes")
    return [_change(each) for each in proposed_changes(differences, reason=visit.sent("reason") or None)]


def _aliases(_visit: Visit, _code: str, name: str, content: bytes) -> list[dict[str, Any]]:
    """Changes of aliases of a file, as the API takes them. Blocks; raises ``FileRefused``."""
    return [
        {
            "kind": each.effect.value,
            "aliasKind": each.alias.kind.value,
            "text": each.alias.text,
            "issuer": each.alias.issuer,
            "numbers": list(each.alias.numbers),
            "ground": each.alias.ground,
        }
        for each in _from_file(read_alias_changes, name, content)
    ]


def _words(_visit: Visit, _code: str, name: str, content: bytes) -> list[dict[str, Any]]:
    """Changes of the vocabulary of a file, as the API takes them. Blocks; raises ``FileRefused``."""
    return [
        {
            "kind": each.effect.value,
            "wordKind": each.word.kind.value,
            "text": each.word.text,
            "meaning": each.word.meaning,
            "scope": each.word.scope,
            "ground": each.word.ground,
        }
        for each in _from_file(read_word_changes, name, content)
    ]


_READ: Final[Mapping[str, Callable[[Visit, str, str, bytes], list[dict[str, Any]]]]] = {
    "file": _entries,
    "aliases": _aliases,
    "words": _words,
}
"""The files of the form, each with what reads it."""


def _from_file(read: Callable[[Path], T], name: str, content: bytes) -> T:
    """What a reader of files makes of what was sent; it tells faults under the name that the file had."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "file")
        path.write_bytes(content)
        return read(path)


def _change(change: EntryChange) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "number": change.number,
        "newNumber": change.new_number,
        "entry": _camel(change.entry.model_dump(mode="json")) if change.entry else None,
        "reason": change.reason,
    }


def _camel(value: Any) -> Any:
    match value:
        case Mapping():
            return {to_camel(name): _camel(each) for name, each in value.items()}
        case list():
            return [_camel(each) for each in value]
    return value


def _form(visit: Visit, catalog: Mapping[str, Any], wrong: Mapping[str, str]) -> Response:
    return visit.page("amend", status=422 if wrong else 200, catalog=catalog, wrong=wrong)


async def _proposed(visit: Visit, catalog: Mapping[str, Any]) -> Response:
    try:
        given = orjson.loads(visit.sent("input"))
    except ValueError:
        raise NoPage(400, "error.unreadable_form") from None
    payload = (await visit.told(PROPOSE, {"input": given}))["proposeAmendment"]
    if payload["refusal"]:
        return _form(visit, catalog, {"": payload["refusal"]["message"]})
    return visit.go("/amendments/" + payload["amendment"]["id"], at=payload["position"])


async def amendment(visit: Visit) -> Response:
    """One amendment: every change before and after; issued or discarded by another administrator than its proposer."""
    wrong = None
    if visit.request.method == "POST":
        await visit.guarded_form()
        issue = visit.sent("do") == "issue"
        identifier = visit.request.path_params["id"]
        given = {"amendmentId": identifier} | ({} if issue else {"reason": visit.sent("reason")})
        if not issue and not visit.sent("reason"):
            wrong = visit.speaker.say("form.needed")
        elif issue and visit.sent("confirmed") != "yes":
            found = await _amendment(visit)
            return visit.page("issue", amendment=found)
        else:
            payload = next(iter((await visit.told(ISSUE if issue else DISCARD, given)).values()))
            if payload["refusal"] is None:
                return visit.go("/amendments", at=payload["position"])
            wrong = payload["refusal"]["message"]
    return visit.page("amendment", status=422 if wrong else 200, amendment=await _amendment(visit), wrong=wrong)


async def _amendment(visit: Visit) -> dict[str, Any]:
    data = await visit.ask("amendment", id=[visit.request.path_params["id"]], atLeast=visit.query("at"))
    found: dict[str, Any] = visit.found(data["nodes"][0] or None)
    return found


PAGES: Final = (
    WebPage("/amendments", listed, Action.AMEND_CATALOG),
    WebPage("/amendments/new/{code}", amend, Action.AMEND_CATALOG, posts=True, largest=FILE_BYTES),
    WebPage("/amendments/{id}", amendment, Action.AMEND_CATALOG, posts=True),
)
