"""The authorities of the province: two bureaus for each division, and the provincial units.

The notice addresses 市、县（市、区）人力资源和社会保障局、经济和信息化局，省级有关单位 and names none of them, so the bureaus
are derived from the divisions (GB/T 2260 codes): ``330106-EI`` and ``330106-HR``. Names follow the official pattern, with what
the jurisdiction's file calls the two functions. A province has a 厅, a municipality and every other division a 局; a district bears its city's name in front (杭州市西湖区…), while a county, an
autonomous county and a county-level city stand alone (桐庐县…, 义乌市…). Where a county has merged the function into
another bureau, its plate may read otherwise; the code and the jurisdiction stay.

The provincial units are data (``data/provincial_units.csv``); its ``ground`` column says why each of them stands there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from io import StringIO
from typing import Final

from catalog.faults import Fault, FaultCode, SourceRefused
from catalog.jurisdiction import AuthorityFiles, Jurisdiction, load_jurisdiction
from domain.authorities import Authority, AuthorityDirectory, AuthorityKind, Division, DivisionLevel
from domain.messages import Message, tell

_DIVISION_COLUMNS: Final = ("code", "name", "level", "parent")
_UNIT_COLUMNS: Final = ("code", "name", "established", "abolished", "ground")
_ABOVE: Final[Mapping[DivisionLevel, DivisionLevel | None]] = {
    DivisionLevel.PROVINCE: None,
    DivisionLevel.CITY: DivisionLevel.PROVINCE,
    DivisionLevel.COUNTY: DivisionLevel.CITY,
}


def load_directory(where: Jurisdiction | None = None) -> AuthorityDirectory:
    """The divisions and authorities of a jurisdiction, with the rule of jurisdiction over them; by default the shipped one's.

    Raises ``SourceRefused`` with every fault of the data.
    """
    return _directory(where or load_jurisdiction())


@cache
def _directory(where: Jurisdiction) -> AuthorityDirectory:
    return AuthorityDirectory(load_divisions(where), load_authorities(where))


def load_divisions(where: Jurisdiction | None = None) -> tuple[Division, ...]:
    """The province, its cities and its counties; raises ``SourceRefused`` with every fault of the data."""
    where = where or load_jurisdiction()
    source, province = where.authorities.divisions, where.rules.division
    divisions = parse_divisions(where.text(source), source)
    if [each.code for each in divisions if each.level is DivisionLevel.PROVINCE] != [province]:
        message = tell("fault.province_differs", province=province)
        raise SourceRefused(source, (Fault(FaultCode.VALUE_UNKNOWN, message),))
    return divisions


def load_authorities(where: Jurisdiction | None = None) -> tuple[Authority, ...]:
    """Both bureaus of every division, then the provincial units; raises ``SourceRefused`` with every fault of the data."""
    where = where or load_jurisdiction()
    source = where.authorities.units
    units = parse_units(where.text(source), source, where.rules.division)
    return (*bureaus(load_divisions(where), where.authorities), *units)


def bureaus(divisions: Iterable[Division], called: AuthorityFiles) -> Iterator[Authority]:
    """The two bureaus of each division, named and coded as the module says."""
    functions = (
        ("EI", called.economy, AuthorityKind.ECONOMY_AND_INFORMATION),
        ("HR", called.human_resources, AuthorityKind.HUMAN_RESOURCES),
    )
    by_code = {division.code: division for division in divisions}
    for division in by_code.values():
        parent = by_code.get(division.parent or "")
        city = parent.name if parent and division.level is DivisionLevel.COUNTY and division.name.endswith("区") else ""
        municipality = division.name.endswith("市")
        rank = "厅" if division.level is DivisionLevel.PROVINCE and not municipality else "局"
        for suffix, function, kind in functions:
            yield Authority(f"{division.code}-{suffix}", f"{city}{division.name}{function}{rank}", kind, division.code)


def parse_divisions(text: str, source: str) -> tuple[Division, ...]:
    """Read divisions from CSV (``code,name,level,parent``); raises ``SourceRefused`` with every fault at once."""
    table = _Table(text, source, _DIVISION_COLUMNS)
    levels: dict[str, DivisionLevel | None] = {}
    for line, row in table.rows:
        table.once(line, row["code"])
        level = table.level(line, row["level"])
        above = levels.get(row["parent"])
        if level is not None and (above is not _ABOVE[level] or (above is None and row["parent"])):
            higher = _ABOVE[level]
            belongs = tell("fault.above_one", level=str(higher)) if higher else tell("fault.above_none")
            table.fault(
                line, "parent", FaultCode.VALUE_UNKNOWN, tell("fault.parent_wrong", level=str(level), above=belongs)
            )
        levels[row["code"]] = level
    table.check()
    return tuple(
        Division(row["code"], row["name"], DivisionLevel(row["level"]), row["parent"] or None) for _, row in table.rows
    )


def parse_units(text: str, source: str, province: str) -> tuple[Authority, ...]:
    """Read the units of a province, by its code, from CSV (``code,name,established,abolished,ground``); raises ``SourceRefused``."""
    table = _Table(text, source, _UNIT_COLUMNS)
    units = []
    for line, row in table.rows:
        table.once(line, row["code"])
        table.required(line, "ground", row["ground"])
        units.append(
            Authority(
                row["code"],
                row["name"],
                AuthorityKind.PROVINCIAL_UNIT,
                province,
                established=table.day(line, "established", row["established"]),
                abolished=table.day(line, "abolished", row["abolished"]),
            )
        )
    table.check()
    return tuple(units)


class _Table:
    """A CSV source with fixed columns, whose ``code`` and ``name`` are never empty; collects faults until ``check``."""

    def __init__(self, text: str, source: str, columns: tuple[str, ...]) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.rows: list[tuple[int, Mapping[str, str]]] = []
        self._first: dict[str, int] = {}
        reader = csv.reader(StringIO(text))
        if tuple(next(reader, ())) != columns:
            message = tell("fault.first_line_differs", columns=tuple(columns))
            raise SourceRefused(source, (Fault(FaultCode.HEADER_MISSING, message, row=1),))
        for cells in reader:
            if len(cells) != len(columns):
                message = tell("fault.line_miscounted", found=len(cells), wanted=len(columns))
                self.fault(reader.line_num, None, FaultCode.CELL_MISSING, message)
                continue
            row = dict(zip(columns, cells, strict=True))
            self.rows.append((reader.line_num, row))
            for column in ("code", "name"):
                self.required(reader.line_num, column, row[column])

    def fault(self, line: int, column: str | None, code: FaultCode, message: Message) -> None:
        self.faults.append(Fault(code, message, row=line, column=column))

    def required(self, line: int, column: str, text: str) -> None:
        if not text.strip():
            self.fault(line, column, FaultCode.CELL_MISSING, tell("fault.value_missing", column=column))

    def once(self, line: int, code: str) -> None:
        first = self._first.setdefault(code, line)
        if first != line:
            message = tell("fault.code_twice", code=code, first=first)
            self.fault(line, "code", FaultCode.CODE_TWICE, message)

    def level(self, line: int, text: str) -> DivisionLevel | None:
        try:
            return DivisionLevel(text)
        except ValueError:
            message = tell("fault.value_unknown", text=text, known=tuple(map(str, DivisionLevel)))
            self.fault(line, "level", FaultCode.VALUE_UNKNOWN, message)
            return None

    def day(self, line: int, column: str, text: str) -> date | None:
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.fault(line, column, FaultCode.DATE_MALFORMED, tell("fault.no_day", text=text))
            return None

    def check(self) -> None:
        if self.faults:
            raise SourceRefused(self.source, tuple(sorted(self.faults, key=lambda fault: fault.row or 0)))
