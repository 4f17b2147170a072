"""The guide to clients does what it says: its Python runs against a real server, and its TypeScript compiles where a compiler is."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.api.conftest import TLS, XIHU, Api
from tests.sources import ROOT

PAGES = ("clients.md", "clients.zh-CN.md")
COMPILED = ROOT / "build" / "clients" / "js" / "node_modules"
CATALOG = '{ catalog(code: "zj-2023-digital-equipment-materials") { name } }'


def blocks(page: str, language: str) -> str:
    """The blocks of a language, one after another: a module."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return "\n\n".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def guide() -> Any:
    """The guide's Python as a module."""
    found: dict[str, Any] = {"__name__": "guide"}
    exec(compile(blocks(PAGES[0], "python"), PAGES[0], "exec"), found)
    return SimpleNamespace(**found)


class Provider(http.server.BaseHTTPRequestHandler):
    """The token endpoint of an identity provider, for one client."""

    issued: list[str]
    token: str

    def do_POST(self) -> None:
        """RFC 6749, section 4.4.2: the grant in the form, the client in the header."""
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        right = form == "grant_type=client_credentials" and self.headers["Authorization"] == "Basic aHI6c2VjcmV0"
        self.issued.append(form)
        self.send_response(200 if right else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"access_token": self.token, "expires_in": 300}).encode() if right else b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def provider(api: Api) -> Iterator[tuple[str, list[str]]]:
    """Where a system gets its tokens, and what it was asked."""
    issued: list[str] = []
    handler = type("Endpoint", (Provider,), {"issued": issued, "token": api.token("VERIFIER")})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token", issued
        server.shutdown()


class Faulty(httpx.HTTPTransport):
    """The way to the server, on which the next requests meet what is put there first."""

    def __init__(self) -> None:
        super().__init__(verify=TLS)
        self.faults: list[httpx.Response | Exception] = []
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Fail as told, and go through where nothing is left to fail with."""
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        return fault or super().handle_request(request)


def failing(status: int, code: str, **headers: str) -> httpx.Response:
    """An answer of the registry that holds an error alone."""
    body = {"errors": [{"message": "Not now.", "extensions": {"code": code}}]}
    return httpx.Response(status, json=body, headers=headers)


def test_a_system_verifies_follows_and_keeps(
    guide: Any,
    api: Api,
    provider: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With one token for all of it: titles by position, changes page by page, the catalog from what was kept; and what helps again."""
    url, issued = str(api.client.base_url.join("/graphql")), provider[1]
    way = Faulty()
    slept: list[float] = []
    monkeypatch.setattr(guide.time, "sleep", slept.append)
    tokens = guide.ClientCredentials(provider[0], "hr", "secret")
    with httpx.Client(transport=way, timeout=30) as client:
        registry = guide.Registry(url, tokens, client)
        _, before = guide.changed(registry, "0")
        number = api.submit(certificate={"certificateNumber": "G-1"})["case"]
        done = api.decide("approveCase", number["id"], workConsistent=True)
        asked = [
            {"caseNumber": number["caseNumber"], "holderName": "王敏"},
            {"caseNumber": "G-1", "holderName": "王敏"},
        ]
        answers = list(guide.verify(registry, asked, done["position"]))
        assert [each["outcome"] for each in answers] == ["CURRENT", "MALFORMED"]
        titles, until = guide.changed(registry, before)
        assert [each["caseNumber"] for each in titles] == [number["caseNumber"]]
        assert int(until) >= int(done["position"])
        assert guide.changed(registry, until)[0] == []
        assert len(issued) == 1, "one token served them all"

        del slept[:]  # of what had to be waited for so far
        way.faults = [
            httpx.ConnectError("refused"),
            httpx.Response(502, text="<html>"),
            failing(503, "UNAVAILABLE", **{"Retry-After": "5"}),
            failing(401, "UNAUTHENTICATED"),
        ]
        with pytest.raises(guide.RegistryError) as refused:
            registry.ask("{ status { position } }")
        assert refused.value.code == "UNAUTHENTICATED", "told once at the beginning it is expired, later it is wrong"
        assert slept[2] == 5
        assert slept[0] < slept[1] * 4
        way.faults = [failing(401, "UNAUTHENTICATED"), failing(429, "RATE_LIMITED", **{"Retry-After": "1"})]
        assert registry.ask("{ status { position } }")["status"]["position"]
        assert len(issued) == 2, "the refused token was asked for anew"
        way.requests.clear()
        with pytest.raises(guide.RegistryError) as wrong:
            registry.ask("{ nothing }")
        assert (wrong.value.code, len(way.requests)) == ("GRAPHQL_VALIDATION_FAILED", 1), (
            "what comes again is not repeated"
        )

        catalog = guide.Catalog(url, client)
        way.requests.clear()
        assert catalog.ask(CATALOG) == catalog.ask(CATALOG)
        assert [request.headers.get("If-None-Match") is not None for request in way.requests] == [False, True]
    guide.example(url, tokens)
    assert "1 titles; go on from" in capsys.readouterr().out


def test_a_refusal_is_an_error_with_its_code(guide: Any, api: Api) -> None:
    """A decision bears the version it was read at: repeated, it is refused, and says so."""
    officer = type(
        "Officer", (), {"__call__": lambda _self: api.token("REVIEWER", XIHU), "forget": lambda _self: None}
    )()
    registry = guide.Registry(str(api.client.base_url.join("/graphql")), officer, api.client)
    done = api.submit(certificate={"certificateNumber": "G-2"})
    case, read = done["case"], "query ($id: ID!, $at: Position) { case(id: $id, atLeast: $at) { version } }"
    version = registry.ask(read, {"id": case["id"], "at": done["position"]})["case"]["version"]
    approve = """mutation ($id: ID!, $v: Int!) { approveCase(caseId: $id, workConsistent: true, expectedVersion: $v) {
        position refusal { code message } } }"""
    assert registry.act("approveCase", approve, {"id": case["id"], "v": version})["position"]
    with pytest.raises(guide.RegistryError) as refused:
        registry.act("approveCase", approve, {"id": case["id"], "v": version})
    assert refused.value.code in {"STALE_VERSION", "CASE_CLOSED"}


@pytest.mark.parametrize("language", ["python", "ts"])
def test_both_pages_have_the_same_code(language: str) -> None:
    """The guide in Chinese is the same guide."""
    assert blocks(PAGES[0], language) == blocks(PAGES[1], language)
    assert blocks(PAGES[0], language).count("\n") > 50


@pytest.mark.skipif(
    shutil.which("node") is None or not (COMPILED / ".bin" / "tsc").exists(),
    reason="there is no TypeScript compiler; `make clients` installs one, compiles the guide and runs it",
)
def test_the_typescript_compiles_strictly(tmp_path: Path) -> None:
    """Under the same settings as the clients that are tried against a server."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "guide.ts").write_text(blocks(PAGES[0], "ts"), "utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', "utf-8")
    shutil.copy(ROOT / "tests" / "clients" / "tsconfig.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(COMPILED)
    done = subprocess.run([COMPILED / ".bin" / "tsc"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
