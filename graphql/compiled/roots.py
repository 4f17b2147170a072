"""The root fields that are compiled: which question each asks, and what is written of its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import orjson

from application import questions
from application.asking import UNSCOPED, Question, Shown, Window
from application.projections.all import projections_of
from application.projections.tables import CASES, TITLES
from application.questions import CaseFilter, EntryFilter, TitleFilter
from application.views import CatalogView, EntryView, VersionView
from compiled.connections import ConnectionParts, connection
from compiled.encoding import STAMP, STAMPS, Answer, Arguments, Aside, Encoders, LookUps, Means, keys_at_hand
from compiled.inputs import arguments_of
from compiled.selections import NotCovered, SelectedField
from compiled.types import encoded, personal_in
from compiled.writing import View, Writer
from domain.identifiers import normalised_case_number
from registry_api import ids
from registry_api.context import Context, in_thread
from registry_api.lookups import by_subjects
from registry_api.pages import whole_number
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


# ── titles ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def titles(means: Means, selected: SelectedField) -> Answer:
    """``titles(holder:)`` of today."""
    encoders = Encoders(means.rules, TITLES, selected.below, offset=1)
    asks = LookUps(means.lean, lambda scope: questions.titles_of_identities(scope, ()), STAMP)

    async def answer(context: Context, arguments: Arguments) -> Any:
        if arguments["as_of"] is not None or context.services.holders.apart:
            raise Aside
        holder = arguments["holder"]
        digest = context.services.holders.identity(holder.id_type, holder.id_number)
        encoder = encoders.of(clear=context.viewer.reads_persons)
        rows = await asks.of(context.viewer.scope, encoder.columns)(digest)
        if rows:
            await means.dimensions.as_of(rows[0][-STAMPS:])
        return await encoder.written(context, rows, 1)

    return answer


def title_list(means: Means, selected: SelectedField) -> Answer:
    """``titleList``."""

    def asked(context: Context, arguments: Arguments, part: Window) -> Question[Any]:
        return questions.titles(context.viewer.scope, arguments["filter"] or TitleFilter(), part)

    parsers = (date.fromisoformat, UUID)
    given = attrgetter(*(each.name for each in fields(TitleFilter)))

    def same(arguments: Arguments) -> tuple[Any, ...]:
        return () if arguments["filter"] is None else given(arguments["filter"])

    return connection(means, selected, TITLES, "titles", parsers, asked, ("recognized_on", "title_id"), same)


def cases(means: Means, selected: SelectedField) -> Answer:
    """``cases``."""

    def asked(context: Context, arguments: Arguments, part: Window) -> Question[Any]:
        which = by_subjects(context, arguments["filter"] or CaseFilter())
        return questions.cases(context.viewer.scope, which, part, context.read_on())

    parsers = (datetime.fromisoformat, UUID)
    return connection(means, selected, CASES, "cases", parsers, asked, ("submitted_at", "case_id"))


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
        rows = await means.lean.shown(Shown(asked, encoder.columns, STAMP))
        if not rows:
            return None
        await means.dimensions.as_of(rows[0][-STAMPS:])
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
        beside = (questions.position_of([each.name for each in projections_of([TITLES])]), *STAMP)
        self._certificates = LookUps(means.lean, lambda _: questions.titles_of_certificates(()), beside)
        self._numbers = LookUps(means.lean, lambda _: questions.titles_by_case_number((), every=True), beside)
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
            await keys_at_hand(context, found.present.values())
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
        rows = await means.lean.shown(Shown(questions.catalog(code), (), STAMP))
        if not rows:
            return None
        await means.dimensions.as_of(rows[0][-STAMPS:])
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
            latest = Shown(questions.latest_effective(view.code, on, asked["known_at"]), ("number", "ends_on"), STAMP)
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
    page = ConnectionParts(selected, "entries", (whole_number,))
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
