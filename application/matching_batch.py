"""Matching many certificates in one go: one answer a certificate, in their order, and the counts at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from application.several_catalogs import Found
from domain.messages import Language, Message
from domain.values import MatchOutcome

Ask = Callable[[str, str, str | None], Found | None]
"""Name, issuing body and grade → the match under the versions in force on the day asked about; None where there is none."""


class ListedCertificate(Protocol):
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

    @property
    def problems(self) -> tuple[Message, ...]:
        """What of it could not be read; then nothing is decided by the rest alone."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A certificate and its match. Its reasons are what could not be read, then those of the surest candidate."""

    certificate: ListedCertificate
    found: Found

    @property
    def automatic(self) -> bool:
        """Whether the match needs no reviewer."""
        return self.found.match.entry is not None

    @property
    def candidates(self) -> tuple[int, ...]:
        """The numbers of the entries on offer, surest first; the matched entry among them."""
        return tuple(candidate.number for candidate in self.found.match.candidates)

    def reasons(self, language: Language) -> tuple[str, ...]:
        """Why, for the surest candidate; empty where nothing is on offer."""
        offered = self.found.match.candidates
        because = offered[0].because if offered else ()
        return tuple(each.text(language) for each in (*self.certificate.problems, *because))


@dataclass(slots=True)
class Summary:
    """Counts over a batch. ``open_titles`` are entries matched whose title waits for a grade, ``unread``
    certificates of which something could not be read.
    """

    outcomes: Counter[MatchOutcome] = field(default_factory=Counter)
    open_titles: int = 0
    unread: int = 0

    @property
    def certificates(self) -> int:
        """How many were answered."""
        return self.outcomes.total()

    def count(self, answered: Answered) -> None:
        """Take one answer into the counts."""
        match = answered.found.match
        self.outcomes[match.outcome] += 1
        self.unread += bool(answered.certificate.problems)
        self.open_titles += match.entry is not None and match.award is None


def match_all(certificates: Iterable[ListedCertificate], ask: Ask, summary: Summary) -> Iterator[Answered]:
    """Answer certificates one at a time, counting into ``summary``; holds none of them, so any number may come.

    Stops before the first certificate for which no catalog version is in force: ``summary`` then counts fewer than came.
    """
    for certificate in certificates:
        found = ask(certificate.name, certificate.issuer, certificate.grade)
        if found is None:
            return
        answered = Answered(certificate, _undecided(found) if certificate.problems else found)
        summary.count(answered)
        yield answered


def _undecided(found: Found) -> Found:
    """The same with nothing decided: what was read of the certificate may not be all of it."""
    if found.match.entry is None:
        return found
    open_match = replace(found.match, outcome=MatchOutcome.AMBIGUOUS, entry=None, award=None, grade=None)
    return replace(found, match=open_match)
