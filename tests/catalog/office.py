"""Files as offices make them, made by the same libraries that offices' files go through."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from docx import Document
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from domain.values import CatalogEntry

HEADS = ["序号", "境外职业资格名称", "境外职业资格译名", "证书颁发机构", "比照认定职称", "专业领域"]
ROW_1 = ["1", "Certified Welding Inspector", "注册焊接检验师", "美国焊接协会", "工程师", "装备制造"]
ROW_2 = ["2", "Certified Welding Engineer", "注册焊接工程师", "美国焊接协会", "助理工程师", "装备制造"]


def official_row(entry: CatalogEntry) -> list[str]:
    titles = "、".join(award.title for award in entry.awards)
    return [
        str(entry.number), entry.qualification_name, entry.translated_name, entry.issuing_body, titles, entry.field,
    ]  # fmt: skip


def workbook(*sheets: Sequence[Sequence[object]], shape: Callable[[Worksheet], None] | None = None) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
        if shape is not None:
            shape(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def document(*tables: Sequence[Sequence[str]], shape: Callable[[Document], None] | None = None) -> bytes:
    doc = Document()
    doc.add_paragraph("附件")
    for rows in tables:
        table = doc.add_table(rows=len(rows), cols=len(rows[0]))
        for row, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
        doc.add_paragraph("")
    if shape is not None:
        shape(doc)
    file = io.BytesIO()
    doc.save(file)
    return file.getvalue()
