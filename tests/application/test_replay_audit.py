"""A recorded history is re-checked with the directory of its days: lawful ones pass, hand-made bad ones are named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.replay_audit import violations
from catalog.authorities import load_directory
from domain.base import Act, Event
from domain.recognition_case import RecognitionCase
from domain.values import (
    Actor,
    CatalogEntry,
    Certificate,
    MatchOutcome,
    Person,
    Provenance,
    Role,
    TitleAward,
    TitleLevel,
)

DIRECTORY = load_directory()
XIHU, NINGBO, HANGZHOU = "330106-EI", "330200-EI", "330100-EI"
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOLDER = UUID("11111111-1111-4111-8111-111111111111")
ENTRY = CatalogEntry(
    number=58,
    qualification_name="q",
    translated_name="t",
    issuing_body="b",
    field="f",
    awards=(TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE),),
)


def by(
    subject: str, role: Role = Role.REVIEWER, authority: str | None = XIHU, holder: UUID | None = None
) -> Provenance:
    """Somebody's provenance."""
    return Provenance(actor=Actor(subject=subject, role=role, authority_code=authority, holder_ref=holder))


APPLICANT, FIRST, SECOND = by("applicant", Role.APPLICANT, None), by("first"), by("second")
REGISTRY = by("registry", Role.SYSTEM, None)


def lawful() -> list[Event]:
    """A case that was matched, transferred up, approved, revoked by two officers and reinstated."""
    minutes = iter(range(100))

    def act(who: Provenance) -> Act:
        return Act(who, START + timedelta(minutes=next(minutes)))

    case = RecognitionCase.submit(
        act(APPLICANT),
        case_id=uuid4(),
        holder=Person(ref=HOLDER, name="n", id_type="PASSPORT", id_number="1"),
        certificate=Certificate(name="c"),
        authority_code=XIHU,
        work_field="w",
        experience=(),
        evidence=(),
        catalog_code="zj",
        catalog_version=1,
        claim_id=None,
        jurisdiction=DIRECTORY,
    )
    match: dict[str, Any] = {"outcome": MatchOutcome.EXACT, "entry_number": 58, "grade": None}
    case.match(act(REGISTRY), candidates=(), rule_set="r1", **match)
    case.transfer(act(FIRST), DIRECTORY, HANGZHOU, "works there")
    city, other = by("first", authority=HANGZHOU), by("second", authority=HANGZHOU)
    case.approve(act(city), DIRECTORY, entry=ENTRY, work_consistent=True, counted_experience_months=3)
    case.propose_revocation(act(city), DIRECTORY, "forged", "found")
    case.confirm_revocation(act(other), DIRECTORY)
    case.reinstate(act(city), DIRECTORY, "it was not")
    return list(case.collect_events())  # type: ignore[arg-type]


def changed(index: int, **changes: Any) -> Callable[[list[Event]], list[Event]]:
    """The history with one event put otherwise."""

    def tamper(events: list[Event]) -> list[Event]:
        events[index] = events[index].model_copy(update=changes)
        return events

    return tamper


def without(index: int) -> Callable[[list[Event]], list[Event]]:
    """The history without one event, renumbered as somebody would who removed it."""

    def tamper(events: list[Event]) -> list[Event]:
        del events[index]
        return [event.model_copy(update={"originator_version": n}) for n, event in enumerate(events, 1)]

    return tamper


def gap(events: list[Event]) -> list[Event]:
    """An event is gone."""
    del events[2]
    return events


def test_a_lawful_history_has_no_violations() -> None:
    """Whatever the use cases recorded passes."""
    assert violations(lawful(), DIRECTORY) == []
    assert violations([], DIRECTORY) == []


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        pytest.param(changed(3, by=by("first", authority=NINGBO)), [(4, "OUTSIDE_JURISDICTION")], id="other city"),
        pytest.param(changed(3, by=by("first", authority=XIHU)), [(4, "OUTSIDE_JURISDICTION")], id="district above itself"),
        pytest.param(changed(3, by=by("first", authority=None)), [(4, "OUTSIDE_JURISDICTION")], id="no authority"),
        pytest.param(changed(3, by=by("first", Role.ADMINISTRATOR, HANGZHOU)), [(4, "NOT_PERMITTED")], id="wrong role"),
        pytest.param(changed(3, by=by("applicant", authority=HANGZHOU)), [(4, "OWN_CASE")], id="own submission"),
        pytest.param(changed(3, by=by("x", authority=HANGZHOU, holder=HOLDER)), [(4, "OWN_CASE")], id="own title"),
        pytest.param(changed(5, by=by("first", authority=HANGZHOU)), [(6, "SAME_OFFICER")], id="one officer"),
        pytest.param(changed(1, by=FIRST), [(2, "WRONG_ACTOR")], id="a rule's match by hand"),
        pytest.param(changed(2, authority_code="999999-EI"), [(3, "UNKNOWN_AUTHORITY"), (4, "OUTSIDE_JURISDICTION")], id="to nowhere"),
        pytest.param(changed(3, timestamp=START - timedelta(days=400)), [(4, "BACK_DATED"), (4, "DAY_MISMATCH")], id="back-dated"),
        pytest.param(changed(3, recognized_on=date(2020, 1, 1)), [(4, "DAY_MISMATCH")], id="another day"),
        pytest.param(changed(0, submitted_on=date(2020, 1, 1)), [(1, "DAY_MISMATCH")], id="submitted another day"),
        pytest.param(without(4), [(5, "REVOCATION_NOT_PROPOSED")], id="no proposal"),
        pytest.param(without(1), [(3, "NOT_MATCHED")], id="approved unmatched"),
        pytest.param(without(0), [(1, "HISTORY_BROKEN")], id="no submission"),
        pytest.param(gap, [(4, "HISTORY_BROKEN")], id="a gap"),
        pytest.param(changed(3, originator_id=uuid4()), [(4, "HISTORY_BROKEN")], id="another stream"),
        pytest.param(
            changed(3, work_consistent=False), [(4, "INVALID_INPUT")], id="experience counted against article 3"
        ),
    ],
)  # fmt: skip
def test_a_bad_history_is_named(
    tamper: Callable[[list[Event]], list[Event]], expected: Sequence[tuple[int, str]]
) -> None:
    """Each at its version with its code, the first of them first."""
    found = [(each.version, each.code) for each in violations(tamper(lawful()), DIRECTORY)]
    assert found[: len(expected)] == list(expected)
