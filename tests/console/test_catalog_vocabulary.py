"""The vocabulary on the command line: looked up, and amended from a file by two administrators."""

from __future__ import annotations

from pathlib import Path

from tests.console.signing import by
from tests.console.test_catalog_commands import NOTICE, REFUSED, UNUSABLE, Run, answer
from tests.console.test_catalog_commands import run as run  # noqa: PLC0414 - the fixture of its sibling

HEAD = "change,kind,text,meaning,scope,ground\n"


def changes(folder: Path, *rows: str) -> Path:
    """A file of changes of words."""
    file = folder / "words.csv"
    file.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return file


def test_words_are_looked_up(run: Run) -> None:
    """By a text and by kind; an unknown kind is refused with the kinds there are."""
    told = answer(run("vocabulary", "internetwork", "--json"))
    assert told["version"] == 1
    assert {(each["kind"], each["text"], each["meaning"]) for each in told["vocabulary"]} >= {
        ("VARIANT", "internetwork", "internet")
    }
    courses = answer(run("vocabulary", "--kind", "course", "--json"))["vocabulary"]
    assert {"nanodegree", "specialization"} <= {each["text"] for each in courses}
    assert all(each["ground"] for each in courses)
    assert "name one of FORMAL" in run("vocabulary", "--kind", "NOUN", ends=UNUSABLE).stderr


def test_words_alone_become_version_2(run: Run, tmp_path: Path) -> None:
    """A dry run records nothing; one administrator proposes, another issues; the old version keeps its words."""
    file = changes(
        tmp_path, "ADDED,VARIANT,guru,professional,,house usage", "WITHDRAWN,COURSE,nanodegree,,,no longer sold"
    )
    words = ("amend", "--vocabulary", file, *NOTICE)
    dry = answer(run(*words, "--dry-run", "--json"))
    assert (dry["changes"], dry["aliasChanges"], dry["amendment"], dry["refusals"]) == ([], [], None, [])
    assert [(each["kind"], each["wordKind"], each["text"]) for each in dry["wordChanges"]] == [
        ("ADDED", "VARIANT", "guru"),
        ("WITHDRAWN", "COURSE", "nanodegree"),
    ]
    proposed = answer(run(*words, "--json", *by("first")))["amendment"]
    run("issue", proposed, *by("second"))
    assert [(row["version"], row["words"]) for row in answer(run("history", "--json"))] == [(1, 0), (2, 2)]
    found = [
        [each["text"] for each in answer(run("vocabulary", text, "--version", version, "--json"))["vocabulary"]]
        for text in ("guru", "nanodegree")
        for version in ("1", "2")
    ]
    assert found == [[], ["guru"], ["nanodegree"], []]


def test_what_stands_against_a_change_of_words_is_told(run: Run, tmp_path: Path) -> None:
    """A word that is not folded, or not there to withdraw, is refused with the way out; a wrong kind with its place."""
    file = changes(
        tmp_path, "ADDED,VARIANT,Guru,professional,,house usage", "WITHDRAWN,COURSE,seminar,,,no longer sold"
    )
    told = answer(run("amend", "--vocabulary", file, *NOTICE, "--dry-run", "--json", ends=REFUSED))
    assert [each["code"] for each in told["refusals"]] == ["CHANGE_INVALID", "CHANGE_INVALID"]
    assert "write it as 'guru'" in told["refusals"][0]["message"]
    wrong = changes(tmp_path, "ADDED,NOUN,guru,professional,,house usage")
    assert "is no kind of word" in run("amend", "--vocabulary", wrong, *NOTICE, "--dry-run", ends=REFUSED).stderr
