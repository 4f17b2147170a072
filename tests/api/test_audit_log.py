"""The audit log at the length that a page can bear, from either end, and with an event in it that cannot be read."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.api.conftest import Api

pytestmark = pytest.mark.registry("shared")

LOG = """query ($full: Boolean!, $newest: Boolean!, $first: Int, $after: Position) {
    auditLog(newestFirst: $newest, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { position type client requestId summary data(full: $full) } } }"""


def page(api: Api, *, full: bool = False, newest: bool = False, first: int = 200, after: str | None = None) -> Any:
    """A page of the log."""
    variables = {"full": full, "newest": newest, "first": first, "after": after}
    return api.ask(LOG, variables, api.token("AUDITOR"))["auditLog"]


def test_a_page_is_clipped_unless_it_is_asked_in_full(api: Api) -> None:
    """The event of a whole catalog is a few lines, which say how long its lists are; in full it has every entry."""
    [short] = page(api, first=1)["nodes"]
    assert short["type"] == "catalog.published"
    assert short["data"]["clipped"]["entries"] == 100
    assert len(short["data"]["entries"]) < 100
    assert len(str(short["data"])) < 10_000
    [whole] = page(api, first=1, full=True)["nodes"]
    assert len(whole["data"]["entries"]) == 100
    assert "clipped" not in whole["data"]


def test_the_newest_are_first_where_asked(api: Api) -> None:
    """Page by page from the end to the beginning, each event once, and how many there are."""
    for _ in range(3):
        api.submit()
    forwards = [each["position"] for each in page(api)["nodes"]]
    backwards: list[str] = []
    found = page(api, newest=True, first=3)
    backwards += [each["position"] for each in found["nodes"]]
    while found["pageInfo"]["hasNextPage"]:
        found = page(api, newest=True, first=3, after=found["pageInfo"]["endCursor"])
        backwards += [each["position"] for each in found["nodes"]]
    assert backwards == forwards[::-1]
    assert found["totalCount"] == len(forwards)


def test_each_event_says_under_which_request_it_was_recorded(api: Api) -> None:
    """An operator finds the log line by the request's id; the registry's own acts at the start have none."""
    headers = {"X-Request-Id": "audit-log-test-1", "Authorization": f"Bearer {api.token('ADMINISTRATOR')}"}
    document = 'mutation { registerOfficer(subject: "officer.q", identity: {idNumber: "E00000001", idType: "PASSPORT"}) { position } }'
    api.client.post("/graphql", json={"query": document}, headers=headers)
    [last] = page(api, newest=True, first=1)["nodes"]
    assert (last["type"], last["requestId"]) == ("officer.registered", "audit-log-test-1")


@pytest.mark.registry("own")
def test_an_unreadable_event_is_shown_by_its_envelope(api: Api) -> None:
    """The page is answered; the event says that it cannot be read, and where; what needs it says so with a code of its own."""
    done = api.submit()
    case = done["case"]
    api.ask("query ($p: Position) { cases(atLeast: $p) { totalCount } }", {"p": done["position"]}, api.token("AUDITOR"))
    with psycopg.connect(api.registry.database.owner_url) as connection:
        [position] = connection.execute(
            "UPDATE registry.events SET state = 'nothing' WHERE topic = 'recognition-case.matched' RETURNING position"
        ).fetchone() or [None]
    shown = next(each for each in page(api)["nodes"] if each["position"] == str(position))
    assert shown["type"] == "recognition-case.matched"
    assert "cannot be read" in shown["summary"]
    assert "version 2" in shown["data"]["unreadable"]
    history = "query ($id: ID!) { case(id: $id) { history { type } } }"
    assert api.code(history, {"id": case["id"]}, api.token("AUDITOR")) == "EVENT_UNREADABLE"
