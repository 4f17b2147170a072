"""What the law keeps of a person although they ask for erasure, and what an erasure does to what is undecided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from application.claims import Claims
from infrastructure.audit.check import check_all
from tests.api.conftest import Api
from tests.api.test_claims import ONE, TITLES, TWO, approved, case_of, submitted
from tests.api.test_verification import ONE as VERIFY
from tests.api.test_warnings import fraud

ERASE = """mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL article 47, request 7") {
    position refusal { code message field } } }"""

ENDED = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { status
    title { status endedOn holder { name erased } } history { type data summary actor { role } } } }"""


def erased(api: Api, case: Any) -> Any:
    """The payload of the erasure of a case's holder."""
    return api.ask(ERASE, {"ref": case["holder"]["ref"]}, api.token("PRIVACY_OFFICER"))["eraseHolder"]


def test_a_decision_open_to_review_is_kept_for_sixty_days(api: Api) -> None:
    """Refused to the last day, saying until when and what is offered instead; erased the day after."""
    case = case_of(submitted(api, ONE))
    case_of(approved(api, case))
    refusal = erased(api, case)["refusal"]
    assert refusal["code"] == "RETENTION_REQUIRED"
    assert "until 2027-01-22" in refusal["message"]
    assert "restrictHolder" in refusal["message"]
    api.clock.now += timedelta(days=60)
    assert erased(api, case)["refusal"]["code"] == "RETENTION_REQUIRED"
    api.clock.now += timedelta(days=1)
    assert erased(api, case)["refusal"] is None


def test_an_integrity_record_is_kept_for_its_term(api: Api) -> None:
    """Three years to the day; nothing of the person is erased before."""
    case = fraud(api)
    assert "until 2029-11-23" in erased(api, case)["refusal"]["message"]
    api.clock.now += timedelta(days=3 * 365 + 1)  # 2028 has 29 February
    assert erased(api, case)["refusal"]["code"] == "RETENTION_REQUIRED"
    api.clock.now += timedelta(days=1)
    assert erased(api, case)["refusal"] is None


@pytest.mark.parametrize("basis", ["买买提•艾力", "request of 买买提 艾力", "P 1000001"])
def test_a_legal_basis_names_nobody(api: Api, basis: str) -> None:
    """However the name or the number is spelt, and however far the rows are: the basis is kept for ever, and unsealed."""
    for process in api.registry.processes:
        process.stop()
    case = case_of(submitted(api, ONE | {"name": "买买提·艾力"}))
    document = "mutation ($ref: ID!, $b: String!) { eraseHolder(ref: $ref, legalBasis: $b) { refusal { code field } } }"
    variables = {"ref": case["holder"]["ref"], "b": basis}
    refusal = api.ask(document, variables, api.token("PRIVACY_OFFICER"))["eraseHolder"]["refusal"]
    assert refusal == {"code": "INVALID_INPUT", "field": "legalBasis"}


def test_an_erasure_withdraws_what_is_undecided_and_frees_its_claims(api: Api) -> None:
    """By the act itself, recorded as an event of the case by the registry; a new submission then works."""
    case = case_of(submitted(api, ONE))
    done = erased(api, case)
    assert done["refusal"] is None
    read = api.ask(TITLES, {"id": case["id"], "p": done["position"]}, api.token("AUDITOR"))["case"]
    assert read["status"] == "WITHDRAWN"
    last = read["history"][-1]
    assert (last["type"], last["actor"]["role"]) == ("recognition-case.withdrawn", "SYSTEM")
    assert last["data"]["code"] == "HOLDER_ERASED"
    again = case_of(submitted(api, ONE, files=[]))
    assert again["holder"]["ref"] != case["holder"]["ref"]
    assert case_of(approved(api, again))["status"] == "APPROVED"


def test_a_contested_certificate_is_the_others_alone_after_an_erasure(api: Api) -> None:
    """What is withdrawn claims nothing: the other case is approved, and nothing else is rejected."""
    first, second = case_of(submitted(api, ONE)), case_of(submitted(api, TWO))
    assert erased(api, first)["refusal"] is None
    assert case_of(approved(api, second))["status"] == "APPROVED"


def test_what_was_submitted_in_the_moment_of_the_erasure_is_withdrawn_too(api: Api) -> None:
    """The read side need not know of a case: the erasure asks the events."""
    for process in (api.registry.projections, *api.registry.processes):
        process.stop()
    case = case_of(submitted(api, ONE))
    assert erased(api, case)["refusal"] is None
    assert case_of(submitted(api, ONE, files=[]))["status"] == "MATCHED"


def test_a_title_ends_with_the_erasure_of_its_holder_and_frees_its_certificate(api: Api) -> None:
    """By the registry, in the erasure itself: no title that nobody can prove is counted as current, verification knows nothing
    of it, and the person is recognised anew on the certificate.
    """
    case = case_of(submitted(api, ONE))
    case_of(approved(api, case))
    api.clock.now += timedelta(days=61)
    done = erased(api, case)
    assert done["refusal"] is None
    read = api.ask(ENDED, {"id": case["id"], "p": done["position"]}, api.token("AUDITOR"))["case"]
    assert (read["status"], read["title"]["status"], read["title"]["endedOn"]) == (
        "SURRENDERED",
        "SURRENDERED",
        "2027-01-23",
    )
    assert (read["title"]["holder"]["name"], read["title"]["holder"]["erased"]) == (None, True)
    last = read["history"][-1]
    assert (last["type"], last["actor"]["role"]) == ("recognition-case.surrendered", "SYSTEM")
    assert (last["data"]["code"], last["data"]["reason"]) == ("HOLDER_ERASED", None)
    for question in ({"certificate": "N1"}, {"case": case["caseNumber"]}):
        found = api.ask(VERIFY, question | {"name": ONE["name"], "at": done["position"]})["verifyTitle"]
        assert found == {"known": False, "valid": False, "title": None}
    again = case_of(submitted(api, ONE, files=[]))
    assert again["holder"]["ref"] != case["holder"]["ref"]
    assert case_of(approved(api, again))["status"] == "APPROVED"
    assert check_all(api.registry.audited).findings == []


def test_an_erasure_of_before_that_left_a_title_standing_is_repeated(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older release left CURRENT ends when the erasure is asked for again, though the key is long gone."""
    case = case_of(submitted(api, ONE))
    case_of(approved(api, case))
    api.clock.now += timedelta(days=61)
    with monkeypatch.context() as patch:
        patch.setattr(Claims, "erased", lambda *_: ())
        assert erased(api, case)["refusal"] is None
    done = erased(api, case)
    assert done["refusal"] is None
    read = api.ask(ENDED, {"id": case["id"], "p": done["position"]}, api.token("AUDITOR"))["case"]
    assert read["title"]["status"] == "SURRENDERED"
    assert case_of(approved(api, case_of(submitted(api, TWO))))["status"] == "APPROVED"


def test_an_erasure_is_no_way_out_of_a_revocation(api: Api) -> None:
    """What is proposed about a title is decided first, sixty days after its approval or a thousand; declined, the person is erased."""
    case = case_of(submitted(api, ONE))
    case_of(approved(api, case))
    api.clock.now += timedelta(days=61)
    assert api.decide("proposeRevocation", case["id"], ground="forged", findings="denied")["refusal"] is None
    refusal = erased(api, case)["refusal"]
    assert refusal["code"] == "RETENTION_REQUIRED"
    assert "restrictHolder" in refusal["message"]
    assert api.decide("declineProposal", case["id"], reason="it is genuine")["refusal"] is None
    assert erased(api, case)["refusal"] is None
