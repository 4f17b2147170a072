"""In which language the command line speaks: as it is told, else as the environment is set."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Final, TypeAlias

from domain.messages import Language, Message

Said: TypeAlias = Message | str
"""What a person is told: a message of the catalogue, or words that come from elsewhere and stay as they are."""

OPTION: Final = "--lang"
_asked: ContextVar[Language | None] = ContextVar("language of the command", default=None)


def choose(language: Language | None) -> None:
    """Speak this language from here on; None: that of the environment."""
    _asked.set(language)


def spoken() -> Language:
    """The language of what is printed."""
    from infrastructure.locale_settings import language_of_environment

    return _asked.get() or language_of_environment()


def worded(said: Said) -> str:
    """What is told, in the language that is spoken."""
    return said if isinstance(said, str) else said.text(spoken())


def language_first(words: Sequence[str]) -> list[str]:
    """The words of a call with ``--lang`` in front, wherever before ``--`` it stands, and its language chosen.

    So every command takes it, and whatever is said of a call, its mistakes and its help too, is said in that language. What is no
    language stays for the program's own option to refuse.
    """
    rest, asked = [], None
    given = iter(words)
    for word in given:
        if word == "--":
            rest += [word, *given]
        elif word.startswith(f"{OPTION}="):
            asked = word.partition("=")[2]
        elif word == OPTION:
            asked = next(given, "")
        else:
            rest.append(word)
    if not asked:
        return rest if asked is None else [OPTION]
    choose(next((each for each in Language if each.value == asked), None))
    return [OPTION, asked, *rest]
