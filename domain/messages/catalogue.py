"""A sentence with its facts, and how both become a text in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final, TypeAlias, Union

from domain.messages.language import Language
from domain.messages.sentences import MessageDefect, Part, Sentence, sentence

Fact: TypeAlias = Union[str, int, date, Enum, "Message", Sequence["Fact"]]
"""What may stand in a sentence: a text that is no person's, a number, a day, a member with a term of its own, another message,
or several of these."""

MOST_NAMED: Final = 10
"""As many members of a sequence are named; of more it is told how many there are."""


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence for a person: its key in the catalogue and the facts in it. No personal data is a fact.

    Raises ``MessageDefect`` for a key that the catalogue does not have, and where facts are missing, not asked for, or of no kind
    that can be told.
    """

    key: str
    facts: tuple[tuple[str, Fact], ...] = ()

    def __post_init__(self) -> None:
        wanted, given = facts_of(self.key), {name for name, _ in self.facts}
        if given != wanted:
            lacking, strange = sorted(wanted - given), sorted(given - wanted)
            raise MessageDefect(f"{self.key} lacks the facts {lacking} and does not ask for {strange}")
        for name, fact in self.facts:
            _require_tellable(self.key, name, fact)

    def text(self, language: Language) -> str:
        """The sentence in a language."""
        facts = dict(self.facts)
        return "".join(
            part.words if part.fact is None else part.words + _told(facts[part.fact], part, language)
            for part in _sentence(self.key).parts[language]
        )

    def __str__(self) -> str:
        """The sentence in English."""
        return self.text(Language.EN)


def tell(key: str, /, **facts: Fact) -> Message:
    """The message of this key with these facts. Raises ``MessageDefect`` as ``Message`` does."""
    return Message(key, tuple((name, _frozen(fact)) for name, fact in facts.items()))


def term(member: Enum) -> Message:
    """The term of a member of a list. Raises ``MessageDefect`` where the catalogue has none."""
    return Message(_term(member))


def facts_of(key: str) -> frozenset[str]:
    """The names of the facts that a sentence asks for. Raises ``MessageDefect`` for a key that the catalogue does not have."""
    return _sentence(key).facts


def _sentence(key: str) -> Sentence:
    found = sentence(key)
    if found is None:
        raise MessageDefect(f"the catalogue of messages has no {key}; write it in both languages")
    return found


def _frozen(fact: Fact) -> Fact:
    if isinstance(fact, Sequence) and not isinstance(fact, str):
        return tuple(_frozen(each) for each in fact)
    return fact


def _require_tellable(key: str, name: str, fact: Fact) -> None:
    if isinstance(fact, tuple):
        for each in fact:
            _require_tellable(key, name, each)
    elif isinstance(fact, Enum):
        _sentence(_term(fact))
    elif not isinstance(fact, str | int | date | Message):
        raise MessageDefect(f"{key}: {name} is a {type(fact).__name__}, which no sentence can tell")


def _term(member: Enum) -> str:
    return f"{type(member).__name__}.{member.name}"


def _told(fact: Fact, part: Part, language: Language) -> str:
    if isinstance(fact, tuple):
        return _listed([_one(each, part, language) for each in fact], part, language)
    return _one(fact, part, language)


def _one(fact: Fact, part: Part, language: Language) -> str:
    if isinstance(fact, Message):
        text = fact.text(language)
    elif isinstance(fact, Enum):
        text = term(fact).text(language)
    elif isinstance(fact, date):
        text = fact.isoformat()
    else:
        text = str(fact)
    return f"“{text}”" if part.form == "quoted" else text


def _listed(texts: Sequence[str], part: Part, language: Language) -> str:
    """A list as the language writes it; beyond the tenth, how many more there are."""
    comma = "、" if language is Language.ZH else ", "
    if part.form == "or" and len(texts) > 1:
        last = "或" if language is Language.ZH else " or "
        return comma.join(texts[:-1]) + last + texts[-1]
    more = len(texts) - MOST_NAMED
    named = comma.join(texts[:MOST_NAMED])
    if more <= 0:
        return named
    return f"{named}等{len(texts)}项" if language is Language.ZH else f"{named} and {more} more"
