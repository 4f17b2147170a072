"""Which texts are accepted, and when two of them name the same person or certificate."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import Refused
from domain.text import clean, identifying_form, number_form


@pytest.mark.parametrize(
    "ideograph",
    ["王", "㐀", "䶿", "鿿", "\U00020000", "\U0002a6df", "\U0002ebe1", "\U0003158e", "\U000323af", "\U0003347f"],
    ids=lambda each: f"U+{ord(each):04X}",
)
def test_every_ideograph_is_accepted(ideograph):
    """An ideograph of any extension is accepted in a name, whether or not the interpreter knows it, and tells names apart."""
    assert clean(f"{ideograph}伟", "name") == f"{ideograph}伟"
    assert identifying_form(f"{ideograph}伟") != identifying_form("伟")


@pytest.mark.parametrize("compatible", ["\uf900", "\ufa10", "\U0002f800"])
def test_a_compatibility_ideograph_is_the_one_it_stands_for(compatible):
    """Two code points of one ideograph make one name."""
    assert clean(compatible, "name") == unicodedata.normalize("NFC", compatible)
    assert identifying_form(compatible) == identifying_form(unicodedata.normalize("NFC", compatible))


@pytest.mark.parametrize("character", ["\U0002fffe", "\U0003ffff", "\U000e0fff", "\U0004aaaa", "\ue000"])
def test_what_is_no_ideograph_stays_refused(character):
    """Noncharacters, and what is private or unassigned elsewhere, are refused."""
    with pytest.raises(Refused, match="no text needs"):
        clean(f"王{character}", "name")


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("\ue863", "䶮"),
        ("\ue815", "⺁"),
        ("\ue843", "\u9fb9"),
        ("\ue816", "\U00020087"),
        ("\ue844", "䜣"),
        ("\ue7c7", "ḿ"),
    ],
)
def test_a_private_character_of_gbk_is_refused_with_its_successor(old, now):
    """Who typed a character that an old encoding kept in private use reads which one to type."""
    with pytest.raises(Refused, match=now):
        clean(f"王{old}", "name")


@pytest.mark.parametrize(
    ("one", "other"),
    [("राम", "रमा"), ("राम", "रम"), ("กิน", "กัน"), ("אָב", "אב"), ("q̇", "q"), ("José", "Jose"), ("Ibrahim", "Brahim")],
)
def test_marks_tell_names_apart(one, other):
    """Vowel signs and accents are part of a name."""
    assert identifying_form(one) != identifying_form(other)


@pytest.mark.parametrize(
    "spelling",
    ["买买提·艾力", "买买提・艾力", "买买提•艾力", "买买提‧艾力", "买买提．艾力", "买买提･艾力", "买买提 艾力"],
)
def test_middle_dots_are_one(spelling):
    """Whichever dot a keyboard has between the parts of a name, the name is the same."""
    assert identifying_form(spelling) == identifying_form("买买提·艾力")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José", "Jose\u0301"),
        ("葛\U000e0100城", "葛城"),
        ("ＭÜＬＬＥＲ", "müller"),
        ("Jean-Luc", "JEAN LUC"),
        ("☁︎云", "云"),
    ],
)
def test_spellings_of_one_name_are_one(one, other):
    """Composition, width, case and the choice of a glyph make no other name."""
    assert identifying_form(one) == identifying_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2023-1-12", "2023-11-2"),
        ("12/345", "123/45"),
        ("1.10.5", "11.0.5"),
        ("1 12", "11 2"),
        ("12345", "123-45"),
        ("AB-C1", "A-BC1"),
        ("07", "7"),
    ],
)
def test_numbers_that_differ_stay_different(one, other):
    """Where a separator stands tells two certificates apart."""
    assert number_form(one) != number_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2023-1-12", "2023/1/12"),
        ("2023-1-12", " 2023 – 1 - 12. "),
        ("ab-12 34", "AB 12-34"),
        ("PSA-12345", "psa12345"),
        ("ＰＳＡ１２３４５", "PSA 12345"),
        ("№ 12", "No. 12"),
    ],
)
def test_spellings_of_one_number_are_one(one, other):
    """Which separators stand there, how many, in which width and case, makes no other certificate."""
    assert number_form(one) == number_form(other)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4), st.lists(st.integers(0, 99), min_size=1, max_size=4))
def test_lists_of_numbers_are_told_apart(one, other):
    """Two numbers made of different groups of digits are different, whatever separates the groups."""
    assert (number_form("/".join(map(str, one))) == number_form(" - ".join(map(str, other)))) == (one == other)


@given(st.text(max_size=40))
def test_forms_are_their_own_forms(text):
    """Comparing what is compared changes nothing."""
    assert identifying_form(identifying_form(text)) == identifying_form(text)
    assert number_form(number_form(text)) == number_form(text)
