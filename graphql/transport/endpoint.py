"""The GraphQL endpoint: one HTTP request in, one well-formed GraphQL response out (GraphQL over HTTP, §5–§6)."""

from asyncio import create_task
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any, Final

import orjson
from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.messages import tell
from graphql import ExecutionResult, OperationType
from transport.caching import PUBLIC, tagged
from transport.documents import DocumentCache, InvalidDocumentError, PreparedOperation
from transport.error_responses import spoken_in
from transport.errors import ApiError, ErrorCode, HttpRefusalError, LimitExceededError
from transport.execution import Executor
from transport.limits import Limits
from transport.masking import Explain, MaskErrors, unexplained
from transport.middleware import request_id_of
from transport.negotiation import GRAPHQL_RESPONSE, JSON, language_of, prefers_html, response_type
from transport.observing import label_of, under_way
from transport.parameters import GraphQLRequest, arrival
from transport.persisted import Caller, PersistedDocuments, by_address
from transport.rates import address_of
from transport.sse import EventStream, one_event, wants_events
from transport.streams import Stream, Streams, encoder, line_of
from transport.turns import Turns, client_gone

Authenticate = Callable[[Headers], Awaitable[Any]]
"""Headers to an actor of the application's own kind; raises ApiError(RefusalCode.UNAUTHENTICATED, …) to refuse."""
ContextFactory = Callable[[Request, Any, str], Any]
"""Request, actor and request id to the context that resolvers see; an awaitable is awaited."""
CallerOf = Callable[[Request, Any], Caller]
"""Request and actor to who is counted."""
Page = Callable[[Request], Response]
"""What a browser gets that opens the endpoint."""

_SAFE: Final = frozenset({"GET", "HEAD"})
STATUS_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    413: {"Connection": "close"},
    503: {"Retry-After": "5"},
    507: {"Retry-After": "60"},
}
"""What a status asks for (RFC 9110 §15.5.2, §15.6.4); a body that is too large is not waited for: the connection goes with it."""


class GraphQLEndpoint:
    """An ASGI application for one schema behind one path.

    Status codes. What keeps a request from being one (method, media type, JSON, parameters, size, identity) has its own
    4xx whatever is accepted. A request error of GraphQL (syntax, validation, limits, variables) is a 400 without
    `data` under `application/graphql-response+json`, and a 200 under `application/json` (§6.4.1, §6.4.2). Once
    execution began it is a 200, but for an outage that left no data at all: that has its own 5xx under
    `application/graphql-response+json`, so that clients and proxies repeat the request.
    """

    def __init__(
        self,
        documents: DocumentCache,
        executor: Executor,
        *,
        authenticate: Authenticate,
        context_factory: ContextFactory,
        limits: Limits,
        in_work: Turns,
        long_work: Turns,
        page: Page | None = None,
        persisted: PersistedDocuments | None = None,
        caller: CallerOf = by_address,
        public: frozenset[str] = frozenset(),
        explain: Explain = unexplained,
        streams: Streams | None = None,
    ) -> None:
        """``public`` are the fields of the root that answer everybody the same, and may be kept by caches.

        ``in_work`` are turns of requests that are worked at, ``long_work`` of what is done beside the event loop; ``streams``
        carry subscriptions, without which none is answered.
        """
        self._documents = documents
        self._executor = executor
        self.authenticate = authenticate
        self.caller = caller
        self.limits = limits
        self._context_factory = context_factory
        self._streams = streams
        self._page = page
        self._persisted = persisted or PersistedDocuments()
        self._public = public
        self._explain = explain
        self._in_work = in_work
        self._long_work = long_work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if self._page and request.method in _SAFE and prefers_html(accept):
            return self._page(request)
        language = language_of(request.headers.get("accept-language"))
        masked = MaskErrors(request_id_of(request.scope), language, self._explain)
        events = self._streams is not None and wants_events(accept)
        media = JSON if events else response_type(accept)
        try:
            response = await self._answer(request, media, masked)
            return one_event(response) if events and not isinstance(response, EventStream) else response
        except ApiError as refusal:
            headers = (
                refusal.headers if isinstance(refusal, HttpRefusalError) else STATUS_HEADERS.get(refusal.status, {})
            )
            body = {"errors": [masked.refusal(refusal)]}
            return _response(body, media or JSON, refusal.status, {**headers, **spoken_in(request.headers)})

    async def _answer(self, request: Request, media: str | None, masked: MaskErrors) -> Response:
        if request.method not in {*_SAFE, "POST"}:
            raise HttpRefusalError(
                405, ErrorCode.METHOD_NOT_ALLOWED, tell("request.graphql_method"), {"Allow": "GET, HEAD, POST"}
            )
        if media is None:
            raise HttpRefusalError(
                406, ErrorCode.NOT_ACCEPTABLE, tell("request.not_acceptable", types=[GRAPHQL_RESPONSE, JSON])
            )
        address = address_of(request.scope)
        async with self._in_work.turn(address):
            actor = await self.authenticate(request.headers)
        arrived = await arrival(request, self.limits)
        async with self._in_work.turn(address) as waited:
            if not arrived.long:
                if waited and await request.is_disconnected():
                    raise client_gone()
                return await self._work(request, media, masked, actor, arrived.read(self.limits))
            # One caller's long requests wait as bytes; what is made of one is gone before the next is read. Asking whether the
            # client is there makes the server read on: after a long body it has stopped, and would not notice that they leave.
            await request.is_disconnected()
            async with self._long_work.turn(address) as waited_long:
                if waited_long and await request.is_disconnected():
                    raise client_gone()
                parameters = await to_thread.run_sync(arrived.read, self.limits)
                return await self._work(request, media, masked, actor, parameters)

    async def _work(
        self, request: Request, media: str, masked: MaskErrors, actor: Any, parameters: GraphQLRequest
    ) -> Response:
        caller, spoken = self.caller(request, actor), spoken_in(request.headers)
        handled = under_way()
        if handled is not None and caller.known:
            handled.subject = caller.key
        try:
            operation, parameters = await self.prepared(request, caller, parameters, request.is_disconnected)
        except InvalidDocumentError as invalid:
            return _response({"errors": masked.format(invalid.errors)}, media, _request_error(media), spoken)
        except HttpRefusalError:
            raise
        except ApiError as refusal:
            return _response({"errors": [masked.refusal(refusal)]}, media, _request_error(media), spoken)
        context = await self.context_of(request, actor)
        if operation.kind is OperationType.SUBSCRIPTION:
            return self._followed(request, caller, operation, parameters, context, spoken)
        async with _noticing_departure(request, context):
            result = await self._executor(operation, parameters, context)
        if handled is not None and operation.kind is OperationType.QUERY:
            handled.compiled = isinstance(result, bytes)
        if self._may_be_kept(request, caller, operation, result):
            body = self._encoded(result if isinstance(result, bytes) else {"data": result.data})
            return tagged(request, body, _utf8(media), {**PUBLIC, **spoken})
        if isinstance(result, bytes):
            return Response(self._encoded(result), headers=spoken, media_type=_utf8(media))
        return self._result(result, media, masked, spoken)

    def _may_be_kept(
        self, request: Request, caller: Caller, operation: PreparedOperation, result: ExecutionResult | bytes
    ) -> bool:
        """Whether caches may keep an answer: to a safe request without a token, whole, and public in every field."""
        anonymous = not caller.known and "authorization" not in request.headers
        whole = isinstance(result, bytes) or not result.errors
        return request.method in _SAFE and anonymous and whole and self._public.issuperset(operation.root_fields)

    async def prepared(
        self,
        request: Request,
        caller: Caller,
        parameters: GraphQLRequest,
        gone: Callable[[], Awaitable[bool]],
    ) -> tuple[PreparedOperation, GraphQLRequest]:
        """The operation that a request asks for, and its parameters with the document.

        Raises InvalidDocumentError or ApiError. ``gone`` tells whether the client is there.
        """
        parameters = self._persisted.resolve(parameters, caller)
        document = await self._documents.fetch(parameters.query, self._long_work, address_of(request.scope), gone)
        self._persisted.keep(parameters, document, caller)
        operation = document.operation(parameters.operation_name)
        handled = under_way()
        if handled is not None:
            handled.operation = label_of(operation)
        if operation.kind is OperationType.SUBSCRIPTION:
            if not self._may_follow(request):
                raise ApiError(
                    ErrorCode.SUBSCRIPTION_REFUSED,
                    tell("request.subscription"),
                )
        elif request.method in _SAFE and operation.kind is not OperationType.QUERY:
            raise HttpRefusalError(
                405, ErrorCode.METHOD_NOT_ALLOWED, tell("request.mutation_by_post"), {"Allow": "POST"}
            )
        operation.measure.check_cost(parameters.variables, self.limits)
        return operation, parameters

    async def context_of(self, request: Request, actor: Any) -> Any:
        """What resolvers see of a request. Raises ApiError."""
        context = self._context_factory(request, actor, request_id_of(request.scope))
        return await context if isawaitable(context) else context

    def _may_follow(self, request: Request) -> bool:
        """Whether what carries a request can carry a subscription."""
        upgraded = "subprotocols" in request.scope
        return self._streams is not None and (upgraded or wants_events(request.headers.get("accept")))

    def _followed(
        self,
        request: Request,
        caller: Caller,
        operation: PreparedOperation,
        parameters: GraphQLRequest,
        context: Any,
        spoken: Mapping[str, str],
    ) -> Response:
        if self._streams is None:
            raise TypeError("a subscription is prepared only where there are streams")
        language = language_of(request.headers.get("accept-language"))

        def masked() -> MaskErrors:
            return MaskErrors(request_id_of(request.scope), language, self._explain)

        stream = Stream(caller.key, request.headers, line_of(request.scope).abort)
        source = self._streams.follow(operation, parameters, context)
        return EventStream(self._streams, stream, source, encoder(masked, self.check), masked, spoken)

    def check(self, encoded: bytes) -> None:
        """Refuse (LIMIT_ANSWER) an answer of too many bytes."""
        check_answer(encoded, self.limits)

    def _result(self, result: ExecutionResult, media: str, masked: MaskErrors, spoken: Mapping[str, str]) -> Response:
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = masked.format(result.errors)
        began = result.data is not None or any(error.path is not None for error in result.errors or ())
        if began:
            body["data"] = result.data
        encoded, status = self._encoded(body), 200 if began else _request_error(media)
        if began and result.data is None and media == GRAPHQL_RESPONSE:
            status = masked.status(result.errors or ()) or status
        return Response(encoded, status, {**STATUS_HEADERS.get(status, {}), **spoken}, media_type=_utf8(media))

    def _encoded(self, body: Mapping[str, Any] | bytes) -> bytes:
        encoded = body if isinstance(body, bytes) else orjson.dumps(body)
        check_answer(encoded, self.limits)
        return encoded


def check_answer(encoded: bytes, limits: Limits) -> None:
    """Refuse (LIMIT_ANSWER) an answer of too many bytes."""
    if len(encoded) > limits.answer:
        raise LimitExceededError(
            ErrorCode.LIMIT_ANSWER,
            tell("limit.answer_bytes"),
            allowed=limits.answer,
            found=len(encoded),
            advice=tell("advice.smaller_answer"),
        )


@asynccontextmanager
async def _noticing_departure(request: Request, context: Any) -> AsyncIterator[None]:
    """Tell the context (``gone``) when the client closes the connection before its answer; what runs decides what to do."""
    gone = getattr(context, "gone", None)
    if gone is None:
        yield
        return

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    watching = create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def _request_error(media: str) -> int:
    return 400 if media == GRAPHQL_RESPONSE else 200


def _utf8(media: str) -> str:
    return f"{media}; charset=utf-8"


def _response(body: Mapping[str, Any], media: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, _utf8(media))
