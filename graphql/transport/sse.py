"""Subscriptions as Server-Sent Events: graphql-sse's distinct connections mode, one operation a request.

Who accepts ``text/event-stream`` is answered 200 and told ``next`` for each response, errors of the document included, and ``complete`` at
the end. What keeps a request from being one (method, media type, size, identity, rate) has its own status, as everywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from transport.masking import MaskErrors
from transport.negotiation import media_ranges
from transport.streams import Body, Encode, Stream, Streams, errors_of, line_of

EVENTS: Final = "text/event-stream"
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy that gathers answers would keep what happens to itself
}
_COMPLETE: Final = b"event: complete\ndata:\n\n"
_QUIET: Final = b":\n\n"


def wants_events(accept: str | None) -> bool:
    """Whether a client accepts events, and nothing by name that it likes better."""
    qualities = {each.kind: each.quality for each in media_ranges(accept or "")}
    events = qualities.get(EVENTS, 0.0)
    return events > 0 and events >= max((q for kind, q in qualities.items() if "*" not in kind), default=0.0)


def as_event(body: bytes) -> bytes:
    """A response as an event; JSON as it is written here has no line break."""
    return b"event: next\ndata: " + body + b"\n\n"


def one_event(response: Response) -> Response:
    """A single response as events: it, and the end."""
    headers = {**_HEADERS, "Content-Language": response.headers.get("content-language", "en")}
    return Response(as_event(bytes(response.body)) + _COMPLETE, 200, headers, f"{EVENTS}; charset=utf-8")


class EventStream(Response):
    """A subscription under way as the answer to a request."""

    def __init__(
        self,
        streams: Streams,
        stream: Stream,
        source: AsyncIterator[Sequence[Body]],
        encoded: Encode,
        masked: Callable[[], MaskErrors],
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(None, 200, {**_HEADERS, **headers}, f"{EVENTS}; charset=utf-8")
        self._streams, self._stream, self._source = streams, stream, source
        self._encoded, self._masked = encoded, masked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the client leaves, or something ends it."""
        line = line_of(scope)
        line.carries()
        self._stream.abort = line.abort

        async def say(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": True})

        self._stream.keep_alive = lambda: say(_QUIET)
        headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await say(_QUIET)
        telling = asyncio.ensure_future(self._tell(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (telling, leaving):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling

    async def _tell(self, send: Send) -> None:
        async def deliver(together: Sequence[bytes]) -> None:
            await send({"type": "http.response.body", "body": b"".join(map(as_event, together)), "more_body": True})

        async def last(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": False})

        try:
            with self._streams.one(self._stream):
                await self._stream.run(self._source, deliver, self._encoded)
            await last(_COMPLETE)
        except Exception as ended:  # noqa: BLE001 - whatever ends it is told, masked, and logged where nobody caused it
            errors = errors_of(ended, self._masked())
            await self._stream.told(last(as_event(orjson.dumps({"errors": errors})) + _COMPLETE))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
