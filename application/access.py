"""Who may do what, before the domain's own rules: one function, ``can``, over one table of role and action.

The table is the whole policy on roles; row scope (whose cases, which division) is ``Scope``, which every query carries
into its SQL. Anonymous callers have no role.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.authorities import AuthorityDirectory
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Role


class Action(StrEnum):
    """What somebody may ask the registry for."""

    READ_CATALOG = "READ_CATALOG"
    MATCH = "MATCH"
    READ_STATUS = "READ_STATUS"
    READ_TITLES = "READ_TITLES"
    VERIFY_TITLE = "VERIFY_TITLE"
    READ_CASES = "READ_CASES"
    READ_AUDIT_LOG = "READ_AUDIT_LOG"
    SUBMIT = "SUBMIT"
    ACCOMPANY = "ACCOMPANY"
    UPLOAD_EVIDENCE = "UPLOAD_EVIDENCE"
    DECIDE = "DECIDE"
    AMEND_CATALOG = "AMEND_CATALOG"
    READ_HOLDER_FILE = "READ_HOLDER_FILE"
    RESTRICT = "RESTRICT"
    ERASE = "ERASE"
    READ_ACCESS_LOG = "READ_ACCESS_LOG"
    READ_LOG_PROOFS = "READ_LOG_PROOFS"
    FOLLOW_EVENTS = "FOLLOW_EVENTS"
    FOLLOW_TITLES = "FOLLOW_TITLES"


_EVERYONE: Final = frozenset(Role) | {None}
ROLES: Final[dict[Action, frozenset[Role | None]]] = {
    Action.READ_CATALOG: _EVERYONE,
    Action.MATCH: _EVERYONE,
    Action.READ_STATUS: frozenset(Role),
    Action.READ_TITLES: frozenset(Role),
    Action.VERIFY_TITLE: _EVERYONE,
    Action.READ_CASES: frozenset(Role) - {Role.VERIFIER},
    Action.READ_AUDIT_LOG: frozenset({Role.AUDITOR, Role.SYSTEM}),
    Action.SUBMIT: frozenset({Role.APPLICANT, Role.REVIEWER, Role.SYSTEM}),
    Action.ACCOMPANY: frozenset({Role.APPLICANT, Role.REVIEWER, Role.SYSTEM}),
    Action.UPLOAD_EVIDENCE: frozenset({Role.APPLICANT, Role.REVIEWER, Role.SYSTEM}),
    Action.DECIDE: frozenset({Role.REVIEWER}),
    Action.AMEND_CATALOG: frozenset({Role.ADMINISTRATOR}),
    Action.READ_HOLDER_FILE: frozenset({Role.PRIVACY_OFFICER}),
    Action.RESTRICT: frozenset({Role.PRIVACY_OFFICER}),
    Action.ERASE: frozenset({Role.PRIVACY_OFFICER}),
    Action.READ_ACCESS_LOG: frozenset({Role.AUDITOR, Role.PRIVACY_OFFICER}),
    Action.READ_LOG_PROOFS: _EVERYONE,
    Action.FOLLOW_EVENTS: frozenset({Role.AUDITOR, Role.SYSTEM}),
    Action.FOLLOW_TITLES: frozenset(Role) - {Role.PRIVACY_OFFICER},
}
"""Which roles may do what; None is an anonymous caller."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an action is allowed, and why or why not, in one sentence."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows somebody may see: all of them, those of some authorities, those they submitted or hold, or none.

    Data that is kept and not processed lies outside every scope but one with ``restricted``.
    """

    everything: bool = False
    authorities: frozenset[str] = frozenset()
    subject: str | None = None
    holder_ref: UUID | None = None
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What scope needs to know of a case or title."""

    authority_code: str
    submitted_by: str | None
    holder_ref: UUID


Resource = CaseRow | None


def can(actor: Actor | None, action: Action, resource: Resource = None, scope: Scope | None = None) -> Decision:
    """Whether ``actor`` may do ``action``, to ``resource`` if one is given (its ``scope`` then says which rows they see)."""
    role = actor.role if actor else None
    if role not in ROLES[action]:
        if role is None:
            return Decision(False, "Nobody is signed in; send a token as `Authorization: Bearer <token>`.")
        return Decision(False, f"This is not for the role {role}; sign in as {_names(action)}.")
    if resource is not None and not (scope and sees(scope, resource)):
        return Decision(False, "No such case or title, or none that you may see.")
    return Decision(True, f"{action} is open to {role or 'everyone'}.")


def sees(scope: Scope, row: CaseRow) -> bool:
    """Whether a row lies within a scope; the SQL of the read side says the same in its own words."""
    return (
        scope.everything
        or row.authority_code in scope.authorities
        or (scope.subject is not None and row.submitted_by == scope.subject)
        or (scope.holder_ref is not None and row.holder_ref == scope.holder_ref)
    )


def require(actor: Actor | None, action: Action) -> None:
    """Raise ``Refused`` where ``can`` says no: UNAUTHENTICATED where nobody is signed in, else NOT_PERMITTED."""
    decision = can(actor, action)
    if not decision:
        raise Refused(RefusalCode.NOT_PERMITTED if actor else RefusalCode.UNAUTHENTICATED, decision.reason)


def scope_of(actor: Actor | None, authorities: AuthorityDirectory, today: date) -> Scope:
    """Which cases and titles an actor sees: reviewers their division and below, and like applicants their own."""
    match actor:
        case None:
            return Scope()
        case Actor(role=Role.REVIEWER):
            visible = _visible(authorities, actor.authority_code, today)
            return Scope(authorities=visible, subject=actor.subject, holder_ref=actor.holder_ref)
        case Actor(role=Role.APPLICANT):
            return Scope(subject=actor.subject, holder_ref=actor.holder_ref)
        case Actor(role=Role.PRIVACY_OFFICER):
            return Scope(everything=True, restricted=True)
        case _:
            return Scope(everything=True)


def _visible(authorities: AuthorityDirectory, code: str | None, today: date) -> frozenset[str]:
    known = code is not None and authorities.exists(code, today)
    return authorities.visible_authorities(code) if code and known else frozenset()


def reads_personal_data(actor: Actor | None, reason: str | None = None) -> bool:
    """Whether an actor reads persons in clear, which is recorded. An auditor does once they give a reason.

    An administrator and a verifier never do: their work needs no names.
    """
    if actor is None:
        return False
    if actor.role is Role.AUDITOR:
        return reason is not None
    return actor.role in {Role.APPLICANT, Role.REVIEWER, Role.PRIVACY_OFFICER, Role.SYSTEM}


def _names(action: Action) -> str:
    """The roles that people can have; the registry itself signs in nowhere."""
    names = sorted(role for role in ROLES[action] if role and role is not Role.SYSTEM)
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
