"""A whole registry with its console, once a module; visitors who sign in, and a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.api.conftest import TLS, XIHU, Api, Clock, opened
from tests.conftest import TEMPLATE, _database

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent
TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')
ROLES = (None, "APPLICANT", "REVIEWER", "ADMINISTRATOR", "AUDITOR", "VERIFIER", "PRIVACY_OFFICER")


_CLIENTS: list[httpx.Client] = []


@dataclass
class Visitor:
    """Somebody with a browser that runs no scripts: cookies, pages, forms."""

    client: httpx.Client

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return self.client.get(path, headers={"Accept-Language": "en"} | headers)

    def post(self, path: str, fields: dict[str, str], page: str | None = None, **rest: Any) -> httpx.Response:
        """Send the form of a page as a browser does."""
        token = TOKEN.search(self.get(page or path).text)
        assert token
        data = {"token": token[1]} | fields
        headers = {"Origin": str(self.client.base_url).rstrip("/"), "Accept-Language": "en"}
        return self.client.post(path, data=data, headers=headers, **rest)


def close_clients() -> None:
    """Let every visitor leave."""
    while _CLIENTS:
        _CLIENTS.pop().close()


def visitor(api: Api) -> Visitor:
    """Somebody new."""
    return Visitor(client_of(api))


def client_of(api: Api, **cookies: str) -> httpx.Client:
    """A browser without scripts; closed with the site."""
    client = httpx.Client(base_url=api.client.base_url, timeout=30, verify=TLS, cookies=cookies)
    _CLIENTS.append(client)
    return client


def signed_in(api: Api, role: str | None, subject: str | None = None) -> Visitor:
    """Somebody signed in under the name that ``Api.token`` gives to a role."""
    found = visitor(api)
    if role is not None:
        authority = XIHU if role == "REVIEWER" else ""
        named = subject or f"{role.lower()}-{authority or 'anywhere'}"
        answer = found.post("/sign-in", {"role": role, "authority": authority, "subject": named})
        assert answer.status_code == 303, answer.text
    return found


@pytest.fixture(scope="module")
def site(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A registry with its console, for the tests of one module."""
    databases = _database(postgres, TEMPLATE)
    with opened(next(databases), tmp_path_factory.mktemp("site"), Clock()) as api:
        yield api
        close_clients()
    next(databases, None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, which is no Python dependency: without it the test says so."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed at /usr/bin/chromium: pages can't be looked at")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


def browse_as(browser: Browser, api: Api, who: Visitor, **options: Any) -> BrowserContext:
    """A window of the browser with the session of a visitor."""
    context = browser.new_context(base_url=str(api.client.base_url), **options)
    cookies = [
        {"name": each.name, "value": each.value, "url": str(api.client.base_url)} for each in who.client.cookies.jar
    ]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    return context


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, as its package is locked."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: axe-core can't be had")
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def encoded(path: str) -> str:
    """A path with what is beyond ASCII encoded."""
    return quote(path, safe="/?=&%+")
