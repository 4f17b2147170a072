"""What must hold before a decision of before the registry is taken in: the rules of its own days, by two administrators.

The guards of the live course are asked as of the day on which somebody submitted or decided then, of the authority that decided. Those of
``WAIVED`` are not: what they ask about was never the registry's to see.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any, Final

from domain.case.due_days import DECIDED_DUE
from domain.case.guards import (
    after_commencement,
    another_than_overrode,
    authority_exists,
    counted_where_consistent,
    dates_agree,
    due_as_given,
    entry_listed,
    evidence_or_opinion,
    grade_known,
    issued_by_now,
    months_in_a_life,
    still_valid,
    title_settled,
    valid_or_opinion,
    within_competence,
    within_submitted_experience,
)
from domain.case.imported import Imported
from domain.clocks import start_of_day
from domain.guards import Asks, Attempt, Guard, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import Role, same_subject, shanghai_day

WAIVED: Final = (evidence_or_opinion, valid_or_opinion, within_submitted_experience, another_than_overrode)
"""Guards of an approval that an imported one is not asked: of evidence and of opinions, and of overriding a match that nobody made."""


@guard(Asks.WHO, "the registry's own")
def administrators_import(attempt: Attempt) -> Refused | None:
    """An administrator brings in what was decided before."""
    if attempt.event.by.actor.role is Role.ADMINISTRATOR:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("import.administrators_import"))


@guard(Asks.WHO, "the registry's own: two administrators")
def another_than_signed(attempt: Attempt) -> Refused | None:
    """Whoever signed a file of decisions does not bring it in."""
    signer = attempt.event if isinstance(attempt.event, Imported) else attempt.state
    if not same_subject(signer.signed_by, attempt.event.by.actor.subject):
        return None
    return Refused(RefusalCode.SAME_ADMINISTRATOR, tell("import.another_than_signed"))


@guard(Asks.WHEN, "the registry's own")
def decided_before_now(attempt: Attempt) -> Refused | None:
    """What is imported was submitted, then decided, and by the day of recording."""
    submitted, decided = attempt.event.submitted_on, attempt.event.decided_on
    if submitted <= decided <= shanghai_day(attempt.event.timestamp):
        return None
    return Refused(
        RefusalCode.DAY_MISMATCH, tell("import.decided_before_now", submitted=submitted, decided=decided), "decidedOn"
    )


def _as_of(field: str, *rules: Guard) -> Iterator[Guard]:
    """The same rules, asked as of the day in a field of the event, of the authority that the event names."""
    for rule in rules:
        yield rule.of(lambda attempt: _as_then(attempt, getattr(attempt.event, field)))


class _Then:
    """An imported event as whoever decided would have recorded it on a day; the case is pinned to what it states."""

    def __init__(self, event: Any, day: date) -> None:
        self.timestamp, self._event = start_of_day(day), event
        self.by = SimpleNamespace(actor=SimpleNamespace(authority_code=event.authority_code))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._event, name)


def _as_then(attempt: Attempt, day: date) -> Attempt:
    then = _Then(attempt.event, day)
    return Attempt(then, then, attempt.known)


IMPORTED: Final[Guards] = {
    Imported: (
        administrators_import,
        another_than_signed,
        decided_before_now,
        *_as_of("submitted_on", after_commencement, dates_agree, issued_by_now, still_valid),
        *_as_of(
            "decided_on",
            authority_exists,
            entry_listed,
            grade_known,
            title_settled,
            within_competence,
            due_as_given(DECIDED_DUE),
        ),
        months_in_a_life,
        counted_where_consistent,
    ),
}
"""What must hold before a title of before is taken in."""
