"""Uploads have places, a pace and a quota a subject; nothing is kept of what was refused. Questions count by subject and field."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import registry_api.evidence as door
from tests.api.conftest import Api, Clock, opened
from tests.api.test_evidence_files import PDF
from tests.people import resident_number
from transport.rates import TrustedProxies, address_of

HEADERS = {"Content-Type": "application/pdf", "X-Holder-Id-Number": "330106198811223344"}


def bearer(api: Api, subject: str = "sender") -> dict[str, str]:
    """The headers of an upload."""
    return HEADERS | {"Authorization": f"Bearer {api.token('APPLICANT', subject=subject)}"}


def code(response: Any) -> tuple[int, str | None]:
    """Status and code."""
    body = response.json()
    return response.status_code, body["errors"][0]["extensions"]["code"] if "errors" in body else None


def kept(api: Api) -> tuple[int, int]:
    """How many keys and how many numbers of persons are kept."""
    with api.registry.database.pool.connection() as connection:
        tables = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema LIKE 'registry%'"
            " AND (table_name LIKE '%key%' OR table_name LIKE '%holder%')"
        ).fetchall()
        counts = [connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() for (name,) in tables]
    return len(tables), sum(row[0] for row in counts if row)


def test_a_refused_upload_leaves_nobody_behind(api: Api, tmp_path: Path) -> None:
    """A file that is no PDF, an empty one and one that is not as announced leave no holder, no key and no file."""
    before, files = kept(api), {path for path in (tmp_path / "evidence").rglob("*") if path.is_file()}
    for content, more in ((b"PK\x03\x04 no", {}), (b"", {}), (PDF, {"Content-Digest": f"sha-256=:{'A' * 43}=:"})):
        for number in range(3):
            headers = bearer(api) | more | {"X-Holder-Id-Number": resident_number(number)}
            assert api.client.post("/evidence", content=content, headers=headers).status_code in {400, 415}
    assert kept(api) == before
    assert {path for path in (tmp_path / "evidence").rglob("*") if path.is_file()} == files
    assert api.client.post("/evidence", content=PDF, headers=bearer(api)).status_code == 201
    assert kept(api)[1] > before[1]


@pytest.fixture
def narrow(database: Any, tmp_path: Path, clock: Clock) -> Iterator[Api]:
    """A registry that takes one file at once and few bytes and questions."""
    limits = {"uploads_per_subject": 1, "upload_bytes_per_day": 600_000, "verifications_per_subject": 30}
    with opened(database, tmp_path, clock, **limits) as api:
        yield api


def test_a_subject_has_a_quota_of_bytes(narrow: Api) -> None:
    """Beyond what one may send a day an upload is refused with the time to come again; another subject is not touched."""
    first, second, third = (narrow.client.post("/evidence", content=PDF, headers=bearer(narrow)) for _ in range(3))
    assert (first.status_code, second.status_code) == (201, 201)
    assert code(third) == (429, "RATE_LIMITED")
    assert int(third.headers["retry-after"]) > 0
    assert narrow.client.post("/evidence", content=PDF, headers=bearer(narrow, "another")).status_code == 201


def trickle(api: Api, stop: threading.Event, subject: str) -> socket.socket:
    """An upload whose body never comes."""
    host, port = api.client.base_url.host, api.client.base_url.port or 0
    connection = socket.create_connection((host, port))
    lines = [
        f"{name}: {value}" for name, value in (bearer(api, subject) | {"Host": "x", "Content-Length": "100000"}).items()
    ]
    connection.sendall(("POST /evidence HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + PDF[:20])
    stop.wait(0.5)
    return connection


def test_a_trickled_body_holds_its_own_place_only_and_not_for_long(
    narrow: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one's upload trickles one has no second place, others do; and it is given up after seconds."""
    monkeypatch.setattr(door, "_GRACE_SECONDS", 1.5)
    connection = trickle(narrow, threading.Event(), "sender")
    assert code(narrow.client.post("/evidence", content=PDF, headers=bearer(narrow))) == (429, "RATE_LIMITED")
    assert narrow.client.post("/evidence", content=PDF, headers=bearer(narrow, "another")).status_code == 201
    connection.settimeout(20)
    assert b"408" in connection.recv(200)
    connection.close()
    assert narrow.client.post("/evidence", content=PDF, headers=bearer(narrow)).status_code == 201


def test_questions_about_titles_count_by_subject_and_field(narrow: Api) -> None:
    """A token has so many verifications a minute, each alias is one, and another subject is not touched."""
    fields = " ".join(f'v{n}: verifyTitle(certificateNumber: "{n}", holderName: "x") {{ valid }}' for n in range(15))
    token = narrow.token("VERIFIER", subject="guesser")
    assert "errors" not in narrow.post(f"{{ {fields} }}", None, token).json()
    refused = narrow.post(f"{{ {fields} }}", None, token)
    assert code(refused) == (429, "RATE_LIMITED")
    assert "errors" not in narrow.post(f"{{ {fields} }}", None, narrow.token("VERIFIER", subject="another")).json()


@pytest.mark.parametrize(
    ("client", "forwarded", "networks", "counted"),
    [
        ("127.0.0.1", "198.51.100.7", [], "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", ["127.0.0.0/8"], "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", ["127.0.0.0/8"], "198.51.100.7"),
        ("10.0.0.2", "203.0.113.9, 10.0.0.3", ["10.0.0.0/8"], "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9", ["10.0.0.0/8"], "192.0.2.1"),
        ("::ffff:10.0.0.2", "::ffff:203.0.113.9", ["10.0.0.0/8"], "203.0.113.9"),
        ("10.0.0.2", "nonsense", ["10.0.0.0/8"], "10.0.0.2"),
        ("2001:db8:1:2:3::4", "", [], "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", [], "192.0.2.1"),
    ],
)
def test_a_caller_is_counted_by_the_address_that_can_be_believed(
    client: str, forwarded: str, networks: list[str], counted: str
) -> None:
    """Only a trusted proxy's word about others counts, from the right; IPv4 written as IPv6 is IPv4."""
    import asyncio
    import ipaddress

    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(address_of(scope))

    scope = {
        "type": "http",
        "client": (client, 1),
        "headers": [(b"x-forwarded-for", forwarded.encode())] if forwarded else [],
    }
    asyncio.run(TrustedProxies(app, [ipaddress.ip_network(each) for each in networks])(scope, None, None))  # type: ignore[arg-type]
    assert seen == [counted]


def test_a_head_that_does_not_come_closes_the_connection(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head beyond its size, or one that never ends, holds no connection."""
    monkeypatch.setattr("console.patience.HEAD_SECONDS", 1.0)
    host, port = api.client.base_url.host, api.client.base_url.port or 0
    for sent in (b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 200_000):
        with socket.create_connection((host, port)) as connection:
            connection.settimeout(15)
            try:
                connection.sendall(sent)
                assert b" 200 " not in connection.recv(100)
            except (ConnectionResetError, BrokenPipeError):
                pass
    assert api.ask("{ catalogs { code } }")["catalogs"]
