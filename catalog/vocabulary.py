"""The vocabulary that ships with the official catalog: the words matching knows, each with its ground.

They are data beside the aliases; version 1 of the catalog takes them along, so a case that is replayed is read with the words
of its version. Columns: ``kind,text,meaning,scope,ground`` (``domain.values.Word``). ``vocabulary/formal.csv`` holds what says
nothing beside a name, ``levels.csv`` levels, ``variants.csv`` spellings, abbreviations and translations, ``trade.csv`` ordinary
words, ``courses.csv`` names of learning programmes, ``bodies.csv`` facts and words about issuing bodies, ``lookalikes.csv``
characters that scanners confuse.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from io import StringIO
from typing import Final

from catalog.faults import Fault, FaultCode, SourceRefused
from catalog.jurisdiction import Jurisdiction, load_jurisdiction
from domain.matching.vocabulary import Vocabulary, fault_of
from domain.messages import Message, tell
from domain.values import Word, WordKind

_COLUMNS: Final = ["kind", "text", "meaning", "scope", "ground"]


def load_vocabulary(where: Jurisdiction | None = None) -> tuple[Word, ...]:
    """Every word of a jurisdiction, by default the shipped one's, in the order of its files.

    Raises ``SourceRefused`` naming file and line of every fault.
    """
    return _words(where or load_jurisdiction())


@cache
def _words(where: Jurisdiction) -> tuple[Word, ...]:
    return tuple(word for name in where.catalog.vocabulary for word in parse_vocabulary(where.text(name), name))


@cache
def official_vocabulary() -> Vocabulary:
    """The shipped words as the official catalog is read by them."""
    return Vocabulary(load_vocabulary(), load_jurisdiction().rules.catalog_code)


def parse_vocabulary(text: str, source: str) -> tuple[Word, ...]:
    """Read words from CSV; raises ``SourceRefused`` with every fault at once."""
    rows = csv.reader(StringIO(text))
    if next(rows, None) != _COLUMNS:
        raise SourceRefused(source, (_fault(1, tell("fault.first_line_of_data", columns=tuple(_COLUMNS))),))
    faults: list[Fault] = []
    words: list[Word] = []
    seen: set[tuple[str, ...]] = set()
    for line, row in enumerate(rows, start=2):
        wrong = list(_wrong(row, seen))
        faults.extend(_fault(line, message) for message in wrong)
        if not wrong:
            kind, word, meaning, scope, ground = row
            words.append(Word(kind=WordKind(kind), text=word, meaning=meaning, scope=scope, ground=ground))
    if faults:
        raise SourceRefused(source, tuple(faults))
    return tuple(words)


def _wrong(row: list[str], seen: set[tuple[str, ...]]) -> Iterator[Message]:
    """What is wrong with one row, each a sentence naming the way out."""
    if len(row) != len(_COLUMNS):
        yield tell("fault.row_miscounted_in_data", wanted=len(_COLUMNS), found=len(row))
        return
    kind, word, meaning, scope, ground = row
    if kind not in set(WordKind):
        yield tell("fault.kind_unknown", kind=kind, kinds=tuple(map(str, WordKind)))
        return
    if not ground.strip():
        yield tell("fault.word_without_ground", word=word)
    fault = fault_of(Word(kind=WordKind(kind), text=word, meaning=meaning, scope=scope, ground=ground))
    if fault:
        yield fault
    key = (kind, word, meaning, scope)
    if key in seen:
        yield tell("fault.word_twice", word=word)
    seen.add(key)


def _fault(line: int, message: Message) -> Fault:
    return Fault(FaultCode.VALUE_UNKNOWN, message, row=line)
