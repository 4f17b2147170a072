"""Laws that hold for every input."""

from __future__ import annotations

import itertools
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.aliases import load_aliases
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher
from domain.matching.forms import build
from domain.matching.issuers import IssuerBook
from domain.matching.normalise import TEXT_LIMIT, fold
from domain.values import MatchOutcome

ENTRIES = load_official_catalog().entries
WORDS = official_vocabulary()
MATCHER = Matcher(ENTRIES, load_aliases(), WORDS)
BODIES = IssuerBook(load_aliases(), WORDS).names
AUTOMATIC = {MatchOutcome.EXACT, MatchOutcome.CONFIDENT}
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@given(st.text(max_size=600), st.text(max_size=80), st.none() | st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_any_text_has_an_answer(name, issuer, grade):
    """No text raises; an automatic match names an entry that stands among its candidates."""
    match = MATCHER.match(name, issuer, grade)
    assert (match.entry is not None) == (match.outcome in AUTOMATIC)
    assert match == MATCHER.match(name, issuer, grade)


@given(st.text(max_size=2_000))
@settings(max_examples=100, deadline=None)
def test_folding_is_bounded_and_idempotent(text):
    """Folded text is bounded whatever came in, and folding it again changes nothing."""
    once = fold(text)
    assert len(once.plain) <= TEXT_LIMIT
    assert fold(once.text).text == fold(fold(once.text).text).text


@given(
    st.sampled_from(ENTRIES),
    st.sampled_from([str.upper, str.lower, lambda text: text.translate(WIDE), lambda text: f"  {text}\n"]),
)
@settings(max_examples=80, deadline=None)
def test_case_width_and_space_change_nothing(entry, change):
    """Case, width and white space of a name do not change what it matches."""
    plain = MATCHER.match(entry.qualification_name, entry.issuing_body)
    changed = MATCHER.match(change(entry.qualification_name), entry.issuing_body)
    assert (changed.entry, changed.outcome in AUTOMATIC) == (plain.entry, True)


@given(
    st.sampled_from(ENTRIES),
    st.sampled_from(
        [
            "Senior",
            "Practitioner",
            "Trainee",
            "Honorary",
            "Master",
            "not",
            "高级",
            "培训",
            "Meister",
            "Candidate",
            "2031",
        ]
    ),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_an_unlisted_word_is_never_passed_over(entry, word, first):
    """A level, a negation or a year that the entry does not bear keeps the match from being automatic."""
    name = f"{word} {entry.qualification_name}" if first else f"{entry.qualification_name} {word}"
    assert MATCHER.match(name, entry.issuing_body).outcome not in AUTOMATIC


def test_no_word_that_sentences_pass_over_tells_entries_apart():
    """What is passed over within the sentence of a certificate is a significant word of no name of an entry."""
    lexicon, forms = build(ENTRIES, load_aliases(), WORDS, IssuerBook(load_aliases(), WORDS))
    telling = frozenset[str]().union(*(form.bag for form in forms if form.numbers))
    assert len(telling) > 200
    assert telling & lexicon.vocabulary.sentence == set()


FRAMES = (
    "{}",
    "This is to certify that Wang Lei has been awarded the {}",
    "has successfully completed the requirements and is recognized as a {}",
    "hat die Abschlussprüfung im Ausbildungsberuf {} bestanden",
    "is awarded to Wang Lei upon successful completion of the requirements for {}",
    "We are pleased to confirm that you have passed the {}",
    "兹证明王磊已通过考试，获得{}资格",
    "经考核合格，王磊获得{}证书",
    "{}の試験に合格したことを証明する",
)
SCANS = (
    lambda text, at: f"{text[:at]} {text[at:]}",
    lambda text, at: text[:at] + text[at + 1 :],
    lambda text, at: (
        text[:at] + {"l": "1", "o": "0", "i": "l", "e": "c", "n": "ri"}.get(text[at], text[at]) + text[at + 1 :]
    ),
    lambda text, at: f"{text[:at]}~{text[at:]}",
)


def standing(name, entry):
    """How well a text does for an entry: whether it is matched automatically, and with what score it is offered."""
    match = MATCHER.match(name, entry.issuing_body)
    score = max((each.score for each in match.candidates if each.number == entry.number), default=0.0)
    return match.entry == entry, score


@given(st.sampled_from(ENTRIES), st.sampled_from(FRAMES), st.sampled_from(SCANS), st.data())
@settings(max_examples=400, deadline=None)
def test_clean_text_never_scores_below_its_damaged_form(entry, frame, scan, data):
    """What a scanner did to a name or to a certificate's sentence never makes it surer than it was."""
    clean = frame.format(entry.qualification_name)
    damaged = scan(clean, data.draw(st.integers(0, len(clean) - 1)))
    assert standing(damaged, entry) <= standing(clean, entry)


GENERIC = sorted(
    word for word in WORDS.trade | WORDS.levels | WORDS.formal if word not in BODIES and not WORDS.variants.get(word)
)
SAYS_A_NAME = {"match.same_text", "match.same_words", "match.one_of_several", "match.several_meant", "match.cut"}


@cache
def says_a_name(text):
    """Whether a text is all that some known name says."""
    return any(SAYS_A_NAME & {reason.code for reason in each.reasons} for each in MATCHER.match(text).candidates)


@given(st.lists(st.sampled_from(GENERIC), min_size=1, max_size=4, unique=True), st.sampled_from(["", "Zorblax"]))
@example(["associate", "の"], "")
@example(["mechatronik"], "Zorblax")
@example(["construction", "mechanics"], "Zorblax")
@example(["fundamental", "mining"], "")
@example(["architect", "and"], "")
@settings(max_examples=300, deadline=None)
def test_a_candidate_shares_more_than_generic_words(words, strange):
    """Levels, ordinary words of the trade and formal words lead to no entry, alone or beside a word that nobody knows, unless they
    are all that a known name says, or hold such words.
    """
    text = " ".join([*words, strange]).strip()
    for candidate in MATCHER.match(text).candidates:
        assert SAYS_A_NAME & {reason.code for reason in candidate.reasons} or any(
            says_a_name(" ".join(some))
            for size in range(1, len(words) + 1)
            for some in itertools.permutations(words, size)
        ), (text, candidate)
