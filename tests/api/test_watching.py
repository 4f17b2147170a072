"""A watcher with an address, a key and a folder finds what was done to a registry; its exit code says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli import app
from infrastructure.composition import log_files
from infrastructure.log.epochs import begin_epoch
from tests.api.conftest import Api
from tests.api.test_transparency_log import logged


@pytest.fixture
def watch(api: Api, tmp_path: Path) -> Any:
    """``recognition audit watch --once`` on the registry: exit code and what it said."""
    [epoch] = api.client.get("/log").json()["epochs"]

    def look(*more: str, signed_in: bool = True) -> tuple[int, str]:
        words = ["audit", "watch", str(api.client.base_url), "--key", epoch["vkeys"][0], "--once"]
        words += ["--keep", str(tmp_path / "watch"), *more]
        words += ["--token", api.token("AUDITOR")] if signed_in else []
        result = CliRunner().invoke(app, words)
        assert "Traceback" not in result.output
        return result.exit_code, result.output

    return look


def test_what_is_as_it_was_signed_is_well(api: Api, watch: Any) -> None:
    """Look after look, with events held against the log and without."""
    logged(api, int(api.approved()["position"]))
    code, said = watch()
    assert code == 0, said
    assert "all is as it was signed" in said
    logged(api, int(api.submit()["position"]))
    assert watch()[0] == 0
    assert watch(signed_in=False)[0] == 0


@pytest.mark.parametrize(
    ("act", "word"),
    [
        (
            "UPDATE registry.events SET state = set_byte(state, 11, get_byte(state, 11) # 1) WHERE position = %s",
            "changed",
        ),
        ("DELETE FROM registry.events WHERE position = %s", "removed"),
        ("UPDATE registry.events SET originator_version = 99 WHERE position = %s", "changed"),
    ],
)
def test_what_was_done_to_an_event_is_found(api: Api, watch: Any, act: str, word: str) -> None:
    """Exit code 2 and the place, from what the API shows alone."""
    position = int(api.submit()["position"])
    logged(api, int(api.submit()["position"]))
    assert watch()[0] == 0
    with api.registry.database.connect_as_owner() as connection:
        connection.execute(act.encode(), [position])
    code, said = watch()
    assert code == 2, said
    assert f"position {position}" in said
    assert word in said


def test_a_new_epoch_and_a_foreign_key_are_deviations(api: Api, watch: Any) -> None:
    """A log that was left, and one that another key signs, are not the log that was watched."""
    logged(api, int(api.submit()["position"]))
    assert watch()[0] == 0
    registry = api.registry
    begin_epoch(
        registry.database.owner_url,
        log_files(registry.settings),
        registry.settings.log_name,
        "op",
        "Drill.",
        force=True,
    )
    code, said = watch()
    assert (code, "epoch 2" in said) == (2, True), said


def test_a_registry_that_does_not_answer_is_no_deviation(tmp_path: Path, api: Api) -> None:
    """Exit code 1: nothing can be said of the log."""
    [epoch] = api.client.get("/log").json()["epochs"]
    words = [
        "audit",
        "watch",
        "http://127.0.0.1:1",
        "--key",
        epoch["vkeys"][0],
        "--once",
        "--keep",
        str(tmp_path / "w"),
    ]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1, result.output
