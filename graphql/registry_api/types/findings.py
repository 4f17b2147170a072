"""What the audit found, and a decision derived again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import strawberry

from application.audit import FindingRow
from application.views import AwardView, VersionView
from registry_api.context import Info
from registry_api.lookups import MatchAnswer, MatchResult
from registry_api.pages import Edge, PageInfo
from registry_api.scalars import Position
from registry_api.types.catalog import CatalogVersion
from registry_api.types.nodes import TitleAward


@strawberry.type
class AuditFinding:
    """A finding of the last run."""

    row: strawberry.Private[FindingRow]

    @strawberry.field
    def code(self) -> str:
        """What kind of finding it is, as a stable code."""
        return self.row.code

    @strawberry.field
    def rule(self) -> str:
        """Which rule is not kept, by the name under which docs/rules.md has it where it is one of the live commands."""
        return self.row.rule

    @strawberry.field
    def message(self, info: Info) -> str:
        """What is wrong and the way out, in one sentence without personal data."""
        return self.row.text(info.context.language)

    @strawberry.field
    def stream_id(self) -> strawberry.ID | None:
        """The stream in which it is; null where it is about everything."""
        return strawberry.ID(str(self.row.stream_id)) if self.row.stream_id else None

    @strawberry.field
    def version(self) -> int | None:
        """The version of the stream at which it is."""
        return self.row.version

    @strawberry.field
    def position(self) -> Position | None:
        """The position at which it is."""
        return Position(self.row.position) if self.row.position else None


@strawberry.type
class AuditFindingEdge:
    """A finding in a list."""

    cursor: str
    node: AuditFinding


@strawberry.type
class AuditFindingConnection:
    """A page of what the last run found."""

    edges: list[AuditFindingEdge]
    nodes: list[AuditFinding]
    page_info: PageInfo
    checked_through: Position | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """A page of findings, and the run that found them; nothing of either before the first."""

    edges: list[Edge[AuditFinding]]
    nodes: list[AuditFinding]
    page_info: PageInfo
    checked_through: int | None = None
    checked_at: datetime | None = None


@strawberry.type
class Rederivation:
    """A decision derived again."""

    catalog_version: CatalogVersion
    rule_set: str
    match: MatchResult | None
    award: TitleAward | None
    same: bool | None
    not_derivable: str | None


@dataclass(frozen=True, slots=True)
class Rederived:
    """A decision derived again, as the API answers it."""

    catalog_version: VersionView
    rule_set: str
    match: MatchAnswer | None = None
    award: AwardView | None = None
    same: bool | None = None
    not_derivable: str | None = None
