"""In which language the command line refuses: as it is told, else as the environment says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.queries import ProjectionBehind
from console.language import choose
from console.sentences import sentence_of
from infrastructure.composition import open_registry
from infrastructure.identity import TokenRefused
from infrastructure.settings import Settings
from tests.console.test_errors import run, run_alone

HAN = re.compile(r"[\u4e00-\u9fff]")
LOCALES = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "", "PYTHONUTF8": "1"}


@pytest.fixture
def folder(data_dir: Path) -> Iterator[Path]:
    """A registry with the official catalog, open, so that no command has to start its server."""
    with open_registry(Settings(data_dir=data_dir, database_url=None, database_owner_url=None)) as registry:
        registry.projections.run_until_caught_up()
        yield data_dir


def test_a_refusal_is_said_in_the_language_that_is_chosen(folder: Path) -> None:
    """``--lang`` before all, then RECOGNITION_LANG, then the locale; English where nothing says otherwise."""
    for words, environment, chinese in (
        (["--lang", "zh"], {"LANG": "en_US.UTF-8"}, True),
        (["--lang", "en"], {"RECOGNITION_LANG": "zh", "LANG": "zh_CN.UTF-8"}, False),
        ([], {"RECOGNITION_LANG": "zh"}, True),
        ([], {"RECOGNITION_LANG": "en", "LANG": "zh_CN.UTF-8"}, False),
        ([], {"LANG": "zh_CN.UTF-8"}, True),
        ([], {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
        ([], {}, False),
    ):
        known = LOCALES | environment | {"RECOGNITION_DATA_DIR": str(folder)}
        by_locale = not words and "RECOGNITION_LANG" not in environment
        done = (run_alone if by_locale else run)(*words, "catalog", "show", "--catalog", "no-such", **known)
        sentence = "没有该代码对应的目录，请从目录清单中选择。" if chinese else "No catalog has this code; choose one"
        assert (done.returncode, sentence in done.stderr) == (1, True), done.stderr
        assert "(UNKNOWN_CATALOG)" in done.stderr
        assert bool(HAN.search(done.stderr)) is chinese


def test_another_language_is_refused() -> None:
    """What the registry does not speak is said to be so, with what it does; exit code 2."""
    done = run("--lang", "de", "catalog", "show", **LOCALES)
    assert done.returncode == 2
    assert "zh, en" in done.stderr


def test_failures_are_said_in_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system refuses, a token, an outage and read models that lag are told in Chinese too, codes as they are."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    choose(None)  # whatever a command in this process was told before
    for error, part in (
        (FileNotFoundError(2, "No such file or directory", "x.csv"), "无法访问x.csv"),
        (OSError("broken"), "操作系统拒绝了此操作"),
        (MemoryError(), "内存不足"),
        (UnicodeError(), "编码无法识别"),
        (TokenRefused("token-expired"), "令牌已经过期，请重新登录。 (token-expired)"),
        (ProjectionBehind(1, 2), "查询数据尚未更新"),
    ):
        said = sentence_of(error)
        assert said is not None
        assert part in said[0]
