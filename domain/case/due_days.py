"""The last days of a case's periods: facts of its events, pinned when each period begins, and the deadlines that follow from them.

A day that nobody can know, since the holidays of its year are not announced, is None; then that deadline is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from domain.base import Act
from domain.case.state import CLOSED, CaseState
from domain.clocks import Deadline, ReadOn, Suspension
from domain.values import CaseStatus, DeadlineKind, shanghai_day

SUBMITTED_DUE: Final[Mapping[str, DeadlineKind]] = {"accept_by": DeadlineKind.ACCEPT, "decide_by": DeadlineKind.DECIDE}
"""What a submission pins: which fact is the last day of which period, begun on the day of recording."""
REQUESTED_DUE: Final[Mapping[str, DeadlineKind]] = {"supplement_by": DeadlineKind.SUPPLEMENT}
"""What asking for a supplement pins."""
DECIDED_DUE: Final[Mapping[str, DeadlineKind]] = {"review_until": DeadlineKind.REVIEW}
"""What a decision pins."""
REOPENED_DUE: Final[Mapping[str, DeadlineKind]] = {"decide_by": DeadlineKind.DECIDE}
"""What a review pins that opens the case again."""
RECORDED: Final = frozenset({DeadlineKind.ACCEPT, DeadlineKind.SUPPLEMENT, DeadlineKind.DECIDE})
"""The periods of which it is recorded that they were missed."""


def due_days(due: Mapping[str, DeadlineKind], act: Act, known: Any) -> dict[str, date | None]:
    """The last days of periods that begin with an act, as the province's rules of its day give them."""
    begun = shanghai_day(act.at)
    return {field: known.rules.due_on(kind, begun) for field, kind in due.items()}


def prolonged(state: CaseState, came: date, known: Any) -> date | None:
    """The last day to decide once a supplement came that was awaited; None where none was."""
    if state.waiting_since is None or state.decide_by is None:
        return None
    day: date | None = known.rules.prolonged(
        DeadlineKind.DECIDE, state.decide_from, state.decide_by, Suspension(state.waiting_since, came)
    )
    return day


def wait_no_longer(state: CaseState, event: Any) -> None:
    """What was awaited has come, or is awaited no more."""
    if state.waiting_since is not None:
        state.awaited = (*state.awaited[:-1], (state.waiting_since, shanghai_day(event.timestamp)))


def deadlines_of(state: CaseState) -> Iterator[Deadline]:
    """The deadlines of a case, the latest of each kind, in the order in which they arise.

    A period that ended without what it asked for, as where the case was withdrawn, is left out.
    """
    for found in (_accept(state), _supplement(state), _decide(state), _answer(state), _review(state)):
        if found is not None:
            yield found


def is_shown(deadline: Deadline, on: ReadOn) -> bool:
    """Whether a deadline is one on a day: a decision that is open to review no more has none."""
    return deadline.kind is not DeadlineKind.REVIEW or deadline.due_on >= on.day


def unrecorded(state: CaseState, deadlines: Iterable[Deadline] | None = None) -> Iterator[Deadline]:
    """The deadlines that are missed, or will be when their last day is over, without that being recorded.

    ``deadlines`` are all of the case, where they are in hand.
    """
    for each in deadlines_of(state) if deadlines is None else deadlines:
        late = each.runs or (each.done_on is not None and each.done_on > each.due_on)
        if each.kind in RECORDED and late and (each.kind, each.due_on) not in state.missed:
            yield each


def _accept(state: CaseState) -> Deadline | None:
    if state.accept_by is None or (state.first_act_on is None and state.status in CLOSED):
        return None
    return Deadline(kind=DeadlineKind.ACCEPT, due_on=state.accept_by, done_on=state.first_act_on)


def _supplement(state: CaseState) -> Deadline | None:
    if state.supplement_by is None or (state.waiting_since is not None and state.status in CLOSED):
        return None
    return Deadline(kind=DeadlineKind.SUPPLEMENT, due_on=state.supplement_by, done_on=state.awaited[-1][1])


def _decide(state: CaseState) -> Deadline | None:
    """What is decided while a supplement is awaited was in time where the clock stopped in time."""
    due, waiting = state.decide_by, state.waiting_since
    if due is None or state.status is CaseStatus.WITHDRAWN:
        return None
    decided = None if state.decided_at is None else shanghai_day(state.decided_at)
    if decided is not None and waiting is not None:
        decided = min(decided, waiting)
    stopped = decided is None and waiting is not None and waiting <= due
    return Deadline(kind=DeadlineKind.DECIDE, due_on=due, done_on=decided, suspended=stopped)


def _answer(state: CaseState) -> Deadline | None:
    proposal = state.proposal
    if proposal is None or proposal.answer_until is None:
        return None
    return Deadline(kind=DeadlineKind.ANSWER, due_on=proposal.answer_until, done_on=proposal.answered_on)


def _review(state: CaseState) -> Deadline | None:
    return None if state.review_until is None else Deadline(kind=DeadlineKind.REVIEW, due_on=state.review_until)
