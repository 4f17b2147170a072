"""What is installed is what is there: every package and every file that the code reads is named in the metadata."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {"application", "catalog", "console", "domain", "infrastructure"}
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def folder_of(package: str) -> Path:
    """Where a package lies."""
    home = ROOT / "graphql" if package.startswith("registry_api") else ROOT
    return home / package.replace(".", "/")


def test_every_package_is_named() -> None:
    """A folder with modules that the list leaves out would be missing from an installed registry."""
    named = set(METADATA["tool"]["setuptools"]["packages"])
    found = {
        ".".join(folder.parent.relative_to(home).parts)
        for home, tops in ((ROOT, SOURCES), (ROOT / "graphql", {"registry_api"}))
        for top in tops
        for folder in (home / top).rglob("__init__.py")
    }
    assert len(found) > 10
    assert named == found


def test_every_file_that_is_read_is_named() -> None:
    """SQL, notices, tables and page files travel with the packages that read them."""
    patterns = METADATA["tool"]["setuptools"]["package-data"]
    unnamed = []
    examined = 0
    for package in METADATA["tool"]["setuptools"]["packages"]:
        folder = folder_of(package)
        for file in folder.rglob("*"):
            owner = package if file.parent == folder or not (file.parent / "__init__.py").exists() else None
            if not file.is_file() or file.suffix in {".py", ".pyc"} or owner is None:
                continue
            examined += 1
            known = [(top, pattern) for top, each in patterns.items() for pattern in each]
            if not any(
                fnmatch(str(file.relative_to(folder_of(top).parent)), f"{folder_of(top).name}/{pattern}")
                for top, pattern in known
                if file.is_relative_to(folder_of(top))
            ):
                unnamed.append(str(file.relative_to(ROOT)))
    assert examined > 5
    assert unnamed == []
