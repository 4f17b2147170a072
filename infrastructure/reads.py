"""The read side: every question one SQL statement on the projected tables, over a pool of asynchronous connections.

Scope is part of the statement, so a row outside it is never fetched. History comes from the event table itself. The position
that answers ``wait_for`` is written in the same transaction as the rows it speaks of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from application.access import Scope
from application.projections.tables import (
    AMENDMENTS,
    AUDIT_EVENTS,
    CASES,
    CATALOG_ENTRIES,
    CATALOG_VERSIONS,
    CATALOGS,
    INTEGRITY_RECORDS,
    TITLES,
    Table,
    columns,
    from_row,
)
from application.queries import (
    AuditEvent,
    AuditFilter,
    CaseFilter,
    EntryFilter,
    EntryKey,
    Page,
    Positioned,
    TitleFilter,
    VersionKey,
    Window,
)
from application.views import (
    AmendmentView,
    CaseView,
    CatalogView,
    EntryView,
    IntegrityRecordView,
    StatusView,
    TitleView,
    VersionView,
)
from domain.base import Event
from domain.text import identifying_form
from domain.values import TitleStatus
from infrastructure.mapper import EventMapper
from infrastructure.projections.positions import wait_for

V = TypeVar("V")
SCHEMA: Final = "read_model"
_OPEN: Final = ["SUBMITTED", "MATCHED", "SUPPLEMENT_REQUESTED"]


class PostgresReads:
    """Answers ``application.queries.Reads`` from PostgreSQL; opened and closed with its pool."""

    def __init__(self, pool: AsyncConnectionPool[Any], mapper: EventMapper) -> None:
        self._pool = pool
        self._mapper = mapper

    async def wait_for(self, position: int) -> None:
        """See ``Reads``."""
        await wait_for(self._pool, position)

    async def status(self) -> StatusView:
        """See ``Reads``."""
        rows = await self._fetch(
            sql.SQL(
                "SELECT coalesce((SELECT max(position) FROM registry.events), 0),"
                " coalesce((SELECT position FROM read_model.projection_positions WHERE name = 'registry'), 0)"
            )
        )
        head, projected = rows[0]
        [(behind,)] = await self._fetch(
            sql.SQL("SELECT count(*) FROM registry.events WHERE position > %s"), [projected]
        )
        return StatusView(position=head, projected_position=projected, lag_events=behind, log_size=0)
