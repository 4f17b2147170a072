"""Guard, then record: what runs again at every replay only assigns."""

import ast
from textwrap import dedent

import pytest

from tests.sources import modules_of

ALLOWED = {
    "set",
    "append",  # to lists of the aggregate itself
    "Amendment",
    "CatalogVersion",
    "RevocationGround",
    "entries_after",
}
"""What an applying method may call: constructors of plain values and functions of nothing but their arguments."""
FORBIDDEN = (ast.Raise, ast.Assert, ast.Try, ast.With, ast.Await, ast.Import, ast.ImportFrom, ast.Yield, ast.Global)


def applying(tree):
    """The methods that events run: those under ``@event`` or ``@event(Something)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(target, ast.Name) and target.id == "event":
                    yield node


def called(call):
    """The last name of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "?")


def faults(method):
    """What an applying method must not do and does."""
    inner = [node for statement in method.body for node in ast.walk(statement)]
    calls = {called(node) for node in inner if isinstance(node, ast.Call)} - ALLOWED
    kinds = {type(node).__name__ for node in inner if isinstance(node, FORBIDDEN)}
    return sorted(calls | kinds)


def test_what_replay_runs_only_assigns():
    """No applying method raises, asks a clock, draws a random number, looks something up or does I/O."""
    methods = [(module.name, method) for module in modules_of("domain") for method in applying(module.tree)]
    assert {name: fault for name, method in methods if (fault := faults(method))} == {}
    by_module = {}
    for name, _ in methods:
        by_module[name] = by_module.get(name, 0) + 1
    assert by_module == {
        "domain.catalog": 4,
        "domain.catalog_proposal": 3,
        "domain.certificate_claim": 3,
        "domain.holder": 5,
        "domain.integrity_record": 2,
        "domain.recognition_case": 13,
    }


def test_every_allowed_call_is_made():
    """The list of allowed calls names nothing that no method calls any more."""
    calls = {
        called(node)
        for module in modules_of("domain")
        for method in applying(module.tree)
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
    }
    assert calls >= ALLOWED


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("raise Refused(code)", ["Raise", "Refused"]),
        ("assert self.open", ["Assert"]),
        ("self.at = datetime.now(UTC)", ["now"]),
        ("self.day = date.today()", ["today"]),
        ("self.at = time()", ["time"]),
        ("self.id = uuid4()", ["uuid4"]),
        ("self.luck = random.random()", ["random"]),
        ("self.text = open('file').read()", ["open", "read"]),
        ("self.entry = self.catalog.entry(number)", ["entry"]),
        ("self._record(act, Kind)", ["_record"]),
        ("with lock: pass", ["With"]),
        ("import random", ["Import"]),
        ("try:\n  pass\nfinally:\n  pass", ["Try"]),
        ("self.items = [check(item) for item in items]", ["check"]),
        ("self.status = status", []),
    ],
)
def test_the_check_can_fail(body, fault):
    """A guard, clock, random number, look-up or effect in an applying method is found by name."""
    indented = body.replace("\n", "\n    ")
    source = dedent(f"""
@event(Kind)
def _applied(self, status):
    {indented}
""")
    (method,) = applying(ast.parse(source))
    assert faults(method) == sorted(fault)


@pytest.mark.parametrize("decorator", ["@event", "@event(Kind)", "@event('Kind')"])
def test_every_way_to_decorate_is_seen(decorator):
    """With a class, with a name or bare: the method counts. Without the decorator it does not."""
    assert len(list(applying(ast.parse(f"{decorator}\ndef _applied(self): ...")))) == 1
    assert list(applying(ast.parse("def _applied(self): ..."))) == []
