"""Errors that people read: what is said is a message, rendered in the language of whoever reads it."""

from __future__ import annotations

import errno
from typing import Final

from domain.messages.catalogue import Message, tell
from domain.messages.language import Language

SYSTEM_REASONS: Final = frozenset(
    {
        "EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EEXIST", "EIO", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG", "ENOENT",
        "ENOSPC", "ENOTDIR", "ENXIO", "EPERM", "EROFS",
    }
)  # fmt: skip
"""The reasons of the operating system that have a message of their own, by their names (POSIX.1-2017, errno.h)."""


class SpokenError(Exception):
    """An error that says one message; as text it is English, for logs and for who asks in no language."""

    def __init__(self, said: Message) -> None:
        super().__init__(said)
        self.said = said

    def text(self, language: Language) -> str:
        """The sentence in a language."""
        return self.said.text(language)

    def __str__(self) -> str:
        """The sentence in English."""
        return self.text(Language.EN)


def said_by(error: BaseException) -> Message | str:
    """What an error says, as a fact of another message: its own message, or its words where it has none."""
    return error.said if isinstance(error, SpokenError) else str(error)


def system_reason(error: OSError) -> Message:
    """Why the operating system refused something, by its number; in its own words where no message says it."""
    name = errno.errorcode.get(error.errno or 0, "")
    if name in SYSTEM_REASONS:
        return tell(f"system.{name}")
    return tell("system.other", words=error.strerror or str(error) or type(error).__name__)
