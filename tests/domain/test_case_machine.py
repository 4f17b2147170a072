"""Whatever commands come in whatever order, a case never leaves its state machine, and its events lead back to it."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.case.case import RecognitionCase
from domain.case.events import Approved, Rejected
from domain.case.state import CLOSED, OPEN
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    NoticeGiven,
    ProposalAnswered,
    ProposalDeclined,
    Reassessed,
    Reinstated,
    ReinstatementProposed,
    ReviewRecorded,
    RevocationProposed,
    Revoked,
    Surrendered,
)
from domain.refusals import Refused
from domain.values import CaseStatus, ProposalKind, Role, TitleStatus
from tests.domain.cases import (
    BY_THE_REGISTRY,
    CASE,
    COMMANDS,
    HOLDER,
    OTHER_SUPERIOR,
    SUPERIOR,
    confirm,
    entry_of,
    submitted,
)
from tests.domain.scenario import APPLICANT, COLLEAGUE, NOON, REGISTRY, REVIEWER, act, actor, replay

ENDINGS = {CaseStatus.REVOKED, CaseStatus.ANNULLED, CaseStatus.SURRENDERED}
REOPENED = {CaseStatus.SUBMITTED, CaseStatus.MATCHED}
STEPS = {
    CaseStatus.SUBMITTED: {*OPEN, CaseStatus.REJECTED, CaseStatus.WITHDRAWN, *ENDINGS},
    CaseStatus.MATCHED: {*OPEN, CaseStatus.REJECTED, CaseStatus.WITHDRAWN, CaseStatus.APPROVED, *ENDINGS},
    CaseStatus.SUPPLEMENT_REQUESTED: {*OPEN, CaseStatus.REJECTED, CaseStatus.WITHDRAWN, *ENDINGS},
    CaseStatus.APPROVED: {CaseStatus.APPROVED, *ENDINGS, *REOPENED},
    CaseStatus.REVOKED: {CaseStatus.APPROVED, CaseStatus.REVOKED, *REOPENED},
    CaseStatus.ANNULLED: {CaseStatus.APPROVED, CaseStatus.ANNULLED, *REOPENED},
    CaseStatus.SURRENDERED: {CaseStatus.SURRENDERED},
    CaseStatus.REJECTED: {CaseStatus.REJECTED, *REOPENED},
    CaseStatus.WITHDRAWN: {CaseStatus.WITHDRAWN},
}
"""Where one event may lead from each state; a title that stands while its decision is taken anew may end."""
PEOPLE = [
    APPLICANT,
    REVIEWER,
    COLLEAGUE,
    SUPERIOR,
    OTHER_SUPERIOR,
    REGISTRY,
    actor("stranger", Role.REVIEWER, "330200-HR"),
    actor("reviewer-and-holder", Role.REVIEWER, "330106-HR", HOLDER),
    actor("administrator", Role.ADMINISTRATOR),
]
DECISIONS = (
    Approved,
    Rejected,
    RevocationProposed,
    AnnulmentProposed,
    NoticeGiven,
    ProposalDeclined,
    Revoked,
    Annulled,
    ReinstatementProposed,
    Reinstated,
    Reassessed,
    ReviewRecorded,
)
OFFICERS = [REVIEWER, COLLEAGUE, SUPERIOR, OTHER_SUPERIOR]


class Cases(RuleBasedStateMachine):
    """A case, its recorded events, and everything that anybody may try."""

    @initialize()
    def submit(self):
        """Every case begins with a submission."""
        self.events = [submitted().at(CASE, 1, RecognitionCase.TOPIC)]
        self.case = replay(self.events)
        self.now = NOON

    def attempt(self, command, who):
        """Try a command; record what comes of it."""
        self.now += timedelta(hours=1)
        before, status = self.case.version, self.case.state.status
        try:
            command(self.case, act(who, self.now))
        except Refused:
            assert not self.case.pending_events
        new = self.case.collect_events()
        self.events += new
        assert len(new) <= 1
        assert self.case.version == before + len(new)
        assert not new or self.case.state.status in STEPS[status]
        self.by_the_right_people(new)

    def by_the_right_people(self, new):
        """A decision was taken by a reviewer with jurisdiction who is neither submitter nor holder; by rule, by the registry itself."""
        for event in new:
            if isinstance(event, DECISIONS):
                assert event.by.actor in ([REGISTRY] if getattr(event, "code", None) else OFFICERS)
            if isinstance(event, (ProposalAnswered, Surrendered)):
                assert event.by.actor == APPLICANT

    @rule(name=st.sampled_from(sorted(COMMANDS)), who=st.sampled_from(PEOPLE))
    def anybody_tries_anything(self, name, who):
        """Any command by anybody."""
        self.attempt(COMMANDS[name], who)

    @rule(name=st.sampled_from(sorted(BY_THE_REGISTRY)))
    def the_registry_acts(self, name):
        """What the registry does by itself."""
        self.attempt(COMMANDS[name], REGISTRY)

    @rule(grade=st.sampled_from([None, "1级", "2级", "3级"]))
    def a_reviewer_matches_the_graded_entry(self, grade):
        """A confirmed match, with or without a grade that the entry knows."""
        self.attempt(lambda case, by: confirm(case, by, 88, grade), COLLEAGUE)

    @precondition(lambda self: self.case.state.title_status is not None or self.case.state.status is CaseStatus.MATCHED)
    @rule(who=st.sampled_from(OFFICERS), fraud=st.booleans())
    def the_title_goes_on(self, who, fraud):
        """The next step of a title's life: approved, proposed to end, heard, ended, proposed to be given back, given back."""
        proposed, ended = self.case.state.proposal, self.case.state.status in ENDINGS
        if proposed is None and self.case.state.status is CaseStatus.MATCHED:
            name = "approve"
        elif proposed is None:
            name = "reinstate" if ended else "propose_revocation" if fraud else "propose_annulment"
        elif proposed.kind is ProposalKind.REINSTATEMENT:
            name = "confirm_reinstatement"
        elif proposed.notice_on is None:
            name = "give_notice"
        elif proposed.answered_on is None:
            name, who = "answer", APPLICANT
        else:
            name = f"confirm_{proposed.kind.value.lower()}"
        self.attempt(COMMANDS[name], who)

    @invariant()
    def the_events_lead_back_to_the_case(self):
        """Replaying what was recorded gives an equal aggregate, each time."""
        assert replay(self.events) == self.case

    @invariant()
    def the_state_agrees_with_itself(self):
        """A matched case has an entry, a title its grade and its day, and two officers stand behind each ending but surrender."""
        case = self.case.state
        if case.status in {CaseStatus.MATCHED, CaseStatus.APPROVED}:
            assert case.entry_number is not None
        assert (case.title_status is None) == (case.recognized_on is None) == (case.awarded is None)
        assert (case.ending is None) == (case.title_status in {None, TitleStatus.CURRENT})
        if case.ending is not None and case.title_status is not TitleStatus.SURRENDERED:
            assert len({each.subject for each in case.ending.officers}) == 2
            assert APPLICANT not in case.ending.officers
        if case.status in ENDINGS:
            assert case.title_status.value == case.status.value
        if case.status is CaseStatus.APPROVED:
            assert entry_of(self.case).award_for(case.grade) is not None
            assert case.title_stands
        assert case.proposal is None or case.title_status is not None

    @invariant()
    def the_versions_have_no_gap(self):
        """A stream's versions run from 1 without a gap."""
        assert [event.originator_version for event in self.events] == list(range(1, self.case.version + 1))


def test_the_steps_name_every_state():
    """The machine's map covers every status, and nothing leads out of withdrawal and surrender."""
    assert STEPS.keys() == set(CaseStatus)
    assert {status for status in CLOSED if STEPS[status] == {status}} == {CaseStatus.WITHDRAWN, CaseStatus.SURRENDERED}


Cases.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCases = Cases.TestCase
