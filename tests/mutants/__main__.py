"""``make mutants``: changes the code in small ways, one at a time, and asks the tests whether they notice.

Guards, what events do to states, rights and the ``Viewer`` are mutated whole, and a seeded sample of the rest. Each mutant is tried by
the tests that execute its line, those that killed its neighbours first, the quickest next; what the tests of domain and application
leave alive is tried by those of the API. What is still alive has to stand in ``equivalent.toml`` with the reason why it
changes nothing that anybody could notice; the command fails where a survivor does not, or where one that stands there is killed.

Outcomes are kept in ``var/mutants``: a run that was broken off goes on where it was, and a later one tries only what an edit of the module,
of the killing test, or (for survivors) of any test has made uncertain. ``--fresh`` forgets them.

Why an own tester: mutmut 3 leaves out every function with a decorator but ``staticmethod`` and ``classmethod``, and every text outside
functions; here each guard is decorated, and the rights and the lists of rules are tables. Cosmic Ray starts the tests anew for each mutant,
which takes seconds before the first one runs. Both would need the lines of each test, which none of them records by thread.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.mutants import trials
from tests.mutants.database import Host
from tests.mutants.lines import KEPT, ROOT, Traced, digest, sources, traced
from tests.mutants.operators import Mutant, enumerations, mutated
from tests.mutants.scope import FIRST, FURTHER, PAGES, SAMPLE, SEED, WHOLE, chosen, files
from tests.mutants.trials import Outcome, Verdict

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
PAGE = ROOT / "docs" / "mutants.md"
PATIENCE = 5.0
"""Seconds of tests, as they were traced, that are spent on one mutant in one stage."""
NOBODY = "no test executes the line"
OUTCOMES = KEPT / "outcomes.jsonl"


@dataclass(frozen=True)
class Kept:
    """An outcome as it is kept: of which mutant, in which text of its module, by which text of which test, tried by whom."""

    key: str
    module: str
    outcome: Outcome
    by: str
    test: str
    stage: str
    seconds: float


@cache
def _text(file: str) -> str:
    path = ROOT / file
    return digest(path.read_text(encoding="utf-8")) if path.is_file() else ""


@cache
def _tests() -> str:
    folders = (*FIRST, *FURTHER)
    return digest(*(_text(file) for file in files(folders)))


class Run:
    """One run: the mutants, what is known of them, and what is found out."""

    def __init__(self, mutants: Sequence[Mutant], patience: float = PATIENCE) -> None:
        self.mutants, self.patience = mutants, patience
        self.known: dict[str, Kept] = {}
        self._sources = sources()
        self._members = enumerations(self._sources)
        self._kills: dict[str, Counter[str]] = defaultdict(Counter)
        self._begun = time.monotonic()
        _tests()  # as they are now: what is edited while mutants are tried was not asked
        self.read()

    def read(self) -> None:
        """Take in what is kept and still true."""
        self.known.clear()
        self._kills.clear()
        lines = OUTCOMES.read_text(encoding="utf-8").splitlines() if OUTCOMES.exists() else []
        for line in lines:
            said = json.loads(line)
            kept = Kept(**said | {"outcome": Outcome(said["outcome"])})
            path = kept.key.split(" ")[0]
            if kept.module != digest(self._sources.get(path, "")):
                continue
            if kept.outcome == Outcome.KILLED and kept.test == _text(kept.by.split("::")[0]):
                self.known[kept.key] = kept
                self._learn(kept)
            elif kept.outcome != Outcome.KILLED and kept.test == _tests():
                self.known[kept.key] = kept

    def _learn(self, kept: Kept) -> None:
        path, place = kept.key.split(" ")[:2]
        self._kills[path][kept.by] += 1
        self._kills[f"{path} {place}"][kept.by] += 3

    def note(self, mutant: Mutant, verdict: Verdict, stage: str) -> None:
        """Keep an outcome."""
        killed = verdict.outcome is Outcome.KILLED
        test = _text(verdict.by.split("::")[0]) if killed else _tests()
        module = digest(self._sources[mutant.path])
        kept = Kept(mutant.key, module, verdict.outcome, verdict.by, test, stage, round(verdict.seconds, 2))
        self.known[mutant.key] = kept
        if killed:
            self._learn(kept)
        with OUTCOMES.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(kept), ensure_ascii=False) + "\n")

    def open(self, after: str | None, *outcomes: Outcome) -> list[Mutant]:
        """The mutants not tried yet where ``after`` is None, else those that came out so in that stage."""
        if after is None:
            return [each for each in self.mutants if each.key not in self.known]
        found = ((each, self.known.get(each.key)) for each in self.mutants)
        return [each for each, kept in found if kept and kept.stage == after and kept.outcome in outcomes]

    def bodies(self, tests: Sequence[Traced], after: str | None, stage: str, host: Host) -> None:
        """Try what stands in functions by the tests that execute the line."""
        waiting = [each for each in self.open(after, Outcome.SURVIVED, Outcome.UNFIT) if each.in_function]

        def try_all(there: trials.Bodies) -> None:
            for mutant in self.told(waiting, stage):
                by = {
                    each.name: each.seconds
                    for each in self._asked(mutant, tests)
                    if each.executes(mutant.path, mutant.line)
                }
                if not by:
                    self.note(mutant, Verdict(Outcome.UNFIT, NOBODY, 0.0), stage)
                    continue
                order = trials.in_order(by, self._killers(mutant), self.patience)
                source, tree = self._sources[mutant.path], self._mutated(mutant)
                allowed = trials.allowance(by[test] for test in order)
                self.note(mutant, there.attempt(mutant.path, source, tree, order, allowed), stage)

        if waiting:
            needed = {test.name.split("::")[0] for test in tests for each in waiting if each.path in test.lines}
            trials.collected(sorted(needed), host, try_all)
            self.read()

    def imports(self, tests: Sequence[Traced], waiting: Sequence[Mutant], stage: str, host: Host) -> None:
        """Try what runs while a module is imported, and what nothing else killed, by the tests that execute anything of the module."""
        for mutant in self.told(waiting, stage):
            some = [each for each in self._asked(mutant, tests) if mutant.path in each.lines]
            exact = [each for each in some if mutant.in_function and each.executes(mutant.path, mutant.line)]
            near = {each.name: each.seconds for each in exact or some}
            order = trials.in_order(near, self._killers(mutant), self.patience)
            verdict, tree = Verdict(Outcome.SURVIVED, "", 0.0), self._mutated(mutant)
            for part in (order[:25], order[25:]):
                if part and verdict.outcome is Outcome.SURVIVED:
                    allowed = trials.allowance(near[test] for test in part)
                    verdict = trials.imported(mutant.path, tree, part, allowed, host)
            self.note(mutant, verdict, stage)

    def _asked(self, mutant: Mutant, tests: Iterable[Traced]) -> list[Traced]:
        return [each for each in tests if PAGES.get(each.name, mutant.path) == mutant.path]

    def _killers(self, mutant: Mutant) -> Counter[str]:
        return self._kills[mutant.path] + self._kills[f"{mutant.path} {mutant.place}"]

    def _mutated(self, mutant: Mutant) -> Any:
        return mutated(self._sources[mutant.path], mutant.number, self._members)

    def told(self, mutants: Sequence[Mutant], stage: str) -> Iterator[Mutant]:
        """Each, while somebody who waits is told how far it is."""
        for number, each in enumerate(mutants, 1):
            yield each
            kept = self.known[each.key]
            if kept.outcome is not Outcome.KILLED:
                say(f"  {kept.outcome:9} {each.path}:{each.line} {each.key.partition(' ')[2]}")
            if number % 50 == 0 or number == len(mutants):
                minutes = (time.monotonic() - self._begun) / 60
                say(f"{stage}: {number} of {len(mutants)} after {minutes:.1f} minutes")


def say(line: str) -> None:
    """Tell whoever waits."""
    print(line, flush=True)  # noqa: T201 - this is the command's output


def equivalents() -> dict[str, str]:
    """The mutants that change nothing, each with its reason."""
    groups = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("equivalent", [])
    return {key: group["why"] for group in groups for key in group["mutants"]}


def survivors(run: Run) -> list[Mutant]:
    """What no test noticed."""
    return [each for each in run.mutants if run.known[each.key].outcome not in {Outcome.KILLED, Outcome.TIMEOUT}]


def judged(run: Run, reasons: dict[str, str]) -> list[str]:
    """What is wrong with the outcome, a line each."""
    alive = survivors(run)
    keys = {each.key for each in alive}
    missing = [
        f"survived: {each.path}:{each.line} {each.key.partition(' ')[2]}" for each in alive if each.key not in reasons
    ]
    known = {each.key for each in run.mutants}
    killed = [f"listed as equivalent, but killed: {key}" for key in reasons if key in known - keys]
    return missing + killed


def page(run: Run, reasons: dict[str, str]) -> str:
    """The report, as Markdown."""
    rows = []
    total: Counter[str] = Counter()
    for name in (*WHOLE, f"{SAMPLE} of all others"):
        of = [each for each in run.mutants if (each.path == name if name in WHOLE else each.path not in WHOLE)]
        counts = Counter(run.known[each.key].outcome for each in of)
        same = sum(each.key in reasons for each in of if run.known[each.key].outcome is not Outcome.KILLED)
        row = Counter(made=len(of), killed=counts[Outcome.KILLED], timeout=counts[Outcome.TIMEOUT], equivalent=same)
        total += row
        rows.append((f"`{name}`" if name in WHOLE else name, row))
    columns = ("made", "killed", "timeout", "equivalent")
    table = ["| Module | Mutants | Killed | Without end | Change nothing |", "|---|--:|--:|--:|--:|"]
    table += [f"| {name} | {' | '.join(str(row[each]) for each in columns)} |" for name, row in [*rows, ("all", total)]]
    listed: dict[str, list[str]] = defaultdict(list)
    for each in survivors(run):
        listed[reasons.get(each.key, "**Not explained**")].append(each.key)
    lines = [_HEAD, *table, "", "## What changes nothing, and why", ""]
    for why, keys in sorted(listed.items()):
        lines += [f"{why}", "", *(f"- `{key}`" for key in sorted(keys)), ""]
    return "\n".join(lines).rstrip() + "\n"


_HEAD = """# Mutants

Printed by `make mutants`, which changes the code in small ways, one at a time, and fails where no test notices and nothing says why.
`tests/mutants/equivalent.toml` is the list of those that change nothing; it is held to the run both ways. Tests that only compare
a printed page with the code are not asked.
"""


def main(arguments: Iterable[str] | None = None) -> int:
    """Try every mutant that is not known, and judge; 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--seed", type=int, default=SEED, help="of the sample; another one is another sample")
    parser.add_argument(
        "--only", metavar="PATH", action="append", help="mutants of this module or folder alone; nothing is written"
    )
    parser.add_argument("--domain-only", action="store_true", help="no tests of the API; nothing is written")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds of tests to spend on one mutant in each stage"
    )
    asked = parser.parse_args(arguments)
    KEPT.mkdir(parents=True, exist_ok=True)
    if asked.fresh:
        shutil.rmtree(KEPT)
        KEPT.mkdir()
    mutants = chosen(sources(), seed=asked.seed)
    run = Run([each for each in mutants if not asked.only or each.path.startswith(tuple(asked.only))], asked.patience)
    say(f"{len(run.mutants)} mutants, of which {len(run.open(None))} are to be tried")
    begun = time.monotonic()
    with Host() as host:
        stage(run, FIRST, None, host)
        if not asked.domain_only and run.open("first", Outcome.SURVIVED, Outcome.UNFIT):
            stage(run, FURTHER, "first", host)
    wrong = judged(run, equivalents())
    counts = Counter(run.known[each.key].outcome for each in run.mutants)
    alive = len(survivors(run))
    say(
        f"{len(run.mutants)} mutants: {counts[Outcome.KILLED]} killed, {counts[Outcome.TIMEOUT]} without end, {alive} alive, "
        f"{alive - sum(each.startswith('survived') for each in wrong)} of them known to change nothing; "
        f"{(time.monotonic() - begun) / 60:.1f} minutes"
    )
    for each in wrong:
        say(each)
    if not (asked.only or asked.domain_only or asked.seed != SEED):
        PAGE.write_text(page(run, equivalents()), encoding="utf-8")
    return 1 if wrong else 0


def stage(run: Run, folders: tuple[str, ...], after: str | None, host: Host) -> None:
    """Try by the tests of these folders: bodies first, then by import what that left."""
    name = "first" if after is None else "further"
    tests = traced(files(folders))
    run.bodies(tests, after, f"{name}, bodies", host)
    again = run.open(f"{name}, bodies", Outcome.SURVIVED, Outcome.UNFIT)
    if after is not None:
        again = [
            each for each in again if run.known[each.key].by != NOBODY and run.known[each.key].outcome is Outcome.UNFIT
        ]
    rest = [each for each in run.open(after, Outcome.SURVIVED, Outcome.UNFIT) if not each.in_function]
    run.imports(tests, [*again, *rest], name, host)


if __name__ == "__main__":
    sys.exit(main())
