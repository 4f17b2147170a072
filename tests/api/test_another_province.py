"""Another province: its file, its directory and its notice, and not one line of code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.values import SHANGHAI
from tests.api.conftest import COPY, Api, Clock, opened
from tests.api.test_deadlines import deadlines

FUJIAN = Path(__file__).parents[1] / "provinces" / "fujian" / "jurisdiction.toml"
GULOU, FUZHOU, XIAMEN = "350102-EI", "350100-EI", "350200-HR"
MARINE = {
    "name": "Chartered Marine Engineer",
    "issuingBody": "Institute of Marine Engineering",
    "certificateNumber": "IME-0042",
}
ORACLE = {
    "name": "Oracle Certified Associate, Database Administrator",
    "issuingBody": "甲骨文",
    "certificateNumber": "OCA-7",
}
VERIFY = """query ($n: String!, $p: Position) { verifyTitle(certificateNumber: $n, holderName: "王敏", atLeast: $p) {
    known valid title { title level caseNumber authority { code name } entry { number } catalogVersion { catalogCode } } } }"""


@pytest.fixture
def fujian(database: Any, tmp_path: Path, clock: Clock) -> Iterator[Api]:
    """The registry of another province."""
    with opened(database, tmp_path, clock, jurisdiction=FUJIAN) as api:
        yield api


def test_a_case_runs_from_submission_to_verification(fujian: Api) -> None:
    """Submitted, matched by itself, approved and verified under the other province's notice, prefix and authorities."""
    case = fujian.submit(authorityCode=GULOU, workField="海洋", certificate=MARINE)["case"]
    assert (case["status"], case["entry"], case["award"]["title"]) == ("MATCHED", {"number": 1}, "工程师")
    assert case["caseNumber"].startswith("FJ2026-")
    officer = fujian.token("REVIEWER", FUZHOU)
    done = fujian.decide("approveCase", case["id"], officer, workConsistent=True, countedExperienceMonths=0)
    assert done["refusal"] is None
    answer = fujian.ask(VERIFY, {"n": "ime 0042", "p": done["position"]})["verifyTitle"]
    assert (answer["known"], answer["valid"]) == (True, True)
    assert answer["title"]["catalogVersion"] == {"catalogCode": "fj-2025-digital-ocean"}
    assert answer["title"]["caseNumber"] == case["caseNumber"]
    assert answer["title"]["authority"]["name"].endswith("工业和信息化局")
    typed = case["caseNumber"].lower().replace("-", "")
    by_number = "query ($n: String) { case(caseNumber: $n) { status } }"
    assert fujian.ask(by_number, {"n": typed}, officer)["case"] == {"status": "APPROVED"}


def test_its_authorities_are_its_own(fujian: Api) -> None:
    """Only authorities of the province are known, and a city decides for its own counties only."""
    elsewhere = fujian.submit(authorityCode="330106-EI", certificate=MARINE)
    assert elsewhere["refusal"]["code"] == "UNKNOWN_AUTHORITY"
    case = fujian.submit(authorityCode=GULOU, certificate=ORACLE)["case"]
    seen = fujian.decide(
        "approveCase", case["id"], fujian.token("REVIEWER", XIAMEN), workConsistent=True, countedExperienceMonths=0
    )
    assert seen["refusal"]["code"] == "UNKNOWN_CASE"


def test_levels_are_awarded_by_those_whose_right_it_is(fujian: Api) -> None:
    """Where a county awards junior titles alone, it approves no 工程师; its city does, and the county a 助理工程师."""
    officer, city = fujian.token("REVIEWER", GULOU), fujian.token("REVIEWER", FUZHOU)
    terms: dict[str, Any] = {"workConsistent": True, "countedExperienceMonths": 0}
    higher = fujian.submit(authorityCode=GULOU, certificate=MARINE)["case"]
    refusal = fujian.decide("approveCase", higher["id"], officer, **terms)["refusal"]
    assert (refusal["code"], "INTERMEDIATE" in refusal["message"]) == ("BEYOND_COMPETENCE", True)
    assert fujian.decide("approveCase", higher["id"], city, **terms)["case"]["status"] == "APPROVED"
    lower = fujian.submit(authorityCode=GULOU, certificate=ORACLE)["case"]
    assert fujian.decide("approveCase", lower["id"], officer, **terms)["case"]["status"] == "APPROVED"


def test_recognition_begins_on_its_own_day(fujian: Api, clock: Clock) -> None:
    """Nothing is submitted before the other province's day of commencement, though Zhejiang's has passed long since."""
    clock.now = datetime(2024, 12, 31, 15, 59, tzinfo=UTC)
    refusal = fujian.submit(authorityCode=GULOU, certificate=MARINE)["refusal"]
    assert refusal["code"] == "BEFORE_COMMENCEMENT"
    assert "2025-01-01" in refusal["message"]


def test_its_integrity_records_stand_for_its_own_term(fujian: Api) -> None:
    """A revocation files a record for as many years as the other province gives."""
    case = fujian.submit(authorityCode=GULOU, certificate=MARINE)["case"]
    first, second = fujian.token("REVIEWER", FUZHOU, "first"), fujian.token("REVIEWER", FUZHOU, "second")
    fujian.decide("approveCase", case["id"], first, workConsistent=True, countedExperienceMonths=0)
    fujian.decide("proposeRevocation", case["id"], first, ground="forged", findings="never issued")
    served = fujian.clock.now.astimezone(SHANGHAI).date().isoformat()
    fujian.decide("giveNotice", case["id"], first, servedOn=served)
    fujian.decide("answerProposal", case["id"], fujian.token("APPLICANT"), statement="", waive=True)
    done = fujian.decide("confirmRevocation", case["id"], second)
    assert done["refusal"] is None
    with fujian.registry.database.pool.connection() as connection:
        [(filed, until)] = connection.execute(
            "SELECT convert_from(state, 'UTF8')::jsonb ->> 'filed_on', convert_from(state, 'UTF8')::jsonb ->> 'lapses_on'"
            " FROM registry.events WHERE topic = 'integrity-record.filed'"
        ).fetchall()
    assert int(until[:4]) - int(filed[:4]) == 5


def test_its_clocks_are_its_own(fujian: Api) -> None:
    """Each period is as many days as the other province gives: to accept, to supplement, to decide, to be heard, to ask for a review."""
    officer = fujian.token("REVIEWER", FUZHOU)
    case = fujian.submit(authorityCode=GULOU, certificate=MARINE)["case"]["id"]
    assert deadlines(fujian, case) == [("ACCEPT", "2026-11-26", "DUE_SOON"), ("DECIDE", "2027-01-04", "RUNNING")]
    assert fujian.decide("requestSupplement", case, officer, reason="a copy can't be read")["refusal"] is None
    assert ("SUPPLEMENT", "2026-12-07", "RUNNING") in deadlines(fujian, case)
    supplied = fujian.decide("supplementCase", case, fujian.token("APPLICANT"), evidence=[COPY])
    assert supplied["refusal"] is None
    approved = fujian.decide("approveCase", case, officer, workConsistent=True, countedExperienceMonths=0)
    assert approved["refusal"] is None
    assert ("REVIEW", "2027-01-22", "RUNNING") in deadlines(fujian, case)
    proposed = fujian.decide("proposeAnnulment", case, officer, ground="basis", findings="the diploma was not there")
    assert proposed["refusal"] is None
    assert fujian.decide("giveNotice", case, officer, servedOn="2026-11-23")["refusal"] is None
    assert ("ANSWER", "2026-12-02", "RUNNING") in deadlines(fujian, case)


def test_a_title_that_stands_is_surrendered_before_its_holder_is_erased(fujian: Api) -> None:
    """Where the other province keeps whoever holds a title, an erasure is refused and says so; after the surrender it is done."""
    case = fujian.submit(authorityCode=GULOU, certificate=MARINE)["case"]
    officer, privacy = fujian.token("REVIEWER", FUZHOU), fujian.token("PRIVACY_OFFICER")
    fujian.decide("approveCase", case["id"], officer, workConsistent=True, countedExperienceMonths=0)
    erase = """mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL article 47, request 7") {
        refusal { code message } } }"""
    refusal = fujian.ask(erase, {"ref": case["holder"]["ref"]}, privacy)["eraseHolder"]["refusal"]
    assert (refusal["code"], "surrender" in refusal["message"]) == ("RETENTION_REQUIRED", True)
    given_up = fujian.decide("surrenderTitle", case["id"], fujian.token("APPLICANT"), reason="moved away")
    assert given_up["refusal"] is None
    assert fujian.ask(erase, {"ref": case["holder"]["ref"]}, privacy)["eraseHolder"]["refusal"] is None
