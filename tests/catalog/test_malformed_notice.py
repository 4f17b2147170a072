"""A malformed notice is refused, with every fault at once, each with its line and entry."""

import re

import pytest

from catalog.faults import FaultCode, SourceRefused
from catalog.notice import official_text, parse_notice


def faults_of(text: str) -> list[tuple[FaultCode, int | None, int | None]]:
    with pytest.raises(SourceRefused) as refused:
        parse_notice(text, "draft.txt")
    return [(fault.code, fault.row, fault.entry) for fault in refused.value.faults]


def changed(old: str, new: str, count: int = 1) -> str:
    text = official_text()
    assert old in text
    return text.replace(old, new, count)


def line_of(text: str, wanted: str, nth: int = 1) -> int:
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.rstrip() == wanted]
    return lines[nth - 1]


ISSUER_1 = "\tIEEE计算机协会（IEEE Computer Society）\n"
ROW_50 = "\t50\n\tDeveloping SQL Data Models\n\tSQL数据建模认证\n\t微软（ Microsoft）\n\t助理工程师\n\t数字经济\n\n"


@pytest.mark.parametrize(
    ("text", "code", "row", "entry"),
    [
        pytest.param(changed(ISSUER_1, ""), "CELL_MISSING", "\t1", 1, id="five cells"),
        pytest.param(changed(ISSUER_1, "\t \n"), "CELL_MISSING", 36, 1, id="empty cell"),
        pytest.param(changed("\t工程师\n\t数字经济\n\n", "\t工程师\n\t数字经济\n"), "CELL_EXTRA", "\t1", 1, id="rows run together"),
        pytest.param(changed("\t5\n\tITIL", "\t4\n\tITIL"), "NUMBER_TWICE", 61, 4, id="number twice"),
        pytest.param(changed(ROW_50, ""), "NUMBER_GAP", "end", 50, id="gap"),
        pytest.param(changed("\t100\n", "\t1oo\n"), "NUMBER_MALFORMED", "\t1oo", None, id="number malformed"),
        pytest.param(changed("\t工程师\n", "\t高级工程师\n"), "TITLE_UNKNOWN", "\t高级工程师", 1, id="unknown title"),
        pytest.param(changed("\t数字经济\n", "\t数字\n"), "FIELD_UNKNOWN", "\t数字", 1, id="unknown field"),
        pytest.param(changed("\t助理工程师、工程师\n", "\t工程师\n"), "GRADES_CONTRADICT", None, 88, id="two grades, one title"),
        pytest.param(changed("\t工程师\n", "\t助理工程师、工程师\n"), "GRADES_CONTRADICT", None, 1, id="two titles, no grade"),
        pytest.param(changed("有限元分析技术者2级、1级", "有限元分析技术者2级"), "GRADES_CONTRADICT", None, 88, id="translation differs"),
        pytest.param(changed("本通知自2023年11月1日起施行。", ""), "COMMENCEMENT_MISSING", None, None, id="no commencement"),
        pytest.param(changed("11月1日起", "11月31日起"), "COMMENCEMENT_MISSING", 15, None, id="no day of the calendar"),
        pytest.param(changed("关于印发", "印发"), "TITLE_MISSING", 1, None, id="no title"),
        pytest.param(changed("三、专业", "专业"), "ARTICLE_MISSING", None, None, id="article out of order"),
        pytest.param(changed("\n\n\t2\n", "\n\n表注\n\t2\n"), "STRAY_TEXT", "表注", None, id="stray text"),
        pytest.param(changed("\t序号\n", "\t编号\n"), "HEADER_MISSING", "\t编号", None, id="other head"),
        pytest.param(official_text().split("\t序号")[0], "NO_ENTRIES", "end", None, id="no table"),
        pytest.param(changed("\t微软（ Microsoft）", "\t微软\x07"), "CONTROL_CHARACTER", None, 45, id="control character"),
        pytest.param(changed("\t微软（ Microsoft）", "\t" + "微" * 1001), "CELL_TOO_LONG", None, 45, id="too long"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_entry_and_line(
    text: str, code: str, row: int | str | None, entry: int | None
) -> None:
    """Each malformed variant is refused with its code, the line it stands on and the entry."""
    found = faults_of(text)
    if row == "end":
        row = len(text.splitlines())
    elif isinstance(row, str):
        row = line_of(text, row)
    matching = [fault for fault in found if fault[0] == code and fault[2] == entry]
    assert matching, found
    assert row is None or matching[0][1] == row


def test_all_faults_come_at_once_in_the_order_of_the_text() -> None:
    """Five faults in one text are five faults in one refusal, ordered by line."""
    text = changed("本通知自2023年11月1日起施行。", "")
    text = text.replace(ISSUER_1, "\t\n", 1).replace("\t5\n\tITIL", "\t6\n\tITIL", 1)
    text = text.replace("\tGoogle TensorFlow Developer Certification\n", "\t\n", 1).replace(
        "\n\t材料\n", "\n\t建材\n", 1
    )
    found = faults_of(text)
    assert sorted(code for code, _, _ in found) == sorted(
        ["COMMENCEMENT_MISSING", "CELL_MISSING", "NUMBER_TWICE", "NUMBER_GAP", "CELL_MISSING", "FIELD_UNKNOWN"]
    )
    assert [row for _, row, _ in found] == sorted(row or 0 for _, row, _ in found)


def test_a_clean_text_with_one_fault_reports_one() -> None:
    """A fault does not drag others along: one wrong title is one fault, and a row with a cell too few is one."""
    assert faults_of(changed("\t工程师\n", "\t高级工程师\n")) == [(FaultCode.TITLE_UNKNOWN, 37, 1)]
    assert len(faults_of(changed(ISSUER_1, ""))) == 1


def test_the_refusal_reads_as_sentences() -> None:
    """The refusal names the source, the count, and for each fault the line, the entry and one sentence."""
    with pytest.raises(SourceRefused) as refused:
        parse_notice(changed("\t工程师\n", "\t高级工程师\n"), "draft.txt")
    first, second = str(refused.value).splitlines()
    assert first == "draft.txt is refused for 1 fault."
    assert re.fullmatch(
        r"  row 37, column 比照认定职称, entry 1: the title “高级工程师” is of the level 副高级, and the notice awards 初级、中级 only; correct it\.",
        second,
    )


def test_empty_text_is_refused() -> None:
    """Nothing at all is refused for everything that is missing."""
    assert {code for code, _, _ in faults_of("")} == {
        "TITLE_MISSING", "COMMENCEMENT_MISSING", "ARTICLE_MISSING", "NO_ENTRIES",
    }  # fmt: skip
