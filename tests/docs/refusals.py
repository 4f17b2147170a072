"""The table of refusals in ``docs/refusals.md``, made from the code: ``python -m tests.docs.refusals`` writes it anew."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from domain.refusals import RefusalCode
from tests.sources import ROOT, Module, modules_of

PAGE: Final = ROOT / "docs" / "refusals.md"
LAYERS: Final = ("domain", "application", "infrastructure", "registry_api")
HEAD: Final = """\
# Refusals

Whatever the rules forbid is answered with a refusal: a stable `code` for programs, one sentence for a person that names the
way out, and the `field` it is about, if one. Nothing is recorded. A mutation answers it as data (`refusal`), a query as an error
with the code in its `extensions`, the command line with the sentence.

Codes are never renamed and never change their meaning. The right-hand column names the modules that refuse for the reason.

| Code | Meaning | Where it comes from |
|---|---|---|
"""
FOOT: Final = """
This page is printed from `domain/refusals.py` by `python -m tests.docs.refusals`.
"""


def codes_in(modules: Iterable[Module]) -> dict[RefusalCode, list[str]]:
    """Which modules name which code, as ``RefusalCode.X``; modules in order of their names."""
    found: dict[RefusalCode, set[str]] = {code: set() for code in RefusalCode}
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "RefusalCode":
                found[RefusalCode[node.attr]].add(module.name)
    return {code: sorted(names) for code, names in found.items()}


def raised() -> dict[RefusalCode, list[str]]:
    """Where the project's source refuses for each reason."""
    return codes_in(module for layer in LAYERS for module in modules_of(layer))


def page() -> str:
    """The page as it should read now."""
    rows = (
        f"| `{code.value}` | {code.meaning} | {', '.join(f'`{name}`' for name in names) or 'nowhere yet'} |\n"
        for code, names in raised().items()
    )
    return HEAD + "".join(rows) + FOOT


def write(path: Path = PAGE) -> None:
    """Write the page anew."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
