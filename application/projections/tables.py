"""The tables of the projection ``registry``: which view each holds, its key, and the indexes its questions need.

A table's columns are its view's (see ``shapes``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from application.projections.shapes import Column, row_reader, row_writer, view_columns
from application.views import (
    AliasView,
    AmendmentView,
    CaseView,
    CatalogProposalView,
    CatalogView,
    EntryView,
    HolderFileView,
    IntegrityRecordView,
    TitleView,
    VersionView,
)

V = TypeVar("V")
Key = tuple[Any, ...]
"""The values of a table's key columns, in their order."""

PROJECTION: Final = "registry"
"""The projection's durable name: its position is kept under it."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index: its columns, each with ``DESC`` behind it where it runs downwards, and the rows it is limited to."""

    columns: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True, eq=False)
class Table(Generic[V]):
    """One table of the read model: rows of one view under a key."""

    name: str
    view: type[V]
    key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The view's columns, in the order of its fields."""
        return view_columns(self.view)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names of ``columns``."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def personal(self) -> tuple[str, ...]:
        """Columns about a person: the database keeps no statistics of them, which would outlive an erasure."""
        return tuple(column.name for column in self.columns if column.personal)

    @cached_property
    def select_list(self) -> str:
        """The columns, for ``SELECT … FROM``; ``from_row`` reads what it answers."""
        return ", ".join(self.column_names)

    @cached_property
    def to_row(self) -> Callable[[V], tuple[Any, ...]]:
        """From a view to its row: one value per column, JSON as text."""
        return row_writer(self.view)

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
        types = {column.name: column.sql_type for column in self.columns}
        return tuple(types[name] for name in self.key)


CASES: Final = Table(
    "cases",
    CaseView,
    ("case_id",),
    (
        Index(("case_number",)),
        Index(("submitted_at DESC", "case_id DESC")),
        Index(("status", "submitted_at DESC", "case_id DESC")),
        Index(("authority_code", "submitted_at DESC", "case_id DESC")),
        Index(("submitted_by", "submitted_at DESC", "case_id DESC")),
        Index(("holder_ref",)),
        Index(
            ("catalog_code", "submitted_at", "case_id"), "status IN ('SUBMITTED', 'MATCHED', 'SUPPLEMENT_REQUESTED')"
        ),
        Index(("catalog_code", "status", "entry_number")),
    ),
)
TITLES: Final = Table(
    "titles",
    TitleView,
    ("title_id",),
    (
        Index(("holder_ref",)),
        Index(("case_id",)),
        Index(("case_number",)),
        Index(("position",)),
        Index(("recognized_on DESC", "title_id DESC")),
        Index(("status", "recognized_on DESC", "title_id DESC")),
        Index(("field", "recognized_on DESC", "title_id DESC")),
        Index(("title", "recognized_on DESC", "title_id DESC")),
        Index(("authority_code", "recognized_on DESC", "title_id DESC")),
        Index(("responsible_code", "recognized_on DESC", "title_id DESC")),
        Index(("submitted_by",)),
        Index(("catalog_code", "entry_number")),
    ),
)
CATALOGS: Final = Table("catalogs", CatalogView, ("code",), (Index(("catalog_id",)), Index(("position",))))
CATALOG_VERSIONS: Final = Table("catalog_versions", VersionView, ("catalog_code", "number"))
CATALOG_ENTRIES: Final = Table(
    "catalog_entries",
    EntryView,
    ("catalog_code", "number", "from_version"),
    (Index(("catalog_code", "from_version", "until_version")),),
)
CATALOG_ALIASES: Final = Table(
    "catalog_aliases",
    AliasView,
    ("catalog_code", "place"),
)
AMENDMENTS: Final = Table("amendments", AmendmentView, ("amendment_id",), (Index(("catalog_code", "status")),))
CATALOG_PROPOSALS: Final = Table(
    "catalog_proposals", CatalogProposalView, ("proposal_id",), (Index(("proposed_at DESC", "proposal_id")),)
)
INTEGRITY_RECORDS: Final = Table(
    "integrity_records",
    IntegrityRecordView,
    ("record_id",),
    (Index(("case_id",)), Index(("holder_ref",))),
)
HOLDERS: Final = Table("holders", HolderFileView, ("ref",))
TABLES: Final[tuple[Table[Any], ...]] = (
    CASES,
    TITLES,
    CATALOGS,
    CATALOG_VERSIONS,
    CATALOG_ENTRIES,
    CATALOG_ALIASES,
    AMENDMENTS,
    CATALOG_PROPOSALS,
    INTEGRITY_RECORDS,
    HOLDERS,
)
"""Every table of the projection."""
