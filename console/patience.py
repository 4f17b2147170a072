"""How long the server waits for the head of a request, how large it may be, and what it says to one that is no HTTP.

No caller holds connections for nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from registry_api.errors import ErrorCode

HEAD_SECONDS: Final = 10.0
"""From the connection, or the first byte of a further request, to the end of the head (RFC 9110, section 15.5.9)."""
HEAD_BYTES: Final = 64 * 1024
"""Bytes of a head, the request line included."""

_NO_HTTP: Final = orjson.dumps(
    {
        "errors": [
            {
                "message": "This is no well-formed HTTP request: look for control characters in its headers.",
                "extensions": {"code": ErrorCode.BAD_REQUEST},
            }
        ]
    }
)


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a time and a size for heads; a connection that exceeds either is closed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See ``asyncio.Protocol``; from here on a head is awaited."""
        self._awaited: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._head_came()
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
        if self._awaited is None:
            self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See httptools; the head is there."""
        self._head_came()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._awaited = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_came(self) -> None:
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None

    def _give_up(self, *_: Any) -> None:
        self._head_came()
        if not self.transport.is_closing():
            self.transport.close()
