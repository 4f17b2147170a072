"""The API as one ASGI application."""

from collections.abc import Callable, Sequence
from typing import Final

import strawberry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Lifespan

from domain.messages import tell
from transport.compression import PublicCompression
from transport.documents import DocumentCache
from transport.endpoint import STATUS_HEADERS, Authenticate, CallerOf, ContextFactory, GraphQLEndpoint
from transport.error_responses import error_response
from transport.errors import ApiError, ErrorCode
from transport.execution import Executor, StrawberryExecutor, core_schema
from transport.explorer import Example, Explorer
from transport.health import HealthCheck, alive, health_handler
from transport.limits import DEFAULT_LIMITS, Limits
from transport.masking import Explain, unexplained
from transport.middleware import Envelope
from transport.observing import Observer, Observing, ignore
from transport.origins import NamedOrigins
from transport.persisted import PersistedDocuments, by_address
from transport.start import StartPage
from transport.streams import Streams
from transport.turns import Turns
from transport.websocket import WebSocketDoor

GRAPHQL_PATH: Final = "/graphql"
_BESIDE: Final = ("/evidence", "/feed")
"""What pages of other origins may ask beside it."""


def create_app(
    schema: strawberry.Schema,
    *,
    context_factory: ContextFactory,
    authenticate: Authenticate,
    ready: HealthCheck,
    live: HealthCheck = alive,
    limits: Limits = DEFAULT_LIMITS,
    examples: Sequence[Example] = (),
    executor: Executor | None = None,
    documents: DocumentCache | None = None,
    persisted: PersistedDocuments | None = None,
    caller: CallerOf = by_address,
    public: frozenset[str] = frozenset(),
    tells_schema: bool = True,
    version: str = "unknown",
    origins: Sequence[str] = (),
    in_work: Turns | None = None,
    long_work: Turns | None = None,
    routes: Sequence[BaseRoute] = (),
    middleware: Sequence[Middleware] = (),
    explain: Explain = unexplained,
    observe: Observer = ignore,
    lifespan: Lifespan[Starlette] | None = None,
    streams: Streams | None = None,
    arriving: Callable[[str], float] = lambda _address: 0.0,
) -> Starlette:
    """Serve a schema at `/graphql` with its explorer, a start page, and `/healthz` and `/readyz`.

    `executor` runs operations (graphql-core on the schema unless told otherwise); `documents` and `persisted` are passed by
    an owner that clears them; `public` are root fields that answer everybody the same; pages of `origins` may ask
    from browsers; `in_work` and `long_work` are the turns of requests, and of what takes long of them; `routes` are further ones, before which nothing here stands; `middleware` stands inside the
    envelope; `explain` tells what is no defect; `observe` is told of each request when it is over; `streams` carry subscriptions, over WebSocket too, whose connections `arriving` counts by
    address. Raises ValueError on a schema with schema extensions.
    """
    explorer = Explorer(examples)
    endpoint = GraphQLEndpoint(
        DocumentCache(core_schema(schema), limits) if documents is None else documents,
        executor or StrawberryExecutor(schema),
        authenticate=authenticate,
        context_factory=context_factory,
        limits=limits,
        in_work=in_work or Turns(at_once=256, of_one=16),
        long_work=long_work or Turns(at_once=4, of_one=1),
        page=explorer,
        persisted=persisted,
        caller=caller,
        public=public,
        explain=explain,
        streams=streams,
    )
    sockets = (
        []
        if streams is None
        else [WebSocketRoute(GRAPHQL_PATH, WebSocketDoor(endpoint, streams, origins, explain, arriving))]
    )
    named = [Middleware(NamedOrigins, origins=origins, paths=(GRAPHQL_PATH, *_BESIDE))] if origins else []
    served = [
        *routes,
        Route(GRAPHQL_PATH, endpoint),
        *sockets,
        *explorer.routes(GRAPHQL_PATH),
        *StartPage(version=version, schema=schema.as_str if tells_schema else None).routes(),
        Route("/healthz", health_handler(live, version=version)),
        Route("/readyz", health_handler(ready, version=version)),
    ]
    return Starlette(
        routes=served,
        middleware=[
            Middleware(Observing, routes=served, observe=observe),
            Middleware(Envelope, explain=explain, headers=STATUS_HEADERS),
            *named,
            Middleware(PublicCompression),
            *middleware,
        ],
        exception_handlers={HTTPException: _no_route},
        lifespan=lifespan,
    )


def _no_route(request: Request, refused: Exception) -> Response:
    """Where no route answers: an address that is none, or a method that its route does not take."""
    if not isinstance(refused, HTTPException):
        raise TypeError("registered for HTTPException alone")
    refusal = ApiError(ErrorCode.NOT_FOUND, tell("request.no_route"))
    if refused.status_code == ErrorCode.METHOD_NOT_ALLOWED.status:
        allowed = (refused.headers or {}).get("Allow", GRAPHQL_PATH)
        refusal = ApiError(ErrorCode.METHOD_NOT_ALLOWED, tell("request.other_method", allowed=allowed))
    return error_response(request.headers, refusal, refused.headers, status=refused.status_code)
