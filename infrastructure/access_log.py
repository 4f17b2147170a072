"""``registry.access_log``: who read personal data in clear, one row a request, written before the answer leaves."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from application.asking import Page, Window
from application.ports import Access, AccessNotRecorded
from application.views import AccessView, ActorView
from domain.values import Role
from infrastructure.postgres.pools import read_rows

_ADD: Final = (
    "INSERT INTO registry.access_log (recorded_at, subject, role, authority_code, client, request_id, reason, operation,"
    " holders, fields) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_READ: Final = (
    "SELECT id, recorded_at, subject, role, authority_code, client, request_id, reason, operation, holders, fields"
    " FROM registry.access_log WHERE (%s::bigint IS NULL OR id > %s) AND (%s::bigint IS NULL OR id < %s)"
    " AND (%s::uuid IS NULL OR holders @> ARRAY[%s::uuid]) AND (%s::text IS NULL OR subject = %s)"
)
_FORWARD: Final = f"{_READ} ORDER BY id LIMIT %s"
_BACKWARD: Final = f"{_READ} ORDER BY id DESC LIMIT %s"


class PostgresAccessLog:
    """``application.ports.AccessLog`` over the read side's pool; rows cannot be changed by the application's role."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool

    async def append(self, access: Access) -> None:
        """See ``AccessLog``; committed when this returns."""
        fields = {str(ref): sorted(kinds) for ref, kinds in sorted(access.fields.items())}
        row = [
            access.at,
            access.actor.subject,
            access.actor.role.value,
            access.actor.authority_code,
            access.client,
            access.request_id,
            access.reason,
            access.operation,
            sorted(access.fields),
            orjson.dumps(fields).decode(),
        ]
        try:
            async with self._pool.connection() as connection:
                await connection.execute(_ADD, row)
        except (psycopg.Error, PoolTimeout, PoolClosed):
            raise AccessNotRecorded from None

    async def read(self, window: Window, holder_ref: UUID | None, subject: str | None) -> Page[AccessView]:
        """Accesses in the order they were recorded, the key being (number,); of one holder or by one subject, if given."""
        [after], [before] = window.after or [None], window.before or [None]
        rows = await read_rows(
            self._pool,
            (_BACKWARD if window.backward else _FORWARD).encode(),
            [after, after, before, before, holder_ref, holder_ref, subject, subject, window.size + 1],
        )
        page = Page.of(rows, window)
        found = [
            AccessView(
                number=row[0],
                recorded_at=row[1],
                actor=ActorView(subject=row[2], role=Role(row[3]), authority_code=row[4]),
                client=row[5],
                request_id=row[6],
                reason=row[7],
                operation=row[8],
                holders=tuple(str(each) for each in row[9]),
                fields=tuple(sorted({kind for kinds in row[10].values() for kind in kinds})),
            )
            for row in page.rows
        ]
        return Page(found, has_previous=page.has_previous, has_next=page.has_next)
