"""What everybody may ask is kept by caches, compressed and shown to browsers; what depends on a token is none of that."""

from __future__ import annotations

import gzip
import json
import socket
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest

from registry_api.policy import FIELDS, public_fields
from registry_api.schema import build_schema
from tests.api.conftest import Api, Clock, opened

pytestmark = pytest.mark.registry("shared")

CATALOG = """query ($code: String!) { catalog(code: $code) { name version { number entries(first: 100) { nodes {
    number qualificationName issuingBody } } } } }"""
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PUBLIC = "public, max-age=60"


def get(api: Api, query: str, variables: dict[str, Any] | None = None, method: str = "GET", **headers: str) -> Any:
    """One question in the address."""
    parameters = {"query": query} | ({"variables": json.dumps(variables)} if variables else {})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.client.request(method, "/graphql", params=parameters, headers={"Accept-Encoding": "identity"} | named)


@pytest.fixture
def code(api: Api) -> str:
    """The official catalog's code."""
    found: str = api.ask('{ catalogs(atLeast: "1") { code } }')["catalogs"][0]["code"]
    return found


def bearer(api: Api, role: str = "AUDITOR") -> dict[str, str]:
    """The header of somebody."""
    return {"Authorization": f"Bearer {api.token(role)}"}


def test_a_public_answer_is_kept_and_asked_about_by_its_tag(api: Api, code: str) -> None:
    """A GET without a token for what everybody reads alike: a minute in any cache, then 304 while nothing changed."""
    first = get(api, CATALOG, {"code": code})
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == PUBLIC
    assert set(first.headers["vary"].split(", ")) == {"Accept", "Accept-Encoding", "Accept-Language", "Authorization"}
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = get(api, CATALOG, {"code": code}, If_None_Match=sent)
        assert (again.status_code, again.content) == (304, b"")
        assert {again.headers[name] for name in ("etag", "cache-control", "vary")} == {
            tag,
            PUBLIC,
            first.headers["vary"],
        }
    assert get(api, CATALOG, {"code": code}, If_None_Match='"other"').json() == first.json()
    assert get(api, CATALOG, {"code": "nowhere"}, If_None_Match=tag).json() == {"data": {"catalog": None}}
    for document in ("{ __typename }", "{ authorities { code } }", "{ __schema { queryType { name } } }"):
        assert get(api, document).headers["cache-control"] == PUBLIC


@pytest.mark.parametrize(
    "document",
    [
        '{ matchCertificate(certificate: {name: "AWS"}) { outcome } }',
        '{ verifyTitle(certificateNumber: "1", holderName: "x") { known } }',
        '{ catalogs { code } v: verifyTitle(certificateNumber: "1", holderName: "x") { known } }',
        '{ catalogs { code } ...f } fragment f on Query { ... { verifyTitle(certificateNumber: "1", holderName: "x") { known } } }',
        '{ node(id: "case.x") { id } }',
        "{ status { position } }",
        "{ catalogs { code } cases { nodes { id } } }",
        "{ catalogs(atLeast: 999999) { code } }",
        "{ nothing }",
        "{",
        "",
    ],
)
def test_nothing_else_is_kept(api: Api, document: str) -> None:
    """Fields about persons, alone or beside public ones, errors, and what may change from one moment to the next."""
    answer = get(api, document)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_what_depends_on_a_token_is_kept_by_nobody(api: Api, code: str) -> None:
    """With one, believed or not, also the catalog is private; a tag of the public answer is not compared; POST is not kept."""
    tag = get(api, CATALOG, {"code": code}).headers["etag"]
    for headers in (bearer(api), {"Authorization": "Bearer x"}, {"Authorization": ""}):
        answer = get(api, CATALOG, {"code": code}, If_None_Match=tag, **headers)
        assert answer.status_code in {200, 401}
        assert answer.headers["cache-control"] == "private, no-store"
        assert "etag" not in answer.headers
    assert api.post(CATALOG, {"code": code}).headers["cache-control"] == "no-store"
    assert api.client.get("/evidence/0f", headers=bearer(api)).headers["cache-control"] == "private, no-store"


def test_public_fields_are_those_that_everybody_reads_alike() -> None:
    """Each is a field of queries that needs no token, and none shows a person, however deep one asks."""
    schema = build_schema()._schema
    assert schema.query_type is not None
    named = public_fields() - {"__typename", "__schema", "__type"}
    assert {"catalogs", "catalog", "authorities"} == named <= schema.query_type.fields.keys() & FIELDS.keys()
    reached: set[str] = set()
    waiting = [schema.query_type.fields[name].type for name in named]
    while waiting:
        found: Any = waiting.pop()
        while hasattr(found, "of_type"):
            found = found.of_type
        if found.name not in reached:
            reached.add(found.name)
            waiting += [each.type for each in getattr(found, "fields", {}).values()]
    assert {"CatalogVersion", "CatalogEntry"} <= reached
    assert reached.isdisjoint({"Actor", "Holder", "RecognitionCase", "RecognizedTitle", "CaseEvent", "Amendment"})


def test_public_answers_are_compressed_and_others_never(api: Api, code: str) -> None:
    """Beyond a kilobyte, for who takes gzip and sends no token: elsewhere the length would tell of a secret in the answer."""
    plain = get(api, CATALOG, {"code": code})
    packed = get(api, CATALOG, {"code": code}, Accept_Encoding="br, gzip;q=0.8")
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert packed.json() == plain.json()
    assert packed.headers["etag"] == plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"]
    for refused in ("gzip;q=0", "br", "identity", "", "gzip;q=0, *"):
        assert "content-encoding" not in get(api, CATALOG, {"code": code}, Accept_Encoding=refused).headers
    small = get(api, "{ catalogs { code } }", Accept_Encoding="gzip")
    assert len(small.content) < 1024
    assert "content-encoding" not in small.headers
    private = get(api, CATALOG, {"code": code}, Accept_Encoding="gzip", **bearer(api))
    assert len(private.content) > 1024
    assert "content-encoding" not in private.headers
    posted = api.client.post(
        "/graphql", json={"query": CATALOG, "variables": {"code": code}}, headers={"Accept-Encoding": "gzip"}
    )
    assert posted.headers["content-encoding"] == "gzip"


def raw(api: Api, request: bytes) -> tuple[bytes, bytes]:
    """Head and body of what the server sends until it closes."""
    url = api.client.base_url
    with socket.create_connection((url.host, int(url.port or 0)), timeout=10) as connection:
        connection.sendall(request)
        whole = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = whole.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(
    "path",
    ["/", "/graphql?query={catalogs{code}}", "/schema.graphql", "/healthz", "/readyz", "/graphql/explorer/main.js"],
)
def test_head_is_wherever_get_is(api: Api, path: str) -> None:
    """The same head and no body (RFC 9110, section 9.3.2); elsewhere 405 lists what is allowed."""
    # A start page has a visitor's number, and what that is compressed to differs in length.
    encoding = "identity" if path == "/" else "gzip, deflate"
    host = api.client.base_url.netloc.decode()
    got = api.client.get(path, headers={"accept-encoding": encoding})
    changing = {"date", "x-request-id"} | ({"set-cookie"} if path == "/" else set())  # a visitor's number, drawn anew
    head, body = raw(
        api,
        f"HEAD {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n".encode(),
    )
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""
    assert {n: v for n, v in lines.items() if n not in changing | {"connection"}} == {
        n: v for n, v in got.headers.items() if n not in changing
    }
    refused = api.client.delete(path)
    assert refused.status_code == 405
    assert {"GET", "HEAD"} <= set(refused.headers["allow"].split(", "))


def test_head_is_refused_where_get_is(api: Api) -> None:
    """Mutations and wrong tokens, with the status that GET has."""
    for headers, query in (
        ({}, 'mutation { eraseHolder(ref: "x", legalBasis: "y") { position } }'),
        ({"Authorization": "Bearer x"}, "{ catalogs { code } }"),
    ):
        answered = [get(api, query, None, method, **headers).status_code for method in ("GET", "HEAD")]
        assert answered[0] == answered[1] >= 400
    assert api.client.head("/evidence/0f").status_code == api.client.get("/evidence/0f").status_code == 401


def test_a_browser_that_follows_a_link_gets_the_explorer_and_a_program_the_answer(api: Api) -> None:
    """By what it prefers; whatever stands in the address, the page is the same and holds none of it."""
    query = "{ catalogs { code } } # </script><b>"
    page = get(api, query, Accept=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.text == api.client.get("/graphql", headers={"Accept": BROWSER}).text
    for accept in ("*/*", "application/json", "application/graphql-response+json", "application/json, text/html;q=0.9"):
        assert "catalogs" in get(api, query, Accept=accept).json()["data"]
    assert get(api, query, Accept="text/csv").status_code == 406


def test_health_tells_the_version(api: Api) -> None:
    """Of the registry that is installed."""
    for path in ("/healthz", "/readyz"):
        assert api.client.get(path).json()["version"] == version("recognition-registry")


def test_the_schema_is_there_for_tools(api: Api) -> None:
    """Word for word the published file, named on the start page, and asked about by its tag."""
    page = api.client.get("/")
    assert 'href="/schema.graphql"' in page.text
    assert version("recognition-registry") in page.text
    served = api.client.get("/schema.graphql")
    assert served.text == (Path(__file__).parents[2] / "graphql" / "schema.graphql").read_text(encoding="utf-8")
    assert api.client.get("/schema.graphql", headers={"If-None-Match": served.headers["etag"]}).status_code == 304


def test_a_server_that_does_not_tell_its_schema_serves_none(database: Any, tmp_path: Path, clock: Clock) -> None:
    """Nor does its start page speak of one."""
    with opened(database, tmp_path, clock, introspection=False) as silent:
        assert "schema.graphql" not in silent.client.get("/").text
        assert silent.client.get("/schema.graphql").status_code == 404


@pytest.mark.parametrize("byte", [b"\x7f", b"\x00", b"\x01", b"\r"])
def test_what_is_no_http_is_refused_in_the_common_form(api: Api, byte: bytes) -> None:
    """A control character in a header is answered with 400, a sentence and a code; the connection is closed."""
    head, body = raw(api, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Access-Reason: a" + byte + b"b\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_an_erasure_forgets_persisted_documents(api: Api) -> None:
    """A text written into one may be about the person: the hash is unknown afterwards."""
    ref = api.submit()["case"]["holder"]["ref"]
    auditor, officer = bearer(api), api.token("PRIVACY_OFFICER")
    texts = ['{ titles(holder: {idNumber: "330106198811223344"}) { title } }', "{ catalogs { name } }"]

    def ask(text: str, **members: Any) -> httpx.Response:
        named = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
        return api.client.post("/graphql", json={"extensions": named, **members}, headers=auditor)

    for text in texts:
        ask(text, query=text)
        assert "data" in ask(text).json()
    erase = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "article 47") { refusal { code } } }'
    assert api.ask(erase, {"ref": ref}, officer)["eraseHolder"]["refusal"] is None
    for text in texts:
        assert ask(text).json()["errors"][0]["message"] == "PersistedQueryNotFound"


def test_subjects_do_not_share_what_quotes_a_text(api: Api) -> None:
    """Whoever guesses another's document does not learn that it was asked; documents without texts serve everybody signed in."""
    literal, plain = '{ titles(holder: {idNumber: "330106198811223344"}) { title } }', "{ catalogs { code } }"

    def known(text: str, subject: str | None, **members: Any) -> bool:
        named = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
        headers = {"Authorization": f"Bearer {api.token('AUDITOR', None, subject)}"} if subject else {}
        answer = api.client.post("/graphql", json={"extensions": named, **members}, headers=headers).json()
        return "errors" not in answer

    for text in (literal, plain):
        known(text, "one", query=text)
        assert known(text, "one")
        assert not known(text, None)
    assert (known(literal, "two"), known(plain, "two")) == (False, True)


def test_an_auditor_in_a_browser_gives_a_reason_in_chinese(api: Api) -> None:
    """Percent-encoded, as an extended value, or raw: the access log has it as it was meant; a malformed one is refused."""
    done = api.approved()
    document = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { holder { name } } }"
    variables = {"id": done["case"]["id"], "p": done["position"]}
    spelled: list[str | bytes] = ["%E6%8A%BD%E6%9F%A5%201", "UTF-8''%E6%8A%BD%E6%9F%A5%201", "抽查 1".encode()]
    for reason in spelled:
        headers = [(b"Authorization", bearer(api)["Authorization"].encode())]
        headers.append((b"X-Access-Reason", reason if isinstance(reason, bytes) else reason.encode()))
        answer = api.client.post("/graphql", json={"query": document, "variables": variables}, headers=headers).json()
        assert answer["data"]["case"]["holder"]["name"] == "王敏"
    log = api.ask("{ accessLog { nodes { reason actor { subject } } } }", None, api.token("PRIVACY_OFFICER"))
    reasons = [each["reason"] for each in log["accessLog"]["nodes"] if each["actor"]["subject"] == "auditor-anywhere"]
    assert reasons == ["抽查 1"] * 3
    refused = api.client.post(
        "/graphql", json={"query": "{ catalogs { code } }"}, headers=bearer(api) | {"X-Access-Reason": "%E6%8A"}
    )
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_compressed_bytes_are_gzip(api: Api) -> None:
    """What goes over the line is what the header says."""
    url = f"{api.client.base_url}/schema.graphql"
    with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        assert b"type Query" in gzip.decompress(b"".join(answer.iter_raw()))
