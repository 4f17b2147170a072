"""How long the server waits for the head of a request, how large it may be, how many connections one address may hold, and what is
said to one that is no HTTP.

No caller holds connections for nothing, or so many that there are none for others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from domain.messages import tell
from transport.errors import ErrorCode
from transport.rates import Network, caller_at, lies_in
from transport.streams import LINE

HEAD_SECONDS: Final = 10.0
"""From the connection, or the first byte of a further request, to the end of the head (RFC 9110, section 15.5.9)."""
HEAD_BYTES: Final = 64 * 1024
"""Bytes of a head, the request line included."""

_NO_HTTP: Final = orjson.dumps(
    {
        "errors": [
            {
                "message": str(tell("request.no_http")),
                "extensions": {"code": ErrorCode.BAD_REQUEST},
            }
        ]
    }
)


MOST_WAITING: Final = 16
"""Requests that may be sent over a connection before the first of them is answered (RFC 9112, section 9.3.2)."""
_HELD: Final[WeakKeyDictionary[ServerState, Counter[str]]] = WeakKeyDictionary()
"""Connections by caller, of each server in this process."""
_CARRYING: Final[WeakKeyDictionary[ServerState, WeakSet[Any]]] = WeakKeyDictionary()
"""Connections that carry streams: others do not wait behind them, so they are not counted among requests under way."""


class PatientConfig(uvicorn.Config):
    """uvicorn's configuration, and how many connections one address may hold; ``proxies`` hold as many as they need."""

    connections_per_address: int = 200
    proxies: Sequence[Network] = ()


class _CarryingLine:
    """See ``transport.streams.Line``."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: PatientProtocol | PatientWebSocket) -> None:
        self._protocol = protocol

    def carries(self) -> None:
        """See ``Line``."""
        _CARRYING.setdefault(self._protocol.server_state, WeakSet()).add(self._protocol)

    def abort(self) -> None:
        """See ``Line``."""
        self._protocol.transport.abort()


def _given_back(state: ServerState, caller: str) -> None:
    """Count a connection no more."""
    held = _HELD[state]
    held[caller] -= 1
    if not held[caller]:
        del held[caller]


class PatientWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, counted as the connection it was before, whose application may end it at once."""

    caller: str | None = None
    """By what it is counted."""

    def __init__(
        self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any], *arguments: Any
    ) -> None:
        super().__init__(config, server_state, app_state, *arguments)
        self.server_state = server_state

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        if self.caller is not None:
            _given_back(self.server_state, self.caller)
            self.caller = None
        super().connection_lost(exc)

    async def run_asgi(self) -> None:
        """See uvicorn; the application is told of the line."""
        line: Any = _CarryingLine(self)
        self.scope.setdefault("extensions", {})[LINE] = line
        await super().run_asgi()


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a time and a size for heads; a connection that exceeds either is closed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See ``asyncio.Protocol``; from here on a head is awaited."""
        self._awaited: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._unanswered: list[RequestResponseCycle] = []
        super().connection_made(transport)
        if not self._counted():
            self.transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._head_came()
        self._leave_unanswered()
        _given_back(self.server_state, self._caller)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``; counts what belongs to a head."""
        if self._awaited is not None:
            self._head_bytes += min(len(data), HEAD_BYTES + 1)
            if self._head_bytes > HEAD_BYTES and b"\r\n\r\n" not in data[: HEAD_BYTES + 4]:
                self._give_up()
                return
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn says the same to all
        """See uvicorn; what the parser refuses, such as a control character in a header, hears so in the form of every refusal."""
        head = (
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
            f"Cache-Control: no-store\r\nContent-Length: {len(_NO_HTTP)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + _NO_HTTP)
        self.transport.close()

    def on_message_begin(self) -> None:
        """See httptools; a further request on a connection that is kept."""
        if len(self.pipeline) >= MOST_WAITING:
            self._give_up()
            return
        if self._awaited is None:
            self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See httptools; the head is there. What else was sent over a connection that is given up comes to nothing."""
        self._head_came()
        if not self.transport.is_closing():
            self.limit_concurrency = self.most_at_once()
            super().on_headers_complete()
            if self.parser.should_upgrade() and self._should_upgrade():
                return  # what follows is no request: ``handle_websocket_upgrade`` hands it on
            line: Any = _CarryingLine(self)
            self.scope.setdefault("extensions", {})[LINE] = line
            self._unanswered = [each for each in (*self._unanswered, self.cycle) if not each.response_complete]

    def most_at_once(self) -> int | None:
        """Connections beyond which the server has too much to do; those that carry streams count for nothing."""
        most = self.config.limit_concurrency
        return None if most is None else most + len(_CARRYING.get(self.server_state, ()))

    def handle_websocket_upgrade(self) -> None:
        """See uvicorn; what was counted of the connection goes on with it."""
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if isinstance(protocol, PatientWebSocket):
            protocol.caller = self._caller

    def _counted(self) -> bool:
        """Count the connection; whether its caller may hold it."""
        host = str((self.client or ("unknown",))[0])
        self._caller = caller_at(host)
        held = _HELD.setdefault(self.server_state, Counter())
        held[self._caller] += 1
        config = self.config
        if not isinstance(config, PatientConfig) or lies_in(host, config.proxies):
            return True
        return held[self._caller] <= config.connections_per_address

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        if not self.transport.is_closing():
            super().on_message_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._awaited = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_came(self) -> None:
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None

    def _give_up(self, *_: Any) -> None:
        self._head_came()
        self._leave_unanswered()
        if not self.transport.is_closing():
            self.transport.close()

    def _leave_unanswered(self) -> None:
        """Tell what answers a request of this connection that nobody reads it; uvicorn itself tells the last one only."""
        for each in self._unanswered:
            each.disconnected = True
            each.message_event.set()
