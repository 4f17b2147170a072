"""The API of an opened registry, as one ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import Lifespan

from application.ports import Authenticator, Identity, NotAuthenticated
from registry_api.context import Context, Services, in_thread
from registry_api.disclosing import REASON_HEADER, reason_in
from registry_api.errors import ApiError
from registry_api.examples import EXAMPLES
from registry_api.gate import Gate
from registry_api.http.app import create_app
from registry_api.http.documents import DocumentCache
from registry_api.http.endpoint import Authenticate
from registry_api.http.execution import StrawberryExecutor, core_schema
from registry_api.http.health import HealthCheck
from registry_api.http.limits import DEFAULT_LIMITS
from registry_api.http.rates import AddressLimit, Buckets, address_of
from registry_api.schema import build_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the server lets in: rates (a second; 0: any), sizes, times, and whether it tells its schema."""

    rate_per_address: float = 0.0
    rate_per_token: float = 0.0
    verifications_per_minute: float = 30.0
    introspection: bool = True
    body_seconds: float = 30.0


def create_registry_app(
    services: Services,
    *,
    authenticator: Authenticator,
    ready: HealthCheck,
    door: Door = Door(),  # noqa: B008 - frozen
    routes: Callable[[Authenticate], Sequence[BaseRoute]] = lambda _authenticate: (),
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """Serve the registry's schema. ``authenticator`` proves bearer tokens; a request without one is anonymous.

    ``routes`` makes further routes, given what proves a request's token.
    """
    schema = build_schema()
    limits = replace(DEFAULT_LIMITS, body_seconds=door.body_seconds)
    documents = DocumentCache(core_schema(schema), limits)
    by_address = Buckets(door.rate_per_address, 2 * door.rate_per_address)
    by_token = Buckets(door.rate_per_token, 2 * door.rate_per_token)
    services = replace(services, forget_documents=documents.clear)

    async def authenticate(headers: Headers) -> Identity | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError("UNAUTHENTICATED", "Send the token as `Authorization: Bearer <token>`.")
        try:
            identity = await in_thread(authenticator, token.strip())
        except NotAuthenticated as refused:
            raise ApiError("UNAUTHENTICATED", refused.message, {"reason": refused.code}) from None
        by_token.take(identity.actor.subject)
        return identity

    def context(request: Request, identity: Identity | None, request_id: str) -> Context:
        return Context(
            services=services,
            actor=identity.actor if identity else None,
            client=identity.client if identity else None,
            request_id=request_id,
            address=address_of(request.scope),
            reason=reason_in(request.headers.get(REASON_HEADER)),
        )

    return create_app(
        schema,
        context_factory=context,
        authenticate=authenticate,
        ready=ready,
        limits=limits,
        documents=documents,
        executor=Gate(
            StrawberryExecutor(schema),
            introspection=door.introspection,
            verifications_per_minute=door.verifications_per_minute,
        ),
        examples=EXAMPLES,
        routes=routes(authenticate),
        middleware=[Middleware(AddressLimit, buckets=by_address)],
        lifespan=lifespan,
    )
