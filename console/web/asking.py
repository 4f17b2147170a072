"""How a page asks the registry: the endpoints of this very process, with the token of the session, as a client would over HTTP.

So whatever holds for a client holds for a page: rights, scope, masks, limits, refusals, and that reading a person is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from domain.messages import Language

GRAPHQL: Final = "/graphql"
_KEPT: Final = ("asgi", "http_version", "scheme", "server", "client", "app", "registry_api.request_id")
"""What a request to the registry has of the page's own: who asks from where, under which id."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who a page asks for: the token of their session, why they read persons in clear, and in which language they are answered."""

    token: str | None
    reason: str | None
    language: Language

    def headers(self) -> dict[str, str]:
        """The headers that say so."""
        sent = {"accept-language": self.language.value}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        if self.reason is not None:
            sent["x-access-reason"] = f"UTF-8''{quote(self.reason, safe='')}"
        return sent


@dataclass(frozen=True, slots=True)
class ApiFault:
    """Why the registry did not answer: the stable code, the sentence in the asker's language, and the status it bears over HTTP."""

    code: str
    message: str
    status: int
    retry_after: str | None = None


@dataclass(slots=True)
class EndpointAnswer:
    """A whole response of an endpoint."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    async def send(self, message: Message) -> None:
        """Take in what an endpoint sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]
            }
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


@cache
def document(name: str) -> str:
    """The document by which a page asks. Raises ``FileNotFoundError`` for one that is not there."""
    return resources.files(__package__).joinpath("documents", f"{name}.graphql").read_text(encoding="utf-8")


def inner_scope(
    request: Request, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None
) -> Scope:
    """The scope of a request to an endpoint of this process, made on behalf of a request for a page."""
    kept = {name: request.scope[name] for name in _KEPT if name in request.scope}
    encoded = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in (query or {}).items())
    return kept | {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": encoded.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "state": {},
    }


async def ask(
    request: Request, asker: Asker, text: str, variables: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, ApiFault | None]:
    """Ask one document; its data, or why there is none. A field that failed leaves no data at all: a page shows no half of one."""
    body = orjson.dumps({"query": text, "variables": variables})
    headers = asker.headers() | {
        "accept": "application/graphql-response+json",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    answered = EndpointAnswer()
    await request.app.router(inner_scope(request, "POST", GRAPHQL, headers), receiving(body), answered.send)
    answer = orjson.loads(bytes(answered.body))
    if answer.get("errors"):
        return None, _fault(answer["errors"][0], answered)
    data: dict[str, Any] = answer["data"]
    return data, None


async def put_evidence(
    request: Request, asker: Asker, content: bytes, media_type: str, holder: Mapping[str, str]
) -> tuple[dict[str, Any] | None, ApiFault | None]:
    """Upload a file as evidence, its holder named by ``case`` or by ``id_type`` and ``id_number``; what it is known by, or why not."""
    headers = asker.headers() | {"content-type": media_type, "content-length": str(len(content))}
    query = {"case": holder["case"]} if "case" in holder else {}
    if not query:
        headers |= {"x-holder-id-type": holder["id_type"], "x-holder-id-number": holder["id_number"]}
    answered = EndpointAnswer()
    scope = inner_scope(request, "POST", "/evidence", headers, query)
    await request.app.router(scope, receiving(content), answered.send)
    answer = orjson.loads(bytes(answered.body))
    if "errors" in answer:
        return None, _fault(answer["errors"][0], answered)
    return answer, None


class EvidenceRelay:
    """A response that is the answer of ``/evidence``, to be shown in a frame of the console's own pages and nowhere else."""

    def __init__(self, request: Request, asker: Asker, case_id: str, sha256: str) -> None:
        self._request, self._asker = request, asker
        self._path, self._query = f"/evidence/{sha256}", {"case": case_id}

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file; an error stays the API's."""

        async def send_inline(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = [
                    (name, value.replace(b"attachment", b"inline") if name == b"content-disposition" else value)
                    for name, value in message["headers"]
                ]
                headers += [
                    (
                        b"content-security-policy",
                        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
                    ),
                    (b"x-frame-options", b"SAMEORIGIN"),
                    (b"cache-control", b"private, no-store"),
                ]
                message = {**message, "headers": headers}
            await send(message)

        inner = inner_scope(self._request, "GET", self._path, self._asker.headers(), self._query)
        await self._request.app.router(inner, receive, send_inline)


def receiving(body: bytes) -> Receive:
    """A body that has arrived whole, from a client that stays."""
    pieces: AsyncIterator[Message] = _pieces(body)

    async def receive() -> Message:
        return await anext(pieces)

    return receive


async def _pieces(body: bytes) -> AsyncIterator[Message]:
    yield {"type": "http.request", "body": body, "more_body": False}
    await asyncio.Event().wait()  # whoever watches for the client's leaving is cancelled with the answer


def _fault(error: Mapping[str, Any], answered: EndpointAnswer) -> ApiFault:
    code = str(error.get("extensions", {}).get("code", "INTERNAL"))
    return ApiFault(code, str(error["message"]), answered.status, answered.headers.get("retry-after"))


async def fetched(request: Request, asker: Asker, path: str) -> EndpointAnswer:
    """The whole answer of another endpoint of this process."""
    answered = EndpointAnswer()
    await request.app.router(inner_scope(request, "GET", path, asker.headers()), receiving(b""), answered.send)
    return answered


async def endpoint(request: Request, asker: Asker, path: str) -> dict[str, Any]:
    """What another endpoint of this process answers in JSON."""
    found: dict[str, Any] = orjson.loads(bytes((await fetched(request, asker, path)).body))
    return found
