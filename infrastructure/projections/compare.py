"""Whether two sets of tables hold the same rows: counts and a digest that no order of rows changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from application.projections.projection import Key, Projection, Table
from infrastructure.projections.schema import key_condition

MOST_KEYS: Final = 10
_MODULUS: Final = 2**64


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows a table has, and the sum of their hashes under two seeds, in hexadecimal."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table as it is live, and as the events say it should be."""

    table: str
    live: Digest
    rebuilt: Digest

    @property
    def differs(self) -> bool:
        """Whether the two hold different rows."""
        return self.live != self.rebuilt


def digests(connection: psycopg.Connection[Any], projection: Projection, schema: str) -> dict[str, Digest]:
    """The digest of each table of a projection in a schema, as this connection's transaction sees it.

    PostgreSQL's own 64-bit hash of a row is summed, so equal sets of rows have equal sums in any order; chance alone makes
    two different tables agree under both seeds once in 2^128. It guards against faults, and not against an adversary.
    """
    found = {}
    for table in projection.tables:
        row = connection.execute(
            "SELECT count(*), coalesce(sum(hash_record_extended(t, 0)::numeric), 0),"  # noqa: S608 - our own names
            " coalesce(sum(hash_record_extended(t, 1)::numeric), 0)"
            f" FROM {schema}.{table.name} AS t".encode()
        ).fetchone()
        count, *sums = row if row is not None else (0, 0, 0)
        found[table.name] = Digest(count, "".join(f"{int(each) % _MODULUS:016x}" for each in sums))
    return found


def compare(live: Mapping[str, Digest], rebuilt: Mapping[str, Digest]) -> tuple[Comparison, ...]:
    """Table by table."""
    return tuple(Comparison(name, live[name], rebuilt[name]) for name in live)


def differing_keys(connection: psycopg.Connection[Any], table: Table[Any], rebuilt: str) -> tuple[Key, ...]:
    """The keys of up to ten rows that the live table or the one in the schema ``rebuilt`` lacks or has otherwise, in their order."""
    keys = ", ".join(f"coalesce(l.{name}, r.{name})" for name in table.key)
    rows = connection.execute(
        f"SELECT {keys} FROM {table.qualified} AS l FULL JOIN {rebuilt}.{table.name} AS r"  # noqa: S608 - our own names
        f" ON {key_condition(table, 'l', 'r')} WHERE l IS DISTINCT FROM r ORDER BY {keys} LIMIT {MOST_KEYS}".encode()
    ).fetchall()
    return tuple(rows)
