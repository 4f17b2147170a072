"""A database that lacks what was recorded, as after a take-over by a server that had not confirmed it: noticed, and decided by an operator."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

from infrastructure.log.epochs import resume

from .conftest import Api


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def taken_back(api: Api, position: str) -> None:
    """What a take-over that lost the last case leaves: a database without its events, whose positions are given out again."""
    with psycopg.connect(api.registry.database.owner_url) as owner:
        owner.execute("ALTER TABLE registry.events DISABLE TRIGGER USER")
        owner.execute("DELETE FROM registry.events WHERE position > %s", [int(position)])
        owner.execute("ALTER TABLE registry.events ENABLE TRIGGER USER")


def test_what_was_recorded_and_is_gone_stops_what_would_be_recorded(api: Api) -> None:
    """Not ready, writes are UNAVAILABLE, and reading goes on; after the operator's word both go on. No restart is needed."""
    kept = api.submit()["position"]
    api.submit()
    until(lambda: api.registry.rewinds.trouble is None and api.client.get("/readyz").json()["status"] == "ok")
    taken_back(api, kept)
    until(lambda: api.client.get("/readyz").status_code == 503)
    said = api.client.get("/readyz").json()
    assert said["failing"] == ["history"]
    assert "audit log resume" in said["checks"]["history"]
    submit = "mutation ($i: SubmitCaseInput!) { submitCase(input: $i) { position } }"
    form = {
        "idempotencyKey": "after-a-rewind",
        "holder": {"name": "王敏", "idType": "PASSPORT", "idNumber": "P1234567"},
        "certificate": {"name": "CCNP", "issuingBody": "Cisco", "certificateNumber": "R-1"},
        "authorityCode": "330106-EI",
        "workField": "数字经济",
    }
    assert api.code(submit, {"i": form}, api.token("APPLICANT")) == "UNAVAILABLE"
    assert api.ask("{ catalogs { code } }")["catalogs"]
    assert resume(api.registry.database.owner_url, "operator") == 1
    until(lambda: api.client.get("/readyz").json()["status"] == "ok")
    assert api.ask(submit, {"i": form}, api.token("APPLICANT"))["submitCase"]["position"]


def test_what_another_server_found_stops_this_one(api: Api) -> None:
    """The halt is on the record, where every process of every host looks."""
    api.submit()
    until(lambda: api.client.get("/readyz").json()["status"] == "ok")
    with psycopg.connect(api.registry.database.app_url) as connection:
        connection.execute(
            "INSERT INTO log.halts (epoch, reason, rewound) VALUES (1, 'Another server found it.', true)"
        )
    until(lambda: api.registry.rewinds.trouble is not None)
    assert api.registry.journal.recorder.rewound  # type: ignore[attr-defined]
    resume(api.registry.database.owner_url, "operator")
    until(lambda: api.registry.rewinds.trouble is None)
