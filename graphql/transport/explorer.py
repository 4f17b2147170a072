"""The page a browser gets at `/graphql`: an explorer that asks nobody but this server.

Its files are in `explorer_files/`, without a build step. The Content-Security-Policy admits only this origin's scripts,
styles and requests, so nothing injected into an answer can run and nothing can leave.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from importlib.resources import files
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.messages import Language, tell
from transport.caching import REVALIDATED, tagged
from transport.error_responses import error_response
from transport.errors import ApiError, ErrorCode
from transport.negotiation import language_of

_TYPES: Final = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
LOCALES: Final[Mapping[Language, str]] = {Language.ZH: "zh-CN", Language.EN: "en"}
"""What a page says of its own language (BCP 47)."""
_SMALL: Final = re.compile("[A-Z]")
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


WORDS: Final = (
    "skip", "title", "examples", "token", "tokenNote", "reason", "reasonNote", "theme", "document", "hint",
    "run", "variables", "answer", "copy", "copied", "schema", "back", "search", "running", "offline", "choose",
    "badVariables", "roots", "types", "fields", "arguments", "values", "possible", "none", "noSchema",
    "deprecated", "pretty", "history", "historyNote", "forget", "share", "shared", "headers", "badHeaders",
    "view", "asText", "asTree", "asTable", "noList", "stop", "listening", "ended", "line", "noField",
    "noArgument", "noType", "noValueNamed", "noValue", "noColon", "lacking", "needsFields", "noFieldsIn",
    "unexpected", "unclosed",
)  # fmt: skip
"""The words of the page, by the names under which its scripts ask for them; each is a message of the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A ready operation the explorer offers."""

    name: str
    """What it shows, in a few words."""
    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)


class Explorer:
    """The page and its files, read once at start. Called with a request it answers the page."""

    def __init__(self, examples: Sequence[Example] = ()) -> None:
        folder = files("transport").joinpath("explorer_files")
        page = folder.joinpath("index.html").read_text(encoding="utf-8")
        self._pages = {language: _spoken(page, language) for language in Language}
        self._files = {
            each.name: each.read_bytes() for each in folder.iterdir() if each.name.rpartition(".")[2] in _TYPES
        }
        self._examples = orjson.dumps([asdict(each) for each in examples])

    def __call__(self, request: Request) -> Response:
        """The page in the language that the browser asks for, with this endpoint's own address in the instructions without scripts.

        What the address asks (``?query=&variables=&operationName=``) is put into the editor by the page itself, and not run.
        """
        language = language_of(request.headers.get("accept-language"))
        page = self._pages[language].replace("{{endpoint}}", escape(str(request.url.replace(query=""))))
        headers = {"Content-Security-Policy": CONTENT_POLICY, "Vary": "Accept, Accept-Language"}
        return Response(page, headers=headers, media_type="text/html; charset=utf-8")

    def routes(self, path: str) -> list[Route]:
        """The routes of its files below the endpoint's path."""
        return [
            Route(f"{path}/explorer/examples.json", self._serve_examples),
            Route(f"{path}/explorer/{{name}}", self._serve_file),
        ]

    async def _serve_examples(self, request: Request) -> Response:
        return tagged(request, self._examples, "application/json; charset=utf-8", REVALIDATED)

    async def _serve_file(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = self._files.get(name)
        if content is None:
            return error_response(request.headers, ApiError(ErrorCode.NOT_FOUND, tell("request.no_explorer_file")))
        return tagged(request, content, f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8", REVALIDATED)


def words(language: Language) -> dict[str, str]:
    """The words of the page in a language, by the names under which its scripts ask for them."""
    return {name: tell(f"explorer.{_SMALL.sub(_lowered, name)}").text(language) for name in WORDS}


def _spoken(page: str, language: Language) -> str:
    own = {
        "language": LOCALES[language],
        "page": tell("explorer.page").text(language),
        "noScripts": tell("explorer.no_scripts").text(language),
        "askTerminal": tell("explorer.ask_terminal").text(language),
        "completions": tell("explorer.completions").text(language),
        "withToken": tell("explorer.with_token", header="-H 'Authorization: Bearer …'").text(language),
    }
    for name, text in (words(language) | own).items():
        page = page.replace(f"{{{{{name}}}}}", escape(text, quote=False))
    both = orjson.dumps({each.value: words(each) for each in Language}).decode()
    return page.replace("{{texts}}", both.replace("<", "\\u003c"))


def _lowered(letter: re.Match[str]) -> str:
    return f"_{letter[0].lower()}"
