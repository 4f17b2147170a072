"""Guard, then record: what runs again at every replay only assigns."""

import ast

import pytest

from tests.sources import modules_of

CALLED_FROM = {"add_entries", "add_aliases", "add_words", "change_entries", "change_aliases", "change_words"}
"""Methods of a state by which applying an event changes it; they are held to the same."""
SHARED = {"_accepted", "_match_of_title", "overrides", "proposal", "end", "is_reopened_by", "wait_no_longer"}
"""What several events of a case do to it; held to the same."""
ALLOWED = (
    CALLED_FROM
    | SHARED
    | {
        "append",  # to lists of the state itself
        "setdefault",  # of its dictionaries
        "get",
        "len",
        "tuple",
        "alias_key",
        "word_key",
        "Amendment",
        "CaseState",
        "CatalogTimeline",
        "CatalogVersion",
        "CertificateClaimState",
        "Claimant",
        "EntryClaimState",
        "HolderState",
        "IntegrityState",
        "Interval",
        "OfficerState",
        "ProposalState",
        "CaseStatus",
        "Actor",
        "DecisionImportState",
        "start_of_day",
        "Ending",
        "Proposal",
        "replace",
        "shanghai_day",
    }
)
"""What applying an event may call: constructors of plain values and functions of nothing but their arguments."""
FORBIDDEN = (ast.Raise, ast.Assert, ast.Try, ast.With, ast.Await, ast.Import, ast.ImportFrom, ast.Yield, ast.Global)


def applying(tree):
    """What events run at every replay: ``initial`` and ``change``, and the methods of states that they call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.Module):
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.name in {"initial", "change", *CALLED_FROM, *SHARED}:
                    yield member


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
    methods = [(m.name, method) for m in modules_of("domain") if m.name != "domain.base" for method in applying(m.tree)]
    assert {name: fault for name, method in methods if (fault := faults(method))} == {}
    by_module = {}
    for name, _ in methods:
        by_module[name] = by_module.get(name, 0) + 1
    assert by_module == {
        "domain.case.due_days": 1,
        "domain.case.imported": 1,
        "domain.decision_import": 3,
        "domain.case.events": 11 + 2,
        "domain.case.state": 1,
        "domain.case.title_events": 13 + 3,
        "domain.catalog.proposal": 3,
        "domain.catalog.timeline": 4 + len(CALLED_FROM),
        "domain.claim": 7,
        "domain.entry_claim": 3,
        "domain.officer": 1,
        "domain.holder": 5,
        "domain.integrity": 2,
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
        ("state.status = status", []),
    ],
)
def test_the_check_can_fail(body, fault):
    """A guard, clock, random number, look-up or effect in an applying method is found by name."""
    indented = body.replace("\n", "\n        ")
    source = f"""
class Happened(Event):
    @staticmethod
    def change(state, event):
        {indented}
"""
    (method,) = applying(ast.parse(source))
    assert faults(method) == sorted(fault)


def test_the_base_applies_only_by_evolve():
    """No event applies itself by another way, so nothing runs at replay that this file does not see."""
    names = [
        (module.name, node.name)
        for module in modules_of("domain")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef) and node.name in {"apply", "mutate", "evolve", "evolve_by"}
    ]
    assert sorted(names) == [("domain.base", "apply"), ("domain.base", "evolve"), ("domain.base", "evolve_by")]
