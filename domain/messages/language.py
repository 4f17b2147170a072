"""The languages that the registry speaks."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """中文 and English, by their tags (BCP 47)."""

    ZH = "zh"
    EN = "en"
