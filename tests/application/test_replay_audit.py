"""A recorded history is re-checked with the directory of its days: lawful ones pass, hand-made bad ones are named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.replay_audit import violations
from catalog.authorities import load_directory
from catalog.jurisdiction import load_jurisdiction
from domain.base import Act, Event
from domain.case.case import RecognitionCase
from domain.case.events import (
    Approved,
    Matched,
    RematchRequired,
    SupplementRequested,
    Transferred,
)
from domain.case.title_events import NoticeGiven, Reinstated, ReinstatementProposed, RevocationProposed, Revoked
from domain.guards import Circumstances
from domain.values import (
    Actor,
    CatalogEntry,
    Certificate,
    Evidence,
    Experience,
    MatchOutcome,
    Person,
    Provenance,
    Role,
    TitleAward,
    TitleLevel,
    shanghai_day,
)
from tests.periods import answering_within

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


class Listed:
    """A catalog of one entry."""

    def entry_at(self, code: str, version: int, number: int) -> CatalogEntry | None:
        """Entry 58 of version 1."""
        return ENTRY if (code, version, number) == ("zj", 1, 58) else None

    def had(self, code: str, version: int, number: int) -> bool:
        """Nothing was withdrawn."""
        return self.entry_at(code, version, number) is not None


RULES = answering_within(0, load_jurisdiction().rules)
"""A period of no day to answer: notice is enough."""
KNOWN = Circumstances(DIRECTORY, Listed(), RULES)


def by(
    subject: str, role: Role = Role.REVIEWER, authority: str | None = XIHU, holder: UUID | None = None
) -> Provenance:
    """Somebody's provenance."""
    return Provenance(actor=Actor(subject=subject, role=role, authority_code=authority, holder_ref=holder))


APPLICANT, FIRST, SECOND = by("applicant", Role.APPLICANT, None), by("first"), by("second")
REGISTRY = by("registry", Role.SYSTEM, None)


def lawful() -> list[Event]:
    """A case that was matched, transferred up, approved, revoked by two officers after notice, and reinstated by two others."""
    minutes = iter(range(100))

    def act(who: Provenance) -> Act:
        return Act(who, START + timedelta(minutes=next(minutes)))

    case = RecognitionCase.submit(
        act(APPLICANT),
        uuid4(),
        KNOWN,
        holder=Person(ref=HOLDER, name="n", id_type="PASSPORT", id_number="1"),
        certificate=Certificate(name="c"),
        authority_code=XIHU,
        work_field="w",
        experience=(Experience(employer="e", start=date(2024, 1, 1), end=date(2024, 12, 31), field="w"),),
        evidence=(Evidence(sha256="ab" * 32, file_name="f", media_type="application/pdf", size=1, kind="CERTIFICATE"),),
        catalog_code="zj",
        catalog_version=1,
        claim_id=None,
    )
    match: dict[str, Any] = {"outcome": MatchOutcome.EXACT, "entry_number": 58, "grade": None}
    case.match(act(REGISTRY), KNOWN, candidates=(), rule_set="r1", **match)
    case.decide(Transferred, act(FIRST), KNOWN, authority_code=HANGZHOU, reason="works there")
    city, other = by("first", authority=HANGZHOU), by("second", authority=HANGZHOU)
    case.decide(Approved, act(city), KNOWN, work_consistent=True, counted_experience_months=3)
    case.decide(RevocationProposed, act(city), KNOWN, ground="forged", findings="found")
    case.decide(NoticeGiven, act(city), KNOWN, served_on=shanghai_day(START))
    case.decide(Revoked, act(other), KNOWN)
    case.decide(ReinstatementProposed, act(by("third", authority=HANGZHOU)), KNOWN, reason="it was not")
    case.decide(Reinstated, act(by("fourth", authority=HANGZHOU)), KNOWN)
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


def after(index: int, kind: type[Event], who: Provenance, **facts: Any) -> Callable[[list[Event]], list[Event]]:
    """The history cut after an event, with another behind it that is well-formed."""

    def tamper(events: list[Event]) -> list[Event]:
        last = events[index]
        place = {"originator_id": last.originator_id, "originator_version": last.originator_version + 1}
        added = kind(**place, timestamp=last.timestamp + timedelta(minutes=1), by=who, **{"holder_ref": HOLDER} | facts)
        return [*events[: index + 1], added]

    return tamper


RULE: dict[str, Any] = {
    "catalog_code": "zj", "catalog_version": 1, "entry_number": 58, "grade": None,
    "outcome": MatchOutcome.EXACT, "rule_set": "r1",
}  # fmt: skip
REMATCH: dict[str, Any] = {"catalog_version": 2, "amendment_id": uuid4()}


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        pytest.param(after(3, Matched, REGISTRY, **RULE), [(5, "CASE_CLOSED", "undecided")], id="a match by rule after approval"),
        pytest.param(after(1, RematchRequired, FIRST, **REMATCH), [(3, "NOT_PERMITTED", "registry_only")], id="a rematch by a reviewer"),
        pytest.param(after(3, RematchRequired, REGISTRY, **REMATCH), [(5, "CASE_CLOSED", "undecided")], id="a rematch after approval"),
        pytest.param(changed(3, counted_experience_months=5000), [(4, "INVALID_INPUT", "months_in_a_life")], id="5000 months"),
        pytest.param(changed(0, certificate=Certificate(name="c", expires_on=date(2020, 1, 1))), [(1, "CERTIFICATE_EXPIRED", "still_valid")], id="an expired certificate"),
        pytest.param(
            after(1, SupplementRequested, by("b", authority=NINGBO), reason="more"),
            [(3, "OUTSIDE_JURISDICTION", "within_jurisdiction")], id="another authority's",
        ),
        pytest.param(after(1, Transferred, FIRST, authority_code=XIHU, reason="here"), [(3, "WRONG_STATE", "another_authority")], id="to where it is"),
        pytest.param(after(1, SupplementRequested, FIRST, reason="more", holder_ref=uuid4()), [(3, "OTHER_HOLDER", "same_holder")], id="another person"),
        pytest.param(changed(6, ground="other"), [(7, "TERMS_CHANGED", "confirmed_as_proposed")], id="another ground"),
        pytest.param(after(1, Matched, FIRST, **RULE | {"outcome": None, "rule_set": None, "entry_number": 59}), [(3, "UNKNOWN_ENTRY", "entry_listed")], id="an entry that is none"),
        pytest.param(changed(3, by=by("approver", Role.SYSTEM, None)), [(4, "NOT_PERMITTED", "reviewers_only")], id="approved by the registry"),
    ],
)  # fmt: skip
def test_every_guard_of_the_live_command_is_asked_again(
    tamper: Callable[[list[Event]], list[Event]], expected: Sequence[tuple[int, str, str]]
) -> None:
    """What no command would have recorded is found by the guard that would have refused it."""
    found = [(each.version, each.code, each.rule) for each in violations(RecognitionCase, tamper(lawful()), KNOWN)]
    assert found[: len(expected)] == list(expected)


def test_a_second_supplement_request_is_found() -> None:
    """One supplement is awaited at a time, also where the history was written by another way."""
    asked = after(1, SupplementRequested, FIRST, reason="more")(lawful())
    again = after(2, SupplementRequested, FIRST, reason="again")(asked)
    assert [(each.version, each.rule) for each in violations(RecognitionCase, again, KNOWN)] == [
        (4, "not_asked_already")
    ]


def test_a_lawful_history_has_no_violations() -> None:
    """Whatever the use cases recorded passes."""
    assert violations(RecognitionCase, lawful(), KNOWN) == []
    assert violations(RecognitionCase, [], KNOWN) == []


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        pytest.param(changed(3, by=by("first", authority=NINGBO)), [(4, "OUTSIDE_JURISDICTION")], id="other city"),
        pytest.param(changed(3, by=by("first", authority=XIHU)), [(4, "OUTSIDE_JURISDICTION")], id="district above itself"),
        pytest.param(changed(3, by=by("first", authority=None)), [(4, "OUTSIDE_JURISDICTION")], id="no authority"),
        pytest.param(changed(3, by=by("first", Role.ADMINISTRATOR, HANGZHOU)), [(4, "NOT_PERMITTED")], id="wrong role"),
        pytest.param(changed(3, by=by("applicant", authority=HANGZHOU)), [(4, "OWN_CASE")], id="own submission"),
        pytest.param(changed(3, by=by("x", authority=HANGZHOU, holder=HOLDER)), [(4, "OWN_CASE")], id="own title"),
        pytest.param(changed(6, by=by("first", authority=HANGZHOU)), [(7, "SAME_OFFICER")], id="one officer"),
        pytest.param(changed(1, by=FIRST), [(2, "NOT_PERMITTED")], id="a rule's match by hand"),
        pytest.param(changed(2, authority_code="999999-EI"), [(3, "UNKNOWN_AUTHORITY"), (4, "OUTSIDE_JURISDICTION")], id="to nowhere"),
        pytest.param(changed(3, timestamp=START - timedelta(days=400)), [(4, "BACK_DATED"), (4, "DAY_MISMATCH")], id="back-dated"),
        pytest.param(changed(3, recognized_on=date(2020, 1, 1)), [(4, "DAY_MISMATCH")], id="another day"),
        pytest.param(changed(0, submitted_on=date(2020, 1, 1)), [(1, "DAY_MISMATCH")], id="submitted another day"),
        pytest.param(without(4), [(5, "NOTHING_PROPOSED")], id="no proposal"),
        pytest.param(without(5), [(6, "NOTICE_NOT_GIVEN")], id="no notice"),
        pytest.param(changed(5, answer_until=date(2026, 12, 24)), [(6, "DAY_MISMATCH"), (7, "HEARING_OPEN")], id="another period"),
        pytest.param(changed(8, by=by("third", authority=HANGZHOU)), [(9, "SAME_OFFICER")], id="one officer gives back"),
        pytest.param(changed(7, by=by("second", authority=HANGZHOU)), [(8, "SAME_OFFICER")], id="who ended it gives it back"),
        pytest.param(changed(3, counted_experience_months=13), [(4, "EXPERIENCE_NOT_COVERED")], id="months out of nothing"),
        pytest.param(changed(0, evidence=()), [(4, "NO_EVIDENCE")], id="without evidence"),
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
    found = [(each.version, each.code) for each in violations(RecognitionCase, tamper(lawful()), KNOWN)]
    assert found[: len(expected)] == list(expected)
