"""No caller slows another: long work has a lane and turns, connections and refusals are counted by address."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import XIHU, Api, Clock, opened
from tests.api.test_evidence_files import PDF, download, reached, stated, submitted, upload
from transport import lane, rates

CASES = """{ cases(first: 200) { totalCount nodes { id caseNumber status holder { ref name } certificate { name }
    entry { number awards { title } } award { title } candidates { score entry { number } } history(first: 5) { summary data } } } }"""
CERTIFICATE = '{name: "CCNP Enterprise", issuingBody: "Cisco"}'


@pytest.fixture
def narrow(database: Any, tmp_path: Path, clock: Clock) -> Iterator[Api]:
    """A registry with a few connections an address."""
    with opened(database, tmp_path, clock, connections_per_address=5) as api:
        yield api


def address(api: Api) -> tuple[str, int]:
    """Where the server listens."""
    return api.client.base_url.host, api.client.base_url.port or 0


def threads_of(api: Api, monkeypatch: pytest.MonkeyPatch, document: str, token: str | None) -> tuple[Any, set[str]]:
    """What is answered, and the names of the threads in which the read side was asked to answer it."""
    seen: set[str] = set()
    inner = lane.Lane._run

    async def noticed(self: Any, operation: Any, request: Any, context: Any) -> Any:
        seen.add(threading.current_thread().name)
        return await inner(self, operation, request, context)

    with monkeypatch.context() as patched:
        patched.setattr(lane.Lane, "_run", noticed)
        return api.ask(document, None, token), seen


def test_what_takes_long_is_answered_beside_the_loop_and_alike(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer from the lane as from the loop that serves everybody; a look-up goes on that loop."""
    for _ in range(3):
        done = api.approved()
    api.ask("query ($p: Position!) { catalogs(atLeast: $p) { code } }", {"p": done["position"]})
    reviewer = api.token("REVIEWER", XIHU)
    beside, seen = threads_of(api, monkeypatch, CASES, reviewer)
    assert seen == {"long operations"}
    monkeypatch.setattr(lane, "LONG_COST", 10**9)
    direct, none = threads_of(api, monkeypatch, CASES, reviewer)
    assert (none, direct) == (set(), beside)
    assert len(beside["cases"]["nodes"]) == 3
    monkeypatch.undo()
    assert threads_of(api, monkeypatch, "{ catalogs { code } }", None)[1] == set()


def test_whatever_reads_or_records_works_beside_the_loop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every operation in the lane: matching, pages, history, the audit and access logs, previews, submissions."""
    monkeypatch.setattr(lane, "LONG_COST", 0)
    case = api.approved()["case"]["id"]
    head = api.registry.journal.last_position()
    auditor, reviewer = api.token("AUDITOR"), api.token("REVIEWER", XIHU)
    api.ask(f'{{ catalogs(atLeast: "{head}") {{ code versions {{ number }} }} }}')
    asked = {
        f'{{ case(id: "{case}") {{ holder {{ name }} history {{ state {{ status }} }} title {{ title }} }} }}': reviewer,
        f'{{ case(id: "{case}", atVersion: 1) {{ status }} }}': reviewer,
        "{ auditLog(first: 5) { nodes { data } } }": auditor,
        "{ accessLog { nodes { operation } } }": api.token("PRIVACY_OFFICER"),
        f"{{ matchCertificate(certificate: {CERTIFICATE}) {{ outcome candidates {{ score }} }} }}": None,
    }
    for document, token in asked.items():
        answered = api.ask(document, None, token)
        assert all(value is not None for value in answered.values()), document


def test_a_person_who_is_not_known_is_asked_about_alike(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles of a known and of an unknown number take the same statements: the time tells nobody who is known."""
    api.approved(holder={"name": "王敏", "idNumber": "330106199003077013"})
    asked: list[str] = []
    rows = api.registry.reads._rows

    async def counted(made: Any, *more: Any) -> Any:
        if "projection_positions" not in made.text:  # how far the rows are, which whoever follows them asks meanwhile
            asked.append(made.text)
        return await rows(made, *more)

    look_up = api.registry.lines.look_up

    def gathered(shape: Any, key: Any) -> Any:
        asked.append(shape.text)
        return look_up(shape, key)

    monkeypatch.setattr(api.registry.reads, "_rows", counted)
    monkeypatch.setattr(api.registry.lines, "look_up", gathered)
    statements = []
    for number in ("330106199003077013", "330106199003077080"):
        for as_of in ("", ', asOf: "2099-01-01T00:00:00Z"'):
            del asked[:]
            document = f'{{ titles(holder: {{idNumber: "{number}"}}{as_of}) {{ title }} }}'
            api.ask(document, None, api.token("VERIFIER"))
            statements.append(asked[:1])
    assert statements[0] == statements[2]
    assert statements[1] == statements[3]
    assert statements[0]


def test_one_address_holds_so_many_connections(narrow: Api) -> None:
    """Further ones are closed; when one ends there is room again."""
    held = [socket.create_connection(address(narrow)) for _ in range(5)]
    time.sleep(0.2)
    with socket.create_connection(address(narrow)) as further:
        further.settimeout(5)
        assert further.recv(1) == b""
    for each in held:
        each.close()
    time.sleep(0.2)
    assert narrow.ask("{ catalogs { code } }")["catalogs"]


def test_a_connection_has_few_requests_waiting(api: Api) -> None:
    """Whoever sends hundreds before reading one answer is cut off; a handful in a pipeline is answered, in order."""
    body = b'{"query":"{ catalogs { code } }"}'
    request = (
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n" + body
    )
    with socket.create_connection(address(api)) as connection:
        connection.settimeout(10)
        connection.sendall(request * 5)
        answered = b""
        while answered.count(b"HTTP/1.1 200") < 5:
            answered += connection.recv(65_536)
        try:
            connection.sendall(request * 500)
            while connection.recv(65_536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert api.ask("{ authorities { code } }")["authorities"]


def test_whoever_keeps_being_refused_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred refusals come at once, further ones after a pause; an answer is never kept back."""
    monkeypatch.setattr(rates, "PAUSE_SECONDS", 4.0)
    refused = 0
    for _ in range(400):
        began = time.monotonic()
        assert api.post("{ catalogs { code } }", None, "no-token").status_code == 401
        if time.monotonic() - began > 3.9:
            break
        refused += 1
    assert 100 <= refused < 399
    began = time.monotonic()
    assert api.ask("{ authorities { code } }")["authorities"]
    assert time.monotonic() - began < 0.9


def test_a_subject_has_few_downloads_at_once(api: Api) -> None:
    """Files that nobody reads hold places of their own subject only, and give them back when their reader leaves."""
    content = PDF[:9] + bytes(8 * 1024 * 1024)
    assert upload(api, content).status_code == 201
    case = reached(api, submitted(api, **stated(content)))
    digest = stated(content)["sha256"]
    token = api.token("REVIEWER", XIHU)
    held = []
    for _ in range(3):
        connection = socket.create_connection(address(api))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(
            f"GET /evidence/{digest}?case={case} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        assert b" 200 " in connection.recv(100)
        held.append(connection)
    assert download(api, case, token, digest).status_code == 429
    assert download(api, case, api.token("REVIEWER", XIHU, "colleague"), digest).status_code == 200
    for connection in held:
        connection.close()
    deadline = time.monotonic() + 10
    while (status := download(api, case, token, digest).status_code) == 429 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert status == 200


def test_leaving_amid_a_body_is_no_defect(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged for a client that goes before its request has come."""
    for _ in range(3):
        with socket.create_connection(address(api)) as connection:
            connection.sendall(
                b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
            )
            time.sleep(0.1)
    time.sleep(0.3)
    assert api.ask("{ catalogs { code } }")["catalogs"]
    assert not caplog.records
