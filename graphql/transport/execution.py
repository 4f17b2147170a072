"""Running a prepared operation: the seam between HTTP and whatever computes the answer."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Final, Protocol, TypeGuard, cast

import strawberry
from strawberry.execution import optimized_is_awaitable

from domain.messages import tell
from graphql import ExecutionResult, GraphQLSchema
from transport.coercion import variable_faults
from transport.documents import PreparedOperation
from transport.errors import ErrorCode, LimitExceededError
from transport.limits import DEFAULT_LIMITS
from transport.parameters import GraphQLRequest

# Strawberry declares it to answer a bool; it is made for this argument.
_IS_AWAITABLE: Final = cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable)


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema inside a Strawberry schema, which has no public name for it."""
    return schema._schema  # noqa: SLF001 - Strawberry shows it nowhere else


class Executor(Protocol):
    """Runs one operation that is valid and within its limits.

    Answers a result whose errors are still raw, or the bytes of a whole successful response body in UTF-8 JSON. An
    error without a path means that execution did not begin (GraphQL specification §7.1.1, request error).
    """

    async def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Any
    ) -> ExecutionResult | bytes:
        """Run it; raises nothing that a client caused."""
        ...


class _Counting:
    """What graphql-core executes with, counting the fields of the answer; beyond ``most`` each further object is refused."""

    most: int
    executed: int = 0

    def execute_fields(self, parent_type: Any, source_value: Any, path: Any, fields: Any, position: Any) -> Any:
        """See ``graphql.execution.Executor``. Raises LimitExceededError (LIMIT_ANSWER)."""
        self.executed += len(fields)
        if self.executed > self.most:
            raise too_many_fields(self.most)
        return super().execute_fields(parent_type, source_value, path, fields, position)  # type: ignore[misc] # a mixin


def too_many_fields(most: int) -> LimitExceededError:
    """The refusal of an operation whose answer turns out larger than its document told."""
    return LimitExceededError(
        ErrorCode.LIMIT_ANSWER,
        tell("limit.answer_fields"),
        allowed=most,
        found=None,
        advice=tell("advice.smaller_answer"),
    )


class StrawberryExecutor:
    """Runs operations in graphql-core on a Strawberry schema.

    It does not go through `Schema.execute`, which parses and validates again and logs raw errors; hence schema
    extensions and operation directives would never run, and a schema that has some is refused (ValueError) instead of half obeyed. Field
    extensions and permission classes belong to resolvers and do run.
    """

    def __init__(self, schema: strawberry.Schema, most_fields: int = DEFAULT_LIMITS.cost) -> None:
        """``most_fields`` bounds the answer itself, whose lists may be longer than its document lets expect."""
        if schema.get_extensions():
            raise ValueError("Schema extensions and operation directives would not run here: use field extensions.")
        self._schema = core_schema(schema)
        self._most = most_fields
        self._executor_class: Any = type(
            "CountingExecutor", (_Counting, schema.execution_context_class), {"most": most_fields}
        )

    def built(self, operation: PreparedOperation, request: GraphQLRequest, context: Any) -> Any:
        """What executes an operation with these variables, or the errors of the variables."""
        built = self._executor_class.build(
            self._schema,
            operation.document,
            None,
            context,
            request.variables,
            operation.name,
            is_awaitable=_IS_AWAITABLE,
            operation_extensions=request.extensions,
        )
        if isinstance(built, list):
            return variable_faults(self._schema, operation.node, request.variables) or built
        return built

    async def __call__(self, operation: PreparedOperation, request: GraphQLRequest, context: Any) -> ExecutionResult:
        """Coerce the variables and execute; errors are those of graphql-core, those of variables reworded."""
        built = self.built(operation, request, context)
        if isinstance(built, list):
            return ExecutionResult(data=None, errors=built)
        started = built.execute_operation()
        result = cast("ExecutionResult", await started if isawaitable(started) else started)
        if built.executed > self._most:
            raise too_many_fields(self._most)
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            faults = variable_faults(self._schema, operation.node, request.variables)
            return ExecutionResult(data=None, errors=faults or result.errors)
        return result
