"""The API of an opened registry, as one ASGI application."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import Lifespan

from application.ports import Authenticator, Identity, NotAuthenticated
from registry_api.context import Context, Services, in_thread
from registry_api.errors import ApiError
from registry_api.examples import EXAMPLES
from registry_api.http.app import create_app
from registry_api.http.health import HealthCheck
from registry_api.schema import build_schema


def create_registry_app(
    services: Services,
    *,
    authenticator: Authenticator,
    ready: HealthCheck,
    routes: Sequence[BaseRoute] = (),
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """Serve the registry's schema. ``authenticator`` proves bearer tokens; a request without one is anonymous."""

    async def authenticate(headers: Headers) -> Identity | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError("UNAUTHENTICATED", "Send the token as `Authorization: Bearer <token>`.")
        try:
            return await in_thread(authenticator, token.strip())
        except NotAuthenticated as refused:
            raise ApiError("UNAUTHENTICATED", refused.message, {"reason": refused.code}) from None

    def context(_request: Request, identity: Identity | None, request_id: str) -> Context:
        return Context(
            services=services,
            actor=identity.actor if identity else None,
            client=identity.client if identity else None,
            request_id=request_id,
        )

    return create_app(
        build_schema(),
        context_factory=context,
        authenticate=authenticate,
        ready=ready,
        examples=EXAMPLES,
        routes=routes,
        lifespan=lifespan,
    )
