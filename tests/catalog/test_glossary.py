"""The glossary explains every term once, in both languages, with its source."""

import re
from pathlib import Path

from catalog.notice import official_text

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"


def rows() -> list[list[str]]:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ") and not line.startswith("| English")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_each_term_has_one_complete_row() -> None:
    """Every row has term, Chinese, meaning and source, and no term, in either language, stands twice."""
    found = rows()
    assert len(found) > 40
    assert all(len(row) == 4 and all(row) for row in found)
    assert len({row[0] for row in found}) == len({row[1] for row in found}) == len(found)


def test_sources_are_articles_that_exist() -> None:
    """An article that the glossary names is one of the notice's five."""
    stated = [re.match(r"Articles? ([\d, ]+)", row[3]) for row in rows()]
    named = {int(number) for found in stated if found for number in re.findall(r"\d+", found[1])}
    assert named == {1, 2, 3, 4, 5}


def test_the_words_of_the_notice_are_its_words() -> None:
    """Terms that the notice itself uses stand in it as the glossary writes them."""
    chinese = {row[1] for row in rows()}
    for word in ("境外职业资格", "证书颁发机构", "省级有关单位", "职称管理权限", "诚信档案库", "佐证材料", "动态调整"):
        assert word in chinese
        assert word in official_text()
