"""The rows of one transaction in PostgreSQL: fetched in bulk, changed in memory, written in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import psycopg

from application.projections.projection import Key, Table

V = TypeVar("V")
Put = Mapping[Table[Any], Mapping[Key, Any]]
"""Rows by table and key."""


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

    def put(self, table: Table[V], view: V) -> None:
        """See ``Rows``."""
        key = table.key_of(view)
        self._known[table][key] = self._put[table][key] = view

    def taken(self) -> Put:
        """What was put, for somebody else to write; nothing is put any more."""
        put, self._put = self._put, defaultdict(dict)
        return put

    def flush(self) -> None:
        """Write what was put, once a transaction."""
        for table, views in self.taken().items():
            to_row, names = table.to_row, ", ".join(table.column_names)
            with (
                self.connection.cursor() as cursor,
                cursor.copy(f"COPY pg_temp.{_stage(table)} ({names}) FROM STDIN".encode()) as copy,
            ):
                for view in views.values():
                    copy.write_row(to_row(view))
            changed = [name for name in table.column_names if name not in table.key]
            self.connection.execute(
                f"INSERT INTO {self._schema}.{table.name} ({names}) SELECT {names} FROM pg_temp.{_stage(table)}"  # noqa: S608 - names of our own tables
                f" ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET"
                f" {', '.join(f'{name} = EXCLUDED.{name}' for name in changed)}".encode()
            )


def write_beside(connection: psycopg.Connection[Any], schema: str, put: Put) -> None:
    """Write rows into tables that nobody reads yet, in place of those under their keys: straight into the table by COPY."""
    with connection.transaction():
        for table, views in put.items():
            given = ", ".join(f"%s::{sql_type}[]" for sql_type in table.key_types)
            connection.execute(
                f"DELETE FROM {schema}.{table.name} WHERE ({', '.join(table.key)}) IN (SELECT * FROM unnest({given}))".encode(),  # noqa: S608 - our own names
                [list(values) for values in zip(*views, strict=True)],
            )
            to_row, names = table.to_row, ", ".join(table.column_names)
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY {schema}.{table.name} ({names}) FROM STDIN".encode()) as copy,
            ):
                for view in views.values():
                    copy.write_row(to_row(view))


def _stage(table: Table[Any]) -> str:
    return f"stage_{table.name}"
