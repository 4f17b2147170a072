"""``recognition audit export`` and ``audit verify``, as an operator and an auditor run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from tests.pack.conftest import Archive


def run(*words: str, ends: int = 0) -> Result:
    """``recognition …``, which ends as expected."""
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == ends, result.output
    return result


def said(result: Result) -> str:
    return " ".join(result.stderr.split())


@pytest.fixture
def folder(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the registry named in the environment."""
    registry = archive.api.registry
    monkeypatch.setenv("DATABASE_URL", registry.database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", registry.database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(registry.settings.data_dir))
    monkeypatch.chdir(tmp_path)
    archive.sign()
    return tmp_path


def test_a_case_is_exported_and_verified(archive: Archive, folder: Path) -> None:
    """Exit code 0, the case, its title and how long it took; a change is one sentence, exit code 1."""
    told = json.loads(run("audit", "export", archive.revoked.lower(), "-o", "case.json", "--json").stdout)
    assert told["bytes"] == (folder / "case.json").stat().st_size
    assert [each.name for each in folder.iterdir()] == ["case.json"]
    done = run("--lang", "en", "audit", "verify", "case.json", "--key", archive.vkey)
    assert "REVOKED" in done.stdout
    assert "seconds" in done.stdout
    assert "--disclose" in said(done)
    assert "已加密" in run("--lang", "zh", "audit", "verify", "case.json", "--key", archive.vkey).stderr
    text = (folder / "case.json").read_text(encoding="utf-8")
    (folder / "case.json").write_text(text.replace('months\\":12', 'months\\":13'), encoding="utf-8")
    wrong = run("--lang", "en", "audit", "verify", "case.json", "--key", archive.vkey, ends=1)
    assert wrong.stdout == ""
    assert "version 3, position" in said(wrong)
    assert "is not leaf" in said(wrong)
    found = json.loads(run("audit", "verify", "case.json", "--key", archive.vkey, "--json", ends=1).stdout)
    assert (found["verified"], found["rule"], found["version"]) == (False, "log_as_signed", 3)


def test_a_disclosure_is_recorded(archive: Archive, folder: Path) -> None:
    """Field by field, with the reason; without a reason, and of a field that is none, nothing is written."""
    number, out = archive.standing, ["-o", "case.json"]
    assert "--reason" in said(run("audit", "export", number, *out, "--disclose", "holder.name", ends=2))
    refused = run("audit", "export", number, *out, "--disclose", "shoe.size", "--reason", "a drill", ends=1)
    assert "holder" in said(refused)
    assert list(folder.iterdir()) == []
    run("audit", "export", number, *out, "--disclose", "holder.name", "--reason", "court 12/2026")
    rows = archive.as_owner(
        "SELECT reason, operation, fields::text FROM registry.access_log WHERE operation = 'audit export'"
    )
    assert [(reason, operation) for reason, operation, _ in rows] == [("court 12/2026", "audit export")]
    assert '["holder.name"]' in rows[0][2]
    told = json.loads(run("audit", "verify", "case.json", "--key", archive.vkey, "--json").stdout)
    assert [(each["field"], each["value"]) for each in told["disclosed"]] == [("holder.name", "王敏")]


def test_everything_is_exported_and_verified(archive: Archive, folder: Path) -> None:
    """A line each, complete against the checkpoint; a line left out is found."""
    told = json.loads(run("audit", "export", "--all", "-o", "all.jsonl", "--json").stdout)
    checked = json.loads(run("audit", "verify", "all.jsonl", "--key", archive.vkey, "--json").stdout)
    assert checked["leaves"] == told["events"]
    lines = (folder / "all.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "all.jsonl").write_bytes(b"".join(lines[:-1]))
    assert "is not complete" in said(run("--lang", "en", "audit", "verify", "all.jsonl", "--key", archive.vkey, ends=1))


def test_what_is_asked_for_wrongly_is_said(archive: Archive, folder: Path) -> None:
    """No case, both, an unknown one, a place that cannot be written, a key that is none; nothing is left behind."""
    for words in (["audit", "export"], ["audit", "export", archive.standing, "--all"]):
        assert "one of the two" in said(run(*words, ends=2))
    assert "case by case" in said(run("audit", "export", "--all", "--disclose", "holder", "--reason", "why", ends=2))
    assert "There is no case" in said(run("audit", "export", "ZJ2026-00000-00000", ends=1))
    assert "cannot be written" in said(run("audit", "export", archive.standing, "-o", "no/such/folder", ends=2))
    assert "cannot be written" in said(run("audit", "export", archive.standing, "-o", "/", ends=2))
    assert list(folder.iterdir()) == []
    assert "cannot be read" in said(run("audit", "verify", "none.json", "--key", archive.vkey, ends=2))
    (folder / "x").write_text("{}", encoding="utf-8")
    assert "log-note" in said(run("audit", "verify", "x", "--key", "no key", ends=1))
