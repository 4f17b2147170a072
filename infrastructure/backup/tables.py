"""The tables of a backup: all that the registry and its log keep, but for what is made anew from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from infrastructure.backup.archive import Frame, pieces_as_frames

SCHEMAS: Final = ("attestation", "log", "registry")
"""Where what is kept lies; the read models lie in others."""
MADE_ANEW: Final = frozenset({"registry.migrations", "registry.projection_positions"})
"""Made by migrations and with the read models, which lie in schemas of their own."""
OF_KEYS: Final = frozenset(
    {"registry.holder_keys", "registry.dropped_master_keys", "registry.lookups", "registry.officers"}
)
"""What lies in the database of the keys, where there is one."""

_TABLES: Final = (
    "SELECT n.nspname || '.' || c.relname, array(SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = c.oid"
    " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum)::text[],"
    " array(SELECT fn.nspname || '.' || f.relname FROM pg_constraint AS k JOIN pg_class AS f ON f.oid = k.confrelid"
    " JOIN pg_namespace AS fn ON fn.oid = f.relnamespace WHERE k.conrelid = c.oid AND k.contype = 'f'"
    " AND k.confrelid <> c.oid)::text[]"
    " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY(%s) AND c.relkind = 'r' ORDER BY 1"
)
_IDENTITIES: Final = (
    "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
    " WHERE is_identity = 'YES' AND table_schema || '.' || table_name = ANY(%s)"
)


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table by its whole name, with its columns and the tables that must be filled before it."""

    name: str
    columns: tuple[str, ...]
    after: frozenset[str]

    @property
    def statement(self) -> Composed:
        """Its name and columns as SQL has them."""
        schema, table = self.name.split(".")
        columns = SQL(", ").join(map(Identifier, self.columns))
        return SQL("{} ({})").format(Identifier(schema, table), columns)


@dataclass(slots=True)
class Counted:
    """How many rows of each table there are, and the SHA-256 of their bytes as they were copied."""

    rows: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


def tables(connection: psycopg.Connection[Any]) -> list[StoredTable]:
    """The tables that are backed up, each after those that it refers to."""
    found = {
        name: StoredTable(name, tuple(columns), frozenset(after))
        for name, columns, after in connection.execute(_TABLES.encode(), [list(SCHEMAS)])
        if name not in MADE_ANEW
    }
    ordered: dict[str, StoredTable] = {}
    while len(ordered) < len(found):
        ready = [
            each for name, each in found.items() if name not in ordered and each.after & found.keys() <= ordered.keys()
        ]
        ordered |= {each.name: each for each in ready}
    return list(ordered.values())


def copied_out(
    connection: psycopg.Connection[Any], asked: Iterable[StoredTable], counted: Counted, progress: Callable[[str], None]
) -> Iterator[Frame]:
    """The rows of tables in PostgreSQL's binary form, as members ``table/<name>``."""
    for each in asked:
        progress(each.name)
        digest = hashlib.sha256()
        with connection.cursor() as cursor:
            copying = SQL("COPY {} TO STDOUT (FORMAT binary)").format(each.statement)
            with cursor.copy(copying) as copy:
                yield from pieces_as_frames(f"table/{each.name}", _digested(copy, digest))
            counted.rows[each.name] = cursor.rowcount
        counted.digests[each.name] = digest.hexdigest()


def copied_in(
    connection: psycopg.Connection[Any], table: StoredTable, pieces: Iterable[bytes], counted: Counted
) -> None:
    """Fill an empty table from such rows."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        with cursor.copy(SQL("COPY {} FROM STDIN (FORMAT binary)").format(table.statement)) as copy:
            for piece in _digested(pieces, digest):
                copy.write(piece)
        counted.rows[table.name] = cursor.rowcount
    counted.digests[table.name] = digest.hexdigest()


def restart_identities(connection: psycopg.Connection[Any], names: Iterable[str]) -> None:
    """Let each column that numbers its rows go on after the last."""
    for name, column in connection.execute(_IDENTITIES.encode(), [list(names)]).fetchall():
        schema, table = name.split(".")
        connection.execute(
            SQL(
                "SELECT setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 1), max({}) IS NOT NULL) FROM {}"
            ).format(name, column, Identifier(column), Identifier(column), Identifier(schema, table))
        )


def _digested(pieces: Iterable[Any], digest: Any) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield bytes(piece)
