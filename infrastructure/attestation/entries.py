"""The entries of the status lists, and what the titles behind them say now: one statement over entries and rows of the read model."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg_pool import AsyncConnectionPool, ConnectionPool

from application.attestation import MOST_OF_A_TITLE, StatusEntry
from application.projections.tables import TITLES
from application.views import TitleView
from domain.attestation.status_list import StatusType
from domain.values import TitleStatus
from infrastructure.locks import STATUS_LISTS
from infrastructure.postgres.pools import read_rows

LIST_SIZE: Final = 2**17
"""Indices of a list. An index that no attestation has says VALID as most that have one do, so nobody counts them."""
_KEPT: Final = timedelta(days=30)
"""How long an entry stays after its attestation expired, for clocks that differ; then its index may be drawn again."""
STATED: Final = (
    "title",
    "level",
    "field",
    "recognized_on",
    "authority_code",
    "valid_for_appointment",
    "valid_for_promotion",
    "counted_experience_months",
)
"""What an attestation states of its title, and a title may come to be otherwise; catalog and entry follow from these."""
_OF_ENTRY: Final = ", ".join(f"e.{name}" for name in STATED)
_OF_TITLE: Final = ", ".join(f"t.{name}" for name in STATED)
_ASSIGN: Final = (
    f"INSERT INTO attestation.entries (list, index, expires_at, title_id, {', '.join(STATED)})"  # noqa: S608 - constants
    f" SELECT l.list, %(index)s, %(expires)s, t.title_id, {_OF_TITLE}"
    f" FROM (SELECT max(list) AS list FROM attestation.lists) AS l CROSS JOIN {TITLES.qualified} AS t"
    f" WHERE t.title_id = %(title_id)s AND t.status = '{TitleStatus.CURRENT.value}' AND NOT t.holder_restricted"
    f" AND ({_OF_TITLE}) IS NOT DISTINCT FROM ({', '.join(f'%({name})s' for name in STATED)}) AND %(most)s >"
    " (SELECT count(*) FROM attestation.entries AS e WHERE e.title_id = t.title_id AND e.expires_at > %(now)s)"
    " ON CONFLICT DO NOTHING RETURNING list, index"
)
_DRAWN_BEFORE: Final = (
    "SELECT 1 FROM attestation.entries WHERE index = %(index)s AND list = (SELECT max(list) FROM attestation.lists)"
)
_ROOM: Final = (
    "SELECT l.size / 2 > (SELECT count(*) FROM attestation.entries AS e WHERE e.list = l.list) FROM attestation.lists AS l"
    " ORDER BY l.list DESC LIMIT 1"
)
_NEXT: Final = "INSERT INTO attestation.lists (list, size) SELECT coalesce(max(list), 0) + 1, %s FROM attestation.lists"
_EXPIRED: Final = "DELETE FROM attestation.entries WHERE expires_at < %s"
_NOT_VALID: Final = (
    f"SELECT e.index, e.title_id IS NOT NULL AND t.status = '{TitleStatus.CURRENT.value}'"  # noqa: S608 - constants
    f" AND ({_OF_ENTRY}) IS NOT DISTINCT FROM ({_OF_TITLE}) FROM attestation.entries AS e"
    f" LEFT JOIN {TITLES.qualified} AS t ON t.title_id = e.title_id WHERE e.list = %s AND e.expires_at > %s"
    f" AND (t.title_id IS NULL OR t.status <> '{TitleStatus.CURRENT.value}' OR t.holder_restricted"
    f" OR ({_OF_ENTRY}) IS DISTINCT FROM ({_OF_TITLE}))"
)
_FORGET: Final = (
    f"UPDATE attestation.entries SET title_id = NULL, {', '.join(f'{name} = NULL' for name in STATED)}"  # noqa: S608 - constants
    " WHERE title_id = ANY (%s)"
)
_TRIES: Final = 64


class PostgresStatusEntries:
    """``application.attestation.StatusEntries`` over the read side's pool."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool

    async def assign(self, title: TitleView, expires: datetime, now: datetime) -> StatusEntry | None:
        """See ``StatusEntries``; a list half full gives way to the next, so that a free index is soon drawn."""
        facts = {name: getattr(title, name) for name in STATED} | {"level": title.level.value}
        asked = {"title_id": title.title_id, "expires": expires, "now": now, "most": MOST_OF_A_TITLE, **facts}
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [STATUS_LISTS])
            await connection.execute(_EXPIRED.encode(), [now - _KEPT])
            if not (await (await connection.execute(_ROOM.encode())).fetchone() or (False,))[0]:
                await connection.execute(_NEXT.encode(), [LIST_SIZE])
            for _ in range(_TRIES):
                asked["index"] = secrets.randbelow(LIST_SIZE)
                row = await (await connection.execute(_ASSIGN.encode(), asked)).fetchone()
                if row is not None:
                    return StatusEntry(*row)
                if not await (await connection.execute(_DRAWN_BEFORE.encode(), asked)).fetchone():
                    return None
        return None  # one in 2**64 times, of a list that is half empty

    async def size(self, number: int) -> int | None:
        """See ``StatusEntries``."""
        rows = await read_rows(self._pool, b"SELECT size FROM attestation.lists WHERE list = %s", [number])
        return rows[0][0] if rows else None

    async def not_valid(self, number: int, now: datetime) -> Mapping[int, StatusType]:
        """See ``StatusEntries``: of what is restricted nothing is said for the time being, anything else holds no more."""
        rows = await read_rows(self._pool, _NOT_VALID.encode(), [number, now])
        return {index: StatusType.SUSPENDED if stands else StatusType.INVALID for index, stands in rows}


def forget(pool: ConnectionPool[Any], titles: list[UUID]) -> None:
    """Take from entries which titles they led to; they say INVALID from then on. May be repeated."""
    with pool.connection() as connection:
        connection.execute(_FORGET.encode(), [titles])
