"""Errors that people read: what is said is a message, rendered in the language of whoever reads it."""

from __future__ import annotations

from domain.messages.catalogue import Message
from domain.messages.language import Language


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
