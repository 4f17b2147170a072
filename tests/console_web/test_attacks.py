"""What strangers try on pages: markup in what was typed, links that lead away, headers in parameters, forms that are too large."""

from __future__ import annotations

import pytest

from tests.api.conftest import XIHU, Api
from tests.console_web.conftest import TOKEN, client_of, signed_in, visitor

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
MARKUP = ("<script>alert", "<img src=x", "\"'><img")


@pytest.fixture(scope="module")
def hostile(site: Api) -> str:
    """The number of a case in which everything that may be typed is markup."""
    payload = site.submit(
        holder={"name": HOSTILE, "idType": "PASSPORT", "idNumber": "P20261127"},
        certificate={"name": HOSTILE, "issuingBody": HOSTILE, "grade": "1<b>"},
        workField=HOSTILE,
        evidence=[
            {
                "sha256": "cd" * 32,
                "fileName": HOSTILE.replace("/", "-") + ".pdf",
                "mediaType": "application/pdf",
                "size": 9,
                "kind": "OTHER",
            }
        ],
    )
    assert payload["refusal"] is None, payload
    case = payload["case"]
    asked = site.decide("requestSupplement", case["id"], reason=HOSTILE)
    assert asked["refusal"] is None
    there = "query ($id: ID!, $at: Position) { case(id: $id, atLeast: $at) { id } }"
    assert site.ask(there, {"id": case["id"], "at": asked["position"]}, site.token("REVIEWER", XIHU))["case"]
    number: str = case["caseNumber"]
    return number


@pytest.mark.parametrize("role", ["REVIEWER", "PRIVACY_OFFICER", "APPLICANT"])
def test_what_was_typed_is_text(site: Api, hostile: str, role: str) -> None:
    """Wherever a case's texts stand, they stand as text: no tag of theirs, no expression of theirs is worked at."""
    who = signed_in(site, role)
    pages = [f"/cases/{hostile}", f"/cases/{hostile}/history", f"/cases/{hostile}/evidence/{'cd' * 32}", "/cases"]
    pages += ["/queue?view=waiting", f"/cases/{hostile}/reject"] if role == "REVIEWER" else []
    seen = 0
    for path in pages:
        answer = who.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        assert not any(each in answer.text for each in MARKUP), path
        seen += "&lt;script&gt;alert(1)" in answer.text
    assert seen >= 3


@pytest.mark.parametrize(
    "path",
    [
        "/check?name={}",
        "/cases?number={}&authority={}",
        "/queue?view=open&age={}",
        "/audit/log?type={}&stream={}&actor={}",
        "/audit/outliers?within={}",
        "/accesses?subject={}",
        "/catalogs/zj-2023-digital-equipment-materials?q={}&field={}&from={}",
        "/sign-in?next={}",
        "/statistics?authority={}",
    ],
)
def test_what_an_address_says_is_text(site: Api, path: str) -> None:
    """A parameter comes back as text, or is refused in a sentence; nothing breaks."""
    from urllib.parse import quote

    for role in ("AUDITOR", "REVIEWER", None):
        who = signed_in(site, role)
        answer = who.get(path.replace("{}", quote(HOSTILE)))
        assert answer.status_code < 500
        assert not any(each in answer.text for each in MARKUP)


@pytest.mark.parametrize(
    "away",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
    ],
)
def test_no_page_leads_away(site: Api, away: str) -> None:
    """After signing in, choosing a language or giving a reason one stays on this host."""
    from urllib.parse import quote, urljoin, urlsplit

    who = visitor(site)
    base = str(site.client.base_url)
    answer = who.get(f"/language?to=en&next={quote(away)}")
    places = [answer.headers["location"]]
    answer = who.post("/sign-in", {"role": "VERIFIER", "subject": "v", "next": away}, page="/sign-in")
    places.append(answer.headers["location"])
    for place in places:
        cleaned = "".join(each for each in place if each not in "\t\r\n")  # as a browser reads an address
        assert urlsplit(urljoin(base, cleaned.replace("\\", "/"))).netloc == urlsplit(base).netloc, place


def test_no_header_is_made_of_what_was_sent(site: Api) -> None:
    """A line break in a parameter ends up in no header of an answer."""
    who = visitor(site)
    answer = who.get("/language?to=en&next=/verify%0d%0aSet-Cookie:%20a=b")
    assert "a" not in answer.cookies
    assert "\n" not in answer.headers["location"]
    answer = who.get("/check?name=x&format=csv%0d%0aX-Evil:1")
    assert "x-evil" not in answer.headers


def test_a_form_that_is_too_large_is_refused(site: Api) -> None:
    """Without reading on: 413, in a page; so is one that is none, 400."""
    who = signed_in(site, "REVIEWER")
    token = TOKEN.search(who.get("/verify").text)
    assert token
    origin = {"Origin": str(site.client.base_url).rstrip("/")}
    large = {"token": token[1], "name": "x" * (1024 * 1024 + 10)}
    assert who.client.post("/verify", data=large, headers=origin).status_code == 413
    broken = origin | {"Content-Type": "multipart/form-data; boundary=x"}
    assert who.client.post("/verify", content=b"--x\r\nnothing", headers=broken).status_code in {400, 403}
    many = {f"field-{number}": "x" for number in range(300)} | {"token": token[1]}
    files = {"file": ("a.txt", b"x", "text/plain")}
    assert who.client.post("/verify", data=many, files=files, headers=origin).status_code == 400


def test_a_session_of_another_is_no_form_token(site: Api) -> None:
    """The token of one person's form is none for another's, nor for a visitor."""
    one, other = signed_in(site, "REVIEWER", "one"), signed_in(site, "REVIEWER", "two")
    token = TOKEN.search(one.get("/verify").text)
    assert token
    origin = {"Origin": str(site.client.base_url).rstrip("/")}
    for who in (other.client, client_of(site)):
        assert (
            who.post("/verify", data={"token": token[1], "number": "1", "name": "x"}, headers=origin).status_code == 403
        )


def test_an_act_stays_within_the_officers_division(site: Api, hostile: str) -> None:
    """An officer of another city sees nothing of the case, whatever page is tried."""
    who = visitor(site)
    answer = who.post("/sign-in", {"role": "REVIEWER", "authority": "330200-EI", "subject": "ningbo"})
    assert answer.status_code == 303
    for path in ("", "/history", "/reject", f"/evidence/{'cd' * 32}"):
        assert who.get(f"/cases/{hostile}{path}").status_code == 404
