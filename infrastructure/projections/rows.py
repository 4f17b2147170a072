"""The rows of one transaction in PostgreSQL: fetched in bulk, changed in memory, written in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import psycopg

from application.projections.projection import Key, Table

V = TypeVar("V")
Put = Mapping[Table[Any], Mapping[Key, Any]]
"""Rows by table and key."""
_LINES: Final = 250
"""How many rows are written as one text."""
_UNKNOWN: Final = object()
"""In place of a row of which nobody knows whether it is there."""


class PostgresRows:
    """``application.projections.projection.Rows`` on one schema, within a transaction that the caller begins and commits.

    A row that several events change is written once, by ``flush``: by COPY into a temporary table of the session, then one
    statement. ``kept`` are rows that are in the tables already, as the last transaction left them.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        schema: str,
        kept: Put | None = None,
    ) -> None:
        self.connection = connection
        self._schema = schema
        self._known: defaultdict[Table[Any], dict[Key, Any]] = defaultdict(dict)
        self._put: defaultdict[Table[Any], dict[Key, Any]] = defaultdict(dict)
        self._fresh: defaultdict[Table[Any], set[Key]] = defaultdict(set)
        for table, views in (kept or {}).items():
            self._known[table].update(views)

    @staticmethod
    def prepare(connection: psycopg.Connection[Any], schema: str, tables: Iterable[Table[Any]]) -> None:
        """Make the session's temporary tables; once a connection, before the first ``flush``."""
        for table in tables:
            connection.execute(
                f"CREATE TEMPORARY TABLE IF NOT EXISTS {_stage(table)} (LIKE {schema}.{table.name})"
                " ON COMMIT DELETE ROWS".encode()
            )

    def fetch(self, needed: Mapping[Table[Any], Collection[Key]]) -> None:
        """Read these rows, one statement a table; those that are not there are known to be missing."""
        for table, keys in needed.items():
            known = self._known[table]
            missing = [key for key in keys if key not in known]
            if not missing:
                continue
            known.update(dict.fromkeys(missing))
            given = ", ".join(f"%s::{sql_type}[]" for sql_type in table.key_types)
            cursor = self.connection.cursor(binary=True)
            cursor.execute(
                f"SELECT {table.select_list} FROM {self._schema}.{table.name}"  # noqa: S608 - names of our own tables
                f" WHERE ({', '.join(table.key)}) IN (SELECT * FROM unnest({given}))".encode(),
                [list(values) for values in zip(*missing, strict=True)],
            )
            for row in cursor:
                view = table.from_row(row)
                known[table.key_of(view)] = view

    def get(self, table: Table[V], key: Key) -> V | None:
        """See ``Rows``."""
        known = self._known[table]
        if key not in known:
            self.fetch({table: [key]})
        view: V | None = known[key]
        return view

    def put(self, table: Table[V], view: V, *, fresh: bool = False) -> None:
        """See ``Rows``."""
        key, known = table.key_of(view), self._known[table]
        if fresh or known.get(key, _UNKNOWN) is None:
            self._fresh[table].add(key)
        known[key] = self._put[table][key] = view

    def taken(self) -> Put:
        """What was put, for somebody else to write; nothing is put any more."""
        put, self._put = self._put, defaultdict(dict)
        return put

    def replacing(self, table: Table[Any], views: Mapping[Key, Any]) -> list[Key]:
        """The keys of these rows, which were put here, under which there may be another in the table."""
        return [key for key in views if key not in self._fresh[table]]

    def flush(self) -> None:
        """Write what was put, once a transaction."""
        for table, views in self.taken().items():
            names = ", ".join(table.column_names)
            _copy(self.connection, f"pg_temp.{_stage(table)}", table, views)
            changed = [name for name in table.column_names if name not in table.key]
            self.connection.execute(
                f"INSERT INTO {self._schema}.{table.name} ({names}) SELECT {names} FROM pg_temp.{_stage(table)}"  # noqa: S608 - names of our own tables
                f" ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET"
                f" {', '.join(f'{name} = EXCLUDED.{name}' for name in changed)}".encode()
            )


def write_beside(
    connection: psycopg.Connection[Any], schema: str, put: Put, replacing: Mapping[Table[Any], Sequence[Key]]
) -> None:
    """Write rows into tables that nobody reads yet, straight into the table by COPY; those under the keys of ``replacing`` first go."""
    with connection.transaction():
        for table, views in put.items():
            if keys := replacing[table]:
                given = ", ".join(f"%s::{sql_type}[]" for sql_type in table.key_types)
                connection.execute(
                    f"DELETE FROM {schema}.{table.name} WHERE ({', '.join(table.key)}) IN (SELECT * FROM unnest({given}))".encode(),  # noqa: S608 - our own names
                    [list(values) for values in zip(*keys, strict=True)],
                )
            _copy(connection, f"{schema}.{table.name}", table, views)


def _copy(connection: psycopg.Connection[Any], into: str, table: Table[Any], views: Mapping[Key, Any]) -> None:
    statement = f"COPY {into} ({', '.join(table.column_names)}) FROM STDIN".encode()
    waiting = iter(views.values())
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while some := "".join(map(table.to_line, islice(waiting, _LINES))):
            copy.write(some)


def _stage(table: Table[Any]) -> str:
    return f"stage_{table.name}"
