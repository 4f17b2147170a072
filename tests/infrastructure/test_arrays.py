"""Arrays packed for the wire are those that the driver would have sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infrastructure.postgres.arrays import WireArray, byteas, instants, int4s, int8s, texts, uuids

IDS = [uuid4(), UUID(int=0)]
DAYS = [datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2026, 2, 3, tzinfo=timezone(timedelta(hours=8)))]
SAMPLES: list[tuple[str, WireArray, list[Any]]] = [
    ("int4[]", int4s([0, -1, 2**31 - 1]), [0, -1, 2**31 - 1]),
    ("int8[]", int8s([0, -(2**63), 2**63 - 1]), [0, -(2**63), 2**63 - 1]),
    ("uuid[]", uuids([IDS[0], str(IDS[1])]), IDS),
    ("bytea[]", byteas([b"", b"\x00\xff", b"x" * 70_000]), [b"", b"\x00\xff", b"x" * 70_000]),
    ("text[]", texts(["", None, "级", "{,}", "NULL"]), ["", None, "级", "{,}", "NULL"]),
    ("timestamptz[]", instants([*DAYS, None]), [*DAYS, None]),
    *((kind, make([]), []) for kind, make in (("int4[]", int4s), ("uuid[]", uuids), ("text[]", texts))),
]


@pytest.mark.parametrize(("kind", "packed", "values"), SAMPLES)
def test_the_server_reads_what_was_packed(database: Any, kind: str, packed: WireArray, values: list[Any]) -> None:
    """Borders of each type, nulls, texts that a written array would have to quote, and nothing at all."""
    with psycopg.connect(database.app_url) as connection:
        row = connection.execute(
            f"SELECT %b::{kind} IS NOT DISTINCT FROM %s::{kind}".encode(), [packed, values]
        ).fetchone()
        assert row == (True,)
