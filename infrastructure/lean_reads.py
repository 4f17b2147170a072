"""The read side by columns: questions as statements of ``questions_sql``, sent over ``Lines``."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any, Final

from application.asking import Keyed, Shown
from application.queries import Ask, LookUp
from infrastructure.postgres.lines import Lines, Shape
from infrastructure.questions_sql import shown_statement

_OPEN: Final = object()
"""Stands where the keys of a look-up will."""
_MOST_SHAPES: Final = 1_000


class PostgresLeanReads:
    """Answers ``application.queries.LeanReads`` over lines, while they are entered."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._shapes: dict[tuple[str, ...], Shape] = {}

    @property
    def statements(self) -> int:
        """How many statements were sent since the start."""
        return self._lines.statements

    async def shown(self, shown: Shown) -> Sequence[tuple[Any, ...]]:
        """See ``LeanReads``."""
        made = shown_statement(shown)
        return await self._lines.rows(made.text, made.params)

    def ready(self, shown: Shown) -> Ask:
        """See ``LeanReads``; the statement is made once."""
        made = shown_statement(shown)
        shape, lines = Shape(made.text, made.params, (), keyed=False), self._lines

        def ask() -> Awaitable[Sequence[tuple[Any, ...]]]:
            return lines.look_up(shape, None)

        return ask

    def looked_up(self, shown: Shown) -> LookUp:
        """See ``LeanReads``; the statement is made once."""
        if not isinstance(shown.asked, Keyed):
            raise TypeError("a look-up is a question with keys")
        made = shown_statement(replace(shown, asked=replace(shown.asked, keys=[_OPEN])))
        place = made.params.index([_OPEN])
        named = (made.text, repr(made.params[:place]), repr(made.params[place + 1 :]))
        if len(self._shapes) > _MOST_SHAPES:
            self._shapes.clear()
        shape = self._shapes.setdefault(named, Shape(made.text, made.params[:place], made.params[place + 1 :]))
        lines = self._lines

        def ask(key: Any) -> Awaitable[Sequence[tuple[Any, ...]]]:
            return lines.look_up(shape, key)

        return ask
