"""Drafts: what was typed and not submitted is kept sealed for thirty days, for whoever typed it, and then gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infrastructure.drafts import KEPT, LARGEST, Drafts, DraftTooLargeError, drafts_process, remove_old
from tests.api.conftest import Api
from tests.console_web.conftest import signed_in

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
