"""The siege's table: as it is printed, and as ``docs/siege.md`` keeps it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.siege.wire import Answers

BAR_MS: Final = 250.0
_BEGIN, _END = "<!-- table -->", "<!-- end of the table -->"


@dataclass(frozen=True)
class Outcome:
    """One attack, and what came of it."""

    title: str
    sent: int
    answers: str
    defects: int
    looked_up: int
    failures: tuple[str, ...]
    p50: float
    p99: float
    growth: int
    fault: str
    earlier: tuple[float, ...] = ()
    """The 99th percentiles of tries before this one, in milliseconds."""

    @property
    def within(self) -> bool:
        """Whether the second client was served within the bar."""
        return self.p99 < BAR_MS and not self.failures

    def faults(self) -> list[str]:
        """What must not happen, on whatever machine."""
        found = (
            [f"{self.title}: {len(self.failures)} look-ups failed, first: {self.failures[0]}"] if self.failures else []
        )
        found += [f"{self.title}: {self.defects} answers were INTERNAL"] if self.defects else []
        return found + ([f"{self.title}: {self.fault}"] if self.fault else [])

    def text(self) -> str:
        """For the terminal, while the siege goes on."""
        return (
            f"{self.title[:60]:60} sent {self.sent:>7} | second client {self.looked_up:>4}, failed {len(self.failures)}, "
            f"p50 {self.p50:6.1f}, p99 {self.p99:7.1f} ms, {'yes' if self.within else 'NO '} | +{self.growth >> 20} MB | {self.answers}"
        )

    def cells(self) -> list[str]:
        """For the table."""
        return [
            self.title,
            f"{self.sent:,}",
            self.answers or "–",
            str(self.looked_up),
            str(len(self.failures)),
            f"{self.p50:.0f}",
            ", then ".join(f"{each:.0f}" for each in (*self.earlier, self.p99)),
            f"{self.growth >> 20}",
            "yes" if self.within else "**no**",
        ]


def outcome_of(title: str, tally: Answers, found: dict[str, Any], growth: int, fault: str) -> Outcome:
    """The line of an attack."""
    times = sorted(found["times"])
    most = ", ".join(f"{answer} ×{count:,}" for answer, count in tally.answers.most_common(4))
    return Outcome(
        title,
        tally.sent,
        most,
        tally.defects,
        len(times),
        tuple(found["failures"]),
        times[len(times) // 2],
        times[min(len(times) - 1, int(len(times) * 0.99))],
        growth,
        fault,
    )


def table(lines: Sequence[Outcome]) -> str:
    """The lines in Markdown."""
    heads = [
        "Attack",
        "sent",
        "the attacker's answers",
        "looks-up",
        "failed",
        "p50 ms",
        "p99 ms",
        "memory +MB",
        f"p99 < {BAR_MS:.0f} ms",
    ]
    rows = [heads, ["---", "--:", "---", *["--:"] * 5, "---"], *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def write(page: Path, lines: Sequence[Outcome], command: str) -> None:
    """Put the table into the page, between its two marks, under the circumstances it was measured in."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN)
    after = rest.split(_END)[1]
    said = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} with `{command}` on {os.cpu_count()} cores ({platform.machine()}, Python "
        f"{platform.python_version()}) that other work shared: the load was {os.getloadavg()[2]:.1f} over the last quarter of an hour, "
        "and the first line is what the machine gave while nobody attacked."
    )
    page.write_text(f"{before}{_BEGIN}\n{said}\n\n{table(lines)}{_END}{after}", encoding="utf-8")
