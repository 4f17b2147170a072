"""The course of a case over GraphQL: every mutation, its effect, and what is read back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import HANGZHOU, NINGBO, XIHU, Api

pytestmark = pytest.mark.registry("shared")

TITLES = """query ($number: String!, $asOf: DateTime, $atLeast: Position) {
  titles(holder: {idNumber: $number}, asOf: $asOf, atLeast: $atLeast) {
    id title level status field caseNumber recognizedOn revokedOn revocationGround validForAppointment validForPromotion
    countedExperienceMonths holder { name } entry { number } catalogVersion { number } authority { code name } } }"""
HISTORY = """query ($id: ID!, $atLeast: Position) { case(id: $id, atLeast: $atLeast) { version history {
    position version type recordedAt actor { subject role authorityCode } reason summary data
    state { version status entry { number } title { status } } } } }"""


def test_a_listed_certificate_becomes_a_title(api: Api) -> None:
    """Submitted, matched by rule, approved: the holder's titles show it, valid as article 3 says."""
    payload = api.submit(holder={"name": "王敏", "idNumber": "330106199003077013"})
    case = payload["case"]
    assert payload["refusal"] is None
    assert (case["status"], case["entry"]["number"], case["award"]["title"]) == ("MATCHED", 58, "工程师")
    decided = api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=26)
    assert decided["case"]["status"] == "APPROVED"
    [title] = api.ask(TITLES, {"number": "330106199003077013", "atLeast": decided["position"]}, api.token("VERIFIER"))[
        "titles"
    ]
    assert (title["title"], title["level"], title["status"]) == ("工程师", "INTERMEDIATE", "CURRENT")
    assert (title["validForAppointment"], title["validForPromotion"], title["countedExperienceMonths"]) == (
        True,
        True,
        26,
    )
    assert title["entry"]["number"] == 58
    assert title["authority"] == {"code": XIHU, "name": "杭州市西湖区经济和信息化局"}


def test_without_consistent_work_a_title_is_neither_for_appointment_nor_for_promotion(api: Api) -> None:
    """Article 3, the other way round."""
    case = api.submit()["case"]
    title = api.decide("approveCase", case["id"], workConsistent=False)["case"]["title"]
    assert (title["validForAppointment"], title["validForPromotion"], title["countedExperienceMonths"]) == (
        False,
        False,
        0,
    )


def test_a_revoked_title_is_shown_as_revoked_and_reinstated_as_current(api: Api) -> None:
    """Article 4: two officers revoke; a review may overturn it."""
    number = "330106199003079991"
    case = api.approved(holder={"name": "赵磊", "idNumber": number})["case"]
    api.decide("proposeRevocation", case["id"], ground="forged", findings="the body never issued it")
    same = api.decide("confirmRevocation", case["id"])
    assert same["refusal"]["code"] == "SAME_OFFICER"
    other = api.token("REVIEWER", XIHU, "second-officer")
    assert api.decide("confirmRevocation", case["id"], other)["refusal"]["code"] == "NOTICE_NOT_GIVEN"
    assert api.heard(case["id"])["refusal"] is None
    revoked = api.decide("confirmRevocation", case["id"], other)
    assert revoked["case"]["status"] == "REVOKED"
    reviewer = api.token("REVIEWER", XIHU)
    [title] = api.ask(TITLES, {"number": number, "atLeast": revoked["position"]}, reviewer)["titles"]
    assert (title["status"], title["revocationGround"], title["validForAppointment"]) == ("REVOKED", "forged", False)
    assert title["revokedOn"] == "2026-11-23"
    mine = api.decide("reinstateTitle", case["id"], other, reason="the body confirmed it after all")
    assert mine["refusal"]["code"] == "SAME_OFFICER"
    back = api.reinstated(case["id"])
    [title] = api.ask(TITLES, {"number": number, "atLeast": back["position"]}, reviewer)["titles"]
    assert (title["status"], title["revokedOn"]) == ("CURRENT", None)


def test_an_unlisted_certificate_is_rejected_and_leads_to_no_title(api: Api) -> None:
    """Nothing matches; approval is refused, rejection closes the case, and the certificate is free again."""
    certificate = {"name": "Certified ScrumMaster", "issuingBody": "Scrum Alliance", "certificateNumber": "CSM-1"}
    case = api.submit(certificate=certificate)["case"]
    assert (case["status"], case["entry"]) == ("SUBMITTED", None)
    assert api.decide("approveCase", case["id"], workConsistent=True)["refusal"]["code"] == "NOT_MATCHED"
    assert api.submit(certificate=certificate, evidence=[])["refusal"]["code"] == "CERTIFICATE_ALREADY_CLAIMED"
    assert api.decide("rejectCase", case["id"], reason="not listed")["case"]["status"] == "REJECTED"
    assert api.submit(certificate=certificate)["refusal"] is None


def test_a_graded_entry_stays_open_until_the_grade_is_confirmed(api: Api) -> None:
    """Entries 88-90 award by grade: without one the entry matches and the title is open."""
    certificate = {"name": "固体力学分野の有限要素法解析技術者2级、1级", "issuingBody": "日本机械工程师协会JSME"}
    case = api.submit(certificate=certificate)["case"]
    if case["entry"] is None:
        case = api.decide("confirmMatch", case["id"], entryNumber=88, reason="read the certificate")["case"] | case
    assert api.decide("approveCase", case["id"], workConsistent=True)["refusal"]["code"] == "TITLE_OPEN"
    refused = api.decide("confirmMatch", case["id"], entryNumber=88, grade="3级", reason="as printed")
    assert refused["refusal"]["code"] == "UNKNOWN_GRADE"
    confirmed = api.decide("confirmMatch", case["id"], entryNumber=88, grade="2级", reason="as printed")
    assert confirmed["case"]["award"] == {"title": "助理工程师", "grade": "2级"}
    assert api.decide("approveCase", case["id"], workConsistent=True)["case"]["status"] == "APPROVED"


def test_a_supplement_is_asked_for_and_given(api: Api) -> None:
    """The case waits for the supplement; approval meanwhile is refused; afterwards it stands where it stood."""
    case = api.submit()["case"]
    assert (
        api.decide("requestSupplement", case["id"], reason="a copy, please")["case"]["status"] == "SUPPLEMENT_REQUESTED"
    )
    assert api.decide("approveCase", case["id"], workConsistent=True)["refusal"]["code"] == "WRONG_STATE"
    evidence = [
        {"sha256": "ab" * 32, "fileName": "copy.pdf", "mediaType": "application/pdf", "size": 1234, "kind": "COPY"}
    ]
    given = api.decide("supplementCase", case["id"], api.token("APPLICANT"), evidence=evidence)
    assert (given["refusal"], given["case"]["status"]) == (None, "MATCHED")


def test_a_case_is_transferred_and_decided_where_it_went(api: Api) -> None:
    """The first authority loses jurisdiction, and with it sight of the case; the second has it."""
    case = api.submit()["case"]
    moved = api.decide("transferCase", case["id"], authorityCode=NINGBO, reason="works there")
    assert moved["case"]["authority"]["code"] == NINGBO
    assert api.decide("approveCase", case["id"], workConsistent=True)["refusal"]["code"] == "UNKNOWN_CASE"
    ningbo = api.token("REVIEWER", NINGBO)
    assert api.decide("approveCase", case["id"], ningbo, workConsistent=True)["case"]["status"] == "APPROVED"


def test_a_city_decides_for_its_districts(api: Api) -> None:
    """Article 1: jurisdiction covers the divisions below."""
    case = api.submit()["case"]
    decided = api.decide("approveCase", case["id"], api.token("REVIEWER", HANGZHOU), workConsistent=True)
    assert decided["case"]["status"] == "APPROVED"


def test_an_applicant_withdraws_their_case(api: Api) -> None:
    """Withdrawn is terminal."""
    case = api.submit()["case"]
    assert (
        api.decide("withdrawCase", case["id"], api.token("APPLICANT"), reason="my mistake")["case"]["status"]
        == "WITHDRAWN"
    )
    assert api.decide("rejectCase", case["id"], reason="late")["refusal"]["code"] == "CASE_CLOSED"


def test_history_shows_each_event_and_the_state_it_left(api: Api) -> None:
    """Submitted, matched by the registry, approved: with who, when and the state after each."""
    done = api.approved()
    variables = {"id": done["case"]["id"], "atLeast": done["position"]}
    history = api.ask(HISTORY, variables, api.token("REVIEWER", XIHU))["case"]["history"]
    assert [event["type"] for event in history] == [
        "recognition-case.submitted",
        "recognition-case.matched",
        "recognition-case.approved",
    ]
    assert [event["state"]["status"] for event in history] == ["SUBMITTED", "MATCHED", "APPROVED"]
    assert [event["actor"]["role"] for event in history] == ["APPLICANT", "SYSTEM", "REVIEWER"]
    assert [event["version"] for event in history] == [event["state"]["version"] for event in history] == [1, 2, 3]
    positions = [int(event["position"]) for event in history]
    assert positions == sorted(positions)
    assert history[2]["state"]["title"] == {"status": "CURRENT"}


def test_a_case_is_read_as_of_an_instant_and_at_a_version(api: Api) -> None:
    """What the registry knew then, not what it knows now."""
    done = api.approved()
    case, reviewer = done["case"], api.token("REVIEWER", XIHU)
    history = api.ask(HISTORY, {"id": case["id"], "atLeast": done["position"]}, reviewer)["case"]["history"]
    document = """query ($id: ID!, $asOf: DateTime, $atVersion: Int, $atLeast: Position) {
        case(id: $id, asOf: $asOf, atVersion: $atVersion, atLeast: $atLeast) { status version history { version } } }"""
    then = api.ask(document, {"id": case["id"], "asOf": history[0]["recordedAt"]}, reviewer)["case"]
    assert (then["status"], then["version"], len(then["history"])) == ("MATCHED", 2, 2)
    first = api.ask(document, {"id": case["id"], "atVersion": 1}, reviewer)["case"]
    assert (first["status"], len(first["history"])) == ("SUBMITTED", 1)
    before = api.ask(document, {"id": case["id"], "asOf": "2026-01-01T00:00:00+08:00"}, reviewer)["case"]
    assert before is None


def test_titles_as_of_an_instant_come_from_the_events(api: Api) -> None:
    """Before the approval none, between approval and revocation a current one, afterwards a revoked one."""
    number = "330106199003078884"
    case = api.approved(holder={"name": "钱多", "idNumber": number})["case"]
    done = api.revoked(case["id"])
    reviewer = api.token("REVIEWER", XIHU)
    history = api.ask(HISTORY, {"id": case["id"], "atLeast": done["position"]}, reviewer)["case"]["history"]
    at = {event["type"].split(".")[1]: event["recordedAt"] for event in history}

    def statuses(instant: Any) -> list[str]:
        variables = {"number": number, "asOf": instant, "atLeast": done["position"]}
        return [title["status"] for title in api.ask(TITLES, variables, reviewer)["titles"]]

    assert statuses(at["matched"]) == []
    assert statuses(at["approved"]) == statuses(at["revocation-proposed"]) == ["CURRENT"]
    assert statuses(at["revoked"]) == statuses(None) == ["REVOKED"]
