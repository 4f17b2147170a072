"""What everybody may ask: what a certificate is in the catalog, and whether somebody has a title."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from application.access import Action
from console.web.visit import Visit, WebPage


async def start(visit: Visit) -> Response:
    """The first page: both questions."""
    data = await visit.ask("start")
    return visit.page("start", catalogs=data["catalogs"], rows="catalogs")


async def check(visit: Visit) -> Response:
    """Whether a certificate is in the catalog: the outcome, the title, the reasons, and what to bring along."""
    name, body, grade = visit.query("name"), visit.query("body"), visit.query("grade")
    if not name:
        return visit.page(
            "check", result=None, asked=bool(visit.request.query_params), at=visit.console.registry.clock()
        )
    certificate = {"name": name, "issuingBody": body} | ({"grade": grade} if grade else {})
    data = await visit.ask("check", certificate=certificate)
    return visit.page(
        "check",
        rows="matchCertificate.candidates",
        result=data["matchCertificate"],
        asked=True,
        at=visit.console.registry.clock(),
    )


async def verify(visit: Visit) -> Response:
    """Whether somebody has a title: asked by form, since an address is kept in many places and the question names a person."""
    if visit.request.method != "POST":
        return visit.page("verify", answer=None, wrong=None, wrong_field="")
    await visit.guarded_form()
    number, name = visit.sent("number"), visit.sent("name")
    if not number or not name:
        field = "number" if not number else "name"
        return visit.page(
            "verify", status=422, answer=None, wrong=visit.speaker.say(f"verify.no_{field}"), wrong_field=field
        )
    by_case = visit.sent("by") == "case"
    data = await visit.ask(
        "verify",
        holderName=name,
        caseNumber=number if by_case else None,
        certificateNumber=None if by_case else number,
        title=visit.sent("title"),
    )
    return visit.page("verify", answer=data["verifyTitle"], wrong=None, wrong_field="")


PAGES: Final = (
    WebPage("/", start, Action.READ_CATALOG),
    WebPage("/check", check, Action.MATCH),
    WebPage("/verify", verify, Action.VERIFY_TITLE, posts=True),
)
