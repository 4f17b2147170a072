"""The page at `/`: what this server is and where its parts are, in Chinese or English; and the published schema beside it."""

from collections.abc import Callable
from functools import cached_property
from html import escape
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.messages import Language, tell
from transport.caching import REVALIDATED, tagged
from transport.explorer import CONTENT_POLICY, LOCALES
from transport.negotiation import language_of

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
        self._pages = {each: _spoken(page, each, version).encode() for each in Language}
        self._print = schema

    def routes(self) -> list[Route]:
        """What to serve."""
        schema = [] if self._print is None else [Route(SCHEMA_PATH, self._serve_schema)]
        return [Route("/", self._serve_page), *schema]

    async def _serve_page(self, request: Request) -> Response:
        language = language_of(request.headers.get("accept-language"))
        headers = {**REVALIDATED, "Vary": "Accept-Encoding, Accept-Language", "Content-Security-Policy": CONTENT_POLICY}
        headers["Content-Language"] = LOCALES[language]
        return tagged(request, self._pages[language], "text/html; charset=utf-8", headers)

    async def _serve_schema(self, request: Request) -> Response:
        return tagged(request, self._schema, "text/plain; charset=utf-8", REVALIDATED)

    @cached_property
    def _schema(self) -> bytes:
        return f"{self._print() if self._print else ''}\n".encode()


def _spoken(page: str, language: Language, version: str) -> str:
    words = {
        "title": tell("start.title"),
        "about": tell("start.about"),
        "explorer": tell("start.explorer"),
        "explorer_about": tell("start.explorer_about"),
        "schema": tell("start.schema"),
        "schema_about": tell("start.schema_about"),
        "documents": tell("start.documents"),
        "documents_about": tell("start.documents_about"),
        "health": tell("start.health"),
        "health_about": tell("start.health_about"),
        "ready": tell("start.ready"),
        "version": tell("start.version", version=version),
    }
    page = page.replace("{{language}}", LOCALES[language])
    for name, said in words.items():
        page = page.replace(f"{{{{{name}}}}}", escape(said.text(language), quote=False))
    return page
