"""What every response has, whoever made it: a request id, security headers, and no raw exception."""

import re
from collections.abc import Mapping
from secrets import token_hex
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transport.error_responses import error_response
from transport.masking import Explain, internal_error, log_defect, unexplained
from transport.observing import under_way

_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_STATE_KEY: Final = "registry_api.request_id"
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

StatusHeaders = Mapping[int, Mapping[str, str]]
"""Which headers a status asks for."""
_NO_HEADERS: Final[StatusHeaders] = {}


def is_request_id(sent: str) -> bool:
    """Whether what a request came with may be its id."""
    return _WELL_FORMED.fullmatch(sent) is not None


class _Ids:
    """Random ids of requests, many of one call for random bytes. Not shared by threads, but taking from a list is one step for them too."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def __call__(self) -> str:
        """A new id."""
        try:
            return self._left.pop()
        except IndexError:
            digits = token_hex(16 * _IDS_AT_ONCE)
            self._left += [digits[at : at + 32] for at in range(32, len(digits), 32)]
            return digits[:32]


_IDS_AT_ONCE: Final = 64
new_request_id: Final = _Ids()
"""An id for a request that came with none."""


def request_id_from(sent: str) -> str:
    """The id of a request that came with this one, or with none."""
    return sent if is_request_id(sent) else new_request_id()


def request_id_of(scope: Scope) -> str:
    """The id of the request a scope belongs to; a new one where `Envelope` didn't see it."""
    known: str = scope.setdefault(_STATE_KEY, uuid4().hex)
    return known


class Envelope:
    """The outermost ASGI middleware.

    A request keeps the `X-Request-Id` it came with if that is 8 to 64 of `A-Z a-z 0-9 . _ -`, and gets a new one
    otherwise: the id goes to logs, so nobody else chooses its form. Headers that a response sets itself are kept; one
    that says nothing of caches is kept by none. An exception that nobody caught, other than that the client has gone, is answered as `explain` explains it; otherwise it is logged once, masked, and answered with 500.
    A response that has begun is left as it is.
    """

    def __init__(self, app: ASGIApp, explain: Explain = unexplained, headers: StatusHeaders = _NO_HEADERS) -> None:
        self._app, self._explain, self._headers = app, explain, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP on in its envelope; anything else as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        came = Headers(scope=scope)
        sent = came.get("x-request-id", "")
        kept = "private, no-store" if "authorization" in came else "no-store"
        request_id = request_id_from(sent)
        scope[_STATE_KEY] = request_id
        handled = under_way()
        if handled is not None:
            handled.request_id = request_id
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", kept)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            return  # nobody waits for an answer, and leaving is no fault
        except Exception as error:  # noqa: BLE001 - the last handler: behind it the server would print the message
            explained = self._explain(error)
            if explained is None:
                log_defect(error, "the handling of a request", request_id)
            if not begun:
                refusal = explained or internal_error(request_id)
                response = error_response(came, refusal, self._headers.get(refusal.status))
                await response(scope, receive, send_with_headers)
