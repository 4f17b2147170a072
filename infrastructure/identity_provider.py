"""The identity provider that the settings name: what can't work is refused at the start, what fails later is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from application.ports import Identity
from domain.messages import Message, SpokenError, said_by, tell
from infrastructure.claim_paths import ClaimPaths
from infrastructure.identity import DevelopmentIssuer, TokenRefused, TokenVerifier
from infrastructure.jwks import JwksMalformedError, JwksUnavailableError, KeySet, file_source
from infrastructure.jwks_over_http import AddressError, url_source
from infrastructure.settings import Settings


class IdentityProviderError(SpokenError):
    """The settings of the identity provider can't work as they are."""

    code: ClassVar[str] = "identity-provider"


class IdentityProvider:
    """Whoever issues the tokens: their verification, and how it stands with the keys."""

    def __init__(self, keys: KeySet, verifier: TokenVerifier, *, is_file: bool) -> None:
        self._keys, self._is_file = keys, is_file
        self.verify: Callable[[str], Identity] = verifier.verify
        self.digest: Callable[[str], bytes] = verifier.digest
        self.known: Callable[[bytes], Identity | None] = verifier.known

    def start(self) -> None:
        """Fetch the keys, before anything is served.

        Raises ``IdentityProviderError`` where asking again would not help: no such file, no key set, none of its keys usable. A
        server that does not answer may be starting itself: that is logged, and ``trouble`` tells it for as long as it lasts.
        """
        try:
            self._keys.fetch()
        except JwksUnavailableError as error:
            if self._is_file or isinstance(error, JwksMalformedError):
                raise IdentityProviderError(
                    tell("trouble.key_set_recognition_jwks_names_cant", reason=said_by(error))
                ) from None

    def trouble(self) -> Message | None:
        """Why no token can be judged, in words that a stranger may read; None while one can. Never waits."""
        return self._keys.trouble()

    def remarks(self) -> Sequence[Message]:
        """What an operator should know of keys that serve for all that, a few words each."""
        return self._keys.remarks()


def open_identity_provider(settings: Settings) -> IdentityProvider | None:
    """The provider that the settings name; None where they name none. Nothing is fetched yet.

    Raises ``IdentityProviderError`` where the settings can't work.
    """
    if settings.jwks is None:
        return None
    if not settings.token_issuer:
        raise IdentityProviderError(tell("trouble.recognition_jwks_needs_recognition_token_issuer"))
    is_file = "://" not in settings.jwks
    try:
        source = file_source(Path(settings.jwks)) if is_file else url_source(settings.jwks)
    except AddressError as error:
        raise IdentityProviderError(tell("trouble.recognition_jwks_names_no_key_set", reason=error.said)) from None
    keys = KeySet(source)
    verifier = TokenVerifier(
        keys,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        tells_case=settings.subjects_tell_case,
        paths=ClaimPaths(
            subject=settings.claim_subject,
            role=settings.claim_role,
            role_prefix=settings.claim_role_prefix,
            authority=settings.claim_authority,
            authority_prefix=settings.claim_authority_prefix,
            holder=settings.claim_holder,
        ),
    )
    return IdentityProvider(keys, verifier, is_file=is_file)


def judge_of_tokens(settings: Settings) -> Callable[[str], Identity]:
    """Whoever tells whether a token is to be believed, for one command: the provider with its keys at hand, or the development issuer.

    Nothing is made: where no development token was ever issued, none is believed. Raises ``IdentityProviderError`` and
    ``DevelopmentKeyError``.
    """
    provider = open_identity_provider(settings)
    if provider is not None:
        provider.start()
        return provider.verify
    if (settings.data_dir / DevelopmentIssuer.FILE).exists():
        return DevelopmentIssuer(settings.data_dir).verifier().verify
    return _none_believed


def _none_believed(token: str) -> Identity:  # noqa: ARG001 - whatever it says
    raise TokenRefused("token-key-unknown")
