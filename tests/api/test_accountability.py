"""Every reading of a person in clear leaves who, what and why, and no value; what cannot be recorded is not shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.values import Role
from tests.api.conftest import XIHU, Api

pytestmark = pytest.mark.registry("shared")

CASE = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { holder { name idNumber }
    certificate { certificateNumber } history { reason data } } }"""
UNPERSONAL = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { status holder { ref erased }
    certificate { issuedOn } evidence { sha256 } } }"""
LOG = "query ($h: ID) { accessLog(holder: $h) { nodes { actor { subject role } reason operation holders fields } } }"


def read(api: Api, document: str, done: dict[str, Any], token: str, reason: str | None = None) -> Any:
    """The whole response to a question about a case."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    if reason is not None:
        headers["X-Access-Reason"] = reason.encode()  # type: ignore[assignment]
    variables = {"id": done["case"]["id"], "p": done["position"]}
    return api.client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)


def recorded(api: Api) -> list[tuple[Any, ...]]:
    """The access log."""
    with psycopg.connect(api.registry.database.app_url) as connection:
        return connection.execute(
            "SELECT subject, role, reason, operation, cardinality(holders), fields FROM registry.access_log ORDER BY id"
        ).fetchall()


def clear(api: Api) -> int:
    """How many accesses the story so far left."""
    return len(recorded(api))


def test_an_auditor_reads_masked_until_they_give_a_reason(api: Api) -> None:
    """Without one nothing is shown or recorded; with one everything is shown, and one row a request is recorded."""
    done = api.approved()
    before, auditor = clear(api), api.token("AUDITOR")
    masked = read(api, CASE, done, auditor).json()["data"]["case"]
    assert masked["holder"] == {"name": None, "idNumber": None}
    assert clear(api) == before
    shown = read(api, CASE, done, auditor, "抽查 2026-17 / spot check").json()["data"]["case"]
    assert shown["holder"]["name"] == "王敏"
    assert shown["history"][0]["data"]["holder"]["name"] == "王敏"
    [row] = recorded(api)[before:]
    ref = next(iter(row[5]))
    assert row[:5] == ("auditor-anywhere", "AUDITOR", "抽查 2026-17 / spot check", "case", 1)
    assert row[5] == {ref: ["certificate", "event", "holder"]}
    assert "王敏" not in str(row)


def test_only_what_is_selected_is_recorded(api: Api) -> None:
    """A reviewer who reads no personal field leaves nothing; a name behind a fragment counts."""
    done, reviewer = api.approved(), api.token("REVIEWER", XIHU)
    before = clear(api)
    assert "errors" not in read(api, UNPERSONAL, done, reviewer).json()
    assert clear(api) == before
    hidden = """query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { ...a } }
        fragment a on RecognitionCase { ... on RecognitionCase { holder { ...b } } } fragment b on Holder { who: name }"""
    assert read(api, hidden, done, reviewer).json()["data"]["case"]["holder"]["who"] == "王敏"
    assert recorded(api)[before:][0][2:4] == ("REVIEWER: case", "case")


@pytest.mark.registry("own")
def test_a_list_is_one_row_of_the_log(api: Api) -> None:
    """The hot path costs one insert a request, however many persons it shows."""
    done = [api.approved() for _ in range(3)][-1]
    read(api, UNPERSONAL, done, api.token("REVIEWER", XIHU))
    before = clear(api)
    api.ask(
        "{ titleList { nodes { holder { name } } } cases { nodes { holder { name } } } }",
        None,
        api.token("REVIEWER", XIHU),
    )
    [row] = recorded(api)[before:]
    assert (row[3], row[4]) == ("titleList, cases", 3) or (row[3], row[4]) == ("cases, titleList", 3)


@pytest.mark.registry("own")
def test_what_cannot_be_recorded_is_not_shown(api: Api) -> None:
    """503 with ACCESS_NOT_RECORDED, and no data; unpersonal fields are still answered."""
    done, reviewer = api.approved(), api.token("REVIEWER", XIHU)
    with psycopg.connect(api.registry.database.owner_url, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON registry.access_log FROM registry_app")
        refused = read(api, CASE, done, reviewer)
        assert refused.status_code == 503
        assert refused.json()["errors"][0]["extensions"]["code"] == "ACCESS_NOT_RECORDED"
        assert "王敏" not in refused.text
        assert read(api, UNPERSONAL, done, reviewer).status_code == 200
        owner.execute("GRANT INSERT ON registry.access_log TO registry_app")
    assert read(api, CASE, done, reviewer).status_code == 200


@pytest.mark.parametrize(
    "statement",
    ["UPDATE registry.access_log SET reason = 'x'", "DELETE FROM registry.access_log", "TRUNCATE registry.access_log"],
)
def test_the_log_only_grows(api: Api, statement: str) -> None:
    """The application's role may add and read."""
    with (
        psycopg.connect(api.registry.database.app_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_auditors_and_privacy_officers_read_the_log(api: Api) -> None:
    """Who looked at whom, by holder."""
    done = api.approved()
    ref = read(
        api,
        "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { holder { ref name } } }",
        done,
        api.token("REVIEWER", XIHU),
    )
    holder = ref.json()["data"]["case"]["holder"]["ref"]
    for role in ("AUDITOR", "PRIVACY_OFFICER"):
        nodes = api.ask(LOG, {"h": holder}, api.token(role))["accessLog"]["nodes"]
        assert nodes[-1]["actor"] == {"subject": f"reviewer-{XIHU}".lower(), "role": "REVIEWER"}
        assert nodes[-1]["holders"] == [holder]
    assert api.code(LOG, None, api.token("REVIEWER", XIHU)) == "NOT_PERMITTED"


def test_a_person_reads_who_read_their_data_and_nobody_elses(api: Api) -> None:
    """Both ways, page by page; of accesses to several persons only themselves; who is nobody's holder sees nothing."""
    number, reviewer = "330106199003077013", api.token("REVIEWER", XIHU)
    mine = api.approved(holder={"name": "王敏", "idNumber": number})
    other = api.approved()
    for _ in range(3):
        read(api, CASE, mine, reviewer)
        read(api, CASE, other, reviewer)
    api.ask("{ cases(first: 5) { nodes { holder { name } } } }", None, reviewer)
    seen = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { holder { ref } } }"
    ref = read(api, seen, mine, reviewer).json()["data"]["case"]["holder"]["ref"]
    own = api.issuer.issue(Role.APPLICANT, subject="herself", holder=UUID(ref))
    document = """query ($first: Int, $after: Position, $last: Int, $before: Position) {
      ownAccesses(first: $first, after: $after, last: $last, before: $before) {
        nodes { number operation holders actor { role } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    everything = api.ask(document, {"first": 100}, own)["ownAccesses"]["nodes"]
    assert [each["operation"] for each in everything] == ["submitCase"] + ["case"] * 3 + ["cases"]
    assert {holder for each in everything for holder in each["holders"]} == {ref}
    forward, cursor = [], None
    while True:
        page = api.ask(document, {"first": 2, "after": cursor}, own)["ownAccesses"]
        forward += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]
    assert forward == everything
    assert api.ask(document, {"last": 1}, own)["ownAccesses"]["nodes"] == everything[-1:]
    assert api.ask(document, {"first": 100}, api.token("APPLICANT"))["ownAccesses"]["nodes"] == []
    assert api.code("{ ownAccesses { nodes { number } } }", None, reviewer) == "NOT_PERMITTED"


def test_a_reason_is_short_and_printable(api: Api) -> None:
    """It goes to a log that people read."""
    done = api.approved()
    assert read(api, CASE, done, api.token("AUDITOR"), "x" * 501).status_code == 400
    assert read(api, CASE, done, api.token("AUDITOR"), "").json()["data"]["case"]["holder"]["name"] is None
