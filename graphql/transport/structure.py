"""How much a document asks for: depth, aliases, root fields and cost, read off its syntax before it is validated.

Cost follows pagination: a field counts 1, and what stands below a field with `first: n` (or `last: n`) counts n times, below one
with `ids: […]` as often as there are identifiers; below a list without a page it counts as often as `Limits.list_sizes` says.
Where `n` is a variable the cost stays an expression until the variables are known, so a document is read once.

A fragment is measured once however often it is spread, hence time is linear in the document although the numbers
may grow exponentially. Fragments are visited in order of dependency, without recursion; within one definition the
recursion is as deep as `Limits.nesting` lets brackets be.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final

from graphql.utilities import get_default_value_ast

from domain.messages import tell
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)
from transport.errors import ErrorCode, LimitExceededError
from transport.limits import Limits

_PAGED: Final = ("first", "last", "ids", "questions")
_ABSENT: Final = object()
_NUMBERS: Final = frozenset({int, bool, NoneType, object})
"""What variables of sizes may be for a cost to be remembered; a list counts by its length."""
_MOST_FOUND: Final = 64
_DIGITS: Final = 18
"""Longer numbers are no sizes; the interpreter refuses to read the longest."""
HISTORY: Final = "RecognitionCase.history"
"""Each event of it has the whole case beside it, so one inside another grows with the square of the events."""


@dataclass(eq=False, slots=True)
class _Page:
    """What stands below a page whose size is the largest of numbers and variables, by name; `fallback` where none is given."""

    sizes: tuple[int | str | None, ...]
    fallback: int
    below: "Cost"

    def rows(self, variables: Mapping[str, Any], largest_page: int) -> int:
        """How many rows it may have; null counts as not given beside a number, and like any oddity where it stands alone."""
        given = [
            variables.get(size) if isinstance(size, str) else size
            for size in self.sizes
            if not isinstance(size, str) or size in variables
        ]
        numbers = [len(each) if isinstance(each, list) else each for each in given if isinstance(each, int | list)]
        if numbers:
            return max(0, *numbers)
        return largest_page if given else self.fallback


@dataclass(slots=True)
class Cost:
    """A number plus, for each page of variable size, how many times its content counts.

    ``defaults`` are those of the variables, by name, at the root of an operation.
    """

    fixed: int = 0
    pages: Counter[_Page] = field(default_factory=Counter)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    _sizes: tuple[str, ...] | None = None
    """The variables that have to do with it, once they are known."""
    _found: dict[tuple[Any, ...], int] = field(default_factory=dict)
    """What was found, by largest page and these variables."""

    def add(self, other: "Cost", times: int = 1) -> None:
        """Add another cost, `times` over."""
        self._sizes = None
        self._found.clear()
        self.fixed += other.fixed * times
        for page, count in other.pages.items():
            self.pages[page] += count * times

    def value(self, variables: Mapping[str, Any], largest_page: int) -> int:
        """The cost under these variables; a page size that is no number counts as `largest_page`."""
        if not self.pages:
            return self.fixed
        asked: tuple[Any, ...] | None = None
        if self._sizes is not None:
            asked = (largest_page, *(variables.get(name, _ABSENT) for name in self._sizes))
            if not _NUMBERS.issuperset(map(type, asked)):
                asked = None
            elif asked in self._found:
                return self._found[asked]
        known: dict[_Page, int] = {}
        values = {**self.defaults, **variables}

        def total(cost: Cost) -> int:
            return cost.fixed + sum(count * size(page) for page, count in cost.pages.items())

        def size(page: _Page) -> int:
            if page not in known:
                known[page] = page.rows(values, largest_page) * total(page.below)
            return known[page]

        found = total(self)
        self._sizes = tuple({size for page in known for size in page.sizes if isinstance(size, str)})
        if asked is not None:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            self._found[asked] = found
        return found


@dataclass(slots=True)
class Measure:
    """What a selection set asks for, fragments expanded."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: Cost = field(default_factory=Cost)
    histories: int = 0
    """Histories of cases below one another."""
    alike: int = 0
    """Pairs of selections to compare, below this selection set."""
    names: Counter[str] = field(default_factory=Counter)
    """How often each response name is selected in this selection set itself."""
    below: Counter[str] = field(default_factory=Counter)
    """How many fields stand below each response name, in this selection set itself."""

    def add(self, other: "Measure") -> None:
        """Put another selection set beside this one."""
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.fields += other.fields
        self.cost.add(other.cost)
        self.histories = max(self.histories, other.histories)
        self.alike += other.alike
        self.names.update(other.names)
        self.below.update(other.below)

    @property
    def pairs(self) -> int:
        """The pairs of selections that validation compares: of one name each with each, and what stands below them."""
        own = 0
        for name, count in self.names.items():
            if count > 1:
                beneath = -(-self.below[name] // count)
                own += count * count * max(1, beneath * beneath)
        return own + self.alike

    def check(self, limits: Limits) -> None:
        """Refuse what the syntax alone shows to be too much: LIMIT_DEPTH, LIMIT_ALIASES, LIMIT_ROOT_FIELDS, LIMIT_ALIKE or
        LIMIT_HISTORY.
        """
        for code, what, allowed, found, advice in (
            (
                ErrorCode.LIMIT_HISTORY,
                tell("limit.histories"),
                1,
                self.histories,
                tell("advice.history_alone"),
            ),
            (
                ErrorCode.LIMIT_ALIKE,
                tell("limit.alike"),
                limits.alike,
                self.pairs,
                tell("advice.select_once"),
            ),
            (ErrorCode.LIMIT_DEPTH, tell("limit.depth"), limits.depth, self.depth, tell("advice.fewer_fields")),
            (
                ErrorCode.LIMIT_ALIASES,
                tell("limit.aliases"),
                limits.aliases,
                self.aliases,
                tell("advice.several_requests"),
            ),
            (
                ErrorCode.LIMIT_ROOT_FIELDS,
                tell("limit.root_fields"),
                limits.root_fields,
                self.fields,
                tell("advice.several_requests"),
            ),
        ):
            if found > allowed:
                raise LimitExceededError(code, what, allowed=allowed, found=found, advice=advice)

    def check_cost(self, variables: Mapping[str, Any], limits: Limits) -> None:
        """Refuse (LIMIT_COST) an operation that asks for too many fields under these variables."""
        found = self.cost.value(variables, limits.page_size)
        if found > limits.cost:
            raise LimitExceededError(
                ErrorCode.LIMIT_COST,
                tell("limit.cost"),
                allowed=limits.cost,
                found=found,
                advice=tell("advice.smaller_pages"),
            )


def measure(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> dict[OperationDefinitionNode, Measure]:
    """Measure every operation. Cyclic fragments, unknown fields and types count as far as they go: validation names them.

    Raises LimitExceededError (LIMIT_FRAGMENTS) on a document with too many fragments.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    if len(fragments) > limits.fragments:
        raise LimitExceededError(
            ErrorCode.LIMIT_FRAGMENTS,
            tell("limit.fragments"),
            allowed=limits.fragments,
            found=len(fragments),
            advice=tell("advice.join_fragments"),
        )
    reader = _Reader(schema, limits)
    for name in _dependencies_first(fragments):
        condition = fragments[name].type_condition.name.value
        reader.fragments[name] = reader.read(fragments[name].selection_set, schema.get_type(condition))
    measures = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            measures[node] = reader.read(node.selection_set, schema.get_root_type(node.operation))
            measures[node].cost.defaults = {
                each.variable.name.value: _size(each.default_value)
                for each in node.variable_definitions or ()
                if each.default_value is not None
            }
    return measures


def _dependencies_first(fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    seen: set[str] = set()
    for start in fragments:
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            name, finished = stack.pop()
            if finished:
                yield name
            elif name in fragments and name not in seen:
                seen.add(name)
                stack.append((name, True))
                stack.extend((spread, False) for spread in _spreads(fragments[name].selection_set))


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    for node in selection_set.selections:
        if isinstance(node, FragmentSpreadNode):
            yield node.name.value
        elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
            yield from _spreads(node.selection_set)


class _Reader:
    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._largest_page = limits.page_size
        self._sizes = limits.list_sizes
        self._costs = limits.field_costs
        self.fragments: dict[str, Measure] = {}

    def read(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Measure:
        result = Measure()
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                result.add(self._field(node, parent))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                result.add(self.read(node.selection_set, inner))
            elif isinstance(node, FragmentSpreadNode):
                result.add(self.fragments.get(node.name.value, Measure()))
        return result

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        aliases = 1 if node.alias else 0
        name = (node.alias or node.name).value
        own_cost = self._own_cost(node, parent)
        if node.selection_set is None:
            return Measure(depth=1, aliases=aliases, fields=1, cost=Cost(own_cost), names=Counter({name: 1}))
        definition = self._definition(node.name.value, parent)
        below = self.read(node.selection_set, get_named_type(definition.type) if definition else None)
        cost = Cost(own_cost)
        page = _Page(*self._page(node, definition, parent), below.cost)
        if any(isinstance(size, str) for size in page.sizes):
            cost.pages[page] += 1
        else:
            cost.add(below.cost, page.rows({}, self._largest_page))
        own = parent is not None and f"{parent.name}.{node.name.value}" == HISTORY
        return Measure(
            depth=below.depth + 1,
            aliases=below.aliases + aliases,
            fields=1,
            cost=cost,
            histories=below.histories + own,
            alike=below.pairs,
            names=Counter({name: 1}),
            below=Counter({name: below.fields}),
        )

    def _own_cost(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        """What a field itself counts as, and what its arguments add."""
        place = f"{parent.name}.{node.name.value}" if parent is not None else ""
        more = sum(self._costs.get(f"{place}({each.name.value})", 0) for each in node.arguments or ())
        return self._costs.get(place, 1) + more

    def _definition(self, name: str, parent: GraphQLNamedType | None) -> GraphQLField | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return self._schema.get_field(parent, name)
        return None

    def _page(
        self, node: FieldNode, definition: GraphQLField | None, parent: GraphQLNamedType | None
    ) -> tuple[tuple[int | str | None, ...], int]:
        """The sizes that are given, and the one that counts where none is."""
        assumed = self._sizes.get(f"{parent.name}.{node.name.value}") if parent is not None else None
        sizes = tuple(
            each.value.name.value if isinstance(each.value, VariableNode) else _size(each.value)
            for each in node.arguments or ()
            if each.name.value in _PAGED
        )
        return sizes, self._default(definition) if assumed is None else assumed

    def _default(self, definition: GraphQLField | None) -> int:
        for name in _PAGED:
            if definition and name in definition.args:
                size = _size(get_default_value_ast(definition.args[name]))
                return size if isinstance(size, int) else self._largest_page
        return 1


def _size(value: ValueNode | None) -> int | None:
    """The number, or the length of the list, that a literal is; None for any other."""
    match value:
        case IntValueNode() if len(value.value) <= _DIGITS:
            return int(value.value)
        case ListValueNode():
            return len(value.values)
        case StringValueNode():
            return 1
    return None
