"""A registry with people of every kind, asked over both paths: compiled and interpreted, in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from compiled.executor import CompilingExecutor
from console.serving import services_of
from domain.values import Actor, Role
from graphql import ExecutionResult
from infrastructure.composition import read_pool
from infrastructure.lean_reads import PostgresLeanReads
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.lines import Lines
from infrastructure.reads import PostgresReads
from registry_api.app import LIMITS
from registry_api.context import Context, Services
from registry_api.schema import build_schema
from tests.api.conftest import HANGZHOU, NINGBO, XIHU, Api, Clock, opened
from tests.conftest import TEMPLATE, _database
from tests.people import resident_number
from transport.documents import DocumentCache
from transport.execution import StrawberryExecutor, core_schema
from transport.parameters import GraphQLRequest

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass
class Both:
    """What both paths answered: a result each, and what each noted as shown in clear."""

    compiled: bytes | ExecutionResult | None
    share: str
    interpreted: ExecutionResult
    shown: tuple[dict[Any, set[str]], dict[Any, set[str]]]

    @property
    def alike(self) -> bool:
        """Whether the compiled path answered as the interpreting one, byte for byte, or left it to that one."""
        if self.compiled is None:
            return True
        if isinstance(self.compiled, ExecutionResult):
            return self.compiled.data == self.interpreted.data and str(self.compiled.errors) == str(
                self.interpreted.errors
            )
        whole = orjson.dumps({"data": self.interpreted.data})
        return not self.interpreted.errors and self.compiled == whole and self.shown[0] == self.shown[1]


@dataclass
class Stage:
    """The registry, whom it knows, and both executors over it."""

    api: Api
    services: Services
    executor: CompilingExecutor
    interpreting: StrawberryExecutor
    lean: PostgresLeanReads
    runner: asyncio.Runner
    documents: DocumentCache
    people: dict[str, str] = field(default_factory=dict)
    """What identity number each kind of person has."""
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the loop of the executors."""
        return self.runner.run(work)

    def actors(self) -> dict[str, Actor | None]:
        """One of each role, and the reviewers of three divisions."""
        found: dict[str, Actor | None] = {
            role.value: Actor(subject=f"{role.value.lower()}-anywhere", role=role)
            for role in Role
            if role not in {Role.SYSTEM, Role.REVIEWER}
        }
        for code in (HANGZHOU, NINGBO, XIHU):
            found[f"REVIEWER {code}"] = Actor(subject=f"reviewer-{code}", role=Role.REVIEWER, authority_code=code)
        return found | {"nobody": None}

    def context(self, actor: Actor | None, reason: str | None = None) -> Context:
        """A request."""
        return Context(services=self.services, actor=actor, client=None, request_id="r" * 8, reason=reason)

    def both(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        actor: Actor | None = None,
        reason: str | None = None,
    ) -> Both:
        """Ask over both paths, as the same person."""
        operation = next(iter(self.documents.get(document).operations.values()))
        request = GraphQLRequest(document, None, variables or {}, {})
        first, second = self.context(actor, reason), self.context(actor, reason)
        attempted, share = self.run(self.executor._attempt(operation, request, first))
        interpreted = self.run(self.interpreting(operation, request, second))
        return Both(attempted, share, interpreted, (first.viewer.shown, second.viewer.shown))


@pytest.fixture(scope="session")
def stage(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One registry for every test of this folder, since they only read."""
    folder: Path = tmp_path_factory.mktemp("compiled")
    clock = Clock(now=NOW - timedelta(days=400))
    with contextlib.contextmanager(_database)(postgres, TEMPLATE) as database, opened(database, folder, clock) as api:
        people, cases = _peopled(api)
        registry = api.registry
        readers = read_pool(registry.database, registry.settings)
        lines = Lines(registry.database.app_url, 2)
        reads, lean = PostgresReads(readers, registry.mapper), PostgresLeanReads(lines)
        services = replace(services_of(registry), reads=reads, clock=lambda: NOW)
        schema = build_schema()
        interpreting = StrawberryExecutor(schema)
        core = core_schema(schema)
        with asyncio.Runner() as runner:

            async def enter() -> None:
                await reads.__aenter__()
                await lines.__aenter__()

            async def leave() -> None:
                await lines.__aexit__()
                await reads.__aexit__()

            runner.run(enter())
            executor = CompilingExecutor(interpreting, core, reads, lean, registry.authorities)
            yield Stage(api, services, executor, interpreting, lean, runner, DocumentCache(core, LIMITS), people, cases)
            runner.run(leave())


def _peopled(api: Api) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Titles current, revoked, proposed to end, of somebody erased and of somebody restricted; cases on every way."""
    people = {
        name: resident_number(90_000 + n)
        for n, name in enumerate(
            ("erased", "plain", "revoked", "proposed", "noticed", "restricted", "ningbo", "rejected", "open")
        )
    }

    def holder(name: str) -> dict[str, Any]:
        return {"holder": {"name": f"王{name}", "idNumber": people[name]}}

    cases: dict[str, dict[str, Any]] = {}
    for name in people:
        where = {"authorityCode": NINGBO} if name == "ningbo" else {}
        cases[name] = api.submit(**holder(name), **where)["case"]
        if name not in {"rejected", "open"}:
            reviewer = api.token("REVIEWER", NINGBO) if name == "ningbo" else None
            api.decide("approveCase", cases[name]["id"], reviewer, workConsistent=True, countedExperienceMonths=12)
        if name == "erased":
            api.clock.now = NOW - timedelta(hours=1)  # its review period is over by now
    cases["second"] = api.submit(
        **holder("plain"),
        certificate={"name": "PMP", "issuingBody": "PMI", "grade": "1级"},
        token=api.token("APPLICANT", subject="another"),
    )["case"]
    api.decide("rejectCase", cases["rejected"]["id"], reason="no such certificate")
    api.revoked(cases["revoked"]["id"])
    for name in ("proposed", "noticed"):
        api.decide("proposeRevocation", cases[name]["id"], ground="forged", findings="never issued")
    api.decide("giveNotice", cases["noticed"]["id"], servedOn="2026-11-23")
    officer = api.token("PRIVACY_OFFICER")
    for name, mutation in (("restricted", "restrictHolder"), ("erased", "eraseHolder")):
        ref = cases[name]["holder"]["ref"]
        document = (
            f'mutation ($r: ID!) {{ {mutation}(ref: $r, legalBasis: "PIPL article 47, asked in writing")'
            " { refusal { code message } } }"
        )
        answer = api.ask(document, {"r": ref}, officer)[mutation]
        assert answer["refusal"] is None, answer
    status = api.ask("{ status { position } }", None, api.token("AUDITOR"))
    document = "query ($p: Position) { titleList(first: 1, atLeast: $p) { nodes { id } } }"
    api.ask(document, {"p": status["status"]["position"]}, api.token("AUDITOR"))
    return people, cases
