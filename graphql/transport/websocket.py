"""Subscriptions over WebSocket, in the protocol graphql-transport-ws.

Who asks is told by the handshake's headers or by the payload of ``connection_init``, which browsers need, since their handshake carries
no header of their own. A page's origin is its own server's or one that the installation names, since a WebSocket asks no browser for
leave (RFC 6455, section 10.2). Only subscriptions are carried: what is asked once goes over HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from domain.messages import tell
from domain.refusals import RefusalCode
from graphql import OperationType
from transport.documents import InvalidDocumentError, PreparedOperation
from transport.endpoint import GraphQLEndpoint
from transport.errors import BAD_REQUEST, ApiError, ErrorCode
from transport.masking import Explain, MaskErrors
from transport.middleware import request_id_of
from transport.negotiation import language_of
from transport.parameters import json_in, request_in
from transport.persisted import Caller
from transport.rates import Buckets, address_of
from transport.streams import Stream, StreamRefused, Streams, encoder, errors_of, line_of, stopping

PROTOCOL: Final = "graphql-transport-ws"
INIT_SECONDS: Final = 10.0
"""How long a connection may say nothing at its beginning."""
MESSAGES: Final = 20.0
"""Messages a second that a client may send; five times as many in a burst."""
_LONGEST_ID: Final = 256
_TOLD: Final = frozenset({"authorization", "accept-language", "x-access-reason"})
"""Headers that the payload of ``connection_init`` may hold, in any letters."""

_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _PROTOCOL, _INIT_TIMEOUT = 4400, 4401, 4403, 4406, 4408
_SUBSCRIBER_EXISTS, _TOO_MANY_INITS, _TOO_MANY, _DEFECT = 4409, 4429, 4429, 4500
_RESTART, _LATER = 1012, 1013


class _Close(Exception):
    """Ends the connection with a code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class WebSocketDoor:
    """What a WebSocket endpoint works with."""

    endpoint: GraphQLEndpoint
    streams: Streams
    origins: Sequence[str]
    explain: Explain
    arriving: Callable[[str], float]
    """Counts a connection or subscription by address; the seconds to wait where there are too many."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        headers = Headers(scope=scope)
        if not _same_origin(headers, self.origins):
            refusal = ApiError(ErrorCode.ORIGIN_REFUSED, tell("request.origin"))
            await _refuse(scope, send, 403, refusal)
            return
        if self.arriving(address_of(scope)) > 0:
            await _refuse(scope, send, 429, ApiError(ErrorCode.RATE_LIMITED, tell("stream.later")))
            return
        await receive()
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": _PROTOCOL, "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        connection = _Conversation(self, scope, receive, send)
        with contextlib.suppress(OSError):  # the client has gone, which is no fault
            await connection.serve()


def _same_origin(headers: Headers, named: Sequence[str]) -> bool:
    """Whether a page may connect: one of this server, or of a named origin; what is no browser names no origin."""
    origin = headers.get("origin")
    if origin is None or origin in named:
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""


async def _refuse(scope: Scope, send: Send, status: int, refusal: ApiError) -> None:
    language = language_of(Headers(scope=scope).get("accept-language"))
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _FORBIDDEN})
        return
    body = orjson.dumps({"errors": [refusal.shown(language)]})
    kind = [(b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": kind})
    await send({"type": "websocket.http.response.body", "body": body})


class _Conversation:
    """One connection, from its handshake to its end."""

    def __init__(self, door: WebSocketDoor, scope: Scope, receive: Receive, send: Send) -> None:
        self._door, self._scope, self._receive, self._send = door, scope, receive, send
        self._line = line_of(scope)
        self._address = address_of(scope)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._messages = Buckets(MESSAGES, 5 * MESSAGES)
        self._request: Request | None = None
        self._actor: Any = None
        self._over = asyncio.Event()
        self._why: _Close | None = None

    async def serve(self) -> None:
        """Answer messages until either side ends it."""
        self._line.carries()
        reading = asyncio.ensure_future(self._read())
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({reading, over}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not reading.cancelled():
                reading.result()
        except _Close as close:
            self._why = self._why or close
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is logged masked, and the connection ends
            errors_of(error, self._masked())
            self._why = _Close(_DEFECT, "Internal server error")
        finally:
            for task in (reading, over, *self._running.values()):
                task.cancel()
            await asyncio.gather(reading, over, *self._running.values(), return_exceptions=True)
        if self._why is not None:
            await self._close(self._why)

    async def _close(self, why: _Close) -> None:
        with contextlib.suppress(RuntimeError):  # closed by the other side meanwhile
            try:
                async with asyncio.timeout(2):
                    await self._send({"type": "websocket.close", "code": why.code, "reason": why.reason})
            except TimeoutError:
                self._line.abort()

    def _end(self, code: int, reason: str) -> None:
        self._why = self._why or _Close(code, reason)
        self._over.set()

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                first = await self._message()
                if first is not None:
                    await self._begin(first)
        except TimeoutError:
            raise _Close(_INIT_TIMEOUT, "Connection initialisation timeout") from None
        while (message := await self._message()) is not None:
            await self._answer(message)

    async def _message(self) -> dict[str, Any] | None:
        """The next message; None once the client has gone. Raises ``_Close`` for one that is none."""
        arrived = await self._receive()
        if arrived["type"] == "websocket.disconnect":
            return None
        if self._messages.wait("") > 0:
            raise _Close(_TOO_MANY, "Too many messages")
        text = arrived.get("text")
        try:
            message = json_in((text or "").encode(), self._door.endpoint.limits)
        except ApiError:
            raise _Close(_BAD_REQUEST, "A message is one object in JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Close(_BAD_REQUEST, "A message is an object with a type")
        return message

    async def _begin(self, message: dict[str, Any]) -> None:
        """Take the first message, which says who asks."""
        if message["type"] != "connection_init":
            if message["type"] in {"ping", "pong"}:
                raise _Close(_UNAUTHORIZED, "Send connection_init first")
            raise _Close(_UNAUTHORIZED, "Unauthorized")
        self._request = Request({**self._scope, "type": "http", "method": "GET", "headers": self._headers(message)})
        endpoint = self._door.endpoint
        try:
            self._actor = await endpoint.authenticate(self._request.headers)
        except ApiError as refusal:
            if refusal.code is ErrorCode.UNAVAILABLE:
                raise _Close(_LATER, refusal.code.value) from None
            raise _Close(_FORBIDDEN, str(refusal.extensions.get("reason") or refusal.code.value)) from None
        if self._actor is None:
            raise _Close(_FORBIDDEN, RefusalCode.UNAUTHENTICATED.value)
        await self._say({"type": "connection_ack"})

    def _headers(self, message: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
        """The handshake's headers, and those of the payload in their place."""
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            raise _Close(_BAD_REQUEST, "The payload of connection_init is an object")
        told = {
            name.lower().encode(): value.encode()
            for name, value in payload.items()
            if name.lower() in _TOLD and isinstance(value, str) and "\n" not in value and "\r" not in value
        }
        return [*((name, value) for name, value in self._scope["headers"] if name not in told), *told.items()]

    async def _answer(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                await self._say({"type": "pong"})
            case "pong":
                pass
            case "connection_init":
                raise _Close(_TOO_MANY_INITS, "Too many initialisation requests")
            case "subscribe":
                self._subscribe(message)
            case "complete":
                task = self._running.get(str(message.get("id")))
                if task is not None:
                    task.cancel()
            case _:
                raise _Close(_BAD_REQUEST, "No such message")

    def _subscribe(self, message: dict[str, Any]) -> None:
        name = message.get("id")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
            raise _Close(_BAD_REQUEST, "A subscription has an id")
        if name in self._running:
            raise _Close(_SUBSCRIBER_EXISTS, f"Subscriber for {name} already exists"[:120])
        task = asyncio.ensure_future(self._stream(name, message.get("payload")))
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))

    async def _stream(self, name: str, payload: Any) -> None:
        """Answer one subscription, from its first message to its last."""
        if self._request is None:
            raise TypeError("nobody subscribes before it is known who asks")
        request, door = self._request, self._door
        caller = door.endpoint.caller(request, self._actor)
        stream = Stream(caller.key, request.headers, self._line.abort)
        head = b'{"id":' + orjson.dumps(name) + b',"type":"next","payload":'

        async def deliver(together: Sequence[bytes]) -> None:
            for body in together:
                await self._send({"type": "websocket.send", "text": (head + body + b"}").decode()})

        try:
            operation, parameters, context = await self._prepared(request, caller, payload)
            with door.streams.one(stream):
                source = door.streams.follow(operation, parameters, context)
                await stream.run(source, deliver, encoder(self._masked, door.endpoint.check))
            await self._say({"id": name, "type": "complete"})
        except OSError:
            self._over.set()
        except Exception as ended:  # noqa: BLE001 - whatever ends it is told, masked, and logged where nobody caused it
            errors = ended.errors if isinstance(ended, InvalidDocumentError) else None
            told = errors_of(ended if errors is None else StreamRefused(errors), self._masked())
            with contextlib.suppress(OSError):
                await stream.told(self._say({"id": name, "type": "error", "payload": told}))
            self._end_with(stream)

    def _end_with(self, stream: Stream) -> None:
        """End the connection where what ended a stream holds for all of it."""
        why = stream.ending
        if why is None:
            return
        if why.code is RefusalCode.UNAUTHENTICATED:
            self._end(_FORBIDDEN, str(why.extensions.get("reason") or why.code.value))
        elif why.code is stopping().code:
            self._end(_RESTART, "Service restart")

    async def _prepared(self, request: Request, caller: Caller, payload: Any) -> tuple[PreparedOperation, Any, Any]:
        door, endpoint = self._door, self._door.endpoint
        if door.arriving(self._address) > 0:
            raise ApiError(ErrorCode.RATE_LIMITED, tell("stream.later"))
        if not isinstance(payload, dict):
            raise ApiError(BAD_REQUEST, tell("request.no_object"))
        parameters = request_in(payload, endpoint.limits)
        operation, parameters = await endpoint.prepared(request, caller, parameters, _never_gone)
        if operation.kind is not OperationType.SUBSCRIPTION:
            raise ApiError(ErrorCode.SUBSCRIPTION_REFUSED, tell("stream.subscriptions_only"))
        return operation, parameters, await endpoint.context_of(request, self._actor)

    def _masked(self) -> MaskErrors:
        accept = (self._request.headers if self._request else Headers(scope=self._scope)).get("accept-language")
        return MaskErrors(request_id_of(self._scope), language_of(accept), self._door.explain)

    async def _say(self, message: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})


async def _never_gone() -> bool:
    return False
