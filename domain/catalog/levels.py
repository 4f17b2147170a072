"""Levels of professional titles: what the name of a title says of its level, and which levels a notice lets a catalog award.

Source: the names of the titles in the series that China's ministry of human resources publishes (职称系列), in which 高级 before
a name is 副高级 and 正高级 is a level above.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from domain.values import TitleLevel

LEVEL_NAMES: Final = {
    TitleLevel.JUNIOR: "初级",
    TitleLevel.INTERMEDIATE: "中级",
    TitleLevel.ASSOCIATE_SENIOR: "副高级",
    TitleLevel.SENIOR: "正高级",
}
"""How the levels are written."""

UNSTATED: Final = (TitleLevel.JUNIOR, TitleLevel.INTERMEDIATE)
"""What a first notice lets a catalog award where it says nothing about levels: those of article 1."""

SERIES: Final = {
    "工程": "工程师",
    "工程技术": "工程师",
    "会计": "会计师",
    "经济": "经济师",
    "统计": "统计师",
    "审计": "审计师",
    "农业": "农艺师",
    "农业技术": "农艺师",
    "工艺美术": "工艺美术师",
    "实验": "实验师",
    "实验技术": "实验师",
}
"""Series whose titles are one name with the level before it, and that name."""

_BEFORE: Final = {
    "助理": TitleLevel.JUNIOR,
    "": TitleLevel.INTERMEDIATE,
    "高级": TitleLevel.ASSOCIATE_SENIOR,
    "正高级": TitleLevel.SENIOR,
}
_AFTER: Final = {level: before for before, level in _BEFORE.items()}
_TITLE: Final = re.compile(rf"({'|'.join(filter(None, _BEFORE))})?({'|'.join(dict.fromkeys(SERIES.values()))})")


def level_of_title(title: str) -> TitleLevel | None:
    """The level that the name of a title says; None where it says none."""
    found = _TITLE.fullmatch(title)
    return _BEFORE[found[1] or ""] if found else None


def title_of_series(series: str, level: TitleLevel) -> str | None:
    """The title of a series at a level; None for a series whose titles bear other names."""
    name = SERIES.get(series.removesuffix("系列").removesuffix("职称"))
    return _AFTER[level] + name if name else None


def named(levels: Iterable[TitleLevel]) -> str:
    """Levels as they are written, lowest first."""
    given = set(levels)
    return "、".join(name for level, name in LEVEL_NAMES.items() if level in given)


def beyond(levels: Collection[TitleLevel], allowed: Collection[TitleLevel]) -> list[TitleLevel]:
    """Those of some levels that are not among the ones allowed, lowest first."""
    return [level for level in TitleLevel if level in levels and level not in allowed]
