"""A decision of before the registry is taken in by the rules of its own days, by two administrators, and stands like any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.case.case import RecognitionCase
from domain.case.imported import Imported
from domain.case.imported_guards import WAIVED
from domain.case.title_events import Revoked
from domain.case.title_guards import GUARDS
from domain.clocks import start_of_day
from domain.decision_import import DecisionImport, waived_rules
from domain.guards import Circumstances
from domain.refusals import RefusalCode
from domain.values import CaseStatus, TitleStatus
from tests.domain import cases
from tests.domain.cases import CASE, KNOWN, imported
from tests.domain.scenario import ADMINISTRATOR, COLLEAGUE, REVIEWER, SECOND_ADMINISTRATOR, Given, act

FILE = {"sha256": "cd" * 32, "rows": 9}


def taken_in(by: Any = ADMINISTRATOR, known: Circumstances = KNOWN, **changes: Any) -> Given:
    """What came of bringing a decision in, with these facts in place of sound ones."""
    facts = {**imported().facts, **changes}
    if "decided_on" in changes:
        facts.pop("review_until")
    return Given(RecognitionCase, CASE).when(lambda _: RecognitionCase.begin(Imported, act(by), CASE, known, **facts))


def test_a_title_of_before_stands_with_its_own_days_and_authority() -> None:
    """It is recorded now and dated then: submitted, decided and recognised on the days of its papers, by the authority in them."""
    state = taken_in().then(imported())
    assert (state.status, state.title_status) == (CaseStatus.APPROVED, TitleStatus.CURRENT)
    assert (state.submitted_on, state.recognized_on) == (date(2024, 1, 8), date(2024, 2, 5))
    assert state.decided_at == start_of_day(date(2024, 2, 5))
    assert state.recognized_by.authority_code == "330100-HR"
    assert state.awarded == state.pinned
    assert state.review_until == cases.due(cases.DeadlineKind.REVIEW, date(2024, 2, 5))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signed_by": "administrator"}, RefusalCode.SAME_ADMINISTRATOR),
        ({"decided_on": date(2024, 1, 7)}, RefusalCode.DAY_MISMATCH),
        ({"decided_on": date(2024, 5, 7)}, RefusalCode.DAY_MISMATCH),
        ({"submitted_on": date(2023, 10, 31)}, RefusalCode.BEFORE_COMMENCEMENT),
        ({"certificate": cases.CERTIFICATE.model_copy(update={"expires_on": date(2024, 1, 7)})}, RefusalCode.CERTIFICATE_EXPIRED),
        ({"certificate": cases.CERTIFICATE.model_copy(update={"issued_on": date(2024, 1, 9)})}, RefusalCode.CERTIFICATE_NOT_YET_ISSUED),
        ({"authority_code": "330999-HR"}, RefusalCode.UNKNOWN_AUTHORITY),
        ({"entry_number": 3}, RefusalCode.UNKNOWN_ENTRY),
        ({"entry_number": 2}, RefusalCode.ENTRY_WITHDRAWN),
        ({"grade": "3级"}, RefusalCode.UNKNOWN_GRADE),
        ({"grade": None}, RefusalCode.TITLE_OPEN),
        ({"counted_experience_months": 721}, RefusalCode.INVALID_INPUT),
        ({"work_consistent": False}, RefusalCode.INVALID_INPUT),
        ({"review_until": date(2024, 2, 6)}, RefusalCode.DAY_MISMATCH),
    ],
)  # fmt: skip
def test_the_rules_of_its_days_hold(changes: dict[str, Any], code: RefusalCode) -> None:
    """What a live approval of that day would have been refused for, it is refused for."""
    taken_in(**changes).refused(code)


@pytest.mark.parametrize(
    ("by", "code"), [(REVIEWER, RefusalCode.NOT_PERMITTED), (SECOND_ADMINISTRATOR, RefusalCode.SAME_ADMINISTRATOR)]
)
def test_two_administrators_bring_it_in(by: Any, code: RefusalCode) -> None:
    """No officer does, nor who signed the file."""
    taken_in(by).refused(code)


def test_what_is_not_asked_is_no_guard_of_it() -> None:
    """Neither evidence, nor opinions, nor the periods behind counted months, nor an overridden match; each is a guard of approvals."""
    asked = {each.name for each in GUARDS[Imported]}
    assert asked.isdisjoint(waived_rules())
    assert set(WAIVED) <= set(GUARDS[cases.Approved])
    taken_in(counted_experience_months=240).then(imported(counted_experience_months=240))


def test_it_ends_like_any_other_title() -> None:
    """Two officers revoke it for fraud once its holder was heard."""
    past = (imported(), cases.PROPOSED, cases.NOTICED, cases.WAIVED)
    ended = Given(RecognitionCase, CASE, *past).when(lambda case: case.decide(Revoked, act(COLLEAGUE), KNOWN))
    assert ended.state.title_status is TitleStatus.REVOKED


def test_its_authority_awards_that_level() -> None:
    """Whoever decided then awards titles of the level, as the rules of that day have it."""
    nobody = replace(KNOWN, rules=KNOWN.rules.model_copy(update={"competences": ()}))
    taken_in(known=nobody).refused(RefusalCode.BEYOND_COMPETENCE)


def test_a_file_is_signed_by_one_and_brought_in_by_another() -> None:
    """Signed with the rules it waives; begun once, by another; finished once, after it began."""
    stream = cases.IMPORT
    Given(DecisionImport, stream).when(
        lambda _: DecisionImport.begin(DecisionImport.Signed, act(ADMINISTRATOR), stream, **FILE, waived=waived_rules())
    )
    past = [cases.Happened(DecisionImport.Signed, {**FILE, "waived": waived_rules()}, act(ADMINISTRATOR))]
    given = Given(DecisionImport, stream, *past)
    given.when(lambda each: each.decide(DecisionImport.Begun, act(ADMINISTRATOR))).refused(
        RefusalCode.SAME_ADMINISTRATOR
    )
    done = {"imported": 9, "refused": 0}
    given.when(lambda each: each.decide(DecisionImport.Finished, act(SECOND_ADMINISTRATOR), **done))
    given.refused(RefusalCode.WRONG_STATE)
    begun = cases.Happened(DecisionImport.Begun, {}, act(SECOND_ADMINISTRATOR))
    again = Given(DecisionImport, stream, *past, begun)
    again.when(lambda each: each.decide(DecisionImport.Begun, act(SECOND_ADMINISTRATOR))).refused(
        RefusalCode.WRONG_STATE
    )
    state = again.when(lambda each: each.decide(DecisionImport.Finished, act(SECOND_ADMINISTRATOR), **done)).state
    assert (state.begun, state.finished, state.signed_by) == (True, True, "administrator")


def test_who_signs_is_an_administrator_and_waives_no_other_rule() -> None:
    """The rules that are waived stand in what is signed, and are those that an import may waive."""
    for by, waived, code in [
        (REVIEWER, waived_rules(), RefusalCode.NOT_PERMITTED),
        (ADMINISTRATOR, (*waived_rules(), "title_settled"), RefusalCode.INVALID_INPUT),
    ]:
        Given(DecisionImport, cases.IMPORT).when(
            lambda _, by=by, waived=waived: DecisionImport.begin(
                DecisionImport.Signed, act(by), cases.IMPORT, **FILE, waived=waived
            )
        ).refused(code)
