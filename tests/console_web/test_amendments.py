"""The amendment workbench: files of an office are read, shown with what they do, proposed by one and issued by another."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from catalog.files import export_entries
from domain.values import CatalogEntry
from tests.api.conftest import Api
from tests.console_web.conftest import Visitor, signed_in

CATALOG = "zj-2023-digital-equipment-materials"
FORM = {"noticeNumber": "样例〔2026〕12号", "noticeTitle": "关于调整目录的通知", "effectiveFrom": "2026-11-24"}
ALIASES = (
    "change,kind,text,issuer,numbers,ground\nadded,qualification,Solutions Architect Pro AWS,,58,as people write it\n"
)


def listed(site: Api) -> list[CatalogEntry]:
    """The entries of the latest version."""
    catalog = site.registry.shelf.catalog(CATALOG)
    return sorted(catalog.entries_at(len(catalog.versions)).values(), key=lambda each: each.number)


def proposed(who: Visitor, files: dict[str, Any], **fields: str) -> str:
    """Send files, see what they do, and propose it; the address of the amendment."""
    path = f"/amendments/new/{CATALOG}"
    preview = who.post(path, FORM | fields, files=files)
    assert preview.status_code == 200, preview.text
    given = re.search(r'name="input" value="([^"]*)"', preview.text)
    assert given, preview.text
    answer = who.post(path, {"input": unescape(given[1])})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_an_offices_files_become_a_version(site: Api) -> None:
    """A catalog with a name corrected, an alias, and a last day: shown before anybody signs; never issued by its proposer."""
    chen, lin = signed_in(site, "ADMINISTRATOR", "chen"), signed_in(site, "ADMINISTRATOR", "lin")
    entries = listed(site)
    entries[0] = entries[0].model_copy(update={"translated_name": entries[0].translated_name + "（更正）"})
    files = {
        "file": ("目录.xlsx", export_entries(entries, "xlsx"), "application/octet-stream"),
        "aliases": ("aliases.csv", ALIASES.encode(), "text/csv"),
    }
    shown = chen.post(f"/amendments/new/{CATALOG}", FORM, files=files)
    assert "（更正）" in shown.text
    assert "Solutions Architect Pro AWS" in shown.text
    address = proposed(chen, files, endsOn="2030-12-31")
    page = lin.get(address)
    assert "2030-12-31" in page.text
    path = address.split("?")[0]
    assert path in lin.get("/amendments").text
    confirm = lin.post(path, {"do": "issue"})
    assert 'name="confirmed"' in confirm.text
    alone = chen.post(path, {"do": "issue", "confirmed": "yes"})
    assert alone.status_code == 422
    assert lin.post(path, {"do": "issue", "confirmed": "yes"}).status_code == 303
    version = lin.get(f"/catalogs/{CATALOG}/versions/2")
    assert "（更正）" in version.text
    assert "Solutions Architect Pro AWS" in version.text


def test_what_is_wrong_with_a_file_stands_at_it(site: Api) -> None:
    """Each file's faults at its field, what was typed stays; without any file or last day there is nothing to amend by."""
    chen = signed_in(site, "ADMINISTRATOR", "chen")
    path = f"/amendments/new/{CATALOG}"
    nothing = chen.post(path, FORM)
    assert nothing.status_code == 422
    assert FORM["noticeTitle"] in nothing.text
    broken = {
        "aliases": ("aliases.csv", b"a,b\n1,2\n", "text/csv"),
        "words": ("../words.xlsx", b"no workbook", "application/octet-stream"),
    }
    answer = chen.post(path, FORM, files=broken)
    assert answer.status_code == 422
    assert 'id="aliases-fault"' in answer.text
    assert 'id="words-fault"' in answer.text
    assert FORM["noticeNumber"] in answer.text


def test_an_amendment_is_discarded_for_a_reason(site: Api) -> None:
    """Without one the form says so; with one it is closed, and stays to be read."""
    chen, lin = signed_in(site, "ADMINISTRATOR", "chen"), signed_in(site, "ADMINISTRATOR", "lin")
    words = {"aliases": ("a.csv", ALIASES.replace("Pro AWS", "Pro AWS too").encode(), "text/csv")}
    path = proposed(chen, words, noticeNumber="样例〔2026〕13号").split("?")[0]
    assert lin.post(path, {"do": "discard", "reason": ""}).status_code == 422
    assert lin.post(path, {"do": "discard", "reason": "superseded"}).status_code == 303
    assert "Discarded" in lin.get(path).text or "discarded" in lin.get(path).text
