"""What may be asked of rows is a value: a table, conditions, a scope, an order, and which part of the list.

``infrastructure.questions_sql`` makes one statement of such a value and knows nothing else, so a new question is a new value. How
the field of a filter is compared stands on the field itself (``Compared``), and nowhere else.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Final, Generic, Self, TypeVar, get_type_hints

from application.access import Scope
from application.projections.projection import Table

T = TypeVar("T")
V_co = TypeVar("V_co", covariant=True)
K = TypeVar("K", bound=Hashable)

UNSCOPED: Final = Scope(everything=True, restricted=True)
"""The scope of whoever asks for edges of rows that may be seen already, or counts for the registry itself."""


class Compare(Enum):
    """How columns are compared with a value."""

    IS = auto()
    IS_NOT = auto()
    """Another value, or none."""
    ONE_OF = auto()
    """The value is a list."""
    LEAST = auto()
    MOST = auto()
    BELOW = auto()
    ABOVE = auto()
    WITHIN = auto()
    """Two columns, an interval with its first and without its last, which may be open: the value lies in it."""
    CONTAINS = auto()
    """Some of the columns, read as one text, contain the value, in whatever letters."""
    LISTS = auto()
    """The column is a list with this value among its elements, or among their members of the name behind the column's dot."""
    NAMES = auto()
    """The column is a text that names one thing or several (``domain.values.FIELD_SEPARATOR``): the value is one of them, or all."""
    LISTS_NONE_OF = auto()
    """The column is a list of numbers, none of which is among those of the value, a ``Selected``."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How something is compared, and with which columns; on a field of a filter those of its name by default."""

    how: Compare = Compare.IS
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a row."""

    columns: tuple[str, ...]
    how: Compare
    value: Any


@dataclass(frozen=True, slots=True)
class Either:
    """One of these ways holds of a row: of each way every condition."""

    ways: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Another row, among those of ``question``, holds the same in the column ``same``; ``apart`` is the column that tells rows apart."""

    question: "Question[Any]"
    same: str
    apart: str


def where(column: str, value: Any, how: Compare = Compare.IS) -> Condition:
    """A condition on one column."""
    return Condition((column,), how, value)


def holding(which: Any) -> tuple[Condition, ...]:
    """The conditions of a filter: of every field that is ``Compared`` and was given."""
    kind: Any = type(which)
    given = ((name, compared, getattr(which, name)) for name, compared in _compared(kind))
    return tuple(
        Condition(compared.columns or (name,), compared.how, value)
        for name, compared, value in given
        if value is not None
    )


@lru_cache(maxsize=64)
def _compared(kind: Any) -> tuple[tuple[str, Compared], ...]:
    """By field, how it is compared; a class that gives a field another type leaves that as it stands in the class it inherits from."""
    found: dict[str, Compared] = {}
    for owner in reversed(kind.__mro__):
        for name, hint in get_type_hints(owner, include_extras=True).items() if is_dataclass(owner) else ():
            for mark in getattr(hint, "__metadata__", ()):
                if isinstance(mark, Compared):
                    found[name] = mark
    return tuple((each.name, found[each.name]) for each in fields(kind) if each.name in found)


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a list: of those between the rows with the keys ``after`` and ``before`` the first ``size``, or, where it is
    read ``backward``, the last. A key is what orders a row, its values in the list's order; ``count`` asks for the total.
    """

    size: int
    after: tuple[object, ...] | None = None
    before: tuple[object, ...] | None = None
    backward: bool = False
    count: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a longer list, in its order, and whether there are rows on either side; ``total`` only where it was asked for."""

    rows: Sequence[T]
    has_previous: bool
    has_next: bool
    total: int | None = None

    @classmethod
    def of(cls, read: Sequence[T], window: Window, total: int | None = None) -> Self:
        """The page that a window shows, of one row more than its size where there is one, in the direction in which it was read.

        What lies beyond the key that a client came from is there, since it has seen that row (Relay's specification of
        connections, section 4.4).
        """
        rows, more = read[: window.size], len(read) > window.size
        if window.backward:
            return cls(rows[::-1], has_previous=more, has_next=window.before is not None, total=total)
        return cls(rows, has_previous=window.after is not None, has_next=more, total=total)


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by: columns that together tell rows apart, all in one direction."""

    columns: tuple[str, ...]
    descending: bool = False


def _check_scope(table: Table[Any], scope: Scope | None) -> None:
    if table.scope is not None and scope is None:
        raise TypeError(f"a question about {table.name} says in which scope it is asked")


@dataclass(frozen=True, slots=True)
class Question(Generic[V_co]):
    """Rows of a table, as views: those of the scope of which every condition holds, in an order; a page of them, or all.

    Raises ``TypeError`` where the table's rows lie in scopes and none is named: it cannot be forgotten.
    """

    table: Table[V_co]
    conditions: tuple[Condition | Either | Beside, ...] = ()
    order: Order | None = None
    window: Window | None = None
    scope: Scope | None = None

    def __post_init__(self) -> None:
        _check_scope(self.table, self.scope)
        if self.window is not None and self.order is None:
            raise TypeError(f"a page of {self.table.name} needs an order")


@dataclass(frozen=True, slots=True)
class Selected:
    """What one column holds in the rows of a question."""

    column: str
    question: Question[Any]


@dataclass(frozen=True, slots=True)
class Via:
    """Keys that lead to rows by way of others: those of ``question`` whose ``key`` is the key; the rows are compared with ``column``."""

    question: Question[Any]
    key: str
    column: str


@dataclass(frozen=True, slots=True)
class Keyed(Generic[K, V_co]):
    """The rows that each of many keys names, among those of a question, in its order.

    A key is one value, or a tuple of as many as there are parts in ``by``; each part says how it is compared. With ``via`` a key is
    one value that leads there by way of another table. With ``every`` a key that names no row is answered by one of nulls.
    """

    question: Question[V_co]
    by: tuple[Compared, ...]
    keys: Sequence[K]
    via: Via | None = None
    every: bool = False


@dataclass(frozen=True, slots=True)
class Drawn(Generic[V_co]):
    """A sample of a question's rows that anybody can draw again: those ``size`` with the least SHA-256 of the seed, a line feed and
    the row's ``stream`` as text, among rows whose stream began at a position up to ``up_to``.
    """

    question: Question[V_co]
    stream: str
    seed: str
    size: int
    up_to: int | None = None


class Measured(Enum):
    """What is told of a group of rows."""

    ROWS = auto()
    """How many rows there are."""
    TRUE = auto()
    """In how many the column is true."""
    MEDIAN = auto()
    """The median of the column, without rows in which it is null; null of none."""
    P90 = auto()
    """Its 90th percentile, likewise."""
    LEAST = auto()
    """The least value of the column; null of none."""
    TABLE = auto()
    """Which table holds the rows: another number once a rebuild has replaced it; null of none."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Groups of the rows of a question by the values of some columns, in their order, each with what is measured of it.

    ``most`` groups are answered, and one more where there are more.
    """

    question: Question[Any]
    by: tuple[str, ...]
    measures: tuple[tuple[Measured, str], ...]
    most: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Some columns of the rows that a question or keys ask for, in this order, days and identifiers as text; or the table's, as
    ``from_row`` reads them, where they are None. With keys the number of the key, from 1 on, stands in front. ``beside`` are
    measures of other rows at the same instant, behind the columns.
    """

    asked: Question[Any] | Keyed[Any, Any]
    columns: tuple[str, ...] | None
    beside: tuple[Grouped, ...] = ()
