"""No GraphQL at all: an ASGI handler that reads the variables, asks one prepared statement over a pool of psycopg, and writes rows by orjson."""

from __future__ import annotations

import os
from typing import Any

import orjson
from psycopg_pool import AsyncConnectionPool

POOL: AsyncConnectionPool[Any] = AsyncConnectionPool(
    os.environ["PGURL"], min_size=4, max_size=8, open=False, kwargs={"autocommit": True}
)
NAMES = [
    "titleId",
    "status",
    "title",
    "level",
    "field",
    "holderRef",
    "caseNumber",
    "recognizedOn",
    "endedOn",
    "validForAppointment",
    "validForPromotion",
    "countedExperienceMonths",
    "authorityCode",
    "versionNumber",
]
ENTRY = ["number", "qualificationName", "translatedName", "issuingBody", "field"]
COLUMNS = b"""SELECT t.title_id, t.status, t.title, t.level, t.field, t.holder_ref, t.case_number, t.recognized_on, t.ended_on,
 t.valid_for_appointment, t.valid_for_promotion, t.counted_experience_months, t.authority_code, t.version_number, e.number,
 e.qualification_name, e.translated_name, e.issuing_body, e.field FROM read_model.titles AS t
 LEFT JOIN read_model.catalog_entries AS e ON e.catalog_code = t.catalog_code AND e.number = t.entry_number"""
ONE = COLUMNS + b" WHERE t.holder_ref = %s"
MANY = COLUMNS + b" WHERE t.field = %s ORDER BY t.recognized_on DESC, t.title_id DESC LIMIT %s"


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await POOL.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await POOL.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    variables = orjson.loads((await receive())["body"])["variables"]
    asked = (
        (ONE, [variables["holder"]]) if "holder" in variables else (MANY, [variables["field"], variables["first"] + 1])
    )
    async with POOL.connection() as connection:
        rows = await (await connection.execute(*asked)).fetchall()
    first = variables.get("first", 1000)
    nodes = [
        {**dict(zip(NAMES, row, strict=False)), "entry": dict(zip(ENTRY, row[14:], strict=True))}
        for row in rows[:first]
    ]
    last = f"{rows[:first][-1][7]},{rows[:first][-1][0]}" if rows else None
    page = {"hasNextPage": len(rows) > first, "endCursor": last}
    body = orjson.dumps({"data": {"allTitles": {"nodes": nodes, "pageInfo": page}}})
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
