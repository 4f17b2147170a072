"""The page of requirements names tests that exist."""

from __future__ import annotations

import ast
import re

from tests.sources import ROOT

PAGE = ROOT / "docs" / "requirements.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def defined(path: str) -> set[str]:
    """The names of the tests that a file defines, read and not run."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_")}


def lines() -> list[str]:
    """The rows of its tables."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [row for row in rows if not row.startswith("| What is tried")]


def test_every_test_that_is_named_exists() -> None:
    """Each row names at least one test, and each that it names is defined in the file it names."""
    named = [(row, NAMED.findall(row)) for row in lines()]
    assert len(named) > 30
    assert [row for row, tests in named if not tests] == []
    missing = {f"{path}::{name}" for _, tests in named for path, name in tests if not (ROOT / path).is_file()}
    missing |= {
        f"{path}::{name}"
        for _, tests in named
        for path, name in tests
        if (ROOT / path).is_file() and name not in defined(path)
    }
    assert missing == set()


def test_nothing_between_backticks_is_a_test_in_another_form() -> None:
    """A name that the pattern does not read would be held by nobody."""
    for row in lines():
        tests = [word for word in re.findall(r"`([^`]+)`", row) if "tests/" in word or "::" in word]
        assert [f"`{word}`" for word in tests if not NAMED.fullmatch(f"`{word}`")] == []


def test_no_line_stands_twice() -> None:
    """One line a kind."""
    told = [row.split(" | ")[0] for row in lines()]
    assert len(told) == len(set(told))
