"""The project's own source, parsed: what tests about the code itself look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = {
    "domain": ROOT / "domain",
    "application": ROOT / "application",
    "infrastructure": ROOT / "infrastructure",
    "catalog": ROOT / "catalog",
    "console": ROOT / "console",
    "registry_api": ROOT / "graphql" / "registry_api",
    "compiled": ROOT / "graphql" / "compiled",
    "transport": ROOT / "graphql" / "transport",
}
"""Where each package of the project lies."""


@dataclass(frozen=True)
class Module:
    """One module: its dotted name and its syntax tree."""

    name: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package at the head of its name."""
        return self.name.partition(".")[0]


@cache
def modules_of(package: str) -> tuple[Module, ...]:
    """Every module of a package. Raises ``FileNotFoundError`` for a package that is not there."""
    folder = PACKAGES[package]
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    return tuple(Module(_dotted(package, folder, path), _parsed(path)) for path in sorted(folder.rglob("*.py")))


def all_modules() -> Iterator[Module]:
    """Every module of the project."""
    for package in PACKAGES:
        yield from modules_of(package)


def _dotted(package: str, folder: Path, path: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join([package, *(part for part in parts if part != "__init__")])


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
