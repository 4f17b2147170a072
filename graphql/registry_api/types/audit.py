"""The audit log, and what the transparency log answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from application.views import ActorView
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
    summary: str
    data: dict[str, Any]


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
    summary: str
    data: JSON


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
