"""What is asked of the matcher, as read, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.matching.issuers import Issuer
from domain.matching.lexicon import Reading
from domain.matching.normalise import Oddity
from domain.matching.written import Source
from domain.values import CatalogEntry, MatchCandidate, MatchOutcome, TitleAward

RULE_SET: Final = "2026.1"
"""The version of the rules in this package; a change in what they answer is a new version."""


@dataclass(frozen=True, slots=True)
class Match:
    """The answer for one certificate. ``entry`` is set for EXACT and CONFIDENT only; ``award`` is None while the title is
    open; ``grade`` is the decided grade as the entry's awards spell it; ``candidates`` hold the matched entry too.
    """

    outcome: MatchOutcome
    entry: CatalogEntry | None = None
    award: TitleAward | None = None
    candidates: tuple[MatchCandidate, ...] = ()
    rule_set: str = RULE_SET
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as read; ``name`` is shown in its own spelling."""

    issuer: Issuer
    reading: Reading
    odd: frozenset[Oddity]
    grades: frozenset[str]
    name: Source
    exact: bool

    @property
    def latin(self) -> bool:
        """Whether the name is written in Latin letters alone."""
        return self.reading.compact.isascii()
