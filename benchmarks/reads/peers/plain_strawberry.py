"""Strawberry as its guide sets it up, on a pool of psycopg: what this project's interpreting path would be without its checks."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import strawberry
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.routing import Mount
from strawberry.asgi import GraphQL

POOL: AsyncConnectionPool[Any] = AsyncConnectionPool(
    os.environ["PGURL"], min_size=4, max_size=8, open=False, kwargs={"autocommit": True, "row_factory": dict_row}
)
COLUMNS = """t.title_id, t.status, t.title, t.level, t.field, t.holder_ref, t.case_number, t.recognized_on, t.ended_on,
 t.valid_for_appointment, t.valid_for_promotion, t.counted_experience_months, t.authority_code, t.version_number, e.number,
 e.qualification_name, e.translated_name, e.issuing_body, e.field AS entry_field FROM read_model.titles AS t
 LEFT JOIN read_model.catalog_entries AS e ON e.catalog_code = t.catalog_code AND e.number = t.entry_number"""


@strawberry.type
class Entry:
    number: int
    qualification_name: str
    translated_name: str
    issuing_body: str
    field: str


@strawberry.type
class Title:
    title_id: UUID
    status: str
    title: str
    level: str
    field: str
    holder_ref: UUID
    case_number: str
    recognized_on: date
    ended_on: date | None
    valid_for_appointment: bool
    valid_for_promotion: bool
    counted_experience_months: int
    authority_code: str
    version_number: int
    entry: Entry


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Titles:
    nodes: list[Title]
    page_info: PageInfo


@strawberry.input
class TitleCondition:
    holder_ref: UUID | None = None
    field: str | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def all_titles(self, condition: TitleCondition, first: int = 1000) -> Titles:
        """The titles of a holder, or the first of a field."""
        statement = f"SELECT {COLUMNS} WHERE t.holder_ref = %s"
        values: list[Any] = [condition.holder_ref]
        if condition.holder_ref is None:
            statement = f"SELECT {COLUMNS} WHERE t.field = %s ORDER BY t.recognized_on DESC, t.title_id DESC LIMIT %s"
            values = [condition.field, first + 1]
        async with POOL.connection() as connection:
            rows = await (await connection.execute(statement.encode(), values)).fetchall()
        more, rows = len(rows) > first, rows[:first]
        nodes = []
        for row in rows:
            entry = Entry(
                number=row.pop("number"),
                qualification_name=row.pop("qualification_name"),
                translated_name=row.pop("translated_name"),
                issuing_body=row.pop("issuing_body"),
                field=row.pop("entry_field"),
            )
            nodes.append(Title(**row, entry=entry))
        cursor = f"{nodes[-1].recognized_on},{nodes[-1].title_id}" if nodes else None
        return Titles(nodes=nodes, page_info=PageInfo(has_next_page=more, end_cursor=cursor))


@asynccontextmanager
async def lifespan(_app: Starlette):
    async with POOL:
        yield


app = Starlette(routes=[Mount("/graphql", GraphQL(strawberry.Schema(Query)))], lifespan=lifespan)
