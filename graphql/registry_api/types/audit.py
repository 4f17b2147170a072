"""The audit log, and what the transparency log answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import strawberry

from application.disclosure import clipped
from application.views import ActorView
from domain.base import Event
from domain.log.note_keys import to_base64
from registry_api.context import Info
from registry_api.pages import PageInfo
from registry_api.scalars import JSON, Position
from registry_api.types.nodes import ActorType


@dataclass(frozen=True, slots=True)
class AuditEventRow:
    """An event as the audit log shows it to one viewer."""

    position: int
    stream_id: UUID
    stream_type: str
    version: int
    type: str
    recorded_at: datetime
    actor: ActorView
    event: Event | None
    problem: str | None

    @property
    def client(self) -> str | None:
        """Through which client it was asked for."""
        return self.event.by.client if self.event else None

    @property
    def request_id(self) -> str | None:
        """Under which request it was asked for."""
        return self.event.by.request_id if self.event else None


@strawberry.type(description="One event of any stream, in the order of the registry.")
class AuditEvent:
    """How an event reads in the audit log."""

    position: Position
    stream_id: strawberry.ID
    stream_type: str
    version: int
    type: str
    recorded_at: datetime
    actor: ActorType
    client: str | None = strawberry.field(
        description="The client through which it was asked for, where it named itself."
    )
    request_id: str | None = strawberry.field(description="The request under which it was recorded.")
    event: strawberry.Private[Event | None]
    problem: strawberry.Private[str | None]

    @strawberry.field
    def summary(self, info: Info) -> str:
        """What happened, in one sentence without personal data; or that the event cannot be read."""
        return self.event.summary.text(info.context.language) if self.event else self.problem or ""

    @strawberry.field
    def data(self, info: Info, full: bool = False) -> JSON:
        """The event's own facts; long lists and texts are clipped, and `clipped` says how long they are, unless `full` is set."""
        if self.event is None:
            return JSON({"unreadable": self.problem})
        shown = info.context.viewer.facts(self.event)
        return JSON(shown if full else clipped(shown))

    @strawberry.field
    async def stored(self, info: Info) -> str:
        """The bytes under which it is stored, in base 64, persons in them sealed: their SHA-256 is what its leaf in the log states."""
        return to_base64(await info.context.stored.load(self.position) or b"")


@strawberry.type
class AuditEventEdge:
    """An event in a list."""

    cursor: str
    node: AuditEvent


@strawberry.type
class AuditEventConnection:
    """A page of events."""

    edges: list[AuditEventEdge]
    nodes: list[AuditEvent]
    page_info: PageInfo
    total_count: int | None


@strawberry.type(description="A signed tree head of the transparency log, as a signed note.")
class Checkpoint:
    """What the log commits to."""

    size: int
    root_hash: str
    note: str


@strawberry.type(description="The proof that an event is in the log (RFC 6962, section 2.1.1).")
class InclusionProof:
    """An audit path."""

    position: Position
    leaf_index: int
    leaf_hash: str
    hashes: list[str]
    checkpoint: Checkpoint


@strawberry.type(description="The proof that the log only grew (RFC 6962, section 2.1.2).")
class ConsistencyProof:
    """A consistency proof."""

    from_size: int
    to_size: int
    hashes: list[str]
