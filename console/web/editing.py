"""The amendment workbench without a file: entries of the latest version are picked, changed, added or withdrawn in forms, a page an
entry, and kept in preparation until all is proposed at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from anyio import to_thread
from starlette.responses import Response

from application.access import Action
from console.web.amendments import PROPOSE, REQUIRED, previewed
from console.web.catalog import whole
from console.web.prepared import (
    NOTICE,
    EntryForm,
    PreparedAmendment,
    PreparedChange,
    withdrawal,
)
from console.web.visit import NoPage, SignInFirst, Visit, WebPage
from domain.values import TitleLevel
from infrastructure.drafts import DraftTooLargeError

ROWS: Final = 25


async def edit(visit: Visit) -> Response:
    """What is prepared, entries to pick from, and the notice; then its effect, and proposing it."""
    code, latest = await _catalog(visit)
    amendment = await _prepared(visit, code) or PreparedAmendment(latest)
    if visit.request.method != "POST":
        if visit.query("drop"):
            return visit.page("unprepare", code=code)
        return await _workbench(visit, code, amendment, latest)
    await visit.guarded_form()
    deed = visit.sent("do")
    if deed == "drop":
        await to_thread.run_sync(visit.console.amendments.erase, _subject(visit), code)
        return visit.go("/amendments")
    if deed == "propose":
        return await _proposed(visit, code, amendment, latest)
    if deed == "rebase":
        await _rebase(visit, code, amendment, latest)
    else:
        amendment.notice = {name: visit.sent(name) for name in NOTICE if visit.sent(name)}
    await _save(visit, code, amendment)
    if deed != "preview":
        return visit.go(f"/amendments/edit/{code}", done=deed)
    wrong = {name: visit.speaker.say("form.needed") for name in REQUIRED if not visit.sent(name)}
    if not amendment.changes and not amendment.notice.get("endsOn"):
        wrong["changes"] = visit.speaker.say("edit.no_changes")
    if wrong:
        return await _workbench(visit, code, amendment, latest, wrong)
    return await _preview(visit, code, amendment)


async def _preview(visit: Visit, code: str, amendment: PreparedAmendment) -> Response:
    address = f"/amendments/edit/{code}"
    hidden = {"do": "propose", "digest": amendment.digest(code)}
    return await previewed(visit, amendment.given(code), action=address, hidden=hidden)


async def _proposed(visit: Visit, code: str, amendment: PreparedAmendment, latest: int) -> Response:
    """Propose what was shown; where something was changed since, in another window, its effect is shown anew."""
    if visit.sent("digest") != amendment.digest(code):
        return await _preview(visit, code, amendment)
    payload = (await visit.told(PROPOSE, {"input": amendment.given(code)}))["proposeAmendment"]
    if payload["refusal"]:
        return await _workbench(visit, code, amendment, latest, {"": payload["refusal"]["message"]})
    await to_thread.run_sync(visit.console.amendments.erase, _subject(visit), code)
    return visit.go("/amendments/" + payload["amendment"]["id"], at=payload["position"])


async def _rebase(visit: Visit, code: str, amendment: PreparedAmendment, latest: int) -> None:
    """Go on on the basis of the latest version: each change is shown against the entry as that has it."""
    entries = (await whole(visit, "compare", code=code, number=latest))["version"]["entries"]["nodes"]
    known = {each["number"]: each for each in entries}
    amendment.base = latest
    amendment.changes = [PreparedChange(each.given, known.get(each.number)) for each in amendment.changes]


async def _workbench(
    visit: Visit, code: str, amendment: PreparedAmendment, latest: int, wrong: Mapping[str, str] | None = None
) -> Response:
    asked = {"code": code, "number": amendment.base, "first": ROWS, "search": visit.query("q")}
    catalog = visit.found((await visit.ask("editable", after=visit.query("after"), **asked))["catalog"])
    numbers = [each["number"] for each in catalog["version"]["highest"]["nodes"]]
    numbers += [each.number for each in amendment.changes]
    return visit.page(
        "edit",
        status=422 if wrong else 200,
        rows="catalog.version.entries.nodes",
        catalog=catalog,
        amendment=amendment,
        latest=latest,
        found=catalog["version"]["entries"],
        following=max(numbers, default=0) + 1,
        wrong=wrong or {},
    )


async def entry(visit: Visit) -> Response:
    """One entry in a form: as it is, or as it is prepared; kept, withdrawn, or left as it is."""
    code, latest = await _catalog(visit)
    number = int(visit.request.path_params["number"])
    amendment = await _prepared(visit, code) or PreparedAmendment(latest)
    before = await _before(visit, code, amendment.base, number)
    kept = amendment.change(number)
    if visit.request.method != "POST":
        content = (kept.after if kept else None) or before or {"awards": []}
        form = EntryForm.of_entry(content, int(content.get("number") or number))
        return _entry_page(visit, code, number, before, kept, form)
    await visit.guarded_form()
    form, deed = EntryForm(visit.form), visit.sent("do")
    if deed == "leave":
        amendment.let_go(number)
    elif deed == "withdraw" and before is not None:
        amendment.keep(withdrawal(number, before, visit.sent("reason")))
    else:
        wrong = {name: visit.speaker.say(key) for name, key in form.faults().items()}
        if not wrong and before is None and await _taken(visit, code, amendment, number, int(form.text("number"))):
            wrong["number"] = visit.speaker.say("edit.number_taken")
        if wrong:
            return _entry_page(visit, code, number, before, kept, form, wrong)
        amendment.let_go(number)
        change = form.change(number, before)
        if change is not None:
            amendment.keep(change)
    await _save(visit, code, amendment)
    return visit.go(f"/amendments/edit/{code}", done="kept" if amendment.change(number) else "left")


async def _taken(visit: Visit, code: str, amendment: PreparedAmendment, number: int, wanted: int) -> bool:
    """Whether an addition under another number than that of its page would take the place of something else."""
    if wanted == number:
        return False
    return amendment.change(wanted) is not None or await _before(visit, code, amendment.base, wanted) is not None


def _entry_page(
    visit: Visit,
    code: str,
    number: int,
    before: Mapping[str, Any] | None,
    kept: PreparedChange | None,
    form: EntryForm,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    reason = form.text("reason") or (kept.given["reason"] if kept else "")
    return visit.page(
        "edit-entry",
        status=422 if wrong else 200,
        code=code,
        number=number,
        before=before,
        kept=kept,
        form=form,
        reason=reason,
        levels=list(TitleLevel),
        wrong=wrong or {},
    )


async def _catalog(visit: Visit) -> tuple[str, int]:
    """The catalog's code and the number of its latest version. Raises ``NoPage``."""
    code = visit.request.path_params["code"]
    catalog = visit.found((await visit.ask("versions", code=code))["catalog"])
    visit.data.clear()
    visit.asked.clear()
    return code, catalog["versions"][-1]["number"]


async def _before(visit: Visit, code: str, version: int, number: int) -> dict[str, Any] | None:
    """The entry as a version has it."""
    data = await visit.ask("version-entry", code=code, version=version, number=number)
    found: dict[str, Any] | None = visit.found(data["catalog"])["version"]["entry"]
    return found


def _subject(visit: Visit) -> str:
    if visit.session is None:
        raise SignInFirst
    return visit.session.subject


async def _prepared(visit: Visit, code: str) -> PreparedAmendment | None:
    return await to_thread.run_sync(visit.console.amendments.of, _subject(visit), code)


async def _save(visit: Visit, code: str, amendment: PreparedAmendment) -> None:
    try:
        await to_thread.run_sync(visit.console.amendments.save, _subject(visit), code, amendment)
    except DraftTooLargeError:
        raise NoPage(413, "error.too_large") from None


PAGES: Final = (
    WebPage("/amendments/edit/{code}", edit, Action.AMEND_CATALOG, posts=True),
    WebPage("/amendments/edit/{code}/{number:int}", entry, Action.AMEND_CATALOG, posts=True),
)
