"""Personal data in clear: who sees it, that it was seen, and that nothing is shown which could not be recorded.

Resolvers note what they show; the executor records it, one row a request, when the answer is computed and before it leaves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import strawberry

from application.disclosure import holds_personal_data
from application.ports import Access, AccessNotRecorded
from application.views import HolderView
from domain.base import Event
from graphql import ExecutionResult, FieldNode, FragmentSpreadNode, InlineFragmentNode
from registry_api.context import Context
from registry_api.errors import ErrorCode, HttpRefusalError
from registry_api.http.documents import PreparedOperation
from registry_api.http.execution import Executor
from registry_api.http.parameters import GraphQLRequest

_PERSON: Final = frozenset({"name", "idType", "idNumber"})


def selects(info: strawberry.Info[Context, Any], names: frozenset[str]) -> bool:
    """Whether the selection below a field asks for one of these fields, in fragments too; conditions count as met."""
    raw = info._raw_info  # noqa: SLF001 - Strawberry's own view of it converts the whole selection for each row
    waiting = [node.selection_set for node in raw.field_nodes]
    while waiting:
        selection_set = waiting.pop()
        for node in selection_set.selections if selection_set else ():
            match node:
                case FieldNode():
                    if node.name.value in names:
                        return True
                case InlineFragmentNode():
                    waiting.append(node.selection_set)
                case FragmentSpreadNode():
                    waiting.append(raw.fragments[node.name.value].selection_set)
    return False


def shown_holder(info: strawberry.Info[Context, Any], holder: HolderView) -> HolderView:
    """A holder as the viewer may see them; what is shown of a person in clear is noted."""
    if not info.context.in_clear:
        return replace(holder, name=None, id_type=None, id_number=None)
    if holder.name is not None and selects(info, _PERSON):
        note(info.context, holder.ref, "holder")
    return holder


def in_clear(context: Context, ref: UUID, kind: str, *values: object) -> bool:
    """Whether the viewer sees this in clear; noted where there is something to see."""
    if not context.in_clear:
        return False
    if any(value is not None for value in values):
        note(context, ref, kind)
    return True


def event_in_clear(context: Context, event: Event) -> bool:
    """Whether the viewer sees an event's personal data; noted where the event holds some."""
    if not context.in_clear:
        return False
    holder = getattr(event, "holder_ref", None)
    if holder is None or holder in context.withheld:
        return False
    if holds_personal_data(event):
        note(context, holder, "event")
    return True


def note(context: Context, ref: UUID, kind: str) -> None:
    """Remember that this request shows a kind of personal data of a holder."""
    context.accesses.setdefault(ref, set()).add(kind)


async def record_accesses(context: Context, operation: str) -> None:
    """Record what was noted, if anything. Raises ``HttpRefusalError`` (503, ACCESS_NOT_RECORDED), and then nothing may be shown."""
    if not context.accesses or context.actor is None:
        return
    access = Access(
        at=context.services.clock(),
        actor=context.actor,
        client=context.client,
        request_id=context.request_id,
        reason=context.reason or f"{context.actor.role.value}: {operation}",
        operation=operation,
        fields={ref: frozenset(kinds) for ref, kinds in context.accesses.items()},
    )
    try:
        await context.services.access_log.append(access)
    except AccessNotRecorded:
        raise HttpRefusalError(
            503,
            ErrorCode.ACCESS_NOT_RECORDED,
            "Reading personal data could not be recorded, so it is not shown; what a mutation did stays done. Ask again.",
        ) from None
    context.accesses.clear()


class RecordingExecutor:
    """Runs an operation in another executor, and hands on its answer once the accesses in it are recorded."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    async def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context
    ) -> ExecutionResult | bytes:
        """See ``Executor``."""
        result = await self._inner(operation, request, context)
        if context.accesses:
            await record_accesses(context, ", ".join(operation.root_fields)[:200])
        return result
