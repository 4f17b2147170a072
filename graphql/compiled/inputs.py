"""Arguments of a root field, from literals and variables to what its resolver would be given (GraphQL specification, section 6.4.1).

What does not fit its type is no matter of this module: it raises ``Misfit``, and the interpreting path says what is wrong, and where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from strawberry.utils.str_converters import to_camel_case, to_snake_case

from compiled.selections import NotCovered, SelectedField
from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    is_required_input_field,
    type_from_ast,
)
from transport.documents import PreparedOperation

ABSENT: Final = object()
"""Stands for what was not given."""
Coerce = Callable[[Any], Any]
"""A value of JSON to a value of Python. Raises ``Misfit``."""
Value = Callable[[Mapping[str, Any]], Any]
"""Coerced variables to a value, or ``ABSENT``. Raises ``Misfit``."""
_DEFINITION: Final = "strawberry-definition"


class Misfit(Exception):
    """A variable does not fit its type."""


def variables_of(schema: GraphQLSchema, operation: PreparedOperation) -> Coerce:
    """What coerces an operation's variables, all of them, unused ones too."""
    known = []
    for each in operation.node.variable_definitions or ():
        type_ = type_from_ast(schema, each.type)
        coerce = coercion(type_)
        default = ABSENT if each.default_value is None else coerce(_json(each.default_value))
        known.append((each.variable.name.value, coerce, default, isinstance(type_, GraphQLNonNull)))

    def coerced(given: Mapping[str, Any]) -> Mapping[str, Any]:
        values = {}
        for name, coerce, default, needed in known:
            if name in given:
                values[name] = coerce(given[name])
            elif default is not ABSENT:
                values[name] = default
            elif needed:
                raise Misfit
        return values

    return coerced


def arguments_of(selected: SelectedField) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """From coerced variables to the arguments of a field that were given or have a default, by their names in Python."""
    if selected.definition is None:
        return lambda _: {}
    given = {each.name.value: each.value for each in selected.node.arguments or ()}
    fixed: dict[str, Any] = {}
    open_: list[tuple[str, Value, Any]] = []
    for name, argument in selected.definition.args.items():
        default, python, node = _default(name, argument), to_snake_case(name), given.get(name)
        if node is None:
            if default is not ABSENT:
                fixed[python] = default
        elif _is_constant(node):
            fixed[python] = coercion(argument.type)(_json(node))
        else:
            needed = isinstance(argument.type, GraphQLNonNull)
            open_.append((python, _value(node, argument.type), ABSENT if needed else default))
    if not open_:
        return lambda _: fixed

    def arguments(variables: Mapping[str, Any]) -> dict[str, Any]:
        return {**fixed, **{python: _given(value(variables), default) for python, value, default in open_}}

    return arguments


def _given(found: Any, default: Any) -> Any:
    """What was given, or the default in its place. Raises ``Misfit`` where there is neither."""
    value = default if found is ABSENT else found
    if value is ABSENT:
        raise Misfit
    return value


def _default(name: str, argument: GraphQLArgument) -> Any:
    """What an argument is where nothing is given, ``ABSENT`` where nothing then. Raises ``NotCovered`` for a default that is no plain value."""
    default = ABSENT if argument.default_value is Undefined else argument.default_value
    if default is not ABSENT and not isinstance(default, int | str | bool | None):
        raise NotCovered(f"the default of {name}")
    return default


def coercion(type_: Any) -> Coerce:
    """What coerces values of JSON to an input type."""
    if isinstance(type_, GraphQLNonNull):
        inner = coercion(type_.of_type)

        def needed(value: Any) -> Any:
            if value is None:
                raise Misfit
            return inner(value)

        return needed
    if isinstance(type_, GraphQLList):
        return _list(coercion(type_.of_type))
    if isinstance(type_, GraphQLInputObjectType):
        return _object(type_)
    return _leaf(type_)


def _list(item: Coerce) -> Coerce:
    def several(value: Any) -> Any:
        if value is None:
            return None
        return [item(each) for each in value] if isinstance(value, list) else [item(value)]

    return several


def _leaf(type_: Any) -> Coerce:
    def leaf(value: Any) -> Any:
        if value is None:
            return None
        try:
            return type_.coerce_input_value(value)
        except (GraphQLError, ValueError, TypeError):
            raise Misfit from None

    return leaf


def _object(type_: GraphQLInputObjectType) -> Coerce:
    made, names = _class_of(type_)
    if type_.is_one_of:
        raise NotCovered(f"the input {type_.name}")
    fields = {name: (names[name], coercion(each.type)) for name, each in type_.fields.items()}
    required = [name for name, each in type_.fields.items() if is_required_input_field(each)]

    def whole(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict) or any(name not in value for name in required):
            raise Misfit
        try:
            given = {fields[name][0]: fields[name][1](each) for name, each in value.items()}
        except KeyError:
            raise Misfit from None
        return made(**given)

    return whole


def _class_of(type_: GraphQLInputObjectType) -> tuple[Callable[..., Any], Mapping[str, str]]:
    """The class that an input becomes, and the names of its fields in Python by those of the schema."""
    definition = type_.extensions[_DEFINITION]
    names = {each.graphql_name or to_camel_case(each.python_name): each.python_name for each in definition.fields}
    return definition.origin, names


def _value(node: ValueNode, type_: Any) -> Value:
    """A value in which variables stand."""
    if isinstance(type_, GraphQLNonNull):
        inner = _value(node, type_.of_type)

        def needed(variables: Mapping[str, Any]) -> Any:
            found = inner(variables)
            if found is None:
                raise Misfit
            return found

        return needed
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda variables: variables.get(name, ABSENT)
    if _is_constant(node):
        constant = coercion(type_)(_json(node))
        return lambda _: constant
    if isinstance(node, ListValueNode) and isinstance(type_, GraphQLList):
        items = [_value(each, type_.of_type) for each in node.values]
        return lambda variables: [None if (found := each(variables)) is ABSENT else found for each in items]
    if isinstance(node, ObjectValueNode) and isinstance(type_, GraphQLInputObjectType):
        return _open_object(node, type_)
    raise NotCovered("a variable in an unusual place")


def _open_object(node: ObjectValueNode, type_: GraphQLInputObjectType) -> Value:
    made, names = _class_of(type_)
    fields = [
        (
            names[each.name.value],
            _value(each.value, type_.fields[each.name.value].type),
            is_required_input_field(type_.fields[each.name.value]),
        )
        for each in node.fields
    ]

    def whole(variables: Mapping[str, Any]) -> Any:
        given = {}
        for name, value, required in fields:
            found = value(variables)
            if found is not ABSENT:
                given[name] = found
            elif required:
                raise Misfit
        return made(**given)

    return whole


def _is_constant(node: ValueNode) -> bool:
    match node:
        case VariableNode():
            return False
        case ListValueNode():
            return all(map(_is_constant, node.values))
        case ObjectValueNode():
            return all(_is_constant(each.value) for each in node.fields)
    return True


def _json(node: ValueNode) -> Any:
    """A constant literal as JSON would say it; that it fits its type was validated."""
    match node:
        case NullValueNode():
            return None
        case IntValueNode():
            return int(node.value)
        case FloatValueNode():
            return float(node.value)
        case StringValueNode() | EnumValueNode() | BooleanValueNode():
            return node.value
        case ListValueNode():
            return list(map(_json, node.values))
        case ObjectValueNode():
            return {each.name.value: _json(each.value) for each in node.fields}
    raise NotCovered(f"a literal of the kind {node.kind}")
