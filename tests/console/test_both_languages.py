"""Every command speaks Chinese and English: its help, what is wrong with a call, and what it answers."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from console.cli import app
from infrastructure.composition import open_registry
from infrastructure.settings import Settings
from tests.console.signing import by
from tests.console.test_every_command import COMMANDS, ROOT

HAN: Final = re.compile(r"[\u4e00-\u9fff]")
LATIN_PROSE: Final = re.compile(r"\b[a-z]{2,}[,;:]? [a-z]{2,}\b")
"""Two Latin words in small letters with a space between: no name, code or option reads so."""
NAMED: Final = re.compile(r"`[^`]*`|<[^>]*>|\[[a-z|_]+\]|recognition [a-z -]+|--?[a-z-]+|https?://\S+|/\S+")
"""Commands, types, choices, options and paths, which are the same in every language."""
TITLES: Final = ("zh", "en")
GROUPS: Final = sorted({path[:depth] for path in COMMANDS for depth in range(len(path))})
ENTRIES: Final = (
    "序号,境外职业资格名称,境外职业资格译名,证书颁发机构,比照认定职称,专业领域\n1,A,甲,乙,工程师,数字经济\n"
)


@pytest.fixture(autouse=True, scope="module")
def _one_tree() -> Iterator[None]:
    """The runner makes the whole tree anew at each call; one does, as in a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", lambda _app: ROOT)
        patch.setenv("COLUMNS", "300")
        yield


def said(*words: str) -> tuple[str, str, int]:
    """What a command says on standard output and standard error, and its exit code."""
    result = CliRunner().invoke(app, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
    return result.stdout, result.stderr, result.exit_code


def check(text: str, language: str) -> None:
    """No prose of the other language stands in a text, and some of its own does."""
    bare = NAMED.sub(" ", text)
    if language == "zh":
        assert HAN.search(bare), text
        assert not LATIN_PROSE.search(bare), (LATIN_PROSE.findall(bare), text)
    else:
        assert not HAN.search(bare), (HAN.findall(bare), text)


@pytest.mark.parametrize("language", TITLES)
def test_help_is_in_the_language(language: str) -> None:
    """Of every command and every group, with the words of typer itself."""
    assert len(COMMANDS) > 40
    assert len(GROUPS) > 5
    for path in (*COMMANDS, *GROUPS):
        out, err, code = said(*path, "--help", "--lang", language)
        assert (code, err) == (0, "")
        check(out, language)


@pytest.mark.parametrize("language", TITLES)
def test_what_is_wrong_with_a_call_is_said_in_the_language(language: str) -> None:
    """An argument too much, too few, of another shape; a command or an option that is not there."""
    for words in (
        ["sevre"],
        ["nothing-like-it"],
        ["catalog"],
        ["case", "show"],
        ["case", "show", "a", "b"],
        ["case", "show", "--jsn"],
        ["case", "show", "--zzzzzz"],
        ["case", "show", "a", "--reason"],
        ["case", "due", "--json=1"],
        ["catalog", "issue", "x"],
        ["catalog", "show", "--on", "x"],
        ["catalog", "show", "0"],
        ["serve", "--port", "x"],
        ["token", "--role", "x"],
        ["token"],
        ["audit", "watch", "x", "--key", "y", "--every", "x"],
        ["case", "replay", "x", "--at", "x"],
        ["match"],
        ["match", "a\0b"],
    ):
        _, err, code = said("--lang", language, *words)
        assert code == 2, (words, err)
        check(err, language)


def test_the_language_stands_before_or_after_the_command_and_the_last_counts() -> None:
    """Wherever it stands before ``--``; what is no language is refused, as is one that is left out."""
    for words in (
        ["--lang", "zh", "match"],
        ["match", "--lang", "zh"],
        ["match", "--lang=zh"],
        ["--lang", "en", "match", "--lang", "zh"],
    ):
        check(said(*words)[1], "zh")
    assert "zh, en" in said("match", "--lang", "de")[1]
    assert "requires an argument" in said("match", "--lang")[1]
    check(said("match", "--", "--lang", "zh")[1], "en")


@pytest.fixture(scope="module")
def registry() -> Iterator[Path]:
    """A registry with the official catalog, which every command of this module asks, and a folder with files beside it."""
    folder = Path(tempfile.mkdtemp(prefix="registry-test-"))
    folder.chmod(0o711)
    settings = Settings(data_dir=folder / "data", database_url=None, database_owner_url=None)
    (folder / "data").mkdir(mode=0o711)
    with open_registry(settings) as opened, pytest.MonkeyPatch.context() as patch:
        opened.projections.run_until_caught_up()
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "RECOGNITION_TOKEN", "RECOGNITION_LANG"):
            patch.delenv(name, raising=False)
        patch.setenv("RECOGNITION_DATA_DIR", str(folder / "data"))
        patch.chdir(folder)
        (folder / "entries.csv").write_text(ENTRIES, encoding="utf-8")
        (folder / "broken.csv").write_text(ENTRIES.replace("1,A", "x,A"), encoding="utf-8")
        (folder / "list.csv").write_text("name,issuer,grade\nAWS Certified Developer,Amazon,\n", encoding="utf-8")
        yield folder
    shutil.rmtree(folder)


DATA: Final = re.compile(r"[“\"'].*?[”\"']|数字经济|装备制造|材料|工程师|columns read: .*|[A-Za-z0-9._=-]{80,}")
"""What is data of the official catalog, whichever language is spoken."""


@pytest.mark.parametrize("language", TITLES)
def test_what_commands_answer_is_in_the_language(registry: Path, language: str) -> None:
    """Titles, heads, sentences and refusals; names, codes and what the catalog says are data."""
    answers: list[tuple[list[str], int]] = [
        (["audit", "check", "--processes", "1"], 0),
        (["audit", "findings"], 0),
        (["audit", "outliers"], 0),
        (["audit", "statistics", "--by", "outcome"], 0),
        (["case", "show", "ZJ2026-00000-00000"], 1),
        (["case", "due"], 0),
        (["case", "integrity"], 0),
        (["catalog", "history", "--aliases", "--code", "x"], 2),
        (["catalog", "show", "--version", "7"], 2),
        (["catalog", "show", "999"], 2),
        (["catalog", "import", "broken.csv"], 1),
        (["catalog", "import", "absent.csv"], 2),
        (["catalog", "import", "entries.csv"], 0),
        (["catalog", "vocabulary", "--kind", "x"], 2),
        (["catalog", "amend", "--notice", "n", "--effective", "2027-01-01"], 2),
        (["keys", "status"], 0),
        (["match"], 2),
        (["match", "--file", "list.csv", "--report", f"{language}.csv"], 0),
        (["projections", "status"], 0),
        (["projections", "check"], 0),
        (["projections", "check", "x"], 2),
        (["projections", "quarantine", "7", "--reason", "why so"], 2),
        (["token", "--role", "REVIEWER"], 0),
        (["serve", "--host", "192.0.2.1"], 2),
    ]
    wrong = []
    for words, ends in answers:
        out, err, code = said("--lang", language, *words)
        try:
            assert code == ends, (words, out, err)
            shown = err if words[0] == "token" else DATA.sub("", f"{out}\n{err}")
            check(shown, language)
        except AssertionError as error:
            wrong.append(f"{words}: {error}"[:1500])
    assert wrong == []
    assert registry.is_dir()


def test_answers_for_programs_do_not_change_with_the_language(registry: Path) -> None:
    """Keys, codes and states of JSON are the same; what is told in it is in the language."""
    for words in (
        ["keys", "status", "--json"],
        ["catalog", "history", "--json"],
        ["catalog", "aliases", "AWS", "--json"],
        ["audit", "statistics", "--by", "outcome", "--json"],
        ["match", "AWS Certified Developer", "--issuer", "Amazon", "--json"],
    ):
        found: list[Any] = [json.loads(said("--lang", language, *words)[0]) for language in TITLES]
        assert without_prose(found[0]) == without_prose(found[1]), words
    assert registry.is_dir()


def without_prose(value: Any) -> Any:
    """An answer without the sentences in it."""
    if isinstance(value, dict):
        return {
            name: without_prose(each) for name, each in value.items() if name not in {"message", "reasons", "summary"}
        }
    return [without_prose(each) for each in value] if isinstance(value, list) else value


def test_an_act_is_told_in_the_language(registry: Path) -> None:
    """A further catalog is proposed and refused in Chinese, with every word of it."""
    token = by("administrator-lin")
    words = [
        "catalog",
        "propose",
        "entries.csv",
        "--code",
        "zj-x",
        "--name",
        "目录",
        "--notice",
        "通知",
        "--effective",
        "2027-01-01",
    ]
    out, err, code = said("--lang", "zh", *words, *token)
    assert code == 0, err
    assert "请由另一目录管理员发布" in out
    assert err == ""
    assert registry.is_dir()
