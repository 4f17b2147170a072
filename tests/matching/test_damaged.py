"""A damaged text is recognised where it can mean one name only, and is a question where what was damaged tells names apart."""

from __future__ import annotations

import pytest

from catalog.aliases import load_aliases
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher
from domain.values import MatchOutcome

MATCHER = Matcher(load_official_catalog().entries, load_aliases(), official_vocabulary())
AUTOMATIC = {MatchOutcome.EXACT, MatchOutcome.CONFIDENT}


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        ("ITIL4Expert", "EXIN"),
        ("ITIL 4 Expert", "EXIN"),
        ("wE Electrical and Computer", "NCEES"),
        ("Industriemechanikerm", "IHK Köln"),
        ("Industriemechanik", "IHK Köln"),
        ("Mechatroniker f", "IHK Köln"),
        ("Mechatroniker fü", "IHK Köln"),
        ("Chartered En", "IMechE"),
        ("Fachinformatiker S", "IHK Köln"),
        ("Google Professional Clou", "Google"),
        ("Cisco Certified Network Professional C", "Cisco"),
        ("enior International Certified Mechanical Engineer (SICME)", "IME"),
        ("IBM Dat aEngineering Professional Certificate(Coursera)", "IBM"),
        ("流体力学分野の有限要素法解析技術者", "JSME"),
        ("甲骨文数据库云服务认证-专", "甲骨文"),
        ("(Junior) International Certified Mechanical Engineer", "IME"),
        ("(Non-)Ferrous Metallurgy", "ASM International"),
        ("International Certified Mechanical Engineer (Junior?)", "IME"),
        ("注册机械工程师", "机械工程师学会"),
        ("Mech. Engineering", "Engineers Canada"),
    ],
)
def test_what_may_be_another_name_is_a_question(name, issuer):
    """A version, an ending, a short word, a fragment or an optional word that may be another name's is never automatic."""
    assert MATCHER.match(name, issuer).outcome not in AUTOMATIC


@pytest.mark.parametrize(
    ("name", "issuer", "entry"),
    [
        ("Certified Welding Inspec", "American Welding Society", 72),
        ("Cisco Certified Internetwork Expert Data Cen", "Cisco", 39),
        ("PE Mechanical: HVAC ard Refrigeration", "NCEES", 69),
        ("Mechatroniker/-ir für Kältetechnik", "IHK Köln", 84),
        ("Programming in HTMLS with JavaScript and CSS3", "Microsoft", 55),
        ("甲骨文数据库云服各认证-专业人员", "甲骨文", 23),
        ("Applied General Meta|lurgy", "ASM International", 94),
        ("Goog1e Cloud Professional Data Englneer Certification", "Google", 15),
        ("注册机械工程师", "英国机械工程师学会", 74),
    ],
)
def test_one_meaning_is_recognised(name, issuer, entry):
    """An error that leaves one meaning changes nothing; of namesakes the issuer's own is meant."""
    match = MATCHER.match(name, issuer)
    assert match.outcome in AUTOMATIC
    assert match.entry is not None
    assert match.entry.number == entry
