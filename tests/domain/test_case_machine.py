"""Whatever commands come in whatever order, a case never leaves its state machine, and its events lead back to it."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.case.case import RecognitionCase
from domain.case.events import Approved, Reinstated, Rejected, RevocationProposed, Revoked
from domain.case.state import CLOSED, OPEN
from domain.refusals import Refused
from domain.values import CaseStatus, Role
from tests.domain.cases import BY_THE_REGISTRY, CASE, COMMANDS, HOLDER, confirm, entry_of, submitted
from tests.domain.scenario import APPLICANT, COLLEAGUE, NOON, REGISTRY, REVIEWER, act, actor, replay

STEPS = {
    CaseStatus.SUBMITTED: {*OPEN, CaseStatus.REJECTED, CaseStatus.WITHDRAWN},
    CaseStatus.MATCHED: {*OPEN, CaseStatus.REJECTED, CaseStatus.WITHDRAWN, CaseStatus.APPROVED},
    CaseStatus.SUPPLEMENT_REQUESTED: {*OPEN, CaseStatus.REJECTED, CaseStatus.WITHDRAWN},
    CaseStatus.APPROVED: {CaseStatus.APPROVED, CaseStatus.REVOKED},
    CaseStatus.REVOKED: {CaseStatus.APPROVED},
    CaseStatus.REJECTED: set(),
    CaseStatus.WITHDRAWN: set(),
}
"""Where one event may lead from each state."""
PEOPLE = [
    APPLICANT,
    REVIEWER,
    COLLEAGUE,
    REGISTRY,
    actor("stranger", Role.REVIEWER, "330200-HR"),
    actor("reviewer-and-holder", Role.REVIEWER, "330106-HR", HOLDER),
    actor("administrator", Role.ADMINISTRATOR),
]
DECISIONS = (
    Approved,
    Rejected,
    Revoked,
    Reinstated,
    RevocationProposed,
)


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
        """A decision was taken by a reviewer with jurisdiction who is neither submitter nor holder."""
        for event in new:
            if isinstance(event, DECISIONS):
                assert event.by.actor in {REVIEWER, COLLEAGUE}

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

    @precondition(lambda self: self.case.state.status in {CaseStatus.MATCHED, CaseStatus.APPROVED, CaseStatus.REVOKED})
    @rule(who=st.sampled_from([REVIEWER, COLLEAGUE]), again=st.booleans())
    def the_title_goes_on(self, who, again):
        """The next step of a title's life: approved, proposed for revocation, revoked, reinstated."""
        proposed = self.case.state.revocation is not None and not again
        name = {
            CaseStatus.MATCHED: "approve",
            CaseStatus.APPROVED: "confirm_revocation" if proposed else "propose_revocation",
            CaseStatus.REVOKED: "reinstate",
        }[self.case.state.status]
        self.attempt(COMMANDS[name], who)

    @invariant()
    def the_events_lead_back_to_the_case(self):
        """Replaying what was recorded gives an equal aggregate, each time."""
        assert replay(self.events) == self.case

    @invariant()
    def the_state_agrees_with_itself(self):
        """A matched or approved case has an entry, a title has its grade, and two officers stand behind a revocation."""
        case = self.case.state
        if case.status in {CaseStatus.MATCHED, CaseStatus.APPROVED, CaseStatus.REVOKED}:
            assert case.entry_number is not None
        if case.status in {CaseStatus.APPROVED, CaseStatus.REVOKED}:
            assert entry_of(self.case).award_for(case.grade) is not None
        if case.status is CaseStatus.REVOKED:
            assert case.revocation.proposed_by != self.events[case.revoked_at_version - 1].by.actor.subject
        assert (case.status is CaseStatus.REVOKED) == (case.revoked_at_version is not None)
        assert case.revocation is None or case.status in {CaseStatus.APPROVED, CaseStatus.REVOKED}

    @invariant()
    def the_versions_have_no_gap(self):
        """A stream's versions run from 1 without a gap."""
        assert [event.originator_version for event in self.events] == list(range(1, self.case.version + 1))


def test_the_steps_name_every_state():
    """The machine's map covers every status, and nothing leads out of rejection and withdrawal."""
    assert STEPS.keys() == set(CaseStatus)
    assert {status for status in CLOSED if STEPS[status]} == {CaseStatus.REVOKED}


Cases.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCases = Cases.TestCase
