"""Subscriptions over WebSocket and as Server-Sent Events: what is told, to whom, how often, and how one ends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import transport.streams as streams_module
from console.serving import build_app, served
from domain.values import Role
from infrastructure.composition import open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.settings import Settings
from tests.api.conftest import NINGBO, TLS, XIHU, Api, Clock
from tests.api.following import caught_up

SETTINGS = {"cors_origins": ("https://apply.example",)}
"""Of the registry that the tests of this module share."""
CHANGES = """subscription ($after: Position) { titleChanges(after: $after) {
    id position caseNumber status endingProposed holder { name erased } certificateNumber entry { number } } }"""
EVENTS = "subscription ($after: Position, $types: [String!]) { events(after: $after, types: $types) { position type } }"


def address(api: Api) -> str:
    return str(api.client.base_url.copy_with(scheme="ws")).rstrip("/") + "/graphql"


@contextlib.asynccontextmanager
async def connection(api: Api, token: str | None, **options: Any) -> AsyncIterator[ClientConnection]:
    """A connection that was acknowledged, authenticated by its first message."""
    async with connect(address(api), subprotocols=["graphql-transport-ws"], close_timeout=0.5, **options) as ws:
        payload = {"Authorization": f"Bearer {token}"} if token else {}
        await ws.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await asyncio.wait_for(ws.recv(), 10)) == {"type": "connection_ack"}
        yield ws


async def subscribe(ws: ClientConnection, document: str, name: str = "1", **variables: Any) -> None:
    payload = {"query": document, "variables": variables}
    await ws.send(json.dumps({"type": "subscribe", "id": name, "payload": payload}))


async def message(ws: ClientConnection) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await asyncio.wait_for(ws.recv(), 10))
    return told


async def closed(ws: ClientConnection) -> tuple[int, str]:
    """The code and reason with which the server ends a connection, whatever it says before."""
    try:
        while True:
            await message(ws)
    except ConnectionClosed as ended:
        return (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd else (1006, "")


def sse(api: Api, document: str, token: str | None, **variables: Any) -> Any:
    headers = {"Accept": "text/event-stream"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return api.client.stream("POST", "/graphql", json={"query": document, "variables": variables}, headers=headers)


def events_in(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """The events of a stream, as they come."""
    kind = ""
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)
        elif line == "data:":
            yield kind, None


def bodies(response: httpx.Response, field: str, count: int) -> list[Any]:
    """What the first events of a stream tell."""
    return [body["data"][field] for _, body in itertools.islice(events_in(response), count)]


def test_titles_are_told_over_both_transports_as_they_change(module_api: Api) -> None:
    """Approval and revocation reach whoever follows, the same over both; a verifier reads no person, a reviewer their own."""
    api = module_api
    start = str(api.registry.journal.last_position())
    verifier, reviewer = api.token("VERIFIER"), api.token("REVIEWER", XIHU)
    earlier = "query { accessLog(last: 1) { nodes { number } } }"
    nodes = api.ask(earlier, None, api.token("PRIVACY_OFFICER"))["accessLog"]["nodes"]
    before = max((int(each["number"]) for each in nodes), default=0)

    async def over_websocket() -> tuple[list[Any], list[Any]]:
        async with connection(api, verifier) as ws, connection(api, reviewer) as other:
            await subscribe(ws, CHANGES, after=start)
            await subscribe(other, CHANGES, after=start)
            approved = await asyncio.to_thread(api.approved)
            await asyncio.to_thread(api.revoked, approved["case"]["id"])
            masked = [(await message(ws))["payload"]["data"]["titleChanges"] for _ in range(4)]
            return masked, [(await message(other))["payload"]["data"]["titleChanges"] for _ in range(4)]

    masked, clear = asyncio.run(over_websocket())
    assert [each["status"] for each in masked] == ["CURRENT", "CURRENT", "CURRENT", "REVOKED"]
    assert {each["holder"]["name"] for each in masked} == {None}
    assert {each["holder"]["name"] for each in clear} == {"王敏"}
    assert all(each["certificateNumber"] for each in clear)
    hidden = {"holder": None, "certificateNumber": None}
    assert [each | hidden for each in masked] == [each | hidden for each in clear]
    with sse(api, CHANGES, verifier, after=start) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        told = bodies(response, "titleChanges", 4)
    assert told == masked
    later = [each for each in masked if int(each["position"]) > int(masked[1]["position"])]
    with sse(api, CHANGES, verifier, after=masked[1]["position"]) as response:
        again = bodies(response, "titleChanges", 2)
    assert again == later
    log = "query { accessLog(last: 50) { nodes { number operation actor { subject } fields } } }"
    recorded = api.ask(log, None, api.token("PRIVACY_OFFICER"))["accessLog"]["nodes"]
    shown = [each for each in recorded if each["operation"] == "titleChanges" and int(each["number"]) > before]
    assert {each["actor"]["subject"] for each in shown} == {"reviewer-330106-ei"}
    assert len(shown) == 4
    node = "query ($id: ID!) { node(id: $id) { ... on RecognizedTitle { id status position } } }"
    for each in masked:
        found = api.ask(node, {"id": each["id"]}, verifier)["node"]
        assert found == {name: each[name] for name in ("id", "status", "position")}


def test_a_reviewer_elsewhere_is_told_nothing(module_api: Api) -> None:
    """Scope is that of every other answer: a title of another office is passed over, one of their own is told."""
    api = module_api
    start = str(api.registry.journal.last_position())
    api.approved()
    mine = api.submit(authorityCode=NINGBO)["case"]["id"]
    officer = api.token("REVIEWER", NINGBO)
    api.decide("approveCase", mine, officer, workConsistent=True, countedExperienceMonths=0)
    with sse(api, CHANGES, officer, after=start) as response:
        _, first = next(events_in(response))
    number = api.ask("query ($id: ID!) { case(id: $id) { caseNumber } }", {"id": mine}, officer)["case"]["caseNumber"]
    assert first["data"]["titleChanges"]["caseNumber"] == number


def test_events_are_told_by_type_and_from_any_position(module_api: Api) -> None:
    """An auditor follows every event, or those of some types, with each position once."""
    api, auditor = module_api, module_api.token("AUDITOR")
    api.approved()
    caught_up(api)
    head = api.registry.journal.last_position()
    with sse(api, EVENTS, auditor, after="0") as response:
        whole = bodies(response, "events", head)
    assert [int(each["position"]) for each in whole] == list(range(1, head + 1))
    approvals = [each for each in whole if each["type"] == "recognition-case.approved"]
    with sse(api, EVENTS, auditor, after="0", types=["recognition-case.approved"]) as response:
        found = bodies(response, "events", len(approvals))
    assert found == approvals


def test_what_does_not_begin_says_why(module_api: Api) -> None:
    """Without a right, with a wrong variable, from a position of the future, with a query: an error, and the end of the operation."""
    api, auditor = module_api, module_api.token("AUDITOR")
    wrong = [
        (EVENTS, {}, api.token("VERIFIER"), "NOT_PERMITTED"),
        (EVENTS, {"after": 5}, auditor, "BAD_USER_INPUT"),
        (EVENTS, {"after": "99999"}, auditor, "POSITION_AHEAD"),
        ("subscription { nothing }", {}, auditor, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", {}, auditor, "GRAPHQL_PARSE_FAILED"),
    ]

    async def codes() -> list[str]:
        found = []
        for document, variables, token, _ in wrong:
            async with connection(api, token) as ws:
                await subscribe(ws, document, **variables)
                told = await message(ws)
                assert told["type"] == "error"
                found.append(told["payload"][0]["extensions"]["code"])
        async with connection(api, auditor) as ws:
            await subscribe(ws, "{ catalogs { code } }")
            found.append((await message(ws))["payload"][0]["extensions"]["code"])
        return found

    assert asyncio.run(codes()) == [code for *_, code in wrong] + ["SUBSCRIPTION_REFUSED"]
    for document, variables, token, code in wrong:
        with sse(api, document, token, **variables) as response:
            assert response.status_code == 200
            [(kind, body), (last, _)] = list(events_in(response))
            assert (kind, last) == ("next", "complete")
            assert body["errors"][0]["extensions"]["code"] == code
    with sse(api, EVENTS, None) as response:
        assert [body["errors"][0]["extensions"]["code"] for _, body in events_in(response) if body] == [
            "UNAUTHENTICATED"
        ]
    with sse(api, EVENTS, "nonsense") as response:
        assert response.status_code == 401
    with sse(api, "{ catalogs { code } }", auditor) as response:
        assert [kind for kind, _ in events_in(response)] == ["next", "complete"]
    refused = api.post(EVENTS, {}, auditor)
    assert refused.json()["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_REFUSED"


def test_the_protocol_is_held(module_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each breach of graphql-transport-ws ends the connection with the code that the protocol gives it."""
    monkeypatch.setattr("transport.websocket.INIT_SECONDS", 0.3)
    api, token = module_api, module_api.token("AUDITOR")

    async def first(text: str | None, *protocols: str) -> int:
        async with connect(address(api), subprotocols=list(protocols) or None) as ws:
            if text is not None:
                await ws.send(text)
            return (await closed(ws))[0]

    async def then(*texts: str) -> int:
        async with connection(api, token) as ws:
            for text in texts:
                await ws.send(text)
            return (await closed(ws))[0]

    async def all_codes() -> list[int]:
        ours = "graphql-transport-ws"
        once = json.dumps({"type": "subscribe", "id": "1", "payload": {"query": EVENTS}})
        return [
            await first(None),
            await first(None, "graphql-ws"),
            await first(None, ours),
            await first('{"type":"subscribe","id":"1","payload":{}}', ours),
            await first("[]", ours),
            await first('{"type":"connection_init"}', ours),
            await first('{"type":"connection_init","payload":{"Authorization":"Bearer x"}}', ours),
            await then('{"type":"connection_init"}'),
            await then('{"type":"hello"}'),
            await then("no json"),
            await then('{"type":"subscribe"}'),
            await then(once, once),
            await then(*['{"type":"ping"}'] * 200),
        ]

    expected = [4406, 4406, 4408, 4401, 4400, 4403, 4403, 4429, 4400, 4400, 4400, 4409, 4429]
    assert asyncio.run(all_codes()) == expected

    async def manners() -> list[Any]:
        async with connection(api, token) as ws:
            await ws.send('{"type":"ping"}')
            found = [await message(ws)]
            await subscribe(ws, EVENTS, after="0")
            found.append((await message(ws))["type"])
            await ws.send('{"type":"complete","id":"1"}')
            await ws.send('{"type":"complete","id":"unknown"}')
            await subscribe(ws, EVENTS, "2", after="0")
            while (told := await message(ws))["id"] != "2":
                pass
            found.append(told["payload"]["data"]["events"]["position"])
            return found

    assert asyncio.run(manners()) == [{"type": "pong"}, "next", "1"]


def test_pages_connect_from_here_and_from_named_origins_alone(module_api: Api) -> None:
    """A WebSocket asks no browser for leave, so the server looks at the origin itself; a header of the handshake authenticates too."""
    api, token = module_api, module_api.token("AUDITOR")
    own, codes = str(api.client.base_url).rstrip("/"), list[str]()

    async def status(origin: str | None) -> int:
        try:
            async with connection(api, token, origin=origin):
                return 101
        except InvalidStatus as refused:
            codes.append(json.loads(refused.response.body or b"")["errors"][0]["extensions"]["code"])
            return refused.response.status_code

    async def all_of() -> list[int]:
        return [await status(each) for each in (None, own, "https://apply.example", "https://evil.example", "null")]

    assert asyncio.run(all_of()) == [101, 101, 101, 403, 403]
    assert codes == ["ORIGIN_REFUSED"] * 2

    async def by_header() -> str:
        async with connection(api, None, additional_headers={"Authorization": f"Bearer {token}"}) as ws:
            await subscribe(ws, EVENTS, after="0")
            return str((await message(ws))["type"])

    assert asyncio.run(by_header()) == "next"


def test_a_subject_follows_so_many_at_once(module_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its number a subject is refused, others are not, and an ended subscription makes room."""
    api, token = module_api, module_api.token("AUDITOR", subject="many")
    most = api.registry.settings.subscriptions_per_subject

    async def many() -> tuple[str, str]:
        async with connection(api, token) as ws:
            for n in range(most):
                await subscribe(ws, CHANGES, str(n))
            await asyncio.sleep(0.2)
            await subscribe(ws, CHANGES, "more")
            refused = (await message(ws))["payload"][0]["extensions"]["code"]
            await ws.send('{"type":"complete","id":"0"}')
            await asyncio.sleep(0.2)
            await subscribe(ws, EVENTS, "more", after="0")
            return refused, (await message(ws))["type"]

    monkeypatch.setattr("transport.websocket.MESSAGES", 100.0)
    assert asyncio.run(many()) == ("RATE_LIMITED", "next")


def test_a_token_that_expires_ends_what_it_follows(module_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not believed any more is told so, over either transport; the connection ends with it."""
    monkeypatch.setattr(streams_module, "PROVING_SECONDS", 0.2)
    api = module_api
    token = api.issuer.issue(Role.AUDITOR, subject="short", lifetime=2)

    async def over_websocket() -> tuple[str, tuple[int, str]]:
        async with connection(api, token) as ws:
            await subscribe(ws, CHANGES)
            told = await message(ws)
            return told["payload"][0]["extensions"]["code"], await closed(ws)

    assert asyncio.run(over_websocket()) == ("UNAUTHENTICATED", (4403, "token-expired"))
    token = api.issuer.issue(Role.AUDITOR, subject="short", lifetime=2)
    with sse(api, CHANGES, token) as response:
        [(_, body), (last, _)] = list(events_in(response))
    assert body["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED", "reason": "token-expired"}
    assert last == "complete"


def test_a_server_that_stops_says_so(database: Any, tmp_path: Path, clock: Clock) -> None:
    """Whoever follows is told within seconds, with a code after which clients come back; the server waits for nobody."""
    stop = threading.Event()
    settings = Settings(
        database_url=database.app_url, database_owner_url=database.owner_url, data_dir=tmp_path, pool_min_size=1
    )
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(open_registry(settings, clock))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.enter_context(served(build_app(registry, stop), listener, settings))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = stack.enter_context(httpx.Client(base_url=url, timeout=20, verify=TLS))
        api = Api(client, registry, DevelopmentIssuer(tmp_path), clock)
        token = api.token("AUDITOR")

        async def followed() -> tuple[str, int]:
            async with connection(api, token) as ws:
                await subscribe(ws, CHANGES)
                await asyncio.sleep(0.3)
                stop.set()
                code = (await message(ws))["payload"][0]["extensions"]["code"]
                return code, (await closed(ws))[0]

        assert asyncio.run(followed()) == ("UNAVAILABLE", 1012)
        with sse(api, CHANGES, token) as response:
            [(_, body), _] = list(events_in(response))
        assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


def test_gql_follows(module_api: Api) -> None:
    """Python's gql, as people use it: a token in the first message, and each change once."""
    api = module_api
    start = str(api.registry.journal.last_position())
    api.approved()

    async def follow() -> str:
        transport = WebsocketsTransport(
            url=address(api), init_payload={"Authorization": f"Bearer {api.token('VERIFIER')}"}
        )
        async with Client(transport=transport, fetch_schema_from_transport=False) as session:
            request = gql("subscription ($after: Position) { titleChanges(after: $after) { status } }")
            request.variable_values = {"after": start}
            async for result in session.subscribe(request):
                return str(result["titleChanges"]["status"])
        return "nothing"

    assert asyncio.run(follow()) == "CURRENT"
