"""``recognition case due``: the cases of which a statutory clock is overdue, or stands in another way, today."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.case_commands import ClockStanding
from console.cli import app
from domain.clocks import DeadlineState
from tests.api.conftest import NINGBO, XIHU, Clock, opened


def test_the_states_are_those_of_the_domain() -> None:
    """What ``--state`` takes is every state that a deadline is in, by its name."""
    assert {each.name: each.value for each in ClockStanding} == {each.name: each.value for each in DeadlineState}


def test_the_due_are_listed_by_their_last_day_and_nobody_is_named(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case of long ago is overdue in both of the authority's clocks, one of today in none; ``--authority`` leaves its own."""
    long_ago = datetime(2025, 3, 3, 4, tzinfo=UTC)
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(tmp_path))
    with opened(database, tmp_path, Clock(long_ago)) as api:
        case = api.submit()["case"]["caseNumber"]
        api.clock.now = datetime.now(UTC) - timedelta(minutes=1)
        api.submit()

        def due(*words: str) -> list[dict[str, Any]]:
            answer = CliRunner().invoke(app, ["case", "due", "--json", *words])
            assert answer.exit_code == 0, answer.output
            assert "王敏" not in answer.stdout
            found: list[dict[str, Any]] = json.loads(answer.stdout)
            return found

        overdue = due()
        assert [(each["caseNumber"], each["kind"], each["dueOn"], each["state"]) for each in overdue] == [
            (case, "ACCEPT", "2025-03-10", "OVERDUE"),
            (case, "DECIDE", "2025-03-31", "OVERDUE"),
        ]
        assert due("--authority", XIHU) == overdue
        assert due("--authority", NINGBO) == due("--state", "MISSED") == []
        shown = CliRunner().invoke(app, ["case", "due"])
        assert shown.stdout.splitlines()[0] == "case\tstatus\tauthority\tdeadline\tdue on\tstate"
        assert len(shown.stdout.splitlines()) == 3
