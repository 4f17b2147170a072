"""The catalog and its amendments: every state times every command, every invariant, every boundary day (article 5)."""

import inspect
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from domain.catalog.amendment import EntryChange
from domain.catalog.catalog import Catalog
from domain.catalog.timeline import CatalogVersion, version_in_force
from domain.refusals import RefusalCode
from domain.values import Role
from tests.domain.cases import GRADED, PLAIN
from tests.domain.catalogs import (
    ADDED,
    AWS,
    CODE,
    FIRST_DAY,
    NOTICE,
    PUBLISHED_AT,
    REVISED,
    STREAM,
    TODAY,
    WITHDRAWN,
    add,
    alias,
    amendment,
    discarded,
    entry,
    given,
    issued,
    proposed,
    published,
    revise,
    terms,
    withdraw,
)
from tests.domain.scenario import ADMINISTRATOR, NOON, SECOND_ADMINISTRATOR, Given, act, actor

DAY = timedelta(days=1)
ONE_MORE = terms(add(101))
PASTS = {
    "published": (),
    "proposed": (proposed(2, ONE_MORE),),
    "issued": (proposed(2, ONE_MORE), issued(2, 2, ONE_MORE)),
    "discarded": (proposed(2, ONE_MORE), discarded(2)),
    "overtaken": (proposed(2, ONE_MORE), proposed(3, terms(add(102))), issued(3, 2, terms(add(102)))),
}
COMMANDS = {
    "propose": lambda catalog, by: catalog.propose(by, terms(revise(1))),
    "issue": lambda catalog, by: catalog.issue(by, amendment(2)),
    "discard": lambda catalog, by: catalog.discard(by, amendment(2), "obsolete"),
}
TABLE = {
    ("published", "propose"): proposed(2, terms(revise(1))),
    ("published", "issue"): RefusalCode.UNKNOWN_AMENDMENT,
    ("published", "discard"): RefusalCode.UNKNOWN_AMENDMENT,
    ("proposed", "propose"): proposed(3, terms(revise(1))),
    ("proposed", "issue"): issued(2, 2, ONE_MORE),
    ("proposed", "discard"): discarded(2),
    ("issued", "propose"): RefusalCode.STALE_BASE_VERSION,
    ("issued", "issue"): RefusalCode.AMENDMENT_CLOSED,
    ("issued", "discard"): RefusalCode.AMENDMENT_CLOSED,
    ("discarded", "propose"): proposed(4, terms(revise(1))),
    ("discarded", "issue"): RefusalCode.AMENDMENT_CLOSED,
    ("discarded", "discard"): RefusalCode.AMENDMENT_CLOSED,
    ("overtaken", "propose"): RefusalCode.STALE_BASE_VERSION,
    ("overtaken", "issue"): RefusalCode.STALE_BASE_VERSION,
    ("overtaken", "discard"): discarded(2),
}


def test_the_table_is_complete():
    """Every past of an amendment meets every command that records; what is left only answers questions."""
    questions = {"entries_at", "entry_at", "had", "since", "aliases_at", "version_in_force", "refusals"}
    public = {name for name, member in vars(Catalog).items() if inspect.isfunction(member) and name[0] != "_"}
    assert public - questions == COMMANDS.keys()
    assert TABLE.keys() == set(product(PASTS, COMMANDS))


@pytest.mark.parametrize(("past", "command"), TABLE)
def test_a_command_leads_where_the_table_says(past, command):
    """In each state each command records one event or is refused for one reason."""
    result = TABLE[past, command]
    outcome = given(*PASTS[past]).when(lambda catalog: COMMANDS[command](catalog, act(SECOND_ADMINISTRATOR)))
    if isinstance(result, RefusalCode):
        outcome.refused(result)
    else:
        outcome.then(result)


class TestPublishing:
    """Version 1."""

    def publish(self, *entries):
        facts = {"code": CODE, "name": "目录", "notice": NOTICE, "effective_from": FIRST_DAY, "entries": entries}
        return Given(Catalog, STREAM).when(lambda _: Catalog.publish(act(ADMINISTRATOR, PUBLISHED_AT), **facts))

    def test_is_what_the_notice_states(self):
        """The first version holds every entry of the notice, in force from its day."""
        catalog = self.publish(PLAIN, GRADED).then(published())
        assert catalog.catalog_id == STREAM
        assert catalog.latest == CatalogVersion(1, NOTICE, FIRST_DAY, PUBLISHED_AT, False, (), (), 2)
        assert catalog.entries_at(1) == {1: PLAIN, 88: GRADED}

    @pytest.mark.parametrize(
        ("entries", "code"),
        [
            ((PLAIN, PLAIN), RefusalCode.ENTRY_EXISTS),
            ((PLAIN, entry(1)), RefusalCode.ENTRY_EXISTS),
            ((GRADED.model_copy(update={"awards": ()}),), RefusalCode.CHANGE_INVALID),
        ],
    )
    def test_numbers_each_entry_once_and_awards_something(self, entries, code):
        """A number that stands twice, or an entry without a title, is refused whole."""
        self.publish(*entries).refused(code)


class TestChanges:
    """What an amendment may change."""

    AFTER = terms(withdraw(1), add(101))
    PAST = (proposed(2, AFTER), issued(2, 2, AFTER))

    @pytest.mark.parametrize(
        ("changes", "codes"),
        [
            ([add(101)], []),
            ([add(101), revise(88), add(7)], []),
            ([revise(1)], []),
            ([withdraw(1)], []),
            ([], [RefusalCode.NO_CHANGES]),
            ([add(1)], [RefusalCode.ENTRY_EXISTS]),
            ([revise(2)], [RefusalCode.UNKNOWN_ENTRY]),
            ([withdraw(2)], [RefusalCode.UNKNOWN_ENTRY]),
            ([revise(1), withdraw(1)], [RefusalCode.DUPLICATE_CHANGE]),
            ([EntryChange(kind=WITHDRAWN, number=1, entry=PLAIN)], [RefusalCode.CHANGE_INVALID]),
            ([EntryChange(kind=REVISED, number=1)], [RefusalCode.CHANGE_INVALID]),
            ([EntryChange(kind=ADDED, number=101)], [RefusalCode.CHANGE_INVALID]),
            ([EntryChange(kind=REVISED, number=1, entry=entry(2))], [RefusalCode.CHANGE_INVALID]),
            ([EntryChange(kind=ADDED, number=101, entry=entry(102))], [RefusalCode.CHANGE_INVALID]),
            ([EntryChange(kind=REVISED, number=1, entry=PLAIN)], [RefusalCode.CHANGE_INVALID]),
            (
                [EntryChange(kind=REVISED, number=1, entry=PLAIN.model_copy(update={"awards": ()}))],
                [RefusalCode.CHANGE_INVALID],
            ),
            (
                [add(88), revise(2), EntryChange(kind=REVISED, number=1)],
                [RefusalCode.ENTRY_EXISTS, RefusalCode.UNKNOWN_ENTRY, RefusalCode.CHANGE_INVALID],
            ),
        ],
    )
    def test_each_names_an_entry_that_is_there_or_for_added_is_not(self, changes, codes):
        """All that stands against an amendment is told at once; a proposal is refused for the first of it."""
        catalog = given().when(lambda _: None).then()
        assert [refusal.code for refusal in Catalog.against(catalog, act(ADMINISTRATOR), terms(*changes))] == codes
        outcome = given().when(lambda catalog: catalog.propose(act(ADMINISTRATOR), terms(*changes)))
        if codes:
            outcome.refused(codes[0])
        else:
            outcome.then(proposed(2, terms(*changes)))

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (add(1), RefusalCode.ENTRY_EXISTS),
            (add(101), RefusalCode.ENTRY_EXISTS),
            (revise(1), RefusalCode.ENTRY_WITHDRAWN),
            (withdraw(1), RefusalCode.ENTRY_WITHDRAWN),
            (revise(101), None),
            (withdraw(101), None),
        ],
    )
    def test_numbers_are_never_reused(self, change, code):
        """A withdrawn number is not given again, and what was withdrawn cannot be changed."""
        what = terms(change, base=2)
        outcome = given(*self.PAST).when(lambda catalog: catalog.propose(act(ADMINISTRATOR), what))
        if code is None:
            outcome.then(proposed(4, what))
        else:
            outcome.refused(code)

    def test_aliases_alone_are_a_change(self):
        """An amendment may change only the names beside the official text; they come and go with its version."""
        come, go = terms(alias_changes=(alias(ADDED),)), terms(base=2, alias_changes=(alias(WITHDRAWN),))
        past = (proposed(2, come), issued(2, 2, come), proposed(4, go), issued(4, 3, go))
        catalog = given(*past).when(lambda _: None).then()
        assert [catalog.aliases_at(number) for number in (1, 2, 3)] == [(), (AWS,), ()]

    def test_a_version_keeps_its_entries(self):
        """Each version shows its own entries for ever, and a version that never was shows none."""
        catalog = given(*self.PAST).when(lambda _: None).then()
        assert [set(catalog.entries_at(number)) for number in (1, 2)] == [{1, 88}, {88, 101}]
        for number in (0, 3, -1):
            with pytest.raises(KeyError):
                catalog.entries_at(number)
            with pytest.raises(KeyError):
                catalog.aliases_at(number)


class TestWhoAmends:
    """Two administrators, and nobody else."""

    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize("role", Role)
    def test_administrators_and_the_registry(self, command, role):
        """Only an administrator proposes, issues or discards; the registry may, for what it imports."""
        outcome = given(*PASTS["proposed"]).when(
            lambda catalog: COMMANDS[command](catalog, act(actor("somebody", role)))
        )
        if role in {Role.ADMINISTRATOR, Role.SYSTEM}:
            assert outcome.refusal is None
        else:
            outcome.refused(RefusalCode.NOT_PERMITTED)

    def test_the_proposer_does_not_issue(self):
        """A second administrator issues what the first proposed; the proposer may discard it."""
        past = given(*PASTS["proposed"])
        past.when(lambda catalog: COMMANDS["issue"](catalog, act(ADMINISTRATOR))).refused(
            RefusalCode.SAME_ADMINISTRATOR
        )
        past.when(lambda catalog: COMMANDS["discard"](catalog, act(ADMINISTRATOR))).then(discarded(2))


class TestDays:
    """From which day an amendment holds."""

    @pytest.mark.parametrize(
        ("on", "erratum", "code"),
        [
            (TODAY + DAY, False, None),
            (TODAY, False, None),
            (TODAY - DAY, False, RefusalCode.EFFECTIVE_TOO_EARLY),
            (TODAY - DAY, True, None),
            (FIRST_DAY, True, None),
        ],
    )
    def test_only_an_erratum_reaches_back(self, on, erratum, code):
        """An amendment takes effect on the day of its issue at the earliest; an erratum may correct the past."""
        what = terms(add(101), on=on, erratum=erratum)
        proposal = given().when(lambda catalog: catalog.propose(act(ADMINISTRATOR), what))
        issue = given(proposed(2, what)).when(lambda catalog: COMMANDS["issue"](catalog, act(SECOND_ADMINISTRATOR)))
        if code is None:
            proposal.then(proposed(2, what))
            issue.then(issued(2, 2, what))
        else:
            assert proposal.refused(code).field == "effectiveFrom"
            issue.refused(code)

    @pytest.mark.parametrize(
        ("at", "allowed"),
        [
            (datetime(2024, 5, 6, 15, 59, 59, tzinfo=UTC), True),
            (datetime(2024, 5, 6, 16, tzinfo=UTC), False),
        ],
    )
    def test_a_proposal_grows_stale_at_midnight_in_shanghai(self, at, allowed):
        """What was proposed for today and is issued tomorrow would reach back, and is refused."""
        outcome = given(*PASTS["proposed"]).when(
            lambda catalog: COMMANDS["issue"](catalog, act(SECOND_ADMINISTRATOR, at))
        )
        assert (outcome.refusal is None) == allowed
        if not allowed:
            outcome.refused(RefusalCode.EFFECTIVE_TOO_EARLY)

    JULY = terms(add(101), on=date(2024, 7, 1))
    ERRATUM = terms(revise(1), base=2, on=date(2023, 12, 1), erratum=True)
    PAST = (proposed(2, JULY), issued(2, 2, JULY), proposed(4, ERRATUM), issued(4, 3, ERRATUM, NOON + 10 * DAY))

    @pytest.mark.parametrize(
        ("on", "known_at", "number"),
        [
            (date(2023, 10, 31), None, None),
            (date(2023, 11, 1), None, 1),
            (date(2023, 11, 30), None, 1),
            (date(2023, 12, 1), None, 3),
            (date(2023, 12, 1), NOON + 10 * DAY, 3),
            (date(2023, 12, 1), NOON + 10 * DAY - timedelta(microseconds=1), 1),
            (date(2024, 6, 30), NOON + 9 * DAY, 1),
            (date(2024, 7, 1), NOON + 9 * DAY, 2),
            (date(2024, 7, 2), NOON + 9 * DAY, 2),
            (date(2024, 7, 1), NOON, 2),
            (date(2024, 7, 1), NOON - timedelta(microseconds=1), 1),
            (date(2024, 7, 1), None, 3),
            (date(2023, 11, 1), PUBLISHED_AT, 1),
            (date(2023, 11, 1), PUBLISHED_AT - timedelta(microseconds=1), None),
        ],
    )
    def test_which_version_is_in_force_on_a_day_as_known_at_an_instant(self, on, known_at, number):
        """Bitemporal: of the versions issued by the instant and effective by the day, the one with the highest number."""
        catalog = given(*self.PAST).when(lambda _: None).then()
        assert catalog.version_in_force(on, known_at) == number

    def test_nothing_is_in_force_where_nothing_is(self):
        """Without versions no day has one."""
        assert version_in_force([], TODAY) is None
