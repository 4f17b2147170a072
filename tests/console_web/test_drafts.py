"""Drafts: what was typed and not submitted is kept sealed for thirty days, for whoever typed it, and then gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from infrastructure.drafts import (
    KEPT,
    LARGEST,
    Drafts,
    DraftTooLargeError,
    drafts_process,
    erase_about,
    mark_of_holder,
    mark_of_number,
    remove_old,
)
from tests.api.conftest import Api
from tests.console_web.conftest import signed_in
from tests.people import resident_number

NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
KEY = bytes(range(32))


class Watch:
    """A clock that is set."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    """Ten o'clock in Shanghai."""
    return Watch()


@pytest.fixture
def drafts(tmp_path: Path, watch: Watch) -> Drafts:
    """An installation's drafts."""
    return Drafts(tmp_path, KEY, watch)


def test_a_draft_comes_back_to_whoever_saved_it(drafts: Drafts, tmp_path: Path) -> None:
    """To nobody else; the later one in place of the earlier; and not once it is erased."""
    drafts.save("ann", {"name": "王敏"})
    drafts.save("ann", {"name": "王敏", "idNumber": "P1"})
    drafts.save("bob", {"name": "李强"})
    found = drafts.of("ann")
    assert found is not None
    assert found.fields == {"name": "王敏", "idNumber": "P1"}
    assert found.kept_until == NOW + KEPT
    assert drafts.of("carl") is None
    drafts.erase("ann")
    drafts.erase("ann")
    assert drafts.of("ann") is None
    assert len(list(tmp_path.iterdir())) == 1


def test_nobody_reads_or_moves_a_draft(drafts: Drafts, tmp_path: Path, watch: Watch) -> None:
    """Neither name nor content lies in clear; under another key, in another's place or altered it opens not at all."""
    drafts.save("ann@example.com", {"name": "王敏"})
    (path,) = tmp_path.iterdir()
    text = path.read_text("ascii")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "ann" not in path.name
    assert "王敏".encode().hex() not in text
    assert Drafts(tmp_path, bytes(32), watch).of("ann@example.com") is None
    drafts.save("bob", {"name": "李强"})
    (other,) = (each for each in tmp_path.iterdir() if each != path)
    other.write_text(text, "ascii")
    assert drafts.of("bob") is None
    path.write_text(text[:15] + ("0" if text[15] != "0" else "1") + text[16:], "ascii")
    assert drafts.of("ann@example.com") is None


def test_a_draft_is_gone_after_thirty_days(drafts: Drafts, tmp_path: Path, watch: Watch) -> None:
    """From that instant on nobody is shown it, and the process removes its file; a younger one and one being written stay."""
    drafts.save("ann", {"name": "王敏"})
    watch.now += timedelta(days=1)
    drafts.save("bob", {"name": "李强"})
    (tmp_path / ".being-written").touch()
    watch.now = NOW + KEPT - timedelta(seconds=1)
    assert drafts.of("ann") is not None
    watch.now = NOW + KEPT
    assert drafts.of("ann") is None
    assert len(list(tmp_path.iterdir())) == 3
    step = drafts_process(tmp_path, watch).step
    assert step is not None
    assert step(lambda: False) is False
    assert len(list(tmp_path.iterdir())) == 2
    assert remove_old(tmp_path / "nothing", NOW) == 0
    assert drafts.of("bob") is not None


def test_a_draft_has_a_size(drafts: Drafts) -> None:
    """Whoever types more is told so, and what was kept before stays."""
    drafts.save("ann", {"name": "王敏"})
    with pytest.raises(DraftTooLargeError):
        drafts.save("ann", {"name": "x" * LARGEST})
    found = drafts.of("ann")
    assert found is not None
    assert found.fields == {"name": "王敏"}


def test_a_form_is_saved_and_come_back_to(site: Api) -> None:
    """With nothing filled in but a name; another applicant sees none of it; deleting asks once more on a page of its own."""
    who, other = signed_in(site, "APPLICANT", "ann-draft"), signed_in(site, "APPLICANT", "bob-draft")
    saved = who.post("/my/submit", {"do": "save", "name": "王敏 <b>", "certificateName": ""})
    assert saved.headers["location"] == "/my?done=saved"
    assert "Your draft is saved" in who.get("/my?done=saved").text
    form = who.get("/my/submit?draft=yes").text
    assert 'value="王敏 &lt;b&gt;"' in form
    assert "王敏" not in who.get("/my/submit").text
    assert "王敏" not in other.get("/my/submit?draft=yes").text
    assert other.get("/my/draft").status_code == 404
    assert "can’t be brought back" in who.get("/my/draft").text
    assert who.post("/my/draft", {}).status_code == 303
    assert who.get("/my/draft").status_code == 404


def test_an_erasure_finds_drafts_by_whom_they_are_about(drafts: Drafts, tmp_path: Path) -> None:
    """By number or by reference, whoever saved them, without opening one; how many persons a draft names is not to be seen."""
    ref = uuid4()
    drafts.save("ann", {"name": "王敏"}, [mark_of_number(b"digest"), mark_of_holder(ref)])
    drafts.save("agent", {"name": "王敏"}, [mark_of_number(b"digest")])
    drafts.save("bob", {"name": "李强"}, [mark_of_number(b"another")])
    drafts.save("carl", {"name": ""})
    assert len({path.stat().st_size for path in tmp_path.iterdir()}) <= 2  # names of one length, and none
    assert ref.hex not in "".join(path.read_text("ascii") for path in tmp_path.iterdir())
    assert erase_about(tmp_path, [mark_of_holder(uuid4())]) == 0
    assert erase_about(tmp_path, [mark_of_number(b"digest"), mark_of_holder(ref)]) == 2
    assert erase_about(tmp_path, [mark_of_number(b"digest")]) == 0
    assert [drafts.of(each) is not None for each in ("ann", "agent", "bob", "carl")] == [False, False, True, True]
    assert erase_about(tmp_path / "nothing", [b""]) == 0


def test_drafts_about_a_person_are_erased_with_them(site: Api) -> None:
    """Their own and those that an agent typed about them, however the number is spelled; those about others stay. The page says so."""
    number = resident_number(6101)
    submitted = site.submit(holder={"name": "冯雪", "idNumber": number})
    document = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { holder { ref } } }"
    asked = {"id": submitted["case"]["id"], "p": submitted["position"]}
    ref = site.ask(document, asked, site.token("PRIVACY_OFFICER"))["case"]["holder"]["ref"]
    agent, other, officer = (
        signed_in(site, "APPLICANT", "an-agent"),
        signed_in(site, "APPLICANT", "somebody"),
        signed_in(site, "PRIVACY_OFFICER"),
    )
    themselves = signed_in(site, "APPLICANT", "feng-xue")
    assert themselves.post(
        "/sign-in", {"role": "APPLICANT", "authority": "", "subject": "feng-xue", "holder": ref}
    ).is_redirect
    agent.post("/my/submit", {"do": "save", "idType": "RESIDENT_ID", "idNumber": f" {number[:6]} {number[6:].lower()}"})
    other.post("/my/submit", {"do": "save", "idType": "RESIDENT_ID", "idNumber": resident_number(6102)})
    themselves.post("/my/submit", {"do": "save", "name": "冯雪"})
    assert [each.get("/my/draft").status_code for each in (agent, other, themselves)] == [200, 200, 200]
    page = f"/persons/{UUID(ref)}/erase"
    assert "drafts about them are removed" in officer.get(page).text
    done = officer.post(page, {"legalBasis": "PIPL article 47, request 8", "confirmed": "yes"})
    assert done.status_code == 303, done.text
    assert "drafts about the person are gone" in officer.get(done.headers["location"]).text
    assert [each.get("/my/draft").status_code for each in (agent, other, themselves)] == [404, 200, 404]
