"""The doctor looks at each part by itself, says how it is and what helps; it changes nothing, and what is wrong is never called well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.cli import app
from console.sentences import sentence_of
from domain.messages import Language
from infrastructure.composition import MASTER_KEY_FILE, open_registry, utc_now
from infrastructure.doctor import Health, archive, examine, worst
from infrastructure.settings import Settings
from tests.console.test_errors import run


def explain(error: BaseException) -> str | None:
    """As the command does."""
    known = sentence_of(error)
    return None if known is None else known[0]


@pytest.fixture
def settings(database: Any, tmp_path: Path) -> Settings:
    """A registry with its read models, an audit that found nothing, and a backup."""
    chosen = Settings(database_url=database.app_url, database_owner_url=database.owner_url, data_dir=tmp_path / "data")
    with open_registry(chosen) as registry:
        registry.projections.run_until_caught_up()
        for process in registry.processes:
            if process.process.name == "transparency log":
                with psycopg.connect(registry.database.app_url, autocommit=True) as connection:
                    step = process.process.step_over(connection)
                    while step(lambda: False):
                        pass
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("INSERT INTO registry.audit_runs (checked_through, events) VALUES (1, 1)")
        owner.execute(
            "INSERT INTO registry.audit_parts (run, part, ends_run) SELECT run, 1, true FROM registry.audit_runs"
        )
        owner.execute("INSERT INTO registry.backups (position, events, bytes, operator) VALUES (1, 1, 1, 'os:0/x@y')")
    return chosen


def looked(settings: Settings, **more: Any) -> dict[str, list[tuple[str, str]]]:
    """By part, what was found: how it is, and the key of what is said."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in examine(settings, explain, **more):
        found.setdefault(each.part, []).append((each.health.value, each.said.key.removeprefix("doctor.")))
        assert each.said.text(Language.ZH)
    return found


@contextmanager
def owner(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection that commits each statement."""
    with psycopg.connect(str(settings.database_owner_url), autocommit=True) as connection:
        yield connection


def test_each_part_is_looked_at(settings: Settings) -> None:
    """A registry as it should be, but for what a single machine lacks: nothing is bad."""
    found = looked(settings)
    assert {part: [health for health, _ in each] for part, each in found.items()} == {
        "settings": ["ok"],
        "provider": ["warn"],
        "disk": ["ok"],
        "database": ["ok"],
        "roles": ["ok"],
        "clock": ["ok"],
        "keys": ["ok"],
        "evidence": ["ok"],
        "log": ["ok", "warn"],
        "readModels": ["ok", "ok"],
        "audit": ["ok"],
        "backup": ["ok"],
    }
    assert found["log"][1] == ("warn", "log_unwitnessed")
    assert not list((settings.data_dir / "evidence").iterdir())


def test_what_is_wrong_is_found(settings: Settings, tmp_path: Path) -> None:
    """One part after the other is broken, and found; every other part is looked at all the same."""
    later = lambda: utc_now() + timedelta(minutes=10)  # noqa: E731 - the clock of a machine that runs ahead
    assert looked(settings, clock=later)["clock"] == [("bad", "clock_wrong")]
    full = settings.model_copy(update={"least_free_space": 2**62})
    assert looked(full)["disk"] == [("bad", "disk_full")]
    kept = settings.data_dir / MASTER_KEY_FILE
    aside = kept.rename(kept.with_suffix(".aside"))
    found = looked(settings)
    assert found["keys"] == [("bad", "broken")]
    assert found["backup"] == [("ok", "backup")]
    aside.rename(kept)
    kept.chmod(0o644)
    assert looked(settings)["keys"] == [("bad", "broken")]
    kept.chmod(0o600)
    checkpoint = settings.data_dir / "log.checkpoint"
    checkpoint.rename(checkpoint.with_suffix(".aside"))
    assert looked(settings)["log"] == [("bad", "log_file_missing")]
    checkpoint.with_suffix(".aside").rename(checkpoint)
    with owner(settings) as connection:
        connection.execute("GRANT UPDATE ON registry.events TO registry_app")
        assert looked(settings)["roles"] == [("bad", "broken")]
        connection.execute("REVOKE UPDATE ON registry.events FROM registry_app")
        connection.execute("UPDATE registry.backups SET made_at = now() - interval '3 days'")
        connection.execute("UPDATE registry.projection_positions SET shape = 'another'")
        connection.execute(
            "INSERT INTO registry.audit_findings (run, code, rule, message_en, message_zh)"
            " SELECT run, 'X', 'x', 'x', 'x' FROM registry.audit_runs"
        )
        found = looked(settings)
        assert found["backup"] == [("warn", "backup_old")]
        assert found["readModels"][0] == ("bad", "read_model_due")
        assert found["audit"] == [("bad", "audit_found")]
    (tmp_path / "file").write_text("")
    away = settings.model_copy(update={"evidence_bucket": "s4://nowhere"})
    assert looked(away)["evidence"] == [("bad", "broken")]
    provider = settings.model_copy(update={"jwks": str(tmp_path / "none.json"), "token_issuer": "https://id.example"})
    assert looked(provider)["provider"] == [("bad", "broken")]


def test_a_configuration_that_others_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a password: bad, and the way out is named; without one it may lie open."""
    file = tmp_path / "registry.toml"
    file.write_text('database_url = "postgresql://u:p@127.0.0.1:1/none"')
    file.chmod(0o644)
    monkeypatch.setenv("RECOGNITION_CONFIG", str(file))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    found = looked(Settings())
    assert found["settings"] == [("bad", "settings_open")]
    assert found["database"] == [("bad", "broken")]
    assert "roles" not in found
    file.chmod(0o600)
    assert looked(Settings())["settings"] == [("ok", "settings_file")]


def test_the_command_ends_in_what_it_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 where nothing is bad, 1 where something is; a line a part, or JSON."""
    monkeypatch.setenv("DATABASE_URL", str(settings.database_url))
    monkeypatch.setenv("DATABASE_OWNER_URL", str(settings.database_owner_url))
    words = ["--data-dir", str(settings.data_dir)]
    assert command("doctor", "--json", *words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["health"] == "warn"
    assert {"part", "health", "message"} == told["parts"][0].keys()
    (settings.data_dir / MASTER_KEY_FILE).unlink()
    assert command("--lang", "zh", "doctor", *words) == 1
    said = capsys.readouterr()
    assert "bad   keys" in said.out
    assert "主密钥" not in said.err
    assert "须立即处理" in said.err
    assert command("migrate", *words) == 0
    assert "nothing was done" in capsys.readouterr().out


def command(*words: str) -> int:
    """Run ``recognition`` in this process; its exit code."""
    with pytest.raises(SystemExit) as end:
        app(list(words), prog_name="recognition")
    return int(end.value.code or 0)


def test_no_registry_is_bad_and_makes_none(tmp_path: Path) -> None:
    """The doctor says where it looked."""
    done = run("doctor", "--data-dir", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "There is no registry" in done.stdout
    assert not (tmp_path / "none").exists()


def test_migrating_is_a_step_of_its_own(empty_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty database is not taken for a registry, unless it shall become one; what is due is told beforehand."""
    monkeypatch.setenv("DATABASE_URL", empty_database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", empty_database.owner_url)
    words = ["--data-dir", str(tmp_path)]
    assert command("migrate", *words) == 2
    assert command("migrate", "--create", "--dry-run", *words) == 1
    assert command("migrate", "--create", *words) == 0
    assert command("migrate", "--dry-run", *words) == 0
    with psycopg.connect(empty_database.owner_url) as connection:
        connection.execute(
            "DELETE FROM registry.migrations WHERE version = (SELECT max(version) FROM registry.migrations)"
        )
    assert command("migrate", "--dry-run", *words) == 1


def test_health_is_ordered() -> None:
    """The worst decides."""
    assert worst([]) is Health.OK


def test_an_archive_that_fails_is_said() -> None:
    """It fills the database's disk in silence; one that works, or none, is nothing to speak of."""
    [said] = archive(3)
    assert said.health is Health.BAD
    assert "3 failures" in str(said.said)
    assert not list(archive(None))
