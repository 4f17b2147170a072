"""Work that takes seconds ends when nobody waits for it, goes one at a time, and never keeps the server from stopping."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from application.catalogs import MOST_CHANGES
from console.http import ask
from domain.catalog.names import Abandoned
from domain.values import Role
from infrastructure.identity import DevelopmentIssuer
from registry_api.inputs import EntryInput
from tests.api.catalogs import CODE, PREVIEW, added, administrator
from tests.api.conftest import Api
from tests.test_crash import serving
from transport.limits import DEFAULT_LIMITS, check_values
from transport.parameters import Arrived


def large(count: int) -> dict[str, Any]:
    """An amendment that adds many entries, each with a name and a body of its own."""
    changes = [
        added(200 + n, f"Thermal Ceramic Bearing {n}", f"热工陶瓷轴承{n}", issuingBody=f"Institute {n}")
        for n in range(count)
    ]
    return {
        "catalogCode": CODE, "baseVersion": 1, "noticeTitle": "调整", "noticeNumber": "浙人社发〔2030〕1号",
        "effectiveFrom": "2030-01-01", "changes": changes,
    }  # fmt: skip


def send_and_leave(address: tuple[str, int], token: str, form: dict[str, Any]) -> socket.socket:
    """Send a preview over a connection that is then closed without waiting for the answer."""
    body = json.dumps({"query": PREVIEW, "variables": {"input": form}}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(address, timeout=30)
    connection.sendall(head.encode() + body)
    return connection


def test_a_preview_ends_when_its_client_has_gone(api: Api) -> None:
    """Whoever closes the connection stops the work, and the next preview has its turn."""
    ended, begun = threading.Event(), threading.Event()
    examine = api.registry.catalogs.examine

    def noticed(*arguments: Any) -> Any:
        begun.set()
        try:
            return examine(*arguments)
        except Abandoned:
            ended.set()
            raise

    object.__setattr__(api.registry.catalogs, "examine", noticed)
    host, port = api.client.base_url.host, api.client.base_url.port or 0
    connection = send_and_leave((host, port), administrator(api), large(600))
    assert begun.wait(30)
    connection.close()
    assert ended.wait(60)
    answer = api.ask(PREVIEW, {"input": large(1)}, administrator(api))["previewAmendment"]
    assert answer["refusals"] == []


def test_what_waits_for_its_turn_is_dropped_when_its_client_has_gone(api: Api) -> None:
    """Of eight previews of one caller the first is begun; the seven that wait are not even read once their clients have left."""
    read: list[int] = []
    inner = Arrived.read

    def counted(self: Arrived, *arguments: Any) -> Any:
        read.append(len(self.body or b""))
        return inner(self, *arguments)

    host, port = api.client.base_url.host, api.client.base_url.port or 0
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Arrived, "read", counted)
        connections = [send_and_leave((host, port), administrator(api), large(1900)) for _ in range(8)]
        deadline = time.monotonic() + 30
        while not read and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        for connection in connections:
            connection.close()
        assert api.ask(PREVIEW, {"input": large(30)}, administrator(api))["previewAmendment"]["refusals"] == []
        long = [size for size in read if size > 100_000]
    assert len(long) == 1


def test_an_amendment_has_a_size(api: Api) -> None:
    """More changes than anybody reads are refused before they are read."""
    refusals = api.post(PREVIEW, {"input": large(2001)}, administrator(api)).json()
    assert refusals["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


def test_the_largest_amendment_is_not_too_many_values() -> None:
    """As many changes as are taken, each entry with every field and several awards, are within the limit of values."""
    full = dict.fromkeys(EntryInput.__annotations__, "x") | {
        "awards": [{"title": "工程师", "level": "INTERMEDIATE", "grade": "x"}] * 4
    }
    changes = [{"kind": "ADDED", "number": n, "entry": full, "reason": "x"} for n in range(MOST_CHANGES)]
    limits = replace(DEFAULT_LIMITS, long_lists={"changes": MOST_CHANGES})
    assert check_values({"input": large(0) | {"changes": changes}}, limits) < DEFAULT_LIMITS.variables


def test_the_server_stops_whatever_is_running(data_dir: Path) -> None:
    """SIGTERM ends the process within ten seconds, in the middle of a preview and with connections open."""
    with serving(data_dir) as (server, url):
        token = DevelopmentIssuer(data_dir).issue(Role.ADMINISTRATOR)
        ask(url, "{ catalogs { id } }", {}, token)
        host, port = url.split("/")[2].split(":")
        idle = socket.create_connection((host, int(port)))
        busy = send_and_leave((host, int(port)), token, large(1500))
        time.sleep(1.5)
        server.send_signal(signal.SIGTERM)
        assert server.wait(10) is not None
        idle.close()
        busy.close()
