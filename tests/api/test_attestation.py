"""A title as a signed document: who gets it, what it says to whom, and that its status follows the title."""

from __future__ import annotations

import json
import re
import shutil
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from jwcrypto.jwk import JWKSet
from sd_jwt.holder import SDJWTHolder
from sd_jwt.verifier import SDJWTVerifier
from typer.testing import CliRunner

from application import attestation as attestation_module
from application.attestation import LIFETIME, MOST_OF_A_TITLE, issuer_at
from console.cli import app
from domain.attestation.claims import CONCEALED, AttestedClaim
from domain.attestation.status_list import StatusList, StatusType
from infrastructure.attestation import entries as entries_module
from infrastructure.attestation.errors import AttestationKeyError
from infrastructure.attestation.keys import ATTESTATION_KEY_FILE, begin_attestation, listed, rotate, withdraw
from tests.api.conftest import TLS, XIHU, Api, Clock, opened
from tests.conftest import Prepared
from tests.sources import ROOT

ISSUER = "https://registry.example/titles-office"
READ = (
    "query ($id: ID!, $at: Position) { case(id: $id, atLeast: $at) { caseNumber holder { ref } title { id status } } }"
)
ACCESSES = "query ($ref: ID!) { accessLog(holder: $ref) { nodes { operation fields actor { subject } } } }"
PRIVACY = 'mutation ($ref: ID!) { %s(ref: $ref, legalBasis: "request 7") { position refusal { code message } } }'


@pytest.fixture
def site(
    prepared: Prepared, database: Any, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Api]:
    """A registry under a public address, which looks at the titles whenever somebody asks for a status list."""
    shutil.copytree(prepared.folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(attestation_module, "_FRESH_SECONDS", 0.0)
    with opened(database, tmp_path, clock, public_url=f"{ISSUER}/") as api:
        yield api


def approved(api: Api, certificate: str, passport: str = "E76543210") -> dict[str, Any]:
    """A case with a title: its identifiers, number and holder."""
    holder = {"name": "王敏", "idType": "PASSPORT", "idNumber": passport}
    case = api.submit(holder=holder, certificate={"certificateNumber": certificate})["case"]
    done = api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=12)
    assert done["refusal"] is None
    found = api.ask(READ, {"id": case["id"], "at": done["position"]}, api.token("REVIEWER", XIHU))["case"]
    return {"case": case["id"], **found}


def attest(api: Api, title: dict[str, Any], token: str | None = None) -> Any:
    """Ask for an attestation; the response."""
    headers = {"Authorization": f"Bearer {token or api.token('APPLICANT')}"}
    return api.client.get(f"/titles/{title['title']['id']}/attestation", headers=headers)


def published(api: Api, url: str) -> Any:
    """What lies at a public address of the issuer, asked for as a stranger does."""
    return api.client.get(urlsplit(url.removeprefix(ISSUER)).path)


def verified(api: Api, document: str) -> dict[str, Any]:
    """The claims of a document, by the reference implementation and the keys that the issuer publishes."""
    metadata = api.client.get("/.well-known/jwt-vc-issuer/titles-office").json()

    def key_of(issuer: str, header: dict[str, Any]) -> Any:
        assert issuer == metadata["issuer"] == ISSUER
        assert (header["typ"], header["alg"]) == ("dc+sd-jwt", "ES256")
        found = JWKSet.from_json(published(api, metadata["jwks_uri"]).text).get_key(header["kid"])
        assert found is not None, "the key is not published"
        return found

    claims: dict[str, Any] = SDJWTVerifier(document, key_of).get_verified_payload()
    return claims


def status_of(api: Api, document: str) -> StatusType:
    """The status of a document, as a relying party finds it: the list at its address, proved, current, and about that address."""
    reference = verified(api, document)["status"]["status_list"]
    answer = published(api, reference["uri"])
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    token = jwt.decode(answer.text, KeySet.import_key_set(published(api, f"{ISSUER}/attestation/keys").json()))
    assert token.header["typ"] == "statuslist+jwt"
    assert token.claims["sub"] == reference["uri"]
    assert token.claims["iat"] <= api.clock.now.timestamp() < token.claims["exp"]
    assert token.claims["ttl"] > 0
    return StatusType(StatusList.parse(token.claims["status_list"]).status(reference["idx"]))


def becomes(api: Api, document: str, wanted: StatusType) -> None:
    """The status is, or comes to be within seconds, what is wanted: the rows follow the events."""
    deadline = time.monotonic() + 5
    while (found := status_of(api, document)) is not wanted:
        assert time.monotonic() < deadline, f"still {found.name}"
        time.sleep(0.02)


def test_the_holder_shows_a_title_to_somebody_who_trusts_the_issuer_alone(site: Api) -> None:
    """The reference implementation verifies it by published keys, and reads the title, and of the person what was disclosed."""
    title = approved(site, "A-1")
    answer = attest(site, title)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/dc+sd-jwt"
    assert answer.headers["cache-control"] == "no-store"
    claims = verified(site, answer.text)
    assert claims["vct"] == f"{ISSUER}/attestation/types/recognized-title/1"
    assert claims["exp"] - claims["iat"] == LIFETIME.total_seconds()
    facts = {name: claims[name] for name in ("title", "level", "authority", "name", "identity_type", "identity_number")}
    assert facts == {
        "title": "工程师",
        "level": "INTERMEDIATE",
        "authority": {"code": XIHU, "name": claims["authority"]["name"]},
        "name": "王敏",
        "identity_type": "PASSPORT",
        "identity_number": "E76543210",
    }
    assert claims["authority"]["name"]
    assert (claims["certificate_number"], claims["case_number"]) == ("A-1", title["caseNumber"])
    assert claims["valid_for_appointment"] is True
    assert claims["counted_experience_months"] == 12
    assert status_of(site, answer.text) is StatusType.VALID

    holder = SDJWTHolder(answer.text)
    holder.create_presentation({"name": True})
    shown = verified(site, holder.sd_jwt_presentation)
    assert {claim for claim in CONCEALED if claim in shown} == {AttestedClaim.NAME}
    assert shown["title"] == "工程师"
    assert "E76543210" not in holder.sd_jwt_presentation

    signed, *_ = answer.text.split("~")
    head, body, signature = signed.split(".")
    forged = ".".join((head, body, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")))
    with pytest.raises(Exception, match=r"(?i)verification"):
        verified(site, answer.text.replace(signed, forged))


class Proxy(httpx.HTTPTransport):
    """What stands before the registry under its public address, and passes requests on."""

    def __init__(self, server: httpx.URL) -> None:
        super().__init__(verify=TLS)
        self._server = server

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Without the path of the issuer."""
        assert str(request.url).startswith("https://registry.example/")
        path = request.url.path.removeprefix(urlsplit(ISSUER).path)
        return super().handle_request(httpx.Request("GET", self._server.join(path), headers=request.headers))


def test_the_verifier_that_the_page_shows_believes_what_holds_and_nothing_else(site: Api) -> None:
    """As it stands in the page: the claims of a title that stands; another issuer, an end, another time or signature: an error."""
    page: dict[str, Any] = {}
    text = (ROOT / "docs" / "attestation.md").read_text("utf-8")
    exec("".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)), page)
    title = approved(site, "P-1")
    document, now = attest(site, title).text, site.clock.now.timestamp()
    with httpx.Client(transport=Proxy(site.client.base_url)) as fetch:
        assert page["verified"](document, {ISSUER}, fetch, now)["name"] == "王敏"
        with pytest.raises(ValueError, match="no attestation of an issuer"):
            page["verified"](document, {"https://registry.example"}, fetch, now)
        with pytest.raises(ValueError, match="has expired"):
            page["verified"](document, {ISSUER}, fetch, now + LIFETIME.total_seconds() + 60)
        site.revoked(title["case"])
        becomes(site, document, StatusType.INVALID)
        with pytest.raises(ValueError, match="does not hold"):
            page["verified"](document, {ISSUER}, fetch, now)


def test_every_claim_is_described_in_both_languages(site: Api) -> None:
    """The description lies where `vct` points, names each claim that is stated, and which are disclosed one by one."""
    claims = verified(site, attest(site, approved(site, "A-2")).text)
    described = published(site, claims["vct"]).json()
    assert described["vct"] == claims["vct"]
    by_name = {each["path"][0]: each for each in described["claims"]}
    assert by_name.keys() == claims.keys() - {"iss", "iat", "exp", "vct", "status"}
    assert {name for name, each in by_name.items() if each["sd"] == "always"} == set(CONCEALED)
    assert all([label["locale"] for label in each["display"]] == ["zh-CN", "en"] for each in by_name.values())
    assert by_name["name"]["display"][0]["label"] == "姓名"


def test_the_status_follows_the_title(site: Api) -> None:
    """Revoked, annulled, surrendered, stated otherwise: INVALID; given back: VALID again; restricted: SUSPENDED for as long; erased:
    INVALID, and nothing leads from the entry to the title any more.
    """
    revoked, annulled, surrendered, reassessed = (approved(site, f"S-{n}", f"E7654321{n}") for n in range(4))
    documents = [attest(site, each).text for each in (revoked, annulled, surrendered, reassessed)]
    assert {status_of(site, each) for each in documents} == {StatusType.VALID}
    officer = site.token("REVIEWER", XIHU)

    site.revoked(revoked["case"])
    becomes(site, documents[0], StatusType.INVALID)
    assert status_of(site, documents[1]) is StatusType.VALID
    site.reinstated(revoked["case"])
    becomes(site, documents[0], StatusType.VALID)

    assert site.decide("proposeAnnulment", annulled["case"], ground="our error", findings="x")["refusal"] is None
    assert site.heard(annulled["case"])["refusal"] is None
    assert site.decide("confirmAnnulment", annulled["case"], site.second())["refusal"] is None
    becomes(site, documents[1], StatusType.INVALID)

    done = site.decide("surrenderTitle", surrendered["case"], site.token("APPLICANT"), reason="moved away")
    assert done["refusal"] is None
    becomes(site, documents[2], StatusType.INVALID)

    done = site.decide("reassessTitle", reassessed["case"], officer, workConsistent=False, reason="another work")
    assert done["refusal"] is None
    becomes(site, documents[3], StatusType.INVALID)
    anew = attest(site, reassessed).text
    assert verified(site, anew)["valid_for_appointment"] is False
    assert status_of(site, anew) is StatusType.VALID

    ref = {"ref": revoked["holder"]["ref"]}
    privacy = site.token("PRIVACY_OFFICER")
    assert site.ask(PRIVACY % "restrictHolder", ref, privacy)["restrictHolder"]["refusal"] is None
    becomes(site, documents[0], StatusType.SUSPENDED)
    assert status_of(site, documents[1]) is StatusType.INVALID
    assert site.ask(PRIVACY % "liftRestriction", ref, privacy)["liftRestriction"]["refusal"] is None
    becomes(site, documents[0], StatusType.VALID)


def test_an_erasure_takes_the_way_from_the_entry_to_the_title(site: Api, database: Any) -> None:
    """The document says INVALID from then on; nothing that is kept leads from its index to a title."""
    title = approved(site, "A-9")
    document = attest(site, title).text
    site.clock.now += timedelta(days=61)
    privacy = site.token("PRIVACY_OFFICER")
    erased = site.ask(PRIVACY % "eraseHolder", {"ref": title["holder"]["ref"]}, privacy)["eraseHolder"]
    assert erased["refusal"] is None
    becomes(site, document, StatusType.INVALID)
    with psycopg.connect(database.app_url) as connection:
        [(index, *others)] = connection.execute("SELECT index, title_id, title, recognized_on FROM attestation.entries")
    assert others == [None, None, None]
    assert index == verified(site, document)["status"]["status_list"]["idx"]


def test_what_is_public_is_kept_by_caches_as_long_as_it_may(site: Api) -> None:
    """Metadata and keys for an hour, a list for a minute; asked again with its tag, nothing is sent; pages of elsewhere may read it."""
    document = attest(site, approved(site, "A-3")).text
    uri = verified(site, document)["status"]["status_list"]["uri"]
    for url, age in (
        (f"{ISSUER}/attestation/keys", 3600),
        (uri, 60),
        (f"{ISSUER}/attestation/types/recognized-title/1", 3600),
        (f"{ISSUER}/.well-known/jwt-vc-issuer", 3600),
    ):
        answer = published(site, url)
        assert answer.status_code == 200, url
        assert answer.headers["cache-control"] == f"public, max-age={age}"
        assert answer.headers["access-control-allow-origin"] == "*"
        path = urlsplit(url.removeprefix(ISSUER)).path
        again = site.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert published(site, f"{ISSUER}/attestation/status/2").status_code == 404
    assert published(site, f"{ISSUER}/attestation/status/01").status_code == 404
    assert site.client.get("/.well-known/jwt-vc-issuer/another").status_code == 404


def test_whoever_reads_the_person_has_it_attested_and_that_is_recorded(site: Api) -> None:
    """The holder's applicant and the officers of the authority; to others the title is not there, or not theirs to have."""
    title = approved(site, "A-4")
    for token, status in (
        (site.token("APPLICANT"), 200),
        (site.token("REVIEWER", XIHU), 200),
        (site.token("APPLICANT", subject="somebody-else"), 404),
        (site.token("REVIEWER", "330300-HR"), 404),
        (site.token("VERIFIER"), 403),
        (site.token("AUDITOR"), 403),
        (site.token("ADMINISTRATOR"), 403),
        ("nonsense", 401),
    ):
        assert attest(site, title, token).status_code == status, token
    assert site.client.get(f"/titles/{title['title']['id']}/attestation").status_code == 401
    assert attest(site, {"title": {"id": "case.5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10"}}).status_code == 400
    nodes = site.ask(ACCESSES, {"ref": title["holder"]["ref"]}, site.token("PRIVACY_OFFICER"))["accessLog"]["nodes"]
    noted = [(each["actor"]["subject"], each["fields"]) for each in nodes if each["operation"] == "attestation"]
    assert sorted(noted) == [
        ("applicant-anywhere", ["attestation", "certificate_number"]),
        (f"reviewer-{XIHU.casefold()}", ["attestation", "certificate_number"]),
    ]
    site.revoked(title["case"])
    deadline = time.monotonic() + 5
    while (answer := attest(site, title)).status_code == 200:
        assert time.monotonic() < deadline
    assert answer.json()["errors"][0]["extensions"]["code"] == "WRONG_STATE"


def test_an_index_tells_nothing(site: Api, database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attestations of one title lie anywhere in a list of a hundred thousand; a list half full gives way to another; so many a title
    and no more.
    """
    title = approved(site, "A-5")
    places = [verified(site, attest(site, title).text)["status"]["status_list"] for _ in range(8)]
    indices = [each["idx"] for each in places]
    assert len(set(indices)) == 8
    assert indices != sorted(indices) or indices[0] > 8
    assert max(abs(a - b) for a, b in pairwise(indices)) > 8
    assert {each["uri"] for each in places} == {f"{ISSUER}/attestation/status/1"}

    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE attestation.lists SET size = 16")
    monkeypatch.setattr(entries_module, "LIST_SIZE", 16)
    more = [verified(site, attest(site, title).text)["status"]["status_list"] for _ in range(8)]
    assert {each["uri"] for each in more} == {f"{ISSUER}/attestation/status/2"}
    assert len({each["idx"] for each in more}) == 8

    monkeypatch.setattr(entries_module, "MOST_OF_A_TITLE", 16)
    refused = attest(site, title)
    assert refused.json()["errors"][0]["extensions"]["code"] == "WRONG_STATE"
    assert str(MOST_OF_A_TITLE) in refused.json()["errors"][0]["message"]
    site.clock.now += LIFETIME + timedelta(days=31)
    assert attest(site, title).status_code == 200
    with psycopg.connect(database.app_url) as connection:
        assert connection.execute("SELECT count(*) FROM attestation.entries").fetchone() == (1,), "expired ones go"


def test_another_key_signs_and_the_old_one_is_believed_until_it_is_withdrawn(
    site: Api, database: Any, tmp_path: Path
) -> None:
    """A rotation takes effect without a restart, costs nobody their document, and is on the record; so is a withdrawal."""
    title, file = approved(site, "A-6"), tmp_path / ATTESTATION_KEY_FILE
    before = attest(site, title).text
    assert file.stat().st_mode & 0o777 == 0o600
    kid = rotate(database.owner_url, file, "os:0/root@here")
    after = attest(site, title).text
    assert json.loads(_head(after))["kid"] == kid
    assert status_of(site, before) is status_of(site, after) is StatusType.VALID
    old = json.loads(_head(before))["kid"]
    assert [(each.kid, each.state) for each in listed(database.app_url)] == [(kid, "signs"), (old, "published")]
    with pytest.raises(AttestationKeyError, match="This key signs"):
        withdraw(database.owner_url, kid, "os:0/root@here")
    withdraw(database.owner_url, old, "os:0/root@here")
    with pytest.raises(AttestationKeyError, match="No published key"):
        withdraw(database.owner_url, old, "os:0/root@here")
    assert verified(site, after)
    with pytest.raises(AssertionError, match="not published"):
        verified(site, before)


def test_the_command_line_attests_and_keeps_the_keys(
    site: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the number of the case or the title's identifier, as one sees it by office, recorded with its reason; keys are listed,
    another one let sign, an older one withdrawn.
    """
    settings = site.registry.settings
    for name, value in (
        ("DATABASE_URL", settings.database_url),
        ("DATABASE_OWNER_URL", settings.database_owner_url),
        ("RECOGNITION_DATA_DIR", str(settings.data_dir)),
        ("RECOGNITION_PUBLIC_URL", settings.public_url),
    ):
        monkeypatch.setenv(name, str(value))
    title, file = approved(site, "C-1"), tmp_path / "title.sd-jwt"

    def run(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == code, result.output
        return result

    assert run("attest", title["caseNumber"].lower(), "-o", str(file), "--reason", "at the counter").stdout == ""
    assert verified(site, file.read_text())["name"] == "王敏"
    assert file.stat().st_mode & 0o777 == 0o600
    shown = json.loads(run("attest", title["title"]["id"], "--json").stdout)["attestation"]
    assert status_of(site, shown) is StatusType.VALID
    for token, code in ((site.token("VERIFIER"), "NOT_PERMITTED"), (site.token("REVIEWER", "330300-HR"), "no title")):
        assert code in run("attest", title["caseNumber"], "--token", token, code=1).stderr
    assert "no title" in run("attest", "ZJ2026-00000-00000", code=1).stderr
    nodes = site.ask(ACCESSES, {"ref": title["holder"]["ref"]}, site.token("PRIVACY_OFFICER"))["accessLog"]["nodes"]
    assert [each["operation"] for each in nodes].count("attest") == 2

    [first] = json.loads(run("keys", "attestation", "--json").stdout)["keys"]
    rotated = json.loads(run("keys", "rotate-attestation", "--json").stdout)["keys"]
    assert [each["state"] for each in rotated] == ["signs", "published"]
    assert rotated[1]["kid"] == first["kid"]
    run("keys", "rotate-attestation", "--withdraw", rotated[0]["kid"], code=2)
    run("keys", "rotate-attestation", "--withdraw", first["kid"])
    assert "withdrawn" in run("keys", "attestation").stdout
    monkeypatch.delenv("RECOGNITION_PUBLIC_URL")
    assert "RECOGNITION_PUBLIC_URL" in run("attest", title["caseNumber"], code=1).stderr


def test_a_lost_key_is_never_replaced_in_silence(site: Api, database: Any, tmp_path: Path) -> None:
    """A file that is gone, spoilt, open to others or another registry's: nothing is signed and nothing made; a rotation mends it."""
    title, file = approved(site, "A-7"), tmp_path / ATTESTATION_KEY_FILE
    assert attest(site, title).status_code == 200
    whole = file.read_bytes()
    site.registry.attestations._keys._at_hand.clear()  # type: ignore[attr-defined]  # as in a process that has just begun
    another = ECKey.generate_key("P-256").as_dict(private=True)
    for content in (None, b"", b"nonsense", json.dumps(another).encode()):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
            file.chmod(0o600)
        answer = attest(site, title)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
        begin_attestation(database.owner_url, file)
        assert (file.read_bytes() if file.exists() else None) == content
    file.write_bytes(whole)
    file.chmod(0o644)
    assert attest(site, title).status_code == 503
    file.unlink()
    kid = rotate(database.owner_url, file, "os:0/root@here")
    assert json.loads(_head(attest(site, title).text))["kid"] == kid


def test_without_a_public_address_nothing_is_attested(api: Api, tmp_path: Path) -> None:
    """Nobody could find out who signed it: refused with what the operator sets; no key is made, and nothing is published."""
    answer = attest(api, approved(api, "A-8"))
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_AVAILABLE"
    assert "RECOGNITION_PUBLIC_URL" in answer.json()["errors"][0]["message"]
    assert not (tmp_path / ATTESTATION_KEY_FILE).exists()
    for path in ("/.well-known/jwt-vc-issuer", "/attestation/status/1", "/attestation/types/recognized-title/1"):
        assert api.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("address", "issuer"),
    [
        ("https://registry.example", "https://registry.example"),
        ("https://registry.example/titles/", "https://registry.example/titles"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://registry.example", None),
        ("https://registry.example/?a", None),
        ("https://", None),
        (None, None),
    ],
)
def test_an_issuer_is_an_https_address(address: str | None, issuer: str | None) -> None:
    """With host, port and path, without query and fragment; http on this machine alone, for trying."""
    found = issuer_at(address)
    assert (found.url if found else None) == issuer


def _head(document: str) -> bytes:
    head = document.partition(".")[0]
    return urlsafe_b64decode(head + "=" * (-len(head) % 4))
