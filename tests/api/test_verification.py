"""Whether somebody has a title, asked by downstream systems: by certificate or by case, one question or many."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api

pytestmark = pytest.mark.registry("shared")

ONE = """query ($certificate: String, $case: String, $name: String!, $at: Position, $title: String) {
    verifyTitle(certificateNumber: $certificate, caseNumber: $case, holderName: $name, atLeast: $at, title: $title) {
        known valid title { title status caseNumber } } }"""
MANY = """query ($questions: [VerificationInput!]!, $at: Position, $asOf: DateTime) {
    verifyTitles(questions: $questions, atLeast: $at, asOf: $asOf) { known valid title { status caseNumber } } }"""


def approved(api: Api, name: str, certificate: str) -> tuple[str, str, str]:
    """A title; the case's identifier and number, and the position to wait for."""
    case = api.submit(
        holder={"name": name, "idType": "PASSPORT", "idNumber": f"E{abs(hash((name, certificate))) % 10**8:08d}"},
        certificate={"certificateNumber": certificate},
    )["case"]
    done = api.decide("approveCase", case["id"], workConsistent=True)
    assert done["refusal"] is None
    return case["id"], case["caseNumber"], done["position"]


def test_a_title_is_verified_by_the_number_of_its_case(api: Api) -> None:
    """A certificate without a number leads to a title too, which the case's number finds, however it is written."""
    _, number, at = approved(api, "王敏", "V-1")
    for written in (number, number.lower(), f" {number} "):
        found = api.ask(ONE, {"case": written, "name": "王敏", "at": at})["verifyTitle"]
        assert (found["known"], found["valid"], found["title"]["caseNumber"]) == (True, True, number)
    for case, name in ((number, "王明"), ("ZJ2026-0000-0000", "王敏")):
        assert api.ask(ONE, {"case": case, "name": name, "at": at})["verifyTitle"] == {
            "known": False,
            "valid": False,
            "title": None,
        }


@pytest.mark.parametrize("numbers", [{}, {"certificate": "V-2", "case": "ZJ2026-0000-0000"}])
def test_a_question_names_exactly_one_number(api: Api, numbers: dict[str, str]) -> None:
    """By certificate or by case: both or none is no question."""
    assert api.code(ONE, {**numbers, "name": "王敏"}) == "BAD_USER_INPUT"


def test_many_questions_are_answered_in_their_order(api: Api) -> None:
    """Each as it would be alone: known and valid, known and ended, of another person, unknown."""
    _, first, _ = approved(api, "李强", "V-3")
    ended, second, _ = approved(api, "赵磊", "V-4")
    at = api.revoked(ended)["position"]
    questions: list[dict[str, Any]] = [
        {"certificateNumber": "V-3", "holderName": "李强"},
        {"caseNumber": second, "holderName": "赵磊"},
        {"certificateNumber": "V-3", "holderName": "赵磊"},
        {"certificateNumber": "nobody's", "holderName": "李强"},
        {"caseNumber": first, "holderName": "李强", "title": "高级工程师"},
        {"certificateNumber": "V-4", "holderName": "赵磊"},
    ]
    answers = api.ask(MANY, {"questions": questions, "at": at}, api.token("VERIFIER"))["verifyTitles"]
    assert [(each["known"], each["valid"]) for each in answers] == [
        (True, True),
        (True, False),
        (False, False),
        (False, False),
        (False, False),
        (True, False),
    ]
    assert [each["title"] and each["title"]["status"] for each in answers] == [
        "CURRENT",
        "REVOKED",
        None,
        None,
        None,
        "REVOKED",
    ]


TOLD = """query ($questions: [VerificationInput!]!, $at: Position, $asOf: DateTime) {
    verifyTitles(questions: $questions, atLeast: $at, asOf: $asOf) { known valid outcome fault asOf title { status } } }"""
SENTENCES = {
    "certificateNumber": ("`certificateNumber` is empty; fill it in.", "`certificateNumber`为空，请填写。"),
    "caseNumber": (
        "`caseNumber` is no number of a case; write it as ZJ2026-4T9QK-7H2MB.",
        "`caseNumber`不是申请编号，请按`ZJ2026-4T9QK-7H2MB`的形式填写。",
    ),
    "holderName": ("`holderName` is empty; fill it in.", "`holderName`为空，请填写。"),
    "title": ("`title` is empty; fill it in.", "`title`为空，请填写。"),
}


def test_unknown_is_told_apart_from_what_ended_and_from_what_is_malformed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each question it is said whether the registry holds a title, held one that ended, holds none, or was asked about nothing.

    One malformed question takes no other's answer away, and says in the reader's language what to mend; both read paths agree.
    """
    _, stands, _ = approved(api, "李强", "V-7")
    case, _, _ = approved(api, "赵磊", "V-8")
    ended = api.revoked(case)["position"]
    malformed = [
        ("certificateNumber", {"certificateNumber": " -/ ", "holderName": "李强"}),
        ("caseNumber", {"caseNumber": "V-7", "holderName": "李强"}),
        ("caseNumber", {"caseNumber": "", "holderName": "李强"}),
        ("holderName", {"certificateNumber": "V-7", "holderName": " · "}),
        ("title", {"certificateNumber": "V-7", "holderName": "李强", "title": " "}),
    ]
    sound = [
        ("CURRENT", {"caseNumber": stands.lower(), "holderName": "李强"}),
        ("ENDED", {"certificateNumber": "V-8", "holderName": "赵磊"}),
        ("UNKNOWN", {"certificateNumber": "V-9", "holderName": "李强"}),
        ("UNKNOWN", {"caseNumber": "ZJ2026-00000-00000", "holderName": "李强"}),
        ("UNKNOWN", {"certificateNumber": "V-7", "holderName": "赵磊"}),
    ]
    asked = {"questions": [question for _, question in (*malformed, *sound)], "at": ended}
    token = api.token("VERIFIER")
    for place, (language, as_of) in enumerate((("en", None), ("zh", "2999-01-01T00:00:00Z"))):
        monkeypatch.setitem(api.client.headers, "Accept-Language", language)
        answers = api.ask(TOLD, {**asked, "asOf": as_of}, token)["verifyTitles"]
        faults, found = answers[: len(malformed)], answers[len(malformed) :]
        assert [each["fault"] for each in faults] == [SENTENCES[field][place] for field, _ in malformed]
        assert all((e["outcome"], e["known"], e["title"]) == ("MALFORMED", False, None) for e in faults)
        assert [each["outcome"] for each in found] == [outcome for outcome, _ in sound]
        assert [each["fault"] for each in found] == [None] * len(sound)
        assert [(each["known"], each["valid"]) for each in found] == [
            (outcome != "UNKNOWN", outcome == "CURRENT") for outcome, _ in sound
        ]
        assert [each["title"] is not None for each in found] == [each["known"] for each in found]
        assert all(each["asOf"] < "2999" for each in answers), "nobody knows what is to come"


@pytest.mark.registry("own")
def test_so_many_and_no_more(api: Api) -> None:
    """500 questions are one call; one more is refused, and says so; none are answered with none."""
    question = {"certificateNumber": "V-5", "holderName": "王敏"}
    token = api.token("VERIFIER")
    assert api.ask(MANY, {"questions": []}, token) == {"verifyTitles": []}
    answers = api.ask(MANY, {"questions": [question] * 500}, token)["verifyTitles"]
    assert len(answers) == 500
    assert api.code(MANY, {"questions": [question] * 501}, token) in {"BAD_USER_INPUT", "LIMIT_LIST"}


@pytest.mark.registry("own")
def test_each_question_counts(api: Api) -> None:
    """Nobody guesses faster by asking many questions at once: an address without a token has so many a minute."""
    questions = [{"certificateNumber": f"V-6-{n}", "holderName": "王敏"} for n in range(15)]
    assert len(api.ask(MANY, {"questions": questions})["verifyTitles"]) == 15
    assert api.code(MANY, {"questions": questions}) == "RATE_LIMITED"
    assert api.code(MANY, {"questions": questions * 2}) == "BAD_USER_INPUT"
