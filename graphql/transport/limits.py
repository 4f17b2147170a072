"""How large a request may be.

A limit is checked at the first moment it can be: bytes while they arrive, brackets before anything recursive reads
them, structure before validation, cost before execution, pages in the resolver.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final

from domain.messages import Message, tell
from transport.errors import BAD_USER_INPUT, PAGE_SIZE_TOO_LARGE, ApiError, ErrorCode, LimitExceededError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one server. The defaults leave room for the introspection query of every common tool."""

    body: int = 1024 * 1024
    """Bytes of a request body, and of the parameters in a URL."""
    json_nesting: int = 64
    """Brackets open at once in the JSON of a request."""
    string: int = 100_000
    """Characters of one string among the variables, or of one literal in a document."""
    word: int = 1_000
    """Characters of one name or number in a document: no number of that length is meant."""
    document: int = 100_000
    """Characters of a GraphQL document."""
    tokens: int = 2_000
    """Lexical tokens of a document (GraphQL specification §2.1). Validation takes quadratic time in the worst case."""
    nesting: int = 64
    """Brackets open at once in a document: selections, lists, objects and types alike."""
    fragments: int = 100
    """Fragment definitions in a document."""
    depth: int = 20
    """Fields below one another, fragments expanded."""
    aliases: int = 50
    """Aliased fields of an operation, fragments expanded."""
    root_fields: int = 20
    """Fields at the root of an operation, fragments expanded."""
    cost: int = 50_000
    """Fields of the answer, as far as the document tells: what stands below `first: n` or `last: n` counts n times."""
    page_size: int = 200
    """The largest `first` or `last` of a list."""
    body_seconds: float = 30.0
    """Seconds in which a body must have arrived."""
    alike: int = 10_000
    """Pairs of selections under one response name that validation has to compare (GraphQL specification, section 5.3.2)."""
    variables: int = 100_000
    """Values in the variables, at any depth, names not counted: room for the largest amendment with every field filled."""
    list: int = 500
    """Items of a list among the variables, but for those in ``long_lists``."""
    long_lists: Mapping[str, int] = field(default_factory=dict)
    """Input fields, by name, whose lists may be longer, and how long."""
    list_sizes: Mapping[str, int] = field(default_factory=dict)
    """How many items a list without a page counts as, by ``Type.field``."""
    field_costs: Mapping[str, int] = field(default_factory=dict)
    """What a field counts as that is more work than reading one value, by ``Type.field``; and what an argument adds, by ``Type.field(argument)``."""
    answer: int = 16 * 1024 * 1024
    """Bytes of an answer."""


DEFAULT_LIMITS: Final = Limits()
_FEW: Final = 20
"""Variables that are looked at without a list of what is to be looked at."""
_BARE: Final = frozenset({int, float, bool, NoneType})
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


class PageSize(int):
    """The size of a page for which the client names none, as a default: told from the same number, which somebody wrote."""


PAGE: Final = PageSize(50)
"""The usual size of a page."""


def page_size(size: int | None, *, default: int = PAGE, limits: Limits = DEFAULT_LIMITS, name: str = "first") -> int:
    """How many rows a resolver reads for the argument `first`, or of another name; `default` where the client said nothing.

    Raises ApiError: PAGE_SIZE_TOO_LARGE above `limits.page_size`, BAD_USER_INPUT below zero.
    """
    if size is None:
        return min(default, limits.page_size)
    if size < 0:
        raise ApiError(BAD_USER_INPUT, tell("page.negative", name=name))
    if size > limits.page_size:
        raise LimitExceededError(
            PAGE_SIZE_TOO_LARGE,
            tell("limit.page_size", name=name),
            allowed=limits.page_size,
            found=size,
            advice=tell("advice.page_by_page"),
        )
    return size


def check_length(name: str, items: Sequence[object], *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Refuse (LIMIT_LIST) an argument that names more things than a page holds."""
    if len(items) > limits.page_size:
        raise LimitExceededError(
            ErrorCode.LIMIT_LIST,
            tell("limit.list", name=name),
            allowed=limits.page_size,
            found=len(items),
            advice=tell("advice.several_requests"),
        )


def check_values(variables: Mapping[str, Any], limits: Limits) -> int:
    """Refuse variables that hold too much, before anything is made of them; how many values they hold.

    Raises LimitExceededError: LIMIT_STRING for a long text or name, LIMIT_LIST for a long list, LIMIT_VARIABLES for too many
    values; and ApiError (BAD_USER_INPUT, naming the place) for a text that no store can hold.
    """
    limit, count = limits.string, 0
    if len(variables) <= min(_FEW, limits.variables) and all(
        len(name) <= limit and name.isprintable() and (value.__class__ in _BARE or _is_plain(value, limit))
        for name, value in variables.items()
    ):
        return len(variables)
    waiting: list[tuple[str, Any]] = [(f"${name}", value) for name, value in variables.items()]
    for name in variables:
        _check_text("variables", name, limit)
    while waiting:
        place, value = waiting.pop()
        count += 1
        if count > limits.variables:
            raise LimitExceededError(
                ErrorCode.LIMIT_VARIABLES,
                tell("limit.variables"),
                allowed=limits.variables,
                found=None,
                advice=tell("advice.several_requests"),
            )
        if isinstance(value, str):
            _check_text(place, value, limit)
        elif isinstance(value, dict):
            for name in value:
                _check_text(place, name, limit)
            waiting.extend((f"{place}.{name}", inner) for name, inner in value.items())
        elif isinstance(value, list):
            longest = limits.long_lists.get(place.rpartition(".")[2], limits.list)
            if len(value) > longest:
                raise LimitExceededError(
                    ErrorCode.LIMIT_LIST,
                    tell("limit.list", name=place),
                    allowed=longest,
                    found=len(value),
                    advice=tell("advice.several_requests"),
                )
            waiting.extend((f"{place}[{index}]", inner) for index, inner in enumerate(value))
    return count


def _is_plain(value: Any, limit: int) -> bool:
    """Whether a value is a text without a fault; a printable one holds nothing that cannot be stored."""
    return value.__class__ is str and len(value) <= limit and value.isprintable()


def _check_text(place: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise string_too_long(limit, len(text))
    if _UNSTORABLE.search(text):
        check_storable(text, tell("place.variable", name=place))


def check_storable(text: str, place: Message) -> None:
    """Refuse (BAD_USER_INPUT) text with U+0000 or half a surrogate pair, which neither UTF-8 nor PostgreSQL can hold."""
    if _UNSTORABLE.search(text):
        raise ApiError(
            BAD_USER_INPUT,
            tell("storable.nul", place=place) if "\0" in text else tell("storable.half_pair", place=place),
        )


def string_too_long(limit: int, found: int) -> LimitExceededError:
    """The refusal of one string, wherever it stood."""
    return LimitExceededError(
        ErrorCode.LIMIT_STRING,
        tell("limit.string"),
        allowed=limit,
        found=found,
        advice=tell("advice.shorter_text"),
    )
