"""Evidence over HTTP: taken in under limits, given out by right, and never when missing or altered."""

from __future__ import annotations

import base64
import hashlib
import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import NINGBO, XIHU, Api
from tests.people import resident_number

pytestmark = pytest.mark.registry("shared")

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 1000
_persons = itertools.count(80_000)
_PERSON = {"number": "330106198811223344"}
"""Whose file it is: somebody else's in each test, so that all may have the same one."""


@pytest.fixture(autouse=True)
def _somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is about a person of its own."""
    monkeypatch.setitem(_PERSON, "number", resident_number(next(_persons)))


def bearer(token: str, **more: str) -> dict[str, str]:
    """Headers with a token."""
    return {"Authorization": f"Bearer {token}"} | more


def upload(
    api: Api, content: Any = PDF, media_type: str = "application/pdf", case: str | None = None, **more: str
) -> Any:
    """The response to an upload by the applicant, for a person by number unless a case is named."""
    headers = {"Content-Type": media_type} | ({} if case else {"X-Holder-Id-Number": _PERSON["number"]}) | more
    params = {"case": case} if case else {}
    return api.client.post(
        "/evidence", content=content, headers=bearer(api.token("APPLICANT")) | headers, params=params
    )


def stated(content: bytes = PDF, **changes: Any) -> dict[str, Any]:
    """A piece of evidence as a submission states it."""
    digest = hashlib.sha256(content).hexdigest()
    form = {
        "sha256": digest,
        "fileName": "diploma.pdf",
        "mediaType": "application/pdf",
        "size": len(content),
        "kind": "X",
    }
    return form | changes


def submitted(api: Api, **changes: Any) -> Any:
    """The payload of a submission that states the file."""
    return api.submit(holder={"name": "李雷", "idNumber": _PERSON["number"]}, evidence=[stated(**changes)])


def download(api: Api, case: str, token: str, digest: str | None = None, **more: str) -> Any:
    """The response to a download."""
    path = f"/evidence/{digest or hashlib.sha256(PDF).hexdigest()}"
    return api.client.get(path, params={"case": case}, headers=bearer(token) | more)


def reached(api: Api, payload: Any) -> str:
    """The case's identifier, once the read side has it."""
    api.ask(
        "query ($i: ID!, $p: Position) { case(id: $i, atLeast: $p) { id } }",
        {"i": payload["case"]["id"], "p": payload["position"]},
        api.token("AUDITOR"),
    )
    identifier: str = payload["case"]["id"]
    return identifier


@pytest.mark.registry("own")
def test_a_file_goes_in_sealed_and_comes_out_as_it_was(api: Api, tmp_path: Path) -> None:
    """201 with its digest; on disk nothing of it; the reviewer gets the same bytes, as a download, recorded."""
    digest = base64.b64encode(hashlib.sha256(PDF).digest()).decode()
    answer = upload(api, **{"Content-Digest": f"sha-256=:{digest}:"})
    assert (answer.status_code, answer.json()["sha256"]) == (201, hashlib.sha256(PDF).hexdigest())
    files = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert len(files) == 1
    assert PDF[:64] not in files[0].read_bytes()
    payload = submitted(api)
    assert payload["refusal"] is None
    got = download(api, reached(api, payload), api.token("REVIEWER", XIHU))
    assert (got.status_code, got.content) == (200, PDF)
    assert got.headers["content-disposition"].startswith("attachment; filename=")
    assert "diploma" not in got.headers["content-disposition"]
    assert (got.headers["x-content-type-options"], got.headers["content-type"]) == ("nosniff", "application/pdf")


def test_a_file_may_follow_its_case(api: Api) -> None:
    """Stated first, uploaded to the case afterwards; until then it is reported missing."""
    case = reached(api, submitted(api))
    missing = download(api, case, api.token("REVIEWER", XIHU))
    assert (missing.status_code, missing.json()["errors"][0]["extensions"]["code"]) == (404, "EVIDENCE_MISSING")
    assert upload(api, case=case).status_code == 201
    assert download(api, case, api.token("REVIEWER", XIHU)).content == PDF


@pytest.mark.registry("own")
def test_an_altered_file_is_reported_and_never_served(api: Api, tmp_path: Path) -> None:
    """One flipped bit anywhere: 409, not one byte of content; a submission that states it is refused."""
    upload(api)
    case = reached(api, submitted(api))
    [path] = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    spoilt = bytearray(path.read_bytes())
    spoilt[-20] ^= 1
    path.write_bytes(spoilt)
    answer = download(api, case, api.token("REVIEWER", XIHU))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (409, "EVIDENCE_ALTERED")
    assert PDF[:16] not in answer.content
    assert submitted(api)["refusal"]["code"] == "EVIDENCE_MISMATCH"


def test_a_submission_is_held_to_the_uploaded_file(api: Api) -> None:
    """A size that is not the file's is refused."""
    upload(api)
    assert submitted(api, size=5)["refusal"]["code"] == "EVIDENCE_MISMATCH"


@pytest.mark.parametrize(
    ("content", "media_type", "headers", "status", "code"),
    [
        (b"PK\x03\x04" + b"\0" * 1000, "application/zip", {}, 415, "EVIDENCE_TYPE"),
        (b"PK\x03\x04" + b"\0" * 1000, "application/pdf", {}, 415, "EVIDENCE_TYPE"),
        (b"<svg onload=alert(1)>", "image/svg+xml", {}, 415, "EVIDENCE_TYPE"),
        (PDF, "image/png", {}, 415, "EVIDENCE_TYPE"),
        (b"", "application/pdf", {}, 400, "EVIDENCE_EMPTY"),
        (PDF, "application/pdf", {"Content-Digest": f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"}, 400, "EVIDENCE_DIGEST"),
        (PDF, "application/pdf", {"Content-Digest": "sha-256=nonsense"}, 400, "BAD_REQUEST"),
        (PDF, "application/pdf", {"Content-Encoding": "gzip"}, 415, "EVIDENCE_TYPE"),
        (PDF, "application/pdf", {"X-Holder-Id-Type": "LIBRARY_CARD"}, 400, "INVALID_INPUT"),
    ],
)  # fmt: skip
def test_what_is_no_evidence_is_refused(
    api: Api, content: bytes, media_type: str, headers: dict[str, str], status: int, code: str
) -> None:
    """By its first bytes and its digest, whatever it is declared as; never unpacked."""
    answer = upload(api, content, media_type, **headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


def test_files_are_read_by_right(api: Api) -> None:
    """Another jurisdiction, another applicant, a verifier, a masked auditor and nobody get none; a foreign case looks like none."""
    upload(api)
    case = reached(api, submitted(api))
    foreign = download(api, case, api.token("REVIEWER", NINGBO))
    missing = download(api, "case.00000000-0000-4000-8000-000000000000", api.token("REVIEWER", NINGBO))
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json())
    assert foreign.status_code == download(api, case, api.token("APPLICANT", subject="another")).status_code == 404
    assert download(api, case, api.token("VERIFIER")).status_code == 403
    assert download(api, case, api.token("AUDITOR")).status_code == 403
    assert download(api, case, api.token("AUDITOR"), **{"X-Access-Reason": "spot check"}).content == PDF
    assert api.client.get(f"/evidence/{'a' * 64}", params={"case": case}).status_code == 401
    for path in ("../../etc/passwd", "%2e%2e%2fmaster.keys", "A" * 64, "'; DROP TABLE registry.events --"):
        assert download(api, case, api.token("REVIEWER", XIHU), path).status_code == 404
    assert api.client.post("/evidence", content=PDF, headers=bearer(api.token("AUDITOR"))).status_code == 403


def test_files_too_are_for_those_who_are_signed_in(api: Api) -> None:
    """Without a token, and with one that is not believed: 401 with its challenge (RFC 9110, section 15.5.2) and the code."""
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        for answer in (
            api.client.post("/evidence", content=PDF, headers=headers),
            api.client.get(f"/evidence/{'a' * 64}", params={"case": "x"}, headers=headers),
        ):
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_who_may_not_read_files_is_told_who_may(api: Api) -> None:
    """An administrator never reads persons in clear, and a reason would not help; an address that is none has a code too."""
    case = api.submit()["case"]["id"]
    for role in ("ADMINISTRATOR", "AUDITOR"):
        headers = {"Authorization": f"Bearer {api.token(role)}"}
        answer = api.client.get(f"/evidence/{'a' * 64}", params={"case": case}, headers=headers)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (403, "NOT_PERMITTED")
        assert "reviewers" in error["message"]
    for method, address, status, code in (
        ("GET", "/evidences", 404, "NOT_FOUND"),
        ("DELETE", "/evidence", 405, "METHOD_NOT_ALLOWED"),
    ):
        answer = api.client.request(method, address)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)
