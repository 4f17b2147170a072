"""Lists in the columns in which other provinces and cities publish theirs, with rows made up for the purpose: they go in as they
are, or each fault says in one sentence what is missing.
"""

from datetime import date

import pytest

from catalog.changes import proposed_changes, with_numbers_kept
from catalog.files import FaultCode, FileRefused, diff_entries, export_entries, read_entries
from domain.values import CatalogEntry, EntryChangeKind, TitleAward, TitleLevel
from tests.catalog.office import HEADS, ROW_1, ROW_2, document, workbook

JUNIOR, INTERMEDIATE, ASSOCIATE, SENIOR = TitleLevel


def refused(data: bytes) -> list[tuple[FaultCode, str]]:
    with pytest.raises(FileRefused) as found:
        read_entries(data)
    assert all(fault.message.endswith(".") and "\n" not in fault.message for fault in found.value.faults)
    return [(fault.code, str(fault)) for fault in found.value.faults]


def awarded(entries: tuple[CatalogEntry, ...]) -> list[list[tuple[str | None, str, TitleLevel]]]:
    return [[(award.grade, award.title, award.level) for award in entry.awards] for entry in entries]


BEIJING = [
    "序号",
    "职业领域",
    "职业资格名称",
    "英文名称",
    "国家/地区",
    "发证机构",
    "对应职称系列",
    "对应职称层级",
    "认定条件",
    "备注",
]


def test_beijing_series_and_level_name_the_title() -> None:
    """No column has titles: series and level say them. The English name is the original one, the Chinese its translation."""
    data = workbook([
        ["北京市境外职业资格认可目录"],
        BEIJING,
        [1, "建筑", "注册结构工程师", "Chartered Structural Engineer", "英国", "结构工程师学会", "工程", "副高级", "在京工作", "可申报"],
        [2, "财务", "注册会计师", "Certified Accountant", "加拿大", "会计师协会", "会计系列", "中级", None, None],
        [3, "建筑", "总工程师", None, "德国", "工程师协会", "工程", "正高级", None, None],
    ])  # fmt: skip
    entries = read_entries(data)
    assert awarded(entries) == [
        [(None, "高级工程师", ASSOCIATE)],
        [(None, "会计师", INTERMEDIATE)],
        [(None, "正高级工程师", SENIOR)],
    ]
    first = entries[0]
    assert (first.qualification_name, first.translated_name) == ("Chartered Structural Engineer", "注册结构工程师")
    assert (first.country, first.series, first.conditions, first.remark) == ("英国", "工程", "在京工作", "可申报")
    assert entries[2].qualification_name == entries[2].translated_name == "总工程师"


def test_beijing_senior_is_one_of_two_levels_and_other_series_have_other_titles() -> None:
    """高级 beside a series is not guessed; nor are the titles of a series that names them otherwise."""
    rows = [
        [1, "建筑", "甲", "A", "英国", "机构", "工程", "高级", None, None],
        [2, "医疗", "乙", "B", "英国", "机构", "卫生", "中级", None, None],
    ]
    assert refused(workbook([BEIJING, *rows])) == [
        (
            FaultCode.LEVEL_UNKNOWN,
            "sheet Sheet, row 2, column H, entry 1: the level 高级 may be 副高级 or 正高级; say which.",
        ),
        (
            FaultCode.TITLE_UNKNOWN,
            (
                "sheet Sheet, row 3, column G, entry 2: the titles of the series “卫生” can't be told from their level; name each in a "
                "column 比照认定职称."
            ),
        ),
    ]


def test_guangzhou_titles_of_three_levels() -> None:
    """The names of the titles say their levels; the country stays."""
    data = document([
        ["序号", "职业资格名称", "职业资格英文名称", "国家（地区）", "发证机构", "专业领域", "对应职称"],
        ["1", "助理验船师", "Assistant Surveyor", "新加坡", "海事局", "交通", "助理工程师"],
        ["2", "验船师", "Surveyor", "新加坡", "海事局", "交通", "工程师"],
        ["3", "高级验船师", "Senior Surveyor", "新加坡", "海事局", "交通", "高级工程师"],
    ])  # fmt: skip
    entries = read_entries(data)
    assert [each[0][2] for each in awarded(entries)] == [JUNIOR, INTERMEDIATE, ASSOCIATE]
    assert {entry.country for entry in entries} == {"新加坡"}


def test_shanghai_lists_and_conditions_by_degree_and_years() -> None:
    """Lists A and B are tiers, keys such as A1 labels; two columns of conditions stay one text, each part behind its head."""
    head = ["序号", "清单", "境外职业资格名称", "译名", "颁证机构", "对应职称", "专业领域", "学历要求", "工作年限"]
    data = workbook([
        head,
        ["A1", "A", "Chartered Chemist", "特许化学师", "化学学会", "工程师", "化工", "学士", "5年"],
        ["A2", "A", "Chartered Physicist", "特许物理师", "物理学会", "高级工程师", "电子、仪器", "硕士", None],
        ["B1", "B", "Registered Forester", "注册林业师", "林业学会", "农艺师", "农业", None, None],
    ])  # fmt: skip
    entries = read_entries(data)
    assert [(entry.number, entry.label, entry.tier) for entry in entries] == [
        (1, "A1", "A"),
        (2, "A2", "A"),
        (3, "B1", "B"),
    ]
    assert [entry.conditions for entry in entries] == ["学历要求：学士；工作年限：5年", "学历要求：硕士", None]
    assert entries[1].field == "电子、仪器"
    assert entries[1].fields == ("电子", "仪器")


def test_fujian_grades_that_are_words() -> None:
    """高级/中级, Level 6, 单一级 and Fellow are grades as they stand; a cell that says nothing is none."""
    head = ["序号", "国家/地区", "证书名称", "英文名称", "发证机构", "证书等级", "对应职称", "职称级别", "对应专业"]
    data = workbook([
        head,
        [1, "韩国", "数据分析师", "Data Analyst", "数据振兴院", "高级、中级", "高级工程师、工程师", "高级、中级", "计算机"],
        [2, "英国", "项目经理", "Project Manager", "项目协会", "单一级", "工程师", "中级", "管理"],
        [3, "英国", "建筑监理", "Building Control Officer", "建筑协会", "Level 6", "工程师", "中级", "建筑"],
        [4, "澳大利亚", "精算师", "Actuary", "精算师协会", "Fellow、Member", "高级经济师、经济师", "副高、中级", "金融"],
        [5, "中国台湾", "测量技师", None, "考选部", "/", "工程师", "中级", "测绘"],
    ])  # fmt: skip
    assert awarded(read_entries(data)) == [
        [("高级", "高级工程师", ASSOCIATE), ("中级", "工程师", INTERMEDIATE)],
        [("单一级", "工程师", INTERMEDIATE)],
        [("Level 6", "工程师", INTERMEDIATE)],
        [("Fellow", "高级经济师", ASSOCIATE), ("Member", "经济师", INTERMEDIATE)],
        [(None, "工程师", INTERMEDIATE)],
    ]


def test_suzhou_batches_and_validity() -> None:
    """Batches are tiers; a day of validity, typed or kept as a date, is one; what is no day stays as a remark."""
    head = ["编号", "批次", "国际职业资格名称", "中文名称", "发证单位", "可对应职称", "领域", "有效期", "备注"]
    rows = [
        [
            "1.1",
            "第一批",
            "Wind Turbine Technician",
            "风电技术员",
            "风能组织",
            "助理工程师",
            "能源",
            "2026-12-31",
            None,
        ],
        [
            "1.2",
            "第一批",
            "Solar Designer",
            "光伏设计师",
            "光伏协会",
            "工程师",
            "能源",
            "2024年1月1日至2027年6月",
            "限本市",
        ],
        ["2.1", "第二批", "Battery Engineer", "电池工程师", "电池协会", "工程师", "能源", date(2028, 2, 29), None],
        ["2.2", "第二批", "Grid Engineer", "电网工程师", "电网协会", "工程师", "能源", "长期有效", None],
        ["2.3", "第二批", "Hydrogen Engineer", "氢能工程师", "氢能协会", "工程师", "能源", "三年", None],
    ]
    entries = read_entries(workbook([head, *rows]))
    assert [(entry.label, entry.valid_until, entry.remark) for entry in entries] == [
        ("1.1", date(2026, 12, 31), None),
        ("1.2", date(2027, 6, 30), "限本市；有效期：2024年1月1日至2027年6月"),
        ("2.1", date(2028, 2, 29), None),
        ("2.2", None, None),
        ("2.3", None, "有效期：三年"),
    ]


def test_tianjin_awards_no_title_and_says_so_once() -> None:
    """A list of who may practise awards no title: one fault, whatever its length, naming the heads that are not known."""
    head = ["序号", "领域", "职业资格名称", "国家/地区", "发证机构", "执业范围", "业务主管部门"]
    rows = [[n, "建筑", f"资格{n}", "德国", "机构", "自贸试验区", "住建委"] for n in range(1, 28)]
    assert refused(workbook([head, *rows])) == [
        (
            FaultCode.HEADER_MISSING,
            (
                "sheet Sheet, row 1, column 比照认定职称: the head lacks the column 比照认定职称; add it, or give its name to one of the "
                "columns that are not known: 执业范围, 业务主管部门."
            ),
        )
    ]


def test_zhejiang_finance_in_the_notices_own_columns() -> None:
    """The six columns, with titles of another series."""
    data = document([HEADS, ["1", "Chartered Banker", "特许银行家", "银行家学会", "经济师", "金融"]])
    (entry,) = read_entries(data)
    assert entry.awards == (TitleAward(title="经济师", level=INTERMEDIATE),)


def test_a_table_of_heads_that_nobody_knows_says_which_come_near() -> None:
    """What is recognised is named, what is not too."""
    ((code, said),) = refused(workbook([["编码", "项目", "发证机构", "甲", "乙"], ["1", "2", "3", "4", "5"]]))
    assert code is FaultCode.HEADER_MISSING
    assert "names 发证机构 and not 编码, 项目, 甲, 乙" in said


def test_a_level_that_contradicts_the_titles_name_is_refused() -> None:
    """高级会计师 is not 中级, and no advice leads there."""
    row = [*ROW_1[:4], "高级会计师", ROW_1[5], "中级"]
    ((code, said),) = refused(workbook([[*HEADS, "职称级别"], row]))
    assert code is FaultCode.LEVEL_UNKNOWN
    assert "whose name says 副高级" in said


@pytest.mark.parametrize(("labels", "code"), [(("A1", "2"), "NUMBER_MALFORMED"), (("A1", "A1"), "NUMBER_TWICE")])
def test_labels_stand_in_every_row_and_once(labels: tuple[str, str], code: str) -> None:
    """A number among labels, or a label twice, is refused."""
    rows = [[label, *row[1:]] for label, row in zip(labels, (ROW_1, ROW_2), strict=True)]
    assert [found.value for found, _ in refused(workbook([HEADS, *rows]))] == [code]


def test_a_labelled_list_keeps_the_numbers_that_the_registry_gave() -> None:
    """An entry between others shifts nothing: the known ones keep their numbers, the new one comes behind them."""
    first = read_entries(workbook([HEADS, ["A1", *ROW_1[1:]], ["A2", *ROW_2[1:]]]))
    new = ["A1", "Certified Welder", *ROW_1[2:]]
    again = read_entries(workbook([HEADS, new, ["A2", *ROW_1[1:]], ["A3", *ROW_2[1:]]]))
    kept = with_numbers_kept(again, {entry.number: entry for entry in first})
    assert [(entry.label, entry.number) for entry in kept] == [("A1", 3), ("A2", 1), ("A3", 2)]
    kinds = [(each.kind.value, each.number) for each in diff_entries(first, kept)]
    assert kinds == [("REVISED", 1), ("REVISED", 2), ("ADDED", 3)]


def test_a_new_edition_under_other_numbers_is_mapped_by_qualification_and_body() -> None:
    """Two entries are left out, one is put first: the rest is renumbered and nothing becomes another qualification."""
    rows = [[str(n), f"Qualification {n}", f"资格{n}", "机构", "工程师", "材料"] for n in range(1, 7)]
    before = read_entries(workbook([HEADS, *rows]))
    edition = [["0", "New Qualification", "新资格", "新机构", "工程师", "材料"], *rows[:1], *rows[3:]]
    after = read_entries(workbook([HEADS, *([str(n), *row[1:]] for n, row in enumerate(edition, start=1))]))
    differences = diff_entries(before, after)
    assert [(each.kind.value, each.number, each.new_number) for each in differences] == [
        ("RENUMBERED", 1, 2),
        ("ADDED", 1, None),
        ("WITHDRAWN", 2, None),
        ("WITHDRAWN", 3, None),
        ("RENUMBERED", 4, 3),
        ("RENUMBERED", 5, 4),
        ("RENUMBERED", 6, 5),
    ]
    assert differences[-1].fields[0].field == "number"
    moved = [change for change in proposed_changes(differences) if change.kind is EntryChangeKind.RENUMBERED]
    assert [(change.number, change.new_number, change.entry and change.entry.number) for change in moved] == [
        (1, 2, 2), (4, 3, 3), (5, 4, 4), (6, 5, 5),
    ]  # fmt: skip


@pytest.mark.parametrize("fmt", ["csv", "xlsx", "json"])
def test_all_that_an_entry_says_survives_every_format(fmt: str) -> None:
    """Label, country, series, tier, conditions, validity and remark are written and read back."""
    entry = CatalogEntry(
        number=7, qualification_name="A", translated_name="甲", issuing_body="机构", field="电子、仪器", label="B-2",
        awards=(TitleAward(grade="—", title="工程师", level=INTERMEDIATE), TitleAward(grade="Fellow", title="正高级工程师", level=SENIOR)),
        country="/", series="工程", tier="第二批", conditions="学士；五年" * 100, valid_until=date(2026, 12, 31), remark="=限本市",
    )  # fmt: skip
    plain = entry.model_copy(update={"number": 8, "label": None, "country": None, "valid_until": None, "remark": None})
    assert read_entries(export_entries((entry, plain), fmt), fmt) == (entry, plain)
