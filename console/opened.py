"""Commands that read a registry: it is opened for as long as the question takes, with its read side at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from infrastructure.composition import Registry, open_registry
from infrastructure.settings import Settings

T = TypeVar("T")


def asking(question: Callable[[Registry], Awaitable[T]]) -> T:
    """Open the registry the settings name, bring its read side up to date, ask one question, and close it."""
    with open_registry(Settings()) as registry:
        registry.projections.run_until_caught_up()

        async def ask() -> T:
            async with registry.reads:
                return await question(registry)

        return asyncio.run(ask())
