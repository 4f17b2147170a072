"""Another province: its file, its directory and its notice, and not one line of code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.values import SHANGHAI
from tests.api.conftest import Api, Clock, opened

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
