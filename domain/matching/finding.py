"""What a search for a name comes to, and the way it was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from domain.values import Reason


class Way(IntEnum):
    """How a name was recognised, surest first."""

    WORDS = 0
    NAMES = 1
    SPELLING = 2
    NEAR = 3
    CUT = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What a name means: the entries, how that was found, and why. ``unlisted`` where it is a known other qualification, which
    may be near entries that it ``offers``; ``doubts`` are reasons for which a reviewer decides.
    """

    numbers: frozenset[int] = frozenset()
    way: Way = Way.NONE
    reasons: tuple[Reason, ...] = ()
    unlisted: bool = False
    bag: frozenset[str] = field(default_factory=frozenset)
    offers: frozenset[int] = frozenset()
    doubts: tuple[Reason, ...] = ()
