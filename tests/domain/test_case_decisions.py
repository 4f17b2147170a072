"""What a match, an approval and a revocation need (articles 3 and 4)."""

from datetime import UTC, date, datetime

import pytest

from domain.case.case import RecognitionCase
from domain.case.events import Approved, Matched, Supplemented, SupplementRequested, Withdrawn
from domain.case.guards import MAX_COUNTED_MONTHS
from domain.refusals import RefusalCode
from domain.values import CaseStatus, DeadlineKind, MatchOutcome
from tests.domain.cases import (
    AMENDMENT,
    APPROVED,
    CANDIDATE,
    CASE,
    CATALOG,
    COMMANDS,
    FILE,
    GRADED,
    KNOWN,
    PLAIN,
    PROPOSED,
    REJECTED,
    REMATCH,
    REQUESTED,
    SUPPLEMENTED,
    TRANSFERRED,
    WITHDRAWN,
    WORK,
    approve,
    ask,
    confirm,
    due,
    given,
    listed,
    matched,
    noted,
    submitted,
    transfer,
)
from tests.domain.scenario import APPLICANT, COLLEAGUE, NOON, REGISTRY, REVIEWER, Given, act


class TestMatching:
    """The registry matches by rule; a reviewer confirms."""

    @pytest.mark.parametrize("outcome", [MatchOutcome.EXACT, MatchOutcome.CONFIDENT])
    def test_a_sure_match_is_pinned(self, outcome):
        """An automatic match pins the entry under the case's own version, with the rule set that found it."""
        match = {"outcome": outcome, "candidates": (CANDIDATE,), "rule_set": "rules-1", "grade": "1级"}
        case = (
            given("submitted")
            .when(lambda case: case.match(act(REGISTRY), KNOWN, entry_number=88, **match))
            .then(noted(Matched, catalog_code=CATALOG, catalog_version=1, entry_number=88, **match))
        )
        assert (case.entry_number, case.grade, case.candidates) == (88, "1级", (CANDIDATE,))

    @pytest.mark.parametrize(
        ("outcome", "number"), [(MatchOutcome.AMBIGUOUS, None), (MatchOutcome.NONE, None), (MatchOutcome.AMBIGUOUS, 1)]
    )
    def test_an_unsure_match_only_offers(self, outcome, number):
        """Where the matcher abstains nothing is matched, even if it names an entry."""
        case = (
            given("submitted")
            .when(
                lambda case: case.match(
                    act(REGISTRY),
                    KNOWN,
                    outcome=outcome,
                    entry_number=number,
                    grade=None,
                    candidates=[CANDIDATE],
                    rule_set="rules-1",
                )
            )
            .then(listed(outcome))
        )
        assert (case.status, case.entry_number) == (CaseStatus.SUBMITTED, None)
        assert case.candidates == (CANDIDATE,)

    def test_a_confirmed_match_keeps_the_candidates(self):
        """A reviewer's choice is recorded with its reason; what the matcher offered stays to be read."""
        case = given("candidates").when(lambda case: COMMANDS["confirm_match"](case, act())).then(confirmed(1, None))
        assert case.candidates == (CANDIDATE,)

    @pytest.mark.parametrize(
        ("entry", "grade", "code"),
        [
            (GRADED, "1级", None),
            (GRADED, "2级", None),
            (GRADED, None, None),
            (GRADED, "3级", RefusalCode.UNKNOWN_GRADE),
            (GRADED, "1級", RefusalCode.UNKNOWN_GRADE),
            (GRADED, "", RefusalCode.UNKNOWN_GRADE),
            (PLAIN, None, None),
            (PLAIN, "1级", RefusalCode.UNKNOWN_GRADE),
        ],
    )
    def test_the_grade_is_one_the_entry_knows(self, entry, grade, code):
        """Entries 88-90 award by grade: a grade is one of theirs or left open; a plain entry knows none."""
        outcome = given("submitted").when(lambda case: confirm(case, act(), entry.number, grade))
        if code is None:
            outcome.then(confirmed(entry.number, grade))
        else:
            assert outcome.refused(code).field == "grade"

    def test_a_rematch_forgets_the_match(self):
        """An amendment with rematchPending moves a pending case to its version, unmatched."""
        case = given("matched").when(lambda case: COMMANDS["require_rematch"](case, act(REGISTRY))).then(REMATCH)
        assert (case.catalog_version, case.entry_number, case.grade, case.candidates) == (2, None, None, ())
        assert REMATCH.facts["amendment_id"] == AMENDMENT

    @pytest.mark.parametrize(
        "past", ["approved", "proposed", "rejected", "withdrawn", "revoked", "annulled", "surrendered", "reinstated"]
    )
    def test_an_amendment_never_changes_a_decided_case(self, past):
        """A later amendment leaves an approved title as it is, and a matcher cannot pin it to another entry."""
        for command in ("match", "require_rematch"):
            ask(command, REGISTRY, past).refused(RefusalCode.CASE_CLOSED)


class TestApproval:
    """What a title needs (article 3)."""

    @pytest.mark.parametrize(
        ("consistent", "months", "allowed"),
        [
            (True, 0, True),
            (True, 1, True),
            (True, MAX_COUNTED_MONTHS, True),
            (True, MAX_COUNTED_MONTHS + 1, False),
            (True, -1, False),
            (False, 0, True),
            (False, 1, False),
            (False, MAX_COUNTED_MONTHS, False),
            (False, MAX_COUNTED_MONTHS + 1, False),
        ],
    )
    def test_experience_counts_for_consistent_work_only(self, consistent, months, allowed):
        """From 0 to 720 months where present work matches the qualification; otherwise none."""
        past = submitted(experience=(WORK.model_copy(update={"start": date(1950, 1, 1)}),)), matched()
        outcome = Given(RecognitionCase, CASE, *past).when(lambda case: approve(case, act(), consistent, months))
        if allowed:
            facts = {"work_consistent": consistent, "counted_experience_months": months}
            outcome.then(
                noted(Approved, recognized_on=date(2024, 5, 6), review_until=due(DeadlineKind.REVIEW), **facts)
            )
        else:
            assert outcome.refused(RefusalCode.INVALID_INPUT).field == "countedExperienceMonths"

    def test_sixty_years_are_the_limit(self):
        """More verified experience than a working life holds is a slip of the keyboard."""
        assert MAX_COUNTED_MONTHS == 60 * 12

    @pytest.mark.parametrize(
        ("entry", "grade", "code"),
        [
            (GRADED, "1级", None),
            (GRADED, "2级", None),
            (GRADED, None, RefusalCode.TITLE_OPEN),
            (PLAIN, None, None),
            (None, None, RefusalCode.NOT_MATCHED),
        ],
    )
    def test_the_grade_decides_the_title(self, entry, grade, code):
        """An unmatched case and an open title cannot be approved; a grade or an ungraded entry settles the title."""
        past = (submitted(),) if entry is None else (submitted(), matched(entry.number, grade))
        outcome = Given(RecognitionCase, CASE, *past).when(lambda case: COMMANDS["approve"](case, act()))
        if code is None:
            assert outcome.then(APPROVED).status is CaseStatus.APPROVED
        else:
            outcome.refused(code)

    def test_an_entry_that_nobody_can_show_approves_nothing(self):
        """A matched case whose entry is not at hand is not approved on trust."""
        past = (submitted(), matched(3))
        outcome = Given(RecognitionCase, CASE, *past).when(lambda case: approve(case, act(), True, 0))
        outcome.refused(RefusalCode.NOT_MATCHED)

    def test_a_match_names_an_entry_of_its_version(self):
        """An entry that the version withdrew, and one it never had, are told apart."""
        for number, code in ((2, RefusalCode.ENTRY_WITHDRAWN), (3, RefusalCode.UNKNOWN_ENTRY)):
            outcome = given("submitted").when(lambda case, number=number: confirm(case, act(), number, None))
            assert outcome.refused(code).field == "entryNumber"

    def test_a_match_is_made_under_the_governing_version(self):
        """A reviewer cannot pin a case to a version that does not govern it."""
        given("submitted").when(lambda case: confirm(case, act(), 1, None, version=2)).refused(
            RefusalCode.OTHER_VERSION
        )

    @pytest.mark.parametrize(
        ("at", "day"),
        [
            (datetime(2024, 5, 31, 15, 59, 59, tzinfo=UTC), date(2024, 5, 31)),
            (datetime(2024, 5, 31, 16, tzinfo=UTC), date(2024, 6, 1)),
        ],
    )
    def test_a_title_is_recognised_on_the_day_in_shanghai(self, at, day):
        """The business date of a decision is the day in Shanghai."""
        outcome = given("matched").when(lambda case: COMMANDS["approve"](case, act(REVIEWER, at)))
        assert outcome.new[0].recognized_on == day

    def test_nothing_is_recorded_before_what_it_follows(self):
        """A clock that stepped back dates no decision before the submission that it decides."""
        earlier = datetime(2024, 5, 4, 4, tzinfo=UTC)
        outcome = given("matched").when(lambda case: COMMANDS["approve"](case, act(REVIEWER, earlier)))
        assert (outcome.new[0].recorded_at, outcome.new[0].recognized_on) == (NOON, date(2024, 5, 6))


class TestCompletingAndHandingOn:
    """Supplements, transfers, rejection and withdrawal."""

    @pytest.mark.parametrize(
        ("command", "by", "past", "event"),
        [
            (
                "request_supplement",
                REVIEWER,
                "matched",
                noted(SupplementRequested, reason="more", supplement_by=due(DeadlineKind.SUPPLEMENT)),
            ),
            ("supplement", APPLICANT, "asked", SUPPLEMENTED),
            ("transfer", REVIEWER, "matched", TRANSFERRED),
            ("reject", REVIEWER, "matched", REJECTED),
            ("withdraw", APPLICANT, "asked", noted(Withdrawn, reason="elsewhere")),
        ],
    )
    def test_each_records_one_fact(self, command, by, past, event):
        """One command, one event, with its reason."""
        ask(command, by, past).then(event)

    def test_new_evidence_joins_the_old(self):
        """A supplement adds to what was submitted."""
        assert ask("supplement", APPLICANT, "asked").state.evidence == (FILE, FILE)

    def test_a_supplement_adds_something(self):
        """A supplement without evidence is none."""
        outcome = given("asked").when(lambda case: case.decide(Supplemented, act(APPLICANT), KNOWN, evidence=()))
        assert outcome.refused(RefusalCode.INVALID_INPUT).field == "evidence"

    @pytest.mark.parametrize(
        ("code", "refusal"),
        [("330106-HR", RefusalCode.WRONG_STATE), ("999999-HR", RefusalCode.UNKNOWN_AUTHORITY)],
    )
    def test_a_transfer_names_another_authority(self, code, refusal):
        """A case moves to an authority that exists and does not have it yet."""
        outcome = given("matched").when(lambda case: transfer(case, act(), code))
        assert outcome.refused(refusal).field == "authorityCode"

    def test_after_a_transfer_the_new_authority_decides(self):
        """The district that handed a case to the city no longer decides it; the city does."""
        past = (submitted(), matched(), TRANSFERRED)
        for who, code in ((REVIEWER, RefusalCode.OUTSIDE_JURISDICTION), (COLLEAGUE, None)):
            outcome = Given(RecognitionCase, CASE, *past).when(lambda case, who=who: COMMANDS["reject"](case, act(who)))
            assert (outcome.refusal.code if outcome.refusal else None) == code


class TestTheScenarios:
    """What the scenarios begin with."""

    def test_the_pasts_are_what_commands_record(self):
        """The histories that scenarios begin with are those the commands themselves would have recorded."""
        steps = [
            ("submitted", "request_supplement", REVIEWER, REQUESTED, "reason"),
            ("matched", "withdraw", APPLICANT, WITHDRAWN, "reason"),
            ("approved", "propose_revocation", REVIEWER, PROPOSED, "findings"),
        ]
        for past, command, by, event, words in steps:
            (new,) = ask(command, by, past).new
            assert type(new) is event.kind
            recorded = {name: getattr(new, name) for name in event.facts}
            assert recorded | {words: None} == event.facts | {words: None}


def confirmed(number, grade):
    """What a reviewer's confirmation records."""
    place = {"catalog_code": CATALOG, "catalog_version": 1, "entry_number": number, "grade": grade}
    return noted(Matched, **place, reason="the same")
