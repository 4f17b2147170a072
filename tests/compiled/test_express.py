"""In front of the application: the same headers, limits and refusals, whoever answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from compiled.express import Express
from domain.values import Role
from infrastructure.identity import DEVELOPMENT_ISSUER, DevelopmentIssuer, TokenVerifier
from infrastructure.jwks import KeySet
from tests.api.conftest import Api, Clock, opened
from tests.compiled.conftest import Stage

LOOK_UP = "query Held($n: String!) { titles(holder: {idNumber: $n}) { id title holder { name } entry { number } } }"
CHANGING = {"x-request-id", "date", "content-length"}


def asked(client: httpx.Client, token: str, number: str, **headers: str) -> httpx.Response:
    """A look-up over HTTP."""
    sent = {"Authorization": f"Bearer {token}", "Accept": "application/json", **headers}
    return client.post("/graphql", json={"query": LOOK_UP, "variables": {"n": number}}, headers=sent)


def test_the_short_way_answers_as_the_long_one(stage: Stage) -> None:
    """Body and headers; the first request of a token or document goes the long way, and a header that asks for more."""
    api, number = stage.api, stage.people["plain"]
    token = api.token("REVIEWER", "330106-EI", "a-new-reviewer")
    first = asked(api.client, token, number)
    short = asked(api.client, token, number)
    long = asked(api.client, token, number, **{"X-Access-Reason": "an inspection of titles"})
    assert first.json()["data"]["titles"][0]["holder"]["name"] == "王plain"
    for each in (short, long):
        assert each.content == first.content
        assert {name: value for name, value in each.headers.items() if name not in CHANGING} == {
            name: value for name, value in first.headers.items() if name not in CHANGING
        }
    assert short.headers["x-request-id"] != first.headers["x-request-id"]
    assert (
        asked(api.client, token, number, **{"X-Request-Id": "an-id-of-mine"}).headers["x-request-id"] == "an-id-of-mine"
    )


def test_what_is_shown_in_clear_is_recorded_on_the_short_way(stage: Stage) -> None:
    """One row a request, as on the long one."""
    api, number = stage.api, stage.people["plain"]
    token, officer = api.token("REVIEWER", "330106-EI", "who-reads"), api.token("PRIVACY_OFFICER")
    for _ in range(3):
        assert asked(api.client, token, number).json()["data"]["titles"]
    log = '{ accessLog(subject: "who-reads") { nodes { operation fields reason } } }'
    rows = api.ask(log, None, officer)["accessLog"]["nodes"]
    assert rows == [{"operation": "titles", "fields": ["holder"], "reason": "REVIEWER: titles"}] * 3


def test_a_defect_of_the_short_way_is_none_of_the_askers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """Whatever goes wrong there, the long way answers; the defect is logged by its class, without what it quotes."""
    api, number = stage.api, stage.people["plain"]
    token = api.token("REVIEWER", "330106-EI", "meets-a-defect")
    right = asked(api.client, token, number).json()

    taken: list[None] = []

    async def broken(*_: Any, **__: Any) -> None:
        taken.append(None)
        raise ZeroDivisionError(number)

    monkeypatch.setattr(Express, "_attempted", broken)
    for _ in range(3):
        assert asked(api.client, token, number).json() == right
    told = [each.getMessage() for each in caplog.records if "the short way" in each.getMessage()]
    assert len(told) == len(taken) > 0  # a request that did not come in one piece goes the long way from the beginning
    assert not any(number in each for each in told)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({}, "BAD_USER_INPUT"),
        ({"n": 3}, "BAD_USER_INPUT"),
        ({"n": "nonsense"}, "INVALID_INPUT"),
        ({"n": "x" * 200_000}, "LIMIT_STRING"),
    ],
)
def test_refusals_say_what_they_say(stage: Stage, variables: dict[str, Any], code: str) -> None:
    """An input that does not fit is refused in the words of the interpreting path."""
    token = stage.api.token("VERIFIER")
    assert asked(stage.api.client, token, stage.people["plain"]).status_code == 200
    assert stage.api.code(LOOK_UP, variables, token) == code


def test_a_position_that_is_not_reached_is_waited_for_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The short way does not wait, so that the long one, which answers, does not wait a second time."""
    api, waits = stage.api, []
    reads = api.registry.reads
    waiting = type(reads).wait_for

    async def counted(self: Any, position: int, *tables: Any) -> None:
        waits.append(position)
        await waiting(self, position, *tables)

    monkeypatch.setattr(type(reads), "wait_for", counted)
    document, auditor = (
        "query ($p: Position) { titleList(first: 1, atLeast: $p) { nodes { id } } }",
        api.token("AUDITOR"),
    )
    assert api.ask(document, {"p": "1"}, auditor)
    assert api.code(document, {"p": "999999"}, auditor) == "PROJECTION_BEHIND"
    assert waits == [1, 999999]


@pytest.fixture
def strict(database: Any, tmp_path: Any) -> Iterator[Api]:
    """A server that counts."""
    with opened(database, tmp_path, Clock(), rate_per_token=2.0) as api:
        yield api


def test_rates_hold_on_the_short_way(strict: Api) -> None:
    """A token's rate is counted at each request, on either way; the request after the last is refused, 429."""
    token, number = strict.token("VERIFIER"), "110101199003071233"
    found = [asked(strict.client, token, number).status_code for _ in range(12)]
    assert found[:3] == [200] * 3
    assert 429 in found
    assert found.count(200) <= 4 + 2 + (2 * 12)
    assert asked(strict.client, strict.token("AUDITOR"), number).status_code == 200


def test_a_proved_token_is_believed_until_it_expires_or_its_key_goes(tmp_path: Any) -> None:
    """Signatures are checked once; expiry, and whether the key is trusted still, at each request."""
    now, document = [time.time()], [b""]
    issuer = DevelopmentIssuer(tmp_path)
    document[0] = issuer.jwks()
    keys = KeySet(lambda: document[0], min_interval=0, max_age=10, clock=lambda: now[0])
    keys.fetch()
    verifier = TokenVerifier(keys, issuer=DEVELOPMENT_ISSUER, leeway=0, clock=lambda: now[0])
    token = issuer.issue(Role.AUDITOR, subject="somebody", lifetime=60)
    assert verifier.known(verifier.digest(token)) is None
    assert verifier.known(verifier.digest(token[:-2] + "xx")) is None
    proved = verifier.verify(token)
    assert verifier.known(verifier.digest(token)) == proved
    now[0] += 61
    assert verifier.known(verifier.digest(token)) is None
    second = issuer.issue(Role.AUDITOR, subject="another", lifetime=8 * 3600)
    verifier.verify(second)
    (tmp_path / "other").mkdir()
    document[0] = DevelopmentIssuer(tmp_path / "other").jwks()
    now[0] += 11
    deadline = time.monotonic() + 5
    while verifier.known(verifier.digest(second)) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert verifier.known(verifier.digest(second)) is None
