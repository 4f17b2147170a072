"""In front of the application: plain requests whose operation is compiled and whose token is known, answered without the rest.

Everything that holds for a request holds here, by the same counters: rates of address and token, turns, limits of body, variables,
cost and answer, the recording of what is shown in clear, request ids and security headers. Whatever is not as plain as it must be
(another method, a header that asks for more, a token that is new, an error of whatever kind) is handed on as it came, with what it
was counted given back, so that there is one place that refuses, and one that explains.
"""

from __future__ import annotations

import time
from functools import lru_cache
from threading import Event
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from application.ports import Identity
from compiled.executor import CompilingExecutor
from graphql import OperationType
from registry_api.app import Counters
from registry_api.context import Context
from registry_api.disclosing import record_accesses
from registry_api.verification import VERIFICATIONS
from transport.app import GRAPHQL_PATH
from transport.documents import PreparedOperation
from transport.endpoint import check_answer
from transport.errors import ApiError
from transport.masking import log_defect
from transport.middleware import SECURITY_HEADERS, request_id_from
from transport.negotiation import JSON, content_type, language_of, prefers_html, response_type
from transport.observing import Handled, Observer, ignore, label_of
from transport.parameters import SHORT, GraphQLRequest, in_body
from transport.rates import caller_at, lies_in

_HEADERS_ASKING_MORE: Final = frozenset(
    {
        b"origin",
        b"x-access-reason",
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"x-forwarded-for",
        b"content-encoding",
    }
)
_NEVER: Final = Event()
"""That the client has gone, which is not looked for while something takes some milliseconds."""
_LONGEST_KEPT: Final = 300
"""Characters of headers that are kept with what follows from them; browsers send about half as many."""
_FIXED: Final = {**SECURITY_HEADERS, "Cache-Control": "private, no-store"}
WHOLE: Final = "recognition.whole"
"""An extension of the server's scope, a ``Whole``; without it, nothing is answered here."""
_NONE: Final[dict[str, Any]] = {}


class _HandOn(Exception):
    """The request is for the application behind."""


@lru_cache(maxsize=256)
def _spoken(accept: str | None, languages: str | None) -> tuple[bytes, Any]:
    """The headers that follow from what is accepted, and the language. Raises ``_HandOn`` for a browser, and for what cannot be answered."""
    if len(accept or "") + len(languages or "") > _LONGEST_KEPT:
        raise _HandOn
    media = response_type(accept)
    if media is None or prefers_html(accept):
        raise _HandOn
    language = language_of(languages)
    own = {"Content-Type": f"{media}; charset=utf-8", "Content-Language": language.value, **_FIXED}
    return "".join(f"{name.lower()}: {value}\r\n" for name, value in own.items()).encode("ascii"), language


@lru_cache(maxsize=64)
def _is_json(header: str) -> bool:
    kind, charset = content_type(header)
    return kind == JSON and charset in {"utf-8", "utf8"}


@lru_cache(maxsize=4096)
def _caller(host: str) -> str:
    return caller_at(host)


class Whole(Protocol):
    """A request that the server holds, and an answer, each in one piece."""

    def body(self, length: int) -> bytes | None:
        """The body, where all of it is there and it has this length; it can still be received then."""

    def answered(self, head: bytes, body: bytes) -> bool:
        """Answer at once with 200, these headers, as they are sent, and this body; False where it takes more than that."""


class Express:
    """ASGI: answers what it can, and hands everything else on."""

    def __init__(
        self, app: ASGIApp, counters: Counters, executor: CompilingExecutor, observe: Observer = ignore
    ) -> None:
        self._app, self._executor, self._counters, self._observe = app, executor, counters, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand on whatever it is."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != GRAPHQL_PATH:
            await self._app(scope, receive, send)
            return
        whole: Whole | None = scope.get("extensions", _NONE).get(WHOLE)
        if whole is None:
            await self._app(scope, receive, send)
            return
        begun, handled = time.perf_counter(), Handled("POST", GRAPHQL_PATH, compiled=True, status=200)
        try:
            answer, head = await self._answer(scope, whole, handled)
        except _HandOn:
            whole = None
        except Exception as error:  # noqa: BLE001 - a defect of the short way is none of the asker's: the long one answers
            log_defect(error, "the short way", handled.request_id)
            whole = None
        if whole is None:  # out here, so that no trace of what follows carries this
            await self._app(scope, receive, send)
            return
        if not whole.answered(head, answer):
            headers = [line.partition(b": ")[::2] for line in head.split(b"\r\n") if line]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": answer})
        handled.seconds = time.perf_counter() - begun
        self._observe(handled)

    async def _answer(self, scope: Scope, whole: Whole, handled: Handled) -> tuple[bytes, bytes]:
        """The body of an answer, and its headers as they are sent. Raises ``_HandOn``."""
        counters = self._counters
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if len(headers) != len(scope["headers"]) or not _HEADERS_ASKING_MORE.isdisjoint(headers):
            raise _HandOn
        host = scope["client"][0] if scope.get("client") else "unknown"
        if counters.proxies and lies_in(host, counters.proxies):
            raise _HandOn
        identity = self._known(headers)
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or int(length) > SHORT or not _is_json(_text(headers, b"content-type") or ""):
            raise _HandOn
        spoken, language = _spoken(_text(headers, b"accept"), _text(headers, b"accept-language"))
        caller, subject = _caller(host), identity.actor.subject
        operation, request = self._operation(whole.body(int(length)))
        if counters.by_address.wait(caller) > 0:
            raise _HandOn
        if counters.by_token.wait(subject) > 0 or not counters.in_work.enter(caller):
            counters.by_address.give_back(caller)
            raise _HandOn
        request_id = request_id_from(_text(headers, b"x-request-id") or "")
        handled.request_id, handled.subject, handled.operation = request_id, subject, label_of(operation)
        context = Context(
            counters.services, identity.actor, identity.client, request_id, caller, None, language, _NEVER
        )
        try:
            answer = await self._attempted(operation, request, context)
        except Exception:
            counters.by_address.give_back(caller)
            counters.by_token.give_back(subject)
            raise
        finally:
            counters.in_work.leave(caller)
        return answer, spoken + b"content-length: %d\r\nx-request-id: %b\r\n" % (len(answer), request_id.encode())

    def _known(self, headers: dict[bytes, bytes]) -> Identity:
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        identity = self._counters.known(token.strip().decode("latin-1")) if scheme.lower() == b"bearer" else None
        if identity is None:
            raise _HandOn
        return identity

    def _operation(self, body: bytes | None) -> tuple[PreparedOperation, GraphQLRequest]:
        """The operation that a request runs. Raises ``_HandOn`` for one that is not prepared, not covered, or too large."""
        counters = self._counters
        if body is None:
            raise _HandOn
        try:
            request = in_body(body, counters.limits)
            document = None if request.extensions else counters.documents.known(request.query)
            if document is None:
                raise _HandOn
            operation = document.operation(request.operation_name)
            if operation.kind is not OperationType.QUERY or not self._executor.covers(operation):
                raise _HandOn
            if not VERIFICATIONS.isdisjoint(operation.root_fields):
                raise _HandOn
            operation.measure.check_cost(request.variables, counters.limits)
        except ApiError:
            raise _HandOn from None
        return operation, request

    async def _attempted(self, operation: PreparedOperation, request: GraphQLRequest, context: Context) -> bytes:
        answer = await self._executor.attempt(operation, request, context, waits=False)
        if not isinstance(answer, bytes):
            raise _HandOn
        try:
            check_answer(answer, self._counters.limits)
            if context.viewer.shown:
                await record_accesses(context, operation.root_fields)
        except ApiError:
            raise _HandOn from None
        return answer


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
