"""The contract's subscriptions: where each begins, and what is told to whom."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import strawberry

from application.access import Action
from application.feed import FeedBehind, Happening, PositionAhead, visible
from application.views import FedTitleView
from domain.messages import tell
from registry_api.context import Context, Info
from registry_api.lookups import audit_row, withhold
from registry_api.refusals import allow
from registry_api.scalars import Position
from registry_api.types.audit import AuditEvent, AuditEventRow
from registry_api.types.cases import RecognizedTitle
from transport.errors import ApiError, ErrorCode
from transport.streams import too_slow


@dataclass(frozen=True, slots=True)
class ToldRow:
    """One thing that is told: what the field answers, whether more is at hand behind it, and of whom nothing is shown in clear."""

    row: AuditEventRow | FedTitleView
    more: bool
    withheld: Collection[UUID] = frozenset()


async def happened(
    context: Context, after: int | None, *, types: Sequence[str] | None = None, titles: bool = False
) -> AsyncGenerator[Sequence[Happening], None]:
    """What happens after a position, or from now on, without end. Raises ``ApiError``: POSITION_AHEAD, TOO_SLOW."""
    feed = context.services.feed
    await require_reached(context, after or 0)
    at = feed.head() if after is None else after
    with feed.follow():
        live = False
        while True:
            try:
                stretch = await feed.stretch(at, types=types, titles=titles, live=live)
            except FeedBehind:
                raise too_slow() from None
            if stretch.happenings:
                yield stretch.happenings
            at = stretch.through
            if at >= feed.head():
                live = True
                await feed.news(at)


async def require_reached(context: Context, position: int) -> None:
    """Raise ``ApiError`` (POSITION_AHEAD) for a position that no event has yet."""
    try:
        await context.services.feed.require_reached(position)
    except PositionAhead as ahead:
        raise ApiError(ErrorCode.POSITION_AHEAD, tell("stream.ahead", head=ahead.head)) from None


def titles_for(context: Context, happenings: Sequence[Happening]) -> Iterator[tuple[Happening, FedTitleView]]:
    """The titles that changed, as far as the asker is told of them."""
    viewer = context.viewer
    for each in happenings:
        for change in each.changes:
            if visible(change, viewer.scope, officially=viewer.officially(change.title)):
                yield each, change.title


def _as(told: ToldRow) -> Any:
    """What ``registry_api.following`` makes a response of; the schema asks the row in it."""
    return told


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.subscription
    async def events(
        self, info: Info, after: Position | None = None, types: list[str] | None = None
    ) -> AsyncGenerator[AuditEvent, None]:
        """Every event after a position, in order, without a gap; a client that comes back passes the last one it saw."""
        context = info.context
        allow(context, Action.FOLLOW_EVENTS)
        async for happenings in happened(context, after, types=types):
            rows = [each.audit for each in happenings]
            await withhold(context, rows)
            last = len(rows) - 1
            for n, row in enumerate(rows):
                yield _as(ToldRow(audit_row(row), n < last, context.viewer.withheld))

    @strawberry.subscription
    async def title_changes(self, info: Info, after: Position | None = None) -> AsyncGenerator[RecognizedTitle, None]:
        """Every change of a title after a position, in order: the title as the change left it.

        Endings, reinstatements and erasures are changes; a client that comes back passes the `position` of the last title it saw.
        """
        context = info.context
        allow(context, Action.FOLLOW_TITLES)
        async for happenings in happened(context, after, titles=True):
            titles = [title for _, title in titles_for(context, happenings)]
            last = len(titles) - 1
            for n, title in enumerate(titles):
                yield _as(ToldRow(title, n < last))
