"""Connections without a pool: look-ups gathered, one round trip a question, a lost connection made again."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import psycopg
import pytest

from application import questions
from application.asking import UNSCOPED, Shown
from application.projections.projection import Table
from application.projections.tables import CASES, TITLES
from application.queries import NotAtHand
from compiled.executor import CompilingExecutor
from infrastructure.lean_reads import PostgresLeanReads
from infrastructure.postgres.lines import Lines
from infrastructure.questions_sql import shown_statement
from tests.compiled.conftest import Stage

LOOK_UP = "query ($n: String!) { titles(holder: {idNumber: $n}) { id title holder { ref } entry { number } } }"
LIST = (
    '{ titleList(filter: {field: "数字经济"}) { nodes { id entry { number } } pageInfo { hasNextPage } totalCount } }'
)


def test_each_compiled_field_is_one_round_trip(stage: Stage) -> None:
    """Once the catalogs are in hand, a question is one statement and nothing else."""
    auditor, number = stage.actors()["AUDITOR"], stage.people["plain"]
    case = stage.cases["plain"]
    asked: list[tuple[str, dict[str, Any]]] = [
        (LOOK_UP, {"n": number}),
        (LIST, {}),
        ("query ($i: ID) { case(id: $i) { id entry { number } award { title } } }", {"i": case["id"]}),
        ("{ cases { nodes { id } totalCount } }", {}),
        (
            '{ catalog(code: "zj-2023-digital-equipment-materials") { version(number: 1) { noticeTitle entry(number: 3) { id } } } }',
            {},
        ),
        (
            'query ($c: String!) { verifyTitle(caseNumber: $c, holderName: "王plain") { known valid position } }',
            {"c": case["caseNumber"]},
        ),
    ]
    for document, variables in asked:
        stage.both(document, variables, auditor)
        before = stage.lean.statements
        assert stage.both(document, variables, auditor).share == "compiled"
        assert stage.lean.statements - before == 1, document


def test_look_ups_that_come_together_are_one_statement(stage: Stage) -> None:
    """Of many people at once; each gets their own rows, and whoever may not see a row gets none of it."""
    digests = [stage.services.holders.identity("RESIDENT_ID", number) for number in stage.people.values()]

    async def ask() -> tuple[list[Any], list[Any], int]:
        scope = stage.context(stage.actors()["AUDITOR"]).scope
        none = stage.context(None).scope
        found = [
            stage.lean.looked_up(Shown(questions.titles_of_identities(each, ()), ("holder_ref",)))
            for each in (scope, none)
        ]
        before = stage.lean.statements
        seen = await asyncio.gather(*(found[0](each) for each in digests), *(found[1](each) for each in digests))
        return seen[: len(digests)], seen[len(digests) :], stage.lean.statements - before

    seen, unseen, statements = stage.run(ask())
    assert statements == 2
    shown = [{row[1] for row in rows} for rows in seen]
    assert sum(map(len, shown)) > 4
    assert all(one.isdisjoint(other) for n, one in enumerate(shown) for other in shown[n + 1 :])
    assert unseen == [[] for _ in digests]


def test_questions_that_are_alike_and_come_together_are_one_statement(stage: Stage) -> None:
    """All who ask have its rows; who asks when it is under way has the next one's, and another page is another question."""
    scope = stage.context(stage.actors()["AUDITOR"]).scope

    async def ask() -> tuple[list[Any], int]:
        pages = [questions.titles(scope, questions.TitleFilter(), questions.Window(size)) for size in (2, 3)]
        two, three = (stage.lean.ready(Shown(each, ("title_id",))) for each in pages)
        before = stage.lean.statements
        return await asyncio.gather(two(), two(), three(), two()), stage.lean.statements - before

    (first, second, third, fourth), statements = stage.run(ask())
    assert first == second == fourth == third[:3]
    assert (len(first), len(third), statements) == (3, 4, 2)


def test_a_large_operation_is_compiled_beside_the_loop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody waits for it; a small one is compiled at once."""
    made: list[bool] = []
    compile_ = CompilingExecutor._compiled_of

    def noted(self: CompilingExecutor, operation: Any) -> Any:
        if self not in operation.derived:
            made.append(threading.current_thread() is threading.main_thread())
        return compile_(self, operation)

    monkeypatch.setattr(CompilingExecutor, "_compiled_of", noted)
    monkeypatch.setattr("compiled.executor.FEW_FIELDS", 5)
    for text in ("beside: title", "beside: title level field status caseNumber authorityCode"):
        document = f"{{ titleList(first: 1) {{ nodes {{ {text} }} }} }}"
        assert stage.both(document, None, stage.actors()["AUDITOR"]).share == "compiled"
    assert made == [True, False]


def test_a_lost_connection_is_told_at_once_and_made_again(stage: Stage) -> None:
    """Whoever waits hears it, the whole read side answers meanwhile, and lines are there again soon."""
    url = stage.api.registry.database.app_url
    question = Shown(questions.catalogs(), ("code",))

    async def story() -> list[str]:
        told = []
        async with Lines(url, 2) as lines:
            lean = PostgresLeanReads(lines)
            assert await lean.shown(question)
            with psycopg.connect(stage.api.registry.database.owner_url, autocommit=True) as connection:
                pids = [line._raw.backend_pid for line in lines._all]
                connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [pids])
            for _ in range(200):
                try:
                    await asyncio.wait_for(lean.shown(question), 5)
                except NotAtHand:
                    told.append("not at hand")
                else:
                    told.append("answered")
                    if "not at hand" in told or len(told) > 5:
                        break
                await asyncio.sleep(0.02)
        with pytest.raises(NotAtHand):
            await lean.shown(question)
        return told

    told = stage.run(story())
    assert told[-1] == "answered"
    assert "not at hand" in told


def test_hot_questions_read_indexes(stage: Stage) -> None:
    """On tables of a size no plan reads a whole table of cases, titles or look-ups, or sorts more than a page."""
    scope = stage.context(stage.actors()["AUDITOR"]).scope
    reviewer = stage.context(stage.actors()["REVIEWER 330106-EI"]).scope
    window = questions.Window(50)
    digest = [stage.services.holders.identity("RESIDENT_ID", stage.people["plain"])]
    asked = [
        Shown(questions.titles_of_identities(scope, digest), ("title_id",), questions.catalogs_stamp()),
        Shown(questions.titles_of_identities(reviewer, digest), ("title_id",), questions.catalogs_stamp()),
        Shown(questions.titles(scope, questions.TitleFilter(field="数字经济"), window), ("title_id",)),
        Shown(questions.titles(scope, questions.TitleFilter(), window), ("title_id",)),
        Shown(questions.titles_of_certificates(digest), ("title_id",)),
        Shown(questions.titles_by_case_number(["ZJ-1"], every=True), ("title_id",)),
        Shown(questions.cases(scope, questions.CaseFilter(), window), ("case_id",)),
        Shown(questions.case_numbered(UNSCOPED, "ZJ-1"), ("case_id",)),
    ]
    with psycopg.connect(stage.api.registry.database.owner_url) as connection:
        for table in (TITLES, CASES):
            connection.execute(_copies(table))
            connection.execute(f"ANALYZE {table.qualified}".encode())
        connection.execute("ANALYZE registry.lookups")
        for shown in asked:
            made = shown_statement(shown)
            rows = connection.execute(b"EXPLAIN " + made.text.encode(), made.params).fetchall()
            plan = "\n".join(row[0] for row in rows)
            assert not [f for f in ("titles", "cases") if f"Seq Scan on {f} " in plan], plan
            assert _small(plan), plan
        connection.rollback()


def _copies(table: Table[Any]) -> bytes:
    """A statement that makes many rows of one, each with identifiers and a number of its own, over many days."""
    own = {
        "title_id": "gen_random_uuid()",
        "case_id": "gen_random_uuid()",
        "holder_ref": "gen_random_uuid()",
        "case_number": "'C-' || g",
        "recognized_on": "date '2026-01-01' - g % 900",
        "submitted_at": "now() - g * interval '1 hour'",
    }
    names = ", ".join(table.column_names)
    values = ", ".join(own.get(name, f"t.{name}") for name in table.column_names)
    return f"INSERT INTO {table.qualified} ({names}) SELECT {values} FROM (SELECT * FROM {table.qualified} LIMIT 1) AS t, generate_series(1, 20000) AS g".encode()


def _small(plan: str) -> bool:
    """Whether every sort of a plan is of few rows."""
    sorts = [line for line in plan.splitlines() if "Sort  " in line]
    return all(int(line.split("rows=")[1].split()[0]) <= 300 for line in sorts)
