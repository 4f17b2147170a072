"""What stands around a name on a certificate is passed over; what denies or limits it never is."""

from __future__ import annotations

import pytest

from catalog.aliases import load_aliases
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher
from domain.matching.wording import without_wording
from domain.values import MatchOutcome

ENTRIES = load_official_catalog().entries
MATCHER = Matcher(ENTRIES, load_aliases(), official_vocabulary())
AUTOMATIC = {MatchOutcome.EXACT, MatchOutcome.CONFIDENT}
SENTENCES = (
    "This is to certify that Wang Lei has successfully completed all requirements for the {}, No. ABC-001287",
    "Liu Na is hereby recognized as a {}, expires July 1, 2028",
    "It is certified that Chen Yu has been awarded the {}, 14-SEP-2020",
    "{}, Certificate no. 4873321.20115562, issued on 12 May 2017",
    "{} (valid until 2027-03-31)",
    "{}, verify at verify.example.org/c/7KQ2XW9PLM4T",
    "兹证明赵强经考核合格，获得{}资格，证书编号：ICME2019-00873，发证日期：2019年6月",
)
DENIALS = (
    "Wang Lei has not been awarded the {}",
    "Wang Lei failed the requirements and is no longer recognized as a {}",
    "Wang Lei attended a preparation course and is recognized as a {} candidate",
    "Wang Lei is pre-registered as a {}",
    "Wang Lei is provisionally registered as a {}",
    "Wang Lei has applied to be registered as a {}",
    "Wang Lei was formerly recognized as a {}",
    "Wang Lei will be recognized as a {}",
    "Some five years ago his employer wrote in a letter that Wang Lei is recognized as a {}",
    "{} ASP.NET",
    "{} foundation2011",
    "Teilnahme am Kurs: Prüfung im anerkannten Ausbildungsberuf {} nicht bestanden",
    "兹证明赵强未获得{}资格",
    "兹证明赵强申请获得{}资格",
    "兹证明赵强参加培训后获得{}课程证书",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_wording_of_a_certificate_changes_nothing(sentence):
    """The sentence, the numbers and the dates of a certificate leave the match of its name as it is, for every entry."""
    missed = [
        (entry.number, match.outcome)
        for entry in ENTRIES
        for match in [MATCHER.match(sentence.format(entry.qualification_name), entry.issuing_body)]
        if match.outcome not in AUTOMATIC or match.entry != entry
    ]
    assert missed == []


@pytest.mark.parametrize("sentence", DENIALS)
def test_a_denial_is_never_passed_over(sentence):
    """A sentence that denies the qualification, or speaks of a course or a candidate, is never an automatic match."""
    matched = [
        entry.number
        for entry in ENTRIES
        if MATCHER.match(sentence.format(entry.qualification_name), entry.issuing_body).outcome in AUTOMATIC
    ]
    assert matched == []


def test_the_sentence_is_kept_for_the_issuers_it_names():
    """The issuer named in the sentence counts: another body's certificate of an entry's name does not match."""
    name, around = without_wording(
        "emc corporation certifies that li hua has been awarded the cisco certified architect",
        official_vocabulary(),
        lambda _: True,
    )
    assert name == "cisco certified architect"
    assert "emc corporation" in around
    said = "Juniper Networks certifies that Li Hua has been awarded the Cisco Certified DevNet Associate"
    assert MATCHER.match(said, "").outcome not in AUTOMATIC


@pytest.mark.parametrize(
    ("issuer", "name", "entry"),
    [
        ("Cisco Systems, Inc., San Jose, CA, USA", "Cisco Certified Design Expert", 37),
        ("IMechE, 1 Birdcage Walk, London", "Incorporated Engineer (IEng)", 74),
        ("ASM International, Materials Park, OH 44073", "Ferrous Metallurgy", 95),
        ("IEEE Computer Soclety", "Associate Software Developer Certification", 2),
        ("德国萨尔州工商会（IHK Saarland）", "Mechatroniker/-in", 83),
        ("Natl. Council of Examiners for Engineering & Surveying", "FE Mechanical", 68),
        ("Oracle University (美国甲骨文)", "Oracle Database Cloud Administrator 2020 Certified Associate", 26),
        ("BCS, The Chartered Institute for IT (ISEB)", "ITIL Expert", 5),
        (
            "Engineers Canada (formerly Canadian Council of Professional Engineers)",
            "CCPE Metallurgical Engineering",
            92,
        ),
    ],
)
def test_addresses_and_former_names_of_issuers_are_read(issuer, name, entry):
    """An address, a country, a former name or one misread letter leaves an issuer what it is."""
    match = MATCHER.match(name, issuer)
    assert match.outcome in AUTOMATIC
    assert match.entry is not None
    assert match.entry.number == entry


@pytest.mark.parametrize(
    ("issuer", "name"),
    [
        ("AXELOS", "ITIL Expert"),
        ("Engineering Council", "Chartered Engineer (CEng)"),
        ("Engineers Canada", "CCPE Metallurgical Engineering"),
        ("奥地利工商会", "Mechatroniker/-in"),
        ("中国工商会", "Mechatroniker/-in"),
    ],
)
def test_a_related_body_alone_is_a_question(issuer, name):
    """The owner of a scheme, a council that registers, a successor or a chamber of another country proves nothing alone."""
    match = MATCHER.match(name, issuer)
    assert match.outcome is MatchOutcome.AMBIGUOUS
    assert match.candidates


@pytest.mark.parametrize(
    ("name", "issuer", "grade", "entry"),
    [
        ("Oracle Database Cloud Administrator 2020 Certified", "Oracle", "Professional", 24),
        ("Oracle Database Cloud Administrator 2020 Certified", "Oracle", "Associate", 26),
        ("Cisco Certified CyberOps", "思科", "Professional", 30),
        ("Fachinformatiker/-in Anwendungsentwicklung", "IHK Hannover", "gut (85 Punkte)", 6),
    ],
)
def test_a_level_or_a_mark_beside_the_name_is_read(name, issuer, grade, entry):
    """A level given beside the name completes it, a mark changes nothing."""
    match = MATCHER.match(name, issuer, grade)
    assert match.entry is not None
    assert match.entry.number == entry


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        ("Cisco Certified DevNet Associate", "Cisco"),
        ("AWS Certified Solutions Architect - Associate", "Amazon"),
    ],
)
def test_a_level_that_contradicts_the_name_is_a_question(name, issuer):
    """A name of one level with another level beside it is never automatic."""
    assert MATCHER.match(name, issuer, "Professional").outcome not in AUTOMATIC


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        ("IBM AI Enterprise Workflow Specializ", "IBM"),
        ("Unchartered Engineer", "IMechE"),
        ("Unincorporated Engineer", "IMechE"),
        ("Unprofessional Cloud Architect", "Google"),
        ("Noncertified Welding Inspector", "American Welding Society"),
    ],
)
def test_the_beginning_of_an_unlisted_name_and_a_negating_prefix_are_no_misspelling(name, issuer):
    """What an unlisted name begins with, and a known word with a prefix that turns it round, are never corrected away."""
    assert MATCHER.match(name, issuer).outcome not in AUTOMATIC
