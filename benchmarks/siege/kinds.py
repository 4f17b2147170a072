"""What an attack is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.siege.stage import Stage
from benchmarks.siege.wire import Attacker

Run = Callable[[Attacker, Stage], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """A kind of attack: what it is in words, and what carries it on until it is cancelled."""

    title: str
    run: Run


ATTACKS: Final[list[Attack]] = []


def attack(title: str) -> Callable[[Run], Run]:
    """Enter an attack in the list."""

    def enter(run: Run) -> Run:
        ATTACKS.append(Attack(title, run))
        return run

    return enter
