"""In which language the command line speaks: as it is told, else as the environment is set."""

from __future__ import annotations

import os
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.messages import Language


class Tongue(StrEnum):
    """What ``--lang`` takes: the tags of ``domain.messages.Language``, which nothing imports before a command runs."""

    ZH = "zh"
    EN = "en"


_LOCALES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Where the system says in which language programs speak, the strongest first (POSIX, section 8.2)."""
_asked: ContextVar[Tongue | None] = ContextVar("language of the command", default=None)


def choose(tongue: Tongue | None) -> None:
    """Speak this language from here on; None: that of the environment."""
    _asked.set(tongue)


def spoken() -> Language:
    """The language of what is printed."""
    from domain.messages import Language

    return Language((_asked.get() or _of_the_environment()).value)


def _of_the_environment() -> Tongue:
    locale = next((value for name in _LOCALES if (value := os.environ.get(name))), "")
    return Tongue.ZH if locale.lower().startswith("zh") else Tongue.EN
