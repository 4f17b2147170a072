"""The tables of a projection, generated from its value, and whether the database has them.

They lie in a schema of their own, which a rebuild replaces as a whole; the application's role may change their rows, and
only the owner the tables themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, Protocol

import psycopg

from application.projections.projection import Projection, Table
from application.projections.shapes import Column
from infrastructure.locks import MAKING_READ_MODEL
from infrastructure.projections.errors import RebuildDueError

_WIDEST: Final = 8160
"""Up to how many bytes a row lies in its page whole: what makes it wide are seals, which compress to nothing, and tearing them out costs
more than it saves (PostgreSQL 15, section 73.2)."""


class DatabaseUrls(Protocol):
    """Where the database is: a connection string as its owner, and one with the application's rights."""

    @property
    def owner_url(self) -> str:
        """Whose connections may make and drop tables."""

    @property
    def app_url(self) -> str:
        """Whose connections may change rows."""


def table_statements(projection: Projection, schema: str) -> list[str]:
    """The statements that make the schema and its tables, each with its key and the application's rights."""
    statements = [f"CREATE SCHEMA {schema}", f"GRANT USAGE ON SCHEMA {schema} TO registry_app"]
    for table in projection.tables:
        columns = ", ".join([*map(_column, table.columns), f"PRIMARY KEY ({', '.join(table.key)})"])
        statements.append(f"CREATE TABLE {schema}.{table.name} ({columns}) WITH (toast_tuple_target = {_WIDEST})")
        statements.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.{table.name} TO registry_app")
        statements.extend(
            f"ALTER TABLE {schema}.{table.name} ALTER COLUMN {name} SET STATISTICS 0" for name in table.personal
        )
    return statements


def index_statements(projection: Projection, schema: str, tables: Iterable[Table[Any]] | None = None) -> list[str]:
    """The statements that make the indexes beside the keys, of all tables or some; each can be made beside the others."""
    return [
        f"CREATE INDEX {table.name}_{number}_{index.columns[0].split()[0]} ON {schema}.{table.name} ({', '.join(index.columns)})"
        + (f" WHERE {index.where}" if index.where else "")
        for table in (projection.tables if tables is None else tables)
        for number, index in enumerate(table.indexes, 1)
    ]


def analyze_statement(schema: str, table: Table[Any]) -> str:
    """The statement that takes statistics of a table anew: of the columns by which its rows are found, since wide ones cost the most."""
    found_by = (column.split()[0] for index in table.indexes for column in index.columns)
    return f"ANALYZE {schema}.{table.name} ({', '.join(dict.fromkeys((*table.key, *found_by)))})"


def shape(projection: Projection) -> str:
    """SHA-256 of everything that makes the tables: two releases with the same digest share their rows."""
    made = (*table_statements(projection, projection.schema), *index_statements(projection, projection.schema))
    return hashlib.sha256(";\n".join(made).encode()).hexdigest()


def ensure_read_models(owner_url: str, projections: Iterable[Projection]) -> None:
    """Make these read models, empty and at position 0, unless they are there. Raises ``RebuildDueError`` for another shape."""
    for projection in projections:
        if ensure_read_model_exists(owner_url, projection) != shape(projection):
            raise RebuildDueError


def ensure_read_model_exists(owner_url: str, projection: Projection) -> str:
    """Make a read model, empty and at position 0, unless it is there in whatever shape; answers its shape."""
    with psycopg.connect(owner_url) as connection:
        found = stored_shape(connection, projection)
        if found is None:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MAKING_READ_MODEL])
            found = stored_shape(connection, projection)
        if found is None:
            schema = projection.schema
            for statement in (*table_statements(projection, schema), *index_statements(projection, schema)):
                connection.execute(statement.encode())
            found = shape(projection)
            connection.execute(
                "INSERT INTO registry.projection_positions (name, position, shape) VALUES (%s, 0, %s)",
                [projection.name, found],
            )
        return found


def stored_shape(connection: psycopg.Connection[Any], projection: Projection) -> str | None:
    """The shape of a projection's tables in the database; None while there are none."""
    row = connection.execute(
        "SELECT shape FROM registry.projection_positions WHERE name = %s", [projection.name]
    ).fetchone()
    return None if row is None else str(row[0])


def key_condition(table: Table[Any], left: str, right: str) -> str:
    """SQL that holds where two rows of a table have the same key."""
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in table.key)


def _column(column: Column) -> str:
    return f"{column.name} {column.sql_type}" + ("" if column.nullable else " NOT NULL")
