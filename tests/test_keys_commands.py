"""``recognition keys``: rotation while a registry is open, taken up where it was interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from console.cli import app
from infrastructure.composition import MASTER_KEY_FILE, open_registry
from infrastructure.sealing.master import MasterKeys
from infrastructure.settings import Settings


@pytest.fixture
def settings(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation that the command line finds in its environment."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(tmp_path))
    return Settings()


def run(*words: str) -> Any:
    """What a command prints for programs."""
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_keys_are_rotated_under_a_registry_that_runs(settings: Settings, tmp_path: Path) -> None:
    """Every key ends under the new master key; the open registry opens old keys and wraps new ones under the new one."""
    holders = [uuid4() for _ in range(5)]
    with open_registry(settings) as registry:
        keys = {ref: registry.keyring.key_for(ref) for ref in holders}
        registry.keyring.destroy(holders[0])
        first = run("keys", "status")
        rotated = run("keys", "rotate", "--drop-old")
        assert rotated["current"] != first["current"]
        assert rotated["rewrapped"] == len(holders)  # four, and the secret of the holder index
        registry.keyring._cache.clear()
        assert [registry.keyring.existing_key(ref) for ref in holders] == [None, *(keys[ref] for ref in holders[1:])]
        registry.keyring.key_for(uuid4())
    status = run("keys", "status")
    assert status == {
        "current": rotated["current"],
        "known": [rotated["current"]],
        "keys": {rotated["current"]: len(holders) + 1},
        "destroyed": 1,
    }
    assert list(MasterKeys.load_or_create(tmp_path / MASTER_KEY_FILE).keys) == [rotated["current"]]


def test_an_interrupted_rotation_goes_on(settings: Settings, tmp_path: Path) -> None:
    """A crash after the new key was saved: the next call makes no further key and finishes."""
    with open_registry(settings) as registry:
        registry.keyring.key_for(uuid4())
        MasterKeys.load_or_create(tmp_path / MASTER_KEY_FILE).with_new().save(tmp_path / MASTER_KEY_FILE)
        waiting = MasterKeys.load_or_create(tmp_path / MASTER_KEY_FILE).current_id
    assert run("keys", "rotate")["current"] == waiting
    assert run("keys", "status")["keys"] == {waiting: 2}
