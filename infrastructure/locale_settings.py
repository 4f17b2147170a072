"""In which language the environment asks programs to speak; apart from the other settings, since help needs no more."""

from __future__ import annotations

import os
from typing import Final

from domain.messages import Language

VARIABLE: Final = "RECOGNITION_LANG"
_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of these that is set says it (POSIX.1-2017, section 8.2)."""


def language_of_environment() -> Language:
    """The language that ``RECOGNITION_LANG`` names, else Chinese where the locale is, English for every other."""
    named = next((each for each in Language if each.value == os.environ.get(VARIABLE)), None)
    locale = next(filter(None, map(os.environ.get, _LOCALE)), "")
    return named or (Language.ZH if locale.lower().startswith("zh") else Language.EN)
