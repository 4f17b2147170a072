"""Matching many certificates in one go: one answer a certificate, in their order, and the counts at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from application.catalogs import Found
from domain.values import MatchOutcome

Ask = Callable[[str, str, str | None], Found | None]
"""Name, issuing body and grade → the match under the versions in force on the day asked about; None where there is none."""


class Certificate(Protocol):
    """What a certificate tells about itself, and its row in the list it comes from, as a reader counts."""

    @property
    def row(self) -> int:
        """Its place in the list, from 1."""

    @property
    def name(self) -> str:
        """The qualification's name as the certificate shows it."""

    @property
    def issuer(self) -> str:
        """The issuing body as the certificate shows it; empty where it shows none."""

    @property
    def grade(self) -> str | None:
        """The grade, where the certificate shows one."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A certificate and its match. ``reasons`` are those of the surest candidate, each in English and Chinese."""

    certificate: Certificate
    found: Found

    @property
    def automatic(self) -> bool:
        """Whether the match needs no reviewer."""
        return self.found.match.entry is not None

    @property
    def candidates(self) -> tuple[int, ...]:
        """The numbers of the entries on offer, surest first; the matched entry among them."""
        return tuple(candidate.number for candidate in self.found.match.candidates)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, for the surest candidate; empty where nothing is on offer."""
        offered = self.found.match.candidates
        return offered[0].reasons if offered else ()


@dataclass(slots=True)
class Summary:
    """Counts over a batch. ``open_titles`` are entries matched whose title waits for a grade."""

    outcomes: Counter[MatchOutcome] = field(default_factory=Counter)
    open_titles: int = 0

    @property
    def certificates(self) -> int:
        """How many were answered."""
        return self.outcomes.total()

    def count(self, answered: Answered) -> None:
        """Take one answer into the counts."""
        match = answered.found.match
        self.outcomes[match.outcome] += 1
        self.open_titles += match.entry is not None and match.award is None


def match_all(certificates: Iterable[Certificate], ask: Ask, summary: Summary) -> Iterator[Answered]:
    """Answer certificates one at a time, counting into ``summary``; holds none of them, so any number may come.

    Stops before the first certificate for which no catalog version is in force: ``summary`` then counts fewer than came.
    """
    for certificate in certificates:
        found = ask(certificate.name, certificate.issuer, certificate.grade)
        if found is None:
            return
        answered = Answered(certificate, found)
        summary.count(answered)
        yield answered
