"""The privacy officer's pages: what is held of a person, and keeping it unprocessed or erasing it, each with its ground."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from application.access import Action
from console.web.visit import NoPage, Visit, WebPage
from domain.identity_numbers import IdentityKind

DEEDS: Final = {"restrict": "restrictHolder", "lift": "liftRestriction", "erase": "eraseHolder"}
"""What can be done with a person's data, and its mutation."""


def deed_document(mutation: str) -> str:
    """The mutation of a deed."""
    final = " finalBy" if mutation == "eraseHolder" else ""
    return (
        f"mutation ($ref: ID!, $legalBasis: String!) {{\n"
        f"  {mutation}(ref: $ref, legalBasis: $legalBasis) {{ position refusal {{ code message }}{final} }}\n}}"
    )


async def find(visit: Visit) -> Response:
    """Find what is held of a person, by identity document or reference; by form, since an address is kept in many places."""
    if visit.request.method != "POST":
        return visit.page("persons", wrong=None, identities=list(IdentityKind))
    await visit.guarded_form()
    number, ref = visit.sent("idNumber"), visit.sent("ref")
    wrong = None if number or ref else visit.speaker.say("persons.needed")
    if wrong is None:
        given: dict[str, Any] = (
            {"ref": ref} if ref else {"holder": {"idType": visit.sent("idType"), "idNumber": number}}
        )
        data = await visit.ask("holder", **given)
        if data["holderFile"] is not None:
            return visit.go(f"/persons/{data['holderFile']['ref']}")
        wrong = visit.speaker.say("persons.unknown")
    return visit.page("persons", status=422, wrong=wrong, identities=list(IdentityKind))


async def person(visit: Visit) -> Response:
    """What is held of a person, and what may be done with it."""
    data = await visit.ask("holder", ref=visit.request.path_params["ref"], atLeast=visit.query("at"))
    return visit.page(
        "person",
        rows="holderFile.cases",
        person=visit.found(data["holderFile"]),
        done=visit.query("done"),
        final=visit.query("final"),
    )


async def deed(visit: Visit) -> Response:
    """Restrict, lift or erase: a page that names the consequence and asks for the ground."""
    name, ref = visit.request.path_params["deed"], visit.request.path_params["ref"]
    if name not in DEEDS:
        raise NoPage(404, "error.missing")
    data = await visit.ask("holder", ref=ref)
    found, wrong = visit.found(data["holderFile"]), None
    if visit.request.method == "POST":
        await visit.guarded_form()
        wrong = None if visit.sent("legalBasis") else visit.speaker.say("form.needed")
        if wrong is None and visit.sent("confirmed") != "yes":
            wrong = visit.speaker.say("persons.confirm_needed")
        if wrong is None:
            given = {"ref": ref, "legalBasis": visit.sent("legalBasis")}
            payload = (await visit.told(deed_document(DEEDS[name]), given))[DEEDS[name]]
            if payload["refusal"] is None:
                return visit.go(f"/persons/{ref}", at=payload["position"], done=name, final=payload.get("finalBy"))
            wrong = payload["refusal"]["message"]
    return visit.page("deed", status=422 if wrong else 200, person=found, deed=name, wrong=wrong)


PAGES: Final = (
    WebPage("/persons", find, Action.READ_HOLDER_FILE, posts=True),
    WebPage("/persons/{ref}", person, Action.READ_HOLDER_FILE),
    WebPage("/persons/{ref}/{deed}", deed, Action.READ_HOLDER_FILE, posts=True),
)
