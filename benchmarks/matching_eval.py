"""Scores the matcher on labelled inputs: ``python benchmarks/matching_eval.py [--half tuning|held-out] [FILE…]``.

Without files it scores the project's own sets and the two public ones, ``../shared/matching/public.jsonl`` and
``real_public.jsonl`` seen from the repository, where they are there: one table by kind, and one by source where a set names
sources. ``plain`` is the recall without the inputs that are asked because the catalog's own facts say that a reviewer decides: the
name was succeeded by the entry's or succeeds it, or other bodies certify under it too and none is given. Prints each wrong automatic match in full; the exit code is 1 if there is any.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from catalog.aliases import load_aliases  # noqa: E402 - run as a script, from anywhere
from catalog.notice import load_official_catalog  # noqa: E402 - after the path is set
from catalog.vocabulary import official_vocabulary  # noqa: E402 - after the path is set
from domain.matching import Match, Matcher  # noqa: E402 - after the path is set
from domain.values import MatchOutcome  # noqa: E402 - after the path is set

MATCHING = ROOT / "tests" / "matching"
HELD_BACK = tuple(sorted((MATCHING / "held_back").glob("*.jsonl")))
OWN = (
    MATCHING / "labelled.jsonl",
    MATCHING / "sentences.jsonl",
    *sorted((MATCHING / "blind").glob("*.jsonl")),
    *HELD_BACK,
)
SHARED = ROOT.parent / "shared" / "matching"
PUBLIC = (SHARED / "public.jsonl", SHARED / "real_public.jsonl")
BY_RULE = {"match.near_renamed", "match.issuer_shared"}
AUTOMATIC = {MatchOutcome.EXACT, MatchOutcome.CONFIDENT}


@dataclass
class Tally:
    """Counts over the inputs of one kind."""

    inputs: int = 0
    automatic: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    one: int = 0
    one_matched: int = 0
    one_by_rule: int = 0
    one_offered: int = 0
    several: int = 0
    several_offered: int = 0

    def add(self, case: dict, match: Match) -> None:
        """Count one answer against its label."""
        expect, offered = set(case["expect"]), {candidate.number for candidate in match.candidates}
        automatic = match.outcome in AUTOMATIC
        title = match.award.title if match.award else None
        right = (
            automatic and match.entry is not None and case["expect"] == [match.entry.number] and title == case["title"]
        )
        self.inputs += 1
        self.automatic += automatic
        said = (
            f"{case['id']} {case['kind']}: {case['name']!r} by {case['issuer']!r}, grade {case['grade']!r}: expected "
            f"{case['expect']} {case['title']}, got {match.outcome} "
            f"{match.entry.number if match.entry else sorted(offered)} {title}"
        )
        if automatic and not right:
            self.wrong.append(said)
        if len(expect) == 1:
            self.one += 1
            self.one_matched += right
            self.one_by_rule += not right and any(
                reason.code in BY_RULE for each in match.candidates if each.number in expect for reason in each.reasons
            )
            self.one_offered += expect <= offered
            if not right:
                self.missed.append(said)
        elif expect:
            self.several += 1
            self.several_offered += expect <= offered and not automatic
            if not expect <= offered:
                self.missed.append(said)


def score(matcher: Matcher, cases: list[dict]) -> tuple[dict[str, Tally], dict[str, Tally], list[float]]:
    """A tally for each kind, one for each source, and the milliseconds of processor time each match took."""
    kinds: dict[str, Tally] = defaultdict(Tally)
    sources: dict[str, Tally] = defaultdict(Tally)
    times = []
    for case in cases:
        began = time.thread_time()
        match = matcher.match(case["name"], case["issuer"], case["grade"])
        times.append((time.thread_time() - began) * 1000)
        kinds[case["kind"]].add(case, match)
        if "source" in case:
            sources[case["source"]].add(case, match)
    return kinds, sources, sorted(times)


def half_of(case: dict) -> str:
    """Which half an input belongs to, by its text alone."""
    digest = hashlib.sha256(f"{case['name']}|{case['issuer']}|{case['grade']}".encode()).digest()
    return "tuning" if digest[0] % 2 else "held-out"


def percent(part: int, whole: int) -> str:
    return f"{part / whole:6.1%}" if whole else "     –"


def table(heading: str, tallies: dict[str, Tally]) -> None:
    """One line a group, and one for all of them together where there are several."""
    print(
        f"{heading:16}{'inputs':>7}{'precision':>10}{'recall':>8}{'plain':>8}{'abstain':>9}{'offered':>9}{'complete':>9}"
    )
    for name, tally in [*sorted(tallies.items()), ("all", total(tallies))]:
        print(
            f"{name:16}{tally.inputs:7}{percent(tally.automatic - len(tally.wrong), tally.automatic):>10}"
            f"{percent(tally.one_matched, tally.one):>8}{percent(tally.one_matched, tally.one - tally.one_by_rule):>8}{percent(tally.inputs - tally.automatic, tally.inputs):>9}"
            f"{percent(tally.one_offered, tally.one):>9}{percent(tally.several_offered, tally.several):>9}"
        )


def total(tallies: dict[str, Tally]) -> Tally:
    """All tallies as one."""
    whole = Tally()
    for tally in tallies.values():
        for name in (
            "inputs",
            "automatic",
            "one",
            "one_matched",
            "one_by_rule",
            "one_offered",
            "several",
            "several_offered",
        ):
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
        whole.wrong += tally.wrong
        whole.missed += tally.missed
    return whole


def report(kinds: dict[str, Tally], sources: dict[str, Tally], times: list[float], *, verbose: bool) -> int:
    """Print the tables; how many automatic matches were wrong."""
    table("kind", kinds)
    if sources:
        table("source", sources)
    whole = total(kinds)
    print(
        f"p50 {times[len(times) // 2]:.2f} ms, p99 {times[int(len(times) * 0.99)]:.2f} ms of processor time over {len(times)} matches"
    )
    for line in whole.wrong:
        print(f"WRONG  {line}")
    for line in whole.missed if verbose else []:
        print(f"missed {line}")
    return len(whole.wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--half", choices=("tuning", "held-out"))
    parser.add_argument("--missed", action="store_true", help="print what was not matched or not offered")
    given = parser.parse_args()
    matcher = Matcher(load_official_catalog().entries, load_aliases(), official_vocabulary())
    wrong = 0
    for file in given.files or (*OWN, *PUBLIC):
        if not file.exists():
            print(f"\n{file} is not there, so it is not scored.")
            continue
        cases = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line.strip()]
        chosen = [case for case in cases if given.half is None or half_of(case) == given.half]
        print(f"\n{file.name}: {len(chosen)} inputs")
        wrong += report(*score(matcher, chosen), verbose=given.missed)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
