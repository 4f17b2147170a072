"""The explorer in a real browser, and what a browser without scripts gets."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Request, expect, sync_playwright
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.transport.conftest import running
from tests.transport.sample import sample_app

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


def test_the_pages_are_served_in_the_language_that_is_asked_for(server: str) -> None:
    """Before any script runs: no word of the other language, and a cache keeps the two apart."""
    for path in ("/", "/graphql"):
        for language, tag in (("zh-CN,zh;q=0.9", "zh-CN"), ("en", "en"), ("", "en")):
            answer = httpx.get(f"{server}{path}", headers={"Accept": "text/html", "Accept-Language": language})
            shown = re.sub(r"<script[\s\S]*?</script>|<pre[\s\S]*?</pre>|<[^>]*>", " ", answer.text).replace("中文", "")
            assert f'<html lang="{tag}">' in answer.text
            assert "{{" not in answer.text
            assert bool(re.search(r"[\u4e00-\u9fff]", shown)) is (tag == "zh-CN")
            assert (tag == "en") is bool(re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", shown))
            assert "Accept-Language" in answer.headers["vary"]


def test_a_link_fills_the_editor_and_runs_nothing(server: str, page: Page) -> None:
    """Document, variables and the operation that is meant; whoever followed it reads before they run it."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if request.method == "POST" else None)
    document = "query One { actor }\nquery Two($t: String!) {\n  book(title: $t) { title } # <b>水</b>\n}"
    link = {"query": document, "variables": '{"t":"书"}', "operationName": "Two"}
    page.goto(f"{server}/graphql?{urlencode(link)}")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    editor = page.get_by_role("textbox", name="Query", exact=True)
    assert editor.input_value() == document
    assert page.get_by_label("Variables (JSON)").input_value() == '{\n  "t": "书"\n}'
    assert page.get_by_label("Examples").input_value() == ""
    assert page.locator("#answer").inner_text() == ""
    assert len(asked) == 1  # the schema's
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text('"title": "书"')
    editor.fill("{ actor }")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("guest")


def test_a_broken_link_is_named_where_it_is_broken(server: str, page: Page) -> None:
    """Variables that are no JSON object stand in their field with a word about it; without a document the examples are there."""
    page.goto(f"{server}/graphql?{urlencode({'query': '{ actor }', 'variables': '{oops'})}")
    expect(page.locator("#variables-problem")).to_have_text("The variables are not a JSON object.")
    assert page.get_by_label("Variables (JSON)").input_value() == "{oops"
    page.goto(f"{server}/graphql?query=&variables=1")
    expect(page.get_by_label("Examples")).to_have_value("0")


def test_a_reason_is_sent_as_a_browser_can(server: str, page: Page) -> None:
    """In Chinese too; none is sent where the field is empty, and none is kept."""
    sent: list[str | None] = []
    page.on("request", lambda request: sent.append(request.headers.get("x-access-reason")))
    page.goto(f"{server}/graphql")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    assert set(sent) == {None}
    page.get_by_label("Reason for access").fill("抽查 100%")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("水")
    assert unquote(sent[-1] or "") == "抽查 100%"
    assert "抽查" not in page.evaluate("JSON.stringify([localStorage, sessionStorage])")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_start_page_leads_everywhere(server: str, page: Page, width: int) -> None:
    """In the language that is asked for, at any width, without scripts or another host: each link on it answers 200."""
    hosts: set[str] = set()
    problems: list[str] = []
    browser = page.context.browser
    assert browser is not None
    page = browser.new_page(locale="zh-CN")
    page.set_viewport_size({"width": width, "height": 800})
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: problems.append(message.text))
    page.goto(f"{server}/")
    assert page.get_by_role("heading", level=1).inner_text().startswith("境外职业资格")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.locator("script").count() == page.locator("[style]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.evaluate("getComputedStyle(document.querySelector('li')).borderRadius") == "10px"
    )  # the style sheet is there
    links = page.get_by_role("link").all()
    assert len(links) == 5
    for link in links:
        address = link.evaluate("each => each.href")
        assert httpx.get(address, headers={"Accept": "text/html, */*"}).status_code == 200
    page.get_by_role("link", name="接口浏览器").click()
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    assert hosts == {urlsplit(server).netloc}
    assert problems == [] or all("Password field" in each for each in problems)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_explorer_fits_its_window(server: str, page: Page, width: int) -> None:
    """Nothing sticks out sideways, and every field of its head can be typed into."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{server}/graphql")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for label in ("Access token", "Reason for access"):
        box = page.get_by_label(label).bounding_box()
        assert box is not None
        assert box["width"] >= 120


ASK = """async ([address, headers]) => {
    try {
        const answer = await fetch(address, { method: 'POST', headers, body: '{"query": "{ actor }"}' });
        return [await answer.json(), answer.headers.get('x-request-id')];
    } catch { return null; }
}"""


def test_a_page_of_another_origin_asks_if_it_is_named(page: Page) -> None:
    """In a real browser: with token and reason from an origin that the installation names, and from no other."""
    empty = Starlette(routes=[Route("/", lambda _: HTMLResponse("<!doctype html><title>A page</title>"))])
    headers = {"Content-Type": "application/json", "Authorization": "Bearer good", "X-Access-Reason": "%E6%8A%BD"}
    with running(empty) as friend, running(empty) as stranger, running(sample_app(origins=(friend,))) as address:
        page.goto(friend)
        data, request_id = page.evaluate(ASK, [f"{address}/graphql", headers])
        assert data == {"data": {"actor": "alice"}}
        assert len(request_id) == 32
        page.goto(stranger)
        assert page.evaluate(ASK, [f"{address}/graphql", headers]) is None


def test_the_explorer_helps_while_a_document_is_written(server: str, page: Page) -> None:
    """Names are completed by keyboard, what is wrong is named at its line, a document is set out, and an answer is a table or a tree."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{server}/graphql")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    editor = page.get_by_role("textbox", name="Query", exact=True)
    editor.fill("")
    page.keyboard.type("{ boo")
    options = page.locator("#options li")
    expect(options.first).to_contain_text("book")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    assert editor.input_value() == "{ books"
    page.keyboard.type("(fir")
    page.keyboard.press("Tab")
    page.keyboard.type('2) { title nope } check(on: "x") }')
    page.keyboard.press("Escape")
    assert editor.input_value().startswith("{ books(first: 2) {")
    wrong = page.locator("#problems li")
    expect(wrong.first).to_contain_text("no such field: Book.nope")
    expect(wrong.nth(1)).to_contain_text("needed and missing: certificate")
    wrong.first.get_by_role("button").click()
    assert (
        page.evaluate(
            "document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)"
        )
        == "nope"
    )
    editor.fill("{books(first:2){title}}")
    page.get_by_role("button", name="Prettify").click()
    assert editor.input_value() == "{\n  books(first: 2) {\n    title\n  }\n}"
    expect(wrong).to_have_count(0)
    page.get_by_label("View").select_option("table")
    page.get_by_label("Variables (JSON)").fill("")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer tbody tr")).to_have_count(2)
    page.get_by_label("View").select_option("tree")
    expect(page.locator("#answer details").first).to_contain_text("books")
    page.get_by_text("Headers (JSON)").click()
    page.get_by_label("Headers (JSON)").fill('{"X": 1}')
    expect(page.locator("#headers-problem")).to_contain_text("not a JSON object of texts")
    page.get_by_label("Headers (JSON)").fill("")
    page.get_by_role("button", name="Share link").click()
    expect(page.locator("#status")).to_contain_text("Link copied")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    assert editor.input_value().startswith("{\n  books")
    page.locator("summary", has_text="History").click()
    assert page.locator("#history li").count() == 1
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "books" in kept
    page.get_by_role("button", name="Forget all").click()
    assert page.locator("#history li").count() == 0
    assert problems == []
