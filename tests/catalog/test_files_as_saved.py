"""What office programs do to a file on the way: encodings, quotes, hidden rows, cells that hold no text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

from application.matching_batch import Summary, match_all
from application.several_catalogs import Found, GoverningVersion
from catalog.aliases import load_aliases
from catalog.faults import FaultCode, FileRefused
from catalog.files import read_entries
from catalog.files.certificates import HEADS as CERTIFICATE_HEADS
from catalog.files.certificates import CertificateRow, read_certificates
from catalog.files.delimited import guarded, unguarded
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from console.cli import app
from domain.matching import Matcher
from domain.messages import Language, Message
from tests.catalog.office import HEADS, ROW_1, ROW_2, workbook


def listed(folder: Path, data: bytes | str, name: str = "list.csv") -> tuple[CertificateRow, ...]:
    """The certificates of a file."""
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_certificates(folder / name)


def faults(folder: Path, data: bytes | str) -> list[tuple[FaultCode, int | None]]:
    """What is wrong with a file, and in which line."""
    with pytest.raises(FileRefused) as refused:
        listed(folder, data)
    return [(fault.code, fault.row) for fault in refused.value.faults]


# ── quotes and rows ───────────────────────────────────────────────────────────────────────────────────────────────────
MANY = [f"CCNP Security {number},Cisco,\n" for number in range(200)]


@pytest.mark.parametrize(
    "broken",
    [
        '"CCNP Security,Cisco,\n',  # never closed
        'CCNP Security,"Cisco,\n',
        '"CCNP" Security,Cisco,\n',  # closed in the middle
    ],
)
@pytest.mark.parametrize("closed_later", [False, True])
def test_an_open_quote_is_named_with_its_line(tmp_path: Path, broken: str, closed_later: bool) -> None:
    """A quote that takes in the rows below it refuses the file: no row is lost in silence, even where another quote follows."""
    rows = [*MANY[:2], broken, *MANY[2:]]
    if closed_later:
        rows.append('"AWS Certified Developer - Associate","Amazon",\n')
    assert faults(tmp_path, "name,issuer,grade\n" + "".join(rows)) == [(FaultCode.UNREADABLE, 4)]


def test_a_cell_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    """A quoted cell with line breaks in it is what an office writes, and the rows behind it keep their lines."""
    rows = listed(tmp_path, 'name,issuer\n"CCNP\nSecurity",Cisco\nCISSP,"ISC2\nInc."\n')
    assert [(row.row, row.name) for row in rows] == [(2, "CCNP\nSecurity"), (4, "CISSP")]


def test_a_row_with_more_cells_than_the_head_is_not_judged_by_some_of_them(tmp_path: Path) -> None:
    """A comma in an unquoted name shifts the row: it is kept, and says what is wrong with it."""
    (row,) = listed(tmp_path, "name,issuer,grade\nWelding Inspector, Certified,American Welding Society,\n")
    assert row.problems == ()
    (row,) = listed(tmp_path, "name,issuer,grade\nWelding Inspector, Certified,American Welding Society,,x\n")
    assert "5 cells under a head of 3" in str(row.problems[0])
    with pytest.raises(FileRefused) as refused:
        read_entries(("\ufeff" + ",".join(HEADS) + "\n" + ",".join([*ROW_1, "", "x"]) + "\n").encode(), "csv")
    assert [(fault.code, fault.row) for fault in refused.value.faults] == [(FaultCode.CELL_EXTRA, 2)]


# ── encodings ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("head", "encodings"),
    [
        ("名称,机构,级别", ["gb18030", "utf-16-le", "utf-16-be", "utf-16", "utf-8"]),
        ("证书名称,颁发机构,等级", ["gb18030", "gbk", "utf-8-sig"]),
        ("名稱,機構,等級", ["big5", "gb18030", "utf-8"]),
        ("資格名,認定機関,級", ["cp932", "shift_jis", "utf-8"]),
    ],
)
def test_a_file_is_read_in_the_encoding_that_its_head_proves(tmp_path: Path, head: str, encodings: list[str]) -> None:
    """What the command itself expects decides: short heads in Chinese and Japanese too."""
    body = {"資格名,認定機関,級": "技能検定,厚生労働省,１級"}.get(head, "系統分析員,中國,1")
    if head.startswith(("名称", "证书")):
        body = "振动工程师,中国,1级"
    for encoding in encodings:
        (row,) = listed(tmp_path, f"{head}\n{body}\n".encode(encoding))
        assert [row.name, row.issuer, row.grade] == body.split(","), encoding


COMMON = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所"
KANA = "ムギのすべてハードウェアエンジニア"


@given(
    st.text(COMMON, min_size=4, max_size=20),
    st.text("Kältechnikürßöbe", min_size=1, max_size=20),
    st.text(KANA, min_size=4, max_size=12),
)
def test_the_rest_proves_the_encoding_where_the_head_is_plain(chinese: str, german: str, japanese: str) -> None:
    """Under heads in ASCII the one encoding that makes common characters of the rest is believed, and never a wrong one."""
    for text, encoding in ((chinese, "gb18030"), (f"x{german}ü", "cp1252"), (japanese, "cp932")):
        data = f"name,issuer\n{text},x\n".encode(encoding)
        found = [row.name.strip() for row in read_from(data)]
        assert found in ([text.strip()], [])


def read_from(data: bytes) -> tuple[CertificateRow, ...]:
    """The certificates in a file's bytes; none where they are refused."""

    class Source(type(Path())):  # type: ignore[misc]
        """A path whose content is in memory."""

        def open(self, *_: object) -> io.BytesIO:
            """The bytes."""
            return io.BytesIO(data)

    try:
        return read_certificates(Source("list.csv"))
    except FileRefused:
        return ()


# ── workbooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def hide(sheet: Worksheet) -> None:
    """Hide row 3, filter row 5 away, and hide column D."""
    sheet.row_dimensions[3].hidden = True
    sheet.auto_filter.ref = "A1:C6"
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["D"].hidden = True


def test_hidden_rows_and_columns_are_left_out_and_named(tmp_path: Path) -> None:
    """What nobody sees on the screen is not read, as a hidden sheet is not, and each is told."""
    rows = [["name", "issuer", "grade", "remark"], *([f"CISSP {number}", "ISC2", None, "x"] for number in range(1, 6))]
    book = workbook(rows, shape=hide)
    (tmp_path / "list.xlsx").write_bytes(book)
    told: list[Message] = []
    found = read_certificates(tmp_path / "list.xlsx", told)
    assert [row.row for row in found] == [2, 4, 6]
    assert [str(sentence).split(" is hidden")[0] for sentence in told] == [
        "sheet Sheet: row 3", "sheet Sheet: row 5", "sheet Sheet: column D",
    ]  # fmt: skip


def test_an_import_names_what_it_left_out(tmp_path: Path) -> None:
    """A catalog's file says the same of its sheets and rows."""
    book = workbook([HEADS, ROW_1, ROW_2], shape=lambda sheet: setattr(sheet.row_dimensions[3], "hidden", True))
    told: list[Message] = []
    assert len(read_entries(book, "xlsx", told)) == 1
    assert list(map(str, told)) == ["sheet Sheet: row 3 is hidden and was left out; show it to have it read."]
    (tmp_path / "catalog.xlsx").write_bytes(book)
    run = CliRunner().invoke(app, ["catalog", "import", str(tmp_path / "catalog.xlsx")])
    assert (run.exit_code, "row 3 is hidden" in run.stderr) == (0, True)


CELLS: dict[str, tuple[Callable[[Worksheet], None], str]] = {
    "a date": (lambda sheet: setattr(sheet["C2"], "value", date(2026, 1, 1)), "a date or a time"),
    "a formula nobody calculated": (lambda sheet: setattr(sheet["C2"], "value", "=1+1"), "a formula without its value"),
    "an error": (lambda sheet: setattr(sheet["C2"], "value", "#N/A"), "the error #N/A"),
    "a truth": (lambda sheet: setattr(sheet["C2"], "value", True), "TRUE and no text"),
    "a percentage": (lambda sheet: (setattr(sheet["C2"], "value", 0.5), setattr(sheet["C2"], "number_format", "0%")), "a percentage"),  # type: ignore[func-returns-value]
}  # fmt: skip


@pytest.mark.parametrize("shape", [each for each, _ in CELLS.values()], ids=CELLS)
def test_a_cell_that_is_no_text_is_reported_by_its_place(tmp_path: Path, shape: Callable[[Worksheet], None]) -> None:
    """Nothing vanishes or reads as blank: the row says which cell, and is not decided by the rest of it."""
    official = load_official_catalog().entries
    named = [official[0].qualification_name, official[0].issuing_body, None]
    book = workbook([["name", "issuer", "grade"], named], shape=shape)
    (tmp_path / "list.xlsx").write_bytes(book)
    (row,) = read_certificates(tmp_path / "list.xlsx")
    (problem,) = row.problems
    assert str(problem).startswith("C2: ")
    assert any(words in str(problem) for _, words in CELLS.values())
    matcher = Matcher(official, load_aliases(), official_vocabulary())

    def ask(*certificate: str | None) -> Found:
        return Found(matcher.match(*certificate), GoverningVersion("zj", 1))  # type: ignore[arg-type]

    summary = Summary()
    (answer,) = match_all([row], ask, summary)
    assert ask(row.name, row.issuer, None).match.entry is not None
    assert (answer.automatic, answer.reasons(Language.EN)[0], summary.unread) == (False, str(problem), 1)


def test_a_calculated_formula_is_its_value(tmp_path: Path) -> None:
    """A formula whose value the office kept reads as that value."""
    book = Workbook()
    sheet = book.active
    sheet.append(["name", "issuer"])
    sheet.append(["CISSP", "ISC2"])
    book.save(tmp_path / "list.xlsx")
    assert [row.problems for row in read_certificates(tmp_path / "list.xlsx")] == [()]


# ── what is written ───────────────────────────────────────────────────────────────────────────────────────────────────
@given(st.text(st.sampled_from(list("=+-@＝＋－＠' \t\n\rab\u3000\xa0")), max_size=8))
def test_nothing_that_is_written_is_a_formula(text: str) -> None:
    """Whatever blanks, tabs and breaks stand before it; and reading back gives the text."""
    written = guarded(text)
    assert written.lstrip()[:1] not in set("=+-@＝＋－＠")
    assert unguarded(written) == text


def test_heads_of_certificates_are_distinct() -> None:
    """No head names two columns."""
    heads = [head for names in CERTIFICATE_HEADS.values() for head in names]
    assert len(heads) == len(set(heads))


def test_a_report_is_reread_as_it_was_written(tmp_path: Path) -> None:
    """A list written by the registry's own guard reads back to the same texts."""
    names = ["=1+1", "\t=1+1", " @x", "'quoted'", "plain"]
    with (tmp_path / "list.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name"], *([guarded(name)] for name in names)])
    assert [row.name for row in read_certificates(tmp_path / "list.csv")] == names
