"""Who may do what, before the domain's own rules: one row a role in ``RIGHTS``, and no row, no right.

A row says what the role may ask (``can``), which cases and titles it sees (``Scope``, which every query carries into its SQL),
and whether it reads the persons in them. Anonymous callers have no role, and a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.authorities import AuthorityDirectory
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Role, is_account


class Action(StrEnum):
    """What somebody may ask the registry for."""

    READ_CATALOG = "READ_CATALOG"
    MATCH = "MATCH"
    READ_STATUS = "READ_STATUS"
    READ_TITLES = "READ_TITLES"
    VERIFY_TITLE = "VERIFY_TITLE"
    READ_CASES = "READ_CASES"
    READ_STATISTICS = "READ_STATISTICS"
    READ_AUDIT_LOG = "READ_AUDIT_LOG"
    SUBMIT = "SUBMIT"
    ACCOMPANY = "ACCOMPANY"
    UPLOAD_EVIDENCE = "UPLOAD_EVIDENCE"
    ATTEST = "ATTEST"
    DECIDE = "DECIDE"
    AMEND_CATALOG = "AMEND_CATALOG"
    IMPORT_DECISIONS = "IMPORT_DECISIONS"
    READ_INTEGRITY_RECORDS = "READ_INTEGRITY_RECORDS"
    READ_HOLDER_FILE = "READ_HOLDER_FILE"
    RESTRICT = "RESTRICT"
    ERASE = "ERASE"
    REGISTER_OFFICER = "REGISTER_OFFICER"
    READ_ACCESS_LOG = "READ_ACCESS_LOG"
    READ_OWN_ACCESSES = "READ_OWN_ACCESSES"
    READ_LOG_PROOFS = "READ_LOG_PROOFS"
    FOLLOW_EVENTS = "FOLLOW_EVENTS"
    FOLLOW_TITLES = "FOLLOW_TITLES"
    READ_OPERATIONS = "READ_OPERATIONS"
    MAINTAIN = "MAINTAIN"


class RowScope(StrEnum):
    """Which cases and titles a role sees."""

    NONE = "none"
    OWN = "those they submitted or hold"
    DIVISION = "those of the authority's division and below, and their own"
    ALL = "all, but those of persons whose data is restricted"
    ALL_AND_RESTRICTED = "all, restricted ones too"


class Persons(StrEnum):
    """When a role reads persons in clear, in the rows it sees; in a row outside them nobody does, on whatever way it came."""

    MASKED = "masked"
    IN_CLEAR = "in clear, recorded"
    FOR_A_REASON = "masked; in clear with a reason, recorded"


@dataclass(frozen=True, slots=True)
class Right:
    """What a role may ask, which rows it sees then, and whether it reads the persons in them."""

    actions: frozenset[Action]
    rows: RowScope
    persons: Persons


_PUBLIC: Final = frozenset({Action.READ_CATALOG, Action.MATCH, Action.VERIFY_TITLE, Action.READ_LOG_PROOFS})
_SIGNED_IN: Final = _PUBLIC | {Action.READ_STATUS, Action.READ_TITLES}
_SUBMITS: Final = frozenset({Action.READ_CASES, Action.SUBMIT, Action.ACCOMPANY, Action.UPLOAD_EVIDENCE})
RIGHTS: Final[Mapping[Role | None, Right]] = {
    None: Right(_PUBLIC, RowScope.NONE, Persons.MASKED),
    Role.APPLICANT: Right(
        _SIGNED_IN
        | _SUBMITS
        | {Action.ATTEST, Action.FOLLOW_TITLES, Action.READ_INTEGRITY_RECORDS, Action.READ_OWN_ACCESSES},
        RowScope.OWN,
        Persons.IN_CLEAR,
    ),
    Role.REVIEWER: Right(
        _SIGNED_IN
        | _SUBMITS
        | {Action.ATTEST, Action.DECIDE, Action.READ_STATISTICS, Action.READ_INTEGRITY_RECORDS, Action.FOLLOW_TITLES},
        RowScope.DIVISION,
        Persons.IN_CLEAR,
    ),
    Role.ADMINISTRATOR: Right(
        _SIGNED_IN
        | {
            Action.READ_CASES,
            Action.READ_STATISTICS,
            Action.AMEND_CATALOG,
            Action.IMPORT_DECISIONS,
            Action.REGISTER_OFFICER,
            Action.FOLLOW_TITLES,
            Action.READ_OPERATIONS,
            Action.MAINTAIN,
        },
        RowScope.ALL,
        Persons.MASKED,
    ),
    Role.AUDITOR: Right(
        _SIGNED_IN
        | {
            Action.READ_CASES,
            Action.READ_STATISTICS,
            Action.READ_AUDIT_LOG,
            Action.READ_INTEGRITY_RECORDS,
            Action.READ_ACCESS_LOG,
            Action.FOLLOW_EVENTS,
            Action.FOLLOW_TITLES,
            Action.READ_OPERATIONS,
        },
        RowScope.ALL,
        Persons.FOR_A_REASON,
    ),
    Role.VERIFIER: Right(_SIGNED_IN | {Action.FOLLOW_TITLES}, RowScope.ALL, Persons.MASKED),
    Role.PRIVACY_OFFICER: Right(
        _SIGNED_IN
        | {Action.READ_CASES, Action.READ_HOLDER_FILE, Action.RESTRICT, Action.ERASE, Action.READ_ACCESS_LOG},
        RowScope.ALL_AND_RESTRICTED,
        Persons.IN_CLEAR,
    ),
    Role.SYSTEM: Right(
        _SIGNED_IN | _SUBMITS | {Action.READ_AUDIT_LOG, Action.FOLLOW_EVENTS, Action.FOLLOW_TITLES},
        RowScope.ALL,
        Persons.IN_CLEAR,
    ),
}
"""One row a role, None an anonymous caller. A role without a row may nothing, sees nothing and reads nobody in clear."""

ACCOUNT: Final = Right(
    _SIGNED_IN
    | {
        Action.READ_CASES,
        Action.READ_STATISTICS,
        Action.READ_AUDIT_LOG,
        Action.READ_INTEGRITY_RECORDS,
        Action.ATTEST,
        Action.AMEND_CATALOG,
        Action.IMPORT_DECISIONS,
    },
    RowScope.ALL_AND_RESTRICTED,
    Persons.IN_CLEAR,
)
"""What an account of the operating system may on the command line, whatever role it is recorded in: whoever has the keys of the
registry at hand reads everything, on the record, and administers catalogs, with a second administrator; it decides no case.
"""
_NO_RIGHT: Final = Right(frozenset(), RowScope.NONE, Persons.MASKED)


def right_of(actor: Actor | None) -> Right:
    """The row of an actor's role, or that of accounts of an operating system; of a role without one, no right at all."""
    if actor is not None and is_account(actor.subject):
        return ACCOUNT
    return RIGHTS.get(actor.role if actor else None, _NO_RIGHT)


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


def can(actor: Actor | None, action: Action) -> bool:
    """Whether ``actor`` may do ``action``; on which rows is their ``Scope``."""
    return action in right_of(actor).actions


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
    if can(actor, action):
        return
    if actor is None:
        raise Refused(RefusalCode.UNAUTHENTICATED, tell("access.not_signed_in"))
    roles = _roles(action)
    if roles:
        said = tell("access.not_for_role", role=actor.role, roles=roles)
    else:
        said = tell("access.for_nobody", role=actor.role)
    raise Refused(RefusalCode.NOT_PERMITTED, said)


def scope_of(actor: Actor | None, authorities: AuthorityDirectory, today: date) -> Scope:
    """Which cases and titles an actor sees: reviewers their division and below, and like applicants their own."""
    rows = right_of(actor).rows
    if actor is None or rows is RowScope.NONE:
        return Scope()
    match rows:
        case RowScope.OWN:
            return Scope(subject=actor.subject, holder_ref=actor.holder_ref)
        case RowScope.DIVISION:
            visible = _visible(authorities, actor.authority_code, today)
            return Scope(authorities=visible, subject=actor.subject, holder_ref=actor.holder_ref)
    return Scope(everything=True, restricted=rows is RowScope.ALL_AND_RESTRICTED)


def _visible(authorities: AuthorityDirectory, code: str | None, today: date) -> frozenset[str]:
    known = code is not None and authorities.exists(code, today)
    return authorities.visible_authorities(code) if code and known else frozenset()


def reads_persons(actor: Actor | None, reason: str | None = None) -> bool:
    """Whether an actor reads persons in clear in the rows they see, which is recorded. An auditor does once they give a reason.

    An administrator and a verifier never do: their work needs no names.
    """
    persons = right_of(actor).persons
    return persons is Persons.IN_CLEAR or (persons is Persons.FOR_A_REASON and reason is not None)


def _roles(action: Action) -> list[Role]:
    """The roles that people can have; the registry itself signs in nowhere."""
    return sorted(
        role for role, right in RIGHTS.items() if role and role is not Role.SYSTEM and action in right.actions
    )
