"""Signing in by OpenID Connect at a provider that knows nothing of the registry: discovery, PKCE, its own keys and claims."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock
import pytest

from console.serving import build_app, served
from infrastructure.composition import open_registry
from infrastructure.settings import Settings
from tests.api.conftest import TLS, XIHU, Clock
from tests.console_web.conftest import TOKEN

OFFICER = {
    "realm_access": {"roles": ["offline_access", "registry-reviewer"]},
    "groups": ["/staff", f"/authorities/{XIHU}"],
}
PEOPLE = (
    oidc_provider_mock.User(sub="officer-7", claims=OFFICER),
    oidc_provider_mock.User(
        sub="two-hats", claims={"realm_access": {"roles": ["registry-auditor", "registry-reviewer"]}}
    ),
    oidc_provider_mock.User(sub="stranger", claims={"realm_access": {"roles": ["offline_access"]}}),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider of its own make, at work over HTTP; its address is its issuer."""
    with oidc_provider_mock.run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def site(provider: str, database: Any, tmp_path: Path) -> Iterator[httpx.Client]:
    """A registry that trusts that provider and nobody else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(
            database_url=database.app_url,
            database_owner_url=database.owner_url,
            data_dir=tmp_path,
            pool_min_size=1,
            jwks=f"{provider}/jwks",
            token_issuer=provider,
            token_audience="console",
            oidc_client_id="console",
            oidc_client_secret="a secret of the console",
            oidc_scope="openid profile",
            oidc_proof="id",
            public_url=here,
            claim_role="realm_access.roles",
            claim_role_prefix="registry-",
            claim_authority="groups",
            claim_authority_prefix="/authorities/",
        )
        with (
            open_registry(settings, Clock()) as registry,
            served(build_app(registry), listener, settings),
            httpx.Client(base_url=here, timeout=30, verify=TLS, headers={"Accept-Language": "en"}) as client,
        ):
            assert registry.provider is not None
            registry.provider.start()
            yield client


def at_provider(site: httpx.Client, subject: str, target: str = "/") -> str:
    """Begin to sign in here, and say there who one is; where the browser is sent back to."""
    begun = site.get("/sign-in", params={"next": target})
    assert begun.status_code == 303
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["nonce"] != asked["state"]
    answer = httpx.post(begun.headers["location"], data={"sub": subject}, verify=TLS)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def test_an_officer_signs_in_works_and_signs_out(site: httpx.Client) -> None:
    """Their role is one of many in the token, their authority a group; the queue is theirs, and the provider ends its session too."""
    back = at_provider(site, "officer-7", "/queue")
    assert back.startswith(f"{site.base_url}/sign-in/return?".replace("//sign", "/sign"))
    arrived = site.get(back)
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/queue")
    page = site.get("/queue")
    assert page.status_code == 200
    assert "officer-7" in page.text
    form = TOKEN.search(page.text)
    assert form
    out = site.post("/sign-out", data={"token": form[1]}, headers={"Origin": str(site.base_url).rstrip("/")})
    ended = parse_qs(urlsplit(out.headers["location"]).query)
    assert ended == {"client_id": ["console"], "post_logout_redirect_uri": [f"{str(site.base_url).rstrip('/')}/"]}
    assert httpx.get(out.headers["location"], verify=TLS).status_code == 200
    assert site.get("/queue").status_code == 303


@pytest.mark.parametrize(("subject", "said"), [("two-hats", "several roles"), ("stranger", "lacks a claim")])
def test_whoever_has_no_one_role_here_is_told_why(site: httpx.Client, subject: str, said: str) -> None:
    """Two roles of the registry, or none among those of the provider: nobody is signed in by a guess."""
    answer = site.get(at_provider(site, subject))
    assert answer.status_code == 403
    assert said in answer.text
    assert site.get("/queue").status_code == 303


def test_a_code_is_good_once_and_for_whoever_began(site: httpx.Client) -> None:
    """Another state, another browser, or the code again: not signed in."""
    back = at_provider(site, "officer-7")
    assert site.get(back.replace("state=", "state=x")).status_code == 400
    with httpx.Client(base_url=site.base_url, verify=TLS) as stranger:
        assert stranger.get(back).status_code == 400
    begun = {"signing-in": site.cookies["signing-in"]}
    assert site.get(back).status_code == 303
    site.cookies.clear()
    with httpx.Client(base_url=site.base_url, verify=TLS, cookies=begun) as again:
        assert again.get(back).status_code == 503


def test_an_id_token_answers_this_request(site: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was issued for another sign-in bears another nonce, and signs nobody in."""
    monkeypatch.setattr("console.web.openid._nonce_in", lambda _token: "another")
    assert site.get(at_provider(site, "officer-7")).status_code == 503


def test_the_api_believes_what_the_provider_signed(site: httpx.Client, provider: str) -> None:
    """The same token as a bearer token: who is meant, by the same paths; a token of nobody is refused."""
    begun = site.get("/sign-in")
    place = parse_qs(urlsplit(begun.headers["location"]).query)
    answer = httpx.post(begun.headers["location"], data={"sub": "officer-7"}, verify=TLS)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    found = httpx.post(
        f"{provider}/oauth2/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": place["redirect_uri"][0]},
        auth=("console", "a secret of the console"),
        verify=TLS,
    ).json()
    query = {"query": "{ cases { totalCount } }"}
    believed = site.post("/graphql", json=query, headers={"Authorization": f"Bearer {found['id_token']}"}).json()
    assert believed == {"data": {"cases": {"totalCount": 0}}}
    opaque = site.post("/graphql", json=query, headers={"Authorization": f"Bearer {found['access_token']}"})
    assert opaque.status_code == 401
