"""Whatever an identifier names, and states that were, each derived from the events once the present may be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from application import questions
from application.access import Action, can
from application.asking import Window
from application.feed import OF_HOLDERS
from application.folding import past_case, title_of
from application.queries import Positioned, first
from application.views import CaseView, PastCaseView, TitleView
from domain.identifiers import holder_stream
from registry_api import ids
from registry_api.context import Context
from transport.errors import ApiError, ErrorCode


async def node_by_id(context: Context, identifier: str) -> object | None:
    """Whatever an identifier names, if the asker may see it; None for what is not there, is no identifier, or is not theirs to see."""
    try:
        return await _node(context, identifier)
    except ApiError as error:
        if error.code is ErrorCode.INVALID_ID:
            return None
        raise


async def nodes_by_id(context: Context, identifiers: Sequence[str]) -> Sequence[object | None]:
    """What each identifier names, in their order; rows of one kind are read together."""
    return await asyncio.gather(*(node_by_id(context, each) for each in identifiers))


async def case_at(
    context: Context, now: CaseView, *, as_of: datetime | None = None, at_version: int | None = None
) -> PastCaseView | None:
    """A case that may be seen, as known at an instant or at a version (both, where both are given); None before it began."""
    return await _case_until(
        context,
        now,
        lambda each: (
            (as_of is None or each.event.recorded_at <= as_of)
            and (at_version is None or each.event.originator_version <= at_version)
        ),
        as_of if at_version is None else None,
    )


async def titles_at(context: Context, present: Sequence[CaseView | TitleView], at: datetime) -> list[TitleView]:
    """The titles that cases had led to by an instant; ``present`` are the cases or their titles now, all of which may be seen."""
    streams = await context.services.reads.streams([now.case_id for now in present], until=at)
    titles = []
    for now in present:
        events = ((each.event, each.position) for each in streams.get(now.case_id, ()))
        then = past_case(events, now.holder)
        title = await _title(context, then) if then else None
        if title is not None:
            titles.append(title)
    return titles


async def _node(context: Context, identifier: str) -> object | None:
    reads = context.services.reads
    match ids.kind_of(identifier):
        case "catalog":
            code = ids.names_in(identifier, "catalog", 1)[0]
            return await first(reads, questions.catalog(code))
        case "version":
            code, number = ids.names_in(identifier, "version", 2)
            return await context.versions.load((code, ids.number_in(number, "version")))
        case "entry":
            code, version, number = ids.names_in(identifier, "entry", 3)
            return await context.entries.load((code, ids.number_in(version, "entry"), ids.number_in(number, "entry")))
        case "amendment":
            amendment = ids.amendment_in(identifier)[1]
            return await first(reads, questions.amendment(amendment)) if can(context.actor, Action.READ_CASES) else None
        case "catalog-proposal":
            proposal = ids.uuid_in(identifier, "catalog-proposal")
            return (
                await first(reads, questions.catalog_proposal(proposal))
                if can(context.actor, Action.READ_CASES)
                else None
            )
        case "case":
            case, at = ids.state_in(identifier, "case")
            return await case_named(context, case, at) if can(context.actor, Action.READ_CASES) else None
        case "title":
            title, at = ids.state_in(identifier, "title")
            return await _title_named(context, title, at) if can(context.actor, Action.READ_TITLES) else None
        case "integrity-record":
            record = ids.uuid_in(identifier, "integrity-record")
            if not can(context.actor, Action.READ_INTEGRITY_RECORDS):
                return None
            which = questions.IntegrityFilter(record_id=record)
            return await first(reads, questions.integrity_archive(context.scope, which, Window(1)))
        case _:
            return None


async def case_named(context: Context, name: UUID, version: int | None) -> CaseView | None:
    """A case of the asker's scope, or the state in which it was at exactly a version."""
    now = await context.cases.load(name)
    if now is None or version is None:
        return now
    then = await case_at(context, now, at_version=version)
    return then if then is not None and then.version == version else None


async def _title_named(context: Context, name: UUID, position: int | None) -> TitleView | None:
    now = await context.titles.load(name)
    if now is None or position is None:
        return now
    then = await _case_until(context, now, lambda each: each.position <= position)
    if then is None:
        return None
    if then.position != position:
        about = await context.streams.load(holder_stream(now.holder.ref))
        if not any(each.position == position and isinstance(each.event, OF_HOLDERS) for each in about):
            return None
    title = await _title(context, then)
    return None if title is None else replace(title, position=position)


async def _case_until(
    context: Context, now: CaseView | TitleView, seen: Callable[[Positioned], bool], at: datetime | None = None
) -> PastCaseView | None:
    events = await context.streams.load(now.case_id)
    return past_case(((each.event, each.position) for each in events if seen(each)), now.holder, at)


async def _title(context: Context, case: CaseView) -> TitleView | None:
    pinned = case.awarded
    if pinned is None:
        return None
    entry = await context.entries.load((pinned.catalog_code, pinned.version_number, pinned.entry_number))
    return title_of(case, entry)
