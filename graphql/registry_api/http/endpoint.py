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

from graphql import ExecutionResult, OperationType
from registry_api.errors import ApiError, ErrorCode, HttpRefusalError, LimitExceededError
from registry_api.http.documents import DocumentCache, InvalidDocumentError, PreparedOperation
from registry_api.http.execution import Executor
from registry_api.http.limits import Limits
from registry_api.http.masking import MaskErrors
from registry_api.http.middleware import request_id_of
from registry_api.http.negotiation import GRAPHQL_RESPONSE, JSON, prefers_html, response_type
from registry_api.http.parameters import GraphQLRequest, arrival
from registry_api.http.rates import address_of
from registry_api.http.turns import Turns, client_gone

Authenticate = Callable[[Headers], Awaitable[Any]]
"""Headers to an actor of the application's own kind; raises ApiError(RefusalCode.UNAUTHENTICATED, …) to refuse."""
ContextFactory = Callable[[Request, Any, str], Any]
"""Request, actor and request id to the context that resolvers see; an awaitable is awaited."""
Page = Callable[[Request], Response]
"""What a browser gets that opens the endpoint."""

STATUS_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    413: {"Connection": "close"},
}
"""What a status asks for (RFC 9110 §15.5.2); a body that is too large is not waited for: the connection goes with it."""


class GraphQLEndpoint:
    """An ASGI application for one schema behind one path.

    Status codes. What keeps a request from being one (method, media type, JSON, parameters, size, identity) has its own
    4xx whatever is accepted. A request error of GraphQL (syntax, validation, limits, variables) is a 400 without
    `data` under `application/graphql-response+json`, and a 200 under `application/json` (§6.4.1, §6.4.2). Once
    execution began it is a 200.
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
    ) -> None:
        """``in_work`` are turns of requests that are worked at, ``long_work`` of what is done beside the event loop."""
        self._documents = documents
        self._executor = executor
        self._authenticate = authenticate
        self._context_factory = context_factory
        self._limits = limits
        self._page = page
        self._in_work = in_work
        self._long_work = long_work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if self._page and request.method == "GET" and "query" not in request.query_params and prefers_html(accept):
            return self._page(request)
        masked = MaskErrors(request_id_of(request.scope))
        media = response_type(accept)
        try:
            return await self._answer(request, media, masked)
        except ApiError as refusal:
            headers = (
                refusal.headers if isinstance(refusal, HttpRefusalError) else STATUS_HEADERS.get(refusal.status, {})
            )
            body = {"errors": [masked.refusal(refusal)]}
            return _response(body, media or JSON, refusal.status, headers)

    async def _answer(self, request: Request, media: str | None, masked: MaskErrors) -> Response:
        if request.method not in {"GET", "POST"}:
            raise HttpRefusalError(
                405, ErrorCode.METHOD_NOT_ALLOWED, "Use POST, or GET for a query.", {"Allow": "GET, POST"}
            )
        if media is None:
            raise HttpRefusalError(406, ErrorCode.NOT_ACCEPTABLE, f"Accept `{GRAPHQL_RESPONSE}` or `{JSON}`.")
        caller = address_of(request.scope)
        async with self._in_work.turn(caller):
            actor = await self._authenticate(request.headers)
        arrived = await arrival(request, self._limits)
        async with self._in_work.turn(caller) as waited:
            if not arrived.long:
                if waited and await request.is_disconnected():
                    raise client_gone()
                return await self._work(request, media, masked, actor, arrived.read(self._limits))
            # One caller's long requests wait as bytes; what is made of one is gone before the next is read. Asking whether the
            # client is there makes the server read on: after a long body it has stopped, and would not notice that they leave.
            await request.is_disconnected()
            async with self._long_work.turn(caller) as waited_long:
                if waited_long and await request.is_disconnected():
                    raise client_gone()
                parameters = await to_thread.run_sync(arrived.read, self._limits)
                return await self._work(request, media, masked, actor, parameters)

    async def _work(
        self, request: Request, media: str, masked: MaskErrors, actor: Any, parameters: GraphQLRequest
    ) -> Response:
        try:
            operation = await self._operation(request, parameters)
        except InvalidDocumentError as invalid:
            return _response({"errors": masked.format(invalid.errors)}, media, _request_error(media))
        except HttpRefusalError:
            raise
        except ApiError as refusal:
            return _response({"errors": [masked.refusal(refusal)]}, media, _request_error(media))
        context = self._context_factory(request, actor, request_id_of(request.scope))
        if isawaitable(context):
            context = await context
        async with _noticing_departure(request, context):
            result = await self._executor(operation, parameters, context)
        if isinstance(result, bytes):
            return Response(result, media_type=_utf8(media))
        return self._result(result, media, masked)

    async def _operation(self, request: Request, parameters: GraphQLRequest) -> PreparedOperation:
        prepared = await self._documents.fetch(
            parameters.query, self._long_work, address_of(request.scope), request.is_disconnected
        )
        operation = prepared.operation(parameters.operation_name)
        if operation.kind is OperationType.SUBSCRIPTION:
            raise ApiError(
                ErrorCode.SUBSCRIPTION_REFUSED,
                "Subscriptions need a streaming transport: this request can't carry one.",
            )
        if request.method == "GET" and operation.kind is not OperationType.QUERY:
            raise HttpRefusalError(405, ErrorCode.METHOD_NOT_ALLOWED, "Send mutations with POST.", {"Allow": "POST"})
        operation.measure.check_cost(parameters.variables, self._limits)
        return operation

    def _result(self, result: ExecutionResult, media: str, masked: MaskErrors) -> Response:
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = masked.format(result.errors)
        began = result.data is not None or any(error.path is not None for error in result.errors or ())
        if began:
            body["data"] = result.data
        encoded = orjson.dumps(body)
        if len(encoded) > self._limits.answer:
            raise LimitExceededError(
                ErrorCode.LIMIT_ANSWER,
                "size of the answer in bytes",
                allowed=self._limits.answer,
                found=len(encoded),
                advice="ask for smaller pages or fewer fields; what a mutation did stays done",
            )
        return Response(encoded, 200 if began else _request_error(media), media_type=_utf8(media))


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
