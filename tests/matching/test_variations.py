"""Every entry's names in the shapes that hands, scanners and offices give them: matched to that entry, or not at all."""

from __future__ import annotations

import re

import pytest

from catalog.aliases import load_aliases
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher

ENTRIES = [entry for entry in load_official_catalog().entries if len(entry.awards) == 1]
MATCHER = Matcher(load_official_catalog().entries, load_aliases(), official_vocabulary())
MISREAD = [
    ("m", "rn"), ("i", "l"), ("l", "1"), ("o", "0"), ("e", "c"), ("t", "f"), ("n", "r"), ("a", "o"), ("s", "5"),
    ("h", "b"), ("g", "q"), ("w", "vv"), ("ll", "l"), ("rt", "tr"),
]  # fmt: skip


def wide(name):
    return "".join(
        chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else "\u3000" if char == " " else char for char in name
    )


def issuer(entry):
    return entry.issuing_body.partition("（")[0].strip()


def names():
    return [
        (entry, name, name == entry.translated_name)
        for entry in ENTRIES
        for name in (entry.qualification_name, entry.translated_name)
    ]


def answered(texts):
    return [(entry.number, text, MATCHER.match(text, issuer(entry)).entry) for entry, text in texts]


def wrong(answers):
    return [(number, text, found.number) for number, text, found in answers if found and found.number != number]


def test_spelling_that_changes_nothing_changes_nothing():
    """Capitals, small letters, full width, doubled blanks and other dashes leave each name its entry's."""
    shapes = (str.upper, str.lower, wide, lambda name: name.replace(" ", "  ").replace("-", "–"))
    answers = answered((entry, shape(name)) for entry, name, _ in names() for shape in shapes)
    assert [(number, text) for number, text, found in answers if found is None or found.number != number] == []


def test_what_a_certificate_says_besides_changes_nothing():
    """Certificate of, numbers, days of issue and of expiry around a name leave it its entry's."""
    latin = (
        "Certificate: {}", "Certificate of {}", "{} Certificate", "{} (certificate no. 2021-004512)", "{} 2021-06-30",
        "{}, valid through 2025-01-31", "{} (issued 2019)",
    )  # fmt: skip
    han = ("{}证书", "{} 资格证书", "{}（证书编号：AB123456）", "{}（2021年6月）")
    answers = answered(
        (entry, frame.format(name)) for entry, name, chinese in names() for frame in (han if chinese else latin)
    )
    assert [(number, text) for number, text, found in answers if found is None or found.number != number] == []


@pytest.mark.parametrize(("right", "read"), MISREAD)
def test_one_misread_character_makes_no_other_entry(right, read):
    """A name with one character misread, wherever it is, matches its own entry or none; at least 9 of 10 match it."""
    texts = [
        (entry, name[: at.start()] + read + name[at.end() :])
        for entry in ENTRIES
        for name in [entry.qualification_name]
        for at in re.finditer(right, name)
    ]
    answers = answered(texts)
    assert wrong(answers) == []
    assert sum(found is not None for _, _, found in answers) >= 0.9 * len(answers) > 0


def test_a_cut_name_makes_no_other_entry():
    """A name cut anywhere after its first ten characters matches its own entry or none; the whole name of 83 begins 84's."""
    texts = [(entry, name[:end]) for entry, name, chinese in names() if not chinese for end in range(10, len(name))]
    assert len(texts) > 1000
    found = [
        each
        for each in wrong(answered(texts))
        if not (each[2] == 83 and "Mechatroniker/-in".startswith(each[1].strip()))
    ]
    assert found == []


OCCUPATIONS = (
    "Developer", "Engineer", "Architect", "Specialist", "Administrator", "Inspector", "Associate", "Professional", "Expert",
    "Analyst", "Certified Developer", "Certified Engineer", "Certified Professional", "Certified Specialist", "Certified Associate",
    "Junior Engineer", "Metallurgy", "Welding", "Cloud", "Data", "Database", "Security", "Elektroniker", "Mechaniker", "Techniker",
    "工程师", "助理工程师", "架构师", "开发者", "专家", "管理员", "检验师", "技术员", "机械师", "专业人员", "冶金师", "技術者",
)  # fmt: skip


@pytest.mark.parametrize("name", OCCUPATIONS)
def test_an_occupation_alone_is_no_qualification(name):
    """The bare name of an occupation, a level or a field is never an automatic match, whoever issued it."""
    bodies = {entry.issuing_body for entry in load_official_catalog().entries}
    matched = [(body, found.entry.number) for body in bodies if (found := MATCHER.match(name, body)).entry]
    assert matched == []
