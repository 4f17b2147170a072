"""GraphQL over HTTP: methods, media types, parameters, envelope and health."""

import asyncio
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.extensions import QueryDepthLimiter

from domain.messages import tell
from tests.transport.sample import Query, client_of, sample_app
from transport.errors import ApiError, ErrorCode
from transport.execution import StrawberryExecutor
from transport.limits import Limits
from transport.negotiation import GRAPHQL_RESPONSE, JSON, prefers_html, response_type


def send(method: str = "POST", path: str = "/graphql", *, app: Any = None, **options: Any) -> httpx.Response:
    async def talk() -> httpx.Response:
        async with client_of(app or sample_app()) as client:
            return await client.request(method, path, **options)

    return asyncio.run(talk())


def ask(query: Any, *, accept: str = GRAPHQL_RESPONSE, app: Any = None, **members: Any) -> httpx.Response:
    return send(json={"query": query, **members}, headers={"Accept": accept}, app=app)


def code(response: httpx.Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (f"{JSON}, {GRAPHQL_RESPONSE}", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL_RESPONSE}; charset=utf-8, */*;q=0.1", GRAPHQL_RESPONSE),
        ("text/html, */*;q=0.8", JSON),
        (f"{JSON};q=0, */*", GRAPHQL_RESPONSE),
        (f"{JSON};charset=gbk", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=much", None),
        ("text/html", None),
        ("image/png, text/csv", None),
    ],
)
def test_the_answer_has_the_type_the_client_prefers(accept: str | None, expected: str | None) -> None:
    """RFC 9110 §12.5.1 with the specification's default: JSON for whoever names nothing."""
    assert response_type(accept) == expected


def test_a_browser_is_told_from_a_program() -> None:
    """HTML goes only to who asks for it by name and not less than for JSON."""
    assert prefers_html("text/html,application/xhtml+xml,*/*;q=0.8")
    assert not prefers_html("*/*")
    assert not prefers_html(None)
    assert not prefers_html(f"text/html;q=0.5, {JSON}")


@pytest.mark.parametrize(
    ("query", "members", "expected"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query Q($n: Int!) { length(count: $n) }", {"variables": {"n": "x"}}, "BAD_USER_INPUT"),
        ("query A { actor } query B { actor }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("query A { actor }", {"operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { ticks }", {}, "SUBSCRIPTION_REFUSED"),
        ("{ " + " ".join(f"a{i}: actor" for i in range(60)) + " }", {}, "LIMIT_ALIASES"),
    ],
)
def test_a_request_error_is_400_or_200_by_media_type(query: str, members: dict[str, Any], expected: str) -> None:
    """GraphQL over HTTP §6.4: 400 under graphql-response+json, 200 under application/json, `data` under neither."""
    modern = ask(query, **members)
    legacy = ask(query, accept=JSON, **members)
    assert (modern.status_code, legacy.status_code) == (400, 200)
    assert code(modern) == code(legacy) == expected
    assert "data" not in modern.json()
    assert "data" not in legacy.json()


def test_a_query_runs_over_post_and_get() -> None:
    """Both carry queries, variables and the operation's name; the answer is UTF-8."""
    document = "query A { actor } query B($t: String!) { book(title: $t) { title } }"
    posted = ask(document, variables={"t": "水"}, operationName="B")
    got = send("GET", params={"query": document, "variables": '{"t": "水"}', "operationName": "B"})
    assert posted.json() == got.json() == {"data": {"book": {"title": "水"}}}
    assert posted.headers["content-type"] == f"{GRAPHQL_RESPONSE}; charset=utf-8"
    assert got.headers["content-type"] == f"{JSON}; charset=utf-8"


def test_a_mutation_needs_post() -> None:
    """A GET is safe (RFC 9110 §9.2.1): a mutation over it is refused with 405 and the way out."""
    document = 'mutation { rename(title: "x") { title } }'
    refused = send("GET", params={"query": document})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert ask(document).json() == {"data": {"rename": {"title": "x"}}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(method: str) -> None:
    """405 names the methods there are."""
    response = send(method)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    ("content", "kind", "status", "expected"),
    [
        (b"{", JSON, 400, "BAD_REQUEST"),
        (b"", JSON, 400, "BAD_REQUEST"),
        (b'"text"', JSON, 400, "BAD_REQUEST"),
        (b'{"query": "\xff"}', JSON, 400, "BAD_REQUEST"),
        (b'{"query": 1}', JSON, 400, "BAD_REQUEST"),
        (b'{"query": "{actor}", "variables": []}', JSON, 400, "BAD_REQUEST"),
        (b'[{"query": "{actor}"}]', JSON, 400, "BATCHING_REFUSED"),
        (b'{"query": "{actor}"}', "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"query": "{actor}"}', f"{JSON}; charset=gbk", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"query=%7Bactor%7D", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_a_body_that_is_no_request_is_refused(content: bytes, kind: str, status: int, expected: str) -> None:
    """Malformed JSON, wrong parameters, batches and other media types each have their status and code."""
    response = send(content=content, headers={"Content-Type": kind})
    assert (response.status_code, code(response)) == (status, expected)


def test_nothing_acceptable_is_406() -> None:
    """A client that takes no JSON hears which types there are."""
    assert ask("{ actor }", accept="text/csv").status_code == 406


def test_a_body_is_measured_while_it_arrives() -> None:
    """Without a Content-Length the limit still holds, and the refusal names limit, value and what was found."""
    app = sample_app(limits=Limits(body=100))

    async def chunks() -> Any:
        for _ in range(20):
            yield b" " * 10

    streamed = send(content=chunks(), headers={"Content-Type": JSON}, app=app)
    declared = send(content=b" " * 101, headers={"Content-Type": JSON}, app=app)
    assert (streamed.status_code, declared.status_code) == (413, 413)
    assert code(streamed) == code(declared) == "LIMIT_BODY"
    assert declared.json()["errors"][0]["extensions"] | {"code": ""} == {
        "limit": "size of the request in bytes",
        "allowed": 100,
        "found": 101,
        "code": "",
    }


def test_a_token_becomes_the_actor_and_a_bad_one_401() -> None:
    """Authentication is asked before the body is read; its refusal is a GraphQL error with a challenge."""
    good = send(json={"query": "{ actor }"}, headers={"Authorization": "Bearer good"})
    bad = send(content=b"not read", headers={"Authorization": "Bearer bad"})
    assert good.json() == {"data": {"actor": "alice"}}
    assert (bad.status_code, bad.headers["www-authenticate"], code(bad)) == (401, "Bearer", "UNAUTHENTICATED")


def test_every_response_has_a_request_id_and_security_headers() -> None:
    """A well-formed id is kept and any other replaced; the headers stand on errors and pages alike."""
    kept = send(json={"query": "{ actor }"}, headers={"X-Request-Id": "abcdefgh-1"})
    assert kept.headers["x-request-id"] == "abcdefgh-1"
    for path in ("/graphql", "/nowhere", "/healthz", "/graphql/explorer/main.js"):
        response = send("GET", path, headers={"X-Request-Id": "no good!", "Accept": "text/html"})
        assert len(response.headers["x-request-id"]) == 32
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]
        assert response.headers["referrer-policy"] == "no-referrer"


def test_health_names_what_is_not_ready() -> None:
    """Ready is 200, anything else 503 with the names; a check that raises or hangs is not ready either."""

    async def halting() -> dict[str, str]:
        return {"store": "ok", "titles": "4000 events behind"}

    async def raising() -> dict[str, str]:
        raise RuntimeError("password=hunter2")

    assert send("GET", "/healthz").json() == {
        "status": "ok",
        "version": "unknown",
        "failing": [],
        "checks": {"process": "ok"},
    }
    assert send("GET", "/readyz").status_code == 200
    behind = send("GET", "/readyz", app=sample_app(ready=halting))
    assert (behind.status_code, behind.json()["failing"]) == (503, ["titles"])
    broken = send("GET", "/readyz", app=sample_app(ready=raising))
    assert broken.status_code == 503
    assert "hunter2" not in broken.text


def test_a_refusal_of_the_context_answers_the_whole_request() -> None:
    """UNAVAILABLE is a 503 for any media type."""

    def unavailable(*_args: Any) -> None:
        raise ApiError(ErrorCode.UNAVAILABLE, tell("server.stopping"))

    response = ask("{ actor }", app=sample_app(context_factory=unavailable))
    assert (response.status_code, code(response)) == (503, "UNAVAILABLE")


def test_bytes_of_an_executor_are_the_answer() -> None:
    """Whatever runs operations may hand over a whole encoded body."""

    async def compiled(*_args: Any) -> bytes:
        return b'{"data":{"actor":"compiled"}}'

    assert ask("{ actor }", app=sample_app(executor=compiled)).json() == {"data": {"actor": "compiled"}}


def test_schema_extensions_are_refused_rather_than_ignored() -> None:
    """An extension that would never run fails at start."""
    with pytest.raises(ValueError, match="field extensions"):
        StrawberryExecutor(strawberry.Schema(Query, extensions=[lambda: QueryDepthLimiter(max_depth=3)]))
