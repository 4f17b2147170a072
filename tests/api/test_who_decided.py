"""A title bears the authority of the officer who decided, at the time of the decision; the case keeps where it was lodged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import XIHU, Api

pytestmark = pytest.mark.registry("shared")

READ = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { lodgedWith { code } authority { code }
    decidedBy { subject authorityCode } title { authority { code } } } }"""
LIST = "query ($code: String) { titleList(filter: { authorityCode: $code }) { totalCount } }"


@pytest.mark.parametrize("code", ["330106-EI", "330106-HR", "330100-HR", "330000-EI"])
def test_a_title_is_that_of_the_authority_that_decided(api: Api, code: str) -> None:
    """It answers for it in a review; lists follow, and the case stays lodged where it was."""
    auditor = api.token("AUDITOR")
    before = {each: api.ask(LIST, {"code": each}, auditor)["titleList"]["totalCount"] for each in (code, XIHU)}
    case: Any = api.submit()["case"]
    token = api.token("REVIEWER", code, "decider")
    done = api.decide("approveCase", case["id"], token, workConsistent=True)
    assert done["refusal"] is None
    read = api.ask(READ, {"id": case["id"], "p": done["position"]}, auditor)["case"]
    assert read["lodgedWith"]["code"] == read["authority"]["code"] == XIHU
    assert read["decidedBy"] == {"subject": "decider", "authorityCode": code}
    assert read["title"]["authority"]["code"] == code
    for each, others in before.items():
        found = api.ask(LIST, {"code": each}, auditor)["titleList"]["totalCount"]
        assert found == others + (each == code)


def test_a_transfer_moves_the_case_and_not_where_it_was_lodged(api: Api) -> None:
    """The title follows the decision, not the transfer after which it was taken by a superior."""
    case: Any = api.submit()["case"]
    assert api.decide("transferCase", case["id"], authorityCode="330106-HR", reason="theirs")["refusal"] is None
    token = api.token("REVIEWER", "330100-HR", "superior")
    done = api.decide("approveCase", case["id"], token, workConsistent=True)
    read = api.ask(READ, {"id": case["id"], "p": done["position"]}, api.token("AUDITOR"))["case"]
    assert (read["lodgedWith"]["code"], read["authority"]["code"]) == (XIHU, "330106-HR")
    assert read["title"]["authority"]["code"] == "330100-HR"
