"""Catalogs on the command line: written, read back, compared, amended and published by two administrators."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner, Result

from console.cli import app
from tests.conftest import Prepared
from tests.console.signing import by

REFUSED, UNUSABLE = 1, 2
Run = Callable[..., Result]
DIHK = "德国工商大会 DIHK （Deutscher Industrie-und Handelskammertag）"
AWARDED = ("助理工程师", "数字经济")
NOTICE = ("--notice", "关于调整目录的通知", "--effective", "2027-01-01")


@pytest.fixture
def run(prepared: Prepared, database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``recognition catalog …`` on a registry of the test's own; the command must end as expected."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(shutil.copytree(prepared.folder, tmp_path / "var")))
    monkeypatch.setenv("RECOGNITION_POOL_MIN_SIZE", "0")

    def command(*words: str | Path, ends: int = 0) -> Result:
        result = CliRunner().invoke(app, ["catalog", *map(str, words)])
        assert result.exit_code == ends, result.output
        return result

    return command


def answer(result: Result) -> Any:
    """What a command answered to a program."""
    return json.loads(result.stdout)


@pytest.mark.parametrize("fmt", ["csv", "xlsx", "json"])
def test_what_is_exported_is_imported_unchanged(run: Run, tmp_path: Path, fmt: str) -> None:
    """All 100 entries of the official catalog, in every format that is written: no entry differs."""
    file = tmp_path / f"catalog.{fmt}"
    run("export", "--format", fmt, "-o", file)
    assert "100 entries, 1 to 100" in run("import", file).stdout
    assert answer(run("diff", "1", file, "--json")) == []
    refused = run("amend", file, *NOTICE, "--dry-run", "--json", ends=REFUSED)
    assert [refusal["code"] for refusal in answer(refused)["refusals"]] == ["NO_CHANGES"]


def test_a_file_is_refused_for_all_its_faults_with_their_places(run: Run, tmp_path: Path) -> None:
    """Sheet, row and column, and the way out, for each."""
    file = tmp_path / "catalog.xlsx"
    run("export", "--format", "xlsx", "-o", file)
    book = load_workbook(file)
    sheet = book["目录"]
    sheet["B3"], sheet["A5"], sheet["H7"] = None, "seven", "高级"
    book.save(file)
    result = run("import", file, ends=REFUSED)
    faults = [line for line in result.stderr.splitlines() if line.startswith("·")]
    for place in ("row 3, column B", "row 5, column A", "row 7, column H"):
        assert sum(f"sheet 目录, {place}" in fault for fault in faults) == 1
    assert len(faults) == 3
    assert "3 faults" in result.stderr


def test_an_office_s_workbook_becomes_version_2(run: Run, tmp_path: Path) -> None:
    """A workbook with new entries only: a dry run records nothing, one administrator proposes, another issues."""
    book = Workbook()
    rows: Sequence[Sequence[Any]] = [
        ["序号", "境外职业资格名称", "境外职业资格译名", "证书颁发机构", "比照认定职称", "专业领域", "备注"],
        [
            "１０１",
            "Cisco Certified\nQuantum Router",
            "思科认证量子路由",
            "思科（Cisco）",
            "工程师",
            "数字经济",
            "新增",
        ],
        [11, "Elektroniker/-in -Informations-und Systemtechnik", "电子技术员-信息系统技术方向", DIHK, *AWARDED, "更正"],
    ]
    for row in rows:
        assert book.active is not None
        book.active.append(row)
    file = tmp_path / "office.xlsx"
    book.save(file)
    words = ("amend", file, *NOTICE, "--partial", "--rematch-pending", "--json")
    dry = answer(run(*words, "--dry-run"))
    assert [(each["kind"], each["number"]) for each in dry["changes"]] == [("REVISED", 11), ("ADDED", 101)]
    assert dry["changes"][0]["fields"] == [
        {"name": "translatedName", "before": "电子技术员-信息系统术方向", "after": "电子技术员-信息系统技术方向"},
        {"name": "remark", "before": None, "after": "更正"},
    ]
    assert dry["amendment"] is None
    assert len(answer(run("history", "--json"))) == 1
    assert "token-malformed" in run(*words, "--token", "first", ends=UNUSABLE).stderr
    proposed = answer(run(*words, *by("first")))
    assert proposed["amendment"]
    same = run("issue", proposed["amendment"], *by("first"), ends=REFUSED)
    assert "SAME_ADMINISTRATOR" in same.stderr
    issued = answer(run("issue", proposed["amendment"], *by("second"), "--json"))
    assert (issued["version"], issued["rematched"]) == (2, 0)
    history = answer(run("history", "--json"))
    assert [(row["version"], row["effective"]) for row in history] == [(1, "2023-11-01"), (2, "2027-01-01")]
    contents = answer(run("history", "11", "--json"))
    assert [(row["version"], row["change"]) for row in contents] == [(1, "PUBLISHED"), (2, "REVISED")]
    difference = answer(run("diff", "1", "2", "--json"))
    assert [(each["kind"], each["number"]) for each in difference] == [("REVISED", 11), ("ADDED", 101)]
    shown = run("diff", "1", "2").stderr
    assert "0 withdrawn" in shown
    assert "1 added" in shown


def test_a_further_catalog_is_published_by_another_administrator(run: Run, tmp_path: Path) -> None:
    """Proposed from a file by one, published by another; then it is exported like any."""
    file, code = tmp_path / "catalog.json", "zj-2026-others"
    run("export", "--format", "json", "-o", file)
    words = ("propose", file, "--code", code, "--name", "目录（其他领域）", *NOTICE, "--json")
    proposal = answer(run(*words, *by("first")))["proposal"]
    assert "SAME_ADMINISTRATOR" in run("publish", proposal, *by("first"), ends=REFUSED).stderr
    assert answer(run("publish", proposal, *by("second"), "--json"))["catalog"] == code
    assert "PROPOSAL_CLOSED" in run("publish", proposal, *by("second"), ends=REFUSED).stderr
    assert "CATALOG_EXISTS" in run(*words, *by("first"), ends=REFUSED).stderr
    copy = tmp_path / "copy.csv"
    run("export", "--catalog", code, "--version", "1", "-o", copy)
    assert answer(run("diff", "1", copy, "--json")) == []


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (("diff", "1", "2"), UNUSABLE),
        (("diff", "1", "no-such-file.csv"), UNUSABLE),
        (("history", "500"), REFUSED),
        (("export", "--catalog", "no-such-catalog"), REFUSED),
        (("issue", "5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10"), REFUSED),
        (("publish", "5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10"), REFUSED),
    ],
)
def test_what_is_not_there_is_one_sentence_with_a_way_out(run: Run, words: Sequence[str], ends: int) -> None:
    """And an exit code that tells a refusal from an unusable call."""
    result = run(*words, ends=ends)
    assert result.stderr.startswith("error:")
    assert len(result.stderr.strip().splitlines()) <= 3


def sheet(path: Path, *rows: Sequence[object]) -> Path:
    """A workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


OTHERS = ["序号", "职业资格名称", "英文名称", "国家/地区", "发证机构", "对应职称", "专业领域", "主管部门"]


def test_import_says_which_heads_it_read_and_which_it_left(run: Run, tmp_path: Path) -> None:
    """Each head with what it was taken for; a column that an entry does not have is named."""
    row = ["A1", "海洋测量师", "Marine Surveyor", "新加坡", "Example Maritime Institute", "高级工程师", "海洋", "某局"]
    again = ["A2", "港口工程师", "Port Engineer", "新加坡", "Example Maritime Institute", "工程师", "海洋", "某局"]
    result = run("import", sheet(tmp_path / "list.xlsx", OTHERS, row, again))
    assert "2 entries, 1 to 2, without a fault" in result.stdout
    said = " ".join(result.stderr.split())
    assert "职业资格名称 (境外职业资格译名)" in said
    assert "发证机构 (证书颁发机构)" in said
    assert "left out, since an entry has no such column: 主管部门." in said


def test_a_catalog_of_senior_titles_is_proposed_with_its_levels_and_aliases(run: Run, tmp_path: Path) -> None:
    """The levels that its notice awards are stated with it; without them it is refused; an overlap is told."""
    rows = [
        ["1", "海洋测量师", "Marine Surveyor", "新加坡", "Example Maritime Institute", "高级工程师", "海洋", ""],
        ["2", "思科认证架构师", "Cisco Certified Architect", "美国", "思科（Cisco）", "助理工程师", "海洋", ""],
    ]
    file = sheet(tmp_path / "list.xlsx", OTHERS, *rows)
    aliases = sheet(
        tmp_path / "aliases.xlsx",
        ["change", "kind", "text", "issuer", "numbers", "ground"],
        ["added", "qualification", "Sea Surveyor", None, "1", "its own usage"],
    )
    words = ("propose", file, "--code", "example-sea", "--name", "目录", *NOTICE, *by("first"), "--aliases", aliases)
    refused = run(*words, ends=REFUSED)
    assert "LEVEL_NOT_AWARDED" in refused.stderr
    levels = ("--level", "junior", "--level", "ASSOCIATE_SENIOR", "--department", "甲厅", "--department", "乙厅")
    done = run(*words, *levels, "--json")
    assert "CATALOG_OVERLAP" in done.stderr
    assert run("publish", answer(done)["proposal"], *by("second")).stdout == "Published example-sea as version 1.\n"
    shown = answer(run("aliases", "Sea Surveyor", "--catalog", "example-sea", "--version", "1", "--json"))
    assert [each["text"] for each in shown["aliases"]] == ["Sea Surveyor"]


def test_a_catalog_is_ended_from_the_command_line(run: Run) -> None:
    """Proposed by one, issued by another, without a file."""
    done = answer(run("amend", *NOTICE, "--ends-on", "2027-12-31", *by("first"), "--json"))
    assert done["refusals"] == []
    run("issue", done["amendment"], *by("second"))
    early = answer(run("amend", *NOTICE, "--ends-on", "2026-12-31", "--dry-run", "--json", ends=REFUSED))
    assert [each["code"] for each in early["refusals"]] == ["ENDS_TOO_EARLY"]
