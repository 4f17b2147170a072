"""Statistics on the command line, and read models by their names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from application.commands import CertificateForm, PersonForm, Submission
from application.projections.all import PROJECTIONS
from application.statistics import StatisticsKey
from console.audit_commands import CountedBy
from console.cli import app
from domain.values import Actor, Provenance, Role, shanghai_day
from infrastructure.composition import open_registry, utc_now
from infrastructure.settings import Settings
from tests.api.conftest import NINGBO, XIHU
from tests.conftest import Prepared

Run = Callable[..., Result]
BY = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT))


def form(number: int, authority: str) -> Submission:
    """A submission that is matched at once."""
    return Submission(
        idempotency_key=f"key-{number}",
        holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=f"P1234567{number}"),
        certificate=CertificateForm(
            name="AWS Certified Solutions Architect - Professional",
            issuing_body="亚马逊",
            certificate_number=f"C{number}",
        ),
        authority_code=authority,
        work_field="software",
    )


@pytest.fixture
def run(prepared: Prepared, database: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``recognition …`` on a registry with three cases; the command must end as expected."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(shutil.copytree(prepared.folder, tmp_path / "var")))
    monkeypatch.setenv("RECOGNITION_POOL_MIN_SIZE", "0")
    with open_registry(Settings()) as registry:
        for number, authority in enumerate((XIHU, XIHU, NINGBO)):
            registry.cases.submit(BY, form(number, authority))
        registry.projections.run_until_caught_up()

    def command(*words: str, ends: int = 0) -> Result:
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == ends, result.output
        return result

    return command


def test_cases_are_counted_by_the_keys_named(run: Run) -> None:
    """In their order; for programs as JSON; for an authority and a time."""
    by = ("audit", "statistics", "--by", "authority", "--by", "outcome")
    told = json.loads(run(*by, "--json").stdout)
    assert told["by"] == ["AUTHORITY", "OUTCOME"]
    assert {tuple(row["keys"]): row["cases"] for row in told["rows"]} == {(XIHU, "MATCHED"): 2, (NINGBO, "MATCHED"): 1}
    head, *rows = run(*by).stdout.splitlines()
    assert head.split("\t")[:3] == ["authority", "outcome", "cases"]
    assert len(rows) == 2
    total = json.loads(run("audit", "statistics", "--authority", XIHU, "--json").stdout)["rows"]
    assert [(row["keys"], row["cases"]) for row in total] == [([], 2)]
    day = shanghai_day(utc_now()).isoformat()
    for first, last, cases in ((day, day, 3), ("2023-11-01", "2023-11-02", 0)):
        [row] = json.loads(run("audit", "statistics", "--from", first, "--to", last, "--json").stdout)["rows"]
        assert row["cases"] == cases


def test_a_key_that_is_named_twice_is_refused(run: Run) -> None:
    """In one sentence with the way out."""
    assert "twice" in run("audit", "statistics", "--by", "month", "--by", "month", ends=2).stderr


def test_the_keys_of_the_command_are_those_of_statistics() -> None:
    """One list in two places, which nothing lets come apart."""
    assert [each.value for each in CountedBy] == [each.value for each in StatisticsKey]


def test_read_models_are_told_checked_and_rebuilt_by_name(run: Run, database: Any) -> None:
    """Each by its own, all without a name; a name that is none is answered with those that are."""
    names = [each.name for each in PROJECTIONS]
    told = json.loads(run("projections", "status", "--json").stdout)["projections"]
    assert [each["name"] for each in told] == names
    assert {each["lagEvents"] for each in told} == {0}
    assert json.loads(run("projections", "status", "statistics", "--json").stdout)["name"] == "statistics"
    lines = run("projections", "status").stdout.splitlines()
    assert [line.partition("\t")[2] for line in lines if line.startswith("name\t")] == names
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("DELETE FROM read_model_statistics.counted_cases")
    assert json.loads(run("projections", "check", "registry", "--json").stdout)["complete"]
    wrong = json.loads(run("projections", "check", "--json", ends=1).stdout)
    assert [each["complete"] for each in wrong["projections"]] == [name != "statistics" for name in names]
    assert "1 tables differed" in run("projections", "rebuild", "statistics").stdout
    assert json.loads(run("projections", "check", "--json").stdout)["complete"]
    said = run("projections", "rebuild", "cases", ends=2).stderr
    assert all(name in said for name in names)
