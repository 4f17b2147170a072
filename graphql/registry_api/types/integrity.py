"""The integrity archive: what article 4 files, as those read it who may."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import strawberry

from application.viewing import RecordRow
from application.views import AuthorityView, HolderView, IntegrityRecordView
from registry_api import ids
from registry_api.context import Info
from registry_api.disclosing import shown
from registry_api.pages import PageInfo
from registry_api.types.cases import Holder
from registry_api.types.nodes import Authority, Node, described, edge

_NOBODY: Final = HolderView(ref=UUID(int=0), name=None, id_type=None, id_number=None, erased=True)


@strawberry.type(name="IntegrityRecord", description=described(IntegrityRecordView))
class IntegrityRecord(Node, IntegrityRecordView):
    """A record and whom it is about."""

    record_id: strawberry.Private[UUID]
    case_id: strawberry.Private[UUID]
    holder_ref: strawberry.Private[UUID]
    authority_code: strawberry.Private[str]
    ground: strawberry.Private[str | None]
    findings: strawberry.Private[str | None]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is an integrity record."""
        return isinstance(obj, IntegrityRecordView)

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names the record."""
        return ids.encode("integrity-record", self.record_id)

    @edge(Holder)
    async def holder(self, info: Info) -> HolderView:
        """Whom it is about."""
        holder = await info.context.holders_of_cases.load(self.case_id) or _NOBODY
        row = RecordRow.of(self, info.context.viewer.scope, self.case_id, holder)
        return await shown(info, row, holder, "holder")

    @edge(Authority)
    def authority(self, info: Info) -> AuthorityView:
        """The authority that revoked."""
        return info.context.authority(self.authority_code)

    @edge(str | None, name="ground")
    async def shown_ground(self, info: Info) -> str | None:
        """Why the title was revoked; null where the viewer may not see it, or after erasure."""
        return (await _opened(info, self, "ground")).ground

    @edge(str | None, name="findings")
    async def shown_findings(self, info: Info) -> str | None:
        """What the officers found; null where the viewer may not see it, or after erasure."""
        return (await _opened(info, self, "findings")).findings


async def _opened(info: Info, record: IntegrityRecordView, name: str) -> IntegrityRecordView:
    viewer = info.context.viewer
    row = RecordRow.of(record, viewer.scope, record.record_id)
    if viewer.in_clear(row):
        await info.context.key_of(record.holder_ref)
    return viewer.show(row, record, name, {name})


@strawberry.type
class IntegrityRecordEdge:
    """A record in a list."""

    cursor: str
    node: IntegrityRecord


@strawberry.type
class IntegrityRecordConnection:
    """A page of integrity records."""

    edges: list[IntegrityRecordEdge]
    nodes: list[IntegrityRecord]
    page_info: PageInfo
    total_count: int | None
