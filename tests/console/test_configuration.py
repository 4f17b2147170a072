"""Settings come from options, the environment and a configuration file, in this order; a name that is none is refused with the nearest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.placing import placed
from infrastructure.configuration import ConfigurationError, ToldSettings, told
from infrastructure.settings import Settings
from tests.console.test_doctor import command
from tests.console.test_errors import run


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file that the environment names."""
    path = tmp_path / "registry.toml"
    monkeypatch.setenv("RECOGNITION_CONFIG", str(path))
    return path


def test_options_go_before_the_environment_and_that_before_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each setting by itself; lists are TOML's own; what nobody names has its default."""
    file.write_text(
        'data_dir = "/file"\npool_max_size = 3\nlog_format = "json"\ndatabase_url = "postgresql://file/db"\n'
        'trusted_proxies = ["10.0.0.0/8", "192.0.2.1"]\n'
    )
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("RECOGNITION_POOL_MAX_SIZE", "5")
    found = Settings()
    assert (str(found.data_dir), found.pool_max_size, found.log_format) == ("/file", 5, "json")
    assert [str(each) for each in found.trusted_proxies] == ["10.0.0.0/8", "192.0.2.1/32"]
    assert found.database_url == "postgresql://file/db"
    assert found.configuration_file == file
    assert found.pool_min_size == 2
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment/db")
    assert Settings().database_url == "postgresql://environment/db"
    token = told.set(ToldSettings(None, {"data_dir": Path("/told"), "database_url": "postgresql://told/db"}))
    try:
        found = Settings()
    finally:
        told.reset(token)
    assert (str(found.data_dir), found.database_url, found.pool_max_size) == ("/told", "postgresql://told/db", 5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('data_dirr = "x"', "data_dirr, which is no setting; write data_dir"),
        ("whatever = 1", "whatever, which is no setting; see"),
        ("data_dir = ", "is no TOML"),
        ("[zone]\nport = 1", "zone, which is no setting"),
    ],
)
def test_a_file_with_a_fault_is_refused(file: Path, text: str, words: str) -> None:
    """In a sentence that names the file, and the nearest setting where one is near."""
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        Settings()
    assert words in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    """A mistyped path must not leave the defaults in force."""
    with pytest.raises(ConfigurationError, match="can't be read"):
        Settings()
    assert not file.exists()


def test_a_mistyped_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nearest one; variables of single commands are none of an installation's and pass."""
    monkeypatch.setenv("RECOGNITION_TOKEN", "x")
    monkeypatch.setenv("RECOGNITION_LANG", "zh")
    Settings()
    monkeypatch.setenv("RECOGNITION_DATADIR", "/x")
    with pytest.raises(
        ConfigurationError, match="RECOGNITION_DATADIR, which is no setting; write RECOGNITION_DATA_DIR"
    ):
        Settings()


def test_what_one_command_was_told_is_not_told_to_the_next(tmp_path: Path) -> None:
    """Not within one process either, as here, nor after a mistake."""
    before = Settings()
    assert command("case", "show", "x", "--data-dir", str(tmp_path / "there")) == 2
    assert Settings() == before
    assert command("case", "show", "--data-dir", str(tmp_path / "there"), "--nonsense") == 2
    assert Settings() == before


def test_options_stand_anywhere() -> None:
    """Before the command or after it, with or without an equals sign; what follows two dashes is left."""
    assert placed(["case", "show", "X", "--data-dir", "/d"]) == ["--data-dir", "/d", "case", "show", "X"]
    assert placed(["serve", "--config=/c", "--port", "1"]) == ["--config=/c", "serve", "--port", "1"]
    assert placed(["match", "--", "--database", "x"]) == ["match", "--", "--database", "x"]
    assert placed(["serve", "--data-dir"]) == ["--data-dir", "serve"]


def test_a_command_is_about_the_registry_that_its_options_name(tmp_path: Path) -> None:
    """The sentence says which was asked; nothing is made there."""
    done = run("case", "show", "ZJ2026-00000-00000", "--data-dir", str(tmp_path / "there"))
    assert done.returncode == 2
    assert str(tmp_path / "there") in done.stderr
    assert not (tmp_path / "there").exists()
    done = run("case", "show", "x", "--database", "postgresql://nobody@127.0.0.1:1/none")
    assert "the database none at 127.0.0.1:1" in done.stderr.casefold()
    path = tmp_path / "c.toml"
    path.write_text("pool_sixe = 1")
    done = run("--lang", "zh", "token", "--role", "AUDITOR", "--config", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "不是设置项" in done.stderr
    path.write_text(f"data_dir = {json.dumps(str(tmp_path / 'keys'))}")
    assert run("token", "--role", "AUDITOR", RECOGNITION_CONFIG=str(path)).returncode == 0
    assert (tmp_path / "keys" / "development-issuer.json").exists()
