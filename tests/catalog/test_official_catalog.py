"""The official catalog is the notice's text, verbatim."""

import hashlib
import re
import unicodedata
from datetime import date
from importlib.resources import files

import pytest

from catalog.jurisdiction import load_jurisdiction
from catalog.notice import load_official_catalog, official_text, parse_notice
from domain.values import CatalogEntry, Notice, TitleAward, TitleLevel

ASSISTANT = TitleAward(title="助理工程师", level=TitleLevel.JUNIOR)
ENGINEER = TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE)


def reread() -> dict[int, list[str]]:
    """The six cells of every row by another method: one pattern over the whole table, numbers as anchors."""
    table = official_text().split("专业领域\n", 1)[1]
    pieces = re.split(r"\n\t(\d+)\n\t", "\n" + table)
    return {
        int(number): [number, *(re.sub(r"\s+", " ", cell).strip() for cell in body.rstrip().split("\n\t"))]
        for number, body in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def test_source_is_the_published_text_to_the_byte() -> None:
    """The shipped notice is the published text, byte for byte."""
    source = files("catalog").joinpath(load_jurisdiction().catalog.notice).read_bytes()
    assert hashlib.sha256(source).hexdigest() == "dcbd6aa757d9c5ef0161177155ae75aeb6b319344451ef541b2263c63fef7eda"


def test_head_of_the_catalog() -> None:
    """Code, name and notice come from the text; the number is not in it and stays empty; commencement is 2023-11-01. Two
    departments issued it jointly, and article 1 names the two levels it awards.
    """
    catalog = load_official_catalog()
    assert catalog.code == "zj-2023-digital-equipment-materials"
    assert catalog.name == "浙江省境外职业资格与职称比照认定目录（数字经济、装备制造、材料领域）"
    assert catalog.notice == Notice(
        number=None,
        title="浙江省人力资源和社会保障厅 浙江省经济和信息化厅关于印发《浙江省境外职业资格与职称比照认定目录"
        "（数字经济、装备制造、材料领域）》的通知",
        levels=(TitleLevel.JUNIOR, TitleLevel.INTERMEDIATE),
        departments=("浙江省人力资源和社会保障厅", "浙江省经济和信息化厅"),
    )
    assert catalog.effective_from == date(2023, 11, 1) == load_jurisdiction().rules.commencement


def test_the_five_articles_stand_in_order() -> None:
    """The notice has five articles; each keeps its ordinal and its text."""
    articles = parse_notice(official_text(), "notice").articles
    assert [article[:2] for article in articles] == ["一、", "二、", "三、", "四、", "五、"]
    assert articles[1] == "二、经比照认定的职称，不补发职称证书，相关信息可登录浙江省专业技术人才管理服务系统查询。"


def test_all_hundred_entries_equal_an_independent_reading() -> None:
    """Every cell of all 100 entries is the text's own, white space normalised and nothing else."""
    expected = reread()
    entries = load_official_catalog().entries
    assert [entry.number for entry in entries] == list(range(1, 101)) == sorted(expected)
    for entry in entries:
        titles = "、".join(award.title for award in entry.awards)
        cells = [str(entry.number), entry.qualification_name, entry.translated_name, entry.issuing_body]
        assert [*cells, titles, entry.field] == expected[entry.number]


@pytest.mark.parametrize(
    ("number", "name", "translated", "issuer", "field"),
    [
        (3, "IEEE Wireless Communications Engineering Technologies Certification", "无线通信工程师认证",
         "IEEE通信协会 （IEEE Communications Society）", "数字经济"),
        (5, "ITIL Expert", "ITIL专家级资格",
         ("国际信息科学考试学会EXIN（Examination Institute for Information Science）"
         "信息系统考试委员会ISEB（Information Systems Examination Board）"), "数字经济"),
        (9, "Mathematisch-technische/-r Softwareentwickler/-in", "数理技术软件开发员",
         "德国工商大会 DIHK （Deutscher Industrie-und Handelskammertag）", "数字经济"),
        (11, "Elektroniker/-in -Informations-und Systemtechnik", "电子技术员-信息系统术方向",
         "德国工商大会 DIHK （Deutscher Industrie-und Handelskammertag）", "数字经济"),
        (12, "Google Cloud Certified Professional Machine Learning Engineer (currently in beta)",
         "谷歌云认证专业机器学习工程师", "谷歌（Google）", "数字经济"),
        (17, "IBM Certified Data Architect–BigData", "IBM 认证数据架构师-大数据", "国家商业机器公司（IBM ）", "数字经济"),
        (23, "Oracle Database Cloud Service 2020 Certified Specialist", "甲骨文数据库云服务认证-专业人员",
         "甲骨文 （Oracle Corporation）", "数字经济"),
        (42, "Cisco Certified Network Professional Associate", "思科认证助理网络工程师", "思科（Cisco）", "数字经济"),
        (45, "Microsoft Certified: Azure AI Engineer Associate", "微软认证：Azure 初级AI工程师",
         "微软（ Microsoft）", "数字经济"),
        (58, "AWS Certified Solutions Architect - Professional", "AWS 认证解决方案 架构师-专业",
         "亚马逊（Amazon）", "数字经济"),
        (61, "AWS Certified Security – Specialty", "AWS 认证安全管理工程师-专业", "亚马逊（Amazon）", "数字经济"),
        (62, "AWS Certified Machine Learning — Specialty", "AWS 机器学习认证- 专业级", "亚马逊（Amazon）", "数字经济"),
        (66, "Junior International Certified Mechanical Engineer(JICME)", "初级国际注册机械工程师",
         "机械工程师学会 IME （Institution of Mechanical Engineers ）", "装备制造"),
        (72, "Certified Welding Inspector", "注册焊接检验师", "美国焊接协会 （American Welding Society）", "装备制造"),
        (84, "Mechatroniker/-in für Kältetechnik", "机械电子技术员-制冷方向",
         "德国工商大会 DIHK （Deutscher Industrie-und Handelskammertag）", "装备制造"),
        (92, "CCPE Metallurgical Engineering", "加拿大冶金工程师",
         "加拿大职业工程师委员会 CCPE（Canadian Council of Professional Engineers）", "材料"),
        (93, "Welding Metallurgy Certificate", "焊接师", "美国材料信息协会 （ASM International）", "材料"),
    ],
)  # fmt: skip
def test_verbatim_rows(number: int, name: str, translated: str, issuer: str, field: str) -> None:
    """Line breaks and runs of spaces become one space; brackets, dashes, single spaces and typos stay as printed."""
    entry = load_official_catalog().entries[number - 1]
    assert (entry.qualification_name, entry.translated_name) == (name, translated)
    assert (entry.issuing_body, entry.field) == (issuer, field)


def test_entries_88_to_90_award_by_grade() -> None:
    """88-90: 2级 leads to 助理工程师 and 1级 to 工程师, in the order of the text."""
    graded = (ASSISTANT.model_copy(update={"grade": "2级"}), ENGINEER.model_copy(update={"grade": "1级"}))
    assert [entry.awards for entry in load_official_catalog().entries[87:90]] == [graded] * 3


def test_all_other_entries_award_one_title_without_a_grade() -> None:
    """Everything but 88-90 knows one title."""
    plain = [entry for entry in load_official_catalog().entries if entry.number not in {88, 89, 90}]
    assert {entry.awards for entry in plain} == {(ASSISTANT,), (ENGINEER,)}
    lines = official_text().splitlines()
    assert sum(entry.awards == (ASSISTANT,) for entry in plain) == lines.count("\t助理工程师")
    assert sum(entry.awards == (ENGINEER,) for entry in plain) == lines.count("\t工程师")


def test_folding_left_only_white_space_behind() -> None:
    """The law of normalisation over the whole catalog: without white space, entries and source are the same characters."""

    def bare(text: str) -> str:
        return "".join(text.split())

    def cells(entry: CatalogEntry) -> str:
        titles = "、".join(award.title for award in entry.awards)
        parts = (
            str(entry.number),
            entry.qualification_name,
            entry.translated_name,
            entry.issuing_body,
            titles,
            entry.field,
        )
        return "".join(parts)

    table = official_text().split("专业领域\n", 1)[1]
    assert bare("".join(map(cells, load_official_catalog().entries))) == bare(table)
    assert unicodedata.is_normalized("NFC", official_text())
