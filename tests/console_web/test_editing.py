"""The amendment workbench without a file: a page an entry, kept in preparation by whoever types it, proposed at once, signed by another."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from console.web.prepared import AWARDS, EntryForm
from tests.api.conftest import Api
from tests.console_web.conftest import Visitor, signed_in

CATALOG = "zj-2023-digital-equipment-materials"
EDIT = f"/amendments/edit/{CATALOG}"
NOTICE = {"noticeNumber": "样例〔2026〕21号", "noticeTitle": "关于调整目录条目的通知", "effectiveFrom": "2026-11-24"}
FIELD = re.compile(r'<input id="([^"]+)" name="[^"]+" type="[a-z]+" value="([^"]*)"')
CHOSEN = re.compile(r'<select id="([^"]+)".*?</select>', re.DOTALL)


def typed(page: str) -> dict[str, str]:
    """What a form is filled in with."""
    found = {name: unescape(value) for name, value in FIELD.findall(page)}
    for each in CHOSEN.finditer(page):
        chosen = re.search(r'<option value="([^"]*)" selected', each[0])
        found[each[1]] = chosen[1] if chosen else ""
    return found


def keep(who: Visitor, number: int, deed: str = "keep", /, **changes: str) -> Any:
    """Send the form of an entry as it is, with some fields changed."""
    page = f"{EDIT}/{number}"
    return who.post(page, typed(who.get(page).text) | {"do": deed} | changes)


def test_entries_are_changed_added_and_withdrawn_in_forms(site: Api) -> None:
    """What is prepared is shown with its differences and its effect; nothing changes before another administrator signs."""
    chen, lin = signed_in(site, "ADMINISTRATOR", "chen"), signed_in(site, "ADMINISTRATOR", "lin")
    assert f'href="{EDIT}"' in chen.get("/amendments").text
    assert f"{EDIT}/58" in chen.get(f"{EDIT}?q=Solutions+Architect").text
    assert keep(chen, 58).headers["location"] == f"{EDIT}?done=left"  # sent as it was: nothing to prepare
    named = chen.get(f"{EDIT}/58").text
    translated = typed(named)["translatedName"]
    done = keep(chen, 58, translatedName=translated + "（更正）", reason="更正译名")
    assert done.headers["location"] == f"{EDIT}?done=kept"
    assert keep(chen, 60, "withdraw", reason="停止颁发").status_code == 303
    bench = chen.get(EDIT).text
    following = re.search(rf'href="{EDIT}/(\d+)">Add an entry', bench)
    assert following
    addition = {
        "qualificationName": "Certified Kubernetes Administrator", "translatedName": "认证Kubernetes管理员",
        "issuingBody": "云原生计算基金会", "field": "数字经济", "title-1": "工程师", "level-1": "INTERMEDIATE",
    }  # fmt: skip
    assert keep(chen, int(following[1]), **addition).status_code == 303
    bench = chen.get(EDIT).text
    for shown in ("（更正）", "更正译名", "停止颁发", "Certified Kubernetes Administrator", "Prepared changes: 3"):
        assert shown in bench
    assert "Prepared changes: 0" in lin.get(EDIT).text
    assert len(site.registry.shelf.catalog(CATALOG).versions) == 1
    effect = chen.post(EDIT, NOTICE | {"do": "preview"})
    assert effect.status_code == 200, effect.text
    assert "Current titles on changed entries" in effect.text
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', effect.text)
    assert digest
    keep(chen, 61, remark="改在另一窗口")
    shown_anew = chen.post(EDIT, {"do": "propose", "digest": digest[1]})
    assert "改在另一窗口" in shown_anew.text  # what is proposed is what was shown
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', shown_anew.text)
    assert digest
    answer = chen.post(EDIT, {"do": "propose", "digest": digest[1]})
    assert answer.status_code == 303, answer.text
    assert "Prepared changes: 0" in chen.get(EDIT).text
    path = answer.headers["location"].split("?")[0]
    assert chen.post(path, {"do": "issue", "confirmed": "yes"}).status_code == 422
    assert lin.post(path, {"do": "issue", "confirmed": "yes"}).status_code == 303
    version = lin.get(f"/catalogs/{CATALOG}/versions/2").text
    for shown in ("（更正）", "Certified Kubernetes Administrator", "停止颁发", "改在另一窗口"):
        assert shown in version
    overtaken = signed_in(site, "ADMINISTRATOR", "wu")
    assert "on the basis of version 1" not in overtaken.get(EDIT).text


def test_what_is_wrong_with_an_entry_stands_at_its_field(site: Api) -> None:
    """With what was typed; a number that is taken, a title without its level, and a day that is none are told before anything is kept."""
    who = signed_in(site, "ADMINISTRATOR", "qian")
    answer = keep(
        who, 57, qualificationName="", validUntil="soon", **{"title-2": "高级工程师"}, issuingBody="某机构 <b>"
    )
    assert answer.status_code == 422
    for name in ("qualificationName", "validUntil", "level-2"):
        assert f'id="{name}-fault"' in answer.text, name
        assert f'href="#{name}"' in answer.text
    assert 'value="某机构 &lt;b&gt;"' in answer.text
    assert 'value="高级工程师"' in answer.text
    assert "Prepared changes: 0" in who.get(EDIT).text
    taken = who.post(f"{EDIT}/900", {
        "do": "keep", "number": "57", "qualificationName": "A", "translatedName": "甲", "issuingBody": "B", "field": "材料",
        "title-1": "工程师", "level-1": "INTERMEDIATE",
    })  # fmt: skip
    assert taken.status_code == 422
    assert 'id="number-fault"' in taken.text
    nothing = who.post(EDIT, NOTICE | {"do": "preview", "noticeTitle": ""})
    assert nothing.status_code == 422
    assert 'id="noticeTitle-fault"' in nothing.text
    assert 'href="#changes"' in nothing.text
    assert NOTICE["noticeNumber"] in nothing.text
    assert NOTICE["noticeNumber"] in who.get(EDIT).text  # and is there when they come back


def test_what_stands_against_it_is_shown_before_anybody_proposes(site: Api) -> None:
    """The registry's own rules, by the preview; the way back leads to the editor, which kept everything."""
    who = signed_in(site, "ADMINISTRATOR", "sun")
    assert keep(who, 55, number="56").status_code == 303  # renumbered to a number that is another entry's
    assert "55" in who.get(EDIT).text
    effect = who.post(EDIT, NOTICE | {"do": "preview"})
    assert "What stands against it" in effect.text
    assert "Propose it" not in effect.text
    assert f'href="{EDIT}">Go on editing' in effect.text
    assert keep(who, 55, "leave").headers["location"] == f"{EDIT}?done=left"
    assert "can’t be brought back" in who.get(f"{EDIT}?drop=yes").text
    assert who.post(EDIT, {"do": "drop"}).status_code == 303
    assert NOTICE["noticeTitle"] not in who.get(EDIT).text


def test_a_form_has_room_for_more_titles_than_an_entry_has() -> None:
    """However many grades there are, none is lost by opening and sending the form."""
    awards = [{"grade": f"{n}级", "title": "工程师", "level": "INTERMEDIATE"} for n in range(9)]
    entry = {"qualificationName": "A", "translatedName": "B", "issuingBody": "C", "field": "D", "awards": awards}
    form = EntryForm.of_entry(entry | {"number": 7}, 7)
    assert form.places.stop - 1 > 9 > AWARDS
    assert form.faults() == {}
    assert form.entry()["awards"] == awards
    assert form.change(7, entry | {"number": 7}) is None
    moved = EntryForm(dict(form.typed) | {"number": "8"}).change(7, entry)
    assert moved is not None
    assert (moved.given["kind"], moved.given["number"], moved.given["newNumber"]) == ("RENUMBERED", 7, 8)
