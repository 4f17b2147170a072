"""Subscriptions answered: each thing that is told becomes a response of its own, computed once for all who ask alike.

Who reads no person in clear is shown what everybody with the same scope is shown. So such responses are shared by operation,
variables, language and scope, in a store bounded by number; whoever reads persons has a response of their own, which leaves once it is
recorded what it shows.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Iterator, Sequence
from dataclasses import replace
from inspect import isawaitable
from typing import Any, Final, cast

import orjson
from graphql.execution import create_source_event_stream

from application.reading import READER
from application.views import FedTitleView
from graphql import ExecutionResult, FragmentDefinitionNode, Node, OperationDefinitionNode, VariableNode
from registry_api.context import Context
from registry_api.disclosing import record_accesses
from registry_api.subscriptions import ToldRow
from transport.documents import PreparedOperation
from transport.execution import StrawberryExecutor
from transport.parameters import GraphQLRequest
from transport.streams import Body, StreamRefused, aclose

MOST_KEPT: Final = 4_096
"""Responses that are kept for others who ask alike."""
LARGEST_KEPT: Final = 8 * 1024
"""Bytes of a response that is kept."""
TOGETHER: Final = 50
"""Responses that are handed on together at the most."""
BYTES_TOGETHER: Final = 64 * 1024
"""Bytes of them, but for a single one that is larger."""
_DERIVED: Final = "registry_api.following"


class Following:
    """See ``transport.streams.Follow``."""

    def __init__(self, executor: StrawberryExecutor) -> None:
        self.computed = 0
        """Responses that were computed since the start."""
        self.shared = 0
        """Responses that somebody else's were taken for."""
        self._executor = executor
        self._kept: OrderedDict[Hashable, asyncio.Future[Body]] = OrderedDict()

    async def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context
    ) -> AsyncGenerator[Sequence[Body], None]:
        """See ``Follow``."""
        READER.set(None)  # what is told has just been recorded
        built = self._executor.built(operation, request, context)
        if isinstance(built, list):
            raise StreamRefused(built)
        source = create_source_event_stream(built)
        opened = await source if isawaitable(source) else source
        if isinstance(opened, ExecutionResult):
            raise StreamRefused(opened.errors or [])
        alike = _alike(operation, request, context)
        bodies: list[Body] = []
        size = 0
        items = cast("AsyncIterator[ToldRow]", opened)
        try:
            async for told in items:
                body = await self._one(built, operation, context, told, alike)
                bodies.append(body)
                size += len(body) if isinstance(body, bytes) else 0
                if not told.more or len(bodies) >= TOGETHER or size >= BYTES_TOGETHER:
                    yield bodies
                    bodies, size = [], 0
        finally:
            await aclose(items)

    async def page(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context, rows: Sequence[ToldRow]
    ) -> Sequence[Body]:
        """The responses to one request that shows several things; what it shows of persons is recorded as one access."""
        built = self._executor.built(operation, request, context)
        if isinstance(built, list):
            raise StreamRefused(built)
        alike = _alike(operation, request, context)
        if alike is not None:
            return [await self._shared(built, context, told, alike) for told in rows]
        bodies = [await self._computed(built, context, told) for told in rows]
        await record_accesses(context, operation.root_fields)
        return bodies

    async def _one(
        self, built: Any, operation: PreparedOperation, context: Context, told: ToldRow, alike: Hashable | None
    ) -> Body:
        if alike is not None:
            return await self._shared(built, context, told, alike)
        own = _own(context, told)
        body = await self._computed(built, own, told)
        await record_accesses(own, operation.root_fields)
        return body

    async def _shared(self, built: Any, context: Context, told: ToldRow, alike: Hashable) -> Body:
        row = told.row
        which = (row.title_id, row.holder.erased) if isinstance(row, FedTitleView) else None
        key = (alike, row.position, which)
        kept = self._kept.get(key)
        if kept is None:
            kept = asyncio.ensure_future(self._computed(built, _own(context, told), told))
            self._kept[key] = kept
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        else:
            self.shared += 1
        body: Body | None = None
        try:
            body = kept.result() if kept.done() else await asyncio.shield(kept)
        finally:
            if kept.done() and (not isinstance(body, bytes) or len(body) > LARGEST_KEPT):
                self._kept.pop(key, None)
        return body

    async def _computed(self, built: Any, context: Context, told: ToldRow) -> Body:
        self.computed += 1
        executor = built.build_per_event_executor(told.row)
        executor.context_value = context
        executor.executed = 0
        started = executor.execute_operation()
        result = cast("ExecutionResult", await started if isawaitable(started) else started)
        return result if result.errors else orjson.dumps({"data": result.data})


def _own(context: Context, told: ToldRow) -> Context:
    """A context for one response, so that what it reads and shows is its own and nothing is kept of it."""
    own = replace(context)
    own.viewer.withheld = told.withheld
    return own


def _alike(operation: PreparedOperation, request: GraphQLRequest, context: Context) -> Hashable | None:
    """Under what a response is the same whoever asks: all but where they began; None for who may read persons."""
    if context.viewer.reads_persons:
        return None
    shaping = operation.derived.get(_DERIVED)
    if shaping is None:
        shaping = operation.derived[_DERIVED] = _shaping(operation)
    variables = {name: value for name, value in request.variables.items() if name in shaping}
    written = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
    return operation, written, context.language, context.viewer.scope


def _shaping(operation: PreparedOperation) -> frozenset[str]:
    """The variables that stand elsewhere than in the arguments of the root: those of a subscription say where and what, not how."""
    definitions = [operation.node.selection_set, *(operation.node.directives or ())]
    fragments = [each for each in operation.document.definitions if isinstance(each, FragmentDefinitionNode)]
    everywhere = Counter(name for each in (*definitions, *fragments) for name in _variables(each))
    at_root = Counter(
        name for node in operation.root_nodes for each in node.arguments or () for name in _variables(each)
    )
    return frozenset(everywhere - at_root)


def _variables(node: Node) -> Iterator[str]:
    waiting: list[Any] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, VariableNode):
            yield each.name.value
        elif isinstance(each, Node) and not isinstance(each, OperationDefinitionNode):
            waiting += [getattr(each, key) for key in each.keys if key != "loc"]
        elif isinstance(each, list | tuple):
            waiting += each
