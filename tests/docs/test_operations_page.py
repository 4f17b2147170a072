"""The guide of operations is complete in both languages: every setting, alert and code of an error, and only commands that exist."""

from __future__ import annotations

import re

import pytest

from infrastructure.settings import Settings
from tests.console.test_every_command import COMMANDS
from tests.docs.sentences import class_codes
from tests.sources import ROOT, all_modules

PAGES = ("operations.md", "operations.zh-CN.md")
OF_CLIENTS = ("evidence", "unknown-event", "rows-out-of-step")
"""Codes that reach clients of the API, or tests of this project, and no operator."""


def text(page: str) -> str:
    """A page of the guide."""
    return (ROOT / "docs" / page).read_text("utf-8")


def rows(page: str) -> set[str]:
    """What stands between backticks in the first column of its tables."""
    firsts = re.findall(r"^\| (`[^|]*`) \|", text(page), re.MULTILINE)
    return {name for first in firsts for name in re.findall(r"`([^`]+)`", first)}


@pytest.mark.parametrize("page", PAGES)
def test_each_setting_has_a_row(page: str) -> None:
    """A setting without a row is one that nobody finds."""
    fields = set(Settings.model_fields)
    assert len(fields) > 30
    assert fields - rows(page) == set()


@pytest.mark.parametrize("page", PAGES)
def test_each_alert_says_what_to_do(page: str) -> None:
    """Under its name."""
    rules = (ROOT / "deploy" / "prometheus" / "recognition.rules.yml").read_text("utf-8")
    alerts = set(re.findall(r"- alert: (\w+)", rules))
    assert alerts == {each for each in rows(page) if each.startswith("Registry")}


@pytest.mark.parametrize("page", PAGES)
def test_each_code_of_a_start_has_its_cure(page: str) -> None:
    """Every error of the infrastructure that bears a code for operators."""
    codes = {
        code
        for module in all_modules()
        if module.name.startswith("infrastructure.")
        for _, code, _ in class_codes(module)
        if not code.startswith(OF_CLIENTS)
    }
    assert len(codes) > 20
    assert codes - rows(page) == set()
    told = {each for each in rows(page) if re.fullmatch(r"[a-z]+(-[a-z]+)*", each)}
    assert told - codes <= set(Settings.model_fields)


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_files_that_are_named_exist(page: str) -> None:
    """So that whoever follows the guide gets where it leads."""
    words = {name for path in COMMANDS for name in (" ".join(path[:n]) for n in range(1, len(path) + 1))}
    named = re.findall(
        r"recognition ([a-z]+(?:\s[a-z]+)*)", re.sub(r"\s+", " ", " ".join(re.findall(r"`([^`]+)`", text(page))))
    )
    assert len(named) > 15
    for each in named:
        parts = each.split()
        assert any(" ".join(parts[:n]) in words for n in (3, 2, 1)), each
    for link in re.findall(r"\]\(([^)#]+)\)", text(page)):
        assert (ROOT / "docs" / link).exists(), link


def test_both_languages_have_the_same_parts() -> None:
    """Sections and rows alike."""
    one, other = map(text, PAGES)
    assert one.count("\n## ") == other.count("\n## ")
    assert rows(PAGES[0]) == rows(PAGES[1])
