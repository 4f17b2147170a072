"""Signing in and out, the language of the pages, and the reason for which persons are read in clear."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from anyio import to_thread
from starlette.responses import RedirectResponse, Response

from application.access import RIGHTS, Persons
from application.ports import IdentityProviderUnavailable, NotAuthenticated
from console.web.openid import OpenIdProvider, ProviderFault
from console.web.session import SESSION_COOKIE
from console.web.speaking import LANGUAGE_COOKIE
from console.web.visit import NoPage, SessionTooLargeError, Visit, WebPage
from domain.messages import Language
from domain.values import Role
from infrastructure.identity import DevelopmentIssuer
from registry_api.reason import reason_in
from transport.errors import ApiError

_BEGUN_COOKIE: Final = "signing-in"
_BEGUN_SECONDS: Final = 600
_YEAR: Final = 365 * 86_400
DEVELOPMENT_ROLES: Final = tuple(role for role in RIGHTS if role not in {None, Role.SYSTEM})
"""Whom the development issuer can be asked for."""


def local(path: str) -> str:
    """A path of this console to go on to; the first page for anything else, so that no link leads anybody away."""
    parts = urlsplit(path)
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return path if safe else "/"


def home_of(role: Role) -> str:
    """Where somebody in a role begins."""
    return {
        Role.APPLICANT: "/my",
        Role.REVIEWER: "/queue",
        Role.AUDITOR: "/audit",
        Role.ADMINISTRATOR: "/amendments",
        Role.PRIVACY_OFFICER: "/persons",
    }.get(role, "/")


def _provider(visit: Visit) -> OpenIdProvider | None:
    settings = visit.console.registry.settings
    if settings.jwks is None or settings.token_issuer is None or settings.oidc_client_id is None:
        return None
    return OpenIdProvider(
        issuer=settings.token_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        audience=settings.token_audience,
        public_url=settings.public_url or str(visit.request.base_url),
        scope=settings.oidc_scope,
        by_id_token=settings.oidc_proof == "id",
    )


async def sign_in(visit: Visit) -> Response:
    """With the identity provider; on a server for development, a choice of roles."""
    target = local(visit.query("next", "/"))
    if visit.console.registry.settings.identity_provider:
        provider = _provider(visit)
        if provider is None:
            raise NoPage(404, "error.no_sign_in")
        try:
            begun = await provider.begin()
        except ProviderFault:
            raise NoPage(503, "error.provider") from None
        response = RedirectResponse(begun.address, 303)
        kept = {"state": begun.state, "verifier": begun.verifier, "nonce": begun.nonce, "next": target}
        visit.keep(response, _BEGUN_COOKIE, visit.console.sessions.sealed(kept, _BEGUN_COOKIE), _BEGUN_SECONDS)
        return response
    if visit.request.method != "POST":
        return await _choice(visit, target)
    await visit.guarded_form()
    target = local(visit.sent("next") or "/")
    role = next((each for each in DEVELOPMENT_ROLES if each and each.value == visit.sent("role")), None)
    if role is None:
        return await _choice(visit, target, "sign_in.choose_role", "role")
    authority = visit.sent("authority") or None
    if role is Role.REVIEWER and authority is None:
        return await _choice(visit, target, "sign_in.needs_authority", "authority")
    try:
        holder = UUID(visit.sent("holder")) if visit.sent("holder") else None
    except ValueError:
        return await _choice(visit, target, "sign_in.no_holder", "holder")
    issuer = DevelopmentIssuer(visit.console.registry.settings.data_dir)
    token = issuer.issue(role, visit.sent("subject") or None, authority, holder)
    return await _begin(visit, token, target)


async def _choice(visit: Visit, target: str, wrong: str | None = None, field: str = "") -> Response:
    data = await visit.ask("authorities")
    return visit.page(
        "sign-in",
        status=422 if wrong else 200,
        roles=DEVELOPMENT_ROLES,
        authorities=data["authorities"],
        next=target,
        wrong=visit.speaker.say(wrong) if wrong else None,
        wrong_field=field,
    )


async def signed_in(visit: Visit) -> Response:
    """The browser is back from the identity provider."""
    provider = _provider(visit)
    begun = visit.console.sessions.unsealed(visit.request.cookies.get(_BEGUN_COOKIE), _BEGUN_COOKIE)
    if provider is None or begun is None or not visit.query("code") or visit.query("state") != begun["state"]:
        raise NoPage(400, "error.not_signed_in")
    try:
        token = await provider.finish(visit.query("code"), begun["verifier"], begun["nonce"])
    except ProviderFault:
        raise NoPage(503, "error.provider") from None
    response = await _begin(visit, token, local(begun["next"]))
    response.delete_cookie(_BEGUN_COOKIE, path="/")
    return response


async def _begin(visit: Visit, token: str, target: str) -> Response:
    try:
        identity = await to_thread.run_sync(visit.console.registry.authenticator.verify, token)
        session = visit.console.sessions.begin(token, identity)
        cookie = visit.console.sessions.cookie(session)
    except NotAuthenticated as refused:
        raise NoPage(403, "error.not_believed", refused.text(visit.language)) from None
    except IdentityProviderUnavailable:
        raise NoPage(503, "error.provider") from None
    except SessionTooLargeError:
        raise NoPage(502, "error.token_too_large") from None
    response = visit.go(home_of(identity.actor.role) if target == "/" else target)
    visit.keep(response, SESSION_COOKIE, cookie)
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session here, and at the provider where it has a page for that."""
    await visit.guarded_form()
    address = None
    if visit.session is not None:
        visit.console.sessions.end(visit.session)
        if (provider := _provider(visit)) is not None:
            try:
                address = await provider.end()
            except ProviderFault:
                address = None
    response = RedirectResponse(address or "/", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


async def choose_language(visit: Visit) -> Response:
    """Speak Chinese or English from here on."""
    response = visit.go(local(visit.query("next", "/")))
    if visit.query("to") in set(Language):
        visit.keep(response, LANGUAGE_COOKIE, visit.query("to"), _YEAR)
    return response


async def reason(visit: Visit) -> Response:
    """Say why persons are read in clear, for a while; or read them masked again."""
    target = local(visit.query("next", "/"))
    if visit.session is None or RIGHTS[visit.session.actor.role].persons is not Persons.FOR_A_REASON:
        raise NoPage(404, "error.missing")
    if visit.request.method != "POST":
        return visit.page("reason", next=target, wrong=None)
    await visit.guarded_form()
    target, said = local(visit.sent("next") or "/"), visit.sent("reason")
    if not visit.sent("end") and not _says_why(said):
        return visit.page("reason", status=422, next=target, wrong=visit.speaker.say("reason.needed"))
    session = visit.console.sessions.with_reason(visit.session, None if visit.sent("end") else said)
    response = visit.go(target)
    visit.keep(response, SESSION_COOKIE, visit.console.sessions.cookie(session))
    return response


def _says_why(said: str) -> bool:
    """Whether the API takes it as a reason."""
    try:
        return reason_in(quote(said, safe="")) is not None
    except ApiError:
        return False


PAGES: Final = (
    WebPage("/sign-in", sign_in, None, posts=True),
    WebPage("/sign-in/return", signed_in, None),
    WebPage("/sign-out", sign_out, None, posts=True),
    WebPage("/language", choose_language, None),
    WebPage("/reason", reason, None, posts=True),
)
