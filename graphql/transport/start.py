"""The page at `/`: what this server is and where its parts are, in Chinese and English; and the published schema beside it."""

from collections.abc import Callable
from functools import cached_property
from html import escape
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from transport.caching import REVALIDATED, tagged
from transport.explorer import CONTENT_POLICY

SCHEMA_PATH: Final = "/schema.graphql"
_SCHEMA_ITEM: Final = ("<!-- schema -->", "<!-- end -->")


class StartPage:
    """The page, read once at start, and the schema, printed when it is first asked for.

    ``schema`` prints it; None on a server that does not tell its schema, whose page then does not name it.
    """

    def __init__(self, *, version: str, schema: Callable[[], str] | None) -> None:
        page = files("transport").joinpath("explorer_files", "start.html").read_text(encoding="utf-8")
        if schema is None:
            before, _, rest = page.partition(_SCHEMA_ITEM[0])
            page = before + rest.partition(_SCHEMA_ITEM[1])[2]
        self._page = page.replace("{{version}}", escape(version)).encode()
        self._print = schema

    def routes(self) -> list[Route]:
        """What to serve."""
        schema = [] if self._print is None else [Route(SCHEMA_PATH, self._serve_schema)]
        return [Route("/", self._serve_page), *schema]

    async def _serve_page(self, request: Request) -> Response:
        headers = {**REVALIDATED, "Content-Security-Policy": CONTENT_POLICY}
        return tagged(request, self._page, "text/html; charset=utf-8", headers)

    async def _serve_schema(self, request: Request) -> Response:
        return tagged(request, self._schema, "text/plain; charset=utf-8", REVALIDATED)

    @cached_property
    def _schema(self) -> bytes:
        return f"{self._print() if self._print else ''}\n".encode()
