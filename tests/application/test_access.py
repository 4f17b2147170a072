"""The rights as a table of requirements: what each role may ask, which rows it sees, and whether it reads the persons in them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from application.access import (
    RIGHTS,
    Action,
    CaseRow,
    Persons,
    RowScope,
    Scope,
    can,
    reads_persons,
    require,
    scope_of,
    sees,
)
from catalog.authorities import load_directory
from domain.authorities import Authority, AuthorityDirectory, AuthorityKind, Division, DivisionLevel
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Role

AUTHORITIES = load_directory()
TODAY = date(2024, 5, 6)
HOLDER, STRANGER = UUID(int=1), UUID(int=2)
ANYBODY = {"READ_CATALOG", "MATCH", "VERIFY_TITLE", "READ_LOG_PROOFS"}
SIGNED_IN = ANYBODY | {"READ_STATUS", "READ_TITLES"}
SUBMITTING = {"READ_CASES", "SUBMIT", "ACCOMPANY", "UPLOAD_EVIDENCE"}
MAY: dict[Role | None, set[str]] = {
    None: ANYBODY,
    Role.APPLICANT: SIGNED_IN | SUBMITTING | {"ATTEST", "FOLLOW_TITLES", "READ_INTEGRITY_RECORDS", "READ_OWN_ACCESSES"},
    Role.REVIEWER: SIGNED_IN
    | SUBMITTING
    | {"ATTEST", "FOLLOW_TITLES", "READ_INTEGRITY_RECORDS", "DECIDE", "READ_STATISTICS"},
    Role.ADMINISTRATOR: SIGNED_IN
    | {"READ_CASES", "READ_STATISTICS", "AMEND_CATALOG", "IMPORT_DECISIONS", "REGISTER_OFFICER", "FOLLOW_TITLES"}
    | {"READ_OPERATIONS", "MAINTAIN"},
    Role.AUDITOR: SIGNED_IN
    | {"READ_CASES", "READ_STATISTICS", "READ_AUDIT_LOG", "READ_INTEGRITY_RECORDS", "READ_ACCESS_LOG"}
    | {"FOLLOW_EVENTS", "FOLLOW_TITLES", "READ_OPERATIONS"},
    Role.VERIFIER: SIGNED_IN | {"FOLLOW_TITLES"},
    Role.PRIVACY_OFFICER: SIGNED_IN | {"READ_CASES", "READ_HOLDER_FILE", "RESTRICT", "ERASE", "READ_ACCESS_LOG"},
    Role.SYSTEM: SIGNED_IN | SUBMITTING | {"READ_AUDIT_LOG", "FOLLOW_EVENTS", "FOLLOW_TITLES"},
}
"""Written a second time on purpose: who changes a right changes it here too, and says by it that they meant to."""


def somebody(role: Role | None, authority: str | None = "330106-HR") -> Actor | None:
    """Somebody in a role."""
    return role and Actor(subject="somebody", role=role, authority_code=authority, holder_ref=HOLDER)


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_what_its_work_needs_and_nothing_else(role):
    """Nobody decides but reviewers, nobody erases but privacy officers, nobody reads events but auditors and the registry."""
    assert {action.value for action in Action if can(somebody(role), action)} == MAY[role]


def test_every_role_has_a_row():
    """A role without one could ask for nothing."""
    assert set(MAY) == set(RIGHTS) == {None, *Role}


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (None, Scope()),
        (Role.APPLICANT, Scope(subject="somebody", holder_ref=HOLDER)),
        (Role.ADMINISTRATOR, Scope(everything=True)),
        (Role.AUDITOR, Scope(everything=True)),
        (Role.VERIFIER, Scope(everything=True)),
        (Role.PRIVACY_OFFICER, Scope(everything=True, restricted=True)),
        (Role.SYSTEM, Scope(everything=True)),
    ],
)
def test_a_role_sees_the_rows_its_work_needs(role, scope):
    """An applicant their own, an office all; restricted data lies outside every scope but a privacy officer's."""
    assert scope_of(somebody(role), AUTHORITIES, TODAY) == scope


def test_a_reviewer_sees_the_division_and_below_and_their_own():
    """Article 1: a city's officers see its districts, not the city beside; an authority that does not exist sees nothing."""
    city = scope_of(somebody(Role.REVIEWER, "330100-HR"), AUTHORITIES, TODAY)
    assert (city.subject, city.holder_ref, city.everything, city.restricted) == ("somebody", HOLDER, False, False)
    assert {"330100-HR", "330106-HR", "330106-EI"} <= city.authorities
    assert not {"330200-HR", "330000-HR"} & city.authorities
    for authority in (None, "", "no-such", "330198-HR"):
        assert scope_of(somebody(Role.REVIEWER, authority), AUTHORITIES, TODAY).authorities == frozenset()


def test_the_officers_of_an_authority_see_nothing_once_it_is_abolished():
    """Until the day before, what it decided is theirs to see."""
    directory = AuthorityDirectory(
        [Division("330000", "浙江省", DivisionLevel.PROVINCE, None)],
        [Authority("OLD", "旧局", AuthorityKind.HUMAN_RESOURCES, "330000", abolished=TODAY)],
    )
    officer = somebody(Role.REVIEWER, "OLD")
    assert scope_of(officer, directory, date(2024, 5, 5)).authorities == {"OLD"}
    assert scope_of(officer, directory, TODAY).authorities == frozenset()


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(), False),
        (Scope(everything=True), True),
        (Scope(authorities=frozenset({"330106-HR"})), True),
        (Scope(authorities=frozenset({"330200-HR"})), False),
        (Scope(subject="applicant"), True),
        (Scope(subject="stranger"), False),
        (Scope(holder_ref=HOLDER), True),
        (Scope(holder_ref=STRANGER), False),
        (Scope(subject="stranger", holder_ref=HOLDER), True),
        (Scope(subject="applicant", holder_ref=STRANGER), True),
    ],
)
def test_a_row_is_seen_by_office_by_submitter_or_by_holder(scope, seen):
    """Each way is enough by itself."""
    assert sees(scope, CaseRow("330106-HR", "applicant", HOLDER)) is seen


def test_nobody_is_the_submitter_of_a_row_without_one():
    """A scope that names nobody, and a row that names nobody, are no match."""
    assert not sees(Scope(), CaseRow("330106-HR", None, HOLDER))


@pytest.mark.parametrize(
    ("role", "without", "with_reason"),
    [
        (None, False, False),
        (Role.APPLICANT, True, True),
        (Role.REVIEWER, True, True),
        (Role.ADMINISTRATOR, False, False),
        (Role.AUDITOR, False, True),
        (Role.VERIFIER, False, False),
        (Role.PRIVACY_OFFICER, True, True),
        (Role.SYSTEM, True, True),
    ],
)
def test_persons_are_read_by_those_whose_work_needs_names(role, without, with_reason):
    """An administrator and a verifier never, an auditor for a reason."""
    assert (reads_persons(somebody(role)), reads_persons(somebody(role), "an appeal")) == (without, with_reason)


def test_whoever_is_refused_is_told_which_roles_may(monkeypatch):
    """Nobody signed in is told to sign in; a role learns whose work it is; the registry itself is no role to ask for."""
    require(somebody(Role.REVIEWER), Action.DECIDE)
    require(None, Action.MATCH)
    with pytest.raises(Refused) as unknown:
        require(None, Action.SUBMIT)
    assert unknown.value.code is RefusalCode.UNAUTHENTICATED
    with pytest.raises(Refused) as refused:
        require(somebody(Role.VERIFIER), Action.SUBMIT)
    assert refused.value.code is RefusalCode.NOT_PERMITTED
    said = refused.value.message
    assert "APPLICANT" in said
    assert said.index("APPLICANT") < said.index("REVIEWER")
    assert "SYSTEM" not in said
    assert "ADMINISTRATOR" not in said
    nobody = {role: right for role, right in RIGHTS.items() if Action.ERASE not in right.actions}
    monkeypatch.setattr("application.access.RIGHTS", nobody)
    with pytest.raises(Refused) as impossible:
        require(somebody(Role.VERIFIER), Action.ERASE)
    assert impossible.value.code is RefusalCode.NOT_PERMITTED
    assert "PRIVACY_OFFICER" not in impossible.value.message


def test_a_right_never_changes_while_the_registry_runs():
    """Rights, scopes and rows are values: who holds one cannot widen it."""
    row, scope = CaseRow("330106-HR", "applicant", HOLDER), Scope()
    for value, name in ((RIGHTS[None], "persons"), (scope, "everything"), (row, "submitted_by")):
        with pytest.raises(AttributeError):
            setattr(value, name, True)


def test_what_a_role_sees_is_said_in_words():
    """The page of rights and the commands print them as they are."""
    assert [each.value for each in Persons] == [
        "masked",
        "in clear, recorded",
        "masked; in clear with a reason, recorded",
    ]
    assert RowScope.OWN.value == "those they submitted or hold"
    assert all(action.value == action.name for action in Action)


def test_a_role_without_a_row_has_no_right(monkeypatch):
    """A role that somebody adds may nothing, sees nothing and reads nobody, until the table has a row for it."""
    rows = {role: right for role, right in RIGHTS.items() if role is not Role.AUDITOR}
    monkeypatch.setattr("application.access.RIGHTS", rows)
    actor = Actor(subject="somebody", role=Role.AUDITOR)
    assert not any(can(actor, action) for action in Action)
    scope = scope_of(actor, AUTHORITIES, TODAY)
    assert scope == Scope()
    assert not reads_persons(actor, "a reason")


def test_nobody_reads_persons_who_sees_no_rows():
    """A row of the table that disclosed persons and named no cases would disclose everybody's."""
    assert all(right.persons is Persons.MASKED for right in RIGHTS.values() if right.rows is RowScope.NONE)
