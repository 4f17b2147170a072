"""Re-checking a recorded history: whether each decision was one that its officer could lawfully take on that day.

The rules are those that guarded the live command (``domain.policies``), applied to what was recorded: the state before each
event, its actor, and the directory of authorities with the jurisdiction of the day of recording. A history that somebody put
into the store by another way than the use cases shows here, however well-formed each event is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from domain import case_events as recorded
from domain.base import Act, Event
from domain.policies import ACCOMPANYING, DECIDING, REVIEWING_A_TITLE, CaseAction, Jurisdiction, Rule
from domain.recognition_case import RecognitionCase
from domain.refusals import RefusalCode
from domain.values import COMMENCEMENT, CaseStatus, Role, shanghai_day


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not have happened: at which version of the case, and which rule it breaks.

    ``code`` is a ``RefusalCode``, or one of HISTORY_BROKEN (a gap, another stream, no submission first), BACK_DATED (recorded
    before the event it follows), WRONG_ACTOR (done by somebody who never does this) and DAY_MISMATCH (a business day that is
    not the day of recording).
    """

    version: int
    event: str
    code: str
    message: str


def violations(events: Iterable[Event], directory: Jurisdiction) -> list[Violation]:
    """Everything that breaks a rule in one case's history, in order; empty for a lawful one.

    Checking ends at a broken place, since no state is known behind it.
    """
    found: list[Violation] = []
    case: RecognitionCase | None = None
    before: Event | None = None
    for event in events:
        structural = _structure(before, event)
        if structural is not None:
            return [*found, structural]
        if before is not None and event.recorded_at < before.recorded_at:
            found.append(_violation(event, "BACK_DATED", f"It is recorded before version {before.originator_version}."))
        found.extend(_violation(event, code, message) for code, message in _faults(case, event, directory))
        case = event.mutate(case)
        before = event
    return found


def _structure(before: Event | None, event: Event) -> Violation | None:
    if before is None:
        if isinstance(event, recorded.Submitted) and event.originator_version == 1:
            return None
        return _violation(event, "HISTORY_BROKEN", "A case begins with its submission, at version 1.")
    follows = event.originator_version == before.originator_version + 1
    if follows and event.originator_id == before.originator_id and not isinstance(event, recorded.Submitted):
        return None
    return _violation(event, "HISTORY_BROKEN", f"It does not follow version {before.originator_version} of its stream.")


Fault = tuple[str, str]


def _faults(case: RecognitionCase | None, event: Event, directory: Jurisdiction) -> Iterator[Fault]:
    if case is None:
        yield from _submission_faults(cast("recorded.Submitted", event), directory)
        return
    for rule in _rules(event):
        refusal = rule(CaseAction(Act(event.by, event.recorded_at), case, directory))
        if refusal is not None:
            yield refusal.code.value, refusal.message
    match event:
        case recorded.Transferred():
            yield from _unknown_authority(event.authority_code, event, directory)
        case recorded.Approved():
            yield from _approval_faults(case, event)
        case recorded.RevocationProposed() | recorded.Revoked():
            yield from _revocation_faults(case, event)
        case _:
            yield from _other_faults(case, event)


def _other_faults(case: RecognitionCase, event: Event) -> Iterator[Fault]:
    by_rule = isinstance(event, recorded.CandidatesListed | recorded.Matched) and not _by_hand(event)
    if by_rule and event.by.actor.role is not Role.SYSTEM:
        yield "WRONG_ACTOR", "Only the registry matches by rule."
    if isinstance(event, recorded.Reinstated) and case.status is not CaseStatus.REVOKED:
        yield RefusalCode.WRONG_STATE.value, f"The case was {case.status.value}; only a revoked title is reinstated."


def _unknown_authority(code: str, event: Event, directory: Jurisdiction) -> Iterator[Fault]:
    day = shanghai_day(event.recorded_at)
    if not directory.exists(code, day):
        yield RefusalCode.UNKNOWN_AUTHORITY.value, f"No authority {code} existed on {day}."


def _submission_faults(event: recorded.Submitted, directory: Jurisdiction) -> Iterator[Fault]:
    day = shanghai_day(event.recorded_at)
    if event.submitted_on != day:
        yield "DAY_MISMATCH", f"It was recorded on {day} and states {event.submitted_on}."
    if day < COMMENCEMENT:
        yield RefusalCode.BEFORE_COMMENCEMENT.value, f"Nothing is recognised before {COMMENCEMENT}."
    yield from _unknown_authority(event.authority_code, event, directory)


def _approval_faults(case: RecognitionCase, event: recorded.Approved) -> Iterator[Fault]:
    day = shanghai_day(event.recorded_at)
    if event.recognized_on != day:
        yield "DAY_MISMATCH", f"It was recorded on {day} and states {event.recognized_on}."
    if case.entry_number is None:
        yield RefusalCode.NOT_MATCHED.value, "The case matched no entry when it was approved."
    if case.status is CaseStatus.SUPPLEMENT_REQUESTED:
        yield RefusalCode.WRONG_STATE.value, "A supplement was awaited when the case was approved."
    if event.counted_experience_months and not event.work_consistent:
        yield RefusalCode.INVALID_INPUT.value, "Experience was counted for work that is not consistent (article 3)."


def _revocation_faults(case: RecognitionCase, event: recorded.RevocationProposed | recorded.Revoked) -> Iterator[Fault]:
    if case.status is not CaseStatus.APPROVED:
        yield RefusalCode.WRONG_STATE.value, f"The case was {case.status.value}; only an approved title is revoked."
    if isinstance(event, recorded.RevocationProposed):
        if case.revocation is not None:
            yield RefusalCode.REVOCATION_ALREADY_PROPOSED.value, "A revocation was proposed already."
        return
    day = shanghai_day(event.recorded_at)
    if event.revoked_on != day:
        yield "DAY_MISMATCH", f"It was recorded on {day} and states {event.revoked_on}."
    if case.revocation is None:
        yield RefusalCode.REVOCATION_NOT_PROPOSED.value, "No revocation was proposed before this one was confirmed."
    elif case.revocation.proposed_by == event.by.actor.subject:
        yield RefusalCode.SAME_OFFICER.value, "The officer who proposed the revocation confirmed it (article 4)."


_RULES: Final[tuple[tuple[type[Event], tuple[Rule, ...]], ...]] = (
    (recorded.SupplementRequested, DECIDING),
    (recorded.Transferred, DECIDING),
    (recorded.Approved, DECIDING),
    (recorded.Rejected, DECIDING),
    (recorded.Supplemented, ACCOMPANYING),
    (recorded.Withdrawn, ACCOMPANYING),
    (recorded.RevocationProposed, REVIEWING_A_TITLE),
    (recorded.Revoked, REVIEWING_A_TITLE),
    (recorded.Reinstated, REVIEWING_A_TITLE),
)


def _rules(event: Event) -> tuple[Rule, ...]:
    if _by_hand(event):
        return DECIDING
    return next((rules for kind, rules in _RULES if isinstance(event, kind)), ())


def _by_hand(event: Event) -> bool:
    """Whether a match was a reviewer's; its reason may be erased since, so the rule set's absence tells."""
    return isinstance(event, recorded.Matched) and event.outcome is None


def _violation(event: Event, code: str, message: str) -> Violation:
    return Violation(event.originator_version, event.TOPIC, code, message)
