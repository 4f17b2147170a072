"""A person's file as the privacy officer reads it, and the record of who read personal data."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import strawberry

from application import questions
from application.views import AccessView, CaseView, HolderFileView
from registry_api.context import Info
from registry_api.pages import PageInfo
from registry_api.types.cases import RecognitionCase
from registry_api.types.nodes import described, edge

Access = AccessView
strawberry.type(Access, name="Access", description=described(AccessView))


@strawberry.type
class AccessEdge:
    """An access in a list."""

    cursor: str
    node: Access


@strawberry.type
class AccessConnection:
    """A page of accesses."""

    edges: list[AccessEdge]
    nodes: list[Access]
    page_info: PageInfo


@strawberry.type(name="HolderFile", description=described(HolderFileView))
class HolderFile(HolderFileView):
    """A person's cases, and whether their data is processed."""

    ref: strawberry.Private[UUID]
    case_ids: strawberry.Private[tuple[UUID, ...]]
    record_ids: strawberry.Private[tuple[UUID, ...]]

    @edge(None, name="ref")
    def reference(self) -> strawberry.ID:
        """The holder's random reference."""
        return strawberry.ID(str(self.ref))

    @edge(list[RecognitionCase])
    async def cases(self, info: Info) -> Sequence[CaseView]:
        """Every case about the person, oldest first."""
        return await info.context.services.reads.rows(questions.cases_of(info.context.scope, self.ref))
