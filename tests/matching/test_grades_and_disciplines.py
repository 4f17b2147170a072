"""Grades that are words, and brackets that tell disciplines apart, in a catalog of another field."""

import pytest

from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher
from domain.values import Alias, AliasKind, CatalogEntry, MatchOutcome, TitleAward, TitleLevel

EXACT, AMBIGUOUS, NONE = MatchOutcome.EXACT, MatchOutcome.AMBIGUOUS, MatchOutcome.NONE
BODIES = {
    "ACCOUNTANTS": "英国特许公认会计师公会",
    "MEXT": "文部科学省",
    "NSPE": "National Society of Professional Engineers",
}
ALIASES = [Alias(kind=AliasKind.ISSUING_BODY, text=text, issuer=key, ground="g") for key, text in BODIES.items()]
NAME, BODY = "Chartered Accountant of Bodies", BODIES["ACCOUNTANTS"]


def matcher(*entries, aliases=()):
    return Matcher(entries, [*ALIASES, *aliases], official_vocabulary())


def entry(number, name, translated, body, grades=(None,)):
    awards = tuple(TitleAward(grade=g, title=f"职称{n}", level=TitleLevel.JUNIOR) for n, g in enumerate(grades))
    return CatalogEntry(
        number=number, qualification_name=name, translated_name=translated, issuing_body=body, field="x", awards=awards
    )


@pytest.mark.parametrize(
    ("grades", "given", "outcome", "decided"),
    [
        (("高级", "中级"), "高级", EXACT, "高级"),
        (("高级", "中级"), "中 级", EXACT, "中级"),
        (("高级", "中级"), "初级", AMBIGUOUS, None),
        (("高级", "中级"), "1级", AMBIGUOUS, None),
        (("高级", "中级"), None, EXACT, None),
        (("单一级",), "单一级", EXACT, "单一级"),
        (("单一级",), None, EXACT, "单一级"),
        ((None,), "单一级", EXACT, None),
        (("Level 6", "Level 7"), "level 6", EXACT, "Level 6"),
        (("Level 6", "Level 7"), "7", EXACT, "Level 7"),
        (("Level 6", "Level 7"), "Level 5", NONE, None),
        (("Fellow", "Member"), "FELLOW", EXACT, "Fellow"),
        (("Fellow", "Member"), "Associate", AMBIGUOUS, None),
        (("2级", "1级"), "二級", EXACT, "2级"),
        (("2级", "1级"), "3级", NONE, None),
    ],
)
def test_words_are_grades(grades, given, outcome, decided):
    """A grade is compared as a word or as a figure, however it is spelled; one of another kind is a question."""
    match = matcher(entry(1, NAME, "特许体会计师", BODY, grades)).match(NAME, BODY, given)
    assert (match.outcome, match.grade) == (outcome, decided)


def test_a_word_that_is_a_grade_of_another_entry_is_a_question():
    """Fellow says nothing of an entry that knows no grades, so a reviewer decides."""
    both = matcher(
        entry(1, NAME, "特许体会计师", BODY, ("Fellow", "Member")), entry(2, "Auditor of Bodies", "体审计师", BODY)
    )
    match = both.match("Auditor of Bodies", BODY, "Fellow")
    assert (match.outcome, match.entry) == (AMBIGUOUS, None)


PE = "Registered Professional Engineer"


@pytest.mark.parametrize(
    ("listed", "translated", "body", "asked"),
    [
        (f"{PE} (Civil)", "注册专业工程师（土木）", BODIES["NSPE"], PE),
        (f"{PE} (Civil)", "注册专业工程师", BODIES["NSPE"], PE),
        ("技術士（機械部門）", "技术士（机械部门）", BODIES["MEXT"], "技術士"),
        ("技術士（機械部門）", "技术士", BODIES["MEXT"], "技術士"),
        ("技術士（機械部門）", "技术士", BODIES["MEXT"], "技术士"),
        ("注册测量师（产业测量）", "注册测量师（产业测量）", BODY, "注册测量师"),
    ],
)
def test_a_name_without_its_discipline_is_a_question(listed, translated, body, asked):
    """A bracket that neither abbreviates nor translates the name tells disciplines apart, even where the translation lacks it."""
    asking = matcher(entry(1, listed, translated, body))
    match = asking.match(asked, body)
    assert (match.outcome, match.entry, [each.number for each in match.candidates]) == (AMBIGUOUS, None, [1])
    assert asking.match(listed, body).outcome is EXACT


def test_an_alias_may_say_that_a_name_without_its_discipline_is_meant():
    """What stands beside the official text on a ground of its own decides."""
    alias = Alias(kind=AliasKind.QUALIFICATION, text="技術士", numbers=(1,), ground="the only discipline there is")
    match = matcher(entry(1, "技術士（機械部門）", "技术士", BODIES["MEXT"]), aliases=[alias]).match(
        "技術士", BODIES["MEXT"]
    )
    assert match.entry is not None
