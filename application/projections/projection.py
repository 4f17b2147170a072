"""What a projection is: a durable name, the tables it fills, and the rules from event to row; its position is kept under its name.

Everything that works on projections (runner, rebuild, check, status, reading one's writes) takes such a value, so another
one is a file with its tables and rules, and a line in ``application.projections.all``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from application.projections.shapes import Column, line_writer, row_reader, view_columns
from domain.case.state import CaseState

V = TypeVar("V")
Recorded = Any
"""An event with its seals, or a thin record of one (``application.event_records``): the same fields by name, the same ``TOPIC``."""
Key = tuple[Any, ...]
"""The values of a table's key columns, in their order."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index: its columns, each with ``DESC`` behind it where it runs downwards, and the rows it is limited to."""

    columns: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeColumns:
    """The columns by which a row lies within somebody's scope (``application.access.sees``); None where a table has no such one."""

    authority: str
    subject: str | None = None
    holder: str | None = None
    restricted: str | None = None


@dataclass(frozen=True, eq=False)
class Table(Generic[V]):
    """One table: rows of one view under a key. Of one with ``scope`` nobody is told a row without saying in which scope they ask."""

    name: str
    view: type[V]
    key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()
    schema: str = "read_model"
    scope: ScopeColumns | None = None

    @cached_property
    def qualified(self) -> str:
        """Its name in the database."""
        return f"{self.schema}.{self.name}"

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The view's columns, in the order of its fields."""
        return view_columns(self.view)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names of ``columns``."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The PostgreSQL type of each column."""
        return {column.name: column.sql_type for column in self.columns}

    @cached_property
    def personal(self) -> tuple[str, ...]:
        """Columns about a person: the database keeps no statistics of them, which would outlive an erasure."""
        return tuple(column.name for column in self.columns if column.personal)

    @cached_property
    def select_list(self) -> str:
        """The columns, for ``SELECT … FROM``; ``from_row`` reads what it answers."""
        return ", ".join(self.column_names)

    @cached_property
    def to_line(self) -> Callable[[V], str]:
        """From a view to the line that COPY takes for its row."""
        return line_writer(self.view)

    @cached_property
    def qualified_list(self) -> str:
        """The same columns of a row that a statement calls ``t``."""
        return ", ".join(f"t.{name}" for name in self.column_names)

    @cached_property
    def from_row(self) -> Callable[[Sequence[Any]], V]:
        """From a row, whose values stand in column order, to its view."""
        return row_reader(self.view)

    @cached_property
    def key_of(self) -> Callable[[V], Key]:
        """The key of a view."""
        if len(self.key) == 1:
            value = attrgetter(self.key[0])
            return lambda view: (value(view),)
        return attrgetter(*self.key)

    @cached_property
    def key_types(self) -> tuple[str, ...]:
        """The PostgreSQL types of the key's columns."""
        return tuple(self.types[name] for name in self.key)


class Rows(Protocol):
    """The rows of one transaction: what is put is seen by the next get, and stored when the transaction commits."""

    def get(self, table: Table[V], key: Key) -> V | None:
        """The row under a key; None where there is none."""

    def put(self, table: Table[V], view: V, *, fresh: bool = False) -> None:
        """Store a row in place of the one under its key, if any; of a ``fresh`` one the events say that there is none."""


Stream = Callable[[UUID, int], Iterable[Recorded]]
"""The events of a stream that stand before a position, in order."""


class UnknownEvent(TypeError):
    """An event has no rule here; a release that knows it must project it."""

    code: Final = "unknown-event"


class RowsOutOfStep(ValueError):
    """The rows are not what the events before this one lead to; rebuild the projection."""

    code: Final = "rows-out-of-step"


class Touched(Protocol):
    """A case that events of a batch are about, as the last of them left it (``application.projections.states``)."""

    @property
    def state(self) -> CaseState:
        """What its events lead to; for reading only."""

    @property
    def position(self) -> int:
        """Where its last event stands."""

    @property
    def awarded_at(self) -> int:
        """Where the event stands that awarded its title, if that was in this batch."""

    @property
    def is_new(self) -> bool:
        """Whether there was no such case before the batch."""

    @property
    def is_newly_titled(self) -> bool:
        """Whether no title of it was there before the batch."""


class Projector(Protocol):
    """The rules of a projection at work, batch by batch. It may remember what the catalogs it has seen lead to.

    Cases are folded before, once for all projections. The rows that ``keys_needed`` names are read at once, then each event is
    projected, then the cases settle.
    """

    def forget(self) -> None:
        """Remember nothing: rows that were put were not committed, or somebody else has projected meanwhile."""

    def keys_needed(
        self, events: Sequence[Recorded], cases: Collection[Touched]
    ) -> Mapping[Table[Any], Collection[Key]]:
        """The rows that projecting these events and settling these cases gets before it puts them."""

    def project(self, event: Recorded, position: int, rows: Rows) -> None:
        """What one event does to the rows, beside what settles. An event that was seen already changes nothing.

        Raises ``UnknownEvent``, and ``RowsOutOfStep`` for an event that those before it cannot have led to.
        """

    def settle(self, cases: Collection[Touched], rows: Rows) -> Iterator[int]:
        """Put the rows of cases, made once for all their events of the batch; before each, the position of the event that it is of."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A read model by its durable ``name``: tables, all of one schema that is its own, and what makes its rules work.

    ``projector`` is given what reads the earlier events of a stream. A server is not ready while one that is ``needed`` stands
    still; of any other it says so, and goes on.
    """

    name: str
    tables: tuple[Table[Any], ...]
    projector: Callable[[Stream], Projector]
    needed: bool = True

    def __post_init__(self) -> None:
        if len({table.schema for table in self.tables}) != 1:
            raise ValueError(f"the tables of the projection {self.name} lie in several schemas")

    @property
    def schema(self) -> str:
        """Where its live tables lie; a rebuild replaces it as a whole."""
        return self.tables[0].schema

    @property
    def next_schema(self) -> str:
        """Where a rebuild fills new tables; what an interrupted one left there is dropped by the next."""
        return f"{self.schema}_next"

    @property
    def old_schema(self) -> str:
        """Where the replaced tables go until nobody reads them any more."""
        return f"{self.schema}_old"
