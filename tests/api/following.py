"""What the feed of a registry tells, read in an event loop of the test's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from application.feed import TITLE_TOPICS, Feed, Happening
from infrastructure.composition import read_pool
from infrastructure.feed import FollowedFeed
from infrastructure.reads import PostgresReads
from tests.api.conftest import Api

T = TypeVar("T")


def with_reads(api: Api, work: Callable[[PostgresReads], Awaitable[T]]) -> T:
    """Work with a read side of the test's own."""

    async def run() -> T:
        pool = read_pool(api.registry.database, api.registry.settings)
        async with PostgresReads(pool, api.registry.mapper) as reads:
            return await work(reads)

    return asyncio.run(run())


async def told(reads: PostgresReads, after: int = 0, most: int = 200, *, types: Any = TITLE_TOPICS) -> list[Happening]:
    """All that is told after a position, in stretches of a size, each read by a reader who remembers nothing or by the one before."""
    until = (await reads.status()).projected_position
    found: list[Happening] = []
    feed = Feed(reads)
    while after < until:
        stretch = await feed.stretch(after, until, types=types, most=most)
        assert stretch.through > after
        found += stretch.happenings
        after = stretch.through
        feed = feed.another() if len(found) % 2 else feed
    return found


def caught_up(api: Api) -> None:
    """Return once the rows hold all that is recorded, and the feed tells it."""
    waiting = "query ($at: Position) { cases(atLeast: $at) { totalCount } }"
    at = str(api.registry.journal.last_position())
    api.ask(waiting, {"at": at}, api.token("AUDITOR"))
    until = time.monotonic() + 20
    while api.registry.feed.head() < int(at):
        assert time.monotonic() < until
        time.sleep(0.01)


def followed(api: Api, work: Callable[[FollowedFeed], Awaitable[T]], **options: Any) -> T:
    """Work with the feed as a server has it."""

    async def run(reads: PostgresReads) -> T:
        async with FollowedFeed(api.registry.database.app_url, reads, **options) as feed:
            return await work(feed)

    return with_reads(api, run)
