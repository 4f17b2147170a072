"""What is asked of the leader that Patroni names once the load is over: that everything told is there once, and nothing skipped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import psycopg

from benchmarks.cluster.load import Load
from benchmarks.cluster.nodes import Node


@dataclass(frozen=True)
class Verdict:
    """What was lost, doubled or skipped; all of it is nought in a cluster that can be relied on."""

    acknowledged: int
    lost: int
    doubled: int
    skipped: int
    """Events that a follower did not see, saw twice, or saw where there are others."""
    gap: float
    """Seconds without an acknowledged write, at the longest."""
    unexpected: dict[str, int]

    @property
    def clean(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.lost or self.doubled or self.skipped or self.unexpected)


def verdict(leader: Node, load: Load, since: float) -> Verdict:
    """Look, and judge. ``since``: when the fault struck."""
    with psycopg.connect(leader.url()) as connection:
        stored = {
            position: f"{stream}/{version}"
            for position, stream, version in connection.execute(
                "SELECT position, originator_id, originator_version FROM registry.events"
            ).fetchall()
        }
        numbers = Counter(
            number
            for (number,) in connection.execute(
                "SELECT convert_from(state, 'UTF8')::jsonb ->> 'case_number' FROM registry.events"
                " WHERE topic = 'recognition-case.submitted'"
            ).fetchall()
        )
    told = load.told
    lost = sum(1 for number, position in told.submitted.values() if not numbers[number] or position not in stored)
    doubled = sum(1 for count in numbers.values() if count > 1)
    doubled += len(told.submitted) - len({number for number, _ in told.submitted.values()})
    skipped = 0
    for followed in load.followed:
        seen = dict(followed)
        in_order = [position for position, _ in followed] == sorted(seen)
        skipped += len(stored.items() ^ seen.items()) + (0 if in_order else 1)
    return Verdict(len(told.submitted), lost, doubled, skipped, told.gap(since), dict(told.unexpected))
