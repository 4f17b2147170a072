"""Two lists of entries are compared entry by entry and field by field, and the difference becomes an amendment's changes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.changes import proposed_changes
from catalog.files import FieldDifference, diff_entries
from catalog.notice import load_official_catalog
from domain.catalog.amendment import EntryChange
from domain.values import CatalogEntry, EntryChangeKind, TitleAward, TitleLevel

OFFICIAL = load_official_catalog().entries


def revised(number: int, /, **fields: object) -> CatalogEntry:
    return OFFICIAL[number - 1].model_copy(update=fields)


def replaced(*entries: CatalogEntry) -> tuple[CatalogEntry, ...]:
    by_number = {entry.number: entry for entry in (*OFFICIAL, *entries)}
    return tuple(by_number.values())


def test_equal_lists_differ_in_nothing() -> None:
    """The same entries, in any order, make no difference."""
    assert diff_entries(OFFICIAL, OFFICIAL[::-1]) == ()


def test_an_erratum_is_one_field_of_one_entry() -> None:
    """Entry 11's missing 技 is a revision of its translated name and of nothing else."""
    (difference,) = diff_entries(OFFICIAL, replaced(revised(11, translated_name="电子技术员-信息系统技术方向")))
    assert (difference.kind, difference.number) == (EntryChangeKind.REVISED, 11)
    assert difference.fields == (
        FieldDifference("translatedName", "电子技术员-信息系统术方向", "电子技术员-信息系统技术方向"),
    )
    assert difference.before == OFFICIAL[10]


def test_awards_differ_as_one_text_with_grades_and_levels() -> None:
    """Another level, grade or order of the titles is a difference that a reader sees."""
    awards = (TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE),)
    (difference,) = diff_entries(OFFICIAL, replaced(revised(88, awards=awards)))
    assert difference.fields == (
        FieldDifference("awards", "2级：助理工程师（初级）、1级：工程师（中级）", "工程师（中级）"),
    )


def test_added_and_withdrawn_entries_show_every_field() -> None:
    """An added entry has no before, a withdrawn one no after, in each of its five fields."""
    added = revised(100, number=101, qualification_name="Another qualification")
    one, two = diff_entries(OFFICIAL, (*OFFICIAL[:99], added))
    assert (one.kind, one.number, one.after) == (EntryChangeKind.WITHDRAWN, 100, None)
    assert (two.kind, two.number, two.before) == (EntryChangeKind.ADDED, 101, None)
    names = ["qualificationName", "translatedName", "issuingBody", "awards", "field"]
    assert [field.field for field in one.fields] == [field.field for field in two.fields] == names
    assert all(field.after is None for field in one.fields)
    assert all(field.before is None for field in two.fields)


def test_a_number_twice_is_a_mistake_of_the_callers() -> None:
    """A side with a number twice can't be compared."""
    with pytest.raises(ValueError, match="7 stands twice"):
        diff_entries(OFFICIAL, (*OFFICIAL, OFFICIAL[6]))


def test_changes_carry_the_new_entry_and_the_reason() -> None:
    """A difference becomes changes with the new content; a withdrawal has none; a partial list withdraws nothing."""
    after = (revised(11, field="材料"), revised(100, number=101, qualification_name="Another qualification"))
    differences = diff_entries(OFFICIAL[10:12], after)
    assert proposed_changes(differences, reason="勘误") == (
        EntryChange(kind=EntryChangeKind.REVISED, number=11, entry=after[0], reason="勘误"),
        EntryChange(kind=EntryChangeKind.WITHDRAWN, number=12, entry=None, reason="勘误"),
        EntryChange(kind=EntryChangeKind.ADDED, number=101, entry=after[1], reason="勘误"),
    )
    assert [change.number for change in proposed_changes(differences, whole=False)] == [11, 101]


@settings(deadline=None)
@given(st.sets(st.integers(0, 19)), st.sets(st.integers(0, 19)), st.sets(st.integers(0, 19)))
def test_the_changes_lead_from_one_list_to_the_other(left: set[int], right: set[int], touched: set[int]) -> None:
    """Law: applying the proposed changes to the first list gives the second."""
    a = [OFFICIAL[index] for index in left]
    b = [revised(index + 1, field="材料") if index in touched else OFFICIAL[index] for index in right]
    result = {entry.number: entry for entry in a}
    for change in proposed_changes(diff_entries(a, b)):
        if change.entry is None:
            del result[change.number]
        else:
            assert (change.number in result) is (change.kind is EntryChangeKind.REVISED)
            result[change.number] = change.entry
    assert sorted(result.values(), key=lambda entry: entry.number) == sorted(b, key=lambda entry: entry.number)
