"""How long a match takes on one core: ``python benchmarks/matching_speed.py [ROUNDS]``.

Matches every labelled input of ``tests/matching`` and prints the median, the 99th percentile and the slowest in
milliseconds of processor time, and matches a second. The processor time of the one thread is what is measured, so other
work on the machine changes little. The goal is a 99th percentile under 2 ms; the exit code is 1 where it is missed.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from catalog.aliases import load_aliases  # noqa: E402 - run as a script, from anywhere
from catalog.notice import load_official_catalog  # noqa: E402 - after the path is set
from catalog.vocabulary import official_vocabulary  # noqa: E402 - after the path is set
from domain.matching import Matcher  # noqa: E402 - after the path is set

GOAL_MS = 2.0


def main(rounds: int) -> int:
    began = time.thread_time()
    matcher = Matcher(load_official_catalog().entries, load_aliases(), official_vocabulary())
    print(f"built in {(time.thread_time() - began) * 1000:.0f} ms")
    cases = [
        json.loads(line)
        for file in sorted((ROOT / "tests" / "matching").rglob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").split("\n")
        if line
    ]
    if not cases:
        print("There are no labelled inputs under tests/matching, so nothing is measured.")
        return 1
    times = []
    for _ in range(rounds):
        for case in cases:
            began = time.thread_time()
            matcher.match(case["name"], case["issuer"], case["grade"])
            times.append((time.thread_time() - began) * 1000)
    times.sort()
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(
        f"{len(times)} matches: p50 {p50:.3f} ms, p99 {p99:.3f} ms, slowest {times[-1]:.3f} ms, "
        f"{len(times) / sum(times) * 1000:.0f} a second on one core"
    )
    return int(p99 > GOAL_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
