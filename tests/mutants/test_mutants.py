"""The mutation tester itself: what it changes, what notices, and that the list of what changes nothing is about code that exists."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.__main__ import Kept, Run, equivalents, judged
from tests.mutants.lines import EVERY, Traced, sources
from tests.mutants.operators import enumerations, mutants, mutated
from tests.mutants.scope import PAGES, ROOT, SAMPLE, SEED, WHOLE, chosen
from tests.mutants.trials import Outcome, _Mutated, allowance, forked, in_order

TEXT = '''
"""A rule of three lines."""
from enum import StrEnum

class Level(StrEnum):
    LOW = "low"
    HIGH = "high"

LISTED = (Level.LOW, Level.HIGH)

def within(months: int, known: bool) -> bool:
    """Whether they count."""
    if not known:
        raise ValueError("unknown")
    return 0 <= months < 720 and known
'''


def test_each_kind_of_mistake_is_made_once():
    """Boundaries, connectives, negations, constants, members, elements and statements are changed; texts for readers are not."""
    members = enumerations({"levels.py": TEXT})
    made = mutants("levels.py", TEXT, members)
    changes = {(each.before, each.after) for each in made}
    assert members == {"Level": ["LOW", "HIGH"]}
    assert changes >= {
        ("0 <= months < 720", "0 < months < 720"),
        ("0 <= months < 720", "0 <= months <= 720"),
        ("0 <= months < 720 and known", "0 <= months < 720 or known"),
        ("0 <= months < 720 and known", "known"),
        ("not known", "bool(known)"),
        ("720", "721"),
        ("Level.LOW", "Level.HIGH"),
        ("Level.LOW", "nothing"),
        ("raise ValueError('unknown')", "pass"),
        ("return 0 <= months < 720 and known", "return None"),
    }
    assert not any("Whether" in each.before or "rule of three" in each.before for each in made)
    assert len({each.key for each in made}) == len(made)
    assert {each.place for each in made if not each.in_function} == {"Level", "LISTED"}


def test_every_mutant_is_other_code():
    """A mutant that reads as the original would be counted and could never be killed."""
    members = enumerations({"levels.py": TEXT})
    original = ast.dump(ast.parse(TEXT))
    for each in mutants("levels.py", TEXT, members):
        tree = mutated(TEXT, each.number, members)
        assert ast.dump(tree) != original
        compile(tree, "levels.py", "exec")


def test_the_sample_is_the_same_each_time_and_another_by_another_seed():
    """What was explained once is asked again, and an edit of one module changes nothing about the mutants of others."""
    first, again, other = chosen(sources()), chosen(sources()), chosen(sources(), seed=SEED + 1)
    rest = {each.key for each in first if each.path not in WHOLE}
    assert first == again
    assert len(rest) == SAMPLE
    assert rest != {each.key for each in other if each.path not in WHOLE}
    path, edited = next(each.path for each in first if each.path not in WHOLE), dict(sources())
    edited[path] += "\nADDED = 1 < 2\n"
    kept = {each.key for each in chosen(edited) if each.path not in WHOLE}
    assert len(rest - kept) <= 2


def test_a_trial_tells_what_failed_and_what_has_no_end():
    """A child that says nothing was killed by its limit; one that returns has survived; what it raises was noticed."""

    def endless(_):
        while True:
            pass

    assert forked(lambda killed: killed("a test"), 5, None).by == "a test"
    assert forked(lambda _: None, 5, None).outcome is Outcome.SURVIVED
    assert forked(lambda _: 1 / 0, 5, None).outcome is Outcome.KILLED
    assert forked(endless, 0.1, None).outcome is Outcome.TIMEOUT


def test_an_import_finds_the_mutated_text():
    """What runs while a module is imported is tried by importing it anew."""
    path = "domain/experience.py"
    tree = ast.parse(sources()[path] + "\nMUTATED = True\n")
    spec = _Mutated(path, tree).find_spec("domain.experience", [str(ROOT / "domain")])
    code = spec.loader.get_code("domain.experience")
    assert "MUTATED" in code.co_names
    assert _Mutated(path, tree).find_spec("domain.base", None) is None


def test_those_that_killed_neighbours_are_asked_first():
    """Then the quickest, as long as patience lasts."""
    tests, kills = {"slow": 2.0, "quick": 0.1, "killer": 5.0}, {"killer": 2}
    assert in_order(tests, kills, 60) == ["killer", "quick", "slow"]
    assert in_order(tests, kills, 6) == ["killer", "quick"]
    assert in_order(tests, kills, 1) == ["killer"]
    assert allowance([1.0, 2.0]) > 9
    assert Traced("t", 1.0, {"domain/base.py": 0b1000}).executes("domain/base.py", 3)
    assert not Traced("t", 1.0, {"domain/base.py": 0b1000}).executes("domain/base.py", 2)
    assert Traced("t", 1.0, {"domain/base.py": EVERY}).executes("domain/base.py", 2000)


def test_a_survivor_without_a_reason_and_a_reason_without_a_survivor_are_wrong():
    """The list is held to the run both ways."""
    first, second = chosen(sources())[:2]
    run = Run.__new__(Run)
    run.mutants = [first, second]
    run.known = {
        first.key: Kept(first.key, "", Outcome.SURVIVED, "", "", "first", 0.1),
        second.key: Kept(second.key, "", Outcome.KILLED, "t", "", "first", 0.1),
    }
    assert [each.split(":")[0] for each in judged(run, {})] == ["survived"]
    assert judged(run, {first.key: "no difference"}) == []
    assert [each.split(",")[0] for each in judged(run, {first.key: "none", second.key: "none"})] == [
        "listed as equivalent"
    ]


def test_the_list_is_about_mutants_that_are_made():
    """An edit that takes a mutant away takes its explanation away too."""
    reasons = equivalents()
    assert set(reasons) <= {each.key for each in chosen(sources())}
    assert all(len(why) > 20 for why in reasons.values())


@pytest.mark.parametrize("page", sorted(PAGES))
def test_the_tests_of_pages_are_still_called_so(page):
    """A test that is named here and does not exist would be asked again."""
    file, _, name = page.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
