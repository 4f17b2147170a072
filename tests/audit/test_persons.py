"""What is recorded of a person whose data is not processed is found, whoever put it there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from application.cases import Cases
from application.retention import RetentionTerms
from tests.audit.conftest import Office

RESTRICT = """mutation ($ref: ID!) { restrictHolder(ref: $ref, legalBasis: "PIPL article 44, request 7") { refusal { code } } }"""
LIFT = """mutation ($ref: ID!) { liftRestriction(ref: $ref, legalBasis: "PIPL article 44, request 8") { refusal { code } } }"""
ERASE = (
    """mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL article 47, request 9") { refusal { code } } }"""
)


def on_the_person(office: Office, document: str, ref: str) -> None:
    """A privacy officer's act; a minute passes before and after it."""
    office.api.clock.now += timedelta(minutes=1)
    [(_, payload)] = office.api.ask(document, {"ref": ref}, office.api.token("PRIVACY_OFFICER")).items()
    assert payload["refusal"] is None
    office.api.clock.now += timedelta(minutes=1)


def test_a_decision_while_data_is_restricted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused live; put there all the same it is found at its version, and what came before the restriction and after it is not."""
    api = office.api
    case: Any = api.submit()["case"]
    ref = case["holder"]["ref"]
    assert api.decide("transferCase", case["id"], authorityCode="330106-HR", reason="theirs")["refusal"] is None
    on_the_person(office, RESTRICT, ref)
    reject = {"reason": "not listed"}
    refused = api.decide("transferCase", case["id"], authorityCode="330106-EI", reason="ours")
    assert refused["refusal"]["code"] in {"HOLDER_RESTRICTED", "UNKNOWN_CASE"}
    assert office.found() == set()
    with monkeypatch.context() as patch:
        patch.setattr(Cases, "_require_processable", lambda *_: None)
        done = api.decide("transferCase", case["id"], authorityCode="330106-EI", reason="ours")
        assert done["refusal"] is None, done
    assert office.found() == {("persons_are_processed", 4)}
    on_the_person(office, LIFT, ref)
    assert api.decide("rejectCase", case["id"], **reject)["refusal"] is None
    assert office.found() == {("persons_are_processed", 4)}


def test_what_the_registry_does_by_rule_for_somebody_erased_is_lawful(office: Office) -> None:
    """Their case is withdrawn by the erasure itself, and nothing is found."""
    case: Any = office.api.submit()["case"]
    on_the_person(office, ERASE, case["holder"]["ref"])
    assert office.found() == set()


def test_an_erasure_that_retention_forbade(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused live while the decision is open to review; put there all the same it is found at the erasure, by the rules of its day."""
    api = office.api
    case: Any = api.submit()["case"]
    ref = case["holder"]["ref"]
    assert api.decide("rejectCase", case["id"], reason="not listed")["refusal"] is None
    [(_, refused)] = api.ask(ERASE, {"ref": ref}, api.token("PRIVACY_OFFICER")).items()
    assert refused["refusal"]["code"] == "RETENTION_REQUIRED"
    with monkeypatch.context() as patch:
        patch.setattr(RetentionTerms, "require_over", lambda *_: None)
        on_the_person(office, ERASE, ref)
        assert office.found() == set()
    assert office.found() == {("retention_comes_first", 2)}
    assert {each.code for each in office.check_since(0).findings} == {"RETENTION_REQUIRED"}


def test_an_erasure_after_everything_was_over_is_lawful(office: Office) -> None:
    """A rejection whose review period is over, and years later a request."""
    api = office.api
    case: Any = api.submit()["case"]
    assert api.decide("rejectCase", case["id"], reason="not listed")["refusal"] is None
    api.clock.now += timedelta(days=400)
    on_the_person(office, ERASE, case["holder"]["ref"])
    assert office.found() == set()
