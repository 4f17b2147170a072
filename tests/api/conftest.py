"""A whole registry behind its API: real PostgreSQL, real tokens, real projection; requests go over HTTP."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.serving import build_app, served
from domain.refusals import RefusalCode
from domain.values import SHANGHAI, Role
from infrastructure.composition import Registry, open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.settings import Settings
from tests.conftest import Prepared, TestDatabase, _database
from tests.people import resident_number
from transport.errors import ErrorCode
from transport.observing import Observer, ignore

HANGZHOU = "330100-EI"
XIHU = "330106-EI"
NINGBO = "330200-EI"
TLS = ssl.create_default_context()
"""Made once: it reads every authority of the system, and nothing here asks for any."""
COPY = {
    "sha256": "ab" * 32,
    "fileName": "copy.pdf",
    "mediaType": "application/pdf",
    "size": 1234,
    "kind": "CERTIFICATE",
}
WORK = {"employer": "Example GmbH", "from": "2018-01-01", "to": "2022-12-31", "field": "cloud"}
_numbers = itertools.count(100_000)
"""Of persons and certificates that are anybody's; those that a test names by itself are below."""
_CODES = frozenset(map(str, (*RefusalCode, *ErrorCode)))


@dataclass
class Clock:
    """A clock that tests set; it stands still otherwise, and moves a second at each look so that instants differ."""

    now: datetime = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Api:
    """What a client of the API has: tokens and operations."""

    client: httpx.Client
    registry: Registry
    issuer: DevelopmentIssuer
    clock: Clock
    _tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def token(self, role: str, authority: str | None = None, subject: str | None = None) -> str:
        """A token; each call with the same words names the same person."""
        name = subject or f"{role.lower()}-{authority or 'anywhere'}"
        key = (role, authority or "", name)
        if key not in self._tokens:
            self._tokens[key] = self.issuer.issue(Role(role), subject=name, authority=authority)
        return self._tokens[key]

    def post(self, document: str, variables: dict[str, Any] | None = None, token: str | None = None) -> Any:
        """Send an operation; the whole response."""
        headers = {"Accept": "application/graphql-response+json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.client.post("/graphql", json={"query": document, "variables": variables or {}}, headers=headers)

    def ask(self, document: str, variables: dict[str, Any] | None = None, token: str | None = None) -> dict[str, Any]:
        """Send an operation that must succeed; its data."""
        answer = self.post(document, variables, token).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def code(self, document: str, variables: dict[str, Any] | None = None, token: str | None = None) -> str:
        """Send an operation that must fail; its error's code."""
        answer = self.post(document, variables, token).json()
        code: str = answer["errors"][0]["extensions"]["code"]
        return code

    def submit(self, token: str | None = None, **changes: Any) -> dict[str, Any]:
        """Submit a case; the payload. Certificate fields are given as ``certificate={…}``, others by name."""
        number = next(_numbers)
        form = {
            "idempotencyKey": f"key-{number}",
            "holder": {"name": "王敏", "idNumber": resident_number(number)},
            "authorityCode": XIHU,
            "workField": "数字经济",
            "evidence": [COPY],
            "experience": [WORK],
        } | changes
        form["certificate"] = {
            "name": "AWS Certified Solutions Architect - Professional",
            "issuingBody": "亚马逊",
            "certificateNumber": f"AWS-{number}",
        } | changes.get("certificate", {})
        document = """mutation ($input: SubmitCaseInput!) { submitCase(input: $input) {
            position refusal { code message field }
            case { id caseNumber version status entry { number } award { title grade }
                   candidates { entry { number } score reasons } holder { ref name idNumber erased }
                   catalogVersion { number } } } }"""
        payload: dict[str, Any] = self.ask(document, {"input": form}, token or self.token("APPLICANT"))["submitCase"]
        return payload

    def decide(self, mutation: str, case_id: str, token: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Send a case mutation; its payload. Arguments are written into the document as literals of the right kind."""
        words = "".join(f", {name}: {_literal(value)}" for name, value in arguments.items())
        document = f"""mutation {{ {mutation}(caseId: "{case_id}"{words}) {{
            position refusal {{ code message field }}
            case {{ id version status authority {{ code }} award {{ title grade }}
                    title {{ status title level validForAppointment validForPromotion countedExperienceMonths }} }} }} }}"""
        payload: dict[str, Any] = self.ask(document, None, token or self.token("REVIEWER", XIHU))[mutation]
        return payload

    def approved(self, **changes: Any) -> dict[str, Any]:
        """A case submitted and approved; the payload of the approval."""
        case = self.submit(**changes)["case"]
        return self.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=12)

    def second(self) -> str:
        """Another officer of the same bureau."""
        return self.token("REVIEWER", XIHU, "second-officer")

    def heard(self, case_id: str, token: str | None = None) -> dict[str, Any]:
        """Notice given of what is proposed, and answered by a waiver; ``token`` is the holder's or their applicant's."""
        served = self.clock.now.astimezone(SHANGHAI).date().isoformat()
        assert self.decide("giveNotice", case_id, servedOn=served)["refusal"] is None
        return self.decide("answerProposal", case_id, token or self.token("APPLICANT"), statement="", waive=True)

    def revoked(
        self, case_id: str, ground: str = "forged", findings: str = "the body never issued it"
    ) -> dict[str, Any]:
        """A title revoked for fraud by two officers, its holder heard; the payload of the confirmation."""
        assert self.decide("proposeRevocation", case_id, ground=ground, findings=findings)["refusal"] is None
        assert self.heard(case_id)["refusal"] is None
        return self.decide("confirmRevocation", case_id, self.second())

    def reinstated(self, case_id: str, reason: str = "the body confirmed it after all") -> dict[str, Any]:
        """A title given back by two officers who did not end it; the payload of the confirmation."""
        third, fourth = (self.token("REVIEWER", XIHU, name) for name in ("third-officer", "fourth-officer"))
        assert self.decide("reinstateTitle", case_id, third, reason=reason)["refusal"] is None
        return self.decide("confirmReinstatement", case_id, fourth)


def check_codes(response: httpx.Response) -> None:
    """Whatever a test asks, a code that it is answered with is one of those in ``docs/errors.md``."""
    if (
        response.headers.get("content-type", "").partition(";")[0].endswith(("/json", "+json"))
        and response.request.method != "HEAD"
    ):
        response.read()
        assert _codes_in(response.json()) <= _CODES


def _codes_in(answer: Any) -> set[str]:
    errors = answer.get("errors") if isinstance(answer, dict) else None
    data = answer.get("data") if isinstance(answer, dict) else None
    payloads = data.values() if isinstance(data, dict) else ()
    refusals = [each["refusal"] for each in payloads if isinstance(each, dict) and each.get("refusal")]
    return {e["extensions"]["code"] for e in errors or ()} | {r["code"] for r in refusals if "code" in r}


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_literal(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_literal(each)}" for name, each in value.items()) + "}"
    return "null" if value is None else str(value)


@pytest.fixture
def clock() -> Clock:
    """The registry's clock."""
    return Clock()


@contextlib.contextmanager
def opened(
    database: Any,
    folder: Path,
    clock: Clock,
    log_of: Callable[[Registry], Observer] = lambda _registry: ignore,
    **settings: Any,
) -> Iterator[Api]:
    """A registry on a database, served over HTTP."""
    chosen = Settings(
        database_url=database.app_url,
        database_owner_url=database.owner_url,
        data_dir=folder,
        pool_min_size=1,
        **settings,
    )
    with (
        open_registry(chosen, clock) as registry,
        socket.create_server(("127.0.0.1", 0)) as listener,
        served(build_app(registry, None, log_of(registry)), listener, chosen),
        httpx.Client(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            timeout=30,
            verify=TLS,
            event_hooks={"response": [check_codes]},
        ) as client,
    ):
        yield Api(client, registry, DevelopmentIssuer(folder), clock)


@pytest.fixture
def own_api(prepared: Prepared, database: TestDatabase, tmp_path: Path, clock: Clock) -> Iterator[Api]:
    """A registry of the test's own."""
    shutil.copytree(prepared.folder, tmp_path, dirs_exist_ok=True)
    with opened(database, tmp_path, clock) as api:
        yield api


@pytest.fixture
def shared_api(module_api: Api) -> Iterator[Api]:
    """The registry of the test's module, in which others recorded before it and will after it.

    Whoever shares it names people, certificates and catalogs of their own, says nothing of all that is recorded, and leaves it as it
    was found; who doesn't fails here, not those after.
    """
    found = _standing(module_api)
    yield module_api
    assert _standing(module_api) == found, "changed for those who share it: mark this test registry('own')"


def _standing(api: Api) -> dict[str, Any]:
    """What those who share a registry count on, besides what each of them records."""
    registry, catalogs = api.registry, api.registry.shelf
    return {
        "day": api.clock.now.astimezone(SHANGHAI).date(),
        "catalogs": {code: catalogs.catalog(code).latest.number for code in catalogs.codes()},
        "patience": registry.reads._patience,
        "headers": dict(api.client.headers),
        "at rest": [
            each.process.name for each in (*registry.processes, *registry.projections._runners) if each._thread is None
        ],
    }


@pytest.fixture
def api(prepared: Prepared, request: pytest.FixtureRequest) -> Api:
    """The registry that a test asks: of its own, or of its module where ``pytest.mark.registry("shared")`` says so (CONTRIBUTING.md)."""
    assert prepared  # named here, so that whoever asks for a database too is given that of the registry
    mark = request.node.get_closest_marker("registry")
    (which,) = mark.args if mark else ("own",)
    found: Api = request.getfixturevalue({"own": "own_api", "shared": "shared_api"}[which])
    return found


@pytest.fixture(scope="module")
def module_api(
    request: pytest.FixtureRequest, prepared: Prepared, postgres: EmbeddedPostgres, server_dir: Path
) -> Iterator[Api]:
    """A registry for the tests of a module, each of which leaves what it recorded; under the module's ``SETTINGS``, if it has some."""
    folder = Path(tempfile.mkdtemp(dir=server_dir))
    shutil.copytree(prepared.folder, folder, dirs_exist_ok=True)
    databases = _database(postgres, prepared.database)
    with opened(next(databases), folder, Clock(), **getattr(request.module, "SETTINGS", {})) as api:
        yield api
    next(databases, None)
