"""What a writer was just told is there is found: by the position it was given, and by the write side where files are concerned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from registry_api.schema import build_schema
from tests.api.conftest import XIHU, Api
from tests.api.test_evidence_files import PDF
from tests.api.test_hostile_values import SMALL, entry, publish_small
from transport.execution import core_schema

pytestmark = pytest.mark.registry("shared")

CHANGED = "query ($at: Position!) { titleList(filter: { changedSince: $at }) { nodes { caseNumber status } } }"
LAGGING = {
    "titles": 'titles(holder: {idNumber: "330106199003077013"}, atLeast: $at) { id }',
    "titleList": "titleList(first: 1, atLeast: $at) { nodes { id } }",
    "verifyTitle": 'verifyTitle(certificateNumber: "N", holderName: "王敏", atLeast: $at) { valid }',
    "case": 'case(caseNumber: "ZJ2026-00000-00000", atLeast: $at) { id }',
    "cases": "cases(first: 1, atLeast: $at) { nodes { id } }",
    "nodes": 'nodes(ids: ["catalog.zj"], atLeast: $at) { id }',
    "catalog": 'catalog(code: "zj", atLeast: $at) { id }',
    "catalogs": "catalogs(atLeast: $at) { id }",
    "amendments": 'amendments(catalogCode: "zj", atLeast: $at) { id }',
    "catalogProposals": "catalogProposals(atLeast: $at) { id }",
    "statistics": "statistics(by: [MONTH], atLeast: $at) { cases }",
    "auditLog": "auditLog(first: 1, atLeast: $at) { nodes { position } }",
    "holderFile": 'holderFile(holder: {idNumber: "330106199003077013"}, atLeast: $at) { ref }',
    "integrityRecords": "integrityRecords(atLeast: $at) { nodes { caseNumber } }",
    "verifyTitles": "verifyTitles(atLeast: $at, questions: []) { known }",
    "previewAmendment": """previewAmendment(atLeast: $at, input: {catalogCode: "zj-2023-digital-equipment-materials",
        baseVersion: 1, noticeNumber: "1", noticeTitle: "x", effectiveFrom: "2027-01-01", changes: []}) { pendingCasesAffected }""",
}


NOT_LAGGING = {
    "node": "Relay's compiler refuses a second argument; `nodes` can be made to wait",
    "authorities": "held in process",
    "matchCertificate": "answered by the write side, of an amendment that was just issued too",
    "previewCatalog": "worked out by the write side, from every catalog that is recorded",
    "accessLog": "a table of its own, written before what was read is shown",
    "ownAccesses": "the same table",
    "checkpoint": "the log's own order",
    "inclusionProof": "the log's own order",
    "consistencyProof": "the log's own order",
    "auditFindings": "what the last audit found, and it says up to where that read",
    "auditSample": "waits for `upTo`, the position up to which it is drawn",
    "rederive": "worked out from the events themselves",
    "status": "says how far both sides are",
    "operations": "says how far each read model is, and the rest is asked of the primary",
}
"""Queries that nobody needs to make wait, and why."""


def test_every_query_that_lags_takes_the_position_to_wait_for() -> None:
    """A new query is given `atLeast`, or a reason why it needs none."""
    query = core_schema(build_schema()).query_type
    assert query is not None
    lagging = {name for name, each in query.fields.items() if "atLeast" in each.args}
    assert lagging == set(LAGGING)
    assert lagging | set(NOT_LAGGING) == set(query.fields)


@pytest.mark.parametrize("query", LAGGING.values(), ids=LAGGING)
def test_every_query_on_the_read_side_can_be_made_to_wait(api: Api, query: str) -> None:
    """A query that answers from rows takes the position to wait for, and says so where it is not reached."""
    role = {"previewAmendment": "ADMINISTRATOR", "holderFile": "PRIVACY_OFFICER"}.get(
        query.partition("(")[0], "AUDITOR"
    )
    api.submit()
    reached = api.registry.journal.last_position()
    document = f"query ($at: Position) {{ {query} }}"
    assert "errors" not in api.post(document, {"at": str(reached)}, api.token(role)).json()


def test_a_position_that_nobody_reached_is_said_to_be_ahead(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is bounded; the answer names how far the read side is."""
    monkeypatch.setattr(api.registry.reads, "_patience", 0.05)
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


@pytest.fixture
def still(own_api: Api) -> Iterator[Api]:
    """A registry whose read side stands still."""
    publish_small(own_api)
    own_api.registry.reads._patience = 0.05
    own_api.registry.projections.stop()
    yield own_api
    own_api.registry.projections.start()


def test_the_write_side_knows_what_no_row_shows_yet(still: Api) -> None:
    """Submission, its retry, upload, supplement, download, request, decision, revocation, erasure: none needs a row."""
    digest, applicant = hashlib.sha256(PDF).hexdigest(), still.token("APPLICANT")
    headers = {"Authorization": f"Bearer {applicant}"}
    submitted = still.submit(idempotencyKey="k")
    case, ref = submitted["case"]["id"], submitted["case"]["holder"]["ref"]
    assert still.ask("query ($id: ID!) { case(id: $id) { id } }", {"id": case}, applicant) == {"case": None}
    sent = still.client.post(
        "/evidence", params={"case": case}, content=PDF, headers=headers | {"Content-Type": "application/pdf"}
    )
    assert sent.status_code == 201, sent.text
    evidence = [
        {"sha256": digest, "fileName": "a.pdf", "mediaType": "application/pdf", "size": len(PDF), "kind": "CERTIFICATE"}
    ]
    assert still.decide("requestSupplement", case, reason="补件")["refusal"] is None
    assert still.decide("supplementCase", case, applicant, evidence=evidence)["refusal"] is None
    found = still.client.get(f"/evidence/{digest}", params={"case": case}, headers=headers)
    assert (found.status_code, found.content) == (200, PDF)
    approved = still.decide("approveCase", case, workConsistent=True)
    assert approved["refusal"] is None
    assert approved["case"]["title"]["status"] == "CURRENT"
    assert still.revoked(case, "伪造", "属实")["case"]["title"]["status"] == "REVOKED"
    still.clock.now += timedelta(days=3 * 366)  # the law keeps a record of fraud for three years
    erased = still.ask(
        'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL 47") { refusal { code } } }',
        {"ref": ref},
        still.token("PRIVACY_OFFICER"),
    )
    assert erased["eraseHolder"]["refusal"] is None


def test_a_version_that_was_just_issued_is_waited_for_and_never_null(still: Api) -> None:
    """Where rows are behind, a match under a new version says so; it does not say that there is no version or entry."""
    first, second = (still.token("ADMINISTRATOR", subject=who) for who in ("first", "second"))
    change = {"kind": "REVISED", "number": 1, "entry": entry() | {"qualificationName": "Zwerkplatz Engineer"}}
    terms = {
        "catalogCode": SMALL,
        "baseVersion": 1,
        "noticeNumber": "1",
        "noticeTitle": "x",
        "effectiveFrom": "2026-11-23",
        "erratum": True,
        "changes": [change],
    }
    propose = "mutation ($input: AmendmentInput!) { proposeAmendment(input: $input) { refusal { code } changesSince { number } } }"
    assert still.ask(propose, {"input": terms}, first)["proposeAmendment"]["refusal"] is None
    amendments = still.registry.shelf.catalog(SMALL).amendments
    issued = still.ask(
        "mutation ($id: ID!) { issueAmendment(amendmentId: $id) { position refusal { code } } }",
        {"id": f"amendment.{SMALL}.{next(iter(amendments))}"},
        second,
    )["issueAmendment"]
    assert issued["refusal"] is None
    match = f"""{{ matchCertificate(certificate: {{name: "Zwerkplatz Engineer", issuingBody: "Example Institute"}},
        catalogCode: "{SMALL}") {{ outcome entry {{ qualificationName }} catalogVersion {{ number }} }} }}"""
    version = f'{{ node(id: "version.{SMALL}.2") {{ id }} }}'
    assert still.code(match) == still.code(version) == "PROJECTION_BEHIND"
    assert still.ask(f'{{ node(id: "version.{SMALL}.3") {{ id }} }}') == {"node": None}
    stale = {"refusal": {"code": "STALE_BASE_VERSION"}, "changesSince": []}
    assert still.ask(propose, {"input": terms}, first)["proposeAmendment"] == stale
    still.registry.projections.run_until_caught_up()
    stale["changesSince"] = [{"number": 2}]
    assert still.ask(propose, {"input": terms}, first)["proposeAmendment"] == stale
    assert still.ask(version) == {"node": {"id": f"version.{SMALL}.2"}}
    assert still.ask(match)["matchCertificate"] == {
        "outcome": "EXACT",
        "entry": {"qualificationName": "Zwerkplatz Engineer"},
        "catalogVersion": {"number": 2},
    }


@pytest.mark.registry("own")
def test_titles_are_followed_by_position(api: Api) -> None:
    """Those that an event after a position changed, each as it is now; none after the last, by either read path."""
    first, second = (api.submit(certificate={"certificateNumber": f"F-{n}"})["case"] for n in range(2))
    positions = [api.decide("approveCase", case["id"], workConsistent=True)["position"] for case in (first, second)]
    positions.append(api.revoked(first["id"])["position"])
    at_last = "query ($at: Position!) { titleList(atLeast: $at) { totalCount } }"
    assert api.ask(at_last, {"at": positions[2]}, api.token("VERIFIER"))["titleList"]["totalCount"] == 2
    interpreted = CHANGED.replace("status }", "status catalogVersion { changes { number } } }")
    for document in (CHANGED, interpreted):
        told = [api.ask(document, {"at": at}, api.token("VERIFIER"))["titleList"]["nodes"] for at in ("0", *positions)]
        assert [len(each) for each in told] == [2, 2, 1, 0]
        assert [(each["caseNumber"], each["status"]) for each in told[2]] == [(first["caseNumber"], "REVOKED")]
