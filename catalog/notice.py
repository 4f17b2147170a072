"""The official notice, read from its published text.

The text opens with the notice's title, names five articles and the day of commencement, and ends with the catalog as a
table: a cell begins with a tabulator at the start of a line, further lines of it follow without one, and blank lines
stand between rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from catalog.faults import Fault, FaultCode, SourceRefused
from catalog.jurisdiction import Jurisdiction, load_jurisdiction
from catalog.rows import OFFICIAL, Cell, RawRow, RowReader
from catalog.text import fold
from domain.catalog.levels import UNSTATED
from domain.messages import tell
from domain.values import CatalogEntry, Notice

_TITLE: Final = re.compile(r"关于印发《(?P<catalog>.+?（(?P<fields>[^（）]+)领域）)》的通知$")
_COMMENCEMENT: Final = re.compile(r"自\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日起施行")
_ARTICLE: Final = re.compile(r"([一二三四五六七八九十]+)、")
_ORDINALS: Final = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class NoticeDocument:
    """A notice as read: its title, the day it comes into force, its articles in order, and the entries of its table."""

    title: str
    commencement: date
    articles: tuple[str, ...]
    entries: tuple[CatalogEntry, ...]


@dataclass(frozen=True, slots=True)
class OfficialCatalog:
    """The catalog that the shipped notice publishes, ready to become version 1."""

    code: str
    name: str
    notice: Notice
    effective_from: date
    entries: tuple[CatalogEntry, ...]


def official_text(where: Jurisdiction | None = None) -> str:
    """The notice of a jurisdiction, by default the shipped one's, as it was published."""
    where = where or load_jurisdiction()
    return where.text(where.catalog.notice)


def load_official_catalog(where: Jurisdiction | None = None) -> OfficialCatalog:
    """The official catalog of a jurisdiction, by default the shipped one's, derived from its notice.

    The text states no notice number, so there is none. Raises ``SourceRefused`` for a malformed notice, and for one that is in
    force before recognition begins.
    """
    return _official_catalog(where or load_jurisdiction())


@cache
def _official_catalog(where: Jurisdiction) -> OfficialCatalog:
    code, first = where.rules.catalog_code, where.rules.commencement
    document = parse_notice(official_text(where), code)
    if document.commencement < first:
        message = tell("fault.commencement_early", commencement=document.commencement, first=first)
        raise SourceRefused(where.catalog.notice, (Fault(FaultCode.COMMENCEMENT_MISSING, message),))
    name = _TITLE.search(document.title)
    return OfficialCatalog(
        code=code,
        name=name["catalog"] if name else document.title,
        notice=Notice(
            number=None,
            title=document.title,
            levels=UNSTATED,
            departments=tuple(document.title.split("关于")[0].split()),
        ),
        effective_from=document.commencement,
        entries=document.entries,
    )


def parse_notice(text: str, source: str) -> NoticeDocument:
    """Read a notice; ``source`` names it in what is refused.

    The fields that may occur are those the title names (``数字经济、装备制造、材料领域``). Raises ``SourceRefused`` with
    every fault at once where the title, an article or the commencement is missing, or where the table is malformed.
    """
    lines = text.splitlines()
    start = next((index for index, line in enumerate(lines) if line.startswith("\t")), len(lines))
    faults: list[Fault] = []
    title, fields = _title(lines, faults)
    commencement = _commencement(lines[:start], faults)
    articles = _articles(lines[:start], faults)
    reader = RowReader(fields=fields, levels=frozenset(UNSTATED))
    count = read_table(lines, reader)
    reader.gaps(len(lines))
    if not count:
        faults.append(Fault(FaultCode.NO_ENTRIES, tell("fault.no_table"), row=len(lines)))
    faults += reader.faults
    if faults or commencement is None:
        raise SourceRefused(source, tuple(sorted(faults, key=lambda fault: fault.row or 0)))
    return NoticeDocument(title, commencement, articles, tuple(reader.entries))


def read_table(lines: Sequence[str], reader: RowReader) -> int:
    """Give the rows of a notice's table to a reader, and to its faults what is no row of six cells; returns their number."""
    heads = tuple(column.value for column in OFFICIAL)
    head_at: int | None = None
    count = 0
    for block in _blocks(lines, reader.faults):
        row = block[0].row
        if tuple(fold(cell.text) for cell in block) == heads:
            if head_at is not None:
                message = tell("fault.head_again", row=head_at)
                reader.faults.append(Fault(FaultCode.HEADER_TWICE, message, row=row))
            head_at = row
            continue
        if head_at is None:
            message = tell("fault.head_missing", heads=tuple(heads))
            reader.faults.append(Fault(FaultCode.HEADER_MISSING, message, row=row))
            head_at = row
        count += 1
        raw = RawRow(row, dict(zip(OFFICIAL, block, strict=False)))
        if len(block) == len(OFFICIAL):
            reader.read(raw)
        else:
            _miscounted(raw, len(block), reader)
    return count


def _miscounted(raw: RawRow, cells: int, reader: RowReader) -> None:
    """Refuse a row with too few or too many cells as a whole: nobody can say which of them is which."""
    number = reader.note(raw)
    code = FaultCode.CELL_EXTRA if cells > len(OFFICIAL) else FaultCode.CELL_MISSING
    found, wanted = cells, len(OFFICIAL)
    message = (
        tell("fault.row_has_too_many", found=found, wanted=wanted)
        if cells > wanted
        else tell("fault.row_has_too_few", found=found, wanted=wanted)
    )
    reader.faults.append(Fault(code, message, row=raw.row, entry=number))


def _blocks(lines: Sequence[str], faults: list[Fault]) -> Iterator[list[Cell]]:
    """The table's rows, each as its cells; a line without a tabulator goes on with the cell before it."""
    block: list[Cell] = []
    inside = False
    for number, line in enumerate(lines, start=1):
        if line.startswith("\t"):
            inside = True
            block.append(Cell(line, number))
        elif not line.strip():
            if block:
                yield block
            block = []
        elif block:
            block[-1] = Cell(f"{block[-1].text}\n{line}", block[-1].row)
        elif inside:
            message = tell("fault.stray_text", text=line.strip()[:20])
            faults.append(Fault(FaultCode.STRAY_TEXT, message, row=number))
    if block:
        yield block


def _title(lines: Sequence[str], faults: list[Fault]) -> tuple[str, frozenset[str] | None]:
    row, title = next(((row, fold(line)) for row, line in enumerate(lines, start=1) if line.strip()), (1, ""))
    found = _TITLE.search(title)
    if found is None:
        message = tell("fault.title_missing", form="…关于印发《…（…领域）》的通知")
        faults.append(Fault(FaultCode.TITLE_MISSING, message, row=row))
        return title, None
    return title, frozenset(found["fields"].split("、"))


def _commencement(lines: Sequence[str], faults: list[Fault]) -> date | None:
    for row, line in enumerate(lines, start=1):
        found = _COMMENCEMENT.search(line)
        if found:
            try:
                return date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError:
                message = tell("fault.no_day_of_calendar", text=found[0])
                faults.append(Fault(FaultCode.COMMENCEMENT_MISSING, message, row=row))
                return None
    message = tell("fault.commencement_missing", form="自…年…月…日起施行")
    faults.append(Fault(FaultCode.COMMENCEMENT_MISSING, message, row=len(lines)))
    return None


def _articles(lines: Sequence[str], faults: list[Fault]) -> tuple[str, ...]:
    """The articles with their ordinals, which must run from 一 without a gap."""
    articles: list[str] = []
    for row, line in enumerate(lines, start=1):
        found = _ARTICLE.match(line)
        if found is None:
            continue
        expected = _ORDINALS[len(articles) : len(articles) + 1]
        if found[1] != expected:
            message = tell("fault.article_misplaced", found=str(found[1]), expected=expected)
            faults.append(Fault(FaultCode.ARTICLE_MISSING, message, row=row))
        articles.append(fold(line))
    if not articles:
        message = tell("fault.no_articles", form="一、…")
        faults.append(Fault(FaultCode.ARTICLE_MISSING, message, row=len(lines)))
    return tuple(articles)
