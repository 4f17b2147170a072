"""Several catalogs side by side: published by two administrators, searched together or one by its code (article 5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.catalogs import CODE, FIRST, SECOND, administrator
from tests.api.conftest import Api
from tests.api.test_rematching import stream

FURTHER = "zj-2026-biomedicine"
PAYLOAD = """proposal { id status code entries { number } } catalog { code version { number entryCount } }
    position refusal { code message field }"""
PROPOSE = f"mutation ($input: CatalogInput!) {{ proposeCatalog(input: $input) {{ {PAYLOAD} }} }}"
PUBLISH = f"mutation ($id: ID!) {{ publishCatalog(proposalId: $id) {{ {PAYLOAD} }} }}"
DISCARD = f'mutation ($id: ID!) {{ discardCatalog(proposalId: $id, reason: "a slip") {{ {PAYLOAD} }} }}'
MATCH = """query ($certificate: CertificateInput!, $code: String) { matchCertificate(certificate: $certificate, catalogCode: $code) {
    outcome entry { number } candidates { entry { number } reasons } catalogVersion { catalogCode number } } }"""
NURSE = {"name": "Certified Biomedical Device Assessor", "issuingBody": "Example Institute of Biomedicine"}
ARCHITECT = {"name": "Cisco Certified Architect", "issuingBody": "思科（Cisco）"}


def entry(number: int, certificate: dict[str, str]) -> dict[str, Any]:
    """An entry for a certificate."""
    return {
        "number": number,
        "qualificationName": certificate["name"],
        "translatedName": "样例职业资格",
        "issuingBody": certificate["issuingBody"],
        "field": "生物医药",
        "awards": [{"title": "工程师", "level": "INTERMEDIATE"}],
    }


def form(**changes: Any) -> dict[str, Any]:
    """A further catalog as its form."""
    return {
        "code": FURTHER,
        "name": "目录（生物医药领域）",
        "noticeTitle": "关于印发目录的通知",
        "effectiveFrom": "2024-01-01",
        "entries": [entry(1, NURSE)],
    } | changes


def propose(api: Api, what: dict[str, Any], subject: str = FIRST) -> dict[str, Any]:
    """Propose; the payload."""
    payload: dict[str, Any] = api.ask(PROPOSE, {"input": what}, administrator(api, subject))["proposeCatalog"]
    return payload


def publish(api: Api, identifier: str, subject: str = SECOND) -> dict[str, Any]:
    """Publish; the payload."""
    payload: dict[str, Any] = api.ask(PUBLISH, {"id": identifier}, administrator(api, subject))["publishCatalog"]
    return payload


def published(api: Api, **changes: Any) -> None:
    """A further catalog, published by two."""
    done = publish(api, propose(api, form(**changes))["proposal"]["id"])
    assert done["refusal"] is None


def test_a_catalog_is_published_by_a_second_administrator(api: Api) -> None:
    """Proposed, listed, refused for its proposer, published by another, and closed."""
    proposal = propose(api, form())["proposal"]
    listed = api.ask("{ catalogProposals { id status proposedBy { subject } } }", None, administrator(api))
    assert listed["catalogProposals"] == [
        {"id": proposal["id"], "status": "PROPOSED", "proposedBy": {"subject": FIRST}}
    ]
    assert publish(api, proposal["id"], FIRST)["refusal"]["code"] == "SAME_ADMINISTRATOR"
    done = publish(api, proposal["id"])
    assert done["proposal"]["status"] == "PUBLISHED"
    assert done["catalog"] == {"code": FURTHER, "version": {"number": 1, "entryCount": 1}}
    assert publish(api, proposal["id"])["refusal"]["code"] == "PROPOSAL_CLOSED"
    codes = [catalog["code"] for catalog in api.ask("{ catalogs { code } }")["catalogs"]]
    assert codes == [CODE, FURTHER]
    assert propose(api, form())["refusal"]["code"] == "CATALOG_EXISTS"


def test_a_discarded_proposal_is_not_published(api: Api) -> None:
    """And its code is free for another."""
    proposal = propose(api, form())["proposal"]["id"]
    dropped = api.ask(DISCARD, {"id": proposal}, administrator(api))["discardCatalog"]
    assert dropped["proposal"]["status"] == "DISCARDED"
    assert publish(api, proposal)["refusal"]["code"] == "PROPOSAL_CLOSED"
    published(api)


def test_of_two_proposals_for_one_code_one_is_published(api: Api) -> None:
    """The code names one catalog."""
    first, second = (propose(api, form())["proposal"]["id"] for _ in range(2))
    assert publish(api, first)["refusal"] is None
    assert publish(api, second)["refusal"]["code"] == "CATALOG_EXISTS"


@pytest.mark.registry("shared")
def test_a_malformed_catalog_is_refused(api: Api) -> None:
    """Its code, its entries, its day; an unknown proposal; and whoever is no administrator."""
    for changes, code in (
        ({"code": "Not A Code"}, "INVALID_INPUT"),
        ({"name": " "}, "INVALID_INPUT"),
        ({"entries": []}, "NO_CHANGES"),
        ({"entries": [entry(1, NURSE), entry(1, NURSE)]}, "ENTRY_EXISTS"),
        ({"entries": [entry(0, NURSE)]}, "INVALID_INPUT"),
        ({"effectiveFrom": "2023-10-31"}, "EFFECTIVE_TOO_EARLY"),
    ):
        assert propose(api, form(**changes))["refusal"]["code"] == code
    missing = "catalog-proposal.00000000-0000-0000-0000-000000000000"
    assert publish(api, missing)["refusal"]["code"] == "UNKNOWN_PROPOSAL"
    refused = api.ask(PROPOSE, {"input": form()}, api.token("REVIEWER"))["proposeCatalog"]
    assert refused["refusal"]["code"] == "NOT_PERMITTED"


def test_matching_searches_all_catalogs_or_one_by_its_code(api: Api) -> None:
    """A certificate of either catalog is found; asked for in the other one, it is not."""
    published(api)

    def match(certificate: dict[str, str], code: str | None = None) -> tuple[int | None, str]:
        found = api.ask(MATCH, {"certificate": certificate, "code": code})["matchCertificate"]
        return (found["entry"] or {"number": None})["number"], found["catalogVersion"]["catalogCode"]

    assert match(NURSE) == match(NURSE, FURTHER) == (1, FURTHER)
    assert match(ARCHITECT) == match(ARCHITECT, CODE) == (41, CODE)
    assert match(NURSE, CODE) == (None, CODE)
    assert match(ARCHITECT, FURTHER) == (None, FURTHER)
    case = api.submit(certificate=NURSE)
    [first, *_] = api.registry.journal.events_of(stream(case))
    assert (first.catalog_code, case["case"]["entry"]) == (FURTHER, {"number": 1})


def test_two_catalogs_that_contradict_one_another_decide_nothing(api: Api) -> None:
    """Both match automatically and award otherwise: both are offered to a reviewer, who reads why; by its code each is automatic."""
    published(api, entries=[entry(7, ARCHITECT) | {"awards": [{"title": "助理工程师", "level": "JUNIOR"}]}])
    found = api.ask(MATCH, {"certificate": ARCHITECT})["matchCertificate"]
    assert (found["outcome"], found["entry"], found["catalogVersion"]["catalogCode"]) == ("AMBIGUOUS", None, CODE)
    assert found["candidates"][0]["entry"]["number"] == 41
    assert any(FURTHER in reason for reason in found["candidates"][0]["reasons"])
    for code, number in ((CODE, 41), (FURTHER, 7)):
        single = api.ask(MATCH, {"certificate": ARCHITECT, "code": code})["matchCertificate"]
        assert single["entry"]["number"] == number
    case = api.submit(certificate=ARCHITECT, workField="金融")["case"]
    assert (case["status"], case["entry"]) == ("SUBMITTED", None)
    confirmed = api.decide("confirmMatch", case["id"], entryNumber=7, reason="read", catalogCode=FURTHER)
    assert confirmed["refusal"] is None


@pytest.mark.registry("shared")
def test_an_entry_that_nobody_could_ever_match_is_not_published(api: Api) -> None:
    """A name that says nothing but its body's: refused, and matching goes on for everybody."""
    nameless = entry(2, {"name": "Amazon", "issuingBody": "亚马逊"}) | {"translatedName": "亚马逊"}
    refusal = propose(api, form(entries=[entry(1, NURSE), nameless]))["refusal"]
    assert (refusal["code"], refusal["field"]) == ("NAME_UNREADABLE", "entries")
    assert "Entry 2" in refusal["message"]
