"""Sign-in by OpenID Connect: the authorization code flow with PKCE (RFC 6749, section 4.1; RFC 7636), by the provider's own metadata.

Who somebody is, is read from the access token alone, by the same proof as every other bearer token (``TokenVerifier``).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError

RETURN_PATH: Final = "/sign-in/return"
_SECONDS: Final = 10.0
_METADATA: Final = "/.well-known/openid-configuration"


class ProviderFault(Exception):
    """The identity provider did not sign somebody in, or can't be reached."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: where the browser goes, and what must be known when it returns."""

    address: str
    state: str
    verifier: str


class OpenIdProvider:
    """The provider of an installation; its metadata is fetched when first needed."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str | None, audience: str, public_url: str
    ) -> None:
        """``public_url`` is where browsers find the console, as registered with the provider with ``RETURN_PATH`` behind it."""
        self._issuer, self._id, self._secret = issuer.rstrip("/"), client_id, client_secret
        self._audience, self._return = audience, public_url.rstrip("/") + RETURN_PATH
        self._metadata: dict[str, Any] | None = None

    async def begin(self) -> Begun:
        """Where to sign in. Raises ``ProviderFault``."""
        metadata, verifier = await self._known(), secrets.token_urlsafe(48)
        async with self._client() as client:
            address, state = client.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, audience=self._audience
            )
        return Begun(address, state, verifier)

    async def finish(self, code: str, verifier: str) -> str:
        """The access token for the code that the browser brought. Raises ``ProviderFault``."""
        metadata = await self._known()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
                )
        except (OAuthError, httpx2.HTTPError, ValueError) as error:
            raise ProviderFault from error
        return str(token["access_token"])

    async def end(self) -> str | None:
        """Where the provider's own session is ended (OpenID Connect RP-Initiated Logout 1.0), if it says so."""
        address: str | None = (await self._known()).get("end_session_endpoint")
        return address

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._id,
            self._secret,
            scope="openid",
            redirect_uri=self._return,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            timeout=_SECONDS,
        )

    async def _known(self) -> dict[str, Any]:
        if self._metadata is None:
            try:
                async with httpx2.AsyncClient(timeout=_SECONDS) as client:
                    answer = await client.get(f"{self._issuer}{_METADATA}")
                    found: dict[str, Any] = answer.raise_for_status().json()
            except (httpx2.HTTPError, ValueError) as error:
                raise ProviderFault from error
            if found.get("issuer", "").rstrip("/") != self._issuer:  # OpenID Connect Discovery 1.0, section 4.3
                raise ProviderFault
            self._metadata = found
        return self._metadata
