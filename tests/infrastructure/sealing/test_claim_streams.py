"""The stream of the claim on a certificate: one however the certificate is spelled, and no guess away for anybody without the key."""

import string

from hypothesis import assume, given
from hypothesis import strategies as st

from infrastructure.sealing.directory import HolderDirectory
from tests.keys_in_memory import InMemoryKeyring

WIDE = {ord(character): ord(character) + 0xFEE0 for character in map(chr, range(0x21, 0x7F))}
SPELT = st.text(string.ascii_letters + string.digits + "ÄÖÜäöüß级級ィアー社团法人日本", min_size=1, max_size=20)
MARKS = st.sampled_from(list(" -./,()&'·–—（）、・"))
SEPARATORS = st.text(" -./,–—・", min_size=1, max_size=3)
OURS, THEIRS = (HolderDirectory(None, InMemoryKeyring()).claim_stream for _ in range(2))


@st.composite
def respelt(draw, text):
    """The same text in other case, other width, with other punctuation between the letters."""
    changed = draw(st.sampled_from([str.upper, str.lower, str.casefold, str.swapcase]))(text)
    wide = [draw(st.booleans()) for _ in changed]
    letters = [character.translate(WIDE) if w else character for character, w in zip(changed, wide, strict=True)]
    return "".join(part for letter in letters for part in (draw(st.one_of(st.just(""), MARKS)), letter))


@given(st.data(), SPELT, st.lists(SPELT, min_size=1, max_size=4))
def test_one_certificate_has_one_claim_however_it_is_spelt(data, body, groups):
    """Case, width and punctuation of a body, and which separators stand between the groups of a number, make no other claim."""
    separated = ["".join(part) for group in groups for part in (data.draw(SEPARATORS), group)]
    respelt_number = "".join(separated).swapcase().translate(WIDE)
    assert OURS(data.draw(respelt(body)), respelt_number) == OURS(body, "-".join(groups))


@given(*[st.text(string.ascii_lowercase + string.digits, max_size=6)] * 4)
def test_two_certificates_have_two(body, number, other_body, other_number):
    """Another body or another number is another claim, also where both together read the same."""
    assume((body, number) != (other_body, other_number))
    assert OURS(body, number) != OURS(other_body, other_number)


@given(SPELT, SPELT)
def test_nobody_can_try_numbers_without_the_key(body, number):
    """The identifier depends on the registry's own secret: with all that is public, a guess cannot be told right."""
    assert OURS(body, number) != THEIRS(body, number)


def test_an_officer_s_stream_is_no_guess_away_either():
    """One subject, one stream; without the key nobody tells from a public log who was registered."""
    one, two = (HolderDirectory(None, InMemoryKeyring()).officer_stream for _ in range(2))
    assert one("officer.x") == one("officer.x")
    assert len({one("officer.x"), one("officer.y"), two("officer.x")}) == 3
    assert one("officer.x").version == 8
