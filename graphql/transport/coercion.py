"""Saying what is wrong with an input without repeating the input.

graphql-core prints the offending value. Names, numbers and texts about people travel in variables, so an error names
the place and the expected type (GraphQL specification §6.1.2, coercing variable values) and nothing that was sent.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, cast

from graphql.language import SKIP
from graphql.utilities import validate_input_literal, validate_input_value

from domain.messages import Message, tell
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLScalarType,
    GraphQLSchema,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    type_from_ast,
)
from transport.errors import BAD_USER_INPUT, GRAPHQL_VALIDATION_FAILED, PlacedError

_MOST_ERRORS: Final = 20


def variable_faults(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> list[GraphQLError]:
    """One error for each place where the variables don't fit their types, 20 at most, with code BAD_USER_INPUT."""
    faults: list[GraphQLError] = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        type_ = type_from_ast(schema, definition.type)
        if name not in variables and (definition.default_value is not None or not is_non_null_type(type_)):
            continue
        places = _Places()
        validate_input_value(variables.get(name), cast("GraphQLInputType", type_), places)
        for path in places.distinct():
            expected, given = _follow_value(type_, variables.get(name), path)
            expectation, hint = _expectation(expected, given)
            said = tell("misfit.variable", name=f"${name}{_spelled(path)}", expected=expectation, hint=hint)
            faults.append(PlacedError(BAD_USER_INPUT, said, definition))
    return faults[:_MOST_ERRORS]


class LiteralsOfCorrectType(ValuesOfCorrectTypeRule):
    """graphql-core's rule of that name (GraphQL specification §5.6.1), with messages that don't repeat the literal."""

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Report each misfit under this literal once."""
        if input_type:
            places = _Places()
            validate_input_literal(node, input_type, places)
            for path in places.distinct():
                expected, given = _follow_literal(input_type, node, path)
                expectation, hint = _expectation(expected, given)
                said = tell("misfit.literal", expected=expectation, hint=hint)
                if path:
                    place = _spelled(path).removeprefix(".")
                    said = tell("misfit.literal_at", name=place, expected=expectation, hint=hint)
                self.report_error(PlacedError(GRAPHQL_VALIDATION_FAILED, said, node))
        return SKIP


class _Places:
    """Collects where graphql-core found something wrong and drops its words."""

    def __init__(self) -> None:
        self._paths: dict[tuple[str | int, ...], None] = {}

    def __call__(self, _error: GraphQLError, path: list[str | int]) -> None:
        self._paths[tuple(path)] = None

    def distinct(self) -> Collection[tuple[str | int, ...]]:
        return self._paths


def _spelled(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _step(type_: Any, step: str | int) -> Any:
    inner = get_nullable_type(type_)
    if isinstance(step, int):
        return inner.of_type
    while is_list_type(inner):
        inner = get_nullable_type(inner.of_type)
    return inner.fields[step].type


def _follow_value(type_: Any, value: Any, path: tuple[str | int, ...]) -> tuple[Any, Collection[str] | None]:
    for step in path:
        type_, value = _step(type_, step), value[step]
    return type_, value if isinstance(value, dict) else None


def _follow_literal(type_: Any, node: ValueNode, path: tuple[str | int, ...]) -> tuple[Any, Collection[str] | None]:
    inner: Any = node
    for step in path:
        type_ = _step(type_, step)
        if isinstance(step, int):
            inner = inner.values[step]
        else:
            inner = next(each.value for each in inner.fields if each.name.value == step)
    given = [each.name.value for each in inner.fields] if isinstance(inner, ObjectValueNode) else None
    return type_, given


def _expectation(expected: Any, given: Collection[str] | None) -> tuple[str, Message | str]:
    """The type that is expected, and what helps to see why the value does not fit, if anything."""
    inner = get_nullable_type(expected)
    while is_list_type(inner) and given is not None:
        inner = get_nullable_type(inner.of_type)
    if isinstance(inner, GraphQLInputObjectType) and given is not None:
        return _object_expectation(inner, given)
    if isinstance(inner, GraphQLScalarType) and inner.specified_by_url is None and inner.description:
        words = inner.description.strip().splitlines()[0].rstrip(".")
        return str(expected), tell("expectation.described", words=words)
    return str(expected), ""


def _object_expectation(type_: GraphQLInputObjectType, given: Collection[str]) -> tuple[str, Message | str]:
    lacking = [name for name, each in type_.fields.items() if is_required_input_field(each) and name not in given]
    if lacking:
        return str(type_), tell("expectation.lacking", fields=[f"`{name}`" for name in lacking])
    if any(name not in type_.fields for name in given):
        return str(type_), tell("expectation.strange", fields=list(type_.fields))
    return str(type_), tell("expectation.one_of") if type_.is_one_of else ""
