"""Operations that take long run beside the event loop that serves everybody, on a loop and a thread of their own.

Both threads share one interpreter: the serving one gets its turn within the interpreter's switch interval, however long an answer
is in the making.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final, TypeVar

from anyio import to_thread

from graphql import ExecutionResult, OperationType
from transport.documents import PreparedOperation
from transport.execution import Executor
from transport.parameters import GraphQLRequest
from transport.turns import Turns, client_gone

T = TypeVar("T")
LONG_COST: Final = 250
"""Fields of an answer that take some milliseconds."""
MANY_VALUES: Final = 200
"""Values among the variables that take some milliseconds to coerce."""
_WORKERS: Final = 2
"""Threads that the operations of the lane may block at once, as those that match do."""

Detach = Callable[[Any, asyncio.AbstractEventLoop], Any]
"""A context, and the loop that what it works with belongs to; answers a context for another loop."""


def on_loop(home: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
    """Run a coroutine on another thread's loop; what it answers, for this one."""
    return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, home))


class Elsewhere:
    """Stands for an object of which each method is a coroutine that has to run on the loop ``home``."""

    def __init__(self, target: Any, home: asyncio.AbstractEventLoop) -> None:
        self._target, self._home = target, home

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        """The method of that name, to be awaited on any loop."""
        method = getattr(self._target, name)

        @wraps(method)
        async def call(*arguments: Any, **named: Any) -> Any:
            return await on_loop(self._home, method(*arguments, **named))

        return call


class Lane:
    """An executor that hands what takes long to a thread of its own, a caller's operations one after the other.

    ``turns`` are shared with all else that takes long, ``writing`` are those of mutations, which wait for the store in threads;
    ``detach`` makes a context that works on the lane's loop.
    """

    def __init__(self, inner: Executor, turns: Turns, writing: Turns, detach: Detach) -> None:
        self._inner, self._turns, self._writing, self._detach = inner, turns, writing, detach
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Any
    ) -> ExecutionResult | bytes:
        """See ``Executor``."""
        if request.size <= MANY_VALUES and operation.measure.cost.value(request.variables, LONG_COST) <= LONG_COST:
            if operation.kind is not OperationType.MUTATION:
                return await self._inner(operation, request, context)
            async with self._writing.turn(context.address):
                return await self._inner(operation, request, context)
        async with self._turns.turn(context.address):
            if context.gone.is_set():
                raise client_gone()
            apart = self._detach(context, asyncio.get_running_loop())
            return await on_loop(self._running(), self._run(operation, request, apart))

    async def _run(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Any
    ) -> ExecutionResult | bytes:
        to_thread.current_default_thread_limiter().total_tokens = _WORKERS
        return await self._inner(operation, request, context)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="long operations", daemon=True).start()
        return self._loop
