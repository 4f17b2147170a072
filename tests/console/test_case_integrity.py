"""``recognition case integrity``: the archive as an operator reads it, on the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import app
from tests.api.conftest import Clock, opened
from tests.api.test_claims import ONE
from tests.api.test_warnings import fraud


@pytest.mark.parametrize(("day", "there"), [("2026-11-23", 1), ("2029-11-24", 0)])
def test_the_archive_is_shown_with_its_grounds_and_that_is_recorded(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, day: str, there: int
) -> None:
    """A record of a revocation, in force on its days; who read its ground is in the access log."""
    with opened(database, tmp_path, Clock()) as api:
        case = fraud(api, ONE)
        position = str(api.registry.journal.last_position())
        api.ask(
            "query ($p: Position) { integrityRecords(atLeast: $p) { nodes { id } } }",
            {"p": position},
            api.token("AUDITOR"),
        )
        monkeypatch.setenv("DATABASE_URL", database.app_url)
        monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
        monkeypatch.setenv("RECOGNITION_DATA_DIR", str(tmp_path))
        shown = CliRunner().invoke(app, ["case", "integrity", "--in-force-on", day, "--json"])
        assert shown.exit_code == 0, shown.output
        records = json.loads(shown.stdout)
        assert len(records) == there
        log = "{ accessLog { nodes { actor { subject } operation fields } } }"
        accesses = api.ask(log, None, api.token("AUDITOR"))["accessLog"]["nodes"]
        read = [each for each in accesses if each["operation"] == "case integrity"]
        assert len(read) == there
    for record in records:
        assert (record["caseNumber"], record["ground"], record["overturned"]) == (case["caseNumber"], "forged", False)
