"""Identity numbers: one spelling each, and the check character of GB 11643."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity_numbers import (
    RESIDENT_ID,
    is_resident_id,
    normalised_identity_number,
    resident_check_character,
)

# The standard's own example, and numbers published in textbooks of the algorithm.
KNOWN = ["11010519491231002X", "440524188001010014", "34052419800101001X", "53010219200508011X"]


@pytest.mark.parametrize("number", KNOWN)
def test_known_numbers_are_possible(number):
    """The published examples pass, and their check character is the one computed."""
    assert is_resident_id(number)
    assert resident_check_character(number[:17]) == number[17]


@pytest.mark.parametrize("number", KNOWN)
def test_every_single_digit_error_is_found(number):
    """MOD 11-2 finds every wrong digit: no number that differs in one place passes too."""
    for place in range(18):
        for digit in "0123456789X":
            changed = number[:place] + digit + number[place + 1 :]
            assert is_resident_id(changed) == (changed == number)


@given(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True), st.integers(0, 15))
def test_neighbours_that_changed_places_are_found(digits, place):
    """Two neighbouring digits that changed places give another check character, unless they are the same digit."""
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    same = resident_check_character(swapped) == resident_check_character(digits)
    assert same == (digits[place] == digits[place + 1])


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1101051949123100",
        "11010519491231002x",
        "110105194912310021",
        "11010519491331002X",
        "11010519490229002X",
        "01010519491231002X",
        "110105491231002",
        "11010519491231002X\n",
        "１1010519491231002X",
    ],
)
def test_malformed_numbers_are_not_possible(number):
    """Wrong length, case, check character, day of birth, first digit, or characters that are no ASCII digits."""
    assert not is_resident_id(number)


@pytest.mark.parametrize(
    "written",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105-19491231-002X",
        "11010519491231002×",
        "110105\u300019491231002Х",
    ],
)
def test_spellings_of_one_resident_number_become_one(written):
    """Full-width digits, blanks, hyphens, small and look-alike X lead to the same number."""
    assert normalised_identity_number(RESIDENT_ID, written) == "11010519491231002X"


def test_the_hyphen_of_another_document_stays():
    """Only the resident number is known to have no hyphen; a passport or permit keeps its own."""
    assert normalised_identity_number("PASSPORT", " ab-１２３ 45") == "AB-12345"


@given(st.sampled_from([RESIDENT_ID, "PASSPORT"]), st.text(max_size=30))
def test_normalising_again_changes_nothing(id_type, text):
    """The normal form is its own normal form, whatever was written."""
    once = normalised_identity_number(id_type, text)
    assert normalised_identity_number(id_type, once) == once


@pytest.mark.parametrize("digits", ["", "1" * 16, "1" * 18, "1" * 16 + "X"])
def test_a_check_character_needs_seventeen_digits(digits):
    """Anything but 17 digits is refused, not computed."""
    with pytest.raises(ValueError, match="17 digits"):
        resident_check_character(digits)
