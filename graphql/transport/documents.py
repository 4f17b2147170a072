"""From document text to an operation that may run: outlined, parsed, measured and validated, once per text."""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from anyio import to_thread
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from domain.messages import Message, tell
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValuesOfCorrectTypeRule,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from transport.coercion import LiteralsOfCorrectType
from transport.errors import (
    GRAPHQL_PARSE_FAILED,
    GRAPHQL_VALIDATION_FAILED,
    OPERATION_RESOLUTION_FAILURE,
    ApiError,
    ErrorCode,
    LimitExceededError,
    PlacedError,
)
from transport.limits import Limits, check_storable, string_too_long
from transport.scan import outline
from transport.structure import Measure, measure
from transport.turns import Turns, client_gone

_RULES: Final = (
    *(LiteralsOfCorrectType if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)
_MOST_ERRORS: Final = 20
_HALF_PAIR: Final = re.compile(r"\\u(?:\{0*)?[dD][89a-fA-F][0-9a-fA-F]{2}")
_OPENED: Final = re.compile(r'\b(\w+)\s*:[\s\[,]*"(?:[^"\\\n]|\\.)*\Z')
_NEAR: Final = 2_000
"""Characters before a fault among which the name of its argument is looked for."""
_QUOTED: Final = re.compile(r"\b(String|BlockString|Int|Float) [\"'].*[\"']", re.DOTALL)


class InvalidDocumentError(Exception):
    """A document that doesn't parse or validate; `errors` are ready to be answered."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors in a document")
        self.errors = errors


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOperation:
    """One operation of a valid document. Compared by identity."""

    document: DocumentNode
    node: OperationDefinitionNode
    measure: Measure
    derived: dict[object, Any] = field(default_factory=dict)
    """What somebody made of it, by whoever did: forgotten with the document."""

    @property
    def name(self) -> str | None:
        """Its name, None if it is anonymous."""
        return self.node.name.value if self.node.name else None

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.node.operation

    @property
    def root_fields(self) -> Sequence[str]:
        """The names of the fields at its root, each as often as it stands there, fragments expanded."""
        return [node.name.value for node in self.root_nodes]

    @property
    def root_nodes(self) -> Sequence[FieldNode]:
        """The fields at its root, each as often as it stands there, fragments expanded."""
        definitions = self.document.definitions
        fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
        found: list[FieldNode] = []
        waiting: list[SelectionSetNode] = [self.node.selection_set]
        while waiting:
            for node in waiting.pop().selections:
                match node:
                    case FieldNode():
                        found.append(node)
                    case InlineFragmentNode():
                        waiting.append(node.selection_set)
                    case FragmentSpreadNode():
                        waiting.append(fragments[node.name.value].selection_set)
        return found


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A valid document within the limits that can be told without variables."""

    operations: Mapping[str | None, PreparedOperation]
    quotes: bool = False
    """Whether a text stands in it, which may be about a person."""

    def operation(self, name: str | None) -> PreparedOperation:
        """The operation to run (GraphQL specification §6.1, GetOperation). Raises ApiError if `name` doesn't tell."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise ApiError(OPERATION_RESOLUTION_FAILURE, tell("request.operation_untold"))
        if name not in self.operations:
            raise ApiError(OPERATION_RESOLUTION_FAILURE, tell("request.operation_unknown"))
        return self.operations[name]


class DocumentCache:
    """Prepared documents by their text, the least recently used leaving first.

    Bounded by number and by the characters of all texts together, since what is kept is looked at by every full collection of
    garbage: about 150 000 objects at the most. Only valid documents stay: refused ones would let
    anybody empty it. Texts may hold literals about a person, so erasure calls `clear`.
    """

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, *, entries: int = 1024, characters: int = 256 * 1024
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._entries = entries
        self._characters = characters
        self._documents: OrderedDict[str, PreparedDocument] = OrderedDict()
        self._held = 0

    def __len__(self) -> int:
        return len(self._documents)

    def clear(self) -> None:
        """Forget every document."""
        self._documents.clear()
        self._held = 0

    async def fetch(
        self, text: str, turns: Turns, caller: str, gone: Callable[[], Awaitable[bool]]
    ) -> PreparedDocument:
        """As ``get``; a text that is not known yet is prepared beside the event loop, in the caller's turn.

        ``gone`` is asked after a wait: nothing is prepared for nobody (HttpRefusalError).
        """
        if text in self._documents:
            return self.get(text)
        async with turns.turn(caller) as waited:
            if waited and await gone():
                raise client_gone()
            if text in self._documents:
                return self.get(text)
            return self._keep(text, await to_thread.run_sync(prepare, self._schema, text, self._limits))

    def is_known(self, text: str) -> bool:
        """Whether a document is kept; does not count as use."""
        return text in self._documents

    def known(self, text: str) -> PreparedDocument | None:
        """The prepared document, if it is kept."""
        prepared = self._documents.get(text)
        if prepared is not None:
            self._documents.move_to_end(text)
        return prepared

    def get(self, text: str) -> PreparedDocument:
        """The prepared document. Raises InvalidDocumentError, or LimitExceededError naming the limit."""
        prepared = self.known(text)
        return self._keep(text, prepare(self._schema, text, self._limits)) if prepared is None else prepared

    def _keep(self, text: str, prepared: PreparedDocument) -> PreparedDocument:
        self._documents[text] = prepared
        self._held += len(text)
        while len(self._documents) > self._entries or (self._held > self._characters and len(self._documents) > 1):
            gone, _ = self._documents.popitem(last=False)
            self._held -= len(gone)
        return prepared


def prepare(schema: GraphQLSchema, text: str, limits: Limits) -> PreparedDocument:
    """Outline, parse, measure and validate a document. Raises InvalidDocumentError or LimitExceededError."""
    _check_outline(text, limits)
    try:
        document = parse(text, allow_empty_selection_sets=False)
    except GraphQLError as error:
        _check_half_pair(text, error)
        raise InvalidDocumentError([_syntax_error(error)]) from error
    quotes = _check_literals(document)
    measures = measure(schema, document, limits)
    for each in measures.values():
        each.check(limits)
    errors = validate(schema, document, _RULES, max_errors=_MOST_ERRORS)
    if errors:
        raise InvalidDocumentError([_invalid(error) for error in errors])
    return PreparedDocument(
        {node.name.value if node.name else None: PreparedOperation(document, node, m) for node, m in measures.items()},
        quotes,
    )


class _Literals(Visitor):
    """Looks at each string literal under the name of its argument or input field."""

    found = False

    def enter_string_value(
        self, node: StringValueNode, _key: Any, parent: Any, _path: Any, ancestors: list[Any]
    ) -> None:
        """Refuse a literal that no store can hold, also within a list."""
        self.found = True
        named = (each for each in (parent, *reversed(ancestors)) if isinstance(each, ArgumentNode | ObjectFieldNode))
        place = next((each.name.value for each in named), None)
        check_storable(node.value, _literal_at(place))


def _literal_at(name: str | None) -> Message:
    return tell("place.literal_at", name=name) if name else tell("place.literal")


def _check_half_pair(text: str, error: GraphQLError) -> None:
    """Raises ApiError (BAD_USER_INPUT) where the lexer stopped at an escape of half a surrogate pair, as at U+0000."""
    at = next(iter(error.positions or ()), 0)
    if not _HALF_PAIR.match(text, at):
        return
    opened = _OPENED.search(text[max(0, at - _NEAR) : at])
    check_storable("\ud800", _literal_at(opened[1] if opened else None))


def _check_literals(document: DocumentNode) -> bool:
    """Whether there is a string literal. Raises ApiError (BAD_USER_INPUT) for one with U+0000."""
    literals = _Literals()
    visit(document, literals)
    return literals.found


def _check_outline(text: str, limits: Limits) -> None:
    if len(text) > limits.document:
        raise LimitExceededError(
            ErrorCode.LIMIT_DOCUMENT,
            tell("limit.document"),
            allowed=limits.document,
            found=len(text),
            advice=tell("advice.split_document"),
        )
    tokens, nesting, longest, word = outline(text)
    if nesting > limits.nesting:
        raise LimitExceededError(
            ErrorCode.LIMIT_NESTING,
            tell("limit.nesting"),
            allowed=limits.nesting,
            found=nesting,
            advice=tell("advice.nest_less"),
        )
    if tokens > limits.tokens:
        raise LimitExceededError(
            ErrorCode.LIMIT_TOKENS,
            tell("limit.tokens"),
            allowed=limits.tokens,
            found=tokens,
            advice=tell("advice.split_document"),
        )
    if longest > limits.string:
        raise string_too_long(limits.string, longest)
    if word > limits.word:
        raise LimitExceededError(
            ErrorCode.LIMIT_STRING,
            tell("limit.word"),
            allowed=limits.word,
            found=word,
            advice=tell("advice.shorter_word"),
        )


def _syntax_error(error: GraphQLError) -> GraphQLError:
    # The lexer's words quote the token it met; a literal may be about a person, so only its kind is told.
    message = _QUOTED.sub(r"\1", error.message)
    said = tell("request.parse_failed", words=message)
    return PlacedError(GRAPHQL_PARSE_FAILED, said, source=error.source, positions=error.positions)


def _invalid(error: GraphQLError) -> GraphQLError:
    if isinstance(error, PlacedError):
        return error
    return PlacedError(GRAPHQL_VALIDATION_FAILED, tell("request.validation_failed", words=error.message), error.nodes)
