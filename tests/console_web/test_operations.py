"""The page of operations and what may be asked for there: who sees and asks, that it is done, told, and never done twice at once."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from infrastructure.maintenance import MOST_ATTEMPTS, maintenance_process
from infrastructure.maintenance_work import carry_out, work_apart
from infrastructure.standing import open_standing_registry
from tests.api.conftest import Api
from tests.console_web.conftest import signed_in

ASK = """mutation ($kind: MaintenanceKind!, $although: String) { requestMaintenance(kind: $kind, although: $although) {
    task { number kind requestedBy endedAt } refusal { code field } } }"""
TASKS = "{ operations { maintenance { number kind requestedBy done total endedAt succeeded outcome } } }"
REPORT = """{ operations { readModels { name lagEvents rebuildDue lastError } log { size waiting signedAt witnesses { name } }
    masterKeys { state wraps } destroyedKeys unfinishedErasureSince deadlinesMissed auditFindings lastBackupAt } }"""


def task(site: Api, number: int) -> dict[str, Any]:
    """A request as an administrator reads it."""
    listed = site.ask(TASKS, None, site.token("ADMINISTRATOR"))["operations"]["maintenance"]
    found: dict[str, Any] = next(each for each in listed if each["number"] == number)
    return found


def asked(site: Api, kind: str, although: str | None = None) -> int:
    """A request that no server is told of, so that the test may carry it out itself; its number."""
    with psycopg.connect(site.registry.database.app_url) as connection:
        row = connection.execute(
            "INSERT INTO registry.maintenance (kind, although, requested_by) VALUES (%s, %s, 'chen') RETURNING number",
            [kind, although],
        ).fetchone()
    assert row is not None
    return int(row[0])


def carried_out(site: Api, kind: str, although: str | None = None) -> dict[str, Any]:
    """A request and what came of it, done as the process does it, in this one."""
    number = asked(site, kind, although)
    with open_standing_registry(site.registry.settings) as registry:
        carry_out(registry, number)
    return task(site, number)


def test_what_is_asked_for_is_done_beside_the_server(site: Api) -> None:
    """By an administrator, on a page that names the consequence; in a process of its own, and told with its outcome in both languages."""
    chen = signed_in(site, "ADMINISTRATOR", "chen")
    confirm = chen.get("/operations/check-read-models")
    assert "Nothing is changed" in confirm.text
    answer = chen.post("/operations/check-read-models", {})
    assert answer.status_code == 303, answer.text
    number = int(answer.headers["location"].rsplit("=", 1)[1])
    assert f"Request {number} is recorded" in chen.get(answer.headers["location"]).text
    until = time.monotonic() + 120
    while task(site, number)["endedAt"] is None and time.monotonic() < until:
        time.sleep(0.2)
    done = task(site, number)
    assert done["succeeded"], done
    assert (done["requestedBy"], done["kind"]) == ("chen", "CHECK_READ_MODELS")
    assert "Every table says what the events say" in chen.get("/operations").text
    assert "各表均与事件相符" in chen.get("/operations", **{"Accept-Language": "zh"}).text


def test_a_read_model_that_says_something_else_is_found_and_mended(site: Api) -> None:
    """The check names the table and changes nothing; the rebuild puts it right while everything is read."""
    site.approved()
    site.registry.projections.run_until_caught_up()
    with psycopg.connect(site.registry.database.owner_url) as owner:
        owner.execute("UPDATE read_model.titles SET title = 'Professor'")
    found = carried_out(site, "CHECK_READ_MODELS")
    assert not found["succeeded"]
    assert "titles" in found["outcome"]
    assert carried_out(site, "REBUILD_READ_MODELS")["succeeded"]
    again = carried_out(site, "CHECK_READ_MODELS")
    assert again["succeeded"], again
    assert again["done"] == again["total"] > 0


def test_unlawful_events_are_made_rows_of_for_a_reason_alone(site: Api) -> None:
    """Where the audit found something a rebuild is refused, with the way out; with a reason it is done, and that is on record."""
    with psycopg.connect(site.registry.database.owner_url, autocommit=True) as owner:
        run = owner.execute(
            "INSERT INTO registry.audit_runs (checked_through, events) VALUES (1, 1) RETURNING run"
        ).fetchone()
        assert run is not None
        owner.execute("INSERT INTO registry.audit_parts (run, part, ends_run) VALUES (%s, 1, true)", run)
        owner.execute(
            "INSERT INTO registry.audit_findings (run, code, rule, message_en, message_zh) VALUES (%s, 'X', 'x', 'x', 'x')",
            run,
        )
        refused = carried_out(site, "REBUILD_READ_MODELS")
        assert not refused["succeeded"]
        assert "audit" in refused["outcome"]
        page = signed_in(site, "ADMINISTRATOR", "chen").get("/operations/rebuild-read-models").text
        assert "The last audit found 1 things" in page
        assert carried_out(site, "REBUILD_READ_MODELS", "looked into, request 9")["succeeded"]
        row = owner.execute("SELECT reason, operator FROM registry.audit_disregards WHERE run = %s", run).fetchone()
        assert row == ("looked into, request 9", "chen")
        owner.execute("DELETE FROM registry.audit_findings WHERE run = %s", run)


def test_an_erasure_is_made_final_when_it_is_asked_for(site: Api) -> None:
    """The page says that one is not final, and by when it is; asked for, the old master key is gone at once."""
    chen = signed_in(site, "ADMINISTRATOR", "chen")
    submitted = site.submit(holder={"name": "秦岚", "idNumber": "330106199003070014"})
    officer = site.token("PRIVACY_OFFICER")
    document = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { holder { ref } } }"
    named = {"id": submitted["case"]["id"], "p": submitted["position"]}
    ref = site.ask(document, named, officer)["case"]
    erase = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL 47") { refusal { message } } }'
    erased = site.ask(erase, {"ref": ref["holder"]["ref"]}, officer)["eraseHolder"]
    assert erased["refusal"] is None, erased
    before = site.ask(REPORT, None, site.token("ADMINISTRATOR"))["operations"]
    assert before["destroyedKeys"] == 1
    if before["unfinishedErasureSince"] is not None:  # a night's process may have been there first
        assert "Not all are final" in chen.get("/operations").text
    done = carried_out(site, "FINISH_ERASURES")
    assert done["succeeded"], done
    after = site.ask(REPORT, None, site.token("ADMINISTRATOR"))["operations"]
    assert after["unfinishedErasureSince"] is None
    assert [each["state"] for each in after["masterKeys"]] == ["CURRENT"]
    assert "all are final" in chen.get("/operations").text


def test_who_asks_twice_is_told_of_the_first(site: Api) -> None:
    """One request of a kind is open at a time; who may not ask is refused before anything is looked at."""
    number = asked(site, "FINISH_ERASURES")
    again = site.ask(ASK, {"kind": "FINISH_ERASURES"}, site.token("ADMINISTRATOR"))["requestMaintenance"]
    assert again["task"]["number"] == number
    assert again["task"]["endedAt"] is None
    for role in ("AUDITOR", "REVIEWER", "APPLICANT", "PRIVACY_OFFICER"):
        refused = site.ask(ASK, {"kind": "CHECK_READ_MODELS"}, site.token(role))["requestMaintenance"]
        assert refused["refusal"]["code"] == "NOT_PERMITTED"
    for role, sees in (("AUDITOR", True), ("REVIEWER", False), ("VERIFIER", False)):
        page = signed_in(site, role).get("/operations").text
        assert ("Transparency log</h2>" in page) is sees
        assert 'href="/operations/' not in page


@pytest.mark.parametrize("attempts", [0, MOST_ATTEMPTS])
def test_what_was_broken_off_is_begun_anew_and_given_up_at_last(
    site: Api, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that a server left unfinished is begun again; one that broke off too often has failed, and holds up no other."""
    from infrastructure import maintenance

    number = asked(site, "CHECK_READ_MODELS")
    begun: list[int] = []

    def apart(_work: Any, _settings: Any, each: int, _stopping: Any) -> bool:
        begun.append(each)
        return False

    monkeypatch.setattr(maintenance, "_done_apart", apart)
    with psycopg.connect(site.registry.database.app_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE registry.maintenance SET ended_at = now(), succeeded = true WHERE ended_at IS NULL AND number <> %s",
            [number],
        )
        connection.execute("UPDATE registry.maintenance SET attempts = %s WHERE number = %s", [attempts, number])
        step = maintenance_process(site.registry.settings, work_apart).step_over(connection)
        assert step(lambda: False) is (attempts > 0)
    assert begun == ([number] if attempts == 0 else [])
    told = task(site, number)
    assert (told["endedAt"] is None) is (attempts == 0)
    assert (told["outcome"] or "").startswith("It was broken off" if attempts else "")
    with psycopg.connect(site.registry.database.app_url) as connection:
        connection.execute("UPDATE registry.maintenance SET ended_at = now(), succeeded = true WHERE ended_at IS NULL")
