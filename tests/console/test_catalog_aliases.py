"""Aliases on the command line: looked up, amended from a file by two administrators, and their history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.console.signing import by
from tests.console.test_catalog_commands import NOTICE, REFUSED, UNUSABLE, Run, answer
from tests.console.test_catalog_commands import run as run  # noqa: PLC0414 - the fixture of its sibling

HEAD = "change,kind,text,issuer,numbers,ground\n"
ENTRY = """序号,境外职业资格名称,境外职业资格译名,证书颁发机构,比照认定职称,专业领域
101,AWS Certified Cloud Practitioner,亚马逊云从业者,亚马逊,助理工程师,数字经济
"""


def texts(told: dict[str, Any]) -> list[str]:
    """The texts of a listing."""
    return [each["text"] for each in told["aliases"]]


def changes(folder: Path, *rows: str) -> Path:
    """A file of alias changes."""
    file = folder / "aliases.csv"
    file.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return file


def test_aliases_are_looked_up(run: Run) -> None:
    """By a text, by kind, by the entry they may mean, and those that the version does not list."""
    told = answer(run("aliases", "cloud practitioner", "--unlisted", "--json"))
    assert told["version"] == 1
    assert "AWS Certified Cloud Practitioner" in texts(told)
    assert all(each["numbers"] == [] and each["ground"] for each in told["aliases"])
    bodies = answer(run("aliases", "--kind", "ISSUING_BODY", "亚马逊", "--json"))["aliases"]
    assert {each["issuer"] for each in bodies} == {"AMAZON"}
    assert all(58 in each["numbers"] for each in answer(run("aliases", "--entry", "58", "--json"))["aliases"])
    shown = run("aliases", "CLF-C0").stdout
    assert "CLF-C01" in shown
    assert len(shown.splitlines()) == 3  # a line of heads, and one an alias
    assert answer(run("aliases", "no such name", "--json"))["aliases"] == []


def test_aliases_alone_become_version_2(run: Run, tmp_path: Path) -> None:
    """A dry run records nothing; one administrator proposes, another issues; version and history show the changes."""
    file = changes(
        tmp_path, "ADDED,QUALIFICATION,Amazon Guru,,58,house name", "WITHDRAWN,QUALIFICATION,CLF-C01,,,no longer held"
    )
    words = ("amend", "--aliases", file, *NOTICE)
    dry = answer(run(*words, "--dry-run", "--json"))
    assert (dry["changes"], dry["amendment"], dry["refusals"], dry["notes"]) == ([], None, [], [])
    assert [(each["kind"], each["text"]) for each in dry["aliasChanges"]] == [
        ("ADDED", "Amazon Guru"),
        ("WITHDRAWN", "CLF-C01"),
    ]
    assert "Amazon Guru" in run(*words, "--dry-run").stdout
    assert "No alias ever changed" in run("history", "--aliases").stderr
    proposed = answer(run(*words, "--json", *by("first")))["amendment"]
    assert [row["status"] for row in answer(run("history", "--aliases", "--json"))] == ["proposed by first"] * 2
    assert "SAME_ADMINISTRATOR" in run("issue", proposed, *by("first"), ends=REFUSED).stderr
    run("issue", proposed, *by("second"))
    history = answer(run("history", "--json"))
    assert [(row["version"], row["changes"], row["aliases"]) for row in history] == [(1, 0, 0), (2, 0, 2)]
    assert answer(run("history", "--aliases", "--json")) == [
        {
            "version": 2,
            "status": "issued",
            "kind": "ADDED",
            "aliasKind": "QUALIFICATION",
            "text": "Amazon Guru",
            "issuer": None,
            "numbers": [58],
            "ground": "house name",
        },
        {
            "version": 2,
            "status": "issued",
            "kind": "WITHDRAWN",
            "aliasKind": "QUALIFICATION",
            "text": "CLF-C01",
            "issuer": None,
            "numbers": [],
            "ground": "no longer held",
        },
    ]
    assert texts(answer(run("aliases", "CLF-C0", "--version", "2", "--json"))) == ["CLF-C02"]
    assert texts(answer(run("aliases", "Amazon Guru", "--version", "2", "--json"))) == ["Amazon Guru"]


def test_an_entry_known_as_unlisted_comes_with_the_withdrawal_of_its_alias(run: Run, tmp_path: Path) -> None:
    """The dry run names the aliases and the way out; with them withdrawn, entries and aliases are one amendment."""
    entries = tmp_path / "entries.csv"
    entries.write_text(ENTRY, encoding="utf-8")
    words = ("amend", entries, "--partial", *NOTICE, "--json")
    refused = run(*words, "--dry-run", ends=REFUSED)
    assert [each["code"] for each in answer(refused)["refusals"]] == ["NAME_UNLISTED"]
    assert "NAME_UNLISTED" in run(*words, *by("first"), ends=REFUSED).stderr
    names = ("AWS Certified Cloud Practitioner", "AWS 认证云从业者")
    file = changes(tmp_path, *(f"WITHDRAWN,QUALIFICATION,{name},,,listed from now on" for name in names))
    told = answer(run(*words, "--aliases", file, *by("first")))
    assert ([each["number"] for each in told["changes"]], told["refusals"]) == ([101], [])
    assert told["amendment"]


def test_what_the_signers_should_know_is_told(run: Run, tmp_path: Path) -> None:
    """A note is no refusal: it goes to the person, and to programs as data."""
    file = changes(tmp_path, "ADDED,QUALIFICATION,Cisco Certified Architect,,,another one bears the name")
    result = run("amend", "--aliases", file, *NOTICE, "--dry-run", "--json")
    assert [note["code"] for note in answer(result)["notes"]] == ["NAME_NOT_MATCHED"]
    assert "NAME_NOT_MATCHED" in result.stderr


def test_a_file_is_refused_for_all_its_faults(run: Run, tmp_path: Path) -> None:
    """With rows and columns, before anything is opened or recorded."""
    file = changes(tmp_path, "REVISED,QUALIFICATION,CCNP,,32,why", "ADDED,QUALIFICATION,CCNP,,x,why")
    result = run("amend", "--aliases", file, *NOTICE, *by("first"), ends=REFUSED)
    for place in ("row 2, column A", "row 3, column E"):
        assert place in result.stderr
    assert "2 faults" in result.stderr


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (("amend", *NOTICE), UNUSABLE),
        (("amend", "--aliases", "no-such-file.csv", *NOTICE), UNUSABLE),
        (("history", "11", "--aliases"), UNUSABLE),
        (("aliases", "--version", "9"), UNUSABLE),
        (("aliases", "--catalog", "no-such-catalog"), REFUSED),
    ],
)
def test_what_cannot_be_done_is_one_sentence_with_a_way_out(run: Run, words: tuple[str, ...], ends: int) -> None:
    """And an exit code that tells a refusal from an unusable call."""
    assert run(*words, ends=ends).stderr.startswith("error:")
