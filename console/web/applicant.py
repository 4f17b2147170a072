"""An applicant's own pages: their cases with what is due, and a new case with its evidence."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from anyio import to_thread
from starlette.responses import Response

from application.access import Action
from console.web.cases import UPLOAD_BYTES, uploaded
from console.web.visit import NoPage, SignInFirst, Visit, WebPage
from domain.identity_numbers import IdentityKind
from domain.refusals import Refused
from infrastructure.drafts import Draft, DraftTooLargeError, mark_of_holder, mark_of_number

ROWS: Final = 50
PERIODS: Final = 3
FILES: Final = 4
KINDS: Final = ("CERTIFICATE", "IDENTITY", "EMPLOYMENT", "OTHER")
"""What a file shows, as the form offers it."""
_REQUIRED: Final = ("name", "idNumber", "certificateName", "authority", "workField")


async def mine(visit: Visit) -> Response:
    """The cases that somebody submitted or holds, with what is due."""
    data = await visit.ask("cases", filter={}, **visit.window(ROWS))
    return visit.page(
        "my",
        rows="cases.nodes",
        cases=data["cases"],
        reads=visit.may(Action.READ_OWN_ACCESSES),
        draft=await _draft(visit),
        saved=visit.query("done") == "saved",
    )


async def readers(visit: Visit) -> Response:
    """Who read the data of whoever is signed in, and why; the latest last, as they are recorded."""
    data = await visit.ask("own-accesses", **visit.window(ROWS))
    known = visit.session is not None and visit.session.holder is not None
    return visit.page("readers", rows="ownAccesses.nodes", log=data["ownAccesses"], known=known)


async def submit(visit: Visit) -> Response:
    """Submit a case: the person, the certificate, the work abroad, the files; what was typed stays where something is wrong."""
    if visit.request.method != "POST":
        begun = await _draft(visit) if visit.query("draft") else None
        visit.form = begun.fields if begun else {}
        return await _form(visit, {})
    await visit.guarded_form(largest=UPLOAD_BYTES)
    if visit.sent("do") == "save":
        return await _save(visit)
    wrong = {name: visit.speaker.say("form.needed") for name in _REQUIRED if not visit.sent(name)}
    if wrong:
        return await _form(visit, wrong)
    files, wrong = await uploaded(visit, {"id_type": visit.sent("idType"), "id_number": visit.sent("idNumber")})
    if wrong:
        return await _form(visit, wrong, files)
    data, refused = await visit.tried(SUBMIT, {"input": _input(visit, files)})
    if refused is not None and refused.code == "BAD_USER_INPUT":
        return await _form(visit, {"": refused.message}, files)
    if data is None:
        raise visit.refusal(refused) if refused else NoPage(500, "error.not_answered")
    payload = data["submitCase"]
    if payload["refusal"]:
        place = _PLACES.get(payload["refusal"]["field"] or "", "")
        return await _form(visit, {place: payload["refusal"]["message"]}, files)
    await to_thread.run_sync(visit.console.drafts.erase, _subject(visit))
    return visit.go(f"/cases/{payload['case']['caseNumber']}", at=payload["position"], done="submit")


def _subject(visit: Visit) -> str:
    if visit.session is None:
        raise SignInFirst
    return visit.session.subject


async def _draft(visit: Visit) -> Draft | None:
    return await to_thread.run_sync(visit.console.drafts.of, _subject(visit))


async def _save(visit: Visit) -> Response:
    """Keep what was typed, to come back to; files that were chosen and not taken in are chosen again."""
    typed = {name: text for name, text in visit.form.items() if name not in {"token", "do"} and text}
    try:
        marks = await to_thread.run_sync(_marks, visit)
        await to_thread.run_sync(visit.console.drafts.save, _subject(visit), typed, marks)
    except DraftTooLargeError:
        raise NoPage(413, "error.too_large") from None
    return visit.go("/my", done="saved")


def _marks(visit: Visit) -> list[bytes]:
    """By what an erasure finds the draft: the number that was typed, whoever typed it, and the person whom the token names. Blocks."""
    found = []
    with contextlib.suppress(Refused):  # what is no number yet leads to nobody
        digest = visit.console.registry.holders.identity(visit.sent("idType"), visit.sent("idNumber"))
        found.append(mark_of_number(digest))
    if visit.session is not None and visit.session.holder is not None:
        found.append(mark_of_holder(UUID(visit.session.holder)))
    return found


async def draft(visit: Visit) -> Response:
    """What was begun, and a form that lets go of it."""
    found = visit.found(await _draft(visit))
    if visit.request.method != "POST":
        return visit.page("draft", draft=found)
    await visit.guarded_form()
    await to_thread.run_sync(visit.console.drafts.erase, _subject(visit))
    return visit.go("/my")


SUBMIT: Final = """mutation ($input: SubmitCaseInput!) {
  submitCase(input: $input) { position refusal { code message field } case { caseNumber status } }
}"""
_PLACES: Final[Mapping[str, str]] = {
    "holder.name": "name",
    "holder.id_number": "idNumber",
    "holder.idNumber": "idNumber",
    "holder.id_type": "idType",
    "certificate.name": "certificateName",
    "certificate.issuing_body": "issuingBody",
    "certificate.issuingBody": "issuingBody",
    "certificate.certificate_number": "certificateNumber",
    "certificate.certificateNumber": "certificateNumber",
    "certificate.grade": "grade",
    "certificate.issued_on": "issuedOn",
    "certificate.issuedOn": "issuedOn",
    "certificate.expires_on": "expiresOn",
    "certificate.expiresOn": "expiresOn",
    "authority_code": "authority",
    "authorityCode": "authority",
    "work_field": "workField",
    "workField": "workField",
    "evidence": "evidence",
    "experience": "experience",
}
"""Where on the form a place in the input stands."""


def _input(visit: Visit, files: list[dict[str, Any]]) -> dict[str, Any]:
    certificate = {
        "name": visit.sent("certificateName"),
        "issuingBody": visit.sent("issuingBody"),
        "grade": visit.sent("grade") or None,
        "certificateNumber": visit.sent("certificateNumber") or None,
        "issuedOn": visit.sent("issuedOn") or None,
        "expiresOn": visit.sent("expiresOn") or None,
    }
    periods = [
        {name: visit.sent(f"{name}-{number}") for name in ("employer", "from", "to", "field")}
        for number in range(1, PERIODS + 1)
    ]
    return {
        "idempotencyKey": visit.sent("key"),
        "holder": {"name": visit.sent("name"), "idType": visit.sent("idType"), "idNumber": visit.sent("idNumber")},
        "certificate": certificate,
        "authorityCode": visit.sent("authority"),
        "workField": visit.sent("workField"),
        "experience": [each for each in periods if any(each.values())],
        "evidence": files,
    }


async def _form(visit: Visit, wrong: Mapping[str, str], files: list[dict[str, Any]] | None = None) -> Response:
    data = await visit.ask("authorities")
    kept = files or [orjson.loads(text) for name, text in visit.form.items() if name.startswith("kept-")]
    return visit.page(
        "submit",
        status=422 if wrong else 200,
        wrong=wrong,
        key=visit.sent("key") or secrets.token_hex(16),
        authorities=data["authorities"],
        identities=list(IdentityKind),
        periods=range(1, PERIODS + 1),
        places=range(1, FILES + 1),
        kinds=KINDS,
        kept=[(orjson.dumps(each).decode(), each) for each in kept],
        largest=visit.console.registry.settings.evidence_max_size // (1024 * 1024),
        most=UPLOAD_BYTES,
    )


PAGES: Final = (
    WebPage("/my", mine, Action.SUBMIT),
    WebPage("/my/readers", readers, Action.READ_OWN_ACCESSES),
    WebPage("/my/draft", draft, Action.SUBMIT, posts=True),
    WebPage("/my/submit", submit, Action.SUBMIT, posts=True, largest=UPLOAD_BYTES),
)
