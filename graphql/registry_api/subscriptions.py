"""The contract's subscriptions."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry

from application.access import Action
from registry_api.context import Info
from registry_api.refusals import allow, no_subscriptions
from registry_api.scalars import Position
from registry_api.types.audit import AuditEvent
from registry_api.types.cases import RecognizedTitle


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.subscription
    async def events(
        self,
        info: Info,
        after: Position | None = None,  # noqa: ARG002 - the contract's argument
        types: list[str] | None = None,  # noqa: ARG002 - the contract's argument
    ) -> AsyncGenerator[AuditEvent, None]:
        """Every event after a position, in order, without a gap; a client that comes back passes the last one it saw."""
        allow(info.context, Action.FOLLOW_EVENTS)
        raise no_subscriptions()
        yield  # makes this a generator, as subscriptions are

    @strawberry.subscription
    async def title_changes(
        self,
        info: Info,
        after: Position | None = None,  # noqa: ARG002 - the contract's argument
    ) -> AsyncGenerator[RecognizedTitle, None]:
        """Every change of a title after a position."""
        allow(info.context, Action.FOLLOW_TITLES)
        raise no_subscriptions()
        yield  # makes this a generator, as subscriptions are
