"""Relay connections over keyset pages: opaque cursors that are checked when they come back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import strawberry

from application.asking import Page, Window
from domain.messages import tell
from transport.errors import ApiError, ErrorCode
from transport.limits import PAGE, PageSize, page_size

C = TypeVar("C")
T = TypeVar("T")
V = TypeVar("V")
MAX_NUMBER: Final = 2**31 - 1


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """A row and the cursor to go on from it."""

    cursor: str
    node: T


@dataclass(frozen=True, slots=True)
class Connection(Generic[T]):
    """A page as the contract's connections show it."""

    edges: Sequence[Edge[T]]
    nodes: Sequence[T]
    page_info: PageInfo
    total_count: int | None


Parsers = Sequence[Callable[[str], object]]
"""How to read back each part of a cursor's key; each raises ``ValueError`` for what it can't read."""


def whole_number(text: str) -> int:
    """A number in a cursor, as a column of the read side holds it. Raises ``ValueError``."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_NUMBER):
        raise ValueError(text)
    return int(text)


@dataclass(frozen=True, slots=True)
class Paging(Generic[C]):
    """How a client pages: forward with ``first`` and ``after``, backward with ``last`` and ``before``.

    The default of ``first`` is a ``PageSize``: it gives way to ``last``.
    """

    first: int | None
    after: C | None
    last: int | None
    before: C | None

    def window(
        self, key: Callable[[C], tuple[object, ...]], *, default: PageSize = PAGE, count: bool = False
    ) -> Window:
        """The window that is asked for, ``key`` reading cursors. Raises ``ApiError``: BAD_USER_INPUT, PAGE_SIZE_TOO_LARGE."""
        size, backward = page_size(self.first, default=default), self.last is not None
        if self.last is not None:
            if self.first is not None and not isinstance(self.first, PageSize):
                raise ApiError(ErrorCode.BAD_USER_INPUT, tell("page.both_ends"))
            size = page_size(self.last, name="last")
        return Window(
            size=size,
            after=None if self.after is None else key(self.after),
            before=None if self.before is None else key(self.before),
            backward=backward,
            count=count,
        )


def window(kind: str, paging: Paging[str], parsers: Parsers, *, count: bool) -> Window:
    """The window a client asks for. Raises ``ApiError``: BAD_USER_INPUT, PAGE_SIZE_TOO_LARGE, INVALID_CURSOR."""
    return paging.window(lambda sent: _decode(kind, sent, parsers), count=count)


def connection(kind: str, page: Page[T], key: Callable[[T], Sequence[object]]) -> Connection[T]:
    """A page with its cursors; ``key`` is what orders a row."""
    return _connected(page, [Edge(cursor(kind, key(row)), row) for row in page.rows])


def numbered(page: Page[T], rows: Sequence[V], place: Callable[[T], int]) -> Connection[V]:
    """A page as ``rows`` show it, whose cursors are numbers that clients may know from elsewhere."""
    return _connected(page, [Edge(str(place(each)), row) for each, row in zip(page.rows, rows, strict=True)])


def _connected(page: Page[Any], edges: Sequence[Edge[V]]) -> Connection[V]:
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges, [edge.node for edge in edges], info, page.total)


def wants_total(info: strawberry.Info[Any, Any]) -> bool:
    """Whether the operation selects ``totalCount``, which costs a count of its own."""
    return any(_selects(field, "totalCount") for field in info.selected_fields)


def _selects(field: Any, name: str) -> bool:
    return any(
        getattr(each, "name", None) == name or (not hasattr(each, "alias") and _selects(each, name))
        for each in getattr(field, "selections", ())
    )


def cursor(kind: str, key: Sequence[object]) -> str:
    """The cursor of a row, which ``key`` orders."""
    return base64.urlsafe_b64encode(json.dumps([kind, *map(str, key)]).encode()).decode().rstrip("=")


def _decode(kind: str, sent: str, parsers: Parsers) -> tuple[object, ...]:
    try:
        found = json.loads(base64.b64decode(sent + "=" * (-len(sent) % 4), altchars=b"-_", validate=True))
        if found[0] == kind and all(isinstance(part, str) for part in found):
            return tuple(parse(part) for parse, part in zip(parsers, found[1:], strict=True))
    except (binascii.Error, ValueError, TypeError, LookupError, RecursionError):
        pass
    raise ApiError(
        ErrorCode.INVALID_CURSOR,
        tell("page.cursor"),
    )
