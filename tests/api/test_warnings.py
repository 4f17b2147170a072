"""What an officer is told before deciding, and whom the integrity archive answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.values import Role
from tests.api.conftest import NINGBO, XIHU, Api
from tests.api.test_claims import ONE, TWO, approved, case_of, confirmed, ended, submitted

WARNINGS = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) {
    caseNumber warnings { code message relatedCaseNumber } history { state { warnings { code } } } } }"""
RECORDS = """query ($holder: HolderInput, $on: Date, $p: Position, $first: Int) {
    integrityRecords(holder: $holder, inForceOn: $on, atLeast: $p, first: $first) { totalCount nodes {
        id caseNumber filedOn lapsesOn overturned ground findings authority { code } holder { ref name idNumber } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id ... on IntegrityRecord { overturned ground } } }"
DATED = {"name": "王小明", "idType": "RESIDENT_ID", "idNumber": "11010519491231002X"}


def warnings(api: Api, case: Any, token: str | None = None) -> list[tuple[str, str]]:
    """The warnings of a case as its reviewer reads them, once the read side holds everything: codes and other cases."""
    position = str(api.registry.journal.last_position())
    read = api.ask(WARNINGS, {"id": case["id"], "p": position}, token or api.token("REVIEWER", XIHU))["case"]
    assert all(each["state"]["warnings"] == [] for each in read["history"])
    return [(each["code"], each["relatedCaseNumber"]) for each in read["warnings"]]


def records(api: Api, token: str, **variables: Any) -> list[dict[str, Any]]:
    """What the archive answers."""
    position = str(api.registry.journal.last_position())
    answer = api.ask(RECORDS, {"p": position} | variables, token)["integrityRecords"]
    assert answer["totalCount"] >= len(answer["nodes"])
    nodes: list[dict[str, Any]] = answer["nodes"]
    return nodes


def fraud(api: Api, person: dict[str, Any] = ONE) -> Any:
    """A case whose title was revoked for fraud."""
    case = case_of(submitted(api, person))
    case_of(approved(api, case))
    ended(api, case, "Revocation")
    return case


def test_both_cases_of_a_contested_certificate_bear_a_warning(api: Api) -> None:
    """Each names the other; their applicants are told nothing."""
    first, second = case_of(submitted(api, ONE)), case_of(submitted(api, TWO))
    assert warnings(api, first) == [("CERTIFICATE_CONTESTED", second["caseNumber"])]
    assert warnings(api, second) == [("CERTIFICATE_CONTESTED", first["caseNumber"])]
    for token in (api.token("APPLICANT"), api.token("AUDITOR"), api.token("ADMINISTRATOR")):
        assert warnings(api, first, token) == []
    case_of(approved(api, second))
    assert warnings(api, second) == []


def test_contested_cases_are_listed_for_their_officers_alone(api: Api) -> None:
    """Exactly the cases whose officer is warned: no case of another's office, nothing to applicants, auditors, or of one's own case."""
    first, second = case_of(submitted(api, ONE)), case_of(submitted(api, TWO))
    alone = case_of(submitted(api, ONE | {"idNumber": "P4000099"}, certificate={"certificateNumber": "N2"}))
    document = """query ($filter: CaseFilter!, $p: Position) {
      cases(filter: $filter, atLeast: $p) { totalCount nodes { caseNumber } } }"""

    def contested(token: str, **more: Any) -> list[str]:
        position = str(api.registry.journal.last_position())
        answer = api.ask(document, {"filter": {"contested": True} | more, "p": position}, token)["cases"]
        assert answer["totalCount"] == len(answer["nodes"])
        return sorted(each["caseNumber"] for each in answer["nodes"])

    officer, both = api.token("REVIEWER", XIHU), sorted([first["caseNumber"], second["caseNumber"]])
    assert contested(officer) == both
    assert contested(officer, status=["APPROVED"]) == []
    assert len(api.ask(document, {"filter": {"contested": False}}, officer)["cases"]["nodes"]) == 3
    for token in (api.token("APPLICANT"), api.token("AUDITOR"), api.token("REVIEWER", NINGBO)):
        assert contested(token) == []
    own = api.issuer.issue(Role.REVIEWER, "themselves", XIHU, UUID(first["holder"]["ref"]))
    assert contested(own) == [second["caseNumber"]]
    case_of(api.decide("rejectCase", first["id"], reason="not theirs"))
    assert contested(officer) == [first["caseNumber"]]
    assert "CERTIFICATE_CONTESTED" not in {code for code, _ in warnings(api, second)}
    assert ("CERTIFICATE_CONTESTED", second["caseNumber"]) in warnings(api, first)
    assert alone["caseNumber"] not in both


def test_a_contest_that_a_match_by_hand_brings_about_is_shown(api: Api) -> None:
    """A claim moved to the body of the match is found under it."""
    other = {"name": "Cloud architect (pro)", "issuingBody": "Some Institute"}
    first, second = case_of(submitted(api, ONE)), case_of(submitted(api, TWO, certificate=other))
    assert warnings(api, second) == []
    case_of(confirmed(api, second, 58))
    assert warnings(api, second) == [("CERTIFICATE_CONTESTED", first["caseNumber"])]


def test_an_integrity_record_in_force_is_shown_on_a_new_case(api: Api) -> None:
    """For its term of three years, and not after it."""
    old = fraud(api)
    new = case_of(submitted(api, ONE, certificate={"certificateNumber": "N2"}))
    assert warnings(api, new) == [("INTEGRITY_RECORD_IN_FORCE", old["caseNumber"])]
    api.clock.now += timedelta(days=3 * 366)
    assert warnings(api, new) == []


def test_one_number_under_two_names_is_shown(api: Api) -> None:
    """Width, case, blanks, and which middle dot somebody typed make no other name."""
    first = case_of(submitted(api, ONE | {"name": "Ada·King"}))
    same = case_of(submitted(api, ONE | {"name": "ＡＤＡ•KING"}, certificate={"name": "x", "certificateNumber": "N2"}))
    assert warnings(api, same) == []
    other = case_of(submitted(api, ONE | {"name": "Ada Byron"}, certificate={"name": "y", "certificateNumber": "N3"}))
    assert warnings(api, other) == [("NAME_DIFFERS", first["caseNumber"]), ("NAME_DIFFERS", same["caseNumber"])]


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        (DATED, {"idType": "PASSPORT", "idNumber": "E7654321"}, True),
        ({"idType": "PASSPORT", "idNumber": "E1234567"}, {"idType": "PASSPORT", "idNumber": "E7654321"}, True),
        (DATED, {"idType": "RESIDENT_ID", "idNumber": "330106194912310019"}, True),
        (DATED, {"idType": "RESIDENT_ID", "idNumber": "330106199003070014"}, False),
        (DATED, {"name": "李强", "idType": "PASSPORT", "idNumber": "E7654321"}, False),
        ({"name": "买买提·艾力"}, {"name": "买买提‧艾力", "idType": "PASSPORT", "idNumber": "E7654321"}, True),
    ],
    ids=["passport", "two passports", "same day of birth", "another day of birth", "another name", "another dot"],
)
def test_a_holder_under_two_documents_is_shown(api: Api, one: Any, two: Any, alike: bool) -> None:
    """The same name, and no day of birth that says otherwise."""
    first = case_of(submitted(api, DATED | one))
    second = case_of(submitted(api, DATED | two, certificate={"certificateNumber": "N2"}))
    assert warnings(api, second) == ([("SAME_PERSON_PERHAPS", first["caseNumber"])] if alike else [])
    assert warnings(api, first) == ([("SAME_PERSON_PERHAPS", second["caseNumber"])] if alike else [])


def test_a_list_of_cases_asks_for_all_warnings_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cases there are, what surrounds them is asked for once."""
    cases = [case_of(submitted(api, {**ONE, "idNumber": f"P400000{n}"})) for n in range(6)]
    asked: list[int] = []
    reads = type(api.registry.reads)
    by_key = reads.by_key

    async def counted(self: Any, question: Any) -> Any:
        asked.append(len(question.keys))
        return await by_key(self, question)

    monkeypatch.setattr(reads, "by_key", counted)
    document = "query ($p: Position) { cases(atLeast: $p) { nodes { warnings { code relatedCaseNumber } } } }"
    position = str(api.registry.journal.last_position())
    nodes = api.ask(document, {"p": position}, api.token("REVIEWER", XIHU))["cases"]["nodes"]
    assert [len({each["relatedCaseNumber"] for each in node["warnings"]}) for node in nodes] == [5] * len(cases)
    assert len(asked) == 4  # holders, certificates, other cases, records


def test_the_archive_answers_auditors_officers_concerned_and_the_person(api: Api) -> None:
    """Officers see whom they have a case of; a reviewer elsewhere, an applicant and everybody else see nothing, or may not ask."""
    case = fraud(api)
    auditor, reviewer = api.token("AUDITOR"), api.token("REVIEWER", XIHU)
    [seen] = records(api, auditor)
    assert (seen["caseNumber"], seen["overturned"], seen["authority"]["code"]) == (case["caseNumber"], False, XIHU)
    assert (seen["filedOn"], seen["lapsesOn"]) == ("2026-11-23", "2029-11-23")
    assert (seen["ground"], seen["findings"], seen["holder"]["name"]) == (None, None, None)
    [officially] = records(api, reviewer, holder={"idType": "PASSPORT", "idNumber": ONE["idNumber"]})
    assert (officially["ground"], officially["findings"]) == ("forged", "the body never issued it")
    assert officially["holder"]["name"] == ONE["name"]
    assert records(api, reviewer, holder={"idType": "PASSPORT", "idNumber": "P9990000"}) == []
    assert records(api, api.token("REVIEWER", NINGBO)) == records(api, api.token("APPLICANT")) == []
    person = api.issuer.issue(Role.APPLICANT, "themselves", holder=UUID(case["holder"]["ref"]))
    [own] = records(api, person)
    assert (own["ground"], own["holder"]["idNumber"]) == ("forged", ONE["idNumber"])
    for role in ("VERIFIER", "ADMINISTRATOR"):
        assert api.code(RECORDS, {}, api.token(role)) == "NOT_PERMITTED"


def test_an_officer_elsewhere_sees_the_record_once_they_have_a_case_of_the_person(api: Api) -> None:
    """Whom they decide about, they know; and the node is seen by those who see the row."""
    fraud(api)
    ningbo = api.token("REVIEWER", NINGBO)
    [record] = records(api, api.token("AUDITOR"))
    assert api.ask(NODE, {"id": record["id"]}, ningbo)["node"] is None
    case_of(submitted(api, ONE, certificate={"certificateNumber": "N2"}, authorityCode=NINGBO))
    [seen] = records(api, ningbo)
    assert seen["ground"] == "forged"
    assert api.ask(NODE, {"id": record["id"]}, ningbo)["node"] == {
        "id": record["id"],
        "overturned": False,
        "ground": "forged",
    }


def test_an_overturned_record_is_the_auditors_and_the_persons(api: Api) -> None:
    """It is in force no longer, and stays to be read."""
    case = fraud(api)
    third, fourth = api.token("REVIEWER", XIHU, "third"), api.token("REVIEWER", XIHU, "fourth")
    api.decide("reinstateTitle", case["id"], third, reason="the body confirmed it")
    case_of(api.decide("confirmReinstatement", case["id"], fourth))
    [record] = records(api, api.token("AUDITOR"))
    assert record["overturned"] is True
    assert records(api, api.token("AUDITOR"), on="2026-11-23") == records(api, third) == []
    new = case_of(submitted(api, ONE, certificate={"name": "x", "certificateNumber": "N2"}))
    assert warnings(api, new) == []
