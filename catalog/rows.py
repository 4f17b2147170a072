"""From the cells of a table to entries: what holds for an official notice and for any file alike.

A reader finds the rows and says where each cell stands; this module says what the cells mean, and collects every fault.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from catalog.faults import Fault, FaultCode, Place, place_of
from catalog.text import fold
from domain.catalog.levels import LEVEL_NAMES, level_of_title, named, title_of_series
from domain.messages import Message, tell
from domain.refusals import Refused
from domain.text import CODE_LIMIT, NAME_LIMIT, PROSE_LIMIT, clean
from domain.values import CatalogEntry, TitleAward, TitleLevel


class CatalogColumn(StrEnum):
    """The columns of a catalog; the value is the head in the notice. Those after the field exist in files only.

    ``LABEL`` is what a notice prints in the number's place, ``ENGLISH`` an English name beside a Chinese one.
    """

    NUMBER = "序号"
    NAME = "境外职业资格名称"
    TRANSLATED = "境外职业资格译名"
    ISSUER = "证书颁发机构"
    TITLE = "比照认定职称"
    FIELD = "专业领域"
    GRADE = "等级"
    LEVEL = "职称级别"
    LABEL = "原编号"
    COUNTRY = "国家/地区"
    SERIES = "职称系列"
    TIER = "清单类别"
    CONDITIONS = "认定条件"
    VALID = "有效期至"
    REMARK = "备注"
    ENGLISH = "英文名称"


OFFICIAL: Final = (
    CatalogColumn.NUMBER,
    CatalogColumn.NAME,
    CatalogColumn.TRANSLATED,
    CatalogColumn.ISSUER,
    CatalogColumn.TITLE,
    CatalogColumn.FIELD,
)
"""The six columns of the notice, in its order."""

FURTHER: Final = {
    CatalogColumn.LABEL: CODE_LIMIT,
    CatalogColumn.COUNTRY: NAME_LIMIT,
    CatalogColumn.SERIES: NAME_LIMIT,
    CatalogColumn.TIER: NAME_LIMIT,
    CatalogColumn.CONDITIONS: PROSE_LIMIT,
    CatalogColumn.VALID: NAME_LIMIT,
    CatalogColumn.REMARK: PROSE_LIMIT,
}
"""What other notices say of an entry, and how many characters each may have."""

NOTHING: Final = frozenset({"/", "／", "\\", "-", "—", "——", "–", "无"})
"""What offices type into a cell of grades, levels or validity that says nothing."""

_LEVEL_WORDS: Final = {
    "助理级": TitleLevel.JUNIOR,
    "副高": TitleLevel.ASSOCIATE_SENIOR,
    "正高": TitleLevel.SENIOR,
}
_LEVELS: Final = (
    {name: level for level, name in LEVEL_NAMES.items()} | {level.value: level for level in TitleLevel} | _LEVEL_WORDS
)
_EITHER_SENIOR: Final = "高级"
_SENIORS: Final = (LEVEL_NAMES[TitleLevel.ASSOCIATE_SENIOR], LEVEL_NAMES[TitleLevel.SENIOR])
_GRADES: Final = re.compile(r"\d+[级級](?:、\d+[级級])+$")
_NUMBER: Final = re.compile(r"\d{1,6}")
_LABEL: Final = re.compile(
    r"[A-Za-z]{1,4}[-–.]?\d{0,4}(?:[.\-–]\d{1,4})*|\d{1,4}(?:[.\-–]\d{1,4})+"
    r"|[\u2460-\u2473\u3251-\u325f\u32b1-\u32bf]|[（(]?[一二三四五六七八九十百]{1,4}[)）]?"
)
_SEPARATORS: Final = "、，,；;/"


def is_label(text: str) -> bool:
    """Whether a text stands where a number does and is none: A1, 1.1, ①, （一）."""
    return _NUMBER.fullmatch(text) is None and _LABEL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text as it stands in the file, with the row (or line) and the column a reader sees.

    ``problem`` is a sentence saying why a cell holds no text at all, where it holds something else; ``day`` is the date that an
    office program keeps in it.
    """

    text: str
    row: int
    column: str | None = None
    problem: Message | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a catalog's table before anybody judged it; a cell that the row lacks is absent from ``cells``.

    ``columns`` are those that the file has; all six of the notice where it says nothing.
    """

    row: int
    cells: Mapping[CatalogColumn, Cell]
    sheet: str | Message | None = None
    columns: frozenset[CatalogColumn] = frozenset(OFFICIAL)


@dataclass(slots=True)
class RowReader:
    """Reads rows one by one and remembers what it must compare across them.

    ``fields`` limits the fields that may occur, ``levels`` those of the titles; None allows any. ``faults`` grows; ``entries``
    holds the rows without one; ``left_out`` says what the file holds and does not show, ``heads`` which of its columns were read.

    Where rows are ``labelled`` they bear labels in the place of numbers, and are numbered in their order.
    """

    fields: frozenset[str] | None = None
    levels: frozenset[TitleLevel] | None = None
    faults: list[Fault] = field(default_factory=list)
    entries: list[CatalogEntry] = field(default_factory=list)
    left_out: list[Message] = field(default_factory=list)
    heads: list[Message] = field(default_factory=list)
    labelled: bool = False
    seen: dict[int, Place] = field(default_factory=dict)
    labels: dict[str | Place, Place] = field(default_factory=dict)

    def read(self, raw: RawRow) -> None:
        """Take in one row: an entry where nothing is wrong with it, a fault for each thing that is."""
        row = _Row(raw, len(self.labels) + 1 if self.labelled else _entry_number(raw))
        required = raw.columns | {CatalogColumn.NUMBER}
        texts: dict[CatalogColumn, str] = {
            column: row.text(column) if column in required else "" for column in OFFICIAL
        }
        further = {column: row.optional(column, limit) for column, limit in FURTHER.items()}
        if CatalogColumn.TRANSLATED not in raw.columns:
            texts[CatalogColumn.TRANSLATED] = texts[CatalogColumn.NAME]
        if CatalogColumn.FIELD not in raw.columns:
            texts[CatalogColumn.FIELD] = further[CatalogColumn.SERIES] or row.text(CatalogColumn.SERIES)
        if self.labelled:
            further[CatalogColumn.LABEL] = self._label(row, texts[CatalogColumn.NUMBER])
        else:
            self._number(row, texts[CatalogColumn.NUMBER])
        if self.fields is not None and texts[CatalogColumn.FIELD] and texts[CatalogColumn.FIELD] not in self.fields:
            row.fault(
                CatalogColumn.FIELD,
                FaultCode.FIELD_UNKNOWN,
                tell("fault.field_unknown", field=texts[CatalogColumn.FIELD], fields=tuple(sorted(self.fields))),
            )
        awards = _awards(row, texts, further[CatalogColumn.SERIES], self.levels)
        until, said = _valid_until(raw.cells.get(CatalogColumn.VALID), further[CatalogColumn.VALID])
        remark = "；".join(filter(None, (further[CatalogColumn.REMARK], said)))
        self.faults += row.faults
        if not row.faults and row.number is not None:
            self.entries.append(
                CatalogEntry(
                    number=row.number,
                    qualification_name=texts[CatalogColumn.NAME],
                    translated_name=texts[CatalogColumn.TRANSLATED],
                    issuing_body=texts[CatalogColumn.ISSUER],
                    field=texts[CatalogColumn.FIELD],
                    awards=awards,
                    label=further[CatalogColumn.LABEL] or None,
                    country=further[CatalogColumn.COUNTRY] or None,
                    series=further[CatalogColumn.SERIES] or None,
                    tier=further[CatalogColumn.TIER] or None,
                    conditions=further[CatalogColumn.CONDITIONS] or None,
                    valid_until=until,
                    remark=remark or None,
                )
            )

    def _label(self, row: _Row, text: str) -> str:
        """What stands in the place of the number, once in the table."""
        place = _place(row.raw)
        first = self.labels.setdefault(text or place, place)
        if text and not is_label(text):
            malformed = tell("fault.no_label", text=text)
            row.fault(CatalogColumn.NUMBER, FaultCode.NUMBER_MALFORMED, malformed)
        elif first != place:
            message = tell("fault.label_twice", label=text, first=first)
            row.fault(CatalogColumn.NUMBER, FaultCode.NUMBER_TWICE, message)
        return text

    def _number(self, row: _Row, text: str) -> None:
        if row.number is None:
            if text:
                row.fault(
                    CatalogColumn.NUMBER,
                    FaultCode.NUMBER_MALFORMED,
                    tell("fault.no_number", text=text),
                )
            return
        place = _place(row.raw)
        first = self.seen.setdefault(row.number, place)
        if first != place:
            row.fault(
                CatalogColumn.NUMBER,
                FaultCode.NUMBER_TWICE,
                tell("fault.number_twice", number=row.number, first=first),
            )

    def note(self, raw: RawRow) -> int | None:
        """The number of a row that is refused for another reason, remembered as one that the table has."""
        number = _entry_number(raw)
        if number is not None:
            self.seen.setdefault(number, place_of(row=raw.row))
        return number

    def gaps(self, last_row: int) -> None:
        """Add a fault for each run of numbers missing between 1 and the highest one."""
        for before, after in pairwise((0, *sorted(self.seen))):
            if after - before > 1:
                first, last = before + 1, after - 1
                message = (
                    tell("fault.number_missing", missing=first, after=after)
                    if first == last
                    else tell("fault.numbers_missing", first=first, last=last, after=after)
                )
                self.faults.append(
                    Fault(
                        FaultCode.NUMBER_GAP,
                        message,
                        row=last_row,
                        entry=before + 1,
                    )
                )


@dataclass(slots=True)
class _Row:
    raw: RawRow
    number: int | None
    faults: list[Fault] = field(default_factory=list)

    def text(self, column: CatalogColumn, limit: int = NAME_LIMIT) -> str:
        """The folded text of a required cell; empty, with a fault, where there is none or it is unfit."""
        cell = self.raw.cells.get(column)
        text = fold(cell.text) if cell else ""
        if cell and cell.problem:
            self.fault(column, FaultCode.CELL_ERROR, cell.problem)
        elif not text:
            self.fault(column, FaultCode.CELL_MISSING, tell("fault.cell_missing", column=column.value))
        elif len(text) > limit:
            message = tell("fault.cell_too_long", column=column.value, found=len(text), limit=limit)
            self.fault(column, FaultCode.CELL_TOO_LONG, message)
        else:
            try:
                return clean(text, column.value, limit=limit)
            except Refused as refused:
                self.fault(column, FaultCode.CONTROL_CHARACTER, refused.said)
        return ""

    def optional(self, column: CatalogColumn, limit: int = NAME_LIMIT) -> str:
        cell = self.raw.cells.get(column)
        if cell is None or (column is CatalogColumn.VALID and cell.day is not None):
            return ""
        return self.text(column, limit) if cell.problem or fold(cell.text) else ""

    def listed(self, column: CatalogColumn) -> list[str]:
        """The parts of a cell that may say nothing."""
        text = self.optional(column)
        return split_list(text) if text and text not in NOTHING else []

    def fault(self, column: CatalogColumn, code: FaultCode, message: Message) -> None:
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


def _place(raw: RawRow) -> Place:
    return place_of(raw.sheet, raw.row)


def _entry_number(raw: RawRow) -> int | None:
    """The number a row bears, in whatever digits it is typed; None where it bears none that counts."""
    cell = raw.cells.get(CatalogColumn.NUMBER)
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


def _awards(
    row: _Row, texts: Mapping[CatalogColumn, str], series: str, allowed: frozenset[TitleLevel] | None
) -> tuple[TitleAward, ...]:
    if CatalogColumn.TITLE in row.raw.columns:
        titles = split_list(texts[CatalogColumn.TITLE]) if texts[CatalogColumn.TITLE] else []
        levels = _levels(row, titles, allowed)
    else:
        levels = [
            _stated_level(row, name, None)
            for name in row.listed(CatalogColumn.LEVEL) or [row.text(CatalogColumn.LEVEL)]
        ]
        titles = [_derived(row, series, level) for level in levels if level is not None]
    grades = _grades(row, texts, len(titles))
    return tuple(
        TitleAward(grade=grade, title=title, level=level)
        for grade, title, level in zip(grades, titles, levels, strict=False)
        if title and level is not None
    )


def _derived(row: _Row, series: str, level: TitleLevel) -> str:
    """The title of a list that names series and levels only."""
    title = title_of_series(series, level)
    if title is None:
        message = tell("fault.title_not_told", series=series, column=CatalogColumn.TITLE.value)
        row.fault(CatalogColumn.SERIES, FaultCode.TITLE_UNKNOWN, message)
    return title or ""


def _levels(row: _Row, titles: list[str], allowed: frozenset[TitleLevel] | None) -> list[TitleLevel | None]:
    """The level of each title: from its own column, or else the one that its name says."""
    names = row.listed(CatalogColumn.LEVEL)
    if names and (len(names) != len(titles) or not all(titles)):
        row.fault(
            CatalogColumn.LEVEL,
            FaultCode.LEVEL_UNKNOWN,
            tell("fault.levels_miscounted", levels=len(names), titles=len(titles)),
        )
        return [None for _ in titles]
    if names:
        return [_stated_level(row, name, title) for name, title in zip(names, titles, strict=True)]
    levels = [level_of_title(title) for title in titles]
    for title, level in zip(titles, levels, strict=True):
        if level is None:
            row.fault(
                CatalogColumn.TITLE,
                FaultCode.TITLE_UNKNOWN,
                tell("fault.title_without_level", title=title, column=CatalogColumn.LEVEL.value),
            )
        elif allowed is not None and level not in allowed:
            row.fault(
                CatalogColumn.TITLE,
                FaultCode.TITLE_UNKNOWN,
                tell("fault.title_beyond_notice", title=title, level=LEVEL_NAMES[level], allowed=named(allowed)),
            )
    return levels


def _stated_level(row: _Row, name: str, title: str | None) -> TitleLevel | None:
    """The level that a word says of a title. 高级 is one of two, which the title's name decides."""
    said = level_of_title(title) if title else None
    level = _LEVELS.get(name.removesuffix("职称"))
    senior = {TitleLevel.ASSOCIATE_SENIOR, TitleLevel.SENIOR}
    if level is None and name.removesuffix("职称") == _EITHER_SENIOR and (said is None or said in senior):
        if said is None:
            message = tell("fault.level_open", name=name, one=_SENIORS[0], other=_SENIORS[1])
            row.fault(CatalogColumn.LEVEL, FaultCode.LEVEL_UNKNOWN, message)
        return said
    if level is None:
        if name:
            message = tell("fault.level_unknown", name=name, levels=tuple(LEVEL_NAMES.values()))
            row.fault(CatalogColumn.LEVEL, FaultCode.LEVEL_UNKNOWN, message)
    elif said is not None and said is not level:
        message = tell("fault.level_contradicts", name=name, title=str(title), level=LEVEL_NAMES[said])
        row.fault(CatalogColumn.LEVEL, FaultCode.LEVEL_UNKNOWN, message)
    return level


_DAY: Final = re.compile(r"(\d{4})\s*[-年/.]\s*(\d{1,2})\s*(?:[-月/.]\s*(?:(\d{1,2})\s*日?)?)?\s*(?:止|前|为止|以前)?$")
_NO_END: Final = frozenset({"长期", "长期有效", "永久", "永久有效"})


def _valid_until(cell: Cell | None, text: str) -> tuple[date | None, str]:
    """The last day that a cell states, and what it says beside that: a text that is no day is kept as it stands."""
    if cell is not None and cell.day is not None:
        return cell.day, ""
    if not text or text in NOTHING or text in _NO_END:
        return None, ""
    found = _DAY.search(text)
    try:
        until = _last_day(int(found[1]), int(found[2]), int(found[3]) if found[3] else None) if found else None
    except ValueError:
        until = None
    whole = found is not None and until is not None and found.start() == 0
    return until, "" if whole else f"有效期：{text}"


def _last_day(year: int, month: int, day: int | None) -> date:
    return date(year, month, day or monthrange(year, month)[1])


def _grades(row: _Row, texts: Mapping[CatalogColumn, str], count: int) -> list[str | None]:
    """The grade of each title: from its own column, or else from the name's end (entries 88-90: ``2级、1级``)."""
    grades: list[str | None] = [grade or None for grade in row.listed(CatalogColumn.GRADE)]
    column = CatalogColumn.GRADE
    if not texts[CatalogColumn.NAME]:
        return [None] * count
    if not grades and (count > 1 or CatalogColumn.GRADE not in row.raw.cells):
        column = CatalogColumn.NAME
        grades = list(_named_grades(texts[CatalogColumn.NAME]))
        translated = _named_grades(texts[CatalogColumn.TRANSLATED])
        if texts[CatalogColumn.TRANSLATED] and list(map(_simple, grades)) != list(map(_simple, translated)):
            row.fault(
                CatalogColumn.TRANSLATED,
                FaultCode.GRADES_CONTRADICT,
                tell(
                    "fault.grades_contradict",
                    grades=tuple(map(str, grades)) or tell("fault.no_grade"),
                    translated=translated or tell("fault.no_grade"),
                ),
            )
    if not count:
        return []
    if not grades and count == 1:
        return [None]
    if len(grades) != count or len(set(grades)) != count:
        row.fault(
            column,
            FaultCode.GRADES_CONTRADICT,
            tell("fault.grades_miscounted", grades=len(set(grades)), titles=count),
        )
    return grades


def _named_grades(name: str) -> tuple[str, ...]:
    found = _GRADES.search(name)
    return tuple(found[0].split("、")) if found else ()


def _simple(grade: str | None) -> str:
    return (grade or "").replace("級", "级")
