"""One certificate leads to one title at a time, and one person holds one live recognition of an entry and grade."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from infrastructure.audit.check import check_all
from tests.api.catalogs import amend, amendment, revised
from tests.api.conftest import XIHU, Api

pytestmark = pytest.mark.registry("shared")

FILE = [{"sha256": "ab" * 32, "fileName": "copy.pdf", "mediaType": "application/pdf", "size": 1234, "kind": "COPY"}]
ONE = {"name": "王敏", "idType": "PASSPORT", "idNumber": "P1000001"}
TWO = {"name": "李强", "idType": "PASSPORT", "idNumber": "P2000002"}
THREE = {"name": "赵磊", "idType": "PASSPORT", "idNumber": "P3000003"}
AWS = "AWS Certified Solutions Architect - Professional"
_STORY = {"number": ""}
"""What the numbers of certificates end with: here another in each test, elsewhere nothing."""
_stories = itertools.count(1)
TITLES = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) {
    status title { status } history { type data summary actor { role } } } }"""


@pytest.fixture(autouse=True)
def _of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two tests are about the same people or certificates."""
    story = next(_stories)
    monkeypatch.setitem(_STORY, "number", f"/{story}")
    for person in (ONE, TWO, THREE):
        monkeypatch.setitem(person, "idNumber", f"{person['idNumber'][:2]}{story:06}")


def submitted(api: Api, person: dict[str, Any], *, files: list[dict[str, Any]] | None = None, **changes: Any) -> Any:
    """The payload of a submission of the certificate ``N1``, or as changed."""
    certificate = {"name": AWS, "issuingBody": "亚马逊", "certificateNumber": "N1"} | changes.pop("certificate", {})
    if certificate["certificateNumber"] is not None:
        certificate["certificateNumber"] += _STORY["number"]
    return api.submit(holder=person, evidence=FILE if files is None else files, certificate=certificate, **changes)


def case_of(payload: Any) -> Any:
    """The case of a payload that was not refused."""
    assert payload["refusal"] is None, payload
    return payload["case"]


def code_of(payload: Any) -> str:
    """The code of a refusal."""
    assert payload["refusal"] is not None, payload
    code: str = payload["refusal"]["code"]
    return code


def approved(api: Api, case: Any) -> Any:
    """The payload of an approval."""
    return api.decide("approveCase", case["id"], workConsistent=True, opinion="seen the original")


def confirmed(api: Api, case: Any, number: int) -> Any:
    """The payload of a match by hand."""
    return api.decide("confirmMatch", case["id"], entryNumber=number, reason="read the certificate")


def ended(api: Api, case: Any, kind: str) -> None:
    """Let a title end by two officers, the hearing waived."""
    api.decide(f"propose{kind}", case["id"], ground="forged", findings="the body never issued it")
    api.decide("giveNotice", case["id"], servedOn="2026-11-23")
    api.decide("answerProposal", case["id"], api.token("APPLICANT"), statement="nothing", waive=True)
    other = api.token("REVIEWER", XIHU, "second-officer")
    assert case_of(api.decide(f"confirm{kind}", case["id"], other))["status"] in {"REVOKED", "ANNULLED"}


def test_a_later_case_of_another_person_is_let_in_with_evidence_only(api: Api) -> None:
    """Without evidence it is refused as before, saying so; the same person is refused in any case."""
    case_of(submitted(api, ONE))
    refused = submitted(api, TWO, files=[])["refusal"]
    assert refused["code"] == "CERTIFICATE_ALREADY_CLAIMED"
    assert "evidence" in refused["message"]
    assert code_of(submitted(api, ONE)) == "CERTIFICATE_ALREADY_CLAIMED"
    assert case_of(submitted(api, TWO))["status"] == "MATCHED"


def test_approval_passes_the_claim_and_the_registry_rejects_the_other_case(api: Api) -> None:
    """The true holder's case, though later, is approved; the first is rejected in the same transaction, with a code of its own."""
    first, second = case_of(submitted(api, ONE)), case_of(submitted(api, TWO))
    done = approved(api, second)
    assert case_of(done)["status"] == "APPROVED"
    read = api.ask(TITLES, {"id": first["id"], "p": done["position"]}, api.token("REVIEWER", XIHU))["case"]
    assert (read["status"], read["title"]) == ("REJECTED", None)
    last = read["history"][-1]
    assert (last["type"], last["actor"]["role"]) == ("recognition-case.rejected", "SYSTEM")
    assert last["data"]["code"] == "CERTIFICATE_AWARDED_ELSEWHERE"
    assert "awarded" in last["summary"]
    assert code_of(approved(api, first)) == "CASE_CLOSED"


def test_a_title_that_stands_must_end_first(api: Api) -> None:
    """A contested claim beside a title waits until that ends; after an annulment it leads to a title."""
    first = case_of(submitted(api, ONE))
    case_of(approved(api, first))
    second = case_of(submitted(api, TWO))
    assert code_of(approved(api, second)) == "CERTIFICATE_HOLDS_TITLE"
    ended(api, first, "Annulment")
    assert case_of(approved(api, second))["status"] == "APPROVED"


def test_after_fraud_the_victim_gets_theirs_back_and_the_fraudster_does_not(api: Api) -> None:
    """A revocation for fraud keeps the certificate from its holder and leaves it to another person, who shows evidence."""
    first = case_of(submitted(api, ONE))
    case_of(approved(api, first))
    ended(api, first, "Revocation")
    assert code_of(submitted(api, ONE)) == "CERTIFICATE_ALREADY_CLAIMED"
    assert code_of(submitted(api, TWO, files=[])) == "CERTIFICATE_ALREADY_CLAIMED"
    assert case_of(approved(api, case_of(submitted(api, TWO))))["status"] == "APPROVED"
    api.decide("reinstateTitle", first["id"], api.token("REVIEWER", XIHU, "third"), reason="the body confirmed it")
    again = api.decide("confirmReinstatement", first["id"], api.token("REVIEWER", XIHU, "fourth"))
    assert code_of(again) == "CERTIFICATE_HOLDS_TITLE"


def test_a_reinstated_title_takes_its_certificate_again(api: Api) -> None:
    """What was free meanwhile is claimed again, and refused to others."""
    first = case_of(submitted(api, ONE))
    case_of(approved(api, first))
    ended(api, first, "Annulment")
    second = case_of(submitted(api, TWO))
    api.decide("reinstateTitle", first["id"], api.token("REVIEWER", XIHU, "third"), reason="the body confirmed it")
    assert case_of(api.decide("confirmReinstatement", first["id"], api.token("REVIEWER", XIHU, "fourth")))
    assert code_of(approved(api, second)) == "CERTIFICATE_HOLDS_TITLE"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (
            {"name": "Cloud architect (pro)", "issuingBody": "AWS"},
            {"name": "Cloud architect (pro)", "issuingBody": "亚马逊"},
        ),
        ({}, {"name": "Cloud architect (pro)", "issuingBody": "Amazon Web Services"}),
        ({"issuingBody": ""}, {"name": "Cloud architect (pro)", "issuingBody": "Some Institute"}),
    ],
    ids=["both by hand", "second by hand", "body left empty once"],
)
def test_a_body_is_one_however_it_was_spelt(api: Api, one: dict[str, str], two: dict[str, str]) -> None:
    """Whatever body was typed, once both are matched only one of them leads to a title."""
    first, second = case_of(submitted(api, ONE, certificate=one)), case_of(submitted(api, TWO, certificate=two))
    for case in (first, second):
        assert confirmed(api, case, 58)["refusal"] is None
    assert case_of(approved(api, first))["status"] == "APPROVED"
    assert code_of(approved(api, second)) in {"CASE_CLOSED", "CERTIFICATE_HOLDS_TITLE"}


def test_without_evidence_a_match_by_hand_does_not_contest(api: Api) -> None:
    """A claim is moved as the match says; where another person claims there, evidence is needed."""
    case_of(submitted(api, ONE))
    other = {"name": "Cloud architect (pro)", "issuingBody": "Some Institute"}
    second = case_of(submitted(api, TWO, certificate=other, files=[]))
    assert code_of(confirmed(api, second, 58)) == "CERTIFICATE_ALREADY_CLAIMED"
    api.decide("supplementCase", second["id"], api.token("APPLICANT"), evidence=FILE)
    assert case_of(confirmed(api, second, 58))["status"] == "MATCHED"


def test_one_person_has_one_live_recognition_of_an_entry(api: Api) -> None:
    """Another certificate for the same entry, or one without a number, is refused while the first case is live."""
    first = case_of(submitted(api, ONE))
    for number in ("N2", None):
        assert code_of(submitted(api, ONE, certificate={"certificateNumber": number})) == "ENTRY_ALREADY_CLAIMED"
    unmatched = case_of(submitted(api, ONE, certificate={"name": "Cloud architect (pro)", "certificateNumber": "N3"}))
    assert code_of(confirmed(api, unmatched, 58)) == "ENTRY_ALREADY_CLAIMED"
    assert case_of(confirmed(api, unmatched, 56))["status"] == "MATCHED"
    api.decide("rejectCase", first["id"], reason="not the original")
    assert case_of(submitted(api, ONE, certificate={"certificateNumber": None}))["status"] == "MATCHED"
    assert case_of(submitted(api, TWO, certificate={"certificateNumber": None}))["status"] == "MATCHED"


def test_a_match_moved_by_hand_frees_the_entry_it_left(api: Api) -> None:
    """The claim on entry and grade follows the match."""
    first = case_of(submitted(api, ONE))
    case_of(confirmed(api, first, 56))
    assert case_of(submitted(api, ONE, certificate={"certificateNumber": "N2"}))["status"] == "MATCHED"


def test_a_review_opens_a_case_again_with_its_claims(api: Api) -> None:
    """The certificate is claimed again; where it led to another title meanwhile, the review is refused until that ends."""
    first = case_of(submitted(api, ONE))
    api.decide("rejectCase", first["id"], reason="not the original")
    second = case_of(submitted(api, TWO))
    review = {"outcome": "REMANDED", "decidedOn": "2026-11-23", "reference": "复议 1", "reason": "decide anew"}
    document = f"""mutation {{ recordReview(caseId: "{first["id"]}", outcome: REMANDED, decidedOn: "2026-11-23",
        reference: "1", reason: "decide anew") {{ refusal {{ code }} case {{ status }} }} }}"""
    assert review["outcome"] in document
    officer = api.token("REVIEWER", XIHU)
    opened = api.ask(document, None, officer)["recordReview"]
    assert opened["case"]["status"] == "MATCHED"
    assert case_of(approved(api, second))["status"] == "APPROVED"  # and the one that was opened is rejected with it
    again = api.ask(document, None, officer)["recordReview"]
    assert again["refusal"]["code"] == "CERTIFICATE_HOLDS_TITLE"


def test_a_rejection_after_a_remanded_revocation_may_be_overturned(api: Api) -> None:
    """Then the case is open again, and nothing is proposed beside: its title is given back by approving it, by two others."""
    case = case_of(api.approved())
    assert api.revoked(case["id"])["refusal"] is None
    third, fourth = (api.token("REVIEWER", XIHU, name) for name in ("third-officer", "fourth-officer"))

    def reviewed(outcome: str) -> Any:
        document = f"""mutation {{ recordReview(caseId: "{case["id"]}", outcome: {outcome}, decidedOn: "2026-11-23",
            reference: "1", reason: "decide anew") {{ refusal {{ code }} case {{ status }} }} }}"""
        return case_of(api.ask(document, None, third)["recordReview"])["status"]

    assert reviewed("REMANDED") == "MATCHED"
    case_of(api.decide("rejectCase", case["id"], fourth, reason="not the original"))
    assert reviewed("OVERTURNED") == "MATCHED"
    again = api.decide("approveCase", case["id"], third, workConsistent=True)
    assert again["refusal"]["code"] == "SAME_OFFICER"
    title = case_of(api.decide("approveCase", case["id"], fourth, workConsistent=True))["title"]
    assert title["status"] == "CURRENT"
    assert not check_all(api.registry.audited).findings


@pytest.mark.registry("own")
@pytest.mark.parametrize("rematched", [False, True])
@pytest.mark.parametrize(
    "body", ["云端科技公司（Yunduan Cloud Ltd）", "思科（Cisco）"], ids=["a new name", "another's name"]
)
def test_an_amendment_that_renames_a_body_makes_no_other_certificate(api: Api, body: str, rematched: bool) -> None:
    """Who submits after the amendment, under the new name, meets who submitted before it, whoever of the two is decided first."""
    first = case_of(submitted(api, ONE))
    amend(api, amendment(1, "2026-11-23", revised(api, 58, issuingBody=body), rematchPending=rematched))
    second = case_of(submitted(api, TWO, certificate={"issuingBody": body}))
    if second["entry"] is None:
        case_of(confirmed(api, second, 58))
    assert case_of(approved(api, second))["status"] == "APPROVED"
    assert code_of(approved(api, first)) == "CASE_CLOSED"
    third = case_of(submitted(api, THREE))
    if third["entry"] is None:
        case_of(confirmed(api, third, 58))
    assert code_of(approved(api, third)) == "CERTIFICATE_HOLDS_TITLE"
