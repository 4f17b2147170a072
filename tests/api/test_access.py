"""Who may ask for what: anonymous callers read the catalog and match, nothing else; others see their rows."""

from __future__ import annotations

import pytest

from tests.api.conftest import NINGBO, XIHU, Api

pytestmark = pytest.mark.registry("shared")

OPEN_TO_ALL = [
    "{ catalogs { code version { number entries(first: 1) { nodes { number } } } } }",
    '{ catalog(code: "zj-2023-digital-equipment-materials") { name } }',
    '{ matchCertificate(certificate: {name: "CCNP"}) { outcome } }',
    '{ authorities(divisionCode: "330106") { code name kind } }',
    '{ verifyTitle(certificateNumber: "1", holderName: "x") { known } }',
]
CLOSED = [
    '{ titles(holder: {idNumber: "330106199003077013"}) { id } }',
    "{ titleList { nodes { id } } }",
    '{ case(caseNumber: "x") { id } }',
    "{ cases { nodes { id } } }",
    "{ auditLog { nodes { position } } }",
    "{ status { position } }",
]


@pytest.mark.parametrize("document", OPEN_TO_ALL)
def test_anonymous_callers_read_the_catalog(api: Api, document: str) -> None:
    """No token is needed."""
    api.ask(document)


@pytest.mark.parametrize("document", CLOSED)
def test_anonymous_callers_read_nothing_else(api: Api, document: str) -> None:
    """Everything about persons needs a token."""
    assert api.code(document) == "UNAUTHENTICATED"


def test_an_anonymous_mutation_is_refused_as_data(api: Api) -> None:
    """Nobody records anything without saying who they are."""
    document = 'mutation { withdrawCase(caseId: "case.00000000-0000-0000-0000-000000000000", reason: "x") { refusal { code } } }'
    assert api.ask(document)["withdrawCase"]["refusal"]["code"] == "UNAUTHENTICATED"


def test_a_forged_token_is_refused_before_anything_is_executed(api: Api) -> None:
    """401, with a challenge."""
    answer = api.post("{ status { position } }", None, api.token("AUDITOR")[:-4] + "AAAA")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_reviewers_see_their_division_and_applicants_their_own(api: Api) -> None:
    """Row scope: others' cases look as if they did not exist."""
    done = api.submit(authorityCode=XIHU)
    case, document = (
        done["case"],
        "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { id } node(id: $id) { id } }",
    )
    variables = {"id": case["id"], "p": done["position"]}
    for token in (
        api.token("REVIEWER", XIHU),
        api.token("REVIEWER", "330000-HR"),
        api.token("APPLICANT"),
        api.token("AUDITOR"),
    ):
        assert api.ask(document, variables, token)["case"] == {"id": case["id"]}
    for token in (
        api.token("REVIEWER", NINGBO),
        api.token("APPLICANT", subject="somebody-else"),
        api.token("REVIEWER"),
    ):
        assert api.ask(document, variables, token) == {"case": None, "node": None}


def test_auditors_read_persons_masked(api: Api) -> None:
    """Name, number, certificate number and reasons read as null; what happened stays readable."""
    done = api.approved()
    document = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) {
        holder { name idNumber } certificate { name certificateNumber } history { summary data } } }"""
    case = api.ask(document, {"id": done["case"]["id"], "p": done["position"]}, api.token("AUDITOR"))["case"]
    assert case["holder"] == {"name": None, "idNumber": None}
    assert case["certificate"]["certificateNumber"] is None
    submitted = case["history"][0]["data"]
    assert submitted["holder"]["name"] is submitted["holder"]["id_number"] is None
    assert submitted["certificate"]["name"] is None


@pytest.mark.registry("own")
def test_the_audit_log_shows_every_event_in_order(api: Api) -> None:
    """All streams, one order, page by page, and filtered by type."""
    done = api.approved()
    auditor, seen, after = api.token("AUDITOR"), [], "0"
    api.ask(
        'query ($p: Position) { titles(holder: {idNumber: "330106199003077013"}, atLeast: $p) { id } }',
        {"p": done["position"]},
        auditor,
    )
    document = """query ($after: Position, $types: [String!]) { auditLog(after: $after, types: $types, first: 2) {
        nodes { position type streamType actor { role } summary } pageInfo { hasNextPage endCursor } } }"""
    while True:
        page = api.ask(document, {"after": after}, auditor)["auditLog"]
        seen += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert [event["type"] for event in seen] == [
        "catalog.published",
        "recognition-case.submitted",
        "recognition-case.matched",
        "certificate-claim.claimed",
        "entry-claim.claimed",
        "recognition-case.approved",
        "certificate-claim.awarded",
    ]
    assert [int(e["position"]) for e in seen] == sorted({int(e["position"]) for e in seen})
    only = api.ask(document, {"types": ["recognition-case.approved"]}, auditor)["auditLog"]["nodes"]
    assert len(only) == 1


def test_a_title_is_verified_by_certificate_number_and_full_name(api: Api) -> None:
    """Known and valid for the right pair, unknown for any other."""
    done = api.approved(
        holder={"name": "王敏", "idNumber": "330106199003077013"}, certificate={"certificateNumber": "AB-12 34"}
    )
    document = """query ($n: String!, $h: String!, $t: String) {
        verifyTitle(certificateNumber: $n, holderName: $h, title: $t) { known valid position title { title } } }"""
    verifier = api.token("VERIFIER")
    api.ask(
        'query ($p: Position) { titles(holder: {idNumber: "330106199003077013"}, atLeast: $p) { id } }',
        {"p": done["position"]},
        verifier,
    )

    def verify(number: str, name: str, title: str | None = None) -> tuple[bool, bool]:
        found = api.ask(document, {"n": number, "h": name, "t": title}, verifier)["verifyTitle"]
        return found["known"], found["valid"]

    assert (
        verify("AB-12 34", "王敏")
        == verify("ab12/34", " 王敏 ")
        == verify("AB-12 34", "王敏", "工程师")
        == (True, True)
    )
    assert (
        verify("AB-12 34", "王明")
        == verify("AB-12 35", "王敏")
        == verify("AB-12 34", "王敏", "助理工程师")
        == (False, False)
    )
