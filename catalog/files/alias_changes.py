"""Changes of aliases from a table, as an administrator writes them: what is added, what is withdrawn, and the ground."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from catalog.faults import Fault
from catalog.files.change_table import add_fault, kind_of_change, read_changes, text_of
from catalog.files.tables import Heads, TableRow
from domain.catalog.amendment import AliasChange
from domain.messages import Message, tell
from domain.text import CODE_LIMIT, PROSE_LIMIT
from domain.values import Alias, AliasKind

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "change": ("change", "变更", "变更类型", "变更方式"),
    "kind": ("kind", "alias kind", "类别", "别名类别"),
    "text": ("text", "alias", "别名"),
    "issuer": ("issuer", "issuer key", "机构代号", "颁发机构代号"),
    "numbers": ("numbers", "entries", "序号", "条目序号", "条目"),
    "ground": ("ground", "reason", "依据", "理由"),
}
"""Heads of the columns; the first is the API's name."""
NEEDED: Final = ("change", "kind", "text", "ground")
_KINDS: Final = {
    "qualification": AliasKind.QUALIFICATION,
    "职业资格": AliasKind.QUALIFICATION,
    "issuing_body": AliasKind.ISSUING_BODY,
    "issuing body": AliasKind.ISSUING_BODY,
    "颁发机构": AliasKind.ISSUING_BODY,
    "renamed": AliasKind.RENAMED,
    "更名": AliasKind.RENAMED,
    "component": AliasKind.COMPONENT,
    "组成考试": AliasKind.COMPONENT,
    "composite": AliasKind.COMPOSITE,
    "上级认证": AliasKind.COMPOSITE,
}
_HEADS: Final = "变更、类别、别名、机构代号、序号、依据"
_WORDS: Final = "职业资格、颁发机构、更名、组成考试、上级认证"
_BETWEEN: Final = re.compile(r"[\s、，,；;]+")
_NUMBER: Final = re.compile(r"\d{1,6}")


def read_alias_changes(source: Path, left_out: list[Message] | None = None) -> tuple[AliasChange, ...]:
    """The changes of aliases of a CSV or XLSX file, in its order; what is hidden is left out and told to ``left_out``.

    An alias to withdraw is named by its kind, text, issuer and numbers; the ground then says why it no longer holds. Raises
    ``FileRefused`` with every fault at once, each with its place; ``OSError`` where the file can't be read.
    """
    return read_changes(source, Heads(HEADS, NEEDED), _change, tell("fault.no_alias_changes", heads=_HEADS), left_out)


def _change(row: TableRow, faults: list[Fault]) -> AliasChange | None:
    change = kind_of_change(row, faults)
    before = len(faults)
    kind = _KINDS.get(text_of(row, "kind", faults).casefold())
    text = text_of(row, "text", faults)
    ground = text_of(row, "ground", faults, limit=PROSE_LIMIT)
    issuer = text_of(row, "issuer", faults, limit=CODE_LIMIT, required=False) or None
    numbers = [part for part in _BETWEEN.split(text_of(row, "numbers", faults, required=False)) if part]
    if len(faults) == before:
        if kind is None:
            add_fault(
                row,
                "kind",
                tell("fault.alias_kind_unknown", column="kind", kinds=tuple(map(str, AliasKind)), words=_WORDS),
                faults,
            )
        if not all(map(_NUMBER.fullmatch, numbers)):
            add_fault(row, "numbers", tell("fault.more_than_numbers", column="numbers"), faults)
    if len(faults) > before or change is None or kind is None:
        return None
    means = tuple(sorted({int(number) for number in numbers}))
    return AliasChange(kind=change, alias=Alias(kind=kind, text=text, issuer=issuer, numbers=means, ground=ground))
