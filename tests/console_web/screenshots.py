"""Pictures of every page, 390 and 1280 px wide, light and dark, 中文 and English: ``python -m tests.console_web.screenshots``.

``--only`` and ``--looks`` choose pages and looks by pattern, as ``--looks '1280-light'``. A page that is wider than its window, and one
that is not shown, are named at the end and fail the command. ``--document`` takes the few that ``docs/console.md`` shows, and ``--print`` prints the pages that people hand
on, as PDF and as a picture of the paper, from a dark screen.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from itertools import product
from pathlib import Path

import psycopg
from playwright.sync_api import Browser, sync_playwright
from psycopg.sql import SQL, Identifier

from infrastructure.postgres.embedded import OWNER_ROLE, EmbeddedPostgres
from infrastructure.postgres.migrations import migrate
from tests.conftest import TEMPLATE, _database
from tests.console_web.conftest import CHROMIUM, QUIET, browse_as, close_clients, signed_in
from tests.console_web.gallery import FILES, Gallery, gallery

WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
LANGUAGES = ("zh-CN", "en")
DOCUMENTED = {
    "check": ("/check", 390, "light", "zh-CN"),
    "case": ("/cases/{number}", 1280, "light", "en"),
    "history": ("/cases/{number}/history", 1280, "light", "zh-CN"),
    "catalog": ("/catalogs/{code}", 1280, "dark", "en"),
    "amendment": ("/amendments/{id}", 1280, "light", "zh-CN"),
    "queue": ("/queue", 390, "dark", "zh-CN"),
}
"""The pictures of the documentation: page, width, scheme, language."""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def named(path: str) -> str:
    """A page's name as a file's."""
    return re.sub(r"[^a-z]+", "-", re.sub(r":int", "", path)).strip("-") or "start"


def main(folder: Path, only: str, looks: str, *, document: bool, paper: bool) -> int:
    """Take the pictures into a folder; what was wrong with how many of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as name, EmbeddedPostgres(_open(name)) as server:
        with psycopg.connect(server.owner_url, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
        migrate(server.url(OWNER_ROLE, TEMPLATE))
        databases = _database(server, TEMPLATE)
        with gallery(next(databases), Path(name)) as shown, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
            if document:
                wrong = documented(browser, shown, folder)
            elif paper:
                wrong = printed(browser, shown, folder)
            else:
                wrong = taken(browser, shown, folder, only, looks)
            browser.close()
            close_clients()
        next(databases, None)
    sys.stdout.write("\n".join([f"{len(list(folder.glob('*.png')))} pictures in {folder}", *wrong, ""]))
    return len(wrong)


def _open(name: str) -> Path:
    """A folder of the database that its system user can get to, also when this runs as root."""
    Path(name).chmod(0o711)
    return Path(name) / "postgres"


def documented(browser: Browser, shown: Gallery, folder: Path) -> list[str]:
    """The few pictures of the documentation, a window high."""
    for name, (path, width, scheme, language) in DOCUMENTED.items():
        place, size = shown.places[path], {"width": width, "height": 844 if width < 500 else 760}
        who = signed_in(shown.api, place.role, place.subject)
        with browse_as(browser, shown.api, who, viewport=size, color_scheme=scheme, locale=language) as context:
            page = context.new_page()
            page.goto(place.address)
            page.screenshot(path=folder / f"{name}.png")
    return []


def printed(browser: Browser, shown: Gallery, folder: Path) -> list[str]:
    """What people hand on, as it leaves a printer: a certificate that was looked up, a title that was verified, a case, its history."""
    case = shown.places["/cases/{number}/history"].address.removesuffix("/history")
    pages = {
        "check": (None, "/check?name=AWS+Certified+Solutions+Architect&body=Amazon"),
        "verify": (None, "/verify"),
        "case": ("PRIVACY_OFFICER", case),
        "history": ("AUDITOR", f"{case}/history"),
    }
    for name, (role, address) in pages.items():
        with browse_as(browser, shown.api, signed_in(shown.api, role), color_scheme="dark", locale="zh-CN") as context:
            page = context.new_page()
            page.goto(address)
            if name == "verify":
                page.check("[name=by][value=case]")
                page.fill("#number", shown.places["/cases/{number}/rederive"].address.split("/")[2])
                page.fill("#name", "王敏")
                page.click("main form button")
            page.pdf(path=folder / f"{name}.pdf", format="A4")
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 680, "height": 960})
            page.screenshot(path=folder / f"{name}-print.png", full_page=True)
    return []


def taken(browser: Browser, shown: Gallery, folder: Path, only: str, looks: str) -> list[str]:
    """Each page in each look; what was wrong."""
    wrong = []
    chosen = {path: place for path, place in shown.places.items() if re.search(only, path) and path not in FILES}
    visitors = {place: signed_in(shown.api, place.role, place.subject) for place in set(chosen.values())}
    for language, scheme, width in product(LANGUAGES, SCHEMES, WIDTHS):
        look = f"{width}-{scheme}-{language[:2]}"
        if not re.search(looks, look):
            continue
        for path, place in chosen.items():
            size = {"width": width, "height": 800}
            with browse_as(
                browser, shown.api, visitors[place], viewport=size, color_scheme=scheme, locale=language
            ) as context:
                page = context.new_page()
                answer = page.goto(place.address)
                if answer is None or answer.status != 200:
                    wrong.append(f"not shown: {path}")
                if page.evaluate(WIDER) > 0:
                    wrong.append(f"wider than {width} px: {path} ({language})")
                page.screenshot(path=folder / f"{named(path)}-{look}.png", full_page=True)
    return wrong


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Take pictures of every page of the console.")
    arguments.add_argument("folder", nargs="?", type=Path, default=Path("build/screenshots"))
    arguments.add_argument("--only", default="", help="pages whose path this pattern finds")
    arguments.add_argument("--looks", default="", help="looks that this pattern finds, as 390-dark-zh")
    arguments.add_argument("--document", action="store_true", help="the few pictures of the documentation alone")
    arguments.add_argument("--print", action="store_true", dest="paper", help="what people hand on, as it is printed")
    given = arguments.parse_args()
    sys.exit(min(main(given.folder, given.only, given.looks, document=given.document, paper=given.paper), 1))
