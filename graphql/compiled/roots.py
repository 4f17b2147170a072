"""The root fields that are compiled: which question each asks, and what is written of its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import orjson

from application import questions
from application.access import Scope
from application.asking import UNSCOPED, Grouped, Keyed, Measured, Page, Question, Shown, Window
from application.projections.all import projections_of
from application.projections.projection import Table
from application.projections.tables import CASES, TITLES
from application.queries import Ask, LeanReads, LookUp
from application.questions import CaseFilter, EntryFilter, TitleFilter
from application.viewing import Row
from application.views import CatalogView, EntryView, VersionView
from compiled.dimensions import Dimensions
from compiled.inputs import arguments_of
from compiled.selections import NotCovered, SelectedField
from compiled.types import encoded, personal_in
from compiled.writing import Columns, NeedsView, Rules, View, Writer
from domain.identifiers import normalised_case_number
from registry_api import ids
from registry_api.context import Context, in_thread
from registry_api.lookups import by_subjects
from registry_api.pages import Paging, cursor, whole_number, window
from registry_api.verification import (
    MOST_QUESTIONS,
    Gathered,
    TitleVerification,
    VerificationInput,
    answers,
    check_questions,
    names_of,
)
from transport.limits import DEFAULT_LIMITS

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Arguments = Mapping[str, Any]
Answer = Callable[[Context, Arguments], Awaitable[Any]]
"""A request and the arguments of a root field to what is written under its name."""
_STAMP: Final = questions.catalogs_stamp()
_STAMPS: Final = len(_STAMP)


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
            await _keys_at_hand(context, views)
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


async def _keys_at_hand(context: Context, rows: Iterable[Row]) -> None:
    viewer = context.viewer
    refs = {each.holder.ref for each in rows if viewer.in_clear(each)}
    if missing := {ref for ref in refs if not viewer.at_hand(ref)}:
        await in_thread(context.services.seals.warm, missing)


# ── titles ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def titles(means: Means, selected: SelectedField) -> Answer:
    """``titles(holder:)`` of today."""
    encoders = Encoders(means.rules, TITLES, selected.below, offset=1)
    asks = _LookUps(means.lean, lambda scope: questions.titles_of_identities(scope, ()), _STAMP)

    async def answer(context: Context, arguments: Arguments) -> Any:
        if arguments["as_of"] is not None or context.services.holders.apart:
            raise Aside
        holder = arguments["holder"]
        digest = context.services.holders.identity(holder.id_type, holder.id_number)
        encoder = encoders.of(clear=context.viewer.reads_persons)
        rows = await asks.of(context.viewer.scope, encoder.columns)(digest)
        if rows:
            await means.dimensions.as_of(rows[0][-_STAMPS:])
        return await encoder.written(context, rows, 1)

    return answer


def title_list(means: Means, selected: SelectedField) -> Answer:
    """``titleList``."""

    def asked(context: Context, arguments: Arguments, part: Window) -> Question[Any]:
        return questions.titles(context.viewer.scope, arguments["filter"] or TitleFilter(), part)

    parsers = (date.fromisoformat, UUID)
    given = attrgetter(*(each.name for each in fields(TitleFilter)))

    def same(arguments: Arguments) -> tuple[Any, ...]:
        return () if arguments["filter"] is None else cast("tuple[Any, ...]", given(arguments["filter"]))

    return _connection(means, selected, TITLES, "titles", parsers, asked, ("recognized_on", "title_id"), same)


def cases(means: Means, selected: SelectedField) -> Answer:
    """``cases``."""

    def asked(context: Context, arguments: Arguments, part: Window) -> Question[Any]:
        which = by_subjects(context, arguments["filter"] or CaseFilter())
        return questions.cases(context.viewer.scope, which, part, context.read_on())

    parsers = (datetime.fromisoformat, UUID)
    return _connection(means, selected, CASES, "cases", parsers, asked, ("submitted_at", "case_id"))


def case(means: Means, selected: SelectedField) -> Answer:
    """``case`` as it is now."""
    encoders = Encoders(means.rules, CASES, selected.below, offset=0)

    async def answer(context: Context, arguments: Arguments) -> Any:
        name, number = arguments["id"], arguments["case_number"]
        if (name is None) == (number is None) or arguments["as_of"] is not None or arguments["at_version"] is not None:
            raise Aside
        if name is not None:
            stream, place = ids.state_in(name, "case")
            if place is not None:
                raise Aside
            asked = questions.case(context.viewer.scope, stream)
        else:
            asked = questions.case_numbered(context.viewer.scope, number)
        encoder = encoders.of(clear=context.viewer.reads_persons)
        rows = await means.lean.shown(Shown(asked, encoder.columns, _STAMP))
        if not rows:
            return None
        await means.dimensions.as_of(rows[0][-_STAMPS:])
        return (await encoder.written(context, rows[:1]))[0]

    return answer


def verify_title(means: Means, selected: SelectedField) -> Answer:
    """``verifyTitle`` as of now."""
    verified = _Verified(means, selected)

    async def answer(context: Context, arguments: Arguments) -> Any:
        names = ("certificate_number", "case_number", "holder_name", "title")
        asked = VerificationInput(**{name: arguments[name] for name in names})
        return (await verified(context, [asked], arguments))[0]

    return answer


def verify_titles(means: Means, selected: SelectedField) -> Answer:
    """``verifyTitles`` as of now."""
    verified = _Verified(means, selected)

    async def answer(context: Context, arguments: Arguments) -> Any:
        return await verified(context, arguments["questions"], arguments)

    return answer


class _Verified:
    """Answers questions whether somebody has a title: one look-up each, in as many statements as there are ways to ask."""

    def __init__(self, means: Means, selected: SelectedField) -> None:
        self._dimensions = means.dimensions
        beside = (questions.position_of([each.name for each in projections_of([TITLES])]), *_STAMP)
        self._certificates = _LookUps(means.lean, lambda _: questions.titles_of_certificates(()), beside)
        self._numbers = _LookUps(means.lean, lambda _: questions.titles_by_case_number((), every=True), beside)
        self._personal = personal_in(selected)
        self._write = {clear: _verification_writer(means, selected, clear=clear) for clear in (False, True)}

    async def __call__(self, context: Context, asked: Sequence[VerificationInput], arguments: Arguments) -> list[Any]:
        if arguments["as_of"] is not None or len(asked) > MOST_QUESTIONS or context.services.holders.apart:
            raise Aside
        check_questions(asked)
        at = context.services.clock()
        found = await self._gathered(context, asked)
        verified = answers(asked, found, at, context.language)
        clear = context.viewer.reads_persons and self._personal
        if clear:
            await _keys_at_hand(context, found.present.values())
        return [self._write[clear](each, context) for each in verified]

    async def _gathered(self, context: Context, asked: Sequence[VerificationInput]) -> Gathered:
        by_digest = {each.certificate_number: None for each in asked if each.certificate_number is not None}
        digests = {number: context.services.holders.certificate(number) for number in by_digest}
        numbers = {normalised_case_number(each.case_number) for each in asked if each.case_number is not None}
        certificate, number = self._certificates.of(UNSCOPED, None), self._numbers.of(UNSCOPED, None)
        known = {each: certificate(digest) for each, digest in digests.items() if digest is not None}
        answered = await asyncio.gather(*known.values(), *map(number, numbers))
        if not answered:
            raise Aside
        width = len(TITLES.columns) + 1
        position, *stamp = answered[0][0][width:]
        await self._dimensions.as_of(tuple(stamp))
        if position is None:
            raise Aside
        views = [[TITLES.from_row(row[1:]) for row in rows if row[1] is not None] for rows in answered]
        by_certificate = {each: [view.case_id for view in some] for each, some in zip(known, views, strict=False)}
        by_case = {each: some[0] for each, some in zip(numbers, views[len(known) :], strict=True) if some}
        shown = {view.case_id: view for some in views for view in some if not view.holder.restricted}
        at_hand = len(shown) < _FEW and all(context.viewer.at_hand(each.holder.ref) for each in shown.values())
        named = list(shown.values())
        names = names_of(context, named) if at_hand else await in_thread(names_of, context, named)
        return Gathered(by_certificate, by_case, shown, names, position)


_FEW: Final = 20
"""Names that are opened on the event loop, where their keys are at hand."""


def _verification_writer(means: Means, selected: SelectedField, *, clear: bool) -> Callable[..., Any]:
    writer = Writer(means.rules, clear=clear)
    return writer.function("v, e", writer.object(View(TitleVerification, "v"), selected.below))


# ── catalogs ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def catalog(means: Means, selected: SelectedField) -> Answer:
    """``catalog(code:)`` with versions by number or by day, and a version's entries page by page."""
    parts = {each.key: _catalog_part(means, each) for each in selected.below}
    weight = selected.weight

    async def answer(context: Context, arguments: Arguments) -> Any:
        code = arguments["code"]
        rows = await means.lean.shown(Shown(questions.catalog(code), (), _STAMP))
        if not rows:
            return None
        await means.dimensions.as_of(rows[0][-_STAMPS:])
        if weight > DEFAULT_LIMITS.cost:
            raise Aside
        view = means.dimensions.catalogs[code]
        return {key: await part(context, view) for key, part in parts.items()}

    return answer


_Part = Callable[[Context, CatalogView], Awaitable[Any]]


def _catalog_part(means: Means, selected: SelectedField) -> _Part:
    if selected.name not in {"version", "versions"}:
        writer = Writer(means.rules, clear=False)
        write = writer.function("v, e", writer.field(View(CatalogView, "v"), selected))

        async def plain(context: Context, view: CatalogView) -> Any:
            return write(view, context)

        return plain
    writes = _version(means, selected)
    if selected.name == "versions":

        async def versions(context: Context, view: CatalogView) -> Any:
            numbers = sorted(number for code, number in means.dimensions.versions if code == view.code)
            return [await writes(context, means.dimensions.version((view.code, each))) for each in numbers]

        return versions
    arguments = arguments_of(selected)
    if any(each.value.kind == "variable" for each in selected.node.arguments or ()):
        raise NotCovered("a version by a variable")
    asked = arguments({})

    async def version(context: Context, view: CatalogView) -> Any:
        number = asked["number"]
        if number is None:
            on = asked["effective_on"] or context.today
            latest = Shown(questions.latest_effective(view.code, on, asked["known_at"]), ("number", "ends_on"), _STAMP)
            rows = await means.lean.shown(latest)
            if not rows:
                return None
            number, ends_on, *stamp = rows[0]
            await means.dimensions.as_of(tuple(stamp))
            if ends_on is not None and date.fromisoformat(ends_on) < on:
                return None
        found = means.dimensions.versions.get((view.code, number))
        return None if found is None else await writes(context, found)

    return version


def _version(means: Means, selected: SelectedField) -> Callable[[Context, VersionView], Awaitable[Any]]:
    paged = [each for each in selected.below if each.name == "entries"]
    if any(each.name in {"aliases", "vocabulary"} for each in selected.below):
        raise NotCovered("lists of a version")
    writer = Writer(means.rules, clear=False)
    plain = [each for each in selected.below if each.name != "entries"]
    write = writer.function("v, e", writer.object(View(VersionView, "v"), plain))
    pages = {each.key: _entries(means, each) for each in paged}
    order = [each.key for each in selected.below]

    async def written(context: Context, version: VersionView) -> Any:
        values = write(version, context)
        for key, page in pages.items():
            values[key] = await page(context, version)
        return {key: values[key] for key in order} if pages else values

    return written


def _entries(means: Means, selected: SelectedField) -> Callable[[Context, VersionView], Awaitable[Any]]:
    if any(each.value.kind == "variable" for each in selected.node.arguments or ()):
        raise NotCovered("entries by a variable")
    arguments = arguments_of(selected)({})
    which = EntryFilter(**{name: arguments[name] for name in ("search", "field", "title")})
    page = _Connection(selected, "entries", (whole_number,))
    nodes = {}
    for each in page.nodes:
        writer = Writer(means.rules, clear=False)
        nodes[id(each)] = means.dimensions.written(
            _fragment(writer.function("v", writer.object(View(EntryView, "v"), each.below)), means.dimensions.entry)
        )

    async def answer(_context: Context, version: VersionView) -> Any:
        asked = page.window(arguments)
        key = (version.catalog_code, version.number)
        question = questions.entries(key, which, asked)
        rows = await means.lean.shown(Shown(question, ("number",), page.beside(question)))
        found = page.of(rows, asked)

        async def written(node: SelectedField) -> list[Any]:
            return [nodes[id(node)][(*key, number)] for number, *_ in found.rows]

        return await page.written(found, written, lambda row: (row[0],))

    return answer


def _fragment(write: Callable[[Any], Any], named: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """From a key to what is written of whatever it names."""
    return lambda key: orjson.Fragment(encoded(write(named(key))))


# ── what lists share ──────────────────────────────────────────────────────────────────────────────────────────────────
class _Connection:
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


def _connection(
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
    page = _Connection(selected, kind, parsers)
    places = [_Place(node, Encoders(means.rules, table, node.below, offset=0)) for node in page.nodes]
    if len(places) > 1:
        raise NotCovered("rows in two places of a page")
    place = places[0] if places else None
    bare = Encoder(table, (), lambda rows, _e: [{} for _ in rows], 0, clear=False)

    laid_out: dict[int, _Layout] = {}
    ready = _Ready()

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
            return Shown(question, laid.columns, (*_STAMP, *page.beside(question)))

        if same is None:
            rows = await means.lean.shown(shown())
        else:
            key = (id(encoder), part, *same(arguments))
            rows = await ready.of(scope, key, lambda: means.lean.ready(shown()))()
        if rows:
            await means.dimensions.as_of(rows[0][laid.width : laid.width + _STAMPS])
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


class _Ready:
    """Questions of one field that are kept ready, by scope and by what tells them apart in it."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], tuple[Scope, Ask]] = {}

    def of(self, scope: Scope, key: tuple[Any, ...], make: Callable[[], Ask]) -> Ask:
        """The question, made where it is not kept."""
        kept = self._made.get((id(scope), *key))
        if kept is None:
            if len(self._made) >= _MOST_READY:
                self._made.clear()
            kept = self._made[(id(scope), *key)] = (scope, make())  # the scope held, so that no other has its number
        return kept[1]


@dataclass(frozen=True, slots=True)
class _Place:
    node: SelectedField
    encoders: Encoders


class _LookUps:
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


_MOST_READY: Final = 500
"""Questions that a plan keeps ready."""
_MOST_SCOPES: Final = 500
"""Scopes for which a plan keeps its statement made."""

ROOTS: Final[Mapping[str, Callable[[Means, SelectedField], Answer]]] = {
    "titles": titles,
    "titleList": title_list,
    "verifyTitle": verify_title,
    "verifyTitles": verify_titles,
    "case": case,
    "cases": cases,
    "catalog": catalog,
}
"""What is compiled. Any other root field is interpreted, and its whole operation with it."""
