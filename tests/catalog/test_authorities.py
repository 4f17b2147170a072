"""Authorities follow from the divisions, and jurisdiction from both (article 1)."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.authorities import bureaus, load_authorities, load_directory, load_divisions, parse_divisions, parse_units
from catalog.faults import FaultCode, SourceRefused
from catalog.jurisdiction import load_jurisdiction
from domain.authorities import Authority, AuthorityDirectory, Division, DivisionLevel
from domain.refusals import RefusalCode, Refused
from domain.values import AuthorityKind

DAY = date(2023, 11, 1)
DIRECTORY = load_directory()
CODES = [authority.code for authority in DIRECTORY.authorities]


def test_division_tree() -> None:
    """Zhejiang has 11 cities and 90 counties: 37 districts, 20 county-level cities, 32 counties, one autonomous county."""
    divisions = load_divisions()
    assert [sum(division.level is level for division in divisions) for level in DivisionLevel] == [1, 11, 90]
    counties = [division.name for division in divisions if division.level is DivisionLevel.COUNTY]
    assert sum(name.endswith("区") for name in counties) == 37
    assert sum(name.endswith("市") for name in counties) == 20
    assert sum(name.endswith("县") for name in counties) == 33
    assert all(
        division.parent == f"{division.code[:4]}00" for division in divisions if division.level is DivisionLevel.COUNTY
    )
    seen = {code: {each[:6] for each in DIRECTORY.visible_authorities(f"{code}-EI")} for code in ("330000", "330100")}
    assert {code: len(divisions) for code, divisions in seen.items()} == {"330000": 102, "330100": 14}
    assert DIRECTORY.visible_authorities("330106-EI") == {"330106-EI", "330106-HR"}
    assert DIRECTORY.visible_authorities("999999-EI") == frozenset()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("330000-EI", "浙江省经济和信息化厅"),
        ("330000-HR", "浙江省人力资源和社会保障厅"),
        ("330100-EI", "杭州市经济和信息化局"),
        ("330102-HR", "杭州市上城区人力资源和社会保障局"),
        ("330127-EI", "淳安县经济和信息化局"),
        ("330782-HR", "义乌市人力资源和社会保障局"),
        ("331127-EI", "景宁畲族自治县经济和信息化局"),
        ("330903-EI", "舟山市普陀区经济和信息化局"),
    ],
)
def test_names_follow_the_official_pattern(code: str, name: str) -> None:
    """A province has a 厅, all others a 局; only districts bear their city's name in front."""
    assert DIRECTORY.get(code, DAY).name == name


def test_two_bureaus_a_division_and_the_units() -> None:
    """Every division has both bureaus; the provincial units belong to the province; codes and names are unique."""
    authorities = load_authorities()
    units = [authority for authority in authorities if authority.kind is AuthorityKind.PROVINCIAL_UNIT]
    assert len(authorities) - len(units) == 2 * len(load_divisions()) == 204
    assert units
    assert {unit.division_code for unit in units} == {"330000"}
    assert len({authority.code for authority in authorities}) == len({a.name for a in authorities}) == len(authorities)


@pytest.mark.parametrize(
    ("decider", "case", "covered"),
    [
        ("330106-EI", "330106-EI", True),
        ("330106-EI", "330106-HR", True),
        ("330106-EI", "330105-EI", False),
        ("330106-EI", "330100-EI", False),
        ("330100-HR", "330106-EI", True),
        ("330100-HR", "330203-EI", False),
        ("330100-HR", "330000-HR", False),
        ("330100-HR", "330000-PU01", False),
        ("330000-EI", "330106-HR", True),
        ("330000-EI", "330200-EI", True),
        ("330000-HR", "330000-PU01", True),
        ("330000-PU01", "330000-PU01", True),
        ("330000-PU01", "330000-PU02", False),
        ("330000-PU01", "330000-EI", False),
        ("330000-PU01", "330106-EI", False),
        ("330000-EI", "999999-EI", False),
        ("999999-EI", "330106-EI", False),
        ("999999-EI", "999999-EI", False),
    ],
)
def test_jurisdiction(decider: str, case: str, covered: bool) -> None:
    """Same division, either bureau; or a bureau above; a unit only its own; unknown codes are covered by nobody."""
    assert DIRECTORY.covers(decider, case, DAY) is covered
    assert (case in DIRECTORY.visible_authorities(decider)) is covered


@settings(deadline=None)
@given(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(CODES))
def test_jurisdiction_is_reflexive_and_transitive(first: str, second: str, third: str) -> None:
    """Every authority covers itself; whoever covers one that covers another covers that other too."""
    assert DIRECTORY.covers(first, first, DAY)
    if DIRECTORY.covers(first, second, DAY) and DIRECTORY.covers(second, third, DAY):
        assert DIRECTORY.covers(first, third, DAY)


def test_established_and_abolished_are_a_half_open_period() -> None:
    """An authority exists from its first day to the day before it was abolished; cases outlive it and stay with those above."""
    county = Division("1", "甲", DivisionLevel.PROVINCE, None)
    old = Authority("1-EI", "甲局", AuthorityKind.ECONOMY_AND_INFORMATION, "1", date(2023, 1, 1), date(2024, 1, 1))
    new = Authority("1-HR", "乙局", AuthorityKind.HUMAN_RESOURCES, "1")
    directory = AuthorityDirectory([county], [old, new])
    days = [date(2022, 12, 31), date(2023, 1, 1), date(2023, 12, 31), date(2024, 1, 1)]
    assert [directory.find("1-EI", day) is old for day in days] == [False, True, True, False]
    assert [directory.covers("1-EI", "1-HR", day) for day in days] == [False, True, True, False]
    assert [directory.covers("1-HR", "1-EI", day) for day in days] == [True] * 4
    with pytest.raises(Refused) as refused:
        directory.get("1-EI", days[3])
    assert refused.value.code is RefusalCode.UNKNOWN_AUTHORITY


@pytest.mark.parametrize(
    ("divisions", "authorities"),
    [
        ([Division("2", "乙", DivisionLevel.CITY, "1")], []),
        ([Division("1", "甲", DivisionLevel.PROVINCE, None)] * 2, []),
        ([], [Authority("1-EI", "甲局", AuthorityKind.ECONOMY_AND_INFORMATION, "1")]),
    ],
)
def test_a_directory_with_loose_ends_is_a_defect(divisions: list[Division], authorities: list[Authority]) -> None:
    """A directory is not built on divisions that are missing or stand twice."""
    with pytest.raises(ValueError, match=r"not there|twice"):
        AuthorityDirectory(divisions, authorities)


def test_bureaus_of_a_single_division() -> None:
    """Bureaus are derived for whatever divisions are given, EI before HR."""
    assert [
        bureau.code
        for bureau in bureaus([Division("1", "甲", DivisionLevel.PROVINCE, None)], load_jurisdiction().authorities)
    ] == ["1-EI", "1-HR"]


DIVISIONS = "code,name,level,parent\n"
UNITS = "code,name,established,abolished,ground\n"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("code,name\n", [(FaultCode.HEADER_MISSING, 1)]),
        (DIVISIONS + "1,甲,province,\n1,乙,city,1\n", [(FaultCode.CODE_TWICE, 3)]),
        (DIVISIONS + "1,甲,province,\n2,乙,town,1\n", [(FaultCode.VALUE_UNKNOWN, 3)]),
        (DIVISIONS + "1,甲,province,\n2,乙,county,1\n", [(FaultCode.VALUE_UNKNOWN, 3)]),
        (DIVISIONS + "1,甲,province,9\n", [(FaultCode.VALUE_UNKNOWN, 2)]),
        (DIVISIONS + "1,,province,\n2,乙\n,丙,city,1\n",
         [(FaultCode.CELL_MISSING, 2), (FaultCode.CELL_MISSING, 3), (FaultCode.CELL_MISSING, 4)]),
    ],
)  # fmt: skip
def test_malformed_divisions(text: str, faults: list[tuple[FaultCode, int]]) -> None:
    """Malformed divisions are refused with code and line, all at once."""
    with pytest.raises(SourceRefused) as refused:
        parse_divisions(text, "divisions.csv")
    assert [(fault.code, fault.row) for fault in refused.value.faults] == faults


def test_malformed_units() -> None:
    """A unit without a ground, with a day that is none, or standing twice is refused; a sound one keeps its days."""
    with pytest.raises(SourceRefused) as refused:
        parse_units(UNITS + "u,甲,2023-02-30,,\nu,乙,,gestern,ground\n", "units.csv", "330000")
    assert sorted((fault.code, fault.row) for fault in refused.value.faults) == [
        ("CELL_MISSING", 2), ("CODE_TWICE", 3), ("DATE_MALFORMED", 2), ("DATE_MALFORMED", 3),
    ]  # fmt: skip
    (unit,) = parse_units(UNITS + "u,甲,2023-02-28,2024-01-01,ground\n", "units.csv", "330000")
    assert (unit.established, unit.abolished) == (date(2023, 2, 28), date(2024, 1, 1))
