"""Sign-in by OpenID Connect: the authorization code flow with PKCE (RFC 6749, section 4.1; RFC 7636), by the provider's own metadata.

Who somebody is, is read from one token, by the same proof as every other bearer token (``TokenVerifier``): the access token, or, where a
provider's access tokens are not JWTs, the ID token, which then answers the request by its ``nonce`` (OpenID Connect Core 1.0, section 3.1.3.7).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from joserfc.util import urlsafe_b64decode

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
    nonce: str


class OpenIdProvider:
    """The provider of an installation; its metadata is fetched when first needed."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        audience: str,
        public_url: str,
        scope: str = "openid",
        by_id_token: bool = False,
    ) -> None:
        """``public_url`` is where browsers find the console, as registered with the provider with ``RETURN_PATH`` behind it.

        ``by_id_token``: whether the ID token says who somebody is, instead of the access token.
        """
        self._scope, self._by_id_token, self._home = scope, by_id_token, public_url.rstrip("/") + "/"
        self._issuer, self._id, self._secret = issuer.rstrip("/"), client_id, client_secret
        self._audience, self._return = audience, public_url.rstrip("/") + RETURN_PATH
        self._metadata: dict[str, Any] | None = None

    async def begin(self) -> Begun:
        """Where to sign in. Raises ``ProviderFault``."""
        metadata, verifier, nonce = await self._known(), secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        async with self._client() as client:
            address, state = client.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier, audience=self._audience, nonce=nonce
            )
        return Begun(address, state, verifier, nonce)

    async def finish(self, code: str, verifier: str, nonce: str) -> str:
        """The token for the code that the browser brought, still to be proved. Raises ``ProviderFault``."""
        metadata = await self._known()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
                )
        except (OAuthError, httpx2.HTTPError, ValueError) as error:
            raise ProviderFault from error
        found = str(token.get("id_token" if self._by_id_token else "access_token") or "")
        if not found or (self._by_id_token and _nonce_in(found) != nonce):
            raise ProviderFault
        return found

    async def end(self) -> str | None:
        """Where the provider's own session is ended (OpenID Connect RP-Initiated Logout 1.0), if it says so."""
        address: str | None = (await self._known()).get("end_session_endpoint")
        if address is None:
            return None
        asked = urlencode({"client_id": self._id, "post_logout_redirect_uri": self._home})
        return f"{address}{'&' if '?' in address else '?'}{asked}"

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._id,
            self._secret,
            scope=self._scope,
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


def _nonce_in(token: str) -> object:
    """What an ID token answers to; it is proved afterwards, as a whole. None where it is no JWT."""
    try:
        claims = json.loads(urlsafe_b64decode(token.split(".")[1].encode("ascii")))
    except (IndexError, ValueError):
        return None
    return claims.get("nonce") if isinstance(claims, dict) else None
