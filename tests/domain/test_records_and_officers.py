"""When a record of the integrity archive counts, on which days it stands, and who says who an officer is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from domain.guards import Attempt, breaches
from domain.identifiers import integrity_record_id
from domain.integrity import IntegrityRecord, years_later
from domain.officer import Officer
from domain.refusals import RefusalCode
from domain.values import Role
from tests.domain.cases import CASE, HOLDER, KNOWN, RULES, TODAY
from tests.domain.scenario import ADMINISTRATOR, SECOND_ADMINISTRATOR, Given, Happened, act, actor

RECORD = integrity_record_id(CASE, 7)
LAST = years_later(TODAY, RULES.integrity.years)
FACTS = {"case_id": CASE, "case_number": "ZJ-1", "holder_ref": HOLDER, "ground": "forged", "findings": "denied"}
FILED = Happened(IntegrityRecord.Filed, {**FACTS, "filed_on": TODAY, "lapses_on": LAST})
OVERTURNED = Happened(IntegrityRecord.Overturned, {"holder_ref": HOLDER, "reason": "it was genuine"})
ONE_DAY = timedelta(days=1)


def record(*past):
    """The record after these events."""
    return Given(IntegrityRecord, RECORD, *past)


@pytest.mark.parametrize(
    ("day", "counts"),
    [(TODAY - ONE_DAY, False), (TODAY, True), (LAST, True), (LAST + ONE_DAY, False)],
)
def test_a_record_counts_from_its_filing_to_its_last_day(day, counts):
    """Both days included; an overturned one on no day."""
    assert record(FILED).when(lambda _: None).state.in_force_on(day) is counts
    assert record(FILED, OVERTURNED).when(lambda _: None).state.in_force_on(day) is False


def test_a_record_is_filed_on_the_day_of_the_revocation_for_the_term_of_the_province():
    """Its facts are those of the revocation; each revocation of a case has a record of its own."""
    filed = dict(FACTS)
    state = (
        Given(IntegrityRecord, RECORD)
        .when(lambda _: IntegrityRecord.file(act(), KNOWN, revoked_at_version=7, **filed))
        .then(FILED)
    )
    assert (state.record_id, state.case_id, state.holder_ref, state.version) == (RECORD, CASE, HOLDER, 1)
    assert (state.ground, state.findings, state.filed_on, state.lapses_on) == ("forged", "denied", TODAY, LAST)
    assert not state.overturned
    assert integrity_record_id(CASE, 8) != RECORD


@pytest.mark.parametrize("wrong", [{"filed_on": TODAY - ONE_DAY}, {"lapses_on": LAST + ONE_DAY}])
def test_a_record_that_states_other_days_is_found(wrong):
    """Either day alone is enough."""
    event = replace(FILED, facts=FILED.facts | wrong).at(RECORD, 1, "")
    (breach,) = breaches(IntegrityRecord.GUARDS, Attempt(event, None, KNOWN))
    assert breach.refusal.code is RefusalCode.DAY_MISMATCH
    assert str(TODAY) in breach.refusal.message
    assert str(LAST) in breach.refusal.message
    assert list(breaches(IntegrityRecord.GUARDS, Attempt(FILED.at(RECORD, 1, ""), None, KNOWN))) == []


def test_a_record_is_overturned_once():
    """With the reason of the reinstatement."""
    record(FILED).when(lambda each: each.overturn(act(), "it was genuine")).then(OVERTURNED)
    record(FILED, OVERTURNED).when(lambda each: each.overturn(act(), "again")).refused(RefusalCode.WRONG_STATE)


def test_years_later_is_the_same_day():
    """29 February becomes 28 February where there is none."""
    assert years_later(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert years_later(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert years_later(date(2024, 5, 6), 3) == date(2027, 5, 6)


REGISTERED = Happened(Officer.Registered, {"subject": "officer.x"})
STREAM = uuid4()


def register(by, *past):
    """An officer's identity said by somebody."""
    if not past:
        return Given(Officer, STREAM).when(
            lambda _: Officer.begin(Officer.Registered, act(by), STREAM, subject="officer.x")
        )
    return Given(Officer, STREAM, *past).when(lambda officer: officer.decide(Officer.RegisteredAnew, act(by)))


@pytest.mark.parametrize("past", [(), (REGISTERED.by(ADMINISTRATOR),)])
@pytest.mark.parametrize("role", Role)
def test_administrators_say_who_an_officer_is(past, role):
    """No other role does, the first time or again."""
    outcome = register(actor("somebody", role), *past)
    if role is Role.ADMINISTRATOR:
        assert len(outcome.new) == 1
        assert (outcome.state.subject, outcome.state.version) == ("officer.x", len(past) + 1)
    else:
        outcome.refused(RefusalCode.NOT_PERMITTED)


@pytest.mark.parametrize("past", [(), (REGISTERED.by(ADMINISTRATOR),)])
def test_nobody_says_it_of_themselves(past):
    """The form shows it at the subject; another administrator may."""
    themselves = register(actor("officer.x", Role.ADMINISTRATOR), *past)
    assert themselves.refused(RefusalCode.SAME_OFFICER).field == "subject"
    assert register(SECOND_ADMINISTRATOR, *past).refusal is None
