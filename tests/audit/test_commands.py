"""``recognition audit check``, ``audit findings``, ``case replay`` and ``projections rebuild``, as operators run them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from domain.case.events import Approved
from tests.audit.conftest import Office


def run(*words: str, ends: int = 0) -> Result:
    """``recognition …``, which ends as expected."""
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == ends, result.output
    return result


def test_an_operator_checks_and_replays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lawful registry ends with exit code 0; each finding is one sentence with place, rule and way out, and ends it with 1."""
    registry, api = office.api.registry, office.api
    monkeypatch.setenv("DATABASE_URL", registry.database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", registry.database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(registry.settings.data_dir))
    case = api.submit()["case"]
    number = case["caseNumber"]
    api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=12)
    assert "Nothing has been checked yet" in run("audit", "findings", ends=1).output
    found = json.loads(run("audit", "check", "--json").stdout)
    assert (found["findings"], found["events"] > 4) == ([], True)
    assert json.loads(run("audit", "findings", "--json").stdout)["findings"] == []

    told = json.loads(run("case", "replay", number, "--json").stdout)
    assert [each["type"].partition(".")[2] for each in told] == ["submitted", "matched", "approved"]
    assert told[2]["changes"]["status"] == {"before": "MATCHED", "after": "APPROVED"}
    rules = {each["rule"] for each in told[2]["allowedBy"]}
    assert {"within_jurisdiction", "not_own_case", "matched"} <= rules
    assert all(each["violations"] == [] for each in told)
    first = json.loads(run("case", "replay", number, "--json", "--at", told[1]["recordedAt"]).stdout)
    assert len(first) in {1, 2}
    assert "allowed by: " in run("case", "replay", number).stdout
    assert "is no instant" in run("case", "replay", number, "--at", "yesterday", ends=2).output

    stream, version, position = office.place(Approved.TOPIC)
    office.as_owner("UPDATE registry.events SET actor_authority = '330200-EI' WHERE position = %s", position)
    sentence = run("--lang", "en", "audit", "check", ends=1).output
    assert f"stream {stream}, version {version}, position {position}: The column actor_authority" in " ".join(
        sentence.split()
    )
    assert run("audit", "check", "--case", number, ends=1).exit_code == 1
    assert "与事件本身的记载不一致" in run("--lang", "zh", "audit", "findings", ends=1).output
    assert "--although" in " ".join(run("projections", "rebuild", ends=1).output.split())
    assert "on the record" in run("projections", "rebuild", "--although", "a drill").output
    assert "The audit found" in run("projections", "check").output
