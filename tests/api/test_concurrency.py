"""Two who act on one case at once: one succeeds, the other is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.api.conftest import XIHU, Api

pytestmark = pytest.mark.registry("shared")


def test_two_concurrent_approvals_give_one_approval_and_one_refusal(api: Api) -> None:
    """Whoever comes second finds the case changed, or decided."""
    reviewers = [api.token("REVIEWER", XIHU, subject=f"reviewer-{n}") for n in range(2)]
    for _ in range(5):
        case = api.submit()["case"]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(partial(api.decide, "approveCase", case["id"], workConsistent=True), reviewers))
        refusals = [answer["refusal"]["code"] for answer in answers if answer["refusal"]]
        assert len(refusals) == 1
        assert refusals[0] in {"STALE_VERSION", "CASE_CLOSED"}


def test_one_certificate_submitted_twice_at_once_is_claimed_once(api: Api) -> None:
    """The store refuses the second claim; both cases never live side by side."""
    applicants = [api.token("APPLICANT", subject=f"applicant-{n}") for n in range(2)]
    for number in range(5):
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(
                    partial(api.submit, certificate={"certificateNumber": f"TWICE-{number}"}, evidence=[]),
                    applicants,
                )
            )
        refusals = [answer["refusal"]["code"] for answer in answers if answer["refusal"]]
        assert refusals == ["CERTIFICATE_ALREADY_CLAIMED"]


def test_a_retry_that_races_its_first_attempt_answers_with_the_same_case(api: Api) -> None:
    """The same key from the same person, at once: one case, both told of it."""
    form = {
        "idempotencyKey": "racing",
        "holder": {"name": "王敏", "idNumber": "330106199003077013"},
        "certificate": {"name": "CCNP", "issuingBody": "Cisco", "certificateNumber": "R-1"},
    }
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.submit(**form), range(4)))
    assert [answer["refusal"] for answer in answers] == [None] * 4
    assert len({answer["case"]["id"] for answer in answers}) == 1
