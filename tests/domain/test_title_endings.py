"""What may become of a title: three ways to end it, each lawful in its own way, and two officers to give it back."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.case.case import RecognitionCase
from domain.case.title_events import (
    Annulled,
    NoticeGiven,
    ProposalAnswered,
    Reassessed,
    Reinstated,
    ReinstatementProposed,
    RevocationProposed,
    Revoked,
)
from domain.guards import Circumstances
from domain.refusals import RefusalCode
from domain.values import CaseStatus, ReviewOutcome, Role, TitleStatus
from tests.domain.cases import (
    ANNULLED,
    ANSWERED,
    APPROVED,
    AUTHORITIES,
    BACK_PROPOSED,
    CASE,
    COMMANDS,
    DECLINED,
    ERROR_PROPOSED,
    FILE,
    KNOWN,
    NOTICED,
    OTHER_SUPERIOR,
    PASTS,
    PROPOSED,
    REASSESSED,
    REINSTATED,
    REJECTED,
    REVOKED,
    RULES,
    SUPERIOR,
    SURRENDERED,
    TODAY,
    WAIVED,
    WORK,
    Listed,
    approve,
    ask,
    given,
    matched,
    noted,
    review,
    reviewed,
    submitted,
)
from tests.domain.scenario import APPLICANT, COLLEAGUE, NOON, REVIEWER, Given, Happened, act, actor
from tests.periods import answering_within

APPROVED_PAST = PASTS["approved"]


def confirm_after(days, *, period=3):
    """A revocation confirmed so many days after notice, at that time of the day in Shanghai, unanswered."""
    known = Circumstances(AUTHORITIES, Listed(), answering_within(period, RULES))
    noticed = noted(NoticeGiven, served_on=TODAY, answer_until=TODAY + timedelta(days=period))
    at = datetime(2024, 5, 6, tzinfo=UTC) - timedelta(hours=8) + days
    past = (*APPROVED_PAST, PROPOSED, noticed)
    return Given(RecognitionCase, CASE, *past).when(lambda case: case.decide(Revoked, act(COLLEAGUE, at), known))


class TestRevocationForFraud:
    """Article 4: two officers, and the holder heard between them."""

    def test_it_goes_from_proposal_to_end(self):
        """Proposed, noticed, answered, confirmed: the ground stays, and who ended it is remembered."""
        case = ask("propose_revocation", REVIEWER).then(noted(RevocationProposed, ground="forged", findings="denied"))
        assert (case.status, case.title_status) == (CaseStatus.APPROVED, TitleStatus.CURRENT)
        assert (case.proposal.ground, case.proposal.proposed_by.subject) == ("forged", "reviewer")
        case = ask("confirm_revocation", COLLEAGUE).then(REVOKED)
        assert (case.status, case.title_status, case.proposal) == (CaseStatus.REVOKED, TitleStatus.REVOKED, None)
        assert (case.ending.ground, case.ending.on, case.ending.at_version) == ("forged", TODAY, 7)
        assert case.ending.officers == (REVIEWER, COLLEAGUE)

    def test_one_officer_does_not(self):
        """The proposer does not confirm, whatever else changed about them."""
        ask("confirm_revocation", REVIEWER).refused(RefusalCode.SAME_OFFICER)
        promoted = actor("reviewer", Role.REVIEWER, "330000-HR")
        ask("confirm_revocation", promoted).refused(RefusalCode.SAME_OFFICER)

    def test_one_person_under_two_accounts_is_one_officer(self):
        """Where the same person is known to bear both subjects, the second is no other officer; another person is."""
        first, second, other = (
            actor(name, Role.REVIEWER, "330106-HR", holder_ref=UUID(int=number))
            for name, number in (("one", 7), ("two", 7), ("three", 8))
        )
        past = (*APPROVED_PAST, PROPOSED.by(first), NOTICED, ANSWERED)
        revoke = Given(RecognitionCase, CASE, *past).when
        revoke(lambda case: COMMANDS["confirm_revocation"](case, act(second))).refused(RefusalCode.SAME_OFFICER)
        assert revoke(lambda case: COMMANDS["confirm_revocation"](case, act(other))).refusal is None

    def test_nobody_ends_a_title_unheard(self):
        """Without notice the period never began."""
        ask("confirm_revocation", COLLEAGUE, "proposed").refused(RefusalCode.NOTICE_NOT_GIVEN)
        ask("confirm_revocation", COLLEAGUE, "noticed").refused(RefusalCode.HEARING_OPEN)

    @pytest.mark.parametrize(
        ("after", "allowed"),
        [
            (timedelta(days=3, hours=12), False),
            (timedelta(days=3, hours=23, minutes=59, seconds=59), False),
            (timedelta(days=4), True),
        ],
    )
    def test_the_period_runs_through_its_last_day(self, after, allowed):
        """The holder may answer until the last second of the last day in Shanghai; from the next on it is confirmed without."""
        outcome = confirm_after(after)
        if allowed:
            assert outcome.refusal is None
        else:
            outcome.refused(RefusalCode.HEARING_OPEN)

    def test_a_period_of_no_day_is_over_with_the_notice(self):
        """A jurisdiction may set no day: then notice is enough."""
        assert confirm_after(timedelta(hours=12), period=0).refusal is None

    @pytest.mark.parametrize(("command", "past"), [("answer", "noticed"), ("surrender", "approved")])
    @pytest.mark.parametrize(
        ("who", "allowed"),
        [
            (APPLICANT, True),
            (actor("the-holder", Role.APPLICANT, holder_ref=PROPOSED.facts["holder_ref"]), True),
            (actor("another", Role.APPLICANT), False),
            (REVIEWER, False),
            (actor("applicant", Role.REVIEWER, "330106-HR"), False),
        ],
    )
    def test_only_the_holder_speaks_for_the_holder(self, command, past, who, allowed):
        """No officer answers, waives or surrenders in the holder's name."""
        outcome = ask(command, who, past)
        if allowed:
            assert outcome.refusal is None
        else:
            outcome.refused(RefusalCode.NOT_PERMITTED)

    def test_an_answer_says_something_or_waives(self):
        """An empty answer is none; a waiver needs no words."""
        outcome = given("noticed").when(lambda case: case.decide(ProposalAnswered, act(APPLICANT), KNOWN))
        assert outcome.refused(RefusalCode.INVALID_INPUT).field == "statement"
        case = given("noticed").when(lambda case: case.decide(ProposalAnswered, act(APPLICANT), KNOWN, waive=True))
        assert case.then(WAIVED).proposal.waived

    def test_an_answer_brings_its_evidence(self):
        """What the holder sends joins the case's evidence, for whoever decides."""
        case = Given(RecognitionCase, CASE, *PASTS["noticed"], ANSWERED).when(lambda _: None).then()
        assert case.evidence == (FILE, FILE)
        assert case.proposal.statement == "it is genuine"

    @pytest.mark.parametrize(
        ("served", "allowed"),
        [(date(2024, 5, 5), False), (date(2024, 5, 6), True), (date(2024, 5, 7), False)],
    )
    def test_notice_lies_between_proposal_and_record(self, served, allowed):
        """No notice before there was anything to tell, and none that is still to come."""
        outcome = given("proposed").when(lambda case: case.decide(NoticeGiven, act(), KNOWN, served_on=served))
        if allowed:
            outcome.then(NOTICED)
        else:
            assert outcome.refused(RefusalCode.DAY_MISMATCH).field == "servedOn"

    @pytest.mark.parametrize("who", [REVIEWER, COLLEAGUE])
    def test_a_proposal_can_be_declined_or_taken_back(self, who):
        """Another officer declines it, or its proposer takes it back; the title stands as if nothing had been proposed."""
        case = ask("decline", who).state
        assert (case.proposal, case.title_stands) == (None, True)
        assert Given(RecognitionCase, CASE, *PASTS["heard"], DECLINED).when(lambda _: None).state.proposal is None


class TestAnnulment:
    """撤销 for an error of the authority: the person is not to blame."""

    def test_it_ends_the_title_and_says_so(self):
        """An annulled title is no revoked one."""
        case = ask("confirm_annulment", COLLEAGUE).then(ANNULLED)
        assert (case.status, case.title_status) == (CaseStatus.ANNULLED, TitleStatus.ANNULLED)
        ask("confirm_annulment", REVIEWER).refused(RefusalCode.SAME_OFFICER)

    def test_it_is_confirmed_as_what_it_was_proposed_as(self):
        """An annulment that was proposed is not confirmed as a revocation, which would file a record of the person."""
        ask("confirm_revocation", COLLEAGUE, "error-heard").refused(RefusalCode.NOTHING_PROPOSED)
        ask("confirm_annulment", COLLEAGUE, "heard").refused(RefusalCode.NOTHING_PROPOSED)


class TestSurrender:
    """注销 at the holder's request."""

    def test_it_needs_nobody_else(self):
        """The holder gives the title up."""
        case = ask("surrender", APPLICANT).then(SURRENDERED)
        assert (case.title_status, case.ending.ground) == (TitleStatus.SURRENDERED, "no longer wanted")

    def test_it_does_not_forestall_a_proposed_ending(self):
        """While fraud is being looked into, a title is not given up to escape the record."""
        ask("surrender", APPLICANT, "proposed").refused(RefusalCode.PROPOSAL_PENDING)


class TestReinstatement:
    """An ending overturned: two officers who did not take part in it."""

    def test_two_others_give_it_back(self):
        """Proposed by one, confirmed by another; nothing of the ending is left in the state."""
        past = PASTS["revoked"]
        case = Given(RecognitionCase, CASE, *past).when(
            lambda case: case.decide(ReinstatementProposed, act(SUPERIOR), KNOWN, reason="the issuer was wrong")
        )
        assert case.then(BACK_PROPOSED).title_status is TitleStatus.REVOKED
        case = ask("confirm_reinstatement", OTHER_SUPERIOR).then(REINSTATED)
        assert (case.status, case.title_status, case.ending) == (CaseStatus.APPROVED, TitleStatus.CURRENT, None)

    @pytest.mark.parametrize("who", [REVIEWER, COLLEAGUE])
    def test_who_ended_it_does_not_take_part(self, who):
        """Neither who proposed the ending nor who confirmed it proposes, confirms or declines, also under another account of theirs."""
        again = who.model_copy(update={"subject": "another-account", "holder_ref": UUID(int=7)})
        known = Happened(PROPOSED.kind, PROPOSED.facts, act(who.model_copy(update={"holder_ref": UUID(int=7)})))
        past = (*APPROVED_PAST, known, NOTICED, ANSWERED, REVOKED.by(COLLEAGUE))
        reinstate = Given(RecognitionCase, CASE, *past).when(lambda case: COMMANDS["reinstate"](case, act(again)))
        reinstate.refused(RefusalCode.SAME_OFFICER)
        for command in ("reinstate", "confirm_reinstatement"):
            ask(command, who).refused(RefusalCode.SAME_OFFICER)
        given("back-proposed").when(lambda case: COMMANDS["decline"](case, act(who))).refused(RefusalCode.SAME_OFFICER)

    def test_one_officer_does_not(self):
        """The proposer does not confirm."""
        ask("confirm_reinstatement", SUPERIOR).refused(RefusalCode.SAME_OFFICER)

    def test_a_title_may_end_again(self):
        """A second fraud needs a second proposal and hearing, and is known by a version of its own."""
        past = (*PASTS["reinstated"], PROPOSED, NOTICED, ANSWERED, REVOKED)
        case = Given(RecognitionCase, CASE, *past).when(lambda _: None).state
        assert (case.status, case.ending.at_version) == (CaseStatus.REVOKED, 13)


class TestArticleThreeAnew:
    """The work changed, or experience was verified later."""

    def reassess(self, past=APPROVED_PAST, **facts):
        stated = {"work_consistent": True, "counted_experience_months": 0, "reason": "the work changed"} | facts
        return Given(RecognitionCase, CASE, *past).when(lambda case: case.decide(Reassessed, act(), KNOWN, **stated))

    def test_the_title_is_good_for_what_is_found_now(self):
        """The new finding takes the place of the old; what was submitted with it joins the case."""
        case = self.reassess(work_consistent=False, experience=(WORK,), evidence=(FILE,), effective_on=TODAY).then(
            REASSESSED
        )
        assert (case.work_consistent, case.counted_experience_months, case.status) == (False, 0, CaseStatus.APPROVED)
        assert (case.experience, case.evidence) == ((WORK, WORK), (FILE, FILE))

    def test_it_holds_from_today_unless_another_day_is_named(self):
        """From a day between the recognition and the assessment."""
        (event,) = self.reassess().new
        assert event.effective_on == TODAY
        for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=1)):
            assert self.reassess(effective_on=day).refused(RefusalCode.DAY_MISMATCH).field == "effectiveOn"

    def test_added_periods_count_with_the_old_ones(self):
        """New experience is counted beside what was submitted first, overlaps once."""
        later = WORK.model_copy(update={"start": date(2021, 7, 1), "end": date(2022, 12, 31)})
        assert self.reassess(counted_experience_months=60, experience=(later,)).refusal is None
        self.reassess(counted_experience_months=61, experience=(later,)).refused(RefusalCode.EXPERIENCE_NOT_COVERED)


class TestWhatAnApprovalRestsOn:
    """Evidence or an opinion, a certificate that is valid, another officer where one overrode the rule set."""

    def approve(self, *past, by=REVIEWER, months=0, at=NOON, **facts):
        stated = {"work_consistent": True, "counted_experience_months": months} | facts
        kind = APPROVED.kind
        return Given(RecognitionCase, CASE, *past).when(lambda case: case.decide(kind, act(by, at), KNOWN, **stated))

    def test_evidence_or_an_opinion(self):
        """Without a file the officer says why none is needed."""
        past = submitted(evidence=()), matched()
        assert self.approve(*past).refused(RefusalCode.NO_EVIDENCE).field == "opinion"
        assert self.approve(*past, opinion="the issuer's public register shows it").refusal is None

    def test_a_certificate_that_expired_meanwhile(self):
        """What expired during the review counts only where the officer says why; on its last day it is valid."""
        past = submitted(), matched()
        last = datetime(2025, 2, 28, 15, 59, 59, tzinfo=UTC)
        assert self.approve(*past, at=last).refusal is None
        self.approve(*past, at=last + timedelta(seconds=1)).refused(RefusalCode.CERTIFICATE_EXPIRED)
        assert self.approve(*past, at=last + timedelta(days=1), opinion="renewed in time").refusal is None

    @pytest.mark.parametrize(("months", "allowed"), [(48, True), (49, False)])
    def test_no_more_months_than_were_submitted(self, months, allowed):
        """Four years of work are 48 months, and never one more."""
        outcome = self.approve(submitted(), matched(), months=months)
        if allowed:
            assert outcome.refusal is None
        else:
            outcome.refused(RefusalCode.EXPERIENCE_NOT_COVERED)

    def test_who_overrode_the_rule_set_does_not_approve(self):
        """One officer does not lead a sure match to another entry alone; a colleague approves, or sets it right."""
        automatic = noted(matched().kind, **{**matched().facts, "reason": None, "outcome": "EXACT", "rule_set": "r1"})
        past = submitted(), automatic, matched(88, "1级")
        self.approve(*past).refused(RefusalCode.SAME_OFFICER)
        assert self.approve(*past, by=COLLEAGUE).refusal is None
        assert self.approve(submitted(), automatic, matched(1)).refusal is None
        known, account = (actor(name, Role.REVIEWER, "330106-HR", UUID(int=7)) for name in ("known", "account"))
        overridden = submitted(), automatic, matched(88, "1级").by(known)
        self.approve(*overridden, by=account).refused(RefusalCode.SAME_OFFICER)


class TestReviews:
    """行政复议 and courts: what they decided is recorded, and what follows from it."""

    @pytest.mark.parametrize("past", ["approved", "rejected", "revoked", "annulled"])
    def test_a_decision_upheld_stays(self, past):
        """Nothing changes but the record."""
        before = given(past).when(lambda _: None).state.status
        outcome = given(past).when(lambda case: review(case, act(SUPERIOR), ReviewOutcome.UPHELD))
        assert outcome.then(reviewed(ReviewOutcome.UPHELD)).status is before

    def test_a_title_stands_while_its_decision_is_taken_anew(self):
        """A remanded approval is open again, and the title is current meanwhile, as it was recognised."""
        case = given("remanded").when(lambda case: COMMANDS["confirm_match"](case, act(COLLEAGUE))).state
        assert (case.status, case.title_stands, case.decided_by) == (CaseStatus.MATCHED, True, None)
        later = NOON + timedelta(days=10)
        approved = given("remanded").when(lambda case: approve(case, act(COLLEAGUE, later), True, 12)).state
        assert (approved.status, approved.recognized_on) == (CaseStatus.APPROVED, TODAY)
        given("remanded").when(lambda case: COMMANDS["reject"](case, act())).refused(RefusalCode.TITLE_STANDS)

    def test_another_match_changes_no_title_before_it_is_approved(self):
        """What a standing title is pinned to changes with its next approval, not with a match."""
        past = (*PASTS["remanded"], matched(88, "1级"))
        case = Given(RecognitionCase, CASE, *past).when(lambda _: None).state
        assert (case.entry_number, case.awarded.entry_number) == (88, 1)
        case = Given(RecognitionCase, CASE, *past).when(lambda case: approve(case, act(), True, 0)).state
        assert (case.awarded.entry_number, case.awarded.grade) == (88, "1级")

    def test_a_revocation_remanded_is_decided_anew(self):
        """The title stays revoked until it is approved anew, which gives it back from that day."""
        past = (*PASTS["revoked"], reviewed(ReviewOutcome.REMANDED))
        case = Given(RecognitionCase, CASE, *past).when(lambda _: None).state
        assert (case.status, case.title_status) == (CaseStatus.MATCHED, TitleStatus.REVOKED)
        later = NOON + timedelta(days=10)
        case = Given(RecognitionCase, CASE, *past).when(lambda case: approve(case, act(SUPERIOR, later), True, 0)).state
        assert (case.title_status, case.recognized_on, case.ending) == (TitleStatus.CURRENT, date(2024, 5, 16), None)

    @pytest.mark.parametrize("who", [REVIEWER, COLLEAGUE, SUPERIOR])
    def test_an_ended_title_is_not_given_back_by_one_officer(self, who):
        """A remand leaves two officers where a reinstatement has two: who ended the title, and who recorded the review, do not approve."""
        past = (*PASTS["revoked"], reviewed(ReviewOutcome.REMANDED).by(SUPERIOR))
        outcome = Given(RecognitionCase, CASE, *past).when(lambda case: approve(case, act(who), True, 0))
        outcome.refused(RefusalCode.SAME_OFFICER)
        other = Given(RecognitionCase, CASE, *past).when(lambda case: approve(case, act(OTHER_SUPERIOR), True, 0))
        assert other.refusal is None

    def test_what_is_proposed_is_decided_before_the_decision_that_is_taken_anew(self):
        """While the end of a title is proposed, its recognition is not decided anew."""
        past = (*PASTS["remanded"], PROPOSED)
        outcome = Given(RecognitionCase, CASE, *past).when(lambda case: approve(case, act(COLLEAGUE), True, 0))
        outcome.refused(RefusalCode.PROPOSAL_PENDING)

    def test_a_title_that_ends_takes_the_decision_taken_anew_with_it(self):
        """What was matched in the meantime is forgotten: ended, and given back, the case is that of the title that was awarded."""
        automatic = noted(matched().kind, **{**matched().facts, "reason": None, "outcome": "EXACT", "rule_set": "r1"})
        reopened = (submitted(), automatic, APPROVED, reviewed(ReviewOutcome.REMANDED), matched(88, "1级"))
        past = (*reopened, ERROR_PROPOSED, NOTICED, WAIVED, ANNULLED)
        case = Given(RecognitionCase, CASE, *past).when(lambda _: None).state
        assert (case.pinned, case.overridden_by) == (case.awarded, None)
        assert case.entry_number == 1
        case = Given(RecognitionCase, CASE, *past, BACK_PROPOSED, REINSTATED).when(lambda _: None).state
        assert (case.entry_number, case.title_stands) == (1, True)

    def test_a_review_of_a_later_rejection_lies_after_it(self):
        """Where a remanded revocation led to a rejection, what is reviewed is the rejection."""
        later, rejected = NOON + timedelta(days=10), noted(REJECTED.kind, **REJECTED.facts | {"review_until": None})
        past = (*PASTS["revoked"], reviewed(ReviewOutcome.REMANDED), rejected.by(SUPERIOR, later))
        for day, allowed in ((date(2024, 5, 15), False), (date(2024, 5, 16), True)):
            outcome = Given(RecognitionCase, CASE, *past).when(
                lambda case, day=day: review(case, act(REVIEWER, later), ReviewOutcome.OVERTURNED, day)
            )
            if allowed:
                assert outcome.state.status is CaseStatus.MATCHED
            else:
                assert outcome.refused(RefusalCode.DAY_MISMATCH).field == "decidedOn"

    @pytest.mark.parametrize("day", [date(2024, 5, 5), date(2024, 5, 7)])
    def test_a_review_lies_between_decision_and_record(self, day):
        """It was not decided before what it reviews, nor is it still to come."""
        outcome = given("approved").when(lambda case: review(case, act(), ReviewOutcome.UPHELD, day))
        assert outcome.refused(RefusalCode.DAY_MISMATCH).field == "decidedOn"


def test_an_ending_keeps_its_ground_after_later_proposals():
    """What is confirmed is the ground that was proposed, not one that somebody types in later."""
    past = (*APPROVED_PAST, ERROR_PROPOSED, NOTICED, WAIVED)
    (event,) = Given(RecognitionCase, CASE, *past).when(lambda case: case.decide(Annulled, act(COLLEAGUE), KNOWN)).new
    assert event.ground == "wrong entry"
    (back,) = given("back-proposed").when(lambda case: case.decide(Reinstated, act(OTHER_SUPERIOR), KNOWN)).new
    assert back.reason == "the issuer was wrong"
