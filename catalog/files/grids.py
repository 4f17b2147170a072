"""A table as any file gives it: rows of cells, among which the head is found and the entries' rows are told apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from catalog.faults import Fault, FaultCode, place_of
from catalog.rows import OFFICIAL, CatalogColumn, Cell, RawRow, RowReader, is_label
from catalog.text import fold
from domain.messages import Message, tell

HEAD_DEPTH: Final = 50
"""Rows at the top of a table among which its head is looked for."""

_ENOUGH: Final = 3
"""Columns that a row must name to be taken for a head."""

SYNONYMS: Final[Mapping[CatalogColumn, tuple[str, ...]]] = {
    CatalogColumn.NUMBER: ("序号", "编号", "序", "号", "目录编号", "No.", "No", "Number"),
    CatalogColumn.NAME: (
        "境外职业资格名称", "境外职业资格", "职业资格名称", "资格名称", "资格原名", "原文名称", "证书名称", "境外职业资格证书名称",
        "国际职业资格名称", "国际职业资格证书名称", "国（境）外职业资格名称", "台湾地区职业资格名称", "台湾职业资格名称", "职业资格",
        "职业资格证书名称", "资格证书名称", "职业资格（证书）名称", "境外职业资格（证书）名称",
        "Qualification name", "Qualification", "Qualification name (original)",
    ),
    CatalogColumn.TRANSLATED: (
        "境外职业资格译名", "职业资格译名", "资格译名", "译名", "中文译名", "中文名称", "职业资格中文名称", "证书中文名称",
        "Translated name", "Translation",
    ),
    CatalogColumn.ENGLISH: (
        "英文名称", "英文名", "外文名称", "职业资格英文名称", "资格英文名称", "证书英文名称", "境外职业资格英文名称", "English name",
    ),
    CatalogColumn.ISSUER: (
        "证书颁发机构", "颁发机构", "颁证机构", "发证机构", "发证单位", "发证机关", "证书发放机构", "颁证单位", "颁发单位", "认证机构",
        "证书颁发单位", "颁证机构名称", "发证机构名称", "Issuing body", "Issuer",
    ),
    CatalogColumn.TITLE: (
        "比照认定职称", "认定职称", "对应职称", "比照职称", "职称", "职称名称", "对应职称名称", "比照职称名称", "可对应职称",
        "可比照认定职称", "对应我国职称", "Title", "Titles",
    ),
    CatalogColumn.FIELD: (
        "专业领域", "领域", "所属领域", "专业", "行业领域", "职业领域", "行业", "专业类别", "对应专业", "适用领域", "Field",
    ),
    CatalogColumn.GRADE: ("等级", "资格等级", "证书等级", "职业资格等级", "证书级别", "Grade", "Grades"),
    CatalogColumn.LEVEL: (
        "职称级别", "职称层级", "职称等级", "对应职称层级", "对应职称级别", "对应职称等级", "对应层级", "Level", "Levels",
    ),
    CatalogColumn.LABEL: ("原编号", "Label"),
    CatalogColumn.COUNTRY: (
        "国家/地区", "国家（地区）", "国家或地区", "国家和地区", "国别", "国别/地区", "国别（地区）", "国家", "地区", "所属国家/地区",
        "所属国家（地区）", "颁证国家/地区", "来源国家/地区", "Country", "Country/region",
    ),
    CatalogColumn.SERIES: ("职称系列", "对应职称系列", "系列", "对应系列", "职称系列（专业）", "对应职称系列（专业）", "Series"),
    CatalogColumn.TIER: ("清单类别", "清单", "清单层级", "目录类别", "类别", "批次", "目录批次", "Tier", "List"),
    CatalogColumn.CONDITIONS: (
        "认定条件", "条件", "申报条件", "比照认定条件", "认可条件", "对应条件", "学历要求", "资历要求", "工作年限要求", "年限要求",
        "学历和工作年限要求", "学历、资历要求", "学历资历条件", "学历条件", "资历条件", "工作年限", "适用条件", "Conditions",
    ),
    CatalogColumn.VALID: ("有效期至", "有效期", "有效期限", "目录有效期", "有效期截止日期", "截止日期", "Valid until"),
    CatalogColumn.REMARK: ("备注", "说明", "备注说明", "Remark", "Remarks", "Note", "Notes"),
}  # fmt: skip
"""Other heads that offices write for a column; compared without white space, case and width."""


def _head_form(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("*:")


_HEADS: Final = {_head_form(head): column for column, heads in SYNONYMS.items() for head in heads}
_CHINESE: Final = tuple(head for heads in SYNONYMS.values() for head in heads if not head.isascii() and len(head) > 1)


def names_heads(text: str) -> str:
    """The heads in Chinese that stand anywhere in a text, joined; they prove its encoding where it is no table."""
    return "".join(head for head in _CHINESE if head in text)


def surplus(row: Sequence[Cell], width: int) -> Message | None:
    """What is wrong with a row of a delimited text that holds more than the head has columns for; None where nothing is."""
    further = sum(1 for cell in row[width:] if cell.text.strip())
    if not further:
        return None
    return tell("fault.row_too_wide", count=len(row), width=width)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its name for a reader, and its rows, each a sequence of cells with its row number inside.

    ``flows`` marks a table that may be the continuation of the one before it, as after a page break; ``delimited`` one whose
    rows have a cell for each delimiter and no more; ``left_out`` says what its file holds and nobody sees on its screen: a sheet, a
    column or a row, which is not read.
    """

    sheet: str | Message | None
    rows: Sequence[Sequence[Cell]]
    flows: bool = False
    delimited: bool = False
    left_out: tuple[Message, ...] = ()


_SEVERAL: Final = frozenset({CatalogColumn.CONDITIONS, CatalogColumn.REMARK})
"""Columns of which a table may have several, each with its own head."""


@dataclass(frozen=True, slots=True)
class _Head:
    """A table's head: what each position holds, which columns it names twice, which heads it has that are none of an entry's."""

    index: int
    columns: Mapping[int, CatalogColumn]
    texts: Mapping[int, str]
    twice: tuple[CatalogColumn, ...]
    unknown: tuple[str, ...]

    @property
    def missing(self) -> tuple[CatalogColumn, ...]:
        """What an entry needs and the table lacks; a title can be told from series and level, a field from the series."""
        has = set(self.columns.values())
        spared = {CatalogColumn.TRANSLATED}
        spared |= {CatalogColumn.FIELD} if CatalogColumn.SERIES in has else set()
        spared |= {CatalogColumn.TITLE} if {CatalogColumn.SERIES, CatalogColumn.LEVEL} <= has else set()
        return tuple(column for column in OFFICIAL if column not in has | spared)

    def meaning(self, position: int) -> CatalogColumn:
        """What a position holds for an entry. An English name is the original one beside a Chinese name, and a remark beside an
        original and a translation.
        """
        column, has = self.columns[position], set(self.columns.values())
        if CatalogColumn.ENGLISH in has and not {CatalogColumn.NAME, CatalogColumn.TRANSLATED} <= has:
            return {CatalogColumn.ENGLISH: CatalogColumn.NAME, CatalogColumn.NAME: CatalogColumn.TRANSLATED}.get(
                column, column
            )
        return CatalogColumn.REMARK if column is CatalogColumn.ENGLISH else column

    def sentence(self, sheet: str | Message | None) -> Message:
        """Which heads were read and which were not."""
        read = tuple(
            self.texts[at]
            if self.texts[at] == (meaning := self.meaning(at)).value
            else f"{self.texts[at]} ({meaning.value})"
            for at in self.columns
        )
        said = (
            tell("fault.columns_read_some", read=read, left=self.unknown)
            if self.unknown
            else tell("fault.columns_read", read=read)
        )
        return said if sheet is None else tell("fault.placed", place=place_of(sheet), said=said)


def recognised(grid: Grid) -> int:
    """How many columns the table's head names; 0 where it has none."""
    head = _find_head(grid)
    return len(head.columns) if head else 0


def recognised_heads(grid: Grid) -> str:
    """The heads that the table's head row names, joined; empty where it has none."""
    head = _find_head(grid)
    return "".join(grid.rows[head.index][position].text for position in head.columns) if head else ""


def read_grids(grids: Sequence[Grid], reader: RowReader) -> None:
    """Give the rows of every table with a head to a reader; where no table has one, that is the fault."""
    head: _Head | None = None
    found = False
    rows: list[RawRow | Fault] = []
    for grid in grids:
        reader.left_out += grid.left_out
        own = _find_head(grid)
        if own is not None:
            found = True
            reader.heads.append(own.sentence(grid.sheet))
            head = own if _sound(grid, own, reader.faults) else None
            rows += _raw_rows(grid, own.index + 1, own) if head else ()
        elif grid.flows and head and grid.rows and _continues(grid.rows[0], head.columns):
            rows += _raw_rows(grid, 0, head)
        else:
            head = None
    reader.labelled = _are_labelled(rows)
    for row in rows:
        if isinstance(row, Fault):
            reader.faults.append(row)
        else:
            reader.read(row)
    if not found:
        reader.faults.append(_no_head(grids))


def _are_labelled(rows: Sequence[RawRow | Fault]) -> bool:
    """Whether labels stand in the place of numbers: in every row that has something there."""
    cells = (row.cells.get(CatalogColumn.NUMBER) for row in rows if isinstance(row, RawRow))
    keys = [text for cell in cells if cell is not None and (text := fold(cell.text))]
    return len(keys) > 1 and all(map(is_label, keys))


def _no_head(grids: Sequence[Grid]) -> Fault:
    """That no table has a head, and which row comes nearest to one."""
    heads = tuple(column.value for column in OFFICIAL)
    nearest = max(
        (_head_at(grid, n) for grid in grids for n in range(min(HEAD_DEPTH, len(grid.rows)))), key=_known, default=None
    )
    if nearest is None or not nearest.columns:
        return Fault(FaultCode.HEADER_MISSING, tell("fault.no_head", heads=heads))
    known = tuple(nearest.texts[at] for at in nearest.columns)
    message = (
        tell("fault.head_nearest_but", known=known, unknown=nearest.unknown, heads=heads)
        if nearest.unknown
        else tell("fault.head_nearest", known=known, heads=heads)
    )
    return Fault(FaultCode.HEADER_MISSING, message)


def _known(head: _Head) -> int:
    return len(head.columns)


def _head_at(grid: Grid, index: int) -> _Head:
    """A row read as a head."""
    columns: dict[int, CatalogColumn] = {}
    texts: dict[int, str] = {}
    twice: list[CatalogColumn] = []
    unknown: list[str] = []
    for position, cell in enumerate(grid.rows[index]):
        column = _HEADS.get(_head_form(cell.text))
        if column is None:
            unknown += [fold(cell.text)] if cell.text.strip() else []
        elif column in columns.values() and column not in _SEVERAL:
            twice.append(column)
        else:
            columns[position], texts[position] = column, fold(cell.text)
    return _Head(index, columns, texts, tuple(twice), tuple(unknown))


def _find_head(grid: Grid) -> _Head | None:
    heads = [_head_at(grid, index) for index in range(min(HEAD_DEPTH, len(grid.rows)))]
    best = max(heads, key=_known, default=None)
    return best if best is not None and _known(best) >= _ENOUGH else None


def _sound(grid: Grid, head: _Head, faults: list[Fault]) -> bool:
    row = grid.rows[head.index][0].row
    for column in head.missing:
        message = (
            tell("fault.head_lacks_perhaps", column=column.value, unknown=head.unknown)
            if head.unknown
            else tell("fault.head_lacks", column=column.value)
        )
        faults.append(Fault(FaultCode.HEADER_MISSING, message, sheet=grid.sheet, row=row, column=column.value))
    for column in head.twice:
        message = tell("fault.head_twice", column=column.value)
        faults.append(Fault(FaultCode.HEADER_TWICE, message, sheet=grid.sheet, row=row, column=column.value))
    return not (head.missing or head.twice)


def _raw_rows(grid: Grid, start: int, head: _Head) -> Iterator[RawRow | Fault]:
    width = len(grid.rows[start - 1]) if start else 0
    columns = frozenset(map(head.meaning, head.columns))
    for row in grid.rows[start:]:
        problem = surplus(row, width) if grid.delimited else None
        if problem:
            yield Fault(FaultCode.CELL_EXTRA, problem, sheet=grid.sheet, row=row[0].row)
            continue
        named = {head.columns[position]: cell for position, cell in enumerate(row) if position in head.columns}
        if named and not _is_no_entry(named):
            yield RawRow(row[0].row, _cells(row, head), grid.sheet, columns)


def _cells(row: Sequence[Cell], head: _Head) -> dict[CatalogColumn, Cell]:
    """A row's cells by what they hold; several remarks or conditions as one, each behind its head."""
    found: dict[CatalogColumn, Cell] = {}
    meanings = [head.meaning(position) for position in head.columns]
    for position, cell in enumerate(row):
        if position not in head.columns:
            continue
        column = head.meaning(position)
        english = head.columns[position] is CatalogColumn.ENGLISH and column is CatalogColumn.REMARK
        if meanings.count(column) > 1 or english:
            before = found.get(column, Cell("", cell.row, cell.column))
            said = f"{head.texts[position]}：{cell.text}" if cell.text.strip() else ""
            text = "；".join(filter(None, (before.text, said)))
            found[column] = replace(before, text=text, problem=before.problem or cell.problem)
        else:
            found[column] = cell
    name, translated = found.get(CatalogColumn.NAME), found.get(CatalogColumn.TRANSLATED)
    if (
        CatalogColumn.ENGLISH in head.columns.values()
        and translated is not None
        and (name is None or not name.text.strip())
        and not (name and name.problem)
    ):
        found[CatalogColumn.NAME] = translated  # a qualification without an English name
    return found


def _is_no_entry(cells: Mapping[CatalogColumn, Cell]) -> bool:
    """Whether a row is blank, a head repeated on a new page, or a single text: a section's heading or a note.

    A row with a number, or with two texts, is an entry, and what it lacks is refused rather than passed over.
    """
    filled = {column: cell.text for column, cell in cells.items() if cell.problem or cell.text.strip()}
    if len(filled) <= 1:
        return not filled.get(CatalogColumn.NUMBER, "").strip().isdecimal() and not any(
            c.problem for c in cells.values()
        )
    return all(_HEADS.get(_head_form(text)) is column for column, text in filled.items())


def _continues(row: Sequence[Cell], columns: Mapping[int, CatalogColumn]) -> bool:
    return any(
        column is CatalogColumn.NUMBER and position < len(row) and row[position].text.strip().isdecimal()
        for position, column in columns.items()
    )
