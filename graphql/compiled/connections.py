"""Fields that answer page by page: a page as it is selected, and the questions that are kept ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from application.access import Scope
from application.asking import Grouped, Measured, Page, Question, Shown, Window
from application.projections.projection import Table
from application.queries import Ask
from compiled.encoding import STAMP, STAMPS, Answer, Arguments, Aside, Encoder, Encoders, Means, Rows
from compiled.selections import NotCovered, SelectedField
from registry_api.context import Context
from registry_api.pages import Paging, cursor, window


class ConnectionParts:
    """The shape of a connection that is selected, whatever its rows are."""

    def __init__(self, selected: SelectedField, kind: str, parsers: Sequence[Callable[[str], object]]) -> None:
        self._selected, self._kind, self._parsers = selected.below, kind, parsers
        self.total = any(each.name == "totalCount" for each in selected.below)
        edges = [node for each in selected.below if each.name == "edges" for node in each.below if node.name == "node"]
        self.nodes = [*(each for each in selected.below if each.name == "nodes"), *edges]
        """Each place where rows are written, and what is selected of them there."""

    def window(self, arguments: Arguments) -> Window:
        """The page that is asked for. Raises ``ApiError``."""
        names = ("first", "after", "last", "before")
        paging = Paging(*(arguments[name] for name in names))
        return window(self._kind, paging, self._parsers, count=self.total)

    def beside(self, question: Question[Any]) -> tuple[Grouped, ...]:
        """What counts all rows of the list, where the total is asked for."""
        if not self.total:
            return ()
        whole = replace(question, order=None, window=None)
        return (Grouped(whole, (), ((Measured.ROWS, question.table.key[0]),), 1),)

    def of(self, rows: Rows, asked: Window) -> Page[tuple[Any, ...]]:
        """The page of rows that have the total behind them, where it is asked for. Raises ``Aside`` where no row tells it."""
        if self.total and not rows:
            raise Aside
        return Page.of(rows, asked, rows[0][-1] if self.total else None)

    async def written(
        self,
        page: Page[tuple[Any, ...]],
        nodes: Callable[[SelectedField], Awaitable[list[Any]]],
        key: Callable[[tuple[Any, ...]], Sequence[object]],
    ) -> dict[str, Any]:
        """A page as it is selected; ``nodes`` writes its rows at one place."""
        found: dict[str, Any] = {}
        for each in self._selected:
            match each.name:
                case "nodes":
                    found[each.key] = await nodes(each)
                case "edges":
                    found[each.key] = await self._edges(each, page, nodes, key)
                case "pageInfo":
                    found[each.key] = self._info(each, page, key)
                case "totalCount":
                    found[each.key] = page.total
                case _:
                    found[each.key] = each.parent.name
        return found

    async def _edges(self, edges: SelectedField, page: Any, nodes: Any, key: Any) -> list[dict[str, Any]]:
        columns: list[list[Any]] = []
        for each in edges.below:
            match each.name:
                case "node":
                    columns.append(await nodes(each))
                case "cursor":
                    columns.append([cursor(self._kind, key(row)) for row in page.rows])
                case _:
                    columns.append([each.parent.name] * len(page.rows))
        if not columns:  # all of it is skipped
            return [{} for _ in page.rows]
        keys = [each.key for each in edges.below]
        return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]

    def _info(self, info: SelectedField, page: Page[Any], key: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in info.below:
            match each.name:
                case "hasNextPage":
                    found[each.key] = page.has_next
                case "hasPreviousPage":
                    found[each.key] = page.has_previous
                case "startCursor" | "endCursor":
                    row = page.rows[0 if each.name == "startCursor" else -1] if page.rows else None
                    found[each.key] = None if row is None else cursor(self._kind, key(row))
                case _:
                    found[each.key] = each.parent.name
        return found


def connection(
    means: Means,
    selected: SelectedField,
    table: Table[Any],
    kind: str,
    parsers: Sequence[Callable[[str], object]],
    asked: Callable[[Context, Arguments, Window], Question[Any]],
    order: tuple[str, str],
    same: Callable[[Arguments], tuple[Any, ...]] | None = None,
) -> Answer:
    """A field that answers page by page. ``same`` are the arguments beside the page that tell two questions of one scope apart, where
    nothing else does, and nothing of a person is among them: such questions are kept ready.
    """
    page = ConnectionParts(selected, kind, parsers)
    places = [_Place(node, Encoders(means.rules, table, node.below, offset=0)) for node in page.nodes]
    if len(places) > 1:
        raise NotCovered("rows in two places of a page")
    place = places[0] if places else None
    bare = Encoder(table, (), lambda rows, _e: [{} for _ in rows], 0, clear=False)

    laid_out: dict[int, _Layout] = {}
    ready = _ReadyQuestions()

    def layout(encoder: Encoder) -> _Layout:
        columns = encoder.columns
        if columns is not None:
            columns = (*columns, *(each for each in order if each not in columns))
        names = table.column_names if columns is None else columns
        return _Layout(columns, len(names), names.index(order[0]), names.index(order[1]))

    async def answer(context: Context, arguments: Arguments) -> Any:
        part, scope = page.window(arguments), context.viewer.scope
        encoder = place.encoders.of(clear=context.viewer.reads_persons) if place else bare
        laid = laid_out.get(id(encoder)) or laid_out.setdefault(id(encoder), layout(encoder))

        def shown() -> Shown:
            question = asked(context, arguments, part)
            return Shown(question, laid.columns, (*STAMP, *page.beside(question)))

        if same is None:
            rows = await means.lean.shown(shown())
        else:
            told = (id(encoder), part, *same(arguments))
            rows = await ready.of(scope, told, lambda: means.lean.ready(shown()))()
        if rows:
            await means.dimensions.as_of(rows[0][laid.width : laid.width + STAMPS])
        found = page.of(rows, part)
        first, second = laid.first, laid.second

        async def written(_node: SelectedField) -> list[Any]:
            return await encoder.written(context, found.rows)

        def key(row: tuple[Any, ...]) -> Sequence[object]:
            at = row[first]
            return (at.isoformat() if isinstance(at, date) else at, row[second])

        return await page.written(found, written, key)

    return answer


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which columns a list asks for, how many these are, and where the two lie that order its rows."""

    columns: tuple[str, ...] | None
    width: int
    first: int
    second: int


class _ReadyQuestions:
    """Questions of one field that are kept ready, by scope and by what tells them apart in it."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Ask] = {}

    def of(self, scope: Scope, key: tuple[Any, ...], make: Callable[[], Ask]) -> Ask:
        """The question, made where it is not kept."""
        kept = self._made.get((scope, *key))
        if kept is None:
            if len(self._made) >= _MOST_READY:
                self._made.clear()
            kept = self._made[(scope, *key)] = make()
        return kept


@dataclass(frozen=True, slots=True)
class _Place:
    node: SelectedField
    encoders: Encoders


_MOST_READY: Final = 500
"""Questions that a plan keeps ready."""
