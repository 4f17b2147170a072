"""In front of the application: plain requests whose operation is compiled and whose token is known, answered without the rest.

Everything that holds for a request holds here, by the same counters: rates of address and token, turns, limits of body, variables,
cost and answer, the recording of what is shown in clear, request ids and security headers. Whatever is not as plain as it must be
(another method, a header that asks for more, a token that is new, an error of whatever kind) is handed on as it came, with what it
was counted given back, so that there is one place that refuses, and one that explains.
"""

from __future__ import annotations

import time
from asyncio import Task, get_running_loop
from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as datetime_time
from functools import lru_cache
from threading import Event
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from application import access
from application.ports import Identity
from compiled.executor import CompilingExecutor
from domain.messages import Language
from domain.values import SHANGHAI, shanghai_day
from registry_api.app import Counters
from registry_api.context import Context
from registry_api.disclosing import record_accesses
from registry_api.verification import VERIFICATIONS
from transport.app import GRAPHQL_PATH
from transport.documents import PreparedOperation
from transport.endpoint import check_answer
from transport.errors import ApiError
from transport.masking import log_defect
from transport.middleware import SECURITY_HEADERS, is_request_id, new_request_id
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
_MOST_SCOPES: Final = 1_000
"""Identities whose scope is kept."""
_NEVER: Final = Event()
"""That the client has gone, which is not looked for while something takes some milliseconds."""
_LONGEST_KEPT: Final = 300
"""Characters of headers that are kept with what follows from them; browsers send about half as many."""
_FIXED: Final = {**SECURITY_HEADERS, "Cache-Control": "private, no-store"}
WHOLE: Final = "recognition.whole"
"""An extension of the server's scope, a ``Whole``; without it, nothing is answered here."""
_PLAIN: Final = "answered in front of the application"
_NONE: Final[dict[str, Any]] = {}


class _HandOn(Exception):
    """The request is for the application behind."""


@lru_cache(maxsize=256)
def _spoken(accept: str | None, languages: str | None) -> tuple[bytes, Language]:
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


@dataclass(frozen=True, slots=True)
class PlainHead:
    """What the head of a plain request says: the bytes of its body, the digest of its token, the headers and the language of its answer,
    and its id where it names one.
    """

    length: int
    token: bytes
    spoken: bytes
    language: Language
    request_id: str | None


class Whole(Protocol):
    """A request that the server holds, and an answer, each in one piece."""

    def body(self, length: int) -> bytes | None:
        """The body, where all of it is there and it has this length; it can still be received then."""

    def answered(self, head: bytes, body: bytes) -> bool:
        """Answer at once with 200, these headers, as they are sent, and this body; False where it takes more than that."""

    def remember(self, head: PlainHead) -> None:
        """The request was answered so, and one with the very same head may come as ``Express.take`` takes it."""


class Reply(Protocol):
    """Where the answer to a request goes that was taken; one of both is told, once."""

    def begun(self, task: Task[None]) -> None:
        """What works at it, to be held until it is told of the end."""

    def answered(self, head: bytes, body: bytes) -> None:
        """Answer with 200, these headers, as they are sent, and this body."""

    def handed_on(self) -> None:
        """The request is for the application, as it came."""


@dataclass(slots=True)
class _Admitted:
    """A request that was counted and is worked at."""

    operation: PreparedOperation
    request: GraphQLRequest
    context: Context
    head: PlainHead


class Express:
    """ASGI: answers what it can, and hands everything else on. A server that remembers heads may ask ``take`` beside it."""

    def __init__(
        self, app: ASGIApp, counters: Counters, executor: CompilingExecutor, observe: Observer = ignore
    ) -> None:
        self._app, self._executor, self._counters, self._observe = app, executor, counters, observe
        self._from = self._until = datetime.min.replace(tzinfo=UTC)
        self._today = date.min
        self._scopes: dict[int, tuple[Identity, access.Scope]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand on whatever it is."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != GRAPHQL_PATH:
            await self._app(scope, receive, send)
            return
        whole: Whole | None = scope.get("extensions", _NONE).get(WHOLE)
        if whole is None:
            await self._app(scope, receive, send)
            return
        begun, admitted = time.perf_counter(), None
        try:
            head, host = self._head(scope["headers"]), _host_of(scope)
            admitted = self._admitted(head, _caller(host), whole.body(head.length) if self.serves(host) else None)
            answer = await self._answer(admitted)
        except _HandOn:
            whole = None
        except Exception as error:  # noqa: BLE001 - a defect of the short way is none of the asker's: the long one answers
            log_defect(error, "the short way", admitted.context.request_id if admitted else "")
            whole = None
        if whole is None or admitted is None:  # out here, so that no trace of what follows carries this
            await self._app(scope, receive, send)
            return
        headers = _headers(admitted, answer)
        if whole.answered(headers, answer):
            whole.remember(head)
        else:
            lines = [line.partition(b": ")[::2] for line in headers.split(b"\r\n") if line]
            await send({"type": "http.response.start", "status": 200, "headers": lines})
            await send({"type": "http.response.body", "body": answer})
        self._tell(admitted, begun)

    def serves(self, host: str) -> bool:
        """Whether requests of a connection from this host are answered here: a proxy's are from whom it says, which is read elsewhere."""
        return not (self._counters.proxies and lies_in(host, self._counters.proxies))

    def take(self, head: PlainHead, caller: str, body: bytes, reply: Reply) -> bool:
        """Work at a plain request of a caller, whose head was read before; False where it is for the application, uncounted.

        Called on the loop that serves, for connections that it ``serves``.
        """
        begun, apart = (
            time.perf_counter(),
            copy_context(),
        )  # what is set for this request is for no other of the connection
        try:
            admitted = apart.run(self._admitted, head, caller, body)
        except _HandOn:
            return False
        except Exception as error:  # noqa: BLE001 - as above
            log_defect(error, "the short way", "")
            return False
        reply.begun(get_running_loop().create_task(self._replied(admitted, begun, reply), context=apart))
        return True

    async def _replied(self, admitted: _Admitted, begun: float, reply: Reply) -> None:
        try:
            answer = await self._answer(admitted)
        except _HandOn:
            answer = None
        except Exception as error:  # noqa: BLE001 - as above
            log_defect(error, "the short way", admitted.context.request_id)
            answer = None
        if answer is None:
            reply.handed_on()
            return
        reply.answered(_headers(admitted, answer), answer)
        self._tell(admitted, begun)

    def _head(self, sent: Sequence[tuple[bytes, bytes]]) -> PlainHead:
        """What a head says. Raises ``_HandOn`` for one that asks for more."""
        headers = dict(sent)
        if len(headers) != len(sent) or not _HEADERS_ASKING_MORE.isdisjoint(headers):
            raise _HandOn
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        length = headers.get(b"content-length", b"")
        if scheme.lower() != b"bearer" or not length.isdigit() or int(length) > SHORT:
            raise _HandOn
        if not _is_json(_text(headers, b"content-type") or ""):
            raise _HandOn
        spoken, language = _spoken(_text(headers, b"accept"), _text(headers, b"accept-language"))
        named = _text(headers, b"x-request-id") or ""
        digest = self._counters.authenticator.digest(token.strip().decode("latin-1"))
        return PlainHead(int(length), digest, spoken, language, named if is_request_id(named) else None)

    def _admitted(self, head: PlainHead, caller: str, body: bytes | None) -> _Admitted:
        """Count a request, and begin to work at it. Raises ``_HandOn`` for one that is not plain, and counts nothing then."""
        counters = self._counters
        identity = counters.authenticator.known(head.token)
        if identity is None or body is None:
            raise _HandOn
        operation, request = self._operation(body)
        subject = identity.actor.subject
        if counters.by_address.wait(caller) > 0:
            raise _HandOn
        if counters.by_token.wait(subject) > 0 or not counters.in_work.enter(caller):
            counters.by_address.give_back(caller)
            raise _HandOn
        context = Context(
            counters.services,
            identity.actor,
            identity.client,
            head.request_id or new_request_id(),
            caller,
            None,
            head.language,
            _NEVER,
            None,
            self._scope(identity),
        )
        return _Admitted(operation, request, context, head)

    def _scope(self, identity: Identity) -> access.Scope:
        """What somebody sees today, found out once a day."""
        services = self._counters.services
        now = services.clock()
        if not self._from <= now < self._until:
            self._today = shanghai_day(now)
            self._from = datetime.combine(self._today, datetime_time.min, SHANGHAI)
            self._until = self._from + timedelta(days=1)
            self._scopes.clear()
        kept = self._scopes.get(id(identity))
        if kept is None:
            if len(self._scopes) >= _MOST_SCOPES:
                self._scopes.clear()
            found = access.scope_of(identity.actor, services.authorities, self._today)
            kept = self._scopes[id(identity)] = (identity, found)  # held, so that no other has its number
        return kept[1]

    async def _answer(self, admitted: _Admitted) -> bytes:
        """The body of an answer; ends the work at the request. Raises ``_HandOn``, with what was counted given back."""
        counters, context = self._counters, admitted.context
        try:
            return await self._attempted(admitted.operation, admitted.request, context)
        except Exception:
            counters.by_address.give_back(context.address)
            if context.actor is not None:
                counters.by_token.give_back(context.actor.subject)
            raise
        finally:
            counters.in_work.leave(context.address)

    def _tell(self, admitted: _Admitted, begun: float) -> None:
        context = admitted.context
        subject = context.actor.subject if context.actor else None
        self._observe(
            Handled(
                "POST",
                GRAPHQL_PATH,
                label_of(admitted.operation),
                subject,
                compiled=True,
                status=200,
                seconds=time.perf_counter() - begun,
                request_id=context.request_id,
            )
        )

    def _operation(self, body: bytes) -> tuple[PreparedOperation, GraphQLRequest]:
        """The operation that a request runs. Raises ``_HandOn`` for one that is not prepared, not covered, or too large."""
        counters = self._counters
        try:
            request = in_body(body, counters.limits, counters.documents.is_known)
            document = None if request.extensions else counters.documents.known(request.query)
            if document is None:
                raise _HandOn
            operation = document.operation(request.operation_name)
            if not self._plain(operation):
                raise _HandOn
            operation.measure.check_cost(request.variables, counters.limits)
        except ApiError:
            raise _HandOn from None
        return operation, request

    def _plain(self, operation: PreparedOperation) -> bool:
        """Whether an operation is answered here; found out once."""
        found: bool | None = operation.derived.get(_PLAIN)
        if found is None:
            covered = VERIFICATIONS.isdisjoint(operation.root_fields) and self._executor.covers(operation)
            if covered is None:
                return False
            found = operation.derived[_PLAIN] = covered
        return found

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


def _headers(admitted: _Admitted, answer: bytes) -> bytes:
    request_id = admitted.context.request_id.encode()
    return b"%bcontent-length: %d\r\nx-request-id: %b\r\n" % (admitted.head.spoken, len(answer), request_id)


def _host_of(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else "unknown"


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
