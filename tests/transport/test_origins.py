"""Pages of other origins: which may ask, what they may send and read, and that it is nobody unless the installation says so."""

import re
from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError

from infrastructure.settings import Settings
from tests.transport.conftest import running
from tests.transport.sample import sample_app

FRIEND, STRANGER = "https://apply.example", "https://evil.example"


@pytest.fixture(scope="module")
def open_server() -> Iterator[str]:
    """A server that names two origins."""
    with running(sample_app(origins=(FRIEND, "http://127.0.0.1:5173"))) as address:
        yield address


def preflight(address: str, origin: str, method: str = "POST", headers: str = "content-type") -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return httpx.options(address, headers=asked)


@pytest.mark.parametrize("path", ["/graphql", "/evidence", "/evidence/0f"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_named_origin_may_ask_and_send_what_the_api_reads(open_server: str, path: str, method: str) -> None:
    """Its preflight is answered for the API and for evidence files, with every header that they know."""
    sent = "authorization,content-digest,content-type,if-none-match,x-access-reason,x-holder-id-number,x-holder-id-type,x-request-id"
    allowed = preflight(open_server + path, FRIEND, method, sent)
    assert (allowed.status_code, allowed.content) == (204, b"")
    assert allowed.headers["access-control-allow-origin"] == FRIEND
    assert set(sent.split(",")) <= set(allowed.headers["access-control-allow-headers"].lower().split(", "))
    assert method in allowed.headers["access-control-allow-methods"]
    assert "Origin" in allowed.headers["vary"]
    assert "access-control-allow-credentials" not in allowed.headers


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        (STRANGER, "POST", "content-type"),
        ("null", "POST", "content-type"),
        (FRIEND + ".evil.example", "POST", "content-type"),
        ("http://apply.example", "POST", "content-type"),
        (FRIEND + ":8443", "POST", "content-type"),
        (FRIEND, "DELETE", "content-type"),
        (FRIEND, "POST", "x-forwarded-for"),
    ],
)
def test_anything_else_is_refused(open_server: str, origin: str, method: str, headers: str) -> None:
    """Another origin, however alike, another method or another header: 403 with a code, and no origin allowed."""
    refused = preflight(f"{open_server}/graphql", origin, method, headers)
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["extensions"]["code"] == "ORIGIN_REFUSED"
    assert refused.headers.get("access-control-allow-origin") in {None, FRIEND}
    if origin != FRIEND:
        assert "access-control-allow-origin" not in refused.headers


def test_an_answer_is_told_to_a_named_origin_only(open_server: str) -> None:
    """Errors too, so that a page can read them; no wildcard, and caches keep origins apart."""
    for document, headers in (("{ actor }", {}), ("{", {}), ("{ actor }", {"Authorization": "Bearer bad"})):
        told = httpx.post(f"{open_server}/graphql", json={"query": document}, headers={"Origin": FRIEND, **headers})
        assert told.headers["access-control-allow-origin"] == FRIEND
        assert "X-Request-Id" in told.headers["access-control-expose-headers"]
        untold = httpx.post(f"{open_server}/graphql", json={"query": document}, headers={"Origin": STRANGER, **headers})
        assert "access-control-allow-origin" not in untold.headers
        assert "Origin" in told.headers["vary"]
        assert "Origin" in untold.headers["vary"]
    for path in ("/healthz", "/", "/graphqlx"):
        elsewhere = httpx.get(open_server + path, headers={"Origin": FRIEND})
        assert "access-control-allow-origin" not in elsewhere.headers


def test_nobody_is_named_by_default(server: str) -> None:
    """A preflight is a method like any other then, and no answer speaks of origins."""
    assert preflight(f"{server}/graphql", FRIEND).status_code == 405
    answer = httpx.post(f"{server}/graphql", json={"query": "{ actor }"}, headers={"Origin": FRIEND})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert Settings(cors_origins="").cors_origins == ()


def test_origins_are_written_as_browsers_write_them() -> None:
    """With commas between; blanks around are nobody's fault."""
    named = Settings(
        cors_origins=" https://apply.example , http://127.0.0.1:5173,http://[::1]:8080,https://xn--fiq228c.example"
    )
    assert named.cors_origins == (
        "https://apply.example",
        "http://127.0.0.1:5173",
        "http://[::1]:8080",
        "https://xn--fiq228c.example",
    )


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "apply.example",
        "https://",
        "https://*.example",
        "https://apply.example/",
        "https://apply.example/page",
        "https://apply.example?x",
        "https://apply.example#x",
        "https://apply.example:443",
        "http://apply.example:80",
        "https://apply.example:",
        "https://apply.example:port",
        "https://apply.example:99999",
        "https://Apply.example",
        "HTTPS://apply.example",
        "https://user:word@apply.example",
        "https://浙江.example",
        "https://a b.example",
        "https://[::1",
        "ftp://apply.example",
        "file:///",
        "https://apply.example https://other.example",
    ],
)
def test_anything_else_is_refused_at_the_start(origin: str) -> None:
    """In one sentence that shows the form."""
    with pytest.raises(ValidationError, match=re.escape("https://apply.example,http://127.0.0.1:5173")):
        Settings(cors_origins=f"https://fine.example,{origin}")
