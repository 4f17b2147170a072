"""Amendments over the API: the whole effect before anyone signs, two administrators, one winner (article 5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.catalogs import (
    CODE,
    DISCARD,
    FIRST,
    PREVIEW,
    SECOND,
    added,
    administrator,
    amend,
    amendment,
    entry,
    issue,
    propose,
    revised,
    withdrawn,
)
from tests.api.conftest import Api

TODAY = "2026-11-23"
CISCO = {"name": "Cisco Certified Architect", "issuingBody": "思科（Cisco）"}


def preview(api: Api, form: dict[str, Any]) -> dict[str, Any]:
    """The preview of an amendment."""
    answer: dict[str, Any] = api.ask(PREVIEW, {"input": form}, administrator(api))["previewAmendment"]
    return answer


@pytest.mark.registry("shared")
def test_a_preview_shows_the_difference_field_by_field_and_records_nothing(api: Api) -> None:
    """A revision shows the fields that differ, an addition and a withdrawal every field."""
    before = api.registry.journal.last_position()
    form = amendment(
        1,
        TODAY,
        revised(api, 11, translatedName="电子技术员-信息系统技术方向"),
        added(101, "Cisco Certified Sample", "思科样例"),
        withdrawn(46),
    )
    found = preview(api, form)
    assert found["refusals"] == found["changesSince"] == []
    revision, addition, withdrawal = found["changes"]
    assert revision["fields"] == [
        {"name": "translatedName", "before": "电子技术员-信息系统术方向", "after": "电子技术员-信息系统技术方向"}
    ]
    assert {each["name"]: each["after"] for each in addition["fields"]} == {
        "qualificationName": "Cisco Certified Sample",
        "translatedName": "思科样例",
        "issuingBody": "思科（Cisco）",
        "awards": "工程师（中级）",
        "field": "数字经济",
    }
    assert [each["after"] for each in withdrawal["fields"]] == [None] * 5
    assert withdrawal["after"] is None
    assert api.registry.journal.last_position() == before


def test_a_preview_counts_the_pending_cases_and_current_titles_it_touches(api: Api) -> None:
    """Open cases on changed entries, all open cases with rematchPending, and current titles; decided cases are none."""
    api.submit(certificate=CISCO)
    api.submit(certificate={"name": "Cisco Certified Design Expert", "issuingBody": "思科（Cisco）"})
    done = api.approved(certificate=CISCO)
    _reach(api, done["position"])
    form = amendment(1, TODAY, withdrawn(41))
    touched = preview(api, form)
    assert (touched["pendingCasesAffected"], touched["titlesOnChangedEntries"]) == (1, 1)
    everything = preview(api, form | {"rematchPending": True})
    assert (everything["pendingCasesAffected"], everything["titlesOnChangedEntries"]) == (2, 1)


def test_a_preview_names_every_fault_at_once(api: Api) -> None:
    """Malformed texts, with their places, and everything the rules forbid; a proposal is refused for the first."""
    amend(api, amendment(1, TODAY, withdrawn(46)))
    form = amendment(
        1,
        "2026-11-01",
        added(46, "Cisco \u202e", " "),
        {"kind": "REVISED", "number": 999, "entry": entry(api, 11) | {"number": 0, "awards": []}},
        withdrawn(46),
        {"kind": "WITHDRAWN", "number": 12, "entry": entry(api, 12)},
        noticeTitle="",
    )
    found = preview(api, form)
    assert [(each["code"], each["field"]) for each in found["refusals"]] == [
        ("INVALID_INPUT", "noticeTitle"),
        ("INVALID_INPUT", "changes.0.entry.qualificationName"),
        ("INVALID_INPUT", "changes.0.entry.translatedName"),
        ("INVALID_INPUT", "changes.1.entry.number"),
        ("STALE_BASE_VERSION", "baseVersion"),
        ("EFFECTIVE_TOO_EARLY", "effectiveFrom"),
        ("ENTRY_EXISTS", "changes"),
        ("UNKNOWN_ENTRY", "changes"),
        ("CHANGE_INVALID", "changes"),
        ("CHANGE_INVALID", "changes"),
        ("ENTRY_WITHDRAWN", "changes"),
        ("CHANGE_INVALID", "changes"),
    ]
    assert all(each["message"].endswith(".") for each in found["refusals"])
    assert [version["number"] for version in found["changesSince"]] == [2]
    assert propose(api, form)["refusal"] == found["refusals"][0]


def test_an_amendment_is_the_act_of_two_administrators(api: Api) -> None:
    """The proposer cannot issue it; another can, once; a discarded one is closed."""
    proposed = propose(api, amendment(1, TODAY, withdrawn(46)))["amendment"]
    assert proposed["status"] == "PROPOSED"
    assert issue(api, proposed["id"], FIRST)["refusal"]["code"] == "SAME_ADMINISTRATOR"
    issued = issue(api, proposed["id"], SECOND)
    assert (issued["amendment"]["status"], issued["catalogVersion"]["number"]) == ("ISSUED", 2)
    assert issued["catalogVersion"]["entryCount"] == 99
    assert issue(api, proposed["id"], SECOND)["refusal"]["code"] == "AMENDMENT_CLOSED"
    other = propose(api, amendment(2, TODAY, withdrawn(47)))["amendment"]["id"]
    dropped = api.ask(DISCARD, {"id": other, "reason": "a slip"}, administrator(api))["discardAmendment"]
    assert dropped["amendment"]["status"] == "DISCARDED"
    assert issue(api, other)["refusal"]["code"] == "AMENDMENT_CLOSED"


def test_of_two_issued_at_once_one_wins_and_the_other_sees_what_changed(api: Api) -> None:
    """Both are based on version 1: one becomes version 2; the other is told to rebase, and on what."""
    first = propose(api, amendment(1, TODAY, withdrawn(46)))["amendment"]["id"]
    second = propose(api, amendment(1, TODAY, withdrawn(47)), SECOND)["amendment"]["id"]
    tokens = administrator(api, "third"), administrator(api, "fourth")
    assert all(tokens)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: issue(api, *each), [(first, "third"), (second, "fourth")]))
    [won] = [each for each in answers if each["refusal"] is None]
    [lost] = [each for each in answers if each["refusal"]]
    assert won["catalogVersion"]["number"] == 2
    assert lost["refusal"]["code"] == "STALE_BASE_VERSION"
    assert "version 2" in lost["refusal"]["message"]
    number = 46 if won is answers[0] else 47
    assert lost["changesSince"] == [{"number": 2, "changes": [{"kind": "WITHDRAWN", "number": number}]}]
    stale = propose(api, amendment(1, TODAY, withdrawn(48)))
    assert stale["refusal"]["code"] == "STALE_BASE_VERSION"
    assert [version["number"] for version in stale["changesSince"]] == [2]


@pytest.mark.registry("shared")
def test_two_who_propose_at_once_both_succeed(api: Api) -> None:
    """Proposing changes no version, so neither is told that the base is stale."""
    forms = [amendment(1, TODAY, withdrawn(number)) for number in (46, 47, 48, 49)]
    administrator(api)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda form: propose(api, form), forms))
    assert [each["refusal"] for each in answers] == [None] * 4
    assert len({each["amendment"]["id"] for each in answers}) == 4


@pytest.mark.registry("shared")
def test_only_administrators_amend(api: Api) -> None:
    """Everybody else is refused, and sees no preview."""
    form = amendment(1, TODAY, withdrawn(46))
    for role in ("APPLICANT", "REVIEWER", "AUDITOR", "VERIFIER"):
        assert api.code(PREVIEW, {"input": form}, api.token(role)) == "NOT_PERMITTED"


def test_an_entry_keeps_its_history_after_withdrawal(api: Api) -> None:
    """Every content it ever had, with the versions that had it; its number is not given again."""
    amend(api, amendment(1, TODAY, revised(api, 11, translatedName="电子技术员-信息系统技术方向")))
    amend(api, amendment(2, TODAY, withdrawn(11)))
    document = """query ($code: String!) { catalog(code: $code) {
        entryHistory(number: 11) { fromVersion untilVersion translatedName } version(number: 3) { entry(number: 11) { number } } } }"""
    catalog = api.ask(document, {"code": CODE})["catalog"]
    assert catalog["entryHistory"] == [
        {"fromVersion": 1, "untilVersion": 2, "translatedName": "电子技术员-信息系统术方向"},
        {"fromVersion": 2, "untilVersion": 3, "translatedName": "电子技术员-信息系统技术方向"},
    ]
    assert catalog["version"]["entry"] is None
    again = propose(api, amendment(3, TODAY, added(11, "Cisco Certified Sample", "思科样例")))
    assert again["refusal"]["code"] == "ENTRY_EXISTS"


def _reach(api: Api, position: str) -> None:
    """Wait until the read side holds a position."""
    document = 'query ($p: Position) { titles(holder: {idNumber: "330106199003077013"}, atLeast: $p) { id } }'
    api.ask(document, {"p": position}, api.token("AUDITOR"))
