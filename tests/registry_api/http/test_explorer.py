"""The explorer in a real browser, and what a browser without scripts gets."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture
def page() -> Iterator[Page]:
    """A fresh page; the system's Chromium is no Python dependency, so without it the test says so."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed at /usr/bin/chromium: the explorer can't be looked at")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser.new_page(locale="en")
        browser.close()


def test_the_explorer_works_by_keyboard_and_asks_nobody_else(server: str, page: Page) -> None:
    """It loads, runs the first example on Ctrl+Enter, browses the schema, speaks Chinese, and stays on its host."""
    hosts: set[str] = set()
    problems: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(f"{server}/graphql")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("水")
    assert page.get_by_role("status").first.inner_text().startswith("200")

    page.get_by_label("Search types and fields").fill("sibl")
    page.get_by_role("button", name="Book").first.click()
    assert page.locator("#schema h3").inner_text() == "Book"

    page.get_by_label("Access token").fill("good")
    page.get_by_role("textbox", name="Query", exact=True).fill("{ actor }")
    page.get_by_label("Variables (JSON)").fill("")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("alice")
    assert page.evaluate("[sessionStorage.length, JSON.stringify(localStorage).includes('good')]") == [1, False]

    page.get_by_role("button", name="中文").click()
    assert page.get_by_role("heading", name="接口浏览器").is_visible()
    assert problems == []
    assert hosts == {urlsplit(server).netloc}


def test_an_answer_never_becomes_markup(server: str, page: Page) -> None:
    """Text from the server is shown as text."""
    page.goto(f"{server}/graphql")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    page.get_by_role("textbox", name="Query", exact=True).fill('{ book(title: "<img src=x>") { title } }')
    page.get_by_label("Variables (JSON)").fill("")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("<img src=x>")
    assert page.locator("#answer img").count() == 0


def test_without_scripts_the_page_says_what_to_do(server: str) -> None:
    """A curl command with this server's own address stands in the HTML; files have their types; no address leads away."""
    page = httpx.get(f"{server}/graphql", headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"curl '{server}/graphql'" in page.text
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.text.count("http://") == page.text.count(server)
    script = httpx.get(f"{server}/graphql/explorer/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    again = httpx.get(f"{server}/graphql/explorer/main.js", headers={"If-None-Match": script.headers["etag"]})
    assert again.status_code == 304
    assert httpx.get(f"{server}/graphql/explorer/..%2Fapp.py").status_code == 404
