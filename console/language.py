"""In which language the command line speaks: as it is told, else as the environment is set."""

from __future__ import annotations

from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.messages import Language


class Tongue(StrEnum):
    """What ``--lang`` takes: the tags of ``domain.messages.Language``, which nothing imports before a command runs."""

    ZH = "zh"
    EN = "en"


_asked: ContextVar[Tongue | None] = ContextVar("language of the command", default=None)


def choose(tongue: Tongue | None) -> None:
    """Speak this language from here on; None: that of the environment."""
    _asked.set(tongue)


def spoken() -> Language:
    """The language of what is printed."""
    from domain.messages import Language
    from infrastructure.settings import Locale

    asked = _asked.get()
    return Locale().language if asked is None else Language(asked.value)
