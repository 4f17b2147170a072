"""A file that can't be read is refused: each fault with sheet, row, column, a code and the way out, all at once."""

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from catalog.faults import Fault
from catalog.files import FaultCode, FileRefused, export_entries, read_entries
from catalog.files.formats import MAX_BYTES, MAX_PARTS, MAX_ROWS, MAX_UNPACKED
from catalog.notice import load_official_catalog
from tests.catalog.office import HEADS, ROW_1, ROW_2, document, workbook


def faults_of(data: bytes | Path, fmt: str | None = None) -> tuple[Fault, ...]:
    with pytest.raises(FileRefused) as refused:
        read_entries(data, fmt)
    return refused.value.faults


def codes_of(data: bytes, fmt: str | None = None) -> list[FaultCode]:
    return [fault.code for fault in faults_of(data, fmt)]


def changed(position: int, text: object) -> list[object]:
    return [*ROW_1[:position], text, *ROW_1[position + 1 :]]


def csv_of(*rows: list[object]) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (changed(0, ""), FaultCode.CELL_MISSING, "A"),
        (changed(0, "一"), FaultCode.NUMBER_MALFORMED, "A"),
        (changed(0, "1.5"), FaultCode.NUMBER_MALFORMED, "A"),
        (changed(0, "0"), FaultCode.NUMBER_MALFORMED, "A"),
        (changed(0, "-1"), FaultCode.NUMBER_MALFORMED, "A"),
        (changed(0, "2"), FaultCode.NUMBER_TWICE, "A"),
        (changed(1, "  "), FaultCode.CELL_MISSING, "B"),
        (changed(2, "译" * 301), FaultCode.CELL_TOO_LONG, "C"),
        (changed(3, "美国\x07"), FaultCode.CONTROL_CHARACTER, "D"),
        (changed(3, "美国\u202e"), FaultCode.CONTROL_CHARACTER, "D"),
        (changed(4, "工艺师"), FaultCode.TITLE_UNKNOWN, "E"),
        (changed(4, "助理工程师、工程师"), FaultCode.GRADES_CONTRADICT, "B"),
        (changed(5, ""), FaultCode.CELL_MISSING, "F"),
        (ROW_1[:5], FaultCode.CELL_MISSING, "专业领域"),
    ],
)
def test_each_fault_of_a_row(row: list[object], code: FaultCode, column: str) -> None:
    """Each fault names its row and the column a reader sees, and ends with the way out."""
    (fault,) = faults_of(csv_of(HEADS, ROW_2, row), "csv")
    assert (fault.code, fault.row, fault.column, fault.sheet) == (code, 3, column, None)
    assert ";" in fault.message
    assert fault.message.endswith(".")


@pytest.mark.parametrize(
    ("heads", "values", "code"),
    [
        (["职称级别"], ["高级"], FaultCode.LEVEL_UNKNOWN),
        (["职称级别"], ["初级、中级"], FaultCode.LEVEL_UNKNOWN),
        (["等级"], ["1级、2级"], FaultCode.GRADES_CONTRADICT),
    ],
)
def test_levels_and_grades_stand_one_for_each_title(heads: list[object], values: list[object], code: FaultCode) -> None:
    """A level that is none, or more levels or grades than titles, is refused."""
    assert codes_of(csv_of([*HEADS, *heads], [*ROW_1, *values]), "csv") == [code]


def test_all_faults_of_all_sheets_at_once() -> None:
    """Five faults on two sheets come in one refusal, each with its sheet, row and column, as a reader sees them."""
    first = [["标题"], HEADS, changed(1, None), changed(4, "技师")]
    second = [HEADS, ["x", *ROW_2[1:]], ["2", None, None, *ROW_2[3:]]]
    faults = faults_of(workbook(first, second))
    assert [(fault.sheet, fault.row, fault.column, fault.code) for fault in faults] == [
        ("Sheet", 3, "B", "CELL_MISSING"),
        ("Sheet", 4, "A", "NUMBER_TWICE"),
        ("Sheet", 4, "E", "TITLE_UNKNOWN"),
        ("Sheet1", 2, "A", "NUMBER_MALFORMED"),
        ("Sheet1", 3, "B", "CELL_MISSING"),
        ("Sheet1", 3, "C", "CELL_MISSING"),
    ]
    assert str(faults[0]) == "sheet Sheet, row 3, column B, entry 1: the cell 境外职业资格名称 is missing; fill it in."


def test_heads_that_lack_or_repeat_a_column() -> None:
    """A head without a column names it; one with a column twice names that; no head at all lists what belongs in it."""
    assert [(f.code, f.row, f.column) for f in faults_of(csv_of(HEADS[:4], ROW_1[:4]), "csv")] == [
        (FaultCode.HEADER_MISSING, 1, "比照认定职称"), (FaultCode.HEADER_MISSING, 1, "专业领域"),
    ]  # fmt: skip
    (twice,) = faults_of(csv_of([*HEADS, "译名"], [*ROW_1, "x"]), "csv")
    assert (twice.code, twice.column) == (FaultCode.HEADER_TWICE, "境外职业资格译名")
    assert codes_of(csv_of(["甲", "乙"], ["1", "2"]), "csv") == [FaultCode.HEADER_MISSING]
    assert codes_of(document([["甲", "乙"], ["1", "2"]])) == [FaultCode.HEADER_MISSING]
    assert codes_of(workbook([["甲"]])) == [FaultCode.HEADER_MISSING]
    assert codes_of(csv_of(HEADS), "csv") == [FaultCode.NO_ENTRIES]


def test_the_same_entry_on_two_sheets_names_both() -> None:
    """An entry that stands on two sheets is refused with the place of the first."""
    (fault,) = faults_of(workbook([HEADS, ROW_1], [HEADS, ROW_1]))
    assert (fault.sheet, fault.row) == ("Sheet1", 2)
    assert "sheet Sheet, row 2" in fault.message


def test_error_values_are_no_text() -> None:
    """A cell with a spreadsheet's error is refused as such."""
    (fault,) = faults_of(workbook([HEADS, changed(3, "#REF!")]))
    assert (fault.code, fault.column) == (FaultCode.CELL_ERROR, "D")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", FaultCode.UNREADABLE),
        ("[" * 100_000, FaultCode.UNREADABLE),
        ("1", FaultCode.HEADER_MISSING),
        ('{"entries": {}}', FaultCode.HEADER_MISSING),
        ("[]", FaultCode.NO_ENTRIES),
        ("[1]", FaultCode.CELL_ERROR),
        (json.dumps([1] * (MAX_ROWS + 1)), FaultCode.TOO_MANY_ROWS),
    ],
)
def test_json_that_is_no_list_of_entries(text: str, code: FaultCode) -> None:
    """JSON that is malformed, nested without end, or no list of entries is refused."""
    assert codes_of(text.encode(), "json") == [code]


def test_json_values_of_other_types() -> None:
    """Each value of a wrong type is a fault with its key."""
    plain = json.loads(export_entries(load_official_catalog().entries[:1], "json"))["entries"][0]
    award = plain["awards"][0]
    for key, value in {"number": True, "qualificationName": 1, "awards": {}, "field": None}.items():
        (fault,) = faults_of(json.dumps([plain | {key: value}]).encode(), "json")
        assert fault.column == key
    (fault,) = faults_of(json.dumps([plain | {"awards": [award | {"level": 1}]}]).encode(), "json")
    assert (fault.code, fault.column) == (FaultCode.CELL_ERROR, "awards.level")
    (fault,) = faults_of(json.dumps([plain | {"awards": []}]).encode(), "json")
    assert (fault.code, fault.column) == (FaultCode.CELL_MISSING, "awards.title")


def test_encodings_are_not_guessed() -> None:
    """A text that two encodings could have written under its plain head is refused, as is one that is no text."""
    head = "No;Qualification;Translation;Issuer;Title;Field\n1;"
    for body in (
        "啊".encode("gb18030") + b";y;z;w;v",
        b"\xa4\xa4\xa4\xe5;y;z;w;v",
    ):  # 啊 or ° and ¡; 中文 in Big5, う and 猴 elsewhere
        assert codes_of(head.encode() + body, "csv") in ([FaultCode.UNKNOWN_ENCODING], [FaultCode.TITLE_UNKNOWN])
    assert codes_of(head.encode() + b"\x81\x8d\x8f\xff;y;z;w;v", "csv") == [FaultCode.UNKNOWN_ENCODING]
    assert codes_of(b"\xff\xff\xff\xff", "csv") == [FaultCode.UNKNOWN_ENCODING]


def test_unknown_formats(tmp_path: Path) -> None:
    """A format that is not read is refused with those that are."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7")
    (fault,) = faults_of(path)
    assert fault.code is FaultCode.UNKNOWN_FORMAT
    assert "csv, xlsx, json, docx, txt" in fault.message
    assert codes_of(b"", "pdf") == [FaultCode.UNKNOWN_FORMAT]
    assert codes_of(b"PK\x03\x04") == [FaultCode.UNKNOWN_FORMAT]


def test_files_beyond_the_limits(tmp_path: Path) -> None:
    """A file too large, with too many rows, or with content at the bottom of a sheet is refused before it is taken in."""
    (tmp_path / "large.csv").write_bytes(b"x" * (MAX_BYTES + 1))
    assert [fault.code for fault in faults_of(tmp_path / "large.csv")] == [FaultCode.TOO_LARGE]
    assert codes_of(b"1\n" * (MAX_ROWS + 1), "csv") == [FaultCode.TOO_MANY_ROWS]

    def shape(sheet: Worksheet) -> None:
        sheet.cell(MAX_ROWS + 1_000, 1, "x")

    (fault,) = faults_of(workbook([HEADS, ROW_1], shape=shape))
    assert (fault.code, fault.row) == (FaultCode.TOO_MANY_ROWS, MAX_ROWS + 1)


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("fmt", ["xlsx", "docx"])
@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl/workbook.xml": b" " * (MAX_UNPACKED + 1)}, FaultCode.TOO_LARGE),
        ({f"xl/{number}": b"" for number in range(MAX_PARTS + 1)}, FaultCode.TOO_LARGE),
        ({"xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, FaultCode.UNREADABLE),
        ({"xl/workbook.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16")}, FaultCode.UNREADABLE),
        ({"xl/workbook.xml": b"<a/>"}, FaultCode.UNREADABLE),
        ({"other": b""}, FaultCode.UNREADABLE),
    ],
)
def test_packages_that_are_bombs_or_broken(parts: dict[str, bytes], code: FaultCode, fmt: str) -> None:
    """An archive that unpacks to too much, declares entities or holds no office file is refused before it is parsed."""
    assert codes_of(packed(parts), fmt) == [code]


def test_a_part_that_unpacks_to_more_than_it_states_is_cut_off() -> None:
    """A directory that understates a part's size does not make the part unpack beyond it; the file is refused."""
    honest = packed({"xl/workbook.xml": b" " * 20_000_000})
    size = (20_000_000).to_bytes(4, "little")
    assert honest.count(size) == 2
    assert codes_of(honest.replace(size, (1000).to_bytes(4, "little")), "xlsx") == [FaultCode.UNREADABLE]


def test_a_part_packed_in_an_unusual_way_is_refused() -> None:
    """Ways of packing that no office uses, and that can't be read in steps, are refused."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
    assert codes_of(file.getvalue(), "xlsx") == [FaultCode.UNREADABLE]


@pytest.mark.parametrize("fmt", ["xlsx", "docx"])
@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else(data: bytes, fmt: str) -> None:
    """Bytes that are no office file are always answered with a refusal."""
    assert faults_of(b"PK\x03\x04" + data, fmt)


@settings(deadline=None)
@given(st.integers(0, 7_000), st.integers(0, 255))
def test_damaged_workbooks_read_whole_or_not_at_all(position: int, value: int) -> None:
    """One byte changed anywhere in a workbook either changes nothing that is read, or is refused."""
    entries = load_official_catalog().entries[:3]
    data = bytearray(export_entries(entries, "xlsx"))
    data[position % len(data)] = value
    with suppress(FileRefused):
        assert read_entries(bytes(data), "xlsx") == entries
