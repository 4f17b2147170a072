"""A siege: ``python -m benchmarks.siege [--seconds N] [--cases N] [--only WORD] [--unlimited] [--short] [--tries N] [--write FILE]``.

Some two dozen attacks, one after the other, on a real server: ``recognition serve`` in a process of its own, with an embedded
PostgreSQL and cases that the program makes first. Beside each attack a second client, in a process of its own, from another
address and with its own token, looks up ``titles``, ``verifyTitle`` and ``catalog`` twenty times a second. For each attack a line
is printed: what the attacker sent and was answered, how many looks-up the second client made, which of them failed, their times
from the instant they were due, and what the server's memory grew by.

The exit code is 1 where a look-up failed, the server answered INTERNAL, logged a defect, ended, or grew beyond its bound; times
are printed beside their bar of 250 ms, and ``--strict`` counts them too. Attackers run at a low priority, since elsewhere they have
machines of their own; they share the cores nevertheless, so figures of a busy machine are worse than they need be.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.siege import connections, documents, variables, work
from benchmarks.siege.kinds import ATTACKS, Attack
from benchmarks.siege.report import Outcome, outcome_of, table, write
from benchmarks.siege.stage import Stage, person, staged
from benchmarks.siege.wire import Attacker
from domain.values import Role

MODULES = (documents, variables, work, connections)
"""Imported for the attacks they enter in the list."""
RATE = 20
MOST_GROWTH = 600 * 2**20
"""Bytes a server may hold above what it held before the siege, at any instant."""
KEPT_GROWTH = 350 * 2**20
"""Bytes it may still hold above that when the siege is over."""


class Honest:
    """The second client's process."""

    def __init__(self, stage: Stage) -> None:
        plan = {
            "host": "127.0.0.1",
            "port": stage.port,
            "rate": RATE,
            "token": stage.token(Role.VERIFIER, "honest"),
            "questions": questions(stage),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.siege.honest"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(json.dumps(plan))

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def measure(self, seconds: float) -> dict[str, Any]:
        """Look up for so long; times and failures."""
        assert self._process.stdout is not None
        self._say(f"measure {seconds}")
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(10)


def questions(stage: Stage) -> list[dict[str, Any]]:
    """What the second client asks, with a part of each right answer."""
    code = stage.ask("{ catalogs { code } }", {})["catalogs"][0]["code"]
    asked: list[dict[str, Any]] = []
    for number in range(1, 20, 2):
        who = person(number)
        asked += [
            {
                "query": "query ($holder: HolderInput!) { titles(holder: $holder) { title level caseNumber validForAppointment } }",
                "variables": {"holder": {"idNumber": who["idNumber"]}},
                "expect": '"caseNumber":',
            },
            {
                "query": "query ($n: String!, $h: String!) { verifyTitle(certificateNumber: $n, holderName: $h) { valid known } }",
                "variables": {"n": f"SIEGE-{number:06d}", "h": who["name"]},
                "expect": '"valid":true',
            },
            {
                "query": "query ($code: String!) { catalog(code: $code) { code name } }",
                "variables": {"code": code},
                "expect": f'"code":"{code}"',
            },
        ]
    return asked


class Memory:
    """The most the server held, seen ten times a second."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self.most = stage, stage.memory()

    async def watch(self) -> None:
        """Look until it is cancelled."""
        while True:
            self.most = max(self.most, self._stage.memory())
            await asyncio.sleep(0.1)


async def besiege(stage: Stage, honest: Honest, attack: Attack | None, seconds: float) -> Outcome:
    """Carry on an attack while the second client looks up; the line of the table."""
    attacker, memory, before = Attacker("127.0.0.1", stage.port), Memory(stage), stage.memory()
    watching = asyncio.create_task(memory.watch())
    attacking = asyncio.create_task(attack.run(attacker, stage)) if attack else None
    if attacking is not None:
        await asyncio.sleep(0.3)
    found = await asyncio.to_thread(honest.measure, seconds)
    fault = ""
    if attacking is not None:
        if attacking.done():
            fault = f"the attack ended by itself: {attacking.exception()!r}"
        attacking.cancel()
        await asyncio.gather(attacking, return_exceptions=True)
    watching.cancel()
    return outcome_of(attack.title if attack else "nobody attacks", attacker.tally, found, memory.most - before, fault)


@contextlib.contextmanager
def calling(stage: Stage) -> Iterator[Honest]:
    """The second client."""
    honest = Honest(stage)
    try:
        yield honest
    finally:
        honest.close()


def run(stage: Stage, chosen: list[Attack], seconds: float, rest: float, tries: int) -> tuple[list[Outcome], list[str]]:
    """Every attack in turn; the lines, and what went wrong beside the look-ups."""
    faults: list[str] = []
    with calling(stage) as honest:
        asyncio.run(besiege(stage, honest, None, 1.0))  # connections and caches
        start = stage.memory()
        lines = []
        for each in (None, *chosen):
            lines.append(tried(stage, honest, each, seconds, tries))
            print(lines[-1].text(), flush=True)
            if stage.server.poll() is not None:
                faults.append(f"The server ended with {stage.server.returncode} during: {lines[-1].title}.")
                break
            if stage.memory() - start > MOST_GROWTH:
                faults.append(
                    f"The server grew by {(stage.memory() - start) >> 20} MB by the end of: {lines[-1].title}."
                )
            settle(stage, honest, rest)
        if stage.server.poll() is None and stage.memory() - start > KEPT_GROWTH:
            faults.append(f"The server still holds {(stage.memory() - start) >> 20} MB more than before the siege.")
    return lines, faults


def tried(stage: Stage, honest: Honest, attack: Attack | None, seconds: float, tries: int) -> Outcome:
    """Besiege; again, up to so many times, where the bar was missed and nothing failed. The line tells every try."""
    earlier: tuple[float, ...] = ()
    while True:
        line = replace(asyncio.run(besiege(stage, honest, attack, seconds)), earlier=earlier)
        if line.within or line.faults() or len(earlier) + 1 >= tries or stage.server.poll() is not None:
            return line
        earlier = (*earlier, line.p99)
        settle(stage, honest, 6.0)


def settle(stage: Stage, honest: Honest, most: float) -> None:
    """Let the server finish what the attack left, for so many seconds at most."""
    until = time.monotonic() + most
    while time.monotonic() < until and stage.server.poll() is None:
        line = asyncio.run(besiege(stage, honest, None, min(0.5, most)))
        if line.p99 < 50 and not line.failures:
            return


def without_page(words: list[str]) -> list[str]:
    """The words of the call but for the page that is written."""
    return [word for before, word in zip(["", *words], words, strict=False) if "--write" not in (before, word)]


def main() -> int:
    """Run the siege; 1 where something failed."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.siege", description="Attacks beside an honest client.")
    options.add_argument("--seconds", type=float, default=10.0, help="how long each attack lasts")
    options.add_argument("--cases", type=int, default=3_000, help="cases to make first")
    options.add_argument("--only", default="", help="attacks with one of these words in their title, commas between")
    options.add_argument("--unlimited", action="store_true", help="no rates by address and token, as in development")
    options.add_argument("--tries", type=int, default=1, help="how often an attack is tried until the bar is met")
    options.add_argument("--strict", action="store_true", help="fail where the bar is missed, too")
    options.add_argument("--write", type=Path, help="write the table into this Markdown file")
    options.add_argument("--short", action="store_true", help="in under a minute, without rates: what must not fail")
    given = options.parse_args()
    if given.short:
        given.seconds, given.cases, given.unlimited = 0.6, 40, True
    chosen = [each for each in ATTACKS if any(word in each.title for word in given.only.split(","))]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="siege-") as name:
        folder, log = Path(name) / "data", Path(name) / "server.log"
        Path(name).chmod(0o711)
        began = time.monotonic()
        with staged(folder, log, rate_per_address="0", rate_per_token="0", upload_bytes_per_day="1000000000") as stage:
            stage.fill(given.cases, min(60, given.cases // 10))
            stage.wait_until_projected()
            made = stage
        print(f"{given.cases} cases made in {time.monotonic() - began:.0f} s", flush=True)
        free = {"rate_per_address": "0", "rate_per_token": "0"} if given.unlimited else {}
        with staged(folder, log, verifications_per_subject="6000", **free) as stage:
            stage.cases, stage.long_case, stage.file_case = made.cases, made.long_case, made.file_case
            os.nice(5)
            lines, faults = run(stage, chosen, given.seconds, 0.2 if given.short else 6.0, given.tries)
            logged = log.read_text(encoding="utf-8", errors="replace")  # before the stop, which ends what is under way
        if "Unexpected" in logged or "Traceback" in logged:
            faults.append("The server logged a defect:\n" + logged[:3000])
    print("\n" + table(lines))
    faults += [fault for line in lines for fault in line.faults()]
    for fault in faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    missed = [line.title for line in lines if not line.within]
    print(f"{len(lines) - 1} attacks; the bar is missed by {len(missed)}: {'; '.join(missed) or 'none'}.")
    if given.write:
        write(given.write, lines, " ".join(["python -m benchmarks.siege", *without_page(sys.argv[1:])]))
    return int(bool(faults) or (given.strict and bool(missed)))


if __name__ == "__main__":
    sys.exit(main())
