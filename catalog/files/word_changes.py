"""Changes of the words that matching knows, from a table: what is added, what is withdrawn, and the ground."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from catalog.faults import Fault
from catalog.files.change_table import add_fault, kind_of_change, read_changes, text_of
from catalog.files.tables import Heads, TableRow
from domain.catalog.amendment import WordChange
from domain.messages import Message, tell
from domain.text import CODE_LIMIT, PROSE_LIMIT
from domain.values import AliasChangeKind, Word, WordKind

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "change": ("change", "变更", "变更类型", "变更方式"),
    "kind": ("kind", "word kind", "类别", "词语类别"),
    "text": ("text", "word", "词语"),
    "meaning": ("meaning", "含义"),
    "scope": ("scope", "适用范围", "范围"),
    "ground": ("ground", "reason", "依据", "理由"),
}
"""Heads of the columns; the first is the API's name."""
_HEADS: Final = "变更、类别、词语、含义、范围、依据"
NEEDED: Final = ("change", "kind", "text", "ground")


def read_word_changes(source: Path, left_out: list[Message] | None = None) -> tuple[WordChange, ...]:
    """The changes of words of a CSV or XLSX file, in its order; what is hidden is left out and told to ``left_out``.

    A word to withdraw is named by its kind, text, meaning and scope; the ground then says why it no longer holds. Raises
    ``FileRefused`` with every fault at once, each with its place; ``OSError`` where the file can't be read.
    """
    return read_changes(source, Heads(HEADS, NEEDED), _change, tell("fault.no_word_changes", heads=_HEADS), left_out)


def _change(row: TableRow, faults: list[Fault]) -> WordChange | None:
    change = kind_of_change(row, faults)
    before = len(faults)
    kind = text_of(row, "kind", faults).upper().replace(" ", "_")
    text = text_of(row, "text", faults)
    meaning = text_of(row, "meaning", faults, required=False)
    scope = text_of(row, "scope", faults, limit=CODE_LIMIT, required=False)
    ground = text_of(row, "ground", faults, limit=PROSE_LIMIT)
    if len(faults) == before and kind not in set(WordKind):
        add_fault(row, "kind", tell("fault.word_kind_unknown", column="kind", kinds=tuple(map(str, WordKind))), faults)
    if len(faults) > before or change is None:
        return None
    word = Word(kind=WordKind(kind), text=text, meaning=meaning, scope=scope, ground=ground)
    return WordChange(effect=AliasChangeKind(change.value), word=word)
