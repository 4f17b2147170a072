"""The sentences as the files state them: read once, each with its places for facts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from types import MappingProxyType
from typing import Any, Final

from domain.messages.language import Language

FORMS: Final = frozenset({"", "or", "quoted"})
"""How a fact may stand in its place: as it is, in a list of alternatives (``{roles:or}``), in quotation marks (``{texts:quoted}``)."""
_LANGUAGES: Final = frozenset(Language)
_HEAD: Final = re.compile(r"^\[([^\[\]\n]+)\]\n", re.MULTILINE)
"""The line above each sentence, which has its key; no text begins a line so."""


class MessageDefect(Exception):
    """A sentence is asked for that the catalogue does not have, or not with these facts; or the catalogue itself is wrong."""


@dataclass(frozen=True, slots=True)
class Part:
    """Words, and the fact that follows them: its name and its form; no name at the end of a sentence."""

    words: str
    fact: str | None
    form: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in every language, and the names of the facts in it, the same in each."""

    parts: Mapping[Language, tuple[Part, ...]]
    facts: frozenset[str]


@cache
def sentence(key: str) -> Sentence | None:
    """A sentence by its key, read when it is first asked for; None for a key that the files do not have.

    Raises ``MessageDefect`` where it, or the order of the files, is malformed.
    """
    written = _written().get(key)
    return None if written is None else _sentence(key, _texts(key, written))


@cache
def sentences() -> Mapping[str, Sentence]:
    """Every sentence by its key. Raises ``MessageDefect`` for a file that is malformed."""
    return MappingProxyType({key: found for key in _written() if (found := sentence(key)) is not None})


@cache
def _written() -> Mapping[str, str]:
    """What the files write under each key: what is read of a file is where its sentences stand, which takes a thousandth of reading all."""
    found: dict[str, str] = {}
    for source in sorted(resources.files(__package__).iterdir(), key=lambda each: each.name):
        if not source.name.endswith(".toml"):
            continue
        _, *pieces = _HEAD.split(source.read_text(encoding="utf-8"))
        for key, written in zip(pieces[::2], pieces[1::2], strict=True):
            if key in found:
                raise MessageDefect(
                    f"{source.name}: {key} stands twice in the catalogue; give each sentence its own key"
                )
            found[key] = written
    return MappingProxyType(found)


def _texts(key: str, written: str) -> Mapping[str, str]:
    try:
        texts: dict[str, Any] = tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise MessageDefect(f"{key} is no TOML: {error}") from None
    if not all(isinstance(each, str) for each in texts.values()):
        raise MessageDefect(f"{key} is no sentence; write it as a table of texts by language")
    return texts


def _sentence(key: str, texts: Mapping[str, str]) -> Sentence:
    if texts.keys() != _LANGUAGES:
        raise MessageDefect(f"{key} is written in {', '.join(texts)}; write it in {', '.join(sorted(_LANGUAGES))}")
    parts = {Language(tag): _parts(text) for tag, text in texts.items()}
    named = {language: {part.fact for part in each if part.fact} for language, each in parts.items()}
    if named[Language.ZH] != named[Language.EN]:
        raise MessageDefect(f"{key} names other facts in one language than in the other; name the same")
    if strange := {part.form for each in parts.values() for part in each} - FORMS:
        raise MessageDefect(
            f"{key} asks for facts as {', '.join(sorted(strange))}; use one of {', '.join(sorted(FORMS))}"
        )
    return Sentence(parts, frozenset(named[Language.EN]))


def _parts(text: str) -> tuple[Part, ...]:
    return tuple(Part(words, fact, form or "") for words, fact, form, _ in Formatter().parse(text))
