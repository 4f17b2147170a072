"""What compiled root fields write rows with: encoders of a selection, and the look-ups they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from application import questions
from application.access import Scope
from application.asking import Grouped, Keyed, Shown
from application.projections.projection import Table
from application.queries import LeanReads, LookUp
from application.viewing import Row
from compiled.dimensions import Dimensions
from compiled.selections import SelectedField
from compiled.types import personal_in
from compiled.writing import Columns, NeedsView, Rules, View, Writer
from registry_api.context import Context, in_thread
from transport.limits import DEFAULT_LIMITS

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Arguments = Mapping[str, Any]
Answer = Callable[[Context, Arguments], Awaitable[Any]]
"""A request and the arguments of a root field to what is written under its name."""
STAMP: Final = questions.catalogs_stamp()
STAMPS: Final = len(STAMP)


class Aside(Exception):
    """A compiled operation cannot be answered here after all; the interpreting path answers, or says why it does not."""


@dataclass(frozen=True, slots=True)
class Means:
    """What compiled fields work with."""

    lean: LeanReads
    dimensions: Dimensions
    rules: Rules


@dataclass(frozen=True, slots=True)
class Encoder:
    """Writes rows of a table: from ``columns``, or, where they are None, from whole views."""

    table: Table[Any]
    columns: tuple[str, ...] | None
    write: Callable[[Any, Any], list[Any]]
    weight: int
    clear: bool

    async def written(self, context: Context, rows: Rows, offset: int = 0) -> list[Any]:
        """The rows as they are shown; ``offset`` is how many columns stand in front. Raises ``Aside`` for too many fields."""
        if len(rows) * self.weight > DEFAULT_LIMITS.cost:
            raise Aside
        if self.columns is not None:
            return self.write(rows, context)
        from_row = self.table.from_row
        views = [from_row(row[offset:] if offset else row) for row in rows]
        return await self.of_views(context, views)

    async def of_views(self, context: Context, views: Sequence[Any]) -> list[Any]:
        """Views as they are shown; the keys of those who are shown in clear are fetched at once."""
        if self.clear:
            await keys_at_hand(context, views)
        return self.write(views, context)


class Encoders:
    """Encoders of one selection, for those who may read persons and for those who may not; each made when it is first needed."""

    def __init__(self, rules: Rules, table: Table[Any], selected: Sequence[SelectedField], offset: int) -> None:
        self._rules, self._table, self._selected, self._offset = rules, table, selected, offset
        self._personal = any(map(_is_personal, selected))
        self._made: dict[bool, Encoder] = {}
        self.of(clear=False)
        if self._personal:
            self.of(clear=True)

    def of(self, *, clear: bool) -> Encoder:
        """The encoder. Raises ``NotCovered``."""
        clear = clear and self._personal
        if clear not in self._made:
            self._made[clear] = self._make(clear=clear)
        return self._made[clear]

    def _make(self, *, clear: bool) -> Encoder:
        weight = sum(each.weight for each in self._selected)
        if not clear:
            try:
                writer, names = Writer(self._rules, clear=False), dict[str, int]()
                one = writer.object(Columns(self._table.view, names, self._offset), self._selected)
                write = writer.function("rows, e", f"[{one} for r in rows]")
                return Encoder(self._table, tuple(names) or self._table.key, write, weight, clear=False)
            except NeedsView:
                pass
        writer = Writer(self._rules, clear=clear)
        one = writer.object(View(self._table.view, "v"), self._selected)
        return Encoder(self._table, None, writer.function("rows, e", f"[{one} for v in rows]"), weight, clear)


def _is_personal(selected: SelectedField) -> bool:
    return personal_in(replace(selected, below=(selected,)))


async def keys_at_hand(context: Context, rows: Iterable[Row]) -> None:
    """Have the keys of those who are shown in clear in these rows, so that opening waits for nothing."""
    viewer = context.viewer
    refs = {each.holder.ref for each in rows if viewer.in_clear(each)}
    if missing := {ref for ref in refs if not viewer.at_hand(ref)}:
        await in_thread(context.services.seals.warm, missing)


class LookUps:
    """Look-ups of one question, by scope and columns: each a statement that is made once."""

    def __init__(self, lean: LeanReads, asked: Callable[[Scope], Keyed[Any, Any]], beside: tuple[Grouped, ...]) -> None:
        self._lean, self._asked, self._beside = lean, asked, beside
        self._made: dict[tuple[Scope, tuple[str, ...] | None], LookUp] = {}
        self._near: dict[int, tuple[Scope, tuple[str, ...] | None, LookUp]] = {}
        """The same by identity of the scope, which is cheaper to compare than what is in it."""

    def of(self, scope: Scope, columns: tuple[str, ...] | None) -> LookUp:
        """The look-up within a scope."""
        near = self._near.get(id(scope))
        if near is not None and near[1] is columns:
            return near[2]
        found = self._made.get((scope, columns))
        if found is None:
            if len(self._made) > _MOST_SCOPES:
                self._made.clear()
            found = self._made[scope, columns] = self._lean.looked_up(Shown(self._asked(scope), columns, self._beside))
        if len(self._near) > _MOST_SCOPES:
            self._near.clear()
        self._near[id(scope)] = (scope, columns, found)  # the scope held, so that no other has its number
        return found


_MOST_SCOPES: Final = 500
"""Scopes for which a plan keeps its statement made."""
