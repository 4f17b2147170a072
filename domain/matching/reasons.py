"""What a reviewer reads: each reason as one English and one Chinese sentence (``English. / 中文。``)."""

from __future__ import annotations

from datetime import date
from typing import Final

from domain.matching.normalise import Oddity
from domain.values import AliasKind

_ODDITIES: Final = {
    Oddity.TOO_LONG: ("the text is longer than any certificate's name", "文本长于任何证书名称"),
    Oddity.CONTROL: ("the text holds control characters", "文本含有控制字符"),
    Oddity.BIDI: ("the text holds characters that reverse its direction", "文本含有改变文字方向的字符"),
    Oddity.MARKUP: ("the text holds markup or program code", "文本含有标记或程序代码"),
    Oddity.PICTURE: ("the text holds pictures or symbols", "文本含有表情或符号"),
    Oddity.SCRIPT: ("the text holds letters of another script", "文本含有其他文字的字母"),
}


_NEAR: Final = {
    AliasKind.RENAMED: (
        "“{}” was renamed or succeeded; a reviewer decides whether it is this entry",
        "“{}”已更名或已由其他认证接替，是否为本条目由审核人员决定",
    ),
    AliasKind.COMPONENT: (
        "“{}” is one of the examinations of this entry's certification, which asks for more",
        "“{}”仅为本条目认证所需的考试之一",
    ),
    AliasKind.COMPOSITE: (
        "“{}” is another certification, which asks for this entry's examination among others",
        "“{}”为另一项认证，本条目的考试仅为其要求之一",
    ),
}


def both(english: str, chinese: str) -> str:
    """One reason in both languages."""
    return f"{english}. / {chinese}。"


def contradicted(catalogs: list[str]) -> str:
    """Other catalogs in force match the certificate too, and award something else."""
    where = "、".join(catalogs)
    return both(f"Another catalog in force matches it too: {where}", f"另一现行目录亦可比照：{where}")


def field_decides(catalog: str) -> str:
    """Of several catalogs that match, the one of the case's field decides."""
    return both(
        f"Several catalogs in force match it; {catalog} has it in the field of the work",
        f"多个现行目录可比照，按从事领域适用 {catalog}",
    )


def lapsed(until: date) -> str:
    """The notice lists the entry until an earlier day only."""
    return both(f"The notice lists this entry until {until} only", f"目录中该条目有效期至 {until}")


def same_text() -> str:
    """The input is the official text."""
    return both("The name equals the catalog's text after normalisation", "名称经规范化后与目录文本一致")


def same_words(source: str) -> str:
    """The significant words are those of a known name."""
    return both(f"The name says the same as “{source}”", f"名称与“{source}”含义一致")


def several_names() -> str:
    """The input repeats one entry under several of its names."""
    return both("The name repeats this entry under several of its names", "名称以多种写法重复同一条目")


def corrected(pairs: list[tuple[str, str]]) -> str:
    """Misspelt words were read as known ones."""
    text = ", ".join(f"{wrong} → {right}" for wrong, right in pairs)
    return both(f"Misspelt words were read as known ones ({text})", f"疑似拼写或扫描错误，已按已知词语识读（{text}）")


def nearly_same(source: str, distance: int) -> str:
    """The spelling differs from a known name by a few characters."""
    return both(f"The spelling differs from “{source}” by {distance} character(s)", f"与“{source}”相差{distance}个字符")


def cut(source: str) -> str:
    """The input is the beginning of exactly one known name."""
    return both(
        f"The text is the beginning of “{source}” and of no other known name",
        f"文本是“{source}”的开头，且不是其他已知名称的开头",
    )


def issuer_supports(name: str) -> str:
    """The issuer is the entry's."""
    return both(f"The issuer is the entry's: {name}", f"颁发机构与目录一致：{name}")


def issuer_named_within() -> str:
    """No issuer is given; the name itself bears it."""
    return both(
        "No issuer is given; the name itself points to the entry's issuer", "未填写颁发机构；名称本身指向目录所列机构"
    )


def issuer_silent() -> str:
    """No issuer is given and the name doesn't bear one."""
    return both(
        "No issuer is given, and the name alone does not say who issued the certificate",
        "未填写颁发机构，仅凭名称不能确定由谁颁发",
    )


def issuer_shared(others: list[str]) -> str:
    """No issuer is given, and other bodies certify under the name too."""
    english, chinese = " and ".join(others), "、".join(others)
    return both(
        f"No issuer is given, and others certify under this name too: {english}",
        f"未填写颁发机构，且其他机构也以此名称发证：{chinese}",
    )


def issuer_unknown(name: str) -> str:
    """The issuer isn't known to be the entry's."""
    return both(
        f"The issuer given is not known to be the entry's: {name}", f"所填颁发机构未知是否为目录所列机构：{name}"
    )


def issuer_contradicts(name: str) -> str:
    """The issuer is another body."""
    return both(
        f"The issuer given is another body; the entry names {name}", f"所填颁发机构为其他机构；目录所列为{name}"
    )


def name_contradicts(name: str) -> str:
    """The name bears another body."""
    return both(f"The name itself names another body; the entry's is {name}", f"名称中写有其他机构；目录所列为{name}")


def missing(words: list[str]) -> str:
    """The entry says more than the input."""
    text = ", ".join(words)
    return both(f"The entry also says: {text}", f"条目另含：{text}")


def beyond(words: list[str]) -> str:
    """The input says more than the entry."""
    text = ", ".join(words)
    return both(f"The entry does not say: {text}", f"条目不含：{text}")


def grade_decides(grade: str, title: str) -> str:
    """A grade decides the title."""
    return both(f"Grade {grade} leads to {title}", f"等级{grade}对应{title}")


def grade_open() -> str:
    """No single grade is named."""
    return both("No single grade is named, so the title stays open", "未注明唯一等级，职称待定")


def grade_contradicts() -> str:
    """The name and the grade field say different grades."""
    return both(
        "The name says another grade than the grade given, so the title stays open",
        "名称中的等级与所填等级矛盾，职称待定",
    )


def grade_unlisted(grade: str) -> str:
    """The catalog doesn't list the grade."""
    return both(f"The catalog does not list this grade: {grade}", f"目录未列该等级：{grade}")


def odd(oddity: Oddity) -> str:
    """Something that no certificate's name contains."""
    english, chinese = _ODDITIES[oddity]
    return both(f"Not automatic because {english}", f"不自动匹配：{chinese}")


def unlisted() -> str:
    """The name is that of a qualification the catalog doesn't list."""
    return both(
        "The name is that of another qualification, which the catalog does not list", "该名称为目录未列的其他资格"
    )


def dangling() -> str:
    """The text breaks off."""
    return both("The text breaks off in the middle of a name", "文本在名称中途中断")


def hedged() -> str:
    """The text leaves open what it says of itself."""
    return both("A word in brackets or a question mark leaves the name open", "括号中的词语或问号使名称不确定")


def not_whole() -> str:
    """Other entries' names hold the same words and more."""
    return both(
        "Other entries' names hold the same words and more, and the name is not whole",
        "名称不完整，其他条目的名称包含相同词语",
    )


def near(kind: AliasKind, source: str) -> str:
    """The name is that of a certification near the entry's."""
    english, chinese = _NEAR[kind]
    return both(english.format(source), chinese.format(source))


def exams_named(exams: list[str]) -> str:
    """Examinations of the entry are named."""
    text = ", ".join(exams)
    return both(f"The text names an examination of this entry: {text}", f"文本写有本条目的考试：{text}")


def one_in_common() -> str:
    """The text holds several names, and one entry alone is among the meanings of each."""
    return both(
        "The text holds several known names, and this entry alone is what they have in common",
        "文本含有多个已知名称，仅本条目为其共同所指",
    )


def several_meant() -> str:
    """The text holds names of several entries."""
    return both("The text holds names of several entries", "文本含有多个条目的名称")


def one_of_several(source: str, numbers: list[int]) -> str:
    """A known name means several entries."""
    text = ", ".join(map(str, numbers))
    return both(
        f"“{source}” does not say which of these entries is meant: {text}",
        f"“{source}”未说明所指为下列哪一条目：{text}",
    )


def also_unlisted(source: str) -> str:
    """A qualification that the catalog does not list bears the words too."""
    return both(
        f"The words are also those of “{source}”, which the catalog does not list",
        f"这些词语也见于目录未列的“{source}”",
    )


def other_words() -> str:
    """Apart from a learning programme's name the words are the entry's."""
    return both("The other words are those of a known name of this entry", "其余词语与本条目的已知名称一致")


def several_exams() -> str:
    """Only examinations are named."""
    return both("Examinations are named, and no certification", "仅写有考试，未写认证名称")


def exam_of_another() -> str:
    """The name is that of another certification than the examination's."""
    return both(
        "The name beside the examination is not that of this entry alone; a reviewer decides",
        "考试之外的名称并非仅指本条目，由审核人员决定",
    )


def own_words() -> str:
    """Every word is of the entry's names."""
    return both("Every word beside the examination is one of this entry's names", "考试之外的词语均见于本条目的名称")


def only_level(level: str) -> str:
    """The level is missing and exists once."""
    return both(
        f"The level is missing, and the certification exists at one level only: {level}",
        f"未写等级，该认证仅有一个等级：{level}",
    )


def two_languages() -> str:
    """The name is written in two languages."""
    return both("The name is written in two languages, and both name this entry", "名称以两种语言书写，均指本条目")


def course(name: str) -> str:
    """The text names a learning programme."""
    return both(
        f"“{name}” is the name of a learning programme, not of this certification",
        f"“{name}”是学习项目的名称，而非该认证",
    )


def translated_back() -> str:
    """Only a Chinese or Japanese name of the entry says the same."""
    return both(
        "Only the entry's name in another language says the same; no name of it in Latin letters does",
        "仅有本条目其他语言的名称与之含义一致，其拉丁字母名称并非如此",
    )


def advert() -> str:
    """The text is an advertisement's."""
    return both(
        "The sign of all genders is used in advertisements of posts, not on certificates",
        "性别标注用于招聘启事，不见于证书",
    )


def swapped() -> str:
    """Name and body stand in each other's place."""
    return both("Name and issuing body were read in each other's place", "名称与颁发机构填写位置互换，已互换识读")
