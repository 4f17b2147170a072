"""What a writer was just told is there is found: by the position it was given, and by the write side where files are concerned."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.api.conftest import XIHU, Api
from tests.api.test_evidence_files import PDF

LAGGING = {
    "titles": 'titles(holder: {idNumber: "330106199003077013"}, atLeast: $at) { id }',
    "titleList": "titleList(first: 1, atLeast: $at) { nodes { id } }",
    "verifyTitle": 'verifyTitle(certificateNumber: "N", holderName: "王敏", atLeast: $at) { valid }',
    "case": 'case(caseNumber: "ZJ2026-00000-00000", atLeast: $at) { id }',
    "cases": "cases(first: 1, atLeast: $at) { nodes { id } }",
    "node": 'node(id: "catalog.zj", atLeast: $at) { id }',
    "catalog": 'catalog(code: "zj", atLeast: $at) { id }',
    "catalogs": "catalogs(atLeast: $at) { id }",
    "amendments": 'amendments(catalogCode: "zj", atLeast: $at) { id }',
    "catalogProposals": "catalogProposals(atLeast: $at) { id }",
    "auditLog": "auditLog(first: 1, atLeast: $at) { nodes { position } }",
}


@pytest.mark.parametrize("query", LAGGING.values(), ids=LAGGING)
def test_every_query_on_the_read_side_can_be_made_to_wait(api: Api, query: str) -> None:
    """A query that answers from rows takes the position to wait for, and says so where it is not reached."""
    role = "AUDITOR"
    api.submit()
    reached = api.registry.journal.last_position()
    document = f"query ($at: Position) {{ {query} }}"
    assert "errors" not in api.post(document, {"at": str(reached)}, api.token(role)).json()


def test_a_position_that_nobody_reached_is_said_to_be_ahead(api: Api) -> None:
    """Waiting is bounded; the answer names how far the read side is."""
    document = "query { catalogs(atLeast: 900000000000) { id } }"
    assert api.code(document.replace("900000000000", '"900000000000"')) == "PROJECTION_BEHIND"


def test_a_title_is_verified_as_soon_as_it_was_approved(api: Api) -> None:
    """With the position of the approval, the next question finds the title, ten times of ten."""
    for number in range(10):
        approved = api.approved(certificate={"certificateNumber": f"V-{number}"})
        answer = api.ask(
            """query ($number: String!, $at: Position!) {
                 verifyTitle(certificateNumber: $number, holderName: "王敏", atLeast: $at) { valid position } }""",
            {"number": f"V-{number}", "at": approved["position"]},
            api.token("VERIFIER"),
        )["verifyTitle"]
        assert answer["valid"]
        assert int(answer["position"]) >= int(approved["position"])


def test_files_are_taken_in_for_a_case_that_was_just_submitted(api: Api) -> None:
    """An upload names a case that the writer was just told of, and a download a supplement of a moment ago."""
    digest = hashlib.sha256(PDF).hexdigest()
    applicant = api.token("APPLICANT")
    headers = {"Authorization": f"Bearer {applicant}"}
    for _ in range(5):
        case = api.submit()["case"]["id"]
        sent = api.client.post(
            "/evidence", params={"case": case}, content=PDF, headers=headers | {"Content-Type": "application/pdf"}
        )
        assert sent.status_code == 201, sent.text
        evidence: dict[str, Any] = {
            "sha256": digest, "fileName": "a.pdf", "mediaType": "application/pdf", "size": len(PDF), "kind": "CERTIFICATE",
        }  # fmt: skip
        assert api.decide("supplementCase", case, applicant, evidence=[evidence])["refusal"] is None
        found = api.client.get(f"/evidence/{digest}", params={"case": case}, headers=headers)
        assert (found.status_code, found.content) == (200, PDF)


def test_a_case_of_somebody_else_is_not_found_by_the_write_side_either(api: Api) -> None:
    """Asking the events themselves keeps the asker's scope."""
    case = api.submit()["case"]["id"]
    stranger = {
        "Authorization": f"Bearer {api.token('APPLICANT', subject='stranger')}",
        "Content-Type": "application/pdf",
    }
    assert api.client.post("/evidence", params={"case": case}, content=PDF, headers=stranger).status_code == 404
    elsewhere = {"Authorization": f"Bearer {api.token('REVIEWER', '330200-EI')}", "Content-Type": "application/pdf"}
    assert api.client.post("/evidence", params={"case": case}, content=PDF, headers=elsewhere).status_code == 404
    here = {"Authorization": f"Bearer {api.token('REVIEWER', XIHU)}", "Content-Type": "application/pdf"}
    assert api.client.post("/evidence", params={"case": case}, content=PDF, headers=here).status_code == 201
