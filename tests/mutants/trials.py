"""How a mutant is tried: in a forked process, by the tests chosen for it, until the first fails.

``Bodies`` forks after everything was imported and collected, and gives the functions of the mutated module their new code; that takes
milliseconds. What runs while a module is imported (tables, lists of rules, decorators, defaults) is tried by ``imported``, which forks
before anything of the project is imported and lets the import find the mutated text.

A child ends with its first failing test, without tidying up: the databases it leaves are dropped by whoever forked it.
"""

from __future__ import annotations

import ast
import bisect
import gc
import importlib.abc
import importlib.util
import itertools
import os
import resource
import select
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.machinery import PathFinder, SourceFileLoader
from types import CodeType, FunctionType
from typing import Any, NoReturn

import pytest

from tests.mutants.database import Host
from tests.mutants.lines import PYTEST, ROOT

SECONDS = 10.0
"""What a trial may take of the processor beyond thrice the time of its tests, before it counts as without end."""


class Outcome(StrEnum):
    """What came of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"
    UNFIT = "unfit"
    """Its code cannot be swapped; it is tried by import."""


@dataclass(frozen=True)
class Verdict:
    """What came of a trial, by which test, and after how many seconds of waiting."""

    outcome: Outcome
    by: str
    seconds: float


def forked(trial: Callable[[Callable[[str], NoReturn]], None], allowed: float, host: Host | None) -> Verdict:
    """Run a trial in a child that may take ``allowed`` seconds of the processor, and ten times as long by the wall.

    It says by its argument which test failed; a trial that returns has survived.
    """
    begun = time.monotonic()
    ends = os.pipe()
    child = os.fork()
    if child == 0:
        _be_tried(trial, allowed, ends[1])
    os.close(ends[1])
    watched = os.pidfd_open(child)
    ended, _, _ = select.select([watched], [], [], 10 * allowed)
    if not ended:
        os.kill(child, signal.SIGKILL)
    os.close(watched)
    _, status = os.waitpid(child, 0)
    word = os.read(ends[0], 4096).decode()
    os.close(ends[0])
    _end_group(child)
    if host is not None:
        host.tidy(child)
    outcome, _, by = word.partition(" ")
    found = Outcome(outcome) if outcome else Outcome.TIMEOUT
    if not outcome and ended and os.WIFSIGNALED(status) and os.WTERMSIG(status) not in {signal.SIGXCPU, signal.SIGKILL}:
        found = Outcome.KILLED
    return Verdict(found, by, time.monotonic() - begun)


def _be_tried(trial: Callable[[Callable[[str], NoReturn]], None], allowed: float, end: int) -> NoReturn:
    def say(word: str) -> NoReturn:
        os.write(end, word.encode())
        os._exit(0)

    try:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(silence, number)
        used = time.process_time()
        seconds = int(used + allowed) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        trial(lambda test: say(f"{Outcome.KILLED} {test}"))
        say(Outcome.SURVIVED)
    except CannotSwap:
        say(Outcome.UNFIT)
    except BaseException as error:  # noqa: BLE001 - whatever a mutant raises where no test runs, it was noticed
        say(f"{Outcome.KILLED} {type(error).__name__}")


def _end_group(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


class FirstFailure:
    """The plugin that ends a child with its first failing test."""

    def __init__(self, killed: Callable[[str], NoReturn]) -> None:
        self._killed = killed
        self.ran = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """Before anything is told of the failure."""
        self.ran += call.when == "call"
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            self._killed(item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be imported any more is noticed by whoever imports it."""
        if report.failed:
            self._killed(report.nodeid)


class CannotSwap(Exception):
    """New code does not fit a function that exists, since it closes over other variables."""


class Bodies:
    """The plugin that collects tests once and tries mutants of function bodies, each in a fork of what was collected."""

    def __init__(self, host: Host, try_all: Callable[[Bodies], None]) -> None:
        self._host, self._try_all = host, try_all
        self._items: dict[str, pytest.Item] = {}
        self._functions: dict[tuple[Any, ...], list[FunctionType]] = defaultdict(list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests."""
        self._items = {item.nodeid: item for item in session.items}
        for each in gc.get_objects():
            if type(each) is FunctionType and each.__code__.co_filename.startswith(str(ROOT)):
                self._functions[_place(each.__code__)].append(each)
        self._host.attach()
        gc.collect()
        gc.freeze()
        self._try_all(self)
        return True

    def attempt(self, path: str, source: str, tree: ast.Module, tests: Sequence[str], allowed: float) -> Verdict:
        """Try one mutant by tests, in their order."""
        file = str(ROOT / path)
        new = compile(tree, file, "exec", dont_inherit=True)
        old = _original(file, source)
        swaps = [
            (function, code)
            for code, before in _changed(new, old)
            for function in self._functions.get(_place(before), ())
        ]

        def trial(killed: Callable[[str], NoReturn]) -> None:
            if not swaps:
                raise CannotSwap
            for function, code in swaps:
                try:
                    function.__code__ = code
                except ValueError:
                    raise CannotSwap from None
            items = [self._items[test] for test in tests]
            items[0].config.pluginmanager.register(FirstFailure(killed))
            for item, following in zip(items, [*items[1:], items[-1]], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

        written = any("postgres" in self._items[test].fixturenames for test in tests)
        return forked(trial, allowed, self._host if written else None)


@cache
def _original(file: str, source: str) -> CodeType:
    return compile(source, file, "exec", dont_inherit=True)


def _place(code: CodeType) -> tuple[Any, ...]:
    first = next((place for place in code.co_positions() if place[2] is not None), ())
    return code.co_filename, code.co_qualname, code.co_firstlineno, len(first) and first[2]


def _changed(new: CodeType, old: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The code of functions that differs, outer ones first; what is nested is found in its order."""
    pairs = (_nested(new), _nested(old))
    if len(pairs[0]) != len(pairs[1]):
        return  # one of them is the change; the code around it holds what is new
    for each, before in zip(*pairs, strict=True):
        if each != before:
            yield each, before
            yield from _changed(each, before)


def _nested(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


class _Mutated(importlib.abc.MetaPathFinder):
    def __init__(self, path: str, tree: ast.Module) -> None:
        self._name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        self._tree = tree

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self._name:
            return None
        spec = PathFinder.find_spec(name, path, target)
        tree = self._tree

        class Loader(SourceFileLoader):
            def get_code(self, _name: str) -> CodeType:
                return compile(tree, self.path, "exec", dont_inherit=True)

        assert spec is not None
        assert spec.origin is not None
        places = spec.submodule_search_locations
        loader = Loader(name, spec.origin)
        return importlib.util.spec_from_file_location(
            name, spec.origin, loader=loader, submodule_search_locations=places
        )


def imported(path: str, tree: ast.Module, tests: Sequence[str], allowed: float, host: Host) -> Verdict:
    """Try one mutant by tests in a process that imports everything anew, in the order of the tests' files."""
    loaded = [
        name for name in sys.modules if name.split(".")[0] in {"domain", "application", "infrastructure", "catalog"}
    ]
    assert not loaded, f"the project must not be imported before the fork: {loaded}"

    def trial(killed: Callable[[str], NoReturn]) -> None:
        sys.dont_write_bytecode = True
        sys.meta_path.insert(0, _Mutated(path, tree))
        first = FirstFailure(killed)
        status = pytest.main([*PYTEST, *tests], plugins=[first, host])
        if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} or not first.ran:
            killed(f"pytest itself: {status!r}")

    return forked(trial, allowed, host)


def collected(files: Iterable[str], host: Host, try_all: Callable[[Bodies], None]) -> None:
    """Collect tests once, in a fork of this process, and try mutants by them there."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            raise SystemExit("mutants could not be tried: see what was said above")
        return
    status = 1
    try:
        pytest.main([*PYTEST, *files], plugins=[Bodies(host, try_all), host])
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def in_order(tests: Mapping[str, float], kills: Mapping[str, int], patience: float) -> list[str]:
    """Those that killed neighbours first, the quickest before others; as many as ``patience`` seconds allow, and at least one."""
    order = sorted(tests, key=lambda test: (-min(kills.get(test, 0), 3), tests[test]))
    spent = list(itertools.accumulate(tests[test] for test in order))
    return order[: max(1, bisect.bisect_right(spent, patience))]


def allowance(seconds: Iterable[float]) -> float:
    """What a trial by tests of these times may take of the processor."""
    return SECONDS + 3 * sum(seconds)
