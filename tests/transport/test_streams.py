"""A stream whose client takes nothing: told, cut, and nothing of it left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from starlette.datastructures import Headers

from domain.messages import Language
from transport import streams as streams_module
from transport.masking import MaskErrors
from transport.sse import EventStream
from transport.streams import LINE, Stream, Streams, encoder


class Line:
    """A connection that notes whether it was ended."""

    def __init__(self) -> None:
        self.aborted = False

    def carries(self) -> None:
        pass

    def abort(self) -> None:
        self.aborted = True


class Client:
    """A client that takes so many messages, and the next ones only once it is told, if it ever reads again."""

    def __init__(self, most: int, *, reads_again: bool) -> None:
        self.most, self.reads_again, self.taken = most, reads_again, list[bytes]()
        self.waiting = 0

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            return
        if len(self.taken) >= self.most:
            self.waiting += 1
            if not self.reads_again or self.waiting == 1:
                await asyncio.Event().wait()
        self.taken.append(message["body"])


def masked() -> MaskErrors:
    return MaskErrors("r", Language.EN)


async def streamed(client: Client) -> tuple[Streams, Line, bool]:
    """A stream without end to a client; how it stands once it was cut."""
    closed = False

    async def without_end() -> AsyncIterator[Sequence[bytes]]:
        nonlocal closed
        try:
            while True:
                yield [b'{"data":1}', b'{"data":2}']
        finally:
            closed = True

    async def prove(_: Headers) -> None:
        return None

    line, streams = Line(), Streams(lambda *_: without_end(), prove=prove, stopping=lambda: False, of_one=1, in_all=1)
    stream = Stream("slow", Headers({}), line.abort)
    response = EventStream(streams, stream, without_end(), encoder(masked, lambda _: None), masked, {})
    scope = {"type": "http", "extensions": {LINE: line}}
    async with asyncio.timeout(20):
        await response(scope, client.receive, client.send)
    return streams, line, closed


@pytest.mark.parametrize("reads_again", [True, False])
def test_who_takes_nothing_is_told_and_cut(monkeypatch: pytest.MonkeyPatch, *, reads_again: bool) -> None:
    """One message waits for a client, for so long; a client that then reads is told why, the connection of any other is ended."""
    monkeypatch.setattr(streams_module, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(streams_module, "TELLING_SECONDS", 0.2)
    client = Client(5, reads_again=reads_again)
    streams, line, closed = asyncio.run(streamed(client))
    assert closed
    assert streams.open == 0
    assert streams.ended == {"TOO_SLOW": 1}
    assert client.taken[1].count(b"event: next") == 2
    told = b"".join(client.taken)
    assert (b"TOO_SLOW" in told, line.aborted) == (reads_again, not reads_again)
