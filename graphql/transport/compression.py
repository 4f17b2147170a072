"""Compression of what is public, and of nothing else.

Where a secret stands beside a text that somebody else chose, the length of the compressed answer tells, guess by guess, what the
secret is (the attack is known as BREACH). An answer to a token may hold a person's data beside what another wrote into a
case, and whoever sees the line sees its length. So only requests without a token are answered compressed: what they get,
anybody may ask for; and, of answers to a token, the feed of titles for those to whom persons are masked: nothing in it is secret or
typed. Lists for officers stay as they are.
"""

import gzip
from typing import Final

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transport.negotiation import accepts_coding

_LEAST: Final = 1024
"""Bytes from which it is worth it."""
_LEVEL: Final = 6
"""Level 9 takes twice the time for a hundredth of the size."""


class PublicCompression:
    """ASGI middleware: gzip for requests without ``Authorization`` that take it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressing = GZipMiddleware(app, minimum_size=_LEAST, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its answer to be compressed or not."""
        if scope["type"] != "http" or "authorization" in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        if not accepts_coding(Headers(scope=scope).get("accept-encoding"), "gzip"):
            # Starlette looks for the word alone, also in `gzip;q=0`.
            scope = {**scope, "headers": list(scope["headers"])}
            del MutableHeaders(scope=scope)["accept-encoding"]

        async def send_vary_once(message: Message) -> None:
            """What depends on the coding says so itself, for its 304 too; Starlette says it again."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                names = dict.fromkeys(name.strip() for line in headers.getlist("vary") for name in line.split(","))
                if names:
                    headers["vary"] = ", ".join(names)
            await send(message)

        await self._compressing(scope, receive, send_vary_once)


async def compressed(request: Request, response: Response) -> Response:
    """An answer to a token that holds nothing about a person, compressed where the client takes that; beside the event loop."""
    body = bytes(response.body)
    if len(body) < _LEAST or not accepts_coding(request.headers.get("accept-encoding"), "gzip"):
        return response
    response.body = await to_thread.run_sync(lambda: gzip.compress(body, _LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.body))
    return response
