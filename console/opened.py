"""Opening the registry for a command: as it stands for those that read, and for writing only where there is one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from console.talk import note
from domain.messages import Message, said_by, tell

if TYPE_CHECKING:
    from infrastructure.composition import Registry
    from infrastructure.standing import StandingRegistry

T = TypeVar("T")


@contextlib.contextmanager
def reading() -> Iterator[StandingRegistry]:
    """The registry the settings name as it stands; nothing is made or migrated."""
    from infrastructure.settings import Settings
    from infrastructure.standing import open_standing_registry

    with open_standing_registry(Settings()) as registry:
        yield registry


@contextlib.contextmanager
def writing(*, catch_up: bool = True) -> Iterator[Registry]:
    """The registry the settings name, migrated where that is due; its read models follow before it is closed, if they may.

    Only ``serve`` makes a registry: a mistyped name must not become one.
    """
    from infrastructure.composition import open_registry
    from infrastructure.postgres.existing import check_present
    from infrastructure.settings import Settings

    settings = Settings()
    check_present(settings)
    with open_registry(settings) as registry:
        yield registry
        if catch_up:
            _follow(registry.projections.run_until_caught_up)


def asking(question: Callable[[StandingRegistry], Awaitable[T]]) -> T:
    """Open the registry as it stands, with its rows as far as its events, ask one question, and close it."""
    with reading() as registry:
        return answered(registry, lambda: question(registry))


def answered(registry: StandingRegistry | Registry, question: Callable[[], Awaitable[T]]) -> T:
    """Ask the read side of an open registry one question."""
    _follow(getattr(registry, "catch_up", registry.projections.run_until_caught_up))

    async def ask() -> T:
        async with registry.reads:
            return await question()

    return asyncio.run(ask())


def which_registry() -> Message:
    """The registry that was asked, in words."""
    from console.remote.address import asked_server
    from infrastructure.postgres.existing import whereabouts
    from infrastructure.settings import Settings

    server = asked_server()
    if server is not None:
        return tell("said.server.where", url=server.shown)
    return whereabouts(Settings())


def official_catalog() -> str:
    """The code of the catalog under which the province of the settings recognises."""
    from catalog.jurisdiction import load_jurisdiction
    from infrastructure.settings import Settings

    return load_jurisdiction(Settings().jurisdiction).rules.catalog_code


def today() -> date:
    """The business day that is now."""
    from domain.values import shanghai_day
    from infrastructure.composition import utc_now

    return shanghai_day(utc_now())


def _follow(catch_up: Callable[[], object]) -> None:
    from infrastructure.projections.errors import ProjectionFailure

    try:
        catch_up()
    except ProjectionFailure as failure:
        note(tell("said.projections.stand_still", failure=said_by(failure)))
