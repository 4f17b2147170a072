"""Somebody who has a keyboard and no mouse: every field and link is reached with Tab, as the browser leads there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import FileChooser, Page

LONGEST_WAY = 150
"""Presses of Tab within which everything on a page must be reached."""
_FOCUSED = "selector => document.activeElement !== null && document.activeElement.matches(selector)"
_SEEN = """() => { const each = document.activeElement, box = each.getBoundingClientRect(), style = getComputedStyle(each);
  return box.width > 0 && box.height > 0 && (style.outlineStyle !== 'none' && style.outlineWidth !== '0px'); }"""
_STATE = "() => [document.activeElement.value, document.activeElement.checked === true]"


class Keyboard:
    """A page that is used by its keys alone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._choosers: list[FileChooser] = []
        page.on("filechooser", lambda chooser: self._choosers.append(chooser))  # noqa: PLW0108 - the wrapper needs a function

    def reach(self, selector: str) -> None:
        """Press Tab until what a selector names has the focus, and shows it."""
        for _ in range(LONGEST_WAY):
            if self.page.evaluate(_FOCUSED, selector):
                assert self.page.evaluate(_SEEN), f"{selector} does not show that it has the focus"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached on {self.page.url}")

    def enter(self, selector: str) -> None:
        """Press Enter on a link or button, and wait for the page that it leads to."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, selector: str, text: str) -> None:
        """Type into a field, in place of what stands in it."""
        self.reach(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def day(self, selector: str, day: str) -> None:
        """Type a day, as 2026-11-27, into a field for days as an English browser shows it."""
        self.reach(selector)
        year, month, of_month = day.split("-")
        self.page.keyboard.type(f"{month}{of_month}{year}")

    def choose(self, selector: str, value: str) -> None:
        """Go through a list, or through the buttons of a question, to a value."""
        self.reach(selector)
        for _ in range(LONGEST_WAY * 2):
            found, checked = self.page.evaluate(_STATE)
            kind = self.page.evaluate("() => document.activeElement.type")
            if found == value:
                if kind in {"radio", "checkbox"} and not checked:
                    self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{selector} has no {value}")

    def attach(self, selector: str, file: Path) -> None:
        """Choose a file in the window that Enter opens."""
        self.reach(selector)
        self.page.keyboard.press("Enter")
        for _ in range(200):
            if self._choosers:
                self._choosers.pop().set_files(file)
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{selector} opens no window to choose a file in")

    def go_to(self, path: str) -> None:
        """Follow a link of the navigation."""
        self.enter(f'.places a[href="{path}"]')

    def open_case(self, number: str) -> None:
        """Find a case by its number."""
        self.go_to("/cases")
        self.write("#number", number)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        assert f"/cases/{number}" in self.page.url, self.page.url

    def act(self, number: str, name: str, *, grave: bool = True, **fields: str) -> None:
        """Do what the page of a case offers: fill in the form, and confirm it where its consequence is named."""
        self.open_case(number)
        link = f'main a[href="/cases/{number}/{name}"]'
        if self.page.locator(f"details:not([open]) {link.removeprefix('main ')}").count():
            self.reach("main details summary")
            self.page.keyboard.press("Enter")
        self.enter(link)
        self.fill(fields)
        self.enter("main form button")
        if grave:
            self.enter('main button[name="confirmed"]')

    def fill(self, fields: Mapping[str, str]) -> None:
        """Answer the fields of a form by their names, in their order."""
        for name, value in fields.items():
            field = self.page.locator(f'main [name="{name}"]').first
            kind = field.evaluate("each => each.type")
            if kind in {"radio", "checkbox", "select-one"}:
                self.choose(f'[name="{name}"]', value)
            elif kind == "date":
                self.day(f'[name="{name}"]', value)
            else:
                self.write(f'[name="{name}"]', value)
