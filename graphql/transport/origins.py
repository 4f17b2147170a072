"""Which pages of other origins may ask from a browser (CORS, in the Fetch standard): those that an installation names, exactly.

Tokens come in ``Authorization``, never in a cookie, so no answer ever allows credentials, and no wildcard is taken.
"""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.messages import tell
from transport.error_responses import error_response
from transport.errors import ApiError, ErrorCode

SENT: Final = (
    "Authorization",
    "Content-Digest",
    "Content-Type",
    "If-None-Match",
    "X-Access-Reason",
    "X-Holder-Id-Number",
    "X-Holder-Id-Type",
    "X-Request-Id",
)
"""Headers that a page may send, beside those that every page may."""
TOLD: Final = (
    "Allow",
    "Content-Disposition",
    "ETag",
    "Feed-Next",
    "Link",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
)
"""Headers of an answer that a page may read, beside those that every page may."""
_SECONDS: Final = 3600
"""How long a browser may remember what it was allowed."""


class NamedOrigins(CORSMiddleware):
    """ASGI middleware: answers what browsers ask before they ask, and lets named origins read the answers of some paths."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str], paths: Sequence[str]) -> None:
        """``paths`` are those it speaks for, with what lies below them."""
        super().__init__(
            app,
            allow_origins=list(origins),
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=SENT,
            expose_headers=TOLD,
            max_age=_SECONDS,
        )
        self._paths = tuple(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer a preflight."""
        path = scope.get("path", "")
        if any(path == each or path.startswith(f"{each}/") for each in self._paths):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """See Starlette; a refusal has the form of every other."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return Response(status_code=204, headers=_without_body(response))
        refusal = ApiError(ErrorCode.ORIGIN_REFUSED, tell("request.origin"))
        return error_response(request_headers, refusal, _without_body(response))


def _without_body(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
