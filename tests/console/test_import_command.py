"""``recognition import``: a file of decisions of before, signed by one administrator and brought in by another."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner, Result

from console.cli import app
from tests.conftest import Prepared
from tests.console.signing import by
from tests.people import resident_number

HEAD = (
    "姓名",
    "证件号码",
    "证书名称",
    "证书颁发机构",
    "证书编号",
    "审核单位代码",
    "专业领域",
    "目录序号",
    "申请日期",
    "认定日期",
    "专业一致",
    "认定文号",
)
Run = Callable[..., Result]


@pytest.fixture
def run(prepared: Prepared, database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``recognition import …`` on a registry of the test's own; the command must end as expected."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(shutil.copytree(prepared.folder, tmp_path / "var")))
    monkeypatch.setenv("RECOGNITION_POOL_MIN_SIZE", "0")

    def command(*words: str | Path, ends: int = 0) -> Result:
        result = CliRunner().invoke(app, ["import", *map(str, words)])
        assert result.exit_code == ends, result.output
        return result

    return command


def decision(number: int, **changes: str) -> list[str]:
    """A row of a file, under ``HEAD``."""
    cells = dict(
        zip(
            HEAD,
            ("李明", resident_number(number), "AWS Certified Solutions Architect - Professional", "亚马逊", f"OLD-{number}", "330100-EI",
             "数字经济", "58", "2024-01-08", "2024-02-05", "是", "杭经信〔2024〕7号"),
            strict=True,
        )
    )  # fmt: skip
    return list((cells | changes).values())


def written(file: Path, *rows: list[str]) -> Path:
    """A CSV as an office has it."""
    with file.open("w", encoding="utf-8-sig", newline="") as sheet:
        csv.writer(sheet).writerows([HEAD, *rows])
    return file


def test_it_is_signed_imported_and_corrected(run: Run, tmp_path: Path) -> None:
    """A rehearsal says what would happen; signed by one, imported by another; what was refused is corrected in the report and follows."""
    file = written(tmp_path / "old.csv", decision(1), decision(2, 目录序号="9999"), decision(3))
    rehearsed = json.loads(run(file, "--dry-run", "--json", *by("second"), ends=1).stdout)
    assert (rehearsed["imported"], rehearsed["refused"]) == (2, 1)
    assert "signs it first" in run(file, *by("second"), ends=1).stderr
    signed = run(file, "--sign", *by("first"))
    assert "3 rows" in signed.stdout
    assert "evidence_or_opinion" in signed.stderr
    assert "SAME_ADMINISTRATOR" in run(file, *by("first"), ends=1).stderr
    done = json.loads(run(file, "--json", *by("second"), ends=1).stdout)
    assert (done["imported"], done["already"], done["refused"]) == (2, 0, 1)
    assert [(each["row"], each["code"]) for each in done["rows"]] == [("3", "UNKNOWN_ENTRY")]
    report = Path(done["report"])
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    report.write_text(report.read_text(encoding="utf-8-sig").replace("9999", "58"), encoding="utf-8-sig")
    assert "1 rows" in run(report, "--sign", *by("second")).stdout
    assert "1 decisions imported" in run(report, *by("first")).stdout


def test_a_workbook_is_read_and_its_very_bytes_are_signed(run: Run, tmp_path: Path, database: Any) -> None:
    """Sheets as they are typed; a file that changed after its signature is another file."""
    book = Workbook()
    book.active.append(list(HEAD))
    book.active.append(decision(1))
    file = tmp_path / "old.xlsx"
    book.save(file)
    run(file, "--sign", *by("first"))
    book.active.append(decision(2))
    book.save(file)
    run(file, *by("second"), ends=1)
    with psycopg.connect(database.app_url) as connection:
        rows = connection.execute("SELECT count(*) FROM registry.events WHERE topic = 'recognition-case.imported'")
        assert rows.fetchone() == (0,)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "no table has a head"), (b"a,b\n1,2\n", "no table has a head"), (b"\x00\x01", "")],
)
def test_a_file_that_is_none_is_refused(run: Run, tmp_path: Path, content: bytes, words: str) -> None:
    """Nothing is signed of a file that holds no decisions, and the sentence says what is asked for."""
    file = tmp_path / "none.csv"
    file.write_bytes(content)
    assert words in run(file, "--sign", *by("first"), ends=2).stderr
    assert "check the path" in run(tmp_path / "nowhere.csv", "--sign", *by("first"), ends=2).stderr


def test_the_report_does_not_replace_the_file(run: Run, tmp_path: Path) -> None:
    """The refused rows go elsewhere."""
    file = written(tmp_path / "old.csv", decision(1))
    assert "another file" in run(file, "--dry-run", "--refused", file, *by("first"), ends=2).stderr
