"""Rules as named values: what must hold before an event is recorded, asked of the live command and of a recorded history alike.

A guard sees the event as it would stand in its stream, the state before it, and what else was known on that day. It answers
with a coded refusal or with nothing. The lists by event are the whole law of an aggregate: a command runs its list and raises
the first refusal, an audit runs the same list over what was recorded and names them all. There is no second copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from domain.authorities import AuthorityKind, DivisionLevel
from domain.jurisdiction import ProvincialRules
from domain.messages import Message, tell
from domain.refusals import Refused
from domain.values import CatalogEntry


class Asks(StrEnum):
    """What a guard asks about: who acts, what is recorded, or when."""

    WHO = "who"
    WHAT = "what"
    WHEN = "when"


class AuthoritiesOnDay(Protocol):
    """What guards ask of the directory of authorities."""

    def exists(self, code: str, on: date) -> bool:
        """Whether an authority with this code exists on a day."""

    def covers(self, decider: str, responsible: str, on: date) -> bool:
        """Whether one authority may decide, on a day, what another is responsible for (article 1)."""

    def rank(self, code: str, on: date) -> tuple[AuthorityKind, DivisionLevel] | None:
        """The kind of an authority and the level of its division, on a day; None where it does not exist."""


class Entries(Protocol):
    """What guards ask of the published catalogs."""

    def entry_at(self, code: str, version: int, number: int) -> CatalogEntry | None:
        """An entry as a version has it; None where that version has none, or there is no such version."""

    def had(self, code: str, version: int, number: int) -> bool:
        """Whether this version, or one before it, has an entry of this number."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known beside the stream itself: who has jurisdiction on which day, what each catalog version says, the province's rules."""

    jurisdiction: AuthoritiesOnDay
    entries: Entries
    rules: ProvincialRules


@dataclass(frozen=True, slots=True)
class Attempt:
    """An event on its way into a stream, or found there.

    ``state`` is the one before it, None for the first; ``known`` are the ``Circumstances``, None where no guard asks for any.
    """

    event: Any
    state: Any
    known: Any


Check = Callable[[Attempt], Refused | Iterable[Refused] | None]
"""What a guard finds: nothing, a refusal, or all that it has against an event with many parts."""


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule: its name, what it asks about, where it stands in the law, and the question itself.

    ``ground`` is an article of the notice, another norm, or the registry's own reason. ``sentence`` states the rule for people.
    """

    name: str
    asks: Asks
    ground: str
    sentence: str
    check: Check

    @property
    def said(self) -> Message:
        """The rule in both languages; its English is ``sentence``."""
        return tell(f"rule.{self.name}")

    def __call__(self, attempt: Attempt) -> Refused | None:
        """The first refusal, or None where the rule is kept."""
        return next(self.refusals(attempt), None)

    def refusals(self, attempt: Attempt) -> Iterator[Refused]:
        """All that the rule has against the event."""
        found = self.check(attempt)
        if isinstance(found, Refused):
            yield found
        elif found is not None:
            yield from found

    def where(self, applies: Callable[[Any], bool]) -> Guard:
        """The same rule, asked only of events of which ``applies`` is true."""
        check = self.check
        return Guard(
            self.name, self.asks, self.ground, self.sentence, lambda each: check(each) if applies(each.event) else None
        )

    def of(self, view: Callable[[Attempt], Attempt]) -> Guard:
        """The same rule, asked of what ``view`` makes of an attempt."""
        check = self.check
        return Guard(self.name, self.asks, self.ground, self.sentence, lambda attempt: check(view(attempt)))


def guard(asks: Asks, ground: str) -> Callable[[Check], Guard]:
    """Make a guard of a function: its name is the function's, its sentence the first of the docstring."""

    def made(check: Check) -> Guard:
        sentence = " ".join((check.__doc__ or "").split("\n\n")[0].split())
        if not sentence:
            raise TypeError(f"the guard {check.__name__} states no rule")
        return Guard(check.__name__, asks, ground, sentence, check)

    return made


Guards = Mapping[type[Any], Sequence[Guard]]
"""The rules of an aggregate: for each kind of event, those that hold before it is recorded, in the order of their answers."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A guard that an event does not keep, and the refusal with which the live command would have answered."""

    guard: Guard
    refusal: Refused


def breaches(guards: Guards, attempt: Attempt) -> Iterator[Breach]:
    """Every guard of the event's list that it does not keep. Raises ``KeyError`` for a kind of event without a list."""
    for each in guards[type(attempt.event)]:
        for refusal in each.refusals(attempt):
            yield Breach(each, refusal)


def require(guards: Guards, attempt: Attempt) -> None:
    """Raise the refusal of the first guard that the event does not keep, if any."""
    for each in guards[type(attempt.event)]:
        if each.check(attempt) is not None and (refusal := each(attempt)) is not None:
            raise refusal
