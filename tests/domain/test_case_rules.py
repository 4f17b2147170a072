"""Who may decide a case (article 1)."""

from datetime import UTC, date, datetime

import pytest

from domain.authorities import Authority, AuthorityDirectory, AuthorityKind, Division, DivisionLevel
from domain.case.case import RecognitionCase
from domain.case.events import Approved, Rejected
from domain.guards import Circumstances
from domain.refusals import RefusalCode
from domain.values import Role, TitleLevel
from tests.domain import cases
from tests.domain.cases import (
    APPLICANTS,
    BY_THE_HOLDER,
    BY_THE_REGISTRY,
    CASE,
    COMMANDS,
    HOLDER,
    OFFICERS,
    RULES,
    ask,
    given,
    submitted,
)
from tests.domain.scenario import APPLICANT, REVIEWER, Given, act, actor


def test_the_lists_name_every_command():
    """Each command belongs to officers, to applicants, to the holder or to the registry; none is left out."""
    assert OFFICERS.keys() | APPLICANTS.keys() | BY_THE_HOLDER.keys() | BY_THE_REGISTRY == COMMANDS.keys()


class TestWhoDecides:
    """Article 1: the authority decides, through its reviewers, within its jurisdiction."""

    @pytest.mark.parametrize("command", OFFICERS)
    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.REVIEWER])
    def test_no_other_role_decides(self, command, role):
        """Whatever the API allows, only a reviewer decides."""
        ask(command, actor("somebody", role, "330106-HR")).refused(RefusalCode.NOT_PERMITTED)

    @pytest.mark.parametrize("command", BY_THE_REGISTRY)
    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
    def test_nobody_matches_in_the_registrys_name(self, command, role):
        """What the registry does by rule is recorded by nobody else."""
        ask(command, actor("somebody", role, "330106-HR")).refused(RefusalCode.NOT_PERMITTED)

    @pytest.mark.parametrize("command", OFFICERS | APPLICANTS)
    @pytest.mark.parametrize(
        ("authority", "covers"),
        [
            ("330106-HR", True),  # its own
            ("330106-EI", True),  # the other bureau of the district
            ("330100-EI", True),  # the city above
            ("330000-HR", True),  # the province
            ("330102-HR", False),  # the district beside
            ("330200-HR", False),  # another city
            ("330000-PU01", False),  # a provincial unit: its own cases only
            ("330106", False),  # no authority
            (None, False),
        ],
    )
    def test_jurisdiction_runs_downwards(self, command, authority, covers):
        """按照职称管理权限: one's own division and those below it, never beside or above."""
        outcome = ask(command, actor("another", Role.REVIEWER, authority))
        if covers:
            assert outcome.refusal is None
        else:
            outcome.refused(RefusalCode.OUTSIDE_JURISDICTION)

    @pytest.mark.parametrize("command", OFFICERS)
    def test_a_county_does_not_decide_for_its_city(self, command):
        """A case of the city's bureau is beyond a district's reviewer."""
        past = (submitted(authority_code="330100-HR"), *cases.PASTS[OFFICERS[command]][1:])
        outcome = Given(RecognitionCase, CASE, *past).when(lambda case: COMMANDS[command](case, act(REVIEWER)))
        outcome.refused(RefusalCode.OUTSIDE_JURISDICTION)

    @pytest.mark.parametrize(
        ("at", "allowed"),
        [
            (datetime(2024, 5, 6, 15, 59, 59, tzinfo=UTC), True),
            (datetime(2024, 5, 6, 16, tzinfo=UTC), False),
        ],
    )
    def test_jurisdiction_is_that_of_the_day(self, at, allowed):
        """The reviewer's authority must exist on the day of the act; the day begins and ends in Shanghai."""
        directory = AuthorityDirectory(
            [Division("330000", "浙江省", DivisionLevel.PROVINCE, None)],
            [
                Authority("OLD", "旧局", AuthorityKind.HUMAN_RESOURCES, "330000", abolished=date(2024, 5, 7)),
                Authority("330106-HR", "局", AuthorityKind.HUMAN_RESOURCES, "330000"),
            ],
        )
        outcome = given("matched").when(
            lambda case: case.decide(
                Rejected,
                act(actor("another", Role.REVIEWER, "OLD"), at),
                Circumstances(directory, None, RULES),
                reason="no",
            )
        )
        assert (outcome.refusal is None) == allowed
        if not allowed:
            outcome.refused(RefusalCode.OUTSIDE_JURISDICTION)

    @pytest.mark.parametrize("command", OFFICERS)
    @pytest.mark.parametrize(
        "who",
        [
            actor("applicant", Role.REVIEWER, "330106-HR"),
            actor("another", Role.REVIEWER, "330106-HR", HOLDER),
        ],
        ids=["submitter", "holder"],
    )
    def test_nobody_decides_their_own_case(self, command, who):
        """Neither who submitted a case nor who holds the certificate decides, revokes or reinstates."""
        ask(command, who).refused(RefusalCode.OWN_CASE)

    @pytest.mark.parametrize("command", APPLICANTS)
    @pytest.mark.parametrize(
        ("who", "allowed"),
        [
            (APPLICANT, True),
            (actor("holder", Role.APPLICANT, None, HOLDER), True),
            (REVIEWER, True),
            (actor("stranger", Role.APPLICANT), False),
            (actor("administrator", Role.ADMINISTRATOR), False),
            (actor("auditor", Role.AUDITOR), False),
        ],
    )
    def test_who_completes_and_withdraws(self, command, who, allowed):
        """Whoever submitted a case or holds it, and a reviewer with jurisdiction on paper received; nobody else."""
        outcome = ask(command, who)
        if allowed:
            assert outcome.refusal is None
        else:
            outcome.refused(RefusalCode.NOT_PERMITTED)


class TestCompetence:
    """按照职称管理权限: which levels of title an authority awards."""

    def approve(self, rules, authority):
        """Approve a matched case that leads to an intermediate title, under these rules."""
        known = Circumstances(cases.AUTHORITIES, cases.KNOWN.entries, rules)
        facts = {"work_consistent": False, "counted_experience_months": 0}
        who = actor("another", Role.REVIEWER, authority)
        return Given(RecognitionCase, CASE, *cases.PASTS["matched"]).when(
            lambda case: case.decide(Approved, act(who), known, **facts)
        )

    @pytest.mark.parametrize("authority", ["330106-HR", "330106-EI", "330100-HR", "330000-EI"])
    def test_today_every_authority_awards_both_levels(self, authority):
        """The notice sets no limit within its two levels."""
        assert self.approve(RULES, authority).refusal is None

    @pytest.mark.parametrize("left", [frozenset({TitleLevel.JUNIOR}), frozenset(), None])
    def test_a_level_that_is_not_its_own_is_refused(self, left):
        """Where a county's bureau awards junior titles, or nothing is said of it, it awards no intermediate one; its city does."""
        county = (AuthorityKind.HUMAN_RESOURCES, DivisionLevel.COUNTY)
        competences = tuple(
            each.model_copy(update={"levels": left}) if (each.kind, each.division) == county else each
            for each in RULES.competences
            if left is not None or (each.kind, each.division) != county
        )
        rules = RULES.model_copy(update={"competences": competences})
        self.approve(rules, "330106-HR").refused(RefusalCode.BEYOND_COMPETENCE)
        assert self.approve(rules, "330106-EI").refusal is None
        assert self.approve(rules, "330100-HR").refusal is None
