"""Whom a request's headers name: bearer tokens (RFC 6750), proved and counted."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers

from application.ports import Authenticator, Identity, IdentityProviderUnavailable, NotAuthenticated
from domain.messages import tell
from domain.refusals import RefusalCode
from transport.errors import ApiError, ErrorCode
from transport.rates import Buckets


class Tokens:
    """Proves the tokens of requests; what has to be computed is computed beside the event loop, two at once."""

    def __init__(self, authenticator: Authenticator, by_token: Buckets) -> None:
        """``by_token`` counts requests by whoever a token names."""
        self._authenticator, self._by_token = authenticator, by_token
        self._proving = CapacityLimiter(2)

    async def authenticate(self, headers: Headers) -> Identity | None:
        """Who asks, counted; None where nobody is named. Raises ``ApiError``: UNAUTHENTICATED, UNAVAILABLE, RATE_LIMITED."""
        identity = await self.prove(headers)
        if identity is not None:
            self._by_token.take(identity.actor.subject)
        return identity

    async def prove(self, headers: Headers) -> Identity | None:
        """Who asks, or still asks, as ``authenticate`` without counting. Raises ``ApiError``: UNAUTHENTICATED, UNAVAILABLE."""
        token = _token_in(headers)
        if token is None:
            return None
        known = self._authenticator.known(self._authenticator.digest(token))
        if known is not None:
            return known
        try:
            return await to_thread.run_sync(self._authenticator.verify, token, limiter=self._proving)
        except NotAuthenticated as refused:
            raise ApiError(RefusalCode.UNAUTHENTICATED, refused.said, {"reason": refused.code}) from None
        except IdentityProviderUnavailable:
            raise ApiError(
                ErrorCode.UNAVAILABLE,
                tell("server.provider_unreachable"),
            ) from None


def _token_in(headers: Headers) -> str | None:
    """The bearer token of a request (RFC 6750, section 2.1); None where it sends nothing of the kind. Raises ``ApiError`` for less."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(RefusalCode.UNAUTHENTICATED, tell("token.send_bearer"))
    return token.strip()
