"""Who may do what to a case, as named rules in lists; each answers with a coded refusal or nothing.

These are the domain's own rules, which hold whatever the API allows: the same lists guard the live command and are
checked again when an auditor replays a history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from domain.base import Act
from domain.refusals import RefusalCode, Refused
from domain.values import CaseStatus, Role, shanghai_day

CLOSED: Final = frozenset({CaseStatus.REJECTED, CaseStatus.WITHDRAWN, CaseStatus.REVOKED})
"""States that stay as they are; only reinstatement leads out of REVOKED."""
OPEN: Final = frozenset({CaseStatus.SUBMITTED, CaseStatus.MATCHED, CaseStatus.SUPPLEMENT_REQUESTED})
"""States in which a case waits for its decision."""


class Jurisdiction(Protocol):
    """What the rules ask of the directory of authorities."""

    def exists(self, code: str, on: date) -> bool:
        """Whether an authority with this code exists on a day."""

    def covers(self, decider: str, responsible: str, on: date) -> bool:
        """Whether one authority may decide, on a day, what another is responsible for (article 1)."""


class CaseFacts(Protocol):
    """What the rules ask of a case."""

    @property
    def status(self) -> CaseStatus:
        """Where it stands."""

    @property
    def authority_code(self) -> str:
        """Which authority is responsible."""

    @property
    def submitted_by(self) -> str:
        """The subject who submitted it."""

    @property
    def holder_ref(self) -> UUID:
        """The person it is about."""


@dataclass(frozen=True, slots=True)
class CaseAction:
    """An act upon a case, as the rules see it."""

    act: Act
    case: CaseFacts
    jurisdiction: Jurisdiction


Rule = Callable[[CaseAction], Refused | None]


def reviewers_only(action: CaseAction) -> Refused | None:
    """Article 1: the authority decides, through its reviewers."""
    if action.act.by.actor.role is Role.REVIEWER:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, "Only a reviewer of the responsible authority does this; hand it to one.")


def within_jurisdiction(action: CaseAction) -> Refused | None:
    """Article 1, 按照职称管理权限: the decider's authority has jurisdiction on the day of the act."""
    actor, day = action.act.by.actor, shanghai_day(action.act.at)
    if actor.authority_code and action.jurisdiction.covers(actor.authority_code, action.case.authority_code, day):
        return None
    return Refused(
        RefusalCode.OUTSIDE_JURISDICTION,
        f"The case belongs to authority {action.case.authority_code}; a reviewer of it, or of one above it, decides.",
    )


def not_own_case(action: CaseAction) -> Refused | None:
    """Nobody decides a case they submitted or are the holder of."""
    actor = action.act.by.actor
    if actor.subject != action.case.submitted_by and actor.holder_ref != action.case.holder_ref:
        return None
    return Refused(RefusalCode.OWN_CASE, "You submitted this case or are its holder; another reviewer must decide it.")


def still_open(action: CaseAction) -> Refused | None:
    """Terminal states stay terminal, and a decision is taken once."""
    status = action.case.status
    if status in OPEN:
        return None
    if status is CaseStatus.APPROVED:
        return Refused(
            RefusalCode.CASE_CLOSED,
            "The case is approved already; a title is undone by revocation, not by deciding anew.",
        )
    return Refused(RefusalCode.CASE_CLOSED, f"The case is {status.value}; submit a new one instead.")


def submitter_or_reviewer(action: CaseAction) -> Refused | None:
    """Whoever submitted a case may complete or withdraw it; so may a reviewer with jurisdiction, on paper received."""
    actor = action.act.by.actor
    if actor.subject == action.case.submitted_by or actor.holder_ref == action.case.holder_ref:
        return None
    return reviewers_only(action) or within_jurisdiction(action)


DECIDING: Final[tuple[Rule, ...]] = (reviewers_only, within_jurisdiction, not_own_case, still_open)
"""Matching by hand, asking for a supplement, transferring, approving, rejecting."""
ACCOMPANYING: Final[tuple[Rule, ...]] = (submitter_or_reviewer, still_open)
"""Supplementing and withdrawing."""
REVIEWING_A_TITLE: Final[tuple[Rule, ...]] = (reviewers_only, within_jurisdiction, not_own_case)
"""Revoking and reinstating (article 4)."""


def require(action: CaseAction, rules: tuple[Rule, ...]) -> None:
    """Raise the first refusal among these rules, if any."""
    for rule in rules:
        refusal = rule(action)
        if refusal:
            raise refusal
