"""Bad input gets a refusal with a stable code, or an error with one; nothing is recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.values import Role
from tests.api.conftest import XIHU, Api, Clock

pytestmark = pytest.mark.registry("shared")

CASE = "query ($id: ID, $asOf: DateTime) { case(id: $id, asOf: $asOf) { status } }"


def head(api: Api) -> int:
    """The position of the newest event."""
    return api.registry.journal.last_position()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"authorityCode": "999999-EI"}, "UNKNOWN_AUTHORITY"),
        ({"catalogCode": "no-such-catalog"}, "UNKNOWN_CATALOG"),
        ({"certificate": {"expiresOn": "2026-11-22"}}, "CERTIFICATE_EXPIRED"),
        ({"certificate": {"issuedOn": "2026-11-24"}}, "CERTIFICATE_NOT_YET_ISSUED"),
        ({"certificate": {"issuedOn": "2024-01-02", "expiresOn": "2024-01-01"}}, "CERTIFICATE_DATES_CONTRADICT"),
        ({"certificate": {"name": " \t "}}, "INVALID_INPUT"),
        ({"certificate": {"name": "x" * 10_000}}, "INVALID_INPUT"),
        ({"certificate": {"name": "CCNP\u0007Security"}}, "INVALID_INPUT"),
        ({"certificate": {"name": "CCNP \u202eytiruceS"}}, "INVALID_INPUT"),
        ({"holder": {"name": "王敏", "idNumber": "1", "idType": "LIBRARY_CARD"}}, "INVALID_INPUT"),
        ({"holder": {"name": "", "idNumber": "330106199003077013"}}, "INVALID_INPUT"),
        ({"holder": {"name": "·", "idNumber": "330106199003077013"}}, "INVALID_INPUT"),
        ({"idempotencyKey": ""}, "INVALID_INPUT"),
        (
            {"evidence": [{"sha256": "no", "fileName": "a", "mediaType": "a/b", "size": 1, "kind": "X"}]},
            "INVALID_INPUT",
        ),
        (
            {"evidence": [{"sha256": "a" * 64, "fileName": "a", "mediaType": "a/b", "size": 0, "kind": "X"}]},
            "INVALID_INPUT",
        ),
        ({"experience": [{"employer": "A", "from": "2024-02-01", "to": "2024-01-01", "field": "x"}]}, "INVALID_INPUT"),
    ],
)
def test_a_submission_that_breaks_a_rule_is_refused_and_records_nothing(
    api: Api, changes: dict[str, Any], code: str
) -> None:
    """Each fault has its code, and the event table is as it was."""
    before = head(api)
    payload = api.submit(**changes)
    assert payload["case"] is None
    assert payload["refusal"]["code"] == code
    assert payload["refusal"]["message"].endswith(".")
    assert head(api) == before


def test_a_certificate_expiring_today_is_still_valid(api: Api) -> None:
    """The day of expiry is the last valid one, as a Shanghai day."""
    assert api.submit(certificate={"expiresOn": "2026-11-23"})["refusal"] is None


@pytest.mark.registry("own")
def test_nothing_is_submitted_before_the_notice_is_in_force(api: Api, clock: Clock) -> None:
    """2023-10-31 in Shanghai is refused to its last minute; a minute later is 2023-11-01 and accepted."""
    clock.now = datetime(2023, 10, 31, 15, 59, tzinfo=UTC)
    assert api.submit()["refusal"]["code"] == "BEFORE_COMMENCEMENT"
    clock.now = datetime(2023, 10, 31, 16, 0, tzinfo=UTC)
    assert api.submit()["refusal"] is None


def test_deciding_refuses_what_the_rules_forbid(api: Api) -> None:
    """Unknown entry, stale version, own case, wrong role: each with its code, nothing recorded; another jurisdiction's
    case is answered like one that is not there.
    """
    case = api.submit()["case"]
    before = head(api)
    assert api.decide("confirmMatch", case["id"], entryNumber=101, reason="x")["refusal"]["code"] == "UNKNOWN_ENTRY"
    stale = api.decide("approveCase", case["id"], workConsistent=True, expectedVersion=1)
    assert stale["refusal"]["code"] == "STALE_VERSION"
    late = api.decide("approveCase", case["id"], workConsistent=False, countedExperienceMonths=5)
    assert late["refusal"]["code"] == "INVALID_INPUT"
    submitter = api.token("REVIEWER", XIHU, subject="applicant-anywhere")
    assert api.decide("approveCase", case["id"], submitter, workConsistent=True)["refusal"]["code"] == "OWN_CASE"
    elsewhere = api.token("REVIEWER", "330203-EI")
    assert api.decide("approveCase", case["id"], elsewhere, workConsistent=True)["refusal"]["code"] == "UNKNOWN_CASE"
    for role in ("APPLICANT", "AUDITOR", "VERIFIER", "ADMINISTRATOR"):
        refusal = api.decide("approveCase", case["id"], api.token(role), workConsistent=True)["refusal"]
        assert refusal["code"] == "NOT_PERMITTED"
    missing = "case.00000000-0000-0000-0000-000000000000"
    assert api.decide("rejectCase", missing, reason="x")["refusal"]["code"] == "UNKNOWN_CASE"
    assert head(api) == before


def test_nobody_decides_about_themselves(api: Api) -> None:
    """A reviewer whose own holder reference the case is about is refused, whoever submitted it."""
    case = api.submit()["case"]
    holder = (
        api.ask("query ($id: ID!) { case(id: $id) { holder { ref } } }", {"id": case["id"]}, api.token("APPLICANT"))[
            "case"
        ]["holder"]["ref"]
        if case.get("holder") is None
        else case["holder"]["ref"]
    )
    own = api.issuer.issue(Role.REVIEWER, subject="themselves", authority=XIHU, holder=holder)
    assert api.decide("approveCase", case["id"], own, workConsistent=True)["refusal"]["code"] == "OWN_CASE"


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("{ cases(first: 5000) { nodes { id } } }", {}, "PAGE_SIZE_TOO_LARGE"),
        ("{ cases(first: -1) { nodes { id } } }", {}, "BAD_USER_INPUT"),
        ('{ cases(after: "bm8") { nodes { id } } }', {}, "INVALID_CURSOR"),
        ('{ titleList(after: "WyJjYXNlcyIsIjIwMjYiLCJ4Il0") { nodes { id } } }', {}, "INVALID_CURSOR"),
        ('{ titleList(after: "WyJ0aXRsZXMiLCIyMDI2LTExLTI2Iiw1XQ") { nodes { id } } }', {}, "INVALID_CURSOR"),
        (CASE, {"id": "title.00000000-0000-0000-0000-000000000000"}, "INVALID_ID"),
        (CASE, {"id": "case.1' OR '1'='1"}, "INVALID_ID"),
        (CASE, {}, "BAD_USER_INPUT"),
        (CASE, {"id": "case.00000000-0000-0000-0000-000000000000", "asOf": "2026-11-23T10:00:00"}, "BAD_USER_INPUT"),
        (CASE, {"id": "case.00000000-0000-0000-0000-000000000000", "asOf": "yesterday"}, "BAD_USER_INPUT"),
        (
            '{ matchCertificate(certificate: {name: "x"}, on: "2026-02-30") { outcome } }',
            {},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ('{ matchCertificate(certificate: {name: "x"}, on: "2023-10-31") { outcome } }', {}, "NO_VERSION_IN_FORCE"),
        ('{ matchCertificate(certificate: {name: "x"}, catalogCode: "nope") { outcome } }', {}, "UNKNOWN_CATALOG"),
        ('{ titles(holder: {idNumber: "330106199003077013"}, atLeast: "-1") { id } }', {}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(
    api: Api, document: str, variables: dict[str, Any], code: str
) -> None:
    """Page sizes, cursors, identifiers, days and instants: each fault has its code."""
    found = api.post(document, variables, api.token("AUDITOR")).json()["errors"][0]
    assert (found["extensions"]["code"], found["message"][-1]) == (code, ".")


def test_ten_megabytes_of_name_are_refused_at_the_door(api: Api) -> None:
    """The body's limit answers, and says how large it is."""
    answer = api.post("mutation ($n: String!) { __typename }", {"n": "x" * 10_000_000}, api.token("APPLICANT"))
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"] == "LIMIT_BODY"


def test_a_retry_answers_with_the_same_case_and_other_content_is_refused(api: Api) -> None:
    """The idempotency key makes a retry safe, and no more than that."""
    form = {
        "idempotencyKey": "the-key",
        "holder": {"name": "王敏", "idNumber": "330106199003077013"},
        "certificate": {"name": "CCNP", "issuingBody": "Cisco", "certificateNumber": "C-1"},
    }
    first, again = api.submit(**form), api.submit(**form)
    assert first["refusal"] is again["refusal"] is None
    assert first["case"]["id"] == again["case"]["id"]
    assert api.submit(**form | {"workField": "材料"})["refusal"]["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_reading_waits_for_a_position_only_so_long(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A position that never comes is answered with a code, not with old rows."""
    monkeypatch.setattr(api.registry.reads, "_patience", 0.05)
    document = '{ titles(holder: {idNumber: "330106199003077013"}, atLeast: "999999999") { id } }'
    assert api.code(document, None, api.token("AUDITOR")) == "PROJECTION_BEHIND"
