"""The protocol in front of the application: what it takes is answered as any request is, in its order, and on what the connection is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, cast

import pytest
from uvicorn.server import ServerState

from compiled.express import Express, PlainHead, Reply
from console.patience import PatientConfig
from console.short_way import ExpressProtocol
from domain.messages import Language
from tests.compiled.conftest import Stage
from tests.compiled.test_express import LOOK_UP

BODY = b'{"query": "{ a }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
    BODY
)


class Taking(Express):
    """Takes every request, and answers when a test says so."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.scopes: list[dict[str, Any]] = []

    def serves(self, host: str) -> bool:  # noqa: ARG002 - whoever it is
        """See ``Express``."""
        return True

    def take(self, head: PlainHead, caller: str, body: bytes, reply: Reply) -> bool:  # noqa: ARG002 - as in ``Express``
        """See ``Express``."""
        self.replies.append(reply)
        return True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """What was handed on."""
        self.scopes.append(scope)
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"long"})


class Wire(asyncio.Transport):
    """A connection whose other side is the test."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5000), "sockname": ("127.0.0.1", 80)})
        self.written, self.closed, self.paused = b"", False, False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Line:
    """A protocol on a wire, whose server remembers one head."""

    def __init__(self, app: Taking | None = None) -> None:
        self.app, self.wire, self.state = app or Taking(), Wire(), ServerState()
        config = PatientConfig(
            cast("Any", self.app), http=ExpressProtocol, log_config=None, lifespan="off", proxy_headers=False
        )
        config.load()
        self.protocol = ExpressProtocol(config, self.state, {})
        self.protocol.connection_made(self.wire)
        assert self.protocol.heads is not None
        self.protocol.heads.keep(HEAD, PlainHead(len(BODY), b"", b"", Language.EN, None))

    async def settled(self) -> None:
        """Let what is due be done."""
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """A loop for one test."""
    with asyncio.Runner() as found:
        yield found


def test_what_comes_while_a_request_is_under_way_waits_for_its_answer(runner: asyncio.Runner) -> None:
    """Nothing more is read of the connection meanwhile; answers leave in the order of requests."""

    async def story() -> None:
        line = Line()
        line.protocol.data_received(HEAD + BODY)
        line.protocol.data_received(HEAD + BODY)
        assert (len(line.app.replies), line.wire.paused) == (1, True)
        line.app.replies[0].answered(b"x-n: 1\r\n", b"one")
        assert (len(line.app.replies), line.wire.paused) == (2, False)
        line.app.replies[1].answered(b"x-n: 2\r\n", b"two")
        assert line.wire.written == b"HTTP/1.1 200 OK\r\nx-n: 1\r\n\r\noneHTTP/1.1 200 OK\r\nx-n: 2\r\n\r\ntwo"
        assert line.state.total_requests == 2

    runner.run(story())


def test_what_is_handed_on_is_answered_by_the_application_and_not_offered_again(runner: asyncio.Runner) -> None:
    """As it came, before what came after it."""

    async def story() -> None:
        line = Line()
        line.protocol.data_received(HEAD + BODY)
        line.protocol.data_received(HEAD + BODY)
        line.app.replies[0].handed_on()
        await line.settled()
        assert [each["path"] for each in line.app.scopes] == ["/graphql"] * 2
        assert "recognition.whole" not in line.app.scopes[0]["extensions"]
        assert line.wire.written.count(b"long") == 2
        line.protocol.data_received(HEAD + BODY)
        assert len(line.app.replies) == 2  # the connection rests again

    runner.run(story())


@pytest.mark.parametrize(
    "parts",
    [
        [HEAD, BODY],
        [HEAD[:20], HEAD[20:] + BODY],
        [HEAD + BODY[:5], BODY[5:]],
        [HEAD + BODY + HEAD + BODY],
        [HEAD.replace(b"Host: here", b"Host: there") + BODY],
    ],
)
def test_what_comes_otherwise_is_parsed(runner: asyncio.Runner, parts: list[bytes]) -> None:
    """In several pieces, several in one piece, or under a head that did not come before."""

    async def story() -> None:
        line = Line()
        for each in parts:
            line.protocol.data_received(each)
        await line.settled()
        assert not line.app.replies
        assert line.wire.written.count(b"long") == b"".join(parts).count(BODY)

    runner.run(story())


def test_a_server_that_stops_answers_what_it_took_and_closes(runner: asyncio.Runner) -> None:
    """The answer says so; a request that is handed on then is the last one too."""

    async def story() -> None:
        line, other = Line(), Line()
        for each in (line, other):
            each.protocol.data_received(HEAD + BODY)
            each.protocol.shutdown()
            assert not each.wire.closed
        line.app.replies[0].answered(b"x-n: 1\r\n", b"one")
        assert line.wire.written.endswith(b"x-n: 1\r\nconnection: close\r\n\r\none")
        other.app.replies[0].handed_on()
        await other.settled()
        assert b"connection: close" in other.wire.written
        assert line.wire.closed
        assert other.wire.closed

    runner.run(story())


def test_a_connection_that_is_lost_is_answered_no_more(runner: asyncio.Runner) -> None:
    """What works at its request may come to an end."""

    async def story() -> None:
        line = Line()
        line.protocol.data_received(HEAD + BODY)
        line.protocol.connection_lost(None)
        line.app.replies[0].answered(b"", b"one")
        line.app.replies[0].handed_on()
        assert (line.wire.written, line.app.scopes) == (b"", [])

    runner.run(story())


def test_what_is_set_for_a_request_is_for_no_other(runner: asyncio.Runner) -> None:
    """Neither for what is handed on, nor for what waited behind it."""
    which = ContextVar("which", default="nobody's")

    class Noting(Taking):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append(which.get())
            await super().__call__(scope, receive, send)

    seen: list[str] = []

    async def story() -> None:
        line = Line(Noting())
        line.protocol.data_received(HEAD + BODY)
        line.protocol.data_received(HEAD.replace(b"here", b"there") + BODY)
        which.set("the first one's")
        line.app.replies[0].handed_on()
        await line.settled()
        assert seen == ["nobody's"] * 2

    runner.run(story())


def test_a_connection_that_rests_is_closed(runner: asyncio.Runner) -> None:
    """After a time without a request; not while one is under way, however long."""

    async def story() -> None:
        line = Line()
        line.protocol.timeout_keep_alive = cast("Any", 0.01)
        line.protocol.data_received(HEAD + BODY)
        line.app.replies[0].answered(b"", b"one")
        line.protocol.data_received(HEAD + BODY)
        await asyncio.sleep(0.05)
        assert not line.wire.closed
        line.app.replies[1].answered(b"", b"two")
        while not line.wire.closed:  # noqa: ASYNC110 - the loop's own timer ends it
            await asyncio.sleep(0.01)

    runner.run(story())


def test_a_server_with_too_many_connections_says_so_to_what_it_would_take(runner: asyncio.Runner) -> None:
    """The limit of connections holds for requests whose head came before."""

    async def story() -> None:
        line = Line()
        line.protocol.config.limit_concurrency = 1
        line.protocol.data_received(HEAD + BODY)
        await line.settled()
        assert line.wire.written.startswith(b"HTTP/1.1 503 ")
        assert not line.app.replies

    runner.run(story())


def test_a_head_that_came_before_is_answered_as_it_was(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, but for the id of the request and the date; the third request is taken before any parser sees it."""
    taken: list[bool] = []
    take = Express.take

    def noted(self: Express, *arguments: Any) -> bool:
        taken.append(take(self, *arguments))
        return taken[-1]

    monkeypatch.setattr(Express, "take", noted)
    api = stage.api
    body = b'{"query": "%b", "variables": {"n": "%b"}}' % (LOOK_UP.encode(), stage.people["plain"].encode())
    token = api.token("REVIEWER", "330106-EI", "who-keeps-a-connection")
    request = (
        f"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
        f"X-Request-Id: an-id-of-mine\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    answers = []
    with socket.create_connection((api.client.base_url.host, api.client.base_url.port), 30) as connection:
        for _ in range(4):
            connection.sendall(request)
            answers.append(_answer(connection))
    without_date = [
        b"\r\n".join(line for line in each.split(b"\r\n") if line[:5].lower() != b"date:") for each in answers
    ]
    assert "王plain".encode() in without_date[0]
    assert sorted(without_date[0].split(b"\r\n")) == sorted(without_date[-1].split(b"\r\n"))
    assert without_date[-2] == without_date[-1]
    assert taken[-1:] == [True]


def _answer(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65_536)
    head = found.partition(b"\r\n\r\n")[0]
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(found) < len(head) + 4 + length:
        found += connection.recv(65_536)
    return found
