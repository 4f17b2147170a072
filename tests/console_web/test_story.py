"""A case from its submission to the end of its title, done with the console's forms by those whom it concerns."""

from __future__ import annotations

import re

from httpx import Response

from domain.values import SHANGHAI
from tests.api.conftest import Api
from tests.console_web.conftest import Visitor, signed_in, visitor

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
FORM = {
    "name": "王敏",
    "idType": "PASSPORT",
    "idNumber": "P20260717",
    "certificateName": "AWS Certified Solutions Architect - Professional",
    "issuingBody": "Amazon Web Services",
    "certificateNumber": "AWS-20260717",
    "authority": "330106-EI",
    "workField": "云计算",
    "kind-1": "CERTIFICATE",
}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def hidden(page: Response) -> dict[str, str]:
    """What a page's forms send along."""
    return {name: value for name, value in HIDDEN.findall(page.text) if name not in {"token", "next"}}


def done(who: Visitor, number: str, act: str, *, grave: bool = True, **fields: str) -> Response:
    """Fill in the form of an act and send it; confirm it on the page that names its consequence."""
    path = f"/cases/{number}/{act}"
    answer = who.post(path, hidden(who.get(path)) | fields)
    if grave:
        assert answer.status_code == 200, answer.text
        assert 'name="confirmed"' in answer.text
        answer = who.post(path, hidden(answer) | {"confirmed": "yes"})
    return shown(who, answer)


def shown(who: Visitor, answer: Response) -> Response:
    """The same answer, once the page that it leads to was opened, which waits until what was done can be read."""
    if answer.status_code == 303:
        assert who.get(answer.headers["location"]).status_code == 200
    return answer


def verified(api: Api) -> str:
    """What the public is told of the title."""
    return (
        visitor(api)
        .post("/verify", {"by": "certificate", "number": FORM["certificateNumber"], "name": FORM["name"]})
        .text
    )


def test_a_title_from_its_submission_to_its_end(site: Api) -> None:
    """Submitted with a file, recognised, proposed for revocation, answered, confirmed by another officer; verified in between."""
    holder, first, second = (
        signed_in(site, role, name) for role, name in (("APPLICANT", "ann"), ("REVIEWER", "otto"), ("REVIEWER", "olga"))
    )
    form = hidden(holder.get("/my/submit")) | FORM
    files = {"file-1": ("证书.pdf", PDF, "application/pdf")}
    mistyped = holder.post(
        "/my/submit", form | {"idType": "RESIDENT_ID", "idNumber": "330106199003077039"}, files=files
    )
    assert mistyped.status_code == 422
    assert "证书.pdf: " not in mistyped.text
    assert FORM["certificateNumber"] in mistyped.text
    submitted = shown(holder, holder.post("/my/submit", form, files=files))
    assert submitted.status_code == 303, submitted.text
    number = submitted.headers["location"].split("?")[0].rsplit("/", 1)[1]
    assert number in first.get("/queue").text
    assert "Unknown" in verified(site)
    assert done(first, number, "approve", workConsistent="yes").status_code == 303
    assert "The title is valid" in verified(site)
    assert (
        done(
            first, number, "propose-revocation", ground="forged", findings="The body knows no such number."
        ).status_code
        == 303
    )
    today = site.registry.clock().astimezone(SHANGHAI).date().isoformat()
    assert done(second, number, "confirm-revocation").status_code == 422  # nobody loses a title unheard
    assert done(first, number, "give-notice", grave=False, servedOn=today).status_code == 303
    assert done(holder, number, "answer", grave=False, statement="It is true.", waived="yes").status_code == 303
    assert number in second.get("/inbox").text
    assert done(first, number, "confirm-revocation").status_code == 422  # the proposer confirms nothing
    assert done(second, number, "confirm-revocation").status_code == 303
    assert "The title has ended" in verified(site)
