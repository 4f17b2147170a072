"""Pages in a real browser: for screen readers, on a narrow screen, and by the keyboard alone.

A short form runs with all other tests; ``make console-drill`` sets ``CONSOLE_DRILL=whole``: every page in both languages, and every
story of ``make demo`` that has pages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog.files import export_entries
from console.demo_catalog import CODE
from domain.values import shanghai_day
from tests.api.conftest import COPY
from tests.conftest import TEMPLATE, _database
from tests.console_web.conftest import browse_as, close_clients, signed_in
from tests.console_web.gallery import FILES, Gallery, gallery
from tests.console_web.keyboard import Keyboard
from tests.people import resident_number

WHOLE = os.environ.get("CONSOLE_DRILL") == "whole"
whole = pytest.mark.skipif(not WHOLE, reason="one of the longer stories: `make console-drill` goes through them all")
VIOLATIONS = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.map(
  each => `${each.id}: ${each.nodes.map(node => node.target.join(' ')).slice(0, 3).join(', ')}`)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def shown(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """The registry with the stories of the demonstration."""
    databases = _database(postgres, TEMPLATE)
    with gallery(next(databases), tmp_path_factory.mktemp("gallery")) as found:
        yield found
        close_clients()
    next(databases, None)


def faults(page: Page, address: str, axe: str) -> list[str]:
    """What is wrong with a page."""
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        return ["not shown"]
    found = [] if page.evaluate(WIDER) <= 0 else ["wider than its window"]
    if page.locator("h1").count() != 1:
        found.append("not one h1")
    page.evaluate(axe + ";0")
    return found + list(page.evaluate(VIOLATIONS))


def test_every_page_is_fit_for_screen_readers_and_narrow_screens(shown: Gallery, browser: Browser, axe: str) -> None:
    """axe-core finds nothing, nothing runs out of a window of 390 px, and a page has one heading of the first rank."""
    wrong = []
    visitors = {(each.role, each.subject) for each in shown.places.values()}
    for role, subject in sorted(visitors, key=str):
        who = signed_in(shown.api, role, subject)
        theirs = [path for path, each in shown.places.items() if (each.role, each.subject) == (role, subject)]
        for turn, language in enumerate(("zh-CN", "en")):
            size: Any = {"width": 390, "height": 800}
            with browse_as(browser, shown.api, who, locale=language, viewport=size) as context:
                page = context.new_page()
                for number, path in enumerate(theirs):
                    if path not in FILES and (WHOLE or number % 2 == turn):
                        page.emulate_media(color_scheme="dark" if number % 3 else "light")
                        wrong += [(path, language, each) for each in faults(page, shown.places[path].address, axe)]
                if role is None:
                    wrong += [("/graphql", language, each) for each in faults(page, "/graphql", axe)]
    assert wrong == []


def test_a_file_is_shown_in_its_page(shown: Gallery, browser: Browser) -> None:
    """A picture is seen in the page and a PDF in its frame, under a policy without inline code; each opening is on record."""
    place = shown.places["/cases/{number}/evidence/{sha256}"]
    who = signed_in(shown.api, "REVIEWER", "evidence-reader")
    with browse_as(browser, shown.api, who, locale="en") as context:
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(place.address.removesuffix("?open=yes"))
        assert page.locator("img.file, iframe.file").count() == 0
        page.locator("main .button").click()
        expect(page.locator("img.file")).to_have_js_property("naturalWidth", 1)
        document = 'query { accessLog(subject: "evidence-reader") { nodes { operation fields } } }'
        accesses = shown.api.ask(document, None, shown.api.token("AUDITOR"))["accessLog"]["nodes"]
        assert any("evidence" in each["operation"].lower() for each in accesses), accesses
        pdf = next(
            each
            for each in _evidence(shown)
            if each["mediaType"] == "application/pdf" and each["sha256"] != COPY["sha256"]
        )
        page.goto(f"/cases/{pdf['caseNumber']}/evidence/{pdf['sha256']}?open=yes")
        frame = page.locator("iframe.file")
        answer = who.get(str(frame.get_attribute("src")))
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert answer.headers["content-disposition"].startswith("inline")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.content.startswith(b"%PDF-")
        assert problems == []


def test_files_are_judged_before_they_are_sent(shown: Gallery, browser: Browser, tmp_path: Path) -> None:
    """Another type, an empty and a large one are told at their field and nothing is sent; a form that comes back keeps what was typed and
    chosen; under the policy without inline code, and a form without files is sent as without scripts.
    """
    files = {"notes.docx": b"text", "empty.pdf": b"", "large.pdf": b"%PDF-" + bytes(21 * 1024 * 1024), "copy.pdf": PDF}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with browse_as(browser, shown.api, signed_in(shown.api, "APPLICANT", "uma"), locale="en") as context:
        page, sent, problems = context.new_page(), list[str](), list[str]()
        page.on("request", lambda request: sent.append(request.resource_type) if request.method == "POST" else None)
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto("/my/submit")
        button = page.locator("main form button:not([name])")
        for name, said in (("notes.docx", "another type"), ("empty.pdf", "is empty"), ("large.pdf", "at most 20 MB")):
            page.set_input_files("#file-1", tmp_path / name)
            expect(page.locator("#file-1-said")).to_contain_text(said)
            button.click()
            expect(page.locator("#file-1")).to_be_focused()
        assert sent == []
        page.set_input_files("#file-1", tmp_path / "copy.pdf")
        expect(page.locator("#file-1-said")).to_contain_text("copy.pdf, 1 kB")
        page.fill("#name", "王敏")
        button.click()
        expect(page.locator("main [role=alert]")).to_be_focused()
        expect(page.locator("#name")).to_have_value("王敏")
        expect(page.locator("#file-1-said")).to_contain_text("copy.pdf")
        assert sent == ["xhr"]
        page.fill("#idNumber", resident_number(8100))
        page.fill("#certificateName", "Certified Welding Inspector")
        page.fill("#issuingBody", "American Welding Society")
        page.fill("#certificateNumber", "UP-1")
        page.select_option("#authority", "330106-EI")
        page.fill("#workField", "装备制造")
        button.click()
        page.wait_for_url("**done=submit*")
        assert "copy.pdf" in page.inner_text("main")
        assert sent == ["xhr", "xhr"]
        # the browser itself tells of an answer with a status above 400 that a script asked for
        assert [each for each in problems if "422" not in each] == []


PDF = b"%PDF-1.4\n% a copy\n%%EOF\n"


def _evidence(shown: Gallery) -> list[dict[str, str]]:
    document = "query { cases(first: 50) { nodes { caseNumber evidence { sha256 mediaType } } } }"
    cases = shown.api.ask(document, None, shown.api.token("REVIEWER", "330106-EI"))["cases"]["nodes"]
    return [{"caseNumber": case["caseNumber"]} | each for case in cases for each in case["evidence"]]


Desk = Callable[..., Keyboard]


@pytest.fixture
def desk(shown: Gallery, browser: Browser) -> Iterator[Desk]:
    """Sits somebody down before a browser without a mouse."""
    contexts = []

    def sit(role: str | None, subject: str | None = None) -> Keyboard:
        context = browse_as(browser, shown.api, signed_in(shown.api, role, subject), locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto("/")
        return Keyboard(page)

    yield sit
    for each in contexts:
        each.close()


def submit(
    holder: Keyboard, file: Path, number: int, name: str, body: str, certificate: str, *, person: str = "王敏"
) -> str:
    """Submit a case with a file; its number."""
    holder.go_to("/my")
    holder.enter('main a[href="/my/submit"]')
    holder.fill({
        "name": person, "idNumber": resident_number(number), "certificateName": name, "issuingBody": body,
        "certificateNumber": certificate, "authority": "330106-EI", "workField": "数字经济",
    })  # fmt: skip
    holder.attach("#file-1", file)
    holder.enter("main form button:not([name])")
    assert "done=submit" in holder.page.url, holder.page.inner_text("main")
    return holder.page.url.split("?")[0].rsplit("/", 1)[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of a certificate."""
    file = tmp_path / "certificate.pdf"
    file.write_bytes(PDF)
    return file


def said(desk: Keyboard) -> str:
    """What stands on the page."""
    return desk.page.inner_text("main")


def test_approved_by_keyboard(desk: Desk, copy: Path) -> None:
    """Story 1: submitted with a file, found in the queue, recognised after its consequence was named, verified by the public."""
    number = submit(
        desk("APPLICANT", "kim"), copy, 8001, "AWS Certified Solutions Architect - Professional", "亚马逊", "KEY-1"
    )
    officer = desk("REVIEWER", "otto")
    officer.go_to("/queue")
    officer.enter(f'main a[href="/cases/{number}"]')
    officer.act(number, "approve", workConsistent="yes")
    assert "Recognised" in said(officer)
    public = desk(None)
    public.go_to("/verify")
    public.fill({"number": "KEY-1", "name": "王敏"})
    public.enter("main form button")
    assert "The title is valid" in said(public)


def test_results_follow_what_is_typed(desk: Desk) -> None:
    """In the catalog, with the one script that the policy admits; the address follows, and no other host is asked."""
    public = desk(None)
    asked, problems = [], []
    public.page.on("request", lambda request: asked.append(request.url))
    public.page.on("pageerror", lambda error: problems.append(str(error)))
    public.page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    public.go_to("/catalogs")
    public.enter(f'main a[href="/catalogs/{CODE}"]')
    public.write("#q", "焊接")
    public.page.wait_for_url("**q=*")
    table = public.page.locator("#results table tbody tr")
    assert 0 < table.count() < 10
    assert "焊接" in public.page.inner_text("#results")
    assert problems == []
    assert {urlsplit(each).netloc for each in asked} == {urlsplit(public.page.url).netloc}


@whole
def test_refused_by_keyboard(desk: Desk, copy: Path) -> None:
    """Story 2: the catalog lists no such qualification."""
    number = submit(desk("APPLICANT", "kim"), copy, 8002, "Certified ScrumMaster", "Scrum Alliance", "KEY-2")
    officer = desk("REVIEWER", "otto")
    officer.act(number, "reject", reason="目录未列入该职业资格")
    assert "done=reject" in officer.page.url


def today() -> str:
    """Today in Shanghai."""
    return shanghai_day(datetime.now(UTC)).isoformat()


def ended(desk: Desk, number: str, kind: str, holder: str, **answer: str) -> None:
    """A title ended: proposed, the holder heard, confirmed by another officer."""
    first, second = desk("REVIEWER", "otto"), desk("REVIEWER", "olga")
    first.act(number, f"propose-{kind}", ground="误认", findings="The body knows no such number.")
    first.act(number, f"confirm-{kind}")
    assert "confirmed" not in first.page.content() or "alert" in first.page.content()
    first.act(number, "give-notice", grave=False, servedOn=today())
    desk("APPLICANT", holder).act(number, "answer", grave=False, **answer)
    second.go_to("/inbox")
    second.enter(f'main a[href="/cases/{number}"]')
    second.act(number, f"confirm-{kind}")
    assert f"done=confirm-{kind}" in second.page.url


@whole
def test_revoked_by_keyboard(desk: Desk, copy: Path) -> None:
    """Story 3: a forged certificate comes to light; its holder answers; two officers revoke; the auditor reads how it came about."""
    number = submit(
        desk("APPLICANT", "kim"), copy, 8003, "Certified Welding Inspector", "American Welding Society", "KEY-3"
    )
    desk("REVIEWER", "otto").act(number, "approve", workConsistent="yes")
    ended(desk, number, "revocation", "kim", statement="An agent procured it.")
    auditor = desk("AUDITOR")
    auditor.open_case(number)
    auditor.enter(f'main a[href="/cases/{number}/history"]')
    auditor.enter('main .steps a[href="?version=1"]')
    assert "Proved" in said(auditor) or "Not in the log yet" in said(auditor)


@whole
def test_annulled_by_keyboard(desk: Desk, copy: Path) -> None:
    """Story 4: recognised on the wrong entry by two officers, annulled, and recognised on the right one."""
    name, body = "AWS Certified Solutions Architect - Professional", "亚马逊"
    holder = desk("APPLICANT", "kim")
    number = submit(holder, copy, 8004, name, body, "KEY-4")
    desk("REVIEWER", "otto").act(number, "match", grave=False, entryNumber="59", reason="误读证书名称")
    desk("REVIEWER", "olga").act(number, "approve", workConsistent="yes")
    ended(desk, number, "annulment", "kim", waive="yes")
    again = submit(holder, copy, 8004, name, body, "KEY-4")
    officer = desk("REVIEWER", "otto")
    officer.act(again, "approve", workConsistent="yes")
    assert "done=approve" in officer.page.url


@whole
def test_the_victim_by_keyboard(desk: Desk, copy: Path) -> None:
    """Story 5: while a title stands on a stolen certificate its owner's case waits; once that is revoked, it is theirs."""
    name, body = "Certified Welding Inspector", "American Welding Society"
    thief, owner = desk("APPLICANT", "kim"), desk("APPLICANT", "ann")
    stolen = submit(thief, copy, 8005, name, body, "KEY-5", person="孙立")
    officer = desk("REVIEWER", "otto")
    officer.act(stolen, "approve", workConsistent="yes")
    theirs = submit(owner, copy, 8006, name, body, "KEY-5", person="周宁")
    officer.act(theirs, "approve", workConsistent="yes")
    assert "done=" not in officer.page.url
    ended(desk, stolen, "revocation", "kim", waive="yes")
    officer.act(theirs, "approve", workConsistent="yes")
    assert "done=approve" in officer.page.url


@whole
def test_the_catalog_amended_by_keyboard(shown: Gallery, desk: Desk, tmp_path: Path) -> None:
    """Story 6: an office's file with one name corrected; what it changes is shown; one proposes, another issues."""
    timeline = shown.api.registry.shelf.catalog(CODE)
    entries = sorted(timeline.entries_at(len(timeline.versions)).values(), key=lambda each: each.number)
    entries[0] = entries[0].model_copy(update={"translated_name": entries[0].translated_name + "（更正）"})
    file = tmp_path / "catalog.xlsx"
    file.write_bytes(export_entries(entries, "xlsx"))
    first, second = desk("ADMINISTRATOR", "chen"), desk("ADMINISTRATOR", "lin")
    first.go_to("/amendments")
    first.enter(f'main a[href="/amendments/new/{CODE}"]')
    first.fill(
        {"noticeNumber": "样例〔2026〕11号", "noticeTitle": "关于更正目录的通知（样例）", "effectiveFrom": today()}
    )
    first.attach("#file", file)
    first.enter("main form button")
    assert "（更正）" in said(first)
    first.enter("main form button")
    address = first.page.url.split("?")[0].rsplit("/", 1)[1]
    second.go_to("/amendments")
    second.enter(f'main a[href="/amendments/{address}"]')
    second.enter('main button[value="issue"]')
    second.enter('main button[name="confirmed"]')
    assert second.page.url.endswith("/amendments") or "/amendments?" in second.page.url


@whole
def test_an_entry_edited_by_keyboard(desk: Desk) -> None:
    """Story 7: an entry is picked and its name corrected in a form; its effect is shown; one proposes, another issues."""
    first, second = desk("ADMINISTRATOR", "zhao"), desk("ADMINISTRATOR", "lin")
    first.go_to("/amendments")
    first.enter(f'main a[href="/amendments/edit/{CODE}"]')
    first.write("#q", "Welding Inspector")
    with first.page.expect_navigation():
        first.page.keyboard.press("Enter")
    first.enter(f'main table a[href^="/amendments/edit/{CODE}/"]')
    first.write("#remark", "译名待核")
    first.enter('main button[value="keep"]')
    assert "译名待核" in said(first)
    notice = {"noticeNumber": "样例〔2026〕14号", "noticeTitle": "关于备注的通知（样例）", "effectiveFrom": today()}
    first.fill(notice)
    first.enter('main button[value="preview"]')
    assert "译名待核" in said(first)
    first.enter("main form button")
    address = first.page.url.split("?")[0].rsplit("/", 1)[1]
    second.go_to("/amendments")
    second.enter(f'main a[href="/amendments/{address}"]')
    second.enter('main button[value="issue"]')
    second.enter('main button[name="confirmed"]')
    assert "/amendments?" in second.page.url


@whole
def test_maintenance_by_keyboard(desk: Desk) -> None:
    """Story 8: a check of the read models is asked for by its consequence; the page follows it to its end by itself."""
    keeper = desk("ADMINISTRATOR", "zhao")
    keeper.go_to("/operations")
    keeper.enter('main a[href="/operations/check-read-models"]')
    keeper.enter("main form button")
    expect(keeper.page.locator("#requests")).to_contain_text("Every table says what the events say", timeout=120_000)
