"""The read model's tables, generated from ``application.projections.tables``, and whether the database has them.

They lie in a schema of their own, which a rebuild replaces as a whole; the application's role may change their rows, and
only the owner the tables themselves.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, Protocol

import psycopg

from application.projections.shapes import Column
from application.projections.tables import PROJECTION, TABLES, Table
from infrastructure.locks import MAKING_READ_MODEL
from infrastructure.projections.errors import RebuildDueError

SCHEMA: Final = "read_model"
NEXT: Final = "read_model_next"
"""Where a rebuild fills new tables; what an interrupted one left there is dropped by the next."""
OLD: Final = "read_model_old"
"""Where the replaced tables go until nobody reads them any more."""


class DatabaseUrls(Protocol):
    """Where the database is: a connection string as its owner, and one with the application's rights."""

    @property
    def owner_url(self) -> str:
        """Whose connections may make and drop tables."""

    @property
    def app_url(self) -> str:
        """Whose connections may change rows."""


def table_statements(schema: str) -> list[str]:
    """The statements that make the schema and its tables, each with its key and the application's rights."""
    statements = [f"CREATE SCHEMA {schema}", f"GRANT USAGE ON SCHEMA {schema} TO registry_app"]
    for table in TABLES:
        columns = ", ".join([*map(_column, table.columns), f"PRIMARY KEY ({', '.join(table.key)})"])
        statements.append(f"CREATE TABLE {schema}.{table.name} ({columns})")
        statements.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.{table.name} TO registry_app")
        statements.extend(
            f"ALTER TABLE {schema}.{table.name} ALTER COLUMN {name} SET STATISTICS 0" for name in table.personal
        )
    return statements


def index_statements(schema: str) -> list[str]:
    """The statements that make the indexes beside the keys; PostgreSQL names them after their columns."""
    return [
        f"CREATE INDEX ON {schema}.{table.name} ({', '.join(index.columns)})"
        + (f" WHERE {index.where}" if index.where else "")
        for table in TABLES
        for index in table.indexes
    ]


def shape() -> str:
    """SHA-256 of everything that makes the tables: two releases with the same digest share their rows."""
    statements = table_statements(SCHEMA) + index_statements(SCHEMA)
    return hashlib.sha256(";\n".join(statements).encode()).hexdigest()


def ensure_read_model(owner_url: str) -> None:
    """Make the read model, empty and at position 0, unless it is there. Raises ``RebuildDueError`` for another shape."""
    if ensure_read_model_exists(owner_url) != shape():
        raise RebuildDueError


def ensure_read_model_exists(owner_url: str) -> str:
    """Make the read model, empty and at position 0, unless it is there in whatever shape; answers its shape."""
    with psycopg.connect(owner_url) as connection:
        found = stored_shape(connection)
        if found is None:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MAKING_READ_MODEL])
            found = stored_shape(connection)
        if found is None:
            for statement in table_statements(SCHEMA) + index_statements(SCHEMA):
                connection.execute(statement.encode())
            found = shape()
            connection.execute(
                "INSERT INTO registry.projection_positions (name, position, shape) VALUES (%s, 0, %s)",
                [PROJECTION, found],
            )
        return found


def stored_shape(connection: psycopg.Connection[Any]) -> str | None:
    """The shape of the tables in the database; None while there are none."""
    row = connection.execute("SELECT shape FROM registry.projection_positions WHERE name = %s", [PROJECTION]).fetchone()
    return None if row is None else str(row[0])


def key_condition(table: Table[Any], left: str, right: str) -> str:
    """SQL that holds where two rows of a table have the same key."""
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in table.key)


def _column(column: Column) -> str:
    return f"{column.name} {column.sql_type}" + ("" if column.nullable else " NOT NULL")
