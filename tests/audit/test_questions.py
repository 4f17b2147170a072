"""What auditors ask over the API: the findings of the last run, a sample that can be drawn again, a decision derived again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from application.audit import AuditRun
from domain.case.events import Approved
from domain.values import SHANGHAI
from infrastructure.audit.check import Stopped, check_all
from infrastructure.audit.nightly import due
from infrastructure.audit.runs import EventsUnlawfulError, last_findings, require_lawful
from tests.audit.conftest import Office

FINDINGS = """query ($stream: ID, $first: Int, $after: String) { auditFindings(streamId: $stream, first: $first, after: $after) {
    checkedThrough checkedAt pageInfo { hasNextPage endCursor }
    nodes { code rule message streamId version position } } }"""
SAMPLE = """query ($seed: String!, $size: Int!, $upTo: Position, $filter: CaseFilter) {
    auditSample(seed: $seed, size: $size, upTo: $upTo, filter: $filter) { id } }"""
REDERIVE = """query ($case: ID!, $version: Int) { rederive(caseId: $case, catalogVersion: $version) {
    catalogVersion { number } ruleSet same notDerivable award { title }
    match { outcome entry { number } candidates { reasons } } } }"""


def test_the_findings_of_the_last_run_are_asked_for(office: Office) -> None:
    """Nothing before the first run; then each finding with its place and a sentence in the asker's language, page by page."""
    api, auditor = office.api, office.api.token("AUDITOR")
    api.approved()
    assert api.ask(FINDINGS, None, auditor)["auditFindings"]["checkedThrough"] is None
    stream, version, position = office.place(Approved.TOPIC)
    office.as_owner("UPDATE registry.events SET actor_subject = 'x', client = 'y' WHERE position = %s", position)
    done = office.check()
    page = api.ask(FINDINGS, {"first": 1}, auditor)["auditFindings"]
    assert (page["checkedThrough"], page["pageInfo"]["hasNextPage"]) == (str(done.position), True)
    [first] = page["nodes"]
    assert (first["rule"], first["streamId"], first["version"], first["position"]) == (
        "columns_repeat_the_event",
        str(stream),
        version,
        str(position),
    )
    rest = api.ask(FINDINGS, {"after": page["pageInfo"]["endCursor"], "stream": str(stream)}, auditor)["auditFindings"]
    assert [each["code"] for each in rest["nodes"]] == ["COLUMN_DIFFERS"]
    assert api.code(FINDINGS, {"after": "x"}, auditor) == "INVALID_CURSOR"
    assert api.code(FINDINGS, None, api.token("REVIEWER", "330106-EI")) == "NOT_PERMITTED"
    ready = api.client.get("/readyz").json()
    assert "2 things" in ready["checks"]["audit"]
    assert ready["status"] == "ok"


def test_read_models_are_not_made_of_what_is_unlawful_without_a_reason(office: Office) -> None:
    """An act that would make a manipulation official is refused while the last run found something; a reason is recorded."""
    office.api.approved()
    url = office.api.registry.database.app_url
    assert office.check().findings == []
    assert require_lawful(url, "projections rebuild", None, "operator:x") is None
    office.as_owner("UPDATE registry.events SET client = 'y' WHERE topic = 'recognition-case.approved'")
    assert len(office.check().findings) == 1
    with pytest.raises(EventsUnlawfulError, match="--although"):
        require_lawful(url, "projections rebuild", "  ", "operator:x")
    assert require_lawful(url, "projections rebuild", "the backup is on its way", "operator:x") is not None
    assert office.as_owner("SELECT act, reason, operator FROM registry.audit_disregards") == [
        ("projections rebuild", "the backup is on its way", "operator:x")
    ]


def test_a_run_that_was_interrupted_goes_on(office: Office) -> None:
    """What was done is kept; what is left is done by the next, which ends the same run."""
    office.api.approved()
    with pytest.raises(Stopped):
        check_all(office.api.registry.audited, stopping=lambda: True)
    assert last_findings(office.api.registry.database.app_url) is None
    assert office.check().resumed
    last = last_findings(office.api.registry.database.app_url)
    assert last is not None
    assert (last[0].run, last[1]) == (1, [])


def test_when_the_audit_is_due() -> None:
    """By night once a day, or at once where little is to be read; never again where nothing was recorded since."""
    noon = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)
    night = noon.replace(hour=2)
    old = AuditRun(1, 10, datetime(2026, 11, 20, tzinfo=UTC), 0)
    assert due(None, 100, noon, noon)
    assert not due(None, 10**6, noon, noon)
    assert due(old, 10**6, night, night)
    assert not due(old, 10, night, night)
    assert not due(AuditRun(1, 5, night - timedelta(hours=3), 0), 10, night, night)


def test_one_case_or_what_came_since_is_checked_alone(office: Office) -> None:
    """A case by its number, however it is typed; the streams that gained events; of none that is not there."""
    api = office.api
    case = api.submit()["case"]
    api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=12)
    _, version, position = office.place(Approved.TOPIC)
    office.as_owner("UPDATE registry.events SET client = 'y' WHERE position = %s", position)
    one = office.check_case(case["caseNumber"].lower())
    assert one is not None
    assert [(each.rule, each.version) for each in one.findings] == [("columns_repeat_the_event", version)]
    assert office.check_case("ZJ2026-00000-00000") is None
    assert office.check_case("nothing") is None
    assert len(office.check_since(position - 1).findings) == 1
    assert office.check_since(position).findings == []
    office.sign()
    office.as_owner("UPDATE registry.events SET state = state || ' ' WHERE position = %s", position)
    since = [(each.code, each.position) for each in office.check_since(position - 1).findings]
    assert ("LOG_CHANGED", position) in since
    assert office.check_since(position).findings == []


def test_a_sample_can_be_drawn_again(office: Office) -> None:
    """The same seed over the same cases gives the same, also when more cases came; anybody can compute which they are."""
    api, auditor = office.api, office.api.token("AUDITOR")
    cases = [api.submit()["case"]["id"] for _ in range(5)]
    position = api.submit()["position"]
    asked = {"seed": "lot 7", "size": 3, "upTo": position}
    drawn = [each["id"] for each in api.ask(SAMPLE, asked, auditor)["auditSample"]]
    api.submit()
    assert [each["id"] for each in api.ask(SAMPLE, asked, auditor)["auditSample"]] == drawn
    everything = api.ask(SAMPLE, asked | {"size": 100}, auditor)["auditSample"]
    assert {*cases} < {each["id"] for each in everything}
    assert len(everything) == 6
    least = sorted(
        (each["id"] for each in everything), key=lambda name: sha256(f"lot 7\n{name.split('.')[1]}".encode()).digest()
    )
    assert drawn == least[:3]
    assert api.ask(SAMPLE, asked | {"filter": {"status": ["APPROVED"]}}, auditor)["auditSample"] == []
    assert api.code(SAMPLE, asked | {"size": 101}, auditor) == "BAD_USER_INPUT"
    assert api.code(SAMPLE, asked, api.token("ADMINISTRATOR")) == "NOT_PERMITTED"


def test_a_decision_is_derived_again(office: Office) -> None:
    """Under its own version it is the same; under one that there is not, there is none; after an erasure nothing follows."""
    api, auditor = office.api, office.api.token("AUDITOR")
    case = api.submit()["case"]
    api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=12)
    again = api.ask(REDERIVE, {"case": case["id"]}, auditor)["rederive"]
    assert again["same"] is True
    assert again["match"]["entry"] == case["entry"]
    assert again["award"]["title"] == case["award"]["title"]
    assert all(each["reasons"] for each in again["match"]["candidates"])
    assert api.code(REDERIVE, {"case": case["id"], "version": 9}, auditor) == "NO_VERSION_IN_FORCE"
    case = api.submit()["case"]
    erase = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL 47") { refusal { code } } }'
    erased = api.ask(erase, {"ref": case["holder"]["ref"]}, api.token("PRIVACY_OFFICER"))
    assert erased["eraseHolder"]["refusal"] is None
    gone = api.ask(REDERIVE, {"case": case["id"]}, auditor)["rederive"]
    assert (gone["match"], gone["same"]) == (None, None)
    assert "erased" in gone["notDerivable"]
    assert office.check().findings == []
