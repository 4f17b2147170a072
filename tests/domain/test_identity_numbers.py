"""Identity numbers: one form each, and nothing that no authority could have issued."""

import contextlib
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.identity_numbers import IdentityKind, IdentityNumber, resident_check_character
from domain.refusals import RefusalCode, Refused
from tests.people import passport_number, resident_number

# The standard's own examples, and numbers published in textbooks of the algorithm.
KNOWN = ["11010519491231002X", "440524188001010014", "34052419800101001X", "53010219200508011X"]
SAMPLES = {
    IdentityKind.RESIDENT_ID: "11010519491231002X",
    IdentityKind.PASSPORT: "E12345678",
    IdentityKind.HM_TRAVEL_PERMIT: "H01234567",
    IdentityKind.TW_TRAVEL_PERMIT: "01234567",
    IdentityKind.FOREIGN_RESIDENT_ID: "911124198108030024",
    IdentityKind.HMT_RESIDENCE_PERMIT: "810000199408230021",
}


def read(kind, text, **more):
    return IdentityNumber.of(kind, text, **more).number


def fault(kind, text, **more):
    """The sentence with which a number is refused."""
    with pytest.raises(Refused) as refused:
        IdentityNumber.of(kind, text, **more)
    assert refused.value.code is RefusalCode.INVALID_INPUT
    return refused.value.message


@pytest.mark.parametrize("number", KNOWN)
def test_published_numbers_are_accepted_as_they_are(number):
    """The published examples pass, and their check character is the one computed."""
    assert read("RESIDENT_ID", number) == number
    assert resident_check_character(number[:17]) == number[17]


@pytest.mark.parametrize(("kind", "number"), SAMPLES.items())
def test_every_kind_accepts_its_published_form(kind, number):
    """A number in the published form of its document is accepted and is its own normal form."""
    assert IdentityNumber.of(kind, number) == IdentityNumber(kind, number)


@pytest.mark.parametrize("number", KNOWN)
def test_every_single_digit_error_is_found(number):
    """MOD 11-2 finds every wrong digit: no number that differs in one place passes too."""
    for place in range(6, 18):
        for digit in "0123456789X":
            changed = number[:place] + digit + number[place + 1 :]
            if changed != number:
                assert fault("RESIDENT_ID", changed)


@given(st.from_regex(r"\A[1-9][0-9]{16}\Z"), st.integers(0, 15))
def test_neighbours_that_changed_places_are_found(digits, place):
    """Two neighbouring digits that changed places give another check character, unless they are the same digit."""
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    same = resident_check_character(swapped) == resident_check_character(digits)
    assert same == (digits[place] == digits[place + 1])


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("RESIDENT_ID", "1", "18 digits"),
        ("RESIDENT_ID", "无", "18 digits"),
        ("RESIDENT_ID", "-", "18 digits"),
        ("RESIDENT_ID", "1101051949123100", "18 digits"),
        ("RESIDENT_ID", "X10105194912310020", "18 digits"),
        ("RESIDENT_ID", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢٠", "18 digits"),
        ("RESIDENT_ID", "110105194912310021", "does not fit the others"),
        ("RESIDENT_ID", "11010519491331002X", "the calendar does not have"),
        ("RESIDENT_ID", "11010519490229002X", "the calendar does not have"),
        ("RESIDENT_ID", "11010500001231002X", "the calendar does not have"),
        ("RESIDENT_ID", "110105490229002", "the calendar does not have"),
        ("RESIDENT_ID", "110105491231996", "century"),
        ("RESIDENT_ID", "01010519491231002X", "no province"),
        ("RESIDENT_ID", "990105194912310021", "FOREIGN_RESIDENT_ID"),
        ("RESIDENT_ID", "810000199408230021", "HMT_RESIDENCE_PERMIT"),
        ("PASSPORT", "-", "5 to 9 letters and digits"),
        ("PASSPORT", "中文", "5 to 9 letters and digits"),
        ("PASSPORT", "ABCDEFGH", "5 to 9 letters and digits"),
        ("PASSPORT", "E1234567890", "5 to 9 letters and digits"),
        ("PASSPORT", "E12", "5 to 9 letters and digits"),
        ("HM_TRAVEL_PERMIT", "K01234567", "H or M"),
        ("HM_TRAVEL_PERMIT", "H012345678", "H or M"),
        ("TW_TRAVEL_PERMIT", "0123456", "8 digits"),
        ("TW_TRAVEL_PERMIT", "012345678", "8 digits"),
        ("FOREIGN_RESIDENT_ID", "US1110183010112", "3 letters and 12 digits"),
        ("FOREIGN_RESIDENT_ID", "USA110183133112", "the calendar does not have"),
        ("FOREIGN_RESIDENT_ID", "11010519491231002X", "begin with 9"),
        ("FOREIGN_RESIDENT_ID", "911124198108030025", "does not fit the others"),
        ("HMT_RESIDENCE_PERMIT", "11010519491231002X", "810000, 820000 or 830000"),
        ("HMT_RESIDENCE_PERMIT", "810000199408230022", "does not fit the others"),
    ],
)
def test_a_malformed_number_is_refused_with_what_is_wrong(kind, text, says):
    """Each refusal names the fault, and never the number."""
    sentence = fault(kind, text)
    assert says in sentence
    assert len(text) < 3 or text not in sentence


def test_nobody_was_born_tomorrow():
    """A day of birth after today is refused; today's is not."""
    first = "33010629990307701"
    assert "has not come yet" in fault("RESIDENT_ID", first + resident_check_character(first), today=date(2026, 11, 26))
    first = "33010620261126701"
    number = first + resident_check_character(first)
    assert read("RESIDENT_ID", number, today=date(2026, 11, 26)) == number
    assert fault("RESIDENT_ID", number, today=date(2026, 11, 25))


def test_an_unknown_kind_is_refused_with_the_list():
    """Whoever names a kind that is none reads which there are."""
    with pytest.raises(Refused, match="RESIDENT_ID, PASSPORT, HM_TRAVEL_PERMIT") as refused:
        IdentityNumber.of("LIBRARY_CARD", "1")
    assert refused.value.field == "idType"


@pytest.mark.parametrize(
    "written",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105-19491231-002X",
        "11010519491231002×",
        "110105\u300019491231002Х",
        "110105491231002",
        "１１０１０５－４９１２３１－００２",
    ],
)
def test_spellings_of_one_resident_number_become_one(written):
    """Full-width digits, blanks, hyphens, small and look-alike X, 15 digits lead to the same number."""
    assert read("RESIDENT_ID", written) == "11010519491231002X"


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("PASSPORT", ["E12345678", "e 1234 5678", "Ｅ１２３４５６７８", "E-1234-5678", "E‑12345678"]),
        ("HM_TRAVEL_PERMIT", ["H01234567", "h0123456700", "H01234567 12", "Ｈ０１２３４５６７"]),
        ("TW_TRAVEL_PERMIT", ["01234567", "0123456701", "0123456701(B)", "０１２３４５６７０１（Ｂ）"]),
        ("FOREIGN_RESIDENT_ID", ["USA110183010112", "usa 1101 830101 12"]),
        ("HMT_RESIDENCE_PERMIT", ["810000199408230021", "810000 1994-0823 0021"]),
    ],
)
def test_spellings_of_one_number_become_one(kind, spellings):
    """However a document's number is typed, and however often it was renewed, it is one person's."""
    assert len({read(kind, each) for each in spellings}) == 1


@given(st.sampled_from(IdentityKind), st.text(max_size=30) | st.sampled_from(list(SAMPLES.values())))
def test_normalising_again_changes_nothing(kind, text):
    """The normal form is its own normal form, whatever was written; no text is answered with anything but a refusal or a number."""
    with contextlib.suppress(Refused):
        once = IdentityNumber.of(kind, text)
        assert IdentityNumber.of(kind, once.number) == once


@given(st.integers(0, 25_999_999), st.integers(0, 25_999_999))
def test_numbers_of_tests_are_valid_and_different(one, other):
    """Whatever index a test takes, its number is one that is accepted; another index gives another number."""
    assume(one != other)
    assert read("RESIDENT_ID", resident_number(one)) != read("RESIDENT_ID", resident_number(other))
    assert read("PASSPORT", passport_number(one)) != read("PASSPORT", passport_number(other))


@pytest.mark.parametrize("digits", ["", "1" * 16, "1" * 18, "1" * 16 + "X"])
def test_a_check_character_needs_seventeen_digits(digits):
    """Anything but 17 digits is refused, not computed."""
    with pytest.raises(ValueError, match="17 digits"):
        resident_check_character(digits)
