"""Changes of aliases from a table as an office types it: read whole, or refused with every fault and its place."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from catalog.faults import FaultCode, FileRefused
from catalog.files.alias_changes import read_alias_changes
from domain.values import Alias, AliasChangeKind, AliasKind

HEAD = "change,kind,text,issuer,numbers,ground\n"
EXPECTED = [
    (
        AliasChangeKind.ADDED,
        Alias(kind=AliasKind.QUALIFICATION, text="CCNP", numbers=(32, 101), ground="an abbreviation"),
    ),
    (AliasChangeKind.ADDED, Alias(kind=AliasKind.ISSUING_BODY, text="思科系统", issuer="CISCO", ground="its name")),
    (AliasChangeKind.WITHDRAWN, Alias(kind=AliasKind.QUALIFICATION, text="CLF-C01", ground="no longer held")),
]


def read(path: Path) -> list[tuple[AliasChangeKind, Alias]]:
    return [(change.effect, change.alias) for change in read_alias_changes(path)]


def written(folder: Path, text: str, name: str = "aliases.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8-sig")
    return file


def test_a_csv_is_read(tmp_path: Path) -> None:
    """Numbers in any order and with whatever between; white space folded; a blank line passed over."""
    text = (
        f"{HEAD}ADDED,QUALIFICATION,CCNP,,101 32,an  abbreviation\n\n"
        "added,issuing_body,思科系统,CISCO,,its name\nWITHDRAWN,QUALIFICATION,CLF-C01,,,no longer held\n"
    )
    assert read(written(tmp_path, text)) == EXPECTED


def test_a_workbook_with_chinese_heads_is_read(tmp_path: Path) -> None:
    """A title above the head, columns in another order, numbers as numbers."""
    book = Workbook()
    assert book.active is not None
    for row in [
        ["别名变更表"],
        ["别名", "依据", "变更", "类别", "条目", "机构代号", "备注"],
        ["CCNP", "an abbreviation", "新增", "职业资格", "３２、101", None, "x"],
        ["思科系统", "its name", "新增", "颁发机构", None, "CISCO", None],
        ["CLF-C01", "no longer held", "废止", "职业资格", None, None, None],
    ]:
        book.active.append(row)
    book.save(tmp_path / "aliases.xlsx")
    assert read(tmp_path / "aliases.xlsx") == EXPECTED


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("REVISED,QUALIFICATION,CCNP,,32,why", FaultCode.VALUE_UNKNOWN, "A"),
        ("ADDED,BODY,CCNP,,32,why", FaultCode.VALUE_UNKNOWN, "B"),
        (",QUALIFICATION,CCNP,,32,why", FaultCode.CELL_MISSING, "A"),
        ("ADDED,QUALIFICATION,,,32,why", FaultCode.CELL_MISSING, "C"),
        ("ADDED,QUALIFICATION,CCNP,,32,", FaultCode.CELL_MISSING, "F"),
        ("ADDED,QUALIFICATION,CCNP,,32", FaultCode.CELL_MISSING, "ground"),
        ("ADDED,QUALIFICATION,CCNP,,thirty,why", FaultCode.NUMBER_MALFORMED, "E"),
        ("ADDED,QUALIFICATION,CCNP,,-1,why", FaultCode.NUMBER_MALFORMED, "E"),
        (f"ADDED,QUALIFICATION,{'C' * 301},,32,why", FaultCode.CELL_TOO_LONG, "C"),
        (f"ADDED,ISSUING_BODY,CCNP,{'C' * 101},,why", FaultCode.CELL_TOO_LONG, "D"),
        ("ADDED,QUALIFICATION,CC\u202eNP,,32,why", FaultCode.CONTROL_CHARACTER, "C"),
    ],
)
def test_each_fault_of_a_row(tmp_path: Path, row: str, code: FaultCode, column: str) -> None:
    """With row, column, code and the way out; the sound rows beside it are not taken in."""
    file = written(tmp_path, f"{HEAD}ADDED,QUALIFICATION,CCNA,,32,why\n{row}\n")
    with pytest.raises(FileRefused) as refused:
        read_alias_changes(file)
    [fault] = refused.value.faults
    assert (fault.code, fault.row, fault.column) == (code, 3, column)
    assert fault.message.endswith(".")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """An administrator mends a file once."""
    file = written(tmp_path, f"{HEAD}X,QUALIFICATION,CCNP,,32,why\nADDED,X,CCNP,,x,why\nADDED,QUALIFICATION,,,,\n")
    with pytest.raises(FileRefused) as refused:
        read_alias_changes(file)
    assert [fault.row for fault in refused.value.faults] == [2, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("", "aliases.csv", FaultCode.HEADER_MISSING),
        (HEAD, "aliases.csv", FaultCode.HEADER_MISSING),
        ("change,text,ground\nADDED,CCNP,why\n", "aliases.csv", FaultCode.HEADER_MISSING),
        ("{}", "aliases.json", FaultCode.UNKNOWN_FORMAT),
        ("x", "aliases.xlsx", FaultCode.UNREADABLE),
    ],
)
def test_what_is_no_table_of_alias_changes(tmp_path: Path, text: str, name: str, code: FaultCode) -> None:
    """One sentence says what to write above the columns, or what to save it as."""
    with pytest.raises(FileRefused) as refused:
        read_alias_changes(written(tmp_path, text, name))
    assert [fault.code for fault in refused.value.faults] == [code]
