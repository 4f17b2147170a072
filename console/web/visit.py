"""One request for a page: who asks, in which language, what they sent, and how they are answered."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson
from anyio import CapacityLimiter
from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from application.access import Action, can
from console.web.asking import GRAPHQL, ApiFault, Asker, ask, document
from console.web.prepared import PreparedAmendments
from console.web.session import SESSION_COOKIE, VISITOR_COOKIE, Session, Sessions, SessionTooLargeError
from console.web.speaking import Speaker, language_of_page
from console.web.tabular import as_csv
from domain.messages import Language
from domain.values import Actor
from infrastructure.composition import Registry
from infrastructure.drafts import Drafts

FORM_BYTES: Final = 1024 * 1024
"""Bytes of the largest form without files."""
_FIELDS: Final = 200
_FILES: Final = 10
_SAFE: Final = frozenset({"GET", "HEAD"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Vary": "Cookie, Accept-Language",
}
"""``same-origin`` for the referrer, since a browser that tells none sends forms with the origin ``null``."""


class NoPage(Exception):
    """What is asked for is not shown: a status, and the key of a sentence or the sentence of the registry."""

    def __init__(self, status: int, key: str, message: str | None = None, retry_after: str | None = None) -> None:
        super().__init__(key)
        self.status, self.key, self.message, self.retry_after = status, key, message, retry_after


class SignInFirst(Exception):
    """The page is for people who are signed in, and nobody is, or the session has ended."""


@dataclass(frozen=True, slots=True)
class Console:
    """What every page works with."""

    registry: Registry
    sessions: Sessions
    render: Callable[[str, Mapping[str, Any]], str]
    secure: bool
    """Whether cookies travel over TLS alone."""
    drafts: Drafts
    amendments: PreparedAmendments
    counting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """What reads every decision is done once at a time for pages."""


@dataclass
class Visit:
    """A request for a page."""

    console: Console
    request: Request
    data: dict[str, Any] = field(default_factory=dict)
    """What the registry answered, field by field: what JSON and CSV beside the page hold."""
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """The documents of the page with their variables."""
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    _read: FormData | None = None

    @cached_property
    def session(self) -> Session | None:
        """Whose session it is; None for a visitor."""
        return self.console.sessions.opened(self.request.cookies.get(SESSION_COOKIE))

    @property
    def actor(self) -> Actor | None:
        """Who is signed in."""
        return self.session.actor if self.session else None

    @cached_property
    def language(self) -> Language:
        """In which language the page speaks."""
        return language_of_page(self.request)

    @cached_property
    def speaker(self) -> Speaker:
        """Says what stands on the page."""
        return Speaker(self.language)

    @cached_property
    def visitor(self) -> str:
        """By which a browser is known that nobody has signed in with."""
        known = self.request.cookies.get(VISITOR_COOKIE, "")
        return known if len(known) == 32 and known.isalnum() else secrets.token_hex(16)

    @property
    def bearer(self) -> str:
        """To whom forms are bound."""
        return self.session.id if self.session else self.visitor

    @property
    def asker(self) -> Asker:
        """How the registry is asked."""
        session = self.session
        return Asker(session.token if session else None, session.reason if session else None, self.language)

    @property
    def now(self) -> datetime:
        """The present instant, which stands on what is printed."""
        return self.console.registry.clock()

    def may(self, action: Action | None) -> bool:
        """Whether whoever asks may do something at all, by the policy of the API."""
        return action is None or can(self.actor, action)

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the address, trimmed."""
        return self.request.query_params.get(name, default).strip()

    def number(self, name: str) -> int | None:
        """A parameter of the address that is a number; None where it is none."""
        text = self.query(name)
        return int(text) if text.isdecimal() and len(text) < 10 else None

    def window(self, rows: int) -> dict[str, Any]:
        """The page of a list that the address names, ``rows`` long: after or before a cursor."""
        if self.query("before"):
            return {"last": rows, "before": self.query("before")}
        return {"first": rows, "after": self.query("after")}

    def sent(self, name: str) -> str:
        """A field of the form, trimmed."""
        return self.form.get(name, "").strip()

    async def ask(self, name: str, **variables: Any) -> dict[str, Any]:
        """The answer to one of our documents. Raises ``NoPage`` or ``SignInFirst`` where there is none."""
        given = {key: value for key, value in variables.items() if value not in (None, "")}
        data = await self.told(document(name), given)
        self.data |= data
        return data

    async def told(self, text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a document. Raises ``NoPage`` or ``SignInFirst`` where there is none."""
        data, fault = await self.tried(text, variables)
        if data is None:
            raise NoPage(500, "error.not_answered") if fault is None else self.refusal(fault)
        return data

    async def tried(self, text: str, variables: Mapping[str, Any]) -> tuple[dict[str, Any] | None, ApiFault | None]:
        """The answer to a document, or why there is none."""
        self.asked.append((text, variables))
        return await ask(self.request, self.asker, text, variables)

    def refusal(self, fault: ApiFault) -> Exception:
        """What a page answers where the registry did not."""
        match fault.code:
            case "UNAUTHENTICATED":
                return SignInFirst()
            case "NOT_PERMITTED":
                return NoPage(403, "error.forbidden", fault.message)
            case "INVALID_ID" | "UNKNOWN_CASE" | "UNKNOWN_CATALOG":
                return NoPage(404, "error.missing")
            case "RATE_LIMITED":
                return NoPage(429, "error.too_often", fault.message, fault.retry_after)
        status = fault.status if fault.status >= 400 else 422
        return NoPage(status, "error.not_answered", fault.message)

    def found(self, value: Any) -> Any:
        """What is there. Raises ``NoPage`` (404) for what is not, or not to be seen: the two look alike."""
        if value is None:
            raise NoPage(404, "error.missing")
        return value

    async def guarded_form(self, *, largest: int = FORM_BYTES) -> None:
        """Read the form of a POST. Raises ``NoPage`` where it did not come from a page of ours, or is too large.

        Two things must hold: the browser says that the request comes from this origin, and the form carries the token of its
        bearer.
        """
        if not self._from_here():
            raise NoPage(403, "error.forged")
        await self._read_form(largest)
        if not self.console.sessions.is_form_token(self.form.get("token", ""), self.bearer):
            raise NoPage(403, "error.stale_form")

    def _from_here(self) -> bool:
        headers = self.request.headers
        fetched, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if fetched is not None and fetched != "same-origin":
            return False
        if origin is not None:
            return urlsplit(origin).netloc == headers.get("host", "")
        return fetched is not None

    async def close(self) -> None:
        """Let go of the files that were sent, once the answer is made."""
        if self._read is not None:
            await self._read.close()

    async def _read_form(self, largest: int) -> None:
        size, kind = 0, self.request.headers.get("content-type", "").partition(";")[0].strip()

        async def bounded() -> Any:
            nonlocal size
            async for piece in self.request.stream():
                size += len(piece)
                if size > largest:
                    raise NoPage(413, "error.too_large")
                yield piece

        try:
            if kind == "multipart/form-data":
                parser: Any = MultiPartParser(
                    self.request.headers, bounded(), max_files=_FILES, max_fields=_FIELDS, max_part_size=FORM_BYTES
                )
                parser.spool_max_size = largest  # what is about a person touches no disk in clear
            else:
                parser = FormParser(self.request.headers, bounded())
            self._read = await parser.parse()
        except MultiPartException:
            raise NoPage(400, "error.unreadable_form") from None
        items = self._read.multi_items()
        self.form = {name: value for name, value in items if isinstance(value, str)}
        self.files = {name: value for name, value in items if isinstance(value, UploadFile) and value.filename}

    def page(self, template: str, *, status: int = 200, rows: str | None = None, **context: Any) -> Response:
        """The page; or, where the address asks for it (``?format=``), its data as JSON or as CSV.

        ``rows`` says where in the data its rows stand; without it, all of it is one record.
        """
        wanted = self.query("format")
        if wanted == "json" and self.data and status == 200:
            return self._sent(Response(orjson.dumps(self.data), media_type="application/json; charset=utf-8"))
        if wanted == "csv" and self.data and status == 200:
            headers = {"Content-Disposition": f'attachment; filename="{template.replace("/", "-")}.csv"'}
            return self._sent(Response(as_csv(self.data, rows), 200, headers, "text/csv; charset=utf-8"))
        whole = {
            "visit": self,
            "refused": status == 422,
            "say": self.speaker.say,
            "word": self.speaker.word,
            "token": self._token_field,
            "here": lambda: self.address(format=None) if self.request.method in _SAFE else self.request.url.path,
        } | context
        html = self.console.render(f"{template}.html", whole)
        return self._sent(Response(html, status, media_type="text/html; charset=utf-8"))

    def sent_file(self, response: Response) -> Response:
        """A file in place of a page."""
        return self._sent(response)

    def _token_field(self) -> Markup:
        """What shows that a form was made by a page of ours."""
        token = self.console.sessions.form_token(self.bearer)
        return Markup('<input type="hidden" name="token" value="{}">').format(token)

    def go(self, path: str, **parameters: Any) -> Response:
        """Go on to another page of the console."""
        query = urlencode({name: value for name, value in parameters.items() if value not in (None, "")})
        return self._sent(RedirectResponse(f"{path}{'?' if query else ''}{query}", 303))

    def address(self, **changes: Any) -> str:
        """The address of this page with some parameters changed; None takes one away."""
        kept = dict(self.request.query_params) | changes
        query = urlencode({name: value for name, value in kept.items() if value not in (None, "")})
        return f"{self.request.url.path}{'?' if query else ''}{query}"

    @property
    def as_query(self) -> str | None:
        """The address at which the explorer shows what the page asked; nothing is told of it where somebody typed a person's name."""
        if not self.asked or self.request.method not in _SAFE:
            return None
        text, variables = self.asked[0]
        return f"{GRAPHQL}?{urlencode({'query': text, 'variables': orjson.dumps(variables).decode()})}"

    def _sent(self, response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Language"] = "zh-CN" if self.language is Language.ZH else "en"
        if self.session is not None:
            self.keep(response, SESSION_COOKIE, self.console.sessions.cookie(self.session))
        elif VISITOR_COOKIE not in self.request.cookies:
            self.keep(response, VISITOR_COOKIE, self.visitor)
        return response

    def keep(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Give the browser a cookie that no script reads and that no other site's form sends."""
        response.set_cookie(
            name, value, max_age=seconds, path="/", secure=self.console.secure, httponly=True, samesite="lax"
        )


Show = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page: where it stands, what shows it, and which action of the policy it is; None: everybody may, or it shows nobody's."""

    path: str
    show: Show
    action: Action | None
    posts: bool = False
    """Whether it takes a form."""
    largest: int = FORM_BYTES


__all__ = ["Console", "NoPage", "SessionTooLargeError", "Show", "SignInFirst", "Visit", "WebPage"]
