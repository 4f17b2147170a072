"""What an operation selects: fragments expanded, directives applied, fields of one response name merged (GraphQL specification,
section 6.3.2, CollectFields, and 6.4.3, MergeSelectionSets).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from transport.documents import PreparedOperation

TYPENAME: Final = "__typename"
_MOST_SWITCHES: Final = 4
"""Variables in ``@skip`` and ``@include``: each doubles the plans of an operation."""


class NotCovered(Exception):
    """The compiler does not cover a selection; what it is stands in the message, for whoever extends it."""


@dataclass(frozen=True, slots=True)
class SelectedField:
    """One field of an answer: its response name, its definition (None for ``__typename``), and what is selected below it."""

    key: str
    node: FieldNode
    parent: GraphQLObjectType
    definition: GraphQLField | None
    below: tuple[SelectedField, ...]

    @property
    def name(self) -> str:
        """The field's name."""
        return self.node.name.value

    @property
    def type(self) -> Any:
        """The named type of its values."""
        return None if self.definition is None else get_named_type(self.definition.type)

    def all_below(self) -> Iterator[SelectedField]:
        """Every field below it."""
        for each in self.below:
            yield each
            yield from each.all_below()

    @property
    def weight(self) -> int:
        """How many fields it is, itself included, were each list of one item."""
        return 1 + sum(each.weight for each in self.below)


def switches(operation: PreparedOperation) -> tuple[str, ...]:
    """The variables on which it depends what is selected. Raises ``NotCovered`` where they are too many."""
    found: dict[str, None] = {}
    waiting: list[SelectionSetNode | None] = [operation.node.selection_set]
    unspread = dict(_fragments(operation))
    while waiting:
        for node in current.selections if (current := waiting.pop()) else ():
            for directive in node.directives or ():
                value = _condition(directive)
                if isinstance(value, VariableNode):
                    found[value.name.value] = None
            if not isinstance(node, FragmentSpreadNode):
                waiting.append(getattr(node, "selection_set", None))
            elif (fragment := unspread.pop(node.name.value, None)) is not None:
                waiting.append(fragment.selection_set)
    if len(found) > _MOST_SWITCHES:
        raise NotCovered("many variables in directives")
    return tuple(found)


def selections(
    schema: GraphQLSchema, operation: PreparedOperation, switched: Mapping[str, bool]
) -> tuple[SelectedField, ...]:
    """What an operation selects at its root, where its switches stand so. Raises ``NotCovered`` for what answers an interface."""
    if schema.query_type is None:
        raise NotCovered("no queries")
    return _Collector(schema, _fragments(operation), switched).fields(schema.query_type, [operation.node.selection_set])


@dataclass(frozen=True, slots=True)
class _Collector:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    switched: Mapping[str, bool]

    def fields(self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> tuple[SelectedField, ...]:
        grouped: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for each in sets:
            self._collect(parent, each, grouped, spread)
        return tuple(self._selected(parent, key, nodes) for key, nodes in grouped.items())

    def _collect(
        self, parent: GraphQLObjectType, into: SelectionSetNode, grouped: dict[str, list[FieldNode]], spread: set[str]
    ) -> None:
        for node in into.selections:
            if not self._included(node.directives or ()):
                continue
            match node:
                case FieldNode():
                    grouped.setdefault((node.alias or node.name).value, []).append(node)
                case InlineFragmentNode():
                    if node.type_condition is None or self._fits(parent, node.type_condition.name.value):
                        self._collect(parent, node.selection_set, grouped, spread)
                case FragmentSpreadNode(name=name) if name.value not in spread:
                    spread.add(name.value)
                    fragment = self.fragments[name.value]
                    if self._fits(parent, fragment.type_condition.name.value):
                        self._collect(parent, fragment.selection_set, grouped, spread)

    def _selected(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> SelectedField:
        name = nodes[0].name.value
        if name == TYPENAME:
            return SelectedField(key, nodes[0], parent, None, ())
        definition = parent.fields.get(name)
        if definition is None:
            raise NotCovered(f"the field {name}")
        kind = get_named_type(definition.type)
        sets = [node.selection_set for node in nodes if node.selection_set]
        if sets and not isinstance(kind, GraphQLObjectType):
            raise NotCovered(f"the interface {kind}")
        below = self.fields(kind, sets) if isinstance(kind, GraphQLObjectType) else ()
        return SelectedField(key, nodes[0], parent, definition, below)

    def _fits(self, parent: GraphQLObjectType, named: str) -> bool:
        kind = self.schema.type_map.get(named)
        return kind is parent or (isinstance(kind, GraphQLInterfaceType) and self.schema.is_sub_type(kind, parent))

    def _included(self, directives: Sequence[DirectiveNode]) -> bool:
        for each in directives:
            value = _condition(each)
            met = self.switched[value.name.value] if isinstance(value, VariableNode) else value.value
            if met is (each.name.value == "skip"):
                return False
        return True


def _condition(directive: DirectiveNode) -> VariableNode | BooleanValueNode:
    """The condition of ``@skip`` or ``@include``. Raises ``NotCovered`` for another directive."""
    value = next((each.value for each in directive.arguments or () if each.name.value == "if"), None)
    if directive.name.value not in {"skip", "include"} or not isinstance(value, VariableNode | BooleanValueNode):
        raise NotCovered(f"the directive {directive.name.value}")
    return value


def _fragments(operation: PreparedOperation) -> Mapping[str, FragmentDefinitionNode]:
    definitions = operation.document.definitions
    return {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}


def has_more_fields(operation: PreparedOperation, most: int) -> bool:
    """Whether an operation has more fields than that, fragments expanded, however its switches stand; looks no further than it must."""
    fragments, waiting, found = _fragments(operation), [operation.node.selection_set], 0
    while waiting and found <= most:
        for node in waiting.pop().selections:
            match node:
                case FieldNode():
                    found += 1
                    if node.selection_set is not None:
                        waiting.append(node.selection_set)
                case InlineFragmentNode():
                    waiting.append(node.selection_set)
                case FragmentSpreadNode():
                    waiting.append(fragments[node.name.value].selection_set)
    return found > most
