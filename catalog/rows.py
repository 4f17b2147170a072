"""From the cells of a table to entries: what holds for an official notice and for any file alike.

A reader finds the rows and says where each cell stands; this module says what the cells mean, and collects every fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from catalog.faults import Fault, FaultCode
from catalog.text import fold
from domain.refusals import Refused
from domain.text import NAME_LIMIT, clean
from domain.values import CatalogEntry, TitleAward, TitleLevel


class Column(StrEnum):
    """The columns of a catalog; the value is the head in the notice. The last two exist in files only."""

    NUMBER = "序号"
    NAME = "境外职业资格名称"
    TRANSLATED = "境外职业资格译名"
    ISSUER = "证书颁发机构"
    TITLE = "比照认定职称"
    FIELD = "专业领域"
    GRADE = "等级"
    LEVEL = "职称级别"


OFFICIAL: Final = (Column.NUMBER, Column.NAME, Column.TRANSLATED, Column.ISSUER, Column.TITLE, Column.FIELD)
"""The six columns of the notice, in its order."""

TITLE_LEVELS: Final = {"助理工程师": TitleLevel.JUNIOR, "工程师": TitleLevel.INTERMEDIATE}
"""The titles the notice awards, and the level of each (article 1: 初、中级职称)."""

LEVEL_NAMES: Final = {TitleLevel.JUNIOR: "初级", TitleLevel.INTERMEDIATE: "中级"}
"""How the levels are written."""

_LEVELS: Final = {name: level for level, name in LEVEL_NAMES.items()} | {level.value: level for level in TitleLevel}
_GRADES: Final = re.compile(r"\d+[级級](?:、\d+[级級])+$")
_NUMBER: Final = re.compile(r"\d{1,6}")
_SEPARATORS: Final = "、，,；;/"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text as it stands in the file, with the row (or line) and the column a reader sees.

    ``problem`` is a sentence saying why a cell holds no text at all, where it holds something else.
    """

    text: str
    row: int
    column: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a catalog's table before anybody judged it; a column that the file lacks is absent from ``cells``."""

    row: int
    cells: Mapping[Column, Cell]
    sheet: str | None = None


@dataclass(slots=True)
class RowReader:
    """Reads rows one by one and remembers what it must compare across them.

    ``fields`` limits the fields that may occur; None allows any. ``faults`` grows; ``entries`` holds the rows without one;
    ``left_out`` says what the file holds and does not show.
    """

    fields: frozenset[str] | None = None
    faults: list[Fault] = field(default_factory=list)
    entries: list[CatalogEntry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    seen: dict[int, str] = field(default_factory=dict)

    def read(self, raw: RawRow) -> None:
        """Take in one row: an entry where nothing is wrong with it, a fault for each thing that is."""
        row = _Row(raw, _entry_number(raw))
        texts = {column: row.text(column) for column in OFFICIAL}
        self._number(row, texts[Column.NUMBER])
        if self.fields is not None and texts[Column.FIELD] and texts[Column.FIELD] not in self.fields:
            row.fault(
                Column.FIELD,
                FaultCode.FIELD_UNKNOWN,
                f"the field {texts[Column.FIELD]!r} is none of {'、'.join(sorted(self.fields))}; correct the cell.",
            )
        awards = _awards(row, texts)
        self.faults += row.faults
        if not row.faults and row.number is not None:
            self.entries.append(
                CatalogEntry(
                    number=row.number,
                    qualification_name=texts[Column.NAME],
                    translated_name=texts[Column.TRANSLATED],
                    issuing_body=texts[Column.ISSUER],
                    field=texts[Column.FIELD],
                    awards=awards,
                )
            )

    def _number(self, row: _Row, text: str) -> None:
        if row.number is None:
            if text:
                row.fault(
                    Column.NUMBER,
                    FaultCode.NUMBER_MALFORMED,
                    f"{text!r} is no number of an entry; write a whole number from 1 to 999999.",
                )
            return
        place = f"row {row.raw.row}" if row.raw.sheet is None else f"sheet {row.raw.sheet}, row {row.raw.row}"
        first = self.seen.setdefault(row.number, place)
        if first != place:
            row.fault(
                Column.NUMBER,
                FaultCode.NUMBER_TWICE,
                f"the number {row.number} stands at {first} already; give each entry a number of its own.",
            )

    def note(self, raw: RawRow) -> int | None:
        """The number of a row that is refused for another reason, remembered as one that the table has."""
        number = _entry_number(raw)
        if number is not None:
            self.seen.setdefault(number, f"row {raw.row}")
        return number

    def gaps(self, last_row: int) -> None:
        """Add a fault for each run of numbers missing between 1 and the highest one."""
        for before, after in pairwise((0, *sorted(self.seen))):
            if after - before > 1:
                missing = str(before + 1) if after - before == 2 else f"{before + 1} to {after - 1}"
                self.faults.append(
                    Fault(
                        FaultCode.NUMBER_GAP,
                        f"the entries run from 1 without a gap, and {missing} is missing before {after}; restore it.",
                        row=last_row,
                        entry=before + 1,
                    )
                )


@dataclass(slots=True)
class _Row:
    raw: RawRow
    number: int | None
    faults: list[Fault] = field(default_factory=list)

    def text(self, column: Column) -> str:
        """The folded text of a required cell; empty, with a fault, where there is none or it is unfit."""
        cell = self.raw.cells.get(column)
        text = fold(cell.text) if cell else ""
        if cell and cell.problem:
            self.fault(column, FaultCode.CELL_ERROR, cell.problem)
        elif not text:
            self.fault(column, FaultCode.CELL_MISSING, f"the cell {column.value} is missing; fill it in.")
        elif len(text) > NAME_LIMIT:
            message = f"the cell {column.value} holds {len(text)} characters; shorten it to {NAME_LIMIT}."
            self.fault(column, FaultCode.CELL_TOO_LONG, message)
        else:
            try:
                return clean(text, column.value)
            except Refused as refused:
                self.fault(column, FaultCode.CONTROL_CHARACTER, refused.message)
        return ""

    def optional(self, column: Column) -> str:
        cell = self.raw.cells.get(column)
        return self.text(column) if cell and (cell.problem or fold(cell.text)) else ""

    def fault(self, column: Column, code: FaultCode, message: str) -> None:
        cell = self.raw.cells.get(column)
        self.faults.append(
            Fault(
                code,
                message,
                sheet=self.raw.sheet,
                row=cell.row if cell else self.raw.row,
                column=(cell.column if cell else None) or column.value,
                entry=self.number,
            )
        )


def _entry_number(raw: RawRow) -> int | None:
    """The number a row bears, in whatever digits it is typed; None where it bears none that counts."""
    cell = raw.cells.get(Column.NUMBER)
    text = fold(cell.text) if cell else ""
    return int(text) or None if _NUMBER.fullmatch(text) else None


def join_list(parts: Iterable[str]) -> str:
    """Parts as one cell, with ``、`` between them; a separator inside a part is escaped by a backslash."""
    return "、".join(re.sub(rf"([\\{_SEPARATORS}])", r"\\\1", part) for part in parts)


def split_list(text: str) -> list[str]:
    """The parts of a cell: what ``join_list`` joined, or a list as typed, with Chinese or Latin commas between."""
    parts, escaped = [""], False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
        elif character in _SEPARATORS and not escaped:
            parts.append("")
        else:
            parts[-1] += character
            escaped = False
    return [fold(part) for part in parts]


def _awards(row: _Row, texts: Mapping[Column, str]) -> tuple[TitleAward, ...]:
    titles = split_list(texts[Column.TITLE]) if texts[Column.TITLE] else []
    levels = _levels(row, titles)
    grades = _grades(row, texts, len(titles))
    return tuple(
        TitleAward(grade=grade, title=title, level=level)
        for grade, title, level in zip(grades, titles, levels, strict=False)
        if title and level is not None
    )


def _levels(row: _Row, titles: list[str]) -> list[TitleLevel | None]:
    """The level of each title: from its own column, or else the one the notice gives the title."""
    stated = row.optional(Column.LEVEL)
    names = split_list(stated) if stated else []
    if not names:
        for title in titles:
            if title not in TITLE_LEVELS:
                row.fault(
                    Column.TITLE,
                    FaultCode.TITLE_UNKNOWN,
                    f"the title {title!r} is none of {'、'.join(TITLE_LEVELS)}; correct it, or state its level in a column "
                    f"{Column.LEVEL.value}.",
                )
        return [TITLE_LEVELS.get(title) for title in titles]
    if len(names) != len(titles) or not all(titles):
        row.fault(
            Column.LEVEL,
            FaultCode.LEVEL_UNKNOWN,
            f"{len(names)} levels stand beside {len(titles)} titles; state one for each, with 、 between.",
        )
    for name in names:
        if name not in _LEVELS:
            row.fault(
                Column.LEVEL,
                FaultCode.LEVEL_UNKNOWN,
                f"the level {name!r} is neither 初级 nor 中级; correct it.",
            )
    return [_LEVELS.get(name) for name in names]


def _grades(row: _Row, texts: Mapping[Column, str], count: int) -> list[str | None]:
    """The grade of each title: from its own column, or else from the name's end (entries 88-90: ``2级、1级``)."""
    stated = row.optional(Column.GRADE)
    grades: list[str | None] = [grade or None for grade in split_list(stated)] if stated else []
    column = Column.GRADE
    if not texts[Column.NAME]:
        return [None] * count
    if not grades and (count > 1 or Column.GRADE not in row.raw.cells):
        column = Column.NAME
        grades = list(_named_grades(texts[Column.NAME]))
        translated = _named_grades(texts[Column.TRANSLATED])
        if texts[Column.TRANSLATED] and list(map(_simple, grades)) != list(map(_simple, translated)):
            row.fault(
                Column.TRANSLATED,
                FaultCode.GRADES_CONTRADICT,
                f"the name ends with the grades {'、'.join(map(str, grades)) or 'none'} and its translation with "
                f"{'、'.join(translated) or 'none'}; make them agree.",
            )
    if not count:
        return []
    if not grades and count == 1:
        return [None]
    if len(grades) != count or len(set(grades)) != count:
        row.fault(
            column,
            FaultCode.GRADES_CONTRADICT,
            f"{len(set(grades))} different grades stand beside {count} titles; state one for each, in the titles' order.",
        )
    return grades


def _named_grades(name: str) -> tuple[str, ...]:
    found = _GRADES.search(name)
    return tuple(found[0].split("、")) if found else ()


def _simple(grade: str | None) -> str:
    return (grade or "").replace("級", "级")
