"""What differs from province to province: as it is shipped, and refused whole where it is malformed."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from catalog.authorities import load_authorities, load_directory
from catalog.faults import SourceRefused
from catalog.jurisdiction import load_jurisdiction, parse_jurisdiction
from catalog.notice import load_official_catalog
from catalog.working_days import working_calendar
from domain.authorities import AuthorityKind, DivisionLevel
from domain.clocks import BeyondKnownYears, DeadlineKind
from domain.refusals import RefusalCode, Refused
from domain.values import TitleLevel
from tests.periods import answering_within

SHIPPED = files("catalog").joinpath("jurisdiction.toml").read_text(encoding="utf-8")
FUJIAN = Path(__file__).parents[1] / "provinces" / "fujian" / "jurisdiction.toml"
BOTH = frozenset({TitleLevel.JUNIOR, TitleLevel.INTERMEDIATE})


def test_zhejiang_is_as_its_notice_says():
    """The shipped file agrees with the notice, and allows every authority both levels of the notice."""
    rules = load_jurisdiction().rules
    assert (rules.name_zh, rules.case_prefix, rules.division) == ("浙江省", "ZJ", "330000")
    assert rules.commencement == date(2023, 11, 1) == load_official_catalog().effective_from
    assert rules.integrity.years == 3
    assert rules.beyond_known_years is BeyondKnownYears.REFUSE
    levels = {division.code: division.level for division in load_directory().divisions}
    for authority in load_authorities():
        assert rules.awards(authority.kind, levels[authority.division_code], rules.commencement) == BOTH


def test_every_period_says_where_it_comes_from():
    """A period has its source, or says that the bureau set it."""
    rules = load_jurisdiction().rules
    for kind in DeadlineKind:
        assert rules.period(kind, rules.commencement).source
    assert rules.period(DeadlineKind.DECIDE, rules.commencement).source.startswith("set by the bureau")


def test_a_clock_is_as_long_as_the_province_gives():
    """The same event gives another last day in another province."""
    calendar, day = working_calendar(), date(2025, 3, 3)
    here, there = load_jurisdiction().rules, load_jurisdiction(FUJIAN).rules
    assert here.clock(DeadlineKind.DECIDE, day).due_on(calendar, day) == calendar.after(day, 20)
    assert there.clock(DeadlineKind.DECIDE, day).due_on(calendar, day) == calendar.after(day, 30)
    assert here.clock(DeadlineKind.REVIEW, day).calendar_days
    assert there.awards(AuthorityKind.ECONOMY_AND_INFORMATION, DivisionLevel.COUNTY, day) == {TitleLevel.JUNIOR}
    assert there.awards(AuthorityKind.HUMAN_RESOURCES, DivisionLevel.COUNTY, day) == frozenset()


def test_a_holder_answers_for_as_long_as_the_province_gives():
    """Five working days from the notice, over a holiday and a worked Saturday; with none, until the day of the notice; beyond the known years, refused."""
    rules = load_jurisdiction().rules
    assert rules.answer_until(date(2025, 9, 29)) == date(2025, 10, 13)
    assert answering_within(0, rules).answer_until(date(2025, 10, 1)) == date(2025, 10, 1)
    last = date(rules.calendar.last_year, 12, 31)
    with pytest.raises(Refused) as refused:
        rules.answer_until(last)
    assert refused.value.code is RefusalCode.WORKING_DAYS_UNKNOWN
    guessing = rules.model_copy(update={"beyond_known_years": BeyondKnownYears.WEEKDAYS})
    assert guessing.answer_until(last) > last


def changed(old: str, new: str) -> str:
    """The shipped file with one thing put otherwise."""
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (changed('case_prefix = "ZJ"', 'case_prefix = "zj"'), ["`province.case_prefix`"]),
        (changed('case_prefix = "ZJ"', ""), ["`province.case_prefix`"]),
        (changed("commencement = 2023-11-01", 'commencement = "soon"'), ["`province.commencement`"]),
        (changed('division = "330000"', 'division = "330106"'), ["`province.division`"]),
        (changed("days = 20", "days = 0"), ["`periods.decide.days`"]),
        (changed("days = 20", "day = 20"), ["`periods.decide.days`", "`periods.decide.day`"]),
        (changed("due_soon = 3", "due_soon = -1"), ["`periods.due_soon`"]),
        (changed('unit = "CALENDAR_DAYS"', 'unit = "MOONS"'), ["`periods.review.unit`"]),
        (changed("years = 3", "years = 0"), ["`integrity.years`"]),
        (changed('"JUNIOR", "INTERMEDIATE"', '"JUNIOR", "MASTER"'), ["`competences[1].levels"]),
        (changed('division = "city"', 'division = "province"'), ["`competences`"]),
        (
            changed('beyond_known_years = "REFUSE"', 'beyond_known_years = "GUESS"'),
            ["`working_days.beyond_known_years`"],
        ),
        (SHIPPED + "\n[calendar]\nfirst_year = 2000\n", ["`calendar`"]),
        (changed("[working_days]", "[holidays]"), ["`holidays`", "`working_days.beyond_known_years`"]),
        (changed('notice = "notices/', 'notice = "../'), ["`catalog.notice`"]),
        (changed('code = "zj-2023', 'code = "ZJ 2023'), ["`catalog.code`"]),
        (changed("[authorities]", "[offices]"), ["`authorities`", "`offices`"]),
        (changed("[province]", "[province"), ["it is no TOML"]),
        (changed('name_en = "Zhejiang"', 'name_en = "Zhejiang"\nanthem = "?"'), ["`province.anthem`"]),
        ("", ["`province.division`", "`periods`", "`competences`", "`catalog`"]),
    ],
)
def test_a_malformed_file_is_refused_whole(text, places):
    """Every fault is named by its place in the file, and nothing of the file is taken."""
    with pytest.raises(SourceRefused) as refused:
        parse_jurisdiction(text, "jurisdiction.toml", files("catalog"))
    sentences = str(refused.value)
    assert "jurisdiction.toml is refused" in sentences
    for place in places:
        assert place in sentences, sentences


def test_a_hearing_may_have_a_period_of_no_day():
    """A file may give 0 days to answer, with which notice is enough; every other period has a day at least."""
    answer, accept = "[periods.answer]\ndays = ", "[periods.accept]\ndays = "
    parsed = parse_jurisdiction(changed(answer + "5", answer + "0"), "jurisdiction.toml", files("catalog"))
    assert parsed.rules.periods.answer.days == 0
    assert parsed.rules.answer_until(date(2025, 10, 1)) == date(2025, 10, 1)
    with pytest.raises(SourceRefused, match=r"`periods\.accept\.days`"):
        parse_jurisdiction(changed(accept + "5", accept + "0"), "jurisdiction.toml", files("catalog"))


def test_several_faults_are_named_at_once():
    """Who corrects a file reads all that is wrong with it."""
    text = changed("years = 3", "years = 0").replace("due_soon = 3", "due_soon = 99")
    with pytest.raises(SourceRefused) as refused:
        parse_jurisdiction(text, "jurisdiction.toml", files("catalog"))
    assert len(refused.value.faults) == 2


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """A mistyped name starts no registry."""
    with pytest.raises(SourceRefused, match=r"nowhere\.toml"):
        load_jurisdiction(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("notice.txt", "2025年3月1日", "2024年3月1日", "before recognition begins"),
        ("divisions.csv", "350000", "360000", "350000"),
        ("divisions.csv", "350100,福州市,city,350000", "350100,福州市,city,360000", "parent"),
    ],
)
def test_files_that_contradict_the_jurisdiction_are_refused(tmp_path, name, old, new, says):
    """A notice in force too early and divisions of another province are named with what contradicts."""
    for each in FUJIAN.parent.iterdir():
        text = each.read_text(encoding="utf-8")
        (tmp_path / each.name).write_text(text.replace(old, new) if each.name == name else text, encoding="utf-8")
    where = load_jurisdiction(tmp_path / FUJIAN.name)
    load = load_official_catalog if name == "notice.txt" else load_directory
    with pytest.raises(SourceRefused, match=says):
        load(where)


def test_a_file_beside_it_that_is_missing_is_named(tmp_path):
    """The jurisdiction's notice has to lie beside it."""
    (tmp_path / FUJIAN.name).write_text(FUJIAN.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(SourceRefused, match=r"notice\.txt"):
        load_official_catalog(load_jurisdiction(tmp_path / FUJIAN.name))
