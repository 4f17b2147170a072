"""Files are read as offices leave them: nothing that only looks different is refused, and nothing is guessed."""

import codecs
import csv
import io
from datetime import date
from pathlib import Path

import pytest
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.worksheet.worksheet import Worksheet

from catalog.files import read_entries
from catalog.notice import load_official_catalog
from domain.values import CatalogEntry, TitleAward, TitleLevel
from tests.catalog.office import HEADS, ROW_1, ROW_2, document, official_row, workbook

OFFICIAL = load_official_catalog().entries
ENTRY_1 = CatalogEntry(
    number=1,
    qualification_name="Certified Welding Inspector",
    translated_name="注册焊接检验师",
    issuing_body="美国焊接协会",
    field="装备制造",
    awards=(TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE),),
)
ENTRY_2 = ENTRY_1.model_copy(
    update={
        "number": 2,
        "qualification_name": "Certified Welding Engineer",
        "translated_name": "注册焊接工程师",
        "awards": (TitleAward(title="助理工程师", level=TitleLevel.JUNIOR),),
    }
)


def delimited(delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([HEADS, *map(official_row, OFFICIAL)])
    return text.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    """The official table as CSV: in the encodings offices save, umlauts and Japanese included, with any delimiter."""
    assert read_entries(delimited(delimiter).encode(encoding), "csv") == OFFICIAL


def test_format_follows_the_path_or_the_content(tmp_path: Path) -> None:
    """A path's extension says the format; without one the content does."""
    for name, data in (
        ("a.csv", delimited(",").encode()),
        ("b.XLSX", workbook([HEADS, *map(official_row, OFFICIAL)])),
        ("c.docx", document([HEADS, *map(official_row, OFFICIAL)])),
        ("d.txt", delimited("\t").encode("utf-16")),
    ):
        (tmp_path / name).write_bytes(data)
        assert read_entries(tmp_path / name) == OFFICIAL
        assert read_entries(data) == OFFICIAL


def test_official_table_survives_docx() -> None:
    """The official table in one DOCX table, and over three with the head repeated, gives the 100 entries."""
    rows = [official_row(entry) for entry in OFFICIAL]
    assert read_entries(document([HEADS, *rows])) == OFFICIAL
    assert read_entries(document([HEADS, *rows[:30]], [HEADS, *rows[30:60]], [HEADS, *rows[60:]])) == OFFICIAL


def test_docx_table_goes_on_after_a_page_break() -> None:
    """A table without a head goes on with the one before it; the head may repeat inside a table; other tables are not read."""
    data = document([["联系人", "电话"], ["张三", "1"]], [HEADS, ROW_1, HEADS], [ROW_2], [["备注", ""], ["x", "y"]])
    assert read_entries(data) == (ENTRY_1, ENTRY_2)


def test_docx_cells_merged_and_changes_on_record() -> None:
    """A cell merged downwards stands in each row; a deletion on record is gone, an insertion stands."""

    def shape(doc: Document) -> None:
        table = doc.tables[0]
        table.cell(2, 3).text = ""
        table.cell(1, 3).merge(table.cell(2, 3))
        paragraph = table.cell(1, 1).paragraphs[0]._p
        deleted, inserted = OxmlElement("w:del"), OxmlElement("w:ins")
        for wrapper, tag, text in ((deleted, "w:delText", " (old)"), (inserted, "w:t", " Inspector")):
            run, content = OxmlElement("w:r"), OxmlElement(tag)
            content.text = text
            content.set(qn("xml:space"), "preserve")
            run.append(content)
            wrapper.append(run)
            paragraph.append(wrapper)

    row = [*ROW_1[:1], "Certified Welding", *ROW_1[2:]]
    assert read_entries(document([HEADS, row, ROW_2], shape=shape)) == (ENTRY_1, ENTRY_2)


def test_xlsx_as_typed_in_an_office() -> None:
    """Titles above the head, other heads, further columns, full-width digits, line breaks, blank rows, headings and notes."""
    heads = ["序 号", "部门", "境外职业资格\n名称", "中文译名", "发证机构", "职称", "领域", "备注"]
    data = workbook([
        ["浙江省境外职业资格与职称比照认定目录"],
        ["填报单位：", "某处", None, None, None, None, None, "2023年"],
        heads,
        ["一、装备制造"],
        ["１", "甲处", "Certified\nWelding  Inspector", " 注册焊接检验师\u200b", "美国焊接协会\u3000", "工程师", "装备制造", "新"],
        [None] * 8,
        [2.0, "乙处", "Certified Welding_x000D_\nEngineer", "注册焊接工程师", "美国焊接协会", "助理工程师", "装备制造"],
        heads,
        ["注：以上按序号排列。"],
    ])  # fmt: skip
    heads = []
    assert read_entries(data, heads=heads) == (ENTRY_1.model_copy(update={"remark": "新"}), ENTRY_2)
    assert list(map(str, heads)) == [
        (
            "sheet Sheet: columns read: 序 号 (序号), 境外职业资格 名称 (境外职业资格名称), 中文译名 (境外职业资格译名), 发证机构 "
            "(证书颁发机构), 职称 (比照认定职称), 领域 (专业领域), 备注; left out, since an entry has no such column: 部门."
        )
    ]


def test_xlsx_merged_cells() -> None:
    """A value merged downwards holds for each row of the merge, and for none below; a title merged across is no entry."""

    def shape(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:F1")
        sheet.merge_cells("D3:D4")
        sheet.merge_cells("F3:F4")

    row_2 = [*ROW_2[:3], None, ROW_2[4], None]
    assert read_entries(workbook([["目录"], HEADS, ROW_1, row_2], shape=shape)) == (ENTRY_1, ENTRY_2)


def test_xlsx_sheet_with_the_head_is_the_one() -> None:
    """Sheets without a head are passed over; several with one are read together; one that is hidden is not."""
    assert read_entries(workbook([["说明"], ["填写方法"]], [], [HEADS, ROW_1, ROW_2])) == (ENTRY_1, ENTRY_2)
    assert read_entries(workbook([HEADS, ROW_1], [HEADS, ROW_2])) == (ENTRY_1, ENTRY_2)

    def hide_second(sheet: Worksheet) -> None:
        sheet.sheet_state = "hidden" if sheet.title == "Sheet1" else "visible"

    assert read_entries(workbook([HEADS, ROW_1], [HEADS, ROW_2], shape=hide_second)) == (ENTRY_1,)


def test_stray_cell_far_away_costs_nothing() -> None:
    """A stray text far to the right is a further column and not read; the rest reads as usual."""

    def shape(sheet: Worksheet) -> None:
        sheet["XFD1"] = "x"
        sheet.merge_cells("H1:XFD3")

    assert read_entries(workbook([HEADS, ROW_1], shape=shape)) == (ENTRY_1,)


def test_a_merge_down_to_the_bottom_of_the_sheet() -> None:
    """A whole column merged, and a styled but empty cell at the bottom, are no content."""

    def shape(sheet: Worksheet) -> None:
        sheet.merge_cells("D2:D4000")
        sheet["A25000"].number_format = "0"

    assert read_entries(workbook([HEADS, ROW_1, [*ROW_2[:3], None, *ROW_2[4:]]], shape=shape)) == (ENTRY_1, ENTRY_2)


def test_columns_in_any_order_and_levels_stated() -> None:
    """Columns are known by their heads; a title the notice does not know needs its level stated, in either form of grades."""
    heads = ["专业领域", "职称级别", "比照认定职称", "等级", *HEADS[:4]]
    row = ["装备制造", "初级/中级", "助理工艺师，工艺师", "B；A", *ROW_1[:4]]
    (entry,) = read_entries(workbook([heads, row]))
    assert entry.awards == (
        TitleAward(grade="B", title="助理工艺师", level=TitleLevel.JUNIOR),
        TitleAward(grade="A", title="工艺师", level=TitleLevel.INTERMEDIATE),
    )


def test_json_by_hand() -> None:
    """A bare list reads like an object; further keys are passed over; a composed and a decomposed letter are one."""
    text = """[{"number": 1, "qualificationName": "Certified Welding Inspector", "translatedName": "注册焊接检验师",
        "issuingBody": "美国焊接协会", "field": "装备制造", "note": [1],
        "awards": [{"title": "工程师", "level": "INTERMEDIATE"}]}]"""
    assert read_entries(codecs.BOM_UTF8 + text.encode()) == (ENTRY_1,)
    decomposed = text.replace("Inspector", "Inspecto\u0308r")
    assert read_entries(decomposed.encode())[0].qualification_name == "Certified Welding Inspectör"


def test_date_typed_by_an_office_program_is_refused_not_guessed() -> None:
    """A text that an office program turned into a date is not turned back by guessing."""
    from catalog.files import FileRefused

    with pytest.raises(FileRefused, match="row 2, column B, entry 1: the cell holds a date"):
        read_entries(workbook([HEADS, [1, date(2012, 1, 14), *ROW_1[2:]]]))
