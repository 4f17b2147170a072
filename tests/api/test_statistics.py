"""Statistics over GraphQL: who may count what, and that nobody is named by them."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.api.conftest import NINGBO, XIHU, Api

ASK = """query ($by: [StatisticsKey!]!, $from: Date, $to: Date, $authority: String, $at: Position) {
    statistics(by: $by, from: $from, to: $to, authorityCode: $authority, atLeast: $at) {
        keys cases approved rejected ended overridden daysMedian daysP90 } }"""


def counted(api: Api, token: str | None, *by: str, **variables: Any) -> list[dict[str, Any]]:
    """The rows of an answer."""
    variables = {"by": by, "at": str(api.registry.journal.last_position())} | variables
    found: list[dict[str, Any]] = api.ask(ASK, variables, token)["statistics"]
    return found


@pytest.fixture(scope="module")
def decided(module_api: Api) -> Api:
    """A registry in which something was approved, rejected and left open, here and elsewhere; tests of it only count."""
    return with_decisions(module_api)


def with_decisions(api: Api) -> Api:
    """The same registry, with four cases."""
    api.approved()
    api.decide("rejectCase", api.submit()["case"]["id"], reason="材料不足")
    api.submit()
    api.submit(authorityCode=NINGBO, token=api.token("APPLICANT", subject="another"))
    return api


def test_an_auditor_counts_every_case(decided: Api) -> None:
    """One row of all cases without a key; the keys stand in the order in which they were asked for."""
    auditor = decided.token("AUDITOR")
    [total] = counted(decided, auditor)
    assert (total["keys"], total["cases"], total["approved"], total["rejected"]) == ([], 4, 1, 1)
    assert (total["ended"], total["overridden"]) == (0, 0)
    assert total["daysMedian"] == total["daysP90"] == 0
    rows = counted(decided, auditor, "AUTHORITY", "MONTH")
    month = counted(decided, auditor, "MONTH")[0]["keys"][0]
    assert {tuple(row["keys"]): row["cases"] for row in rows} == {(XIHU, month): 3, (NINGBO, month): 1}
    assert [row["keys"] for row in counted(decided, auditor, "MONTH", "AUTHORITY")] == sorted(
        [month, each] for each in (XIHU, NINGBO)
    )


def test_keys_say_who_decided_and_on_what(decided: Api) -> None:
    """A key is empty where a case has none: no officer while it is open."""
    auditor = decided.token("AUDITOR")
    officers = {row["keys"][0]: row["cases"] for row in counted(decided, auditor, "OFFICER")}
    assert officers.pop("") == 2
    assert sum(officers.values()) == 2
    [entry] = [
        row for row in counted(decided, auditor, "CATALOG", "ENTRY", "FIELD", "LEVEL", "OUTCOME") if row["approved"]
    ]
    code, named, field, level, outcome = entry["keys"]
    assert named.startswith(f"{code}/")
    assert all([field, level, outcome])


def test_a_reviewer_counts_what_lies_in_their_scope(decided: Api) -> None:
    """Cases of the division and below it, and no other, whichever authority is named."""
    here, there = decided.token("REVIEWER", XIHU), decided.token("REVIEWER", NINGBO)
    assert [row["cases"] for row in counted(decided, here)] == [3]
    assert [row["keys"] for row in counted(decided, there, "AUTHORITY")] == [[NINGBO]]
    assert [row["cases"] for row in counted(decided, here, authority=NINGBO)] == [0]


def test_days_are_those_of_submission(decided: Api) -> None:
    """`from` and `to` are included; before and after there is nothing."""
    auditor = decided.token("AUDITOR")
    day = decided.registry.clock().date().isoformat()
    for first, last, cases in (
        (None, None, 4),
        ("2023-11-01", "2023-11-30", 0),
        (day, day, 4),
        ("2099-01-01", None, 0),
    ):
        [row] = counted(decided, auditor, **{"from": first, "to": last})
        assert row["cases"] == cases, (first, last)


def test_statistics_name_nobody(decided: Api) -> None:
    """Whatever they are asked by, no holder, document or certificate is in them, and nothing is recorded as read."""
    every = ["AUTHORITY", "OFFICER", "MONTH", "CATALOG", "ENTRY", "FIELD", "LEVEL", "OUTCOME"]
    said = json.dumps(counted(decided, decided.token("AUDITOR"), *every), ensure_ascii=False)
    assert "王敏" not in said
    read = decided.ask("{ accessLog { nodes { operation } } }", None, decided.token("PRIVACY_OFFICER"))
    assert "statistics" not in json.dumps(read)


def test_a_key_is_named_once(decided: Api) -> None:
    """A key that is named twice is refused, with the way out."""
    answer = decided.post(ASK, {"by": ["MONTH", "MONTH"]}, decided.token("AUDITOR")).json()
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


def test_who_awaits_a_position_waits_for_what_the_question_reads(api: Api) -> None:
    """Where statistics stand still, they say so, and titles and cases are read on; and the other way round."""
    auditor = with_decisions(api).token("AUDITOR")
    api.registry.reads._patience = 0.2
    [of_registry, of_statistics] = api.registry.projections._runners
    of_statistics.stop()
    try:
        at = str(api.submit()["position"])
        cases = "query ($at: Position) { cases(atLeast: $at) { totalCount } }"
        api.registry.reads._patience = 15.0
        assert api.ask(cases, {"at": at}, auditor)["cases"]["totalCount"] == 5
        api.registry.reads._patience = 0.2
        assert api.code(ASK, {"by": [], "at": at}, auditor) == "PROJECTION_BEHIND"
        assert int(api.ask("{ status { lagEvents } }", None, auditor)["status"]["lagEvents"]) > 0
    finally:
        of_statistics.start()
        api.registry.reads._patience = 15.0
    of_registry.stop()
    try:
        at = str(api.submit()["position"])
        assert [row["cases"] for row in counted(api, auditor, at=at)] == [6]
        api.registry.reads._patience = 0.2
        assert api.code(cases, {"at": at}, auditor) == "PROJECTION_BEHIND"
    finally:
        of_registry.start()


def test_a_server_without_statistics_is_ready_and_says_so(api: Api) -> None:
    """Where statistics stand still, everything else is read on; where titles and cases do, the server is not ready."""
    api.registry.projections.stop()
    for name, failing, status in (("statistics", [], 200), ("registry", ["projection"], 503)):
        with psycopg.connect(api.registry.database.owner_url, autocommit=True) as connection:
            note = "UPDATE registry.projection_positions SET error = 'RowsOutOfStep at position 7' WHERE name = %s"
            connection.execute(note, [name])
        answer = api.client.get("/readyz")
        assert (answer.status_code, answer.json()["failing"]) == (status, failing)
        assert "position 7" in answer.json()["checks"]["statistics"]
    assert api.registry.projections.start()
