"""What stands close to an entry without being it is never an automatic match: other levels, other bodies, courses, parts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from catalog.aliases import load_aliases
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher
from domain.matching.normalise import fold
from domain.messages import Language

ENTRIES = load_official_catalog().entries
MATCHER = Matcher(ENTRIES, load_aliases(), official_vocabulary())
NAMES = {fold(name).text for entry in ENTRIES for name in (entry.qualification_name, entry.translated_name)}
LEVELS = ("Associate", "Professional", "Specialty", "Specialist", "Expert", "Foundation", "Practitioner", "Master")
COURSES = (
    "{} Professional Certificate", "{} Nanodegree", "{} Specialization", "{} Bootcamp", "{} Learning Path", "{} course",
    "{} exam preparation", "Introduction to {}", "Preparing for {}", "{} practice exam", "{} 培训证书", "{} 结业证书", "{} 训练营",
)  # fmt: skip
PARTS = (
    "one of two exams for {}",
    "{} Part 1",
    "{} Teil 1",
    "Zwischenprüfung {}",
    "{} (in progress)",
    "{} nicht bestanden",
)
OTHERS = (
    "Udemy",
    "Coursera",
    "Huawei",
    "TWI",
    "University of Toronto",
    "Handwerkskammer Köln",
    "日本溶接協会",
    "Pearson VUE",
)
HERE = Path(__file__).parent


NEAR = [json.loads(line) for line in (HERE / "near_misses.jsonl").read_text(encoding="utf-8").split("\n") if line]


def automatic(texts):
    """The texts that were matched automatically, and to what."""
    return [(name, body, found.entry.number) for name, body in texts if (found := MATCHER.match(name, body)).entry]


@pytest.mark.parametrize("kind", sorted({each["kind"] for each in NEAR}))
def test_what_is_near_an_entry_is_never_automatic(kind):
    """Other disciplines, occupations, levels, examinations and bodies, courses, and sentences that say that somebody does not hold the
    qualification: none is matched automatically.
    """
    assert automatic((each["name"], each["issuer"]) for each in NEAR if each["kind"] == kind) == []


def test_another_level_is_another_certification():
    """A level in the place of an entry's own matches that other entry where there is one, and nothing else."""
    swapped = [
        (re.sub(rf"\b{level}\b", other, entry.qualification_name), entry.issuing_body)
        for entry in ENTRIES
        for level in LEVELS
        if re.search(rf"\b{level}\b", entry.qualification_name)
        for other in LEVELS
        if other != level
    ]
    assert len(swapped) > 250
    wrong = [
        found
        for found in automatic(swapped)
        if re.sub(r"\W", "", fold(found[0]).text)
        not in {re.sub(r"\W", "", fold(entry.qualification_name).text) for entry in ENTRIES if entry.number == found[2]}
    ]
    assert wrong == []


@pytest.mark.parametrize("frame", COURSES)
def test_a_course_is_no_certification(frame):
    """The name of an entry as that of a learning programme is a question; entry 20 alone is such a programme itself."""
    texts = [(frame.format(entry.qualification_name), entry.issuing_body) for entry in ENTRIES if entry.number != 20]
    assert automatic(texts) == []


@pytest.mark.parametrize("frame", PARTS)
def test_a_part_is_not_the_whole(frame):
    """One examination of several, an unfinished or a failed one is never the certification."""
    assert automatic((frame.format(entry.qualification_name), entry.issuing_body) for entry in ENTRIES) == []


@pytest.mark.parametrize("body", OTHERS)
def test_another_body_issues_another_certificate(body):
    """An entry's name under a body that does not issue it is never automatic; Coursera stands in the name of 20."""
    texts = [(entry.qualification_name, body) for entry in ENTRIES if (entry.number, body) != (20, "Coursera")]
    assert automatic(texts) == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("DevOps on AWS Professional Certificate", "AWS"),
        ("Google Cloud Architect Professional Certificate", "Google Cloud"),
        ("谷歌云数据工程师专业证书", "谷歌"),
        ("MCSE: Business Intelligence 70-467", "Microsoft"),
        ("MCSA: SQL 2016 BI Development (70-768)", "Microsoft"),
        ("Registered Professional Engineer", ""),
        ("CCIE Wireless", "Cisco"),
        ("AWS Certified Big Data - Specialty", "Amazon Web Services"),
        ("350-401 ENCOR", "Cisco"),
        ("Kälteanlagenbauer", "IHK Köln"),
        ("Elektroniker für Maschinen und Antriebstechnik (HwO)", ""),
    ],
)
def test_a_course_a_part_and_a_predecessor_are_offered(name, body):
    """A learning programme behind a role, an examination of several and a predecessor are questions that offer the entry."""
    match = MATCHER.match(name, body)
    assert match.entry is None
    assert match.candidates


@pytest.mark.parametrize(
    "name", ["一级建造师", "CCSA", "CCIE Collaboration", "Scrum Master", "Power Engineer", "注册电气工程师"]
)
def test_nothing_is_offered_for_generic_words_alone(name):
    """A candidate shares a word that tells qualifications apart, not a level or an ordinary word of the trade."""
    assert MATCHER.match(name).candidates == ()


def test_a_bracket_tells_disciplines_apart():
    """A bracket that neither abbreviates nor translates its name belongs to it: without it the name is a question."""
    civil, structural = (
        ENTRIES[0].model_copy(
            update={
                "number": number,
                "qualification_name": f"Registered Professional Engineer ({field})",
                "translated_name": f"注册专业工程师（{translation}）",
            }
        )
        for number, field, translation in ((1, "Civil", "土木"), (2, "Structural", "结构"))
    )
    for entries in ((civil,), (civil, structural)):
        matcher = Matcher(entries, load_aliases(), official_vocabulary())
        assert matcher.match("Registered Professional Engineer", civil.issuing_body).entry is None
        assert matcher.match("注册专业工程师", civil.issuing_body).entry is None
        assert matcher.match(civil.qualification_name, civil.issuing_body).entry == civil


def test_reasons_hold_no_machine_tokens():
    """Every reason says words as people write them: no mark of an examination's number, no token of the matcher's own."""
    own = re.compile(
        r"\bx:|solidmechanics|thermofluid|\b(?:internet expert|network professional) enterprise\b|\bNone\b"
    )
    files = [HERE / "labelled.jsonl", *sorted((HERE / "blind").glob("*.jsonl"))]
    cases = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]
    said = [
        (case["name"], reason.text(language))
        for case in cases
        for candidate in MATCHER.match(case["name"], case["issuer"], case["grade"]).candidates
        for reason in candidate.because
        for language in Language
    ]
    assert len(said) > 10_000
    assert [each for each in said if own.search(each[1])] == []
