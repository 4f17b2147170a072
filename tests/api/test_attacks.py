"""Attacks on a running server, tried and counted: each is refused with a code, nothing is recorded, nothing leaks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from domain.values import Role
from infrastructure.identity import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.api.conftest import NINGBO, XIHU, Api, Clock, opened

NAME, NUMBER = "司马光明", "330106197701019874"
Attack = Callable[["Target"], None]
ATTACKS: list[Attack] = []


@dataclass
class Target:
    """What an attacker faces: a server with somebody else's approved case in it."""

    api: Api
    case: str
    title: str
    reviewer: str
    stranger: str
    folder: Path

    def code(self, document: str, variables: dict[str, Any] | None = None, token: str | None = None) -> str | None:
        """The first error's code; None where there is none."""
        answer = self.api.post(document, variables, token)
        assert answer.status_code < 500, answer.text
        assert NAME not in answer.text
        errors = answer.json().get("errors")
        return errors[0]["extensions"]["code"] if errors else None

    def believed(self, token: str) -> int:
        """The status of a request under a token."""
        status: int = self.api.post("{ status { position } }", None, token).status_code
        return status

    def address(self) -> tuple[str, int]:
        """Where the server listens."""
        url = self.api.client.base_url
        return url.host, int(url.port or 0)


def attack(function: Attack) -> Attack:
    """Count an attack."""
    ATTACKS.append(function)
    return function


def attacks_on(*variants: Any) -> Callable[[Callable[[Target, Any], None]], None]:
    """Count an attack once a variant."""

    def decorate(function: Callable[[Target, Any], None]) -> None:
        for variant in variants:

            def one(target: Target, variant: Any = variant) -> None:
                function(target, variant)

            one.__name__ = f"{function.__name__}[{str(variant)[:40]}]"
            ATTACKS.append(one)

    return decorate


# ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def b64(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of an auditor, which would open everything."""
    now = int(time.time())
    given = {
        "iss": DEVELOPMENT_ISSUER,
        "aud": AUDIENCE,
        "sub": "mallory",
        "role": "AUDITOR",
        "iat": now,
        "exp": now + 600,
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def signed(target: Target, header: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
    """A token with the server's own development key, or another."""
    own = target.api.issuer._key
    return jwt.encode(
        {"alg": "Ed25519", "kid": own.kid} | (header or {}), claims(**changes), key or own, algorithms=["Ed25519"]
    )


@attacks_on(
    {"aud": "another-service"},
    {"aud": None},
    {"iss": "https://evil.example"},
    {"iss": None},
    {"exp": int(time.time()) - 60},
    {"exp": None},
    {"nbf": int(time.time()) + 3600},
    {"role": "SYSTEM"},
    {"role": "ROOT"},
    {"role": None},
    {"sub": None},
    {"sub": "x" * 5000},
    {"sub": "a\nb"},
    {"exp": "tomorrow"},
)
def a_token_with_other_claims(target: Target, changes: dict[str, Any]) -> None:
    """Rightly signed, wrongly meant."""
    assert target.believed(signed(target, **changes)) == 401


@attacks_on(
    {"kid": "unknown"}, {"kid": None}, {"kid": "../../etc/passwd"}, {"typ": "JWE"}, {"jku": "https://evil.example/jwks"}
)
def a_token_with_another_header(target: Target, header: dict[str, Any]) -> None:
    """Unknown and missing key ids, key addresses in the token."""
    own = target.api.issuer._key
    full = {name: value for name, value in ({"alg": "Ed25519", "kid": own.kid} | header).items() if value is not None}
    head, body = b64(json.dumps(full).encode()), b64(json.dumps(claims()).encode())
    assert target.believed(f"{head}.{body}.{b64(bytes(64))}") == 401


@attack
def a_forged_signature(target: Target) -> None:
    """Another key under the server's key id."""
    other = OKPKey.generate_key("Ed25519", {"kid": target.api.issuer._key.kid})
    assert target.believed(signed(target, key=other)) == 401


@attacks_on("none", "None", "NONE", "nOnE", "")
def algorithm_none(target: Target, name: str) -> None:
    """No signature at all, in every spelling."""
    header = b64(json.dumps({"alg": name, "kid": target.api.issuer._key.kid}).encode())
    assert target.believed(f"{header}.{b64(json.dumps(claims()).encode())}.") == 401


@attacks_on("jwk", "raw", "pem")
def hs256_with_the_public_key(target: Target, form: str) -> None:
    """The public key as an HMAC secret, in three forms."""
    own = target.api.issuer._key
    public = own.as_dict(private=False)
    secret = {
        "jwk": json.dumps(public).encode(),
        "raw": base64.urlsafe_b64decode(public["x"] + "=="),
        "pem": own.as_pem(private=False),
    }[form]
    head = b64(json.dumps({"alg": "HS256", "kid": own.kid}).encode()) + "." + b64(json.dumps(claims()).encode())
    assert target.believed(head + "." + b64(hmac.new(secret, head.encode(), hashlib.sha256).digest())) == 401


@attack
def an_expired_token_of_yesterday(target: Target) -> None:
    """Issued by the right issuer, a day ago."""
    old = DevelopmentIssuer(target.folder, clock=lambda: time.time() - 86_400)
    assert target.believed(old.issue(Role.AUDITOR)) == 401


@attacks_on("Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer a.b", "Bearer " + "A" * 20_000, "bearer \x7f")
def another_authorization(target: Target, header: str) -> None:
    """Other schemes, no token, half a token, twenty thousand characters."""
    answer = target.api.client.post(
        "/graphql", json={"query": "{ status { position } }"}, headers={"Authorization": header}
    )
    assert answer.status_code in {400, 401, 431}


# ── other people's things ─────────────────────────────────────────────────────────────────────────────────────────────
@attacks_on("case", "node")
def somebody_elses_case_by_its_id(target: Target, field: str) -> None:
    """A stranger and a reviewer elsewhere get what they get for nothing."""
    document = f"query ($id: ID!) {{ {field}(id: $id) {{ __typename }} }}"
    for token in (target.stranger, target.api.token("REVIEWER", NINGBO)):
        assert target.api.ask(document, {"id": target.case}, token) == {field: None}


@attacks_on(
    "approveCase", "rejectCase", "withdrawCase", "supplementCase", "proposeRevocation", "transferCase", "reinstateTitle"
)
def somebody_elses_case_by_a_mutation(target: Target, name: str) -> None:
    """Word for word the answer for a case that is not there."""
    arguments: dict[str, Any] = {
        "approveCase": {"workConsistent": True},
        "supplementCase": {
            "evidence": [{"sha256": "a" * 64, "fileName": "a", "mediaType": "image/png", "size": 1, "kind": "X"}]
        },
        "proposeRevocation": {"ground": "x", "findings": "x"},
        "transferCase": {"authorityCode": NINGBO, "reason": "x"},
    }.get(name, {"reason": "x"})
    token = target.api.token("REVIEWER", NINGBO)
    missing = "case.00000000-0000-4000-8000-000000000000"
    refused = [target.api.decide(name, case, token, **arguments) for case in (target.case, missing)]
    assert refused[0] == refused[1]
    assert refused[0]["refusal"]["code"] == "UNKNOWN_CASE"


@attacks_on("case", "approveCase", "issueAmendment", "eraseHolder", "holderFile")
def an_identifier_of_another_kind(target: Target, field: str) -> None:
    """A title for a case, a case for an amendment, a case for a holder."""
    officer, administrator = target.api.token("PRIVACY_OFFICER"), target.api.token("ADMINISTRATOR")
    document, token = {
        "case": (f'{{ case(id: "{target.title}") {{ id }} }}', target.reviewer),
        "approveCase": (
            f'mutation {{ approveCase(caseId: "{target.title}", workConsistent: true) {{ position }} }}',
            target.reviewer,
        ),
        "issueAmendment": (
            f'mutation {{ issueAmendment(amendmentId: "{target.case}") {{ position }} }}',
            administrator,
        ),
        "eraseHolder": (f'mutation {{ eraseHolder(ref: "{target.case}", legalBasis: "x") {{ position }} }}', officer),
        "holderFile": (f'{{ holderFile(ref: "{target.case}") {{ ref }} }}', officer),
    }[field]
    assert target.code(document, None, token) == "INVALID_ID"


@attacks_on(
    "bm8",
    "WyJjYXNlcyIsIjIwMjYiLCJ4Il0",
    b64(json.dumps(["titles", "2026-11-23", "00000000-0000-4000-8000-000000000000"]).encode()),
    b64(json.dumps(["cases", "2026-11-23T00:00:00+00:00", "' OR 1=1 --"]).encode()),
    b64(json.dumps(["cases", {"$gt": ""}, []]).encode()),
    b64(b"[" * 5000),
    "%00",
)
def a_guessed_cursor(target: Target, cursor: str) -> None:
    """Of another list, of another shape, with SQL in it."""
    assert (
        target.code("query ($a: String) { cases(after: $a) { nodes { id } } }", {"a": cursor}, target.reviewer)
        == "INVALID_CURSOR"
    )


@attack
def a_well_made_cursor_widens_nothing(target: Target) -> None:
    """A cursor says where to go on, never what may be seen."""
    cursor = b64(json.dumps(["cases", "2999-01-01T00:00:00+00:00", "ffffffff-ffff-4fff-8fff-ffffffffffff"]).encode())
    answer = target.api.post(
        "query ($a: String) { cases(after: $a) { nodes { id } } }", {"a": cursor}, target.stranger
    ).json()
    assert answer.get("data") in (None, {"cases": {"nodes": []}})


SQL = [
    "' OR '1'='1",
    "'; DROP TABLE registry.events; --",
    "%' OR true --",
    "x\\'; SELECT pg_sleep(5); --",
    "{}'::jsonb || '",
]


@attacks_on(*[(field, text) for field in ("field", "title", "authorityCode") for text in SQL])
def a_filter_with_sql(target: Target, variant: tuple[str, str]) -> None:
    """Values are parameters: they find nothing and break nothing."""
    field, text = variant
    started = time.monotonic()
    found = target.api.ask(
        "query ($f: TitleFilter) { titleList(filter: $f) { nodes { id } } }", {"f": {field: text}}, target.reviewer
    )
    assert found == {"titleList": {"nodes": []}}
    assert time.monotonic() - started < 4


@attacks_on(*SQL)
def a_search_with_sql(target: Target, text: str) -> None:
    """In the catalog's search, the certificate's number and the case's."""
    document = """query ($t: String!) { verifyTitle(certificateNumber: $t, holderName: $t) { known }
        case(caseNumber: $t) { id } auditLog(actor: $t) { nodes { position } } }"""
    answer = target.api.ask(document, {"t": text}, target.api.token("AUDITOR"))
    assert answer == {"verifyTitle": {"known": False}, "case": None, "auditLog": {"nodes": []}}


# ── size and time ─────────────────────────────────────────────────────────────────────────────────────────────────────
@attack
def ten_thousand_aliases(target: Target) -> None:
    """One field ten thousand times."""
    document = "{ " + " ".join(f"a{n}: catalogs {{ code }}" for n in range(10_000)) + " }"
    assert str(target.code(document)).startswith("LIMIT_")


@attack
def depth_five_hundred(target: Target) -> None:
    """Nested far below any use."""
    document = "{ cases { nodes " + "{ history { state " * 250 + "{ id }" + "} }" * 250 + " } }"
    assert str(target.code(document, None, target.reviewer)).startswith("LIMIT_")


@attack
def a_circle_of_fragments(target: Target) -> None:
    """Fragments that spread one another."""
    document = "{ catalogs { ...a } } fragment a on Catalog { ...b } fragment b on Catalog { ...a }"
    assert target.code(document) == "GRAPHQL_VALIDATION_FAILED"


@attack
def pages_of_pages(target: Target) -> None:
    """A cost that multiplies."""
    document = "{ cases(first: 200) { nodes { history { state { history { state { history { version } } } } } } } }"
    inner = "{ catalogs { versions { entries(first: 200) { nodes { awards { title } } } changes { before { id } } } } }"
    deep = (
        "{ catalogs { versions { "
        + " ".join(
            f"e{n}: entries(first: 200) {{ nodes {{ id number field awards {{ title level grade }} }} }}"
            for n in range(49)
        )
        + " } } }"
    )
    assert target.code(deep) in {"LIMIT_COST", "LIMIT_ALIASES", "LIMIT_TOKENS"}
    assert target.code(inner) in {None, "LIMIT_COST"}
    assert target.code(document, None, target.reviewer) == "LIMIT_HISTORY"


@attack
def a_batch(target: Target) -> None:
    """Many operations in one request."""
    answer = target.api.client.post("/graphql", json=[{"query": "{ __typename }"}] * 1000)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BATCHING_REFUSED")


@attacks_on("/graphql", "/evidence")
def a_hundred_megabytes(target: Target, path: str) -> None:
    """Streamed without a length: refused long before it has arrived."""
    sent = 0
    with socket.create_connection(target.address(), timeout=20) as connection:
        connection.sendall(head(target, path, "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b"%PDF-" + b"x" * 65_531 + b"\r\n"
        try:
            while sent < 100 * 1024 * 1024:
                connection.sendall(chunk)
                sent += 65_536
        except OSError:
            pass
    assert sent < 50 * 1024 * 1024, sent


@attacks_on("/graphql", "/evidence")
def a_hundred_megabytes_announced(target: Target, path: str) -> None:
    """Refused by its length, before a byte of it."""
    with socket.create_connection(target.address(), timeout=20) as connection:
        connection.sendall(head(target, path, f"Content-Length: {100 * 1024 * 1024}"))
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]


@attacks_on("/graphql", "/evidence")
def a_body_that_drips(target: Target, path: str) -> None:
    """A byte now and then: 408 after the time that is allowed, and others are served meanwhile."""
    with socket.create_connection(target.address(), timeout=20) as connection:
        connection.sendall(head(target, path, "Content-Length: 1000"))
        connection.sendall(b"%")
        assert target.code("{ catalogs { code } }") is None
        assert b" 408 " in connection.recv(4096).split(b"\r\n")[0]


def head(target: Target, path: str, length: str) -> bytes:
    """The head of a raw request."""
    media = "application/json" if path == "/graphql" else "application/pdf"
    token = target.api.token("APPLICANT")
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media}\r\nAuthorization: Bearer {token}\r\n"
        f"X-Holder-Id-Number: 33010619900101123X\r\n{length}\r\n\r\n"
    ).encode()


@attacks_on("application/zip", "application/pdf", "application/gzip")
def a_zip_bomb_as_evidence(target: Target, media_type: str) -> None:
    """Compressed noughts, under their own name and another: never unpacked, refused by the first bytes."""
    bomb = (
        zlib.compress(bytes(10_000_000), 9)
        if "gzip" in media_type
        else b"PK\x03\x04" + zlib.compress(bytes(10_000_000))
    )
    answer = target.api.client.post("/evidence", content=bomb, headers=evidence_headers(target, media_type))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (415, "EVIDENCE_TYPE")


@attacks_on(
    "../../../etc/cron.d/x",
    "C:\\windows\\system32\\x.pdf",
    "a/../../b",
    "nul\x00.pdf",
    "\u202egpj.exe",
    "x" * 5000,
    "con",
)
def a_path_as_a_file_name(target: Target, name: str) -> None:
    """A name is text in a sealed field: it is refused or kept, and never a path."""
    before = files_of_callers(target)
    form = """mutation ($name: String!) { submitCase(input: {idempotencyKey: "path", holder: {name: "n", idNumber: "330106199003077013"},
        certificate: {name: "c"}, authorityCode: "330106-EI", workField: "w", evidence: [{sha256: "%s", fileName: $name,
        mediaType: "image/png", size: 1, kind: "X"}]}) { refusal { code } } }""" % ("b" * 64)
    answer = target.api.post(form, {"name": name}, target.api.token("APPLICANT")).json()
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    codes |= {(answer["data"]["submitCase"]["refusal"] or {}).get("code")} if answer.get("data") else set()
    assert codes <= {None, "INVALID_INPUT", "BAD_USER_INPUT", "IDEMPOTENCY_KEY_REUSED"}
    assert files_of_callers(target) == before


def files_of_callers(target: Target) -> set[Path]:
    """Every file of the data folder but the log's word, which the server itself writes anew every few seconds."""
    files = {path for path in target.folder.rglob("*") if path.is_file()}
    return {path for path in files if "log.checkpoint" not in path.name}


def evidence_headers(target: Target, media_type: str) -> dict[str, str]:
    """The headers of an upload."""
    return {
        "Authorization": f"Bearer {target.api.token('APPLICANT')}",
        "Content-Type": media_type,
        "X-Holder-Id-Number": "33010619900101123X",
    }


# ── guessing ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@attack
def enumerating_titles_without_a_token(target: Target) -> None:
    """A few at once, slowly, then 429 with Retry-After; aliases count one by one."""
    document = (
        "{ "
        + " ".join(f'a{n}: verifyTitle(certificateNumber: "{n}", holderName: "x") {{ known }}' for n in range(8))
        + " }"
    )
    started, answers = time.monotonic(), [target.api.post(document) for _ in range(4)]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200, 200, 429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert time.monotonic() - started >= 0.4


@attack
def asking_for_the_schema_where_it_is_not_told(target: Target) -> None:
    """By setting: introspection is refused, in a fragment too."""
    for document in (
        "{ __schema { types { name } } }",
        '{ ...f } fragment f on Query { __type(name: "Query") { name } }',
    ):
        assert target.code(document) == "INTROSPECTION_REFUSED"


@attack
def a_request_id_that_forges_a_log_line(target: Target) -> None:
    """Only a harmless one is taken over."""
    answer = target.api.client.get("/healthz", headers={"X-Request-Id": "a b ERROR root logged in"})
    assert answer.headers["x-request-id"] != "a b ERROR root logged in"


@pytest.fixture
def target(database: Any, tmp_path: Path, clock: Clock) -> Iterator[Target]:
    """A server with the settings of one that faces strangers, and times a test can wait for."""
    with opened(database, tmp_path, clock, body_seconds=1.0, introspection=False) as api:
        done = api.approved(holder={"name": NAME, "idNumber": NUMBER})
        reviewer = api.token("REVIEWER", XIHU)
        document = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { title { id } } }"
        found = api.ask(document, {"id": done["case"]["id"], "p": done["position"]}, reviewer)["case"]
        stranger = api.token("APPLICANT", subject="stranger")
        yield Target(api, done["case"]["id"], found["title"]["id"], reviewer, stranger, tmp_path)


def test_every_attack_fails(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    """All of them against one server, which then still answers, and whose logs hold no token and no person."""
    caplog.set_level(logging.DEBUG)
    failures = []
    for each in ATTACKS:
        try:
            each(target)
        except Exception as error:  # noqa: BLE001 - each attack is tried, whatever the one before did
            failures.append(f"{each.__name__}: {type(error).__name__} {str(error)[:300]}")
    print(f"{len(ATTACKS)} attacks tried, {len(failures)} succeeded")  # noqa: T201 - the count is the result
    assert failures == []
    assert len(ATTACKS) >= 80
    told = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if not record.name.startswith("httpx")
    )
    secrets = [NAME, NUMBER, target.reviewer, target.stranger, *(token for token in target.api._tokens.values())]
    assert [secret for secret in secrets if secret in told] == []
    assert target.code("{ catalogs { code } }") is None
