"""An opened registry behind HTTP: its projections running and its read pool open for as long as the app serves."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping

from anyio import to_thread
from starlette.applications import Starlette

from infrastructure.composition import Registry
from registry_api.app import create_registry_app
from registry_api.context import Services

BEHIND = 10_000
"""Events the read side may be behind before the server calls itself not ready."""


def build_app(registry: Registry) -> Starlette:
    """The ASGI application of an opened registry; its lifespan runs the projections."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with registry.reads:
            registry.projections.start()
            try:
                yield
            finally:
                await to_thread.run_sync(registry.projections.stop)

    async def ready() -> Mapping[str, str]:
        status = await registry.reads.status()
        projection = await to_thread.run_sync(registry.projections.status)
        return {
            "database": "ok",
            "projection": projection.last_error
            or ("ok" if status.lag_events <= BEHIND else f"{status.lag_events} events behind; it is catching up"),
        }

    return create_registry_app(
        Services(
            reads=registry.reads,
            cases=registry.cases,
            catalogs=registry.catalogs,
            shelf=registry.shelf,
            holders=registry.holders,
            authorities=registry.authorities,
            clock=registry.clock,
        ),
        authenticator=registry.authenticator,
        ready=ready,
        lifespan=lifespan,
    )
