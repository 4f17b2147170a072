"""What each part of the schema means, in the words of the field: for people who read the schema, not this code.

A text stands under the part's schema coordinate (``Type.field``, ``Type.field(argument:)``, ``Enum.VALUE``); what means the same
wherever it stands, once under its last name alone (``field``, ``(argument:)``). A resolver's docstring describes its field where
nothing stands here. A test walks the printed schema and finds each part that nobody described, and each text without a part.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema
from registry_api.descriptions.cases import CASES
from registry_api.descriptions.catalogs import CATALOGS
from registry_api.descriptions.operations import OPERATIONS
from registry_api.descriptions.people import PEOPLE
from registry_api.descriptions.shared import SHARED

DESCRIPTIONS: Final[Mapping[str, str]] = {
    (f"{part}.{name}" if name else part): text
    for parts in (CASES, CATALOGS, OPERATIONS, PEOPLE)
    for part, texts in parts.items()
    for name, text in texts.items()
}
"""By schema coordinate."""


class DescribedPart(Protocol):
    """Whatever of a schema can be described."""

    description: str | None
    extensions: dict[str, Any]


def parts(schema: GraphQLSchema) -> Iterator[tuple[str, str, DescribedPart]]:
    """Everything in a schema that people see and that its authors name: coordinate, shared name, and the part itself."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        yield name, "", kind
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field, definition in kind.fields.items():
                    yield f"{name}.{field}", field, definition
                    for argument, each in definition.args.items():
                        yield f"{name}.{field}({argument}:)", f"({argument}:)", each
            case GraphQLInputObjectType():
                for field, given in kind.fields.items():
                    yield f"{name}.{field}", field, given
            case GraphQLEnumType():
                for value, member in kind.values.items():
                    yield f"{name}.{value}", "", member


def describe(schema: GraphQLSchema) -> set[str]:
    """Put the texts where they belong; answers the keys that were used.

    What stands under a part's coordinate counts first, then what it says itself, its resolver's docstring, its shared name.
    """
    used = set()
    for coordinate, name, part in parts(schema):
        if coordinate in DESCRIPTIONS:
            part.description = DESCRIPTIONS[coordinate]
            used.add(coordinate)
        elif not part.description and not (documented := _docstring(part)):
            part.description = SHARED.get(name)
            used.add(name)
        elif not part.description:
            part.description = documented
    return used


def _docstring(part: DescribedPart) -> str | None:
    """That of the resolver behind a field, if there is one."""
    field = part.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    resolver = field.base_resolver if isinstance(field, StrawberryField) else None
    return inspect.cleandoc(resolver.wrapped_func.__doc__ or "") or None if resolver else None
