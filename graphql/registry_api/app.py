"""The API of an opened registry, as one ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final

from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import Lifespan

from application.attestation import Attestations
from application.outages import OutageOf
from application.ports import Authenticator, Identity
from domain.messages import SpokenError
from graphql import GraphQLSchema
from registry_api.attestation import attestation_routes
from registry_api.context import Context, Services, detached
from registry_api.evidence import DOWNLOADS, UPLOADS, EvidenceDoor, Files, Places
from registry_api.examples import EXAMPLES
from registry_api.following import Following
from registry_api.gate import Gate
from registry_api.list_sizes import FIELD_COSTS, LIST_SIZES, LONG_LISTS
from registry_api.log_files import LogFileRoutes
from registry_api.outages import Outages
from registry_api.policy import public_fields
from registry_api.reason import REASON_HEADER, reason_in
from registry_api.schema import build_schema
from registry_api.title_feed import TitleFeed
from registry_api.tokens import Tokens
from transport.app import create_app
from transport.documents import DocumentCache
from transport.execution import Executor, StrawberryExecutor, core_schema
from transport.health import HealthCheck
from transport.lane import Lane
from transport.limits import DEFAULT_LIMITS, Limits
from transport.negotiation import language_of
from transport.observing import Observer, ignore
from transport.persisted import Caller, PersistedDocuments
from transport.rates import AddressLimit, Buckets, Network, TrustedProxies, address_of
from transport.streams import Streams
from transport.turns import Turns

LIMITS: Final = replace(DEFAULT_LIMITS, list_sizes=LIST_SIZES, long_lists=LONG_LISTS, field_costs=FIELD_COSTS)
"""The limits of the registry's schema."""
DISTRIBUTION: Final = "recognition-registry"
"""Under which name the registry is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the server lets in: rates (a second; 0: any), sizes, times, pages of which origins, and whether it tells its schema."""

    rate_per_address: float = 0.0
    rate_per_token: float = 0.0
    requests_at_once: int = 16
    verifications_per_minute: float = 30.0
    verifications_per_subject: float = 600.0
    trusted_proxies: tuple[Network, ...] = ()
    uploads_per_subject: int = 2
    upload_bytes_per_day: int = 500 * 1024 * 1024
    upload_bytes_per_second: int = 16 * 1024
    introspection: bool = True
    cors_origins: tuple[str, ...] = ()
    body_seconds: float = 30.0
    subscriptions_per_subject: int = 32
    subscriptions: int = 10_000


InFront = Callable[[Executor, GraphQLSchema], Executor]
"""The executor that interprets operations, and the schema, to one that stands in front of it."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What a request to the API is held to before it is worked at, for whoever answers in front of the application (``app.state``)."""

    documents: DocumentCache
    limits: Limits
    authenticator: Authenticator
    by_address: Buckets
    by_token: Buckets
    in_work: Turns
    services: Services
    proxies: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class EvidenceStorage:
    """The evidence store, the base of its errors, and the bytes of the largest file it takes."""

    files: Files
    error: type[SpokenError]
    max_size: int


def create_registry_app(
    services: Services,
    *,
    authenticator: Authenticator,
    ready: HealthCheck,
    door: Door = Door(),
    routes: Sequence[BaseRoute] = (),
    evidence: EvidenceStorage | None = None,
    attestations: Attestations | None = None,
    outage_of: OutageOf = lambda _error: None,
    lifespan: Lifespan[Starlette] | None = None,
    in_front: InFront = lambda interpreting, _schema: interpreting,
    observe: Observer = ignore,
) -> Starlette:
    """Serve the registry's schema. ``authenticator`` proves bearer tokens; a request without one is anonymous.

    ``app.state.counters`` tells what it counts by, ``app.state.streams`` and ``app.state.following`` how subscriptions stand, and
    ``app.state.forget_documents`` forgets texts of operations. ``in_front`` answers operations faster where it can; ``routes`` are further ones; ``evidence`` opens the endpoints for evidence files, ``attestations`` those for attestations of titles; ``outage_of`` tells outages from defects;
    ``observe`` is told of each request when it is over.
    """
    schema = build_schema()
    limits = replace(LIMITS, body_seconds=door.body_seconds)
    long_work = Turns(at_once=4, of_one=1)
    documents = DocumentCache(core_schema(schema), limits)
    by_address = Buckets(door.rate_per_address, 2 * door.rate_per_address)
    by_token = Buckets(door.rate_per_token, 2 * door.rate_per_token)
    persisted = PersistedDocuments()

    def forget() -> None:
        documents.clear()
        persisted.clear()

    services = replace(services, forget_documents=forget)
    explain = Outages(outage_of)

    tokens = Tokens(authenticator, by_token)

    def context(request: Request, identity: Identity | None, request_id: str) -> Context:
        return Context(
            services=services,
            actor=identity.actor if identity else None,
            client=identity.client if identity else None,
            request_id=request_id,
            address=address_of(request.scope),
            reason=reason_in(request.headers.get(REASON_HEADER)),
            language=language_of(request.headers.get("accept-language")),
        )

    def caller(request: Request, identity: Identity | None) -> Caller:
        return (
            Caller(known=True, key=identity.actor.subject)
            if identity
            else Caller(known=False, key=address_of(request.scope))
        )

    interpreting = StrawberryExecutor(schema)
    following = Following(interpreting)
    streams = Streams(
        following,
        prove=tokens.prove,
        stopping=services.stopping.is_set,
        of_one=door.subscriptions_per_subject,
        in_all=door.subscriptions,
    )
    in_work = Turns(at_once=256, of_one=door.requests_at_once)
    served = [*routes, *LogFileRoutes(services.transparency).routes()]
    served += TitleFeed(
        following, lambda text: documents.get(text).operation(None), tokens.authenticate, context, in_work
    ).routes()
    if evidence is not None:
        served += EvidenceDoor(
            files=evidence.files,
            error=evidence.error,
            max_size=evidence.max_size,
            seconds=door.body_seconds,
            authenticate=tokens.authenticate,
            context=context,
            arriving=CapacityLimiter(UPLOADS),
            places=Places(door.uploads_per_subject),
            leaving=Places(DOWNLOADS),
            proving=CapacityLimiter(1),
            quota=Buckets(door.upload_bytes_per_day / 86_400, door.upload_bytes_per_day),
            slowest=door.upload_bytes_per_second,
            explain=explain,
        ).routes()
    served += attestation_routes(attestations, tokens.authenticate, context, explain)
    app = create_app(
        schema,
        context_factory=context,
        authenticate=tokens.authenticate,
        ready=ready,
        limits=limits,
        documents=documents,
        persisted=persisted,
        caller=caller,
        public=public_fields(),
        tells_schema=door.introspection,
        version=version(DISTRIBUTION),
        origins=door.cors_origins,
        in_work=in_work,
        long_work=long_work,
        executor=Gate(
            in_front(Lane(interpreting, long_work, Turns(at_once=16, of_one=4), detached), core_schema(schema)),
            introspection=door.introspection,
            verifications_per_minute=door.verifications_per_minute,
            verifications_per_subject=door.verifications_per_subject,
        ),
        examples=EXAMPLES,
        routes=served,
        middleware=[
            Middleware(TrustedProxies, networks=door.trusted_proxies),
            Middleware(AddressLimit, buckets=by_address),
        ],
        explain=explain,
        observe=observe,
        lifespan=lifespan,
        streams=streams,
        arriving=by_address.wait,
    )
    app.state.streams, app.state.following = streams, following
    app.state.forget_documents = forget
    app.state.counters = Counters(
        documents, limits, authenticator, by_address, by_token, in_work, services, door.trusted_proxies
    )
    return app
