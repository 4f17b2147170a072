"""Personal data in clear: who sees it, that it was seen, and that nothing is shown which could not be recorded.

Resolvers ask the request's ``Viewer``, which notes what it shows; the executor records it, one row a request, when the answer is
computed and before it leaves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case, to_snake_case

from application.ports import Access, AccessNotRecorded
from application.seals import personal_fields
from application.viewing import Row
from domain.messages import tell
from graphql import ExecutionResult, FieldNode, FragmentSpreadNode, InlineFragmentNode
from registry_api.context import Context
from transport.documents import PreparedOperation
from transport.errors import ErrorCode, HttpRefusalError
from transport.execution import Executor
from transport.parameters import GraphQLRequest

V = TypeVar("V")
C = TypeVar("C", bound=type)


def selected(info: strawberry.Info[Context, Any]) -> frozenset[str]:
    """The fields that a selection asks for directly, in fragments too, as Python names them; conditions count as met."""
    raw = info._raw_info  # noqa: SLF001 - Strawberry's own view of it converts the whole selection for each row
    waiting = [node.selection_set for node in raw.field_nodes]
    found: set[str] = set()
    while waiting:
        selection_set = waiting.pop()
        for node in selection_set.selections if selection_set else ():
            match node:
                case FieldNode():
                    found.add(to_snake_case(node.name.value))
                case InlineFragmentNode():
                    waiting.append(node.selection_set)
                case FragmentSpreadNode():
                    waiting.append(raw.fragments[node.name.value].selection_set)
    return frozenset(found)


async def shown(info: strawberry.Info[Context, Any], row: Row, part: V, kind: str) -> V:
    """A part of a case or title as the viewer may see it; what is asked for and shown of a person in clear is noted."""
    viewer = info.context.viewer
    if viewer.in_clear(row):
        await info.context.key_of(row.holder.ref)
    return viewer.show(row, part, kind, selected(info))


def shows_personal(view: type, **descriptions: str) -> Callable[[C], C]:
    """Let a type of the API show the personal fields of its view, under their own names, as the viewer may see them.

    Stands below ``strawberry.type``; the view's annotation is all that says which fields these are. ``descriptions`` are the
    schema's, by field.
    """

    def decorate(cls: C) -> C:
        for name in personal_fields(view):
            cls.__annotations__[name] = strawberry.Private[str | None]  # type: ignore[misc]  # a value here, no annotation
            setattr(
                cls,
                f"shown_{name}",
                strawberry.field(_resolver(name), name=to_camel_case(name), description=descriptions[name]),
            )
        return cls

    return decorate


def _resolver(name: str) -> Callable[..., Awaitable[str | None]]:
    async def resolve(self: Any, info: strawberry.Info[Context, Any]) -> str | None:
        return await personal(info, self, name)

    return resolve


async def personal(info: strawberry.Info[Context, Any], row: Row, name: str) -> str | None:
    """A personal field of a case or title itself, as the viewer may see it; noted where it is shown."""
    if getattr(row, name) is not None and info.context.viewer.in_clear(row):
        await info.context.key_of(row.holder.ref)
    return info.context.viewer.value(row, name)


async def record_accesses(context: Context, fields: Sequence[str]) -> None:
    """Record what was noted, if anything. Raises ``HttpRefusalError`` (503, ACCESS_NOT_RECORDED), and then nothing may be shown."""
    if not context.viewer.shown or context.actor is None:
        return
    operation = ", ".join(fields)[:200]
    access = Access(
        at=context.services.clock(),
        actor=context.actor,
        client=context.client,
        request_id=context.request_id,
        reason=context.reason or f"{context.actor.role.value}: {operation}",
        operation=operation,
        fields={ref: frozenset(kinds) for ref, kinds in context.viewer.shown.items()},
    )
    try:
        await context.services.access_log.append(access)
    except AccessNotRecorded:
        raise HttpRefusalError(
            503,
            ErrorCode.ACCESS_NOT_RECORDED,
            tell("server.access_not_recorded"),
        ) from None
    context.viewer.shown.clear()


class RecordingExecutor:
    """Runs an operation in another executor, and hands on its answer once the accesses in it are recorded."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    async def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context
    ) -> ExecutionResult | bytes:
        """See ``Executor``."""
        result = await self._inner(operation, request, context)
        if context.viewer.shown:
            await record_accesses(context, operation.root_fields)
        return result
