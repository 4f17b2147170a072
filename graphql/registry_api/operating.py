"""What those who keep the registry running ask it, and ask it to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import strawberry

from application.access import Action
from application.operations import MaintenanceKind, MaintenanceView, OperationsView
from registry_api.context import Info, acting, in_thread
from registry_api.refusals import Refusal, answering, recording
from registry_api.types.nodes import edge
from registry_api.types.operations import MaintenancePayload, Operations


@dataclass(frozen=True, slots=True)
class MaintenanceAnswer:
    """What a request for maintenance answers."""

    task: MaintenanceView | None = None
    refusal: Refusal | None = None


def _maintenance_field(resolver: Any) -> Any:
    return strawberry.mutation(recording(MaintenanceAnswer)(resolver), graphql_type=MaintenancePayload)


@strawberry.type
class OperationsQuery:
    """How the registry runs."""

    @edge(Operations)
    @answering(Action.READ_OPERATIONS)
    async def operations(self, info: Info) -> OperationsView:
        """How the registry runs: read models, log and witnesses, keys, missed deadlines, and maintenance that was asked for."""
        return await in_thread(info.context.services.operations.now)


@strawberry.type
class OperationsMutation:
    """Maintenance."""

    @_maintenance_field
    async def request_maintenance(
        self, info: Info, kind: MaintenanceKind, although: str | None = None
    ) -> MaintenanceAnswer:
        """Ask for maintenance, which is done beside the server; of a kind that is asked for already, the open request is answered."""
        context = info.context
        task = await in_thread(context.services.maintenance.ask, acting(context), kind, although)
        return MaintenanceAnswer(task=task)
