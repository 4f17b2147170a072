"""Sessions and forms: who somebody is, for how long, and that no other site acts in their name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from application.ports import Identity
from console.web.session import IDLE_SECONDS, LARGEST_COOKIE, LONGEST_SECONDS, Sessions, SessionTooLargeError
from console.web.signing_in import local
from domain.values import Actor, Role
from tests.api.conftest import Api
from tests.console_web.conftest import TOKEN, client_of, signed_in, visitor

ANYBODY = Identity(Actor(subject="officer.x", role=Role.REVIEWER, authority_code="330106-EI"))


@pytest.fixture
def clock() -> list[float]:
    """Seconds since 1970, to be moved."""
    return [1_800_000_000.0]


@pytest.fixture
def sessions(clock: list[float]) -> Sessions:
    """Sessions under a key of their own."""
    return Sessions(bytes(32), lambda: clock[0])


def test_a_session_ends(sessions: Sessions, clock: list[float]) -> None:
    """After half an hour without a page, after eight hours whatever was done, and at signing out."""
    begun = sessions.begin("token", ANYBODY)
    cookie = sessions.cookie(begun)
    assert sessions.opened(cookie) == begun
    assert begun.actor == ANYBODY.actor
    clock[0] += IDLE_SECONDS + 1
    assert sessions.opened(cookie) is None
    clock[0] = begun.begun
    for _ in range(LONGEST_SECONDS // IDLE_SECONDS):
        clock[0] += IDLE_SECONDS
        cookie = sessions.cookie(begun)
    assert sessions.opened(cookie) is not None
    clock[0] += 1
    assert sessions.opened(sessions.cookie(begun)) is None
    clock[0] = begun.begun
    sessions.end(begun)
    assert sessions.opened(sessions.cookie(begun)) is None


def test_a_reason_holds_for_a_while(sessions: Sessions, clock: list[float]) -> None:
    """Persons are masked again after a quarter of an hour."""
    reading = sessions.with_reason(sessions.begin("token", ANYBODY), "抽查第三季度")
    cookie = sessions.cookie(reading)
    assert sessions.opened(cookie).reason == "抽查第三季度"  # type: ignore[union-attr]
    clock[0] += 15 * 60 + 1
    assert sessions.opened(cookie) == replace(reading, reason=None, reason_until=0)


def test_nobody_makes_or_changes_a_session(sessions: Sessions) -> None:
    """A cookie is sealed for its purpose under the installation's key; anything else opens nothing."""
    cookie = sessions.cookie(sessions.begin("token", ANYBODY))
    assert "officer" not in cookie
    for other in ("", "x", cookie[:-2], cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), "é" * 40):
        assert sessions.opened(other) is None
    assert Sessions(bytes([1]) * 32).opened(cookie) is None
    assert sessions.opened(sessions.sealed({"state": "x"}, "signing-in")) is None


def test_a_token_that_no_browser_keeps_is_refused(sessions: Sessions) -> None:
    """A cookie has at most 4000 bytes."""
    import secrets

    with pytest.raises(SessionTooLargeError):
        sessions.cookie(sessions.begin(secrets.token_urlsafe(6000), ANYBODY))
    assert len(sessions.cookie(sessions.begin(secrets.token_urlsafe(1800), ANYBODY))) < LARGEST_COOKIE


@pytest.mark.parametrize(
    "away", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "", "x"]
)
def test_no_link_leads_away(away: str) -> None:
    """Where a page goes on to is a path of this console."""
    assert local(away) == "/"
    assert local("/cases?status=MATCHED") == "/cases?status=MATCHED"


def test_the_cookie_is_out_of_reach(site: Api) -> None:
    """No script reads it, no other site's form sends it, and it is gone with the browser."""
    who = visitor(site)
    answer = who.post("/sign-in", {"role": "VERIFIER", "subject": "v"})
    (cookie,) = (each for each in answer.headers.get_list("set-cookie") if each.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age" not in cookie
    assert "v · Verifier" in who.get("/").text


def test_signing_out_ends_it(site: Api) -> None:
    """A copy of the cookie opens nothing any more, and pages say so by asking to sign in."""
    who = signed_in(site, "AUDITOR")
    copy = client_of(site, session=who.client.cookies["session"])
    assert copy.get("/audit").status_code == 200
    assert who.post("/sign-out", {}, page="/").status_code == 303
    assert who.get("/audit").status_code == 303
    assert copy.get("/audit").status_code == 303


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, False),
    ],
)
def test_a_forged_form_does_nothing(site: Api, headers: dict[str, str], token: bool) -> None:
    """From another origin, from none that is told, or without the token of the session: 403, and nothing is recorded."""
    case = site.submit()["case"]
    who = signed_in(site, "REVIEWER")
    page = f"/cases/{case['caseNumber']}/reject"
    found = TOKEN.search(who.get(page).text)
    other = TOKEN.search(visitor(site).get("/verify").text)
    assert found
    assert other
    before = site.registry.journal.last_position()
    fields = {"case": case["id"], "version": str(case["version"]), "reason": "forged", "confirmed": "yes"}
    fields["token"] = found[1] if token else other[1]
    answer = who.client.post(page, data=fields, headers=headers)
    assert answer.status_code == 403
    assert site.registry.journal.last_position() == before


def test_a_session_of_a_foreign_token_asks_to_sign_in(site: Api) -> None:
    """Where the registry no longer believes the token, the page does not pretend."""
    sessions = Sessions(bytes.fromhex((site.registry.settings.data_dir / "console.key").read_text("ascii")))
    cookie = sessions.cookie(sessions.begin("not.a.token", ANYBODY))
    client = client_of(site, session=cookie)
    answer = client.get("/queue")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fqueue"


def test_the_key_is_its_owners_alone(site: Api) -> None:
    """Its file has mode 0600."""
    assert (site.registry.settings.data_dir / "console.key").stat().st_mode & 0o777 == 0o600


def test_pages_speak_the_language_chosen(site: Api) -> None:
    """Chinese first; English where the browser asks for it; what was chosen on a page holds."""
    who = visitor(site)
    assert '<html lang="zh-CN">' in who.client.get("/").text
    assert '<html lang="en">' in who.get("/").text
    assert '<html lang="zh-CN">' in who.get("/", **{"Accept-Language": "en;q=0.5, zh-CN"}).text
    answer = who.get("/language?to=zh&next=/verify")
    assert answer.headers["location"] == "/verify"
    assert '<html lang="zh-CN">' in who.get("/verify").text
    refused = who.get("/catalogs/nothing")
    assert refused.status_code == 404
    assert "没有此内容" in refused.text


def test_a_reason_is_asked_given_and_recorded(site: Api) -> None:
    """An auditor reads persons masked; with a reason in clear, under a badge; the access log has it in their words."""
    submitted = site.submit()
    number = submitted["case"]["caseNumber"]
    who = signed_in(site, "AUDITOR", "auditor-with-reason")
    masked = who.get(f"/cases/{number}?at={submitted['position']}")
    assert masked.status_code == 200
    assert "王敏" not in masked.text
    assert who.post("/reason", {"reason": "  "}).status_code == 422
    assert who.post("/reason", {"reason": "抽查第三季度的认定", "next": f"/cases/{number}"}).status_code == 303
    page = who.get(f"/cases/{number}").text
    assert "王敏" in page
    assert "Reading persons in clear" in page
    assert "抽查第三季度的认定" in who.get("/accesses?subject=auditor-with-reason").text
    assert who.post("/reason", {"end": "yes", "next": "/audit"}).status_code == 303
    assert "王敏" not in who.get(f"/cases/{number}").text
