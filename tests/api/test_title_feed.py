"""``GET /feed/titles``: titles that changed, a line each, in pages that anybody may read at their own pace."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import orjson
import pytest

from tests.api.conftest import XIHU, Api
from tests.api.following import caught_up


def pull(api: Api, token: str | None, headers: dict[str, str] | None = None, **asked: Any) -> httpx.Response:
    own = {"Authorization": f"Bearer {token}"} if token else {}
    return api.client.get("/feed/titles", params=asked, headers={"Accept-Encoding": "identity"} | own | (headers or {}))


def lines(response: httpx.Response) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The titles of a page, and its last line."""
    assert response.status_code == 200, response.text
    *titles, last = map(orjson.loads, response.content.splitlines())
    assert response.headers["Feed-Next"] == last["next"]
    return titles, last


def test_pages_of_any_size_tell_each_change_once(module_api: Api) -> None:
    """From any position, in any pages: the same lines in the same order, and the last line leads on."""
    api, token = module_api, module_api.token("VERIFIER")
    start = str(api.registry.journal.last_position())
    case = api.approved()["case"]["id"]
    api.revoked(case)
    api.approved()
    caught_up(api)
    response = pull(api, token, after=start)
    assert response.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    whole, last = lines(response)
    assert [each["type"].rpartition(".")[2] for each in whole] == [
        "approved",
        "revocation-proposed",
        "notice-given",
        "revoked",
        "approved",
    ]
    assert whole[3]["title"]["status"] == "REVOKED"
    assert whole[3]["title"]["holder"]["name"] is None
    assert int(last["next"]) >= int(whole[-1]["position"])
    assert last["more"] is False
    for limit in (1, 2, 3):
        found: list[Any] = []
        at, more = start, True
        while more:
            titles, end = lines(pull(api, token, after=at, limit=limit))
            assert len(titles) <= limit
            found += titles
            at, more = end["next"], end["more"]
        assert found == whole


def test_what_is_kept_is_asked_about_and_not_sent_again(module_api: Api) -> None:
    """A tag for each page: 304 while it says the same, compressed for whom persons are masked, and for nobody else."""
    api, token = module_api, module_api.token("VERIFIER")
    for _ in range(3):
        api.approved()
    caught_up(api)
    plain = pull(api, token)
    packed = pull(api, token, {"Accept-Encoding": "gzip"})
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert packed.content == plain.content  # the client unpacks it
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    same = {"If-None-Match": plain.headers["etag"]}
    unchanged = pull(api, token, same)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    reviewer = pull(api, api.token("REVIEWER", XIHU), {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in reviewer.headers
    titles, _ = lines(reviewer)
    assert {each["title"]["holder"]["name"] for each in titles} == {"王敏"}
    log = "query { accessLog(last: 1) { nodes { operation } } }"
    answer = api.post(log, None, api.token("PRIVACY_OFFICER")).json()
    assert answer["data"]["accessLog"]["nodes"][-1]["operation"] == "titleChanges"
    api.approved()
    caught_up(api)
    assert pull(api, token, same).status_code == 200


def test_a_long_poll_ends_with_a_change_or_with_its_time(module_api: Api) -> None:
    """Who waits is told as soon as there is something, and of nothing when the time is over."""
    api, token = module_api, module_api.token("VERIFIER")
    caught_up(api)
    at = lines(pull(api, token, after=str(api.registry.journal.last_position())))[1]["next"]
    titles, last = lines(pull(api, token, after=at, wait=1))
    assert (titles, last) == ([], {"next": at, "more": False})
    tag = pull(api, token, after=at).headers["etag"]
    assert pull(api, token, {"If-None-Match": tag}, after=at, wait=1).status_code == 304
    started = time.monotonic()
    later = threading.Timer(0.3, api.approved)
    later.start()
    titles, last = lines(pull(api, token, after=at, wait=25))
    later.join()
    assert [each["title"]["status"] for each in titles] == ["CURRENT"]
    assert time.monotonic() - started < 24


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"after": "-1"}, "BAD_USER_INPUT"),
        ({"after": "１"}, "BAD_USER_INPUT"),
        ({"after": "99999999"}, "POSITION_AHEAD"),
        ({"limit": "0"}, "BAD_USER_INPUT"),
        ({"limit": "1001"}, "BAD_USER_INPUT"),
        ({"wait": "31"}, "BAD_USER_INPUT"),
        ({"from": "1"}, "BAD_USER_INPUT"),
        ({"after": ["1", "2"]}, "BAD_USER_INPUT"),
    ],
)
def test_what_is_asked_wrongly_is_refused(module_api: Api, asked: dict[str, Any], code: str) -> None:
    """Each parameter has its form; the refusal has that of every other."""
    response = pull(module_api, module_api.token("VERIFIER"), {"Accept-Language": "zh"}, **asked)
    assert response.status_code == {"POSITION_AHEAD": 409}.get(code, 400)
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == code
    assert any("一" <= letter <= "鿿" for letter in error["message"])


def test_rights_are_those_of_the_subscription(module_api: Api) -> None:
    """Nobody without a token, no role without the right, and nothing that another method would do."""
    api = module_api
    assert pull(api, None).status_code == 401
    assert pull(api, "nonsense").status_code == 401
    refused = pull(api, api.token("PRIVACY_OFFICER"))
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "NOT_PERMITTED")
    assert api.client.post("/feed/titles").status_code == 405
    assert lines(pull(api, api.token("APPLICANT", subject="stranger")))[0] == []
