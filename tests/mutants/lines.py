"""Which lines each test executes: recorded once by running the tests, and kept in ``var/mutants`` until their file changes.

Of a module that changed since, a test that executed anything counts as executing every line; ``--fresh`` records anew.

What is executed while a test file is collected belongs to no test. A function that keeps its answers is executed by the first
test that asks, so a survivor is tried once more by every test that executes anything of its module.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "mutants"
FOLDERS = ("domain", "application")
EVERY = -1
"""All bits: every line."""
PYTEST = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "tests.mutants.settled", "--tb=no", "--capture=no")
"""How tests are run here: in their own order, and with properties tried on the same examples each time."""


@dataclass(frozen=True)
class Traced:
    """A test, how many seconds of the processor it takes while it is traced, and the lines of each module that it executes."""

    name: str
    seconds: float
    lines: Mapping[str, int]

    def executes(self, path: str, line: int) -> bool:
        """Whether the test executes a line of a module."""
        return bool(self.lines.get(path, 0) >> line & 1)


@cache
def sources() -> dict[str, str]:
    """The modules that can be mutated, by their path from the root."""
    files = (file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")))
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}


def digest(*texts: str) -> str:
    """A name for texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def traced(files: Iterable[str]) -> list[Traced]:
    """The tests of these files; those that are not known are run first. Raises ``SystemExit`` where one fails unchanged."""
    unknown = [file for file in files if not _page(file).exists()]
    if unknown:
        command = [sys.executable, "-m", "tests.mutants.lines", *unknown]
        subprocess.run(command, cwd=ROOT, check=False)
    found, failed = [], []
    current = {path: digest(text) for path, text in sources().items()}
    for file in files:
        page = json.loads(_page(file).read_text(encoding="utf-8"))
        same = {path for path, text in page["modules"].items() if current.get(path) == text}
        for name, (seconds, passed, lines) in page["tests"].items():
            found.append(
                Traced(name, seconds, {path: int(bits, 16) if path in same else EVERY for path, bits in lines.items()})
            )
            failed += [] if passed else [name]
    if failed:
        raise SystemExit("these tests fail without any mutant: " + ", ".join(failed))
    return found


def _page(file: str) -> Path:
    text = (ROOT / file).read_text(encoding="utf-8")
    return KEPT / "lines" / f"{digest(file, text)}.json"


class Recorder:
    """The plugin that runs tests and writes what each executes."""

    def __init__(self) -> None:
        self._paths = {str(ROOT / path): path for path in sources()}
        self._seen: dict[CodeType, set[int]] = {}
        self._sizes: dict[CodeType, int] = {}
        self._tests: dict[str, dict[str, Any]] = {}
        self._passed = True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Trace one test, its fixtures included, on every thread that it starts."""
        self._seen, self._passed = {}, True
        begun = time.process_time()
        threading.settrace(self._enter)
        sys.settrace(self._enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            lines: dict[str, int] = {}
            for code, seen in list(self._seen.items()):
                path = self._paths[code.co_filename]
                lines[path] = lines.get(path, 0) | sum(1 << line for line in seen)
            file = item.nodeid.split("::")[0]
            facts = (time.process_time() - begun, self._passed, {path: hex(bits) for path, bits in lines.items()})
            self._tests.setdefault(file, {})[item.nodeid] = facts

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails unchanged can show nothing."""
        self._passed = self._passed and not report.failed

    def pytest_sessionfinish(self) -> None:
        """Write a page for each file."""
        modules = {path: digest(text) for path, text in sources().items()}
        for file, tests in self._tests.items():
            page = _page(file)
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(json.dumps({"modules": modules, "tests": tests}, ensure_ascii=False), encoding="utf-8")

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in self._paths:
            return None
        seen = self._seen.setdefault(code, {code.co_firstlineno})
        if code not in self._sizes:
            self._sizes[code] = len({line for _, _, line in code.co_lines() if line} | {code.co_firstlineno})
        if len(seen) >= self._sizes[code]:
            return None

        def line(frame: FrameType, event: str, _arg: Any) -> Any:
            if event == "line":
                seen.add(frame.f_lineno)
            return line

        return line


if __name__ == "__main__":
    # As one copy of this module only: the plugin is that of the package, not of ``__main__``.
    from tests.mutants import lines as here

    for each in sys.argv[1:]:
        pytest.main([*PYTEST, each], plugins=[here.Recorder()])
