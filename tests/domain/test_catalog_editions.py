"""A new edition of a notice: entries under other numbers, other levels, and the end of a catalog (article 5)."""

from datetime import date, timedelta

import pytest

from domain.catalog.amendment import EntryChange
from domain.catalog.catalog import Catalog
from domain.catalog.changes import with_content, with_moved_aliases
from domain.catalog.levels import level_of_title, title_of_series
from domain.refusals import RefusalCode
from domain.values import Alias, AliasKind, EntryChangeKind, TitleAward, TitleLevel
from tests.domain.cases import GRADED, PLAIN
from tests.domain.catalogs import NOTICE, TODAY, add, entry, given, issued, proposed, revise, terms, withdraw
from tests.domain.scenario import ADMINISTRATOR, act

DAY = timedelta(days=1)


def move(old, new, content=PLAIN, **more):
    """An entry takes another number."""
    facts = {"kind": EntryChangeKind.RENUMBERED, "number": old, "new_number": new}
    held = content.model_copy(update={"number": new}) if content else None
    return EntryChange(**(facts | {"entry": held} | more))


def against(*changes, **more):
    """The codes of all that stands against an amendment of entries 1 and 88."""
    catalog = given().when(lambda _: None).then()
    return [each.code for each in Catalog.against(catalog, act(ADMINISTRATOR), terms(*changes, **more))]


def names(number, *numbers):
    """An alias that means entries."""
    return Alias(kind=AliasKind.QUALIFICATION, text=f"name {number}", numbers=numbers, ground="its own usage")


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ([move(1, 2)], []),
        ([move(1, 88), move(88, 1, GRADED)], []),
        ([move(1, 88), withdraw(88)], []),
        ([move(1, 2), add(1)], []),
        ([withdraw(1), add(1)], [RefusalCode.ENTRY_EXISTS]),
        ([move(88, 2, GRADED), withdraw(1), add(1)], []),
        ([move(1, 88)], [RefusalCode.ENTRY_EXISTS]),
        ([move(1, 88), revise(88)], [RefusalCode.ENTRY_EXISTS, RefusalCode.DUPLICATE_CHANGE]),
        ([move(1, 2), move(88, 2, GRADED)], [RefusalCode.DUPLICATE_CHANGE]),
        ([move(1, 2), revise(1)], [RefusalCode.DUPLICATE_CHANGE]),
        ([move(1, 2), add(2)], [RefusalCode.DUPLICATE_CHANGE]),
        ([move(7, 2)], [RefusalCode.UNKNOWN_ENTRY]),
        ([move(1, 1)], [RefusalCode.CHANGE_INVALID, RefusalCode.CHANGE_INVALID]),
        ([move(1, None, entry=PLAIN)], [RefusalCode.CHANGE_INVALID, RefusalCode.CHANGE_INVALID]),
        ([move(1, 2, entry=entry(3))], [RefusalCode.CHANGE_INVALID]),
        ([EntryChange(kind=EntryChangeKind.ADDED, number=7, new_number=8, entry=entry(7))], [RefusalCode.CHANGE_INVALID]),
    ],
)  # fmt: skip
def test_a_number_is_taken_where_the_amendment_leaves_it_free(changes, codes):
    """An entry that is renumbered takes a number that no entry bears afterwards; each number is left and taken once."""
    assert against(*changes) == codes


def test_what_is_renumbered_stands_under_its_new_number_and_keeps_its_history():
    """Two entries change places: each version shows its own, and each number's history shows both contents."""
    swap = terms(move(1, 88), move(88, 1, GRADED))
    catalog = given(proposed(2, swap), issued(2, 2, swap)).when(lambda _: None).then()
    assert catalog.entries_at(1) == {1: PLAIN, 88: GRADED}
    moved = {number: each.qualification_name for number, each in catalog.entries_at(2).items()}
    assert moved == {88: PLAIN.qualification_name, 1: GRADED.qualification_name}
    assert catalog.latest.entry_count == 2
    assert [len(intervals) for intervals in catalog.entry_intervals.values()] == [2, 2]
    assert len(list(catalog.begun_or_ended(2))) == 4


def test_a_renumbered_entry_keeps_its_content_where_none_is_given():
    """Only the number changes."""
    (change,) = with_content(terms(move(1, 2, None)), {1: PLAIN}).changes
    assert change.entry == PLAIN.model_copy(update={"number": 2})


def test_aliases_follow_their_entries_and_mean_none_that_took_a_number_over():
    """1 moves to 2, whose entry is withdrawn; 3 is new content; 4 stays."""
    changes = (move(1, 2), withdraw(2), add(1))
    aliases = (names(1, 1), names(2, 2), names(3, 1, 2, 4), names(4, 4))
    near = Alias(kind=AliasKind.RENAMED, text="former name", numbers=(2,), ground="its own usage")
    known = names(2)  # said of the same text already that it may be unlisted
    assert with_moved_aliases(terms(*changes), {1, 2, 4}, (names(2, 2), known)).alias_changes[1:] == ()
    whole = with_moved_aliases(terms(*changes), {1, 2, 4}, (*aliases, near))
    done = [(each.effect.value, each.alias.text, each.alias.numbers) for each in whole.alias_changes]
    assert done == [
        ("WITHDRAWN", "name 1", (1,)), ("ADDED", "name 1", (2,)),
        ("WITHDRAWN", "name 2", (2,)), ("ADDED", "name 2", ()),
        ("WITHDRAWN", "name 3", (1, 2, 4)), ("ADDED", "name 3", (2, 4)),
        ("WITHDRAWN", "former name", (2,)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "known_days_later", "number"),
    [(date(2026, 12, 31), 1, 2), (date(2027, 1, 1), 1, None), (date(2027, 1, 1), -1, 1)],
)
def test_a_catalog_ends_after_its_last_day(on, known_days_later, number):
    """In force on the last day, not on the next; and before the end was known, without an end."""
    what = terms(ends_on=date(2026, 12, 31))
    catalog = given(proposed(2, what), issued(2, 2, what)).when(lambda _: None).then()
    known_at = catalog.latest.issued_at + known_days_later * DAY
    assert catalog.version_in_force(on, known_at) == number
    assert catalog.ends_on == date(2026, 12, 31)
    assert catalog.effective_until(2) == date(2027, 1, 1)


def test_an_end_holds_until_another_is_stated():
    """An amendment that says nothing of the end keeps it; one that states a later day moves it."""
    past = []
    for number, what in enumerate(
        (
            terms(ends_on=date(2026, 12, 31)),
            terms(add(101), base=2),
            terms(base=3, ends_on=date(2028, 12, 31)),
        ),
        start=2,
    ):
        past += [proposed(2 * number - 2, what), issued(2 * number - 2, number, what)]
    catalog = given(*past).when(lambda _: None).then()
    assert [version.ends_on and version.ends_on.year for version in catalog.versions] == [None, 2026, 2026, 2028]


def test_a_catalog_does_not_end_before_the_amendment_takes_effect():
    """The day itself is the earliest; the same end again changes nothing."""
    assert against(ends_on=TODAY) == []
    assert against(ends_on=TODAY - DAY) == [RefusalCode.ENDS_TOO_EARLY]
    assert against() == [RefusalCode.NO_CHANGES]


SENIOR = PLAIN.model_copy(
    update={"number": 101, "awards": (TitleAward(title="高级工程师", level=TitleLevel.ASSOCIATE_SENIOR),)}
)
ADD_SENIOR = EntryChange(kind=EntryChangeKind.ADDED, number=101, entry=SENIOR)


def test_levels_are_those_that_the_notice_awards():
    """A notice that says nothing awards what the one before does; one that states levels is held to them, old entries too."""
    assert against(ADD_SENIOR) == [RefusalCode.LEVEL_NOT_AWARDED]
    assert against(ADD_SENIOR, notice=NOTICE.model_copy(update={"levels": tuple(TitleLevel)})) == []
    only = NOTICE.model_copy(update={"levels": (TitleLevel.ASSOCIATE_SENIOR,)})
    assert against(ADD_SENIOR, notice=only) == [RefusalCode.LEVEL_NOT_AWARDED] * 2


def test_a_title_is_of_the_level_that_its_name_says():
    """高级会计师 at the level 中级 is refused, whatever the notice awards."""
    wrong = SENIOR.model_copy(update={"awards": (TitleAward(title="高级会计师", level=TitleLevel.INTERMEDIATE),)})
    assert against(EntryChange(kind=EntryChangeKind.ADDED, number=101, entry=wrong)) == [RefusalCode.CHANGE_INVALID]


@pytest.mark.parametrize(
    ("title", "level"),
    [
        ("助理工程师", TitleLevel.JUNIOR),
        ("会计师", TitleLevel.INTERMEDIATE),
        ("高级经济师", TitleLevel.ASSOCIATE_SENIOR),
        ("正高级工艺美术师", TitleLevel.SENIOR),
        ("高级技师", None),
        ("主治医师", None),
    ],
)
def test_levels_by_the_names_of_titles(title, level):
    """The name says the level where its series has one name for all levels."""
    assert level_of_title(title) == level


def test_titles_by_series_and_level():
    """A list that names series and level names the title by them, unless the series has other names."""
    assert title_of_series("工程系列", TitleLevel.SENIOR) == "正高级工程师"
    assert title_of_series("会计", TitleLevel.JUNIOR) == "助理会计师"
    assert title_of_series("卫生", TitleLevel.JUNIOR) is None
