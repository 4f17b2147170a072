"""Answers of an audit as files that an office opens."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from catalog.files.sheets import table_file
from console import audit_events
from tests.audit.conftest import Office
from tests.audit.test_commands import run

ROWS = [("=HYPERLINK(1)", 3, None), ("@x", -2, "条目"), ("plain", 0.5, "-1")]


def test_nothing_that_was_typed_is_a_formula() -> None:
    """A text that begins like a formula is text in CSV and XLSX alike; numbers are numbers, and nothing is an empty cell."""
    rows = list(csv.reader(StringIO(table_file("t", ("a", "b", "c"), ROWS, "csv").decode("utf-8-sig"))))
    assert rows == [
        ["a", "b", "c"],
        ["'=HYPERLINK(1)", "3", ""],
        ["'@x", "-2", "条目"],
        ["plain", "0.5", "'-1"],
    ]
    sheet = load_workbook(BytesIO(table_file("t", ("a", "b", "c"), ROWS, "xlsx"))).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [list(row) for row in ROWS]
    assert {cell.data_type for row in sheet.iter_rows(min_row=2, max_col=1) for cell in row} == {"s"}
    assert sheet["A2"].quotePrefix


def test_commands_write_what_they_tell(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings, statistics and outliers as a file of the format that its ending or an option names."""
    registry = office.api.registry
    monkeypatch.setenv("DATABASE_URL", registry.database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", registry.database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(registry.settings.data_dir))
    office.api.approved()
    _, _, position = office.place("recognition-case.approved")
    office.as_owner("UPDATE registry.events SET client = 'y' WHERE position = %s", position)
    office.check()
    file = tmp_path / "f.xlsx"
    run("audit", "findings", "-o", str(file), ends=1)
    sheet = load_workbook(file).worksheets[0]
    assert (sheet["A2"].value, sheet["E2"].value) == ("COLUMN_DIFFERS", position)
    run("audit", "statistics", "--by", "OUTCOME", "-o", str(tmp_path / "s"), "--format", "csv")
    lines = (tmp_path / "s").read_text("utf-8-sig").splitlines()
    assert lines[1].startswith("APPROVED,1,1,")
    run("audit", "outliers", "-o", str(tmp_path / "o.csv"))
    assert (tmp_path / "o.csv").read_text("utf-8-sig").startswith("kind,officers,")
    assert "--output" in run("audit", "outliers", "--format", "csv", ends=2).output


def test_events_and_samples_are_taken_along(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event in order over more than a page, by type, actor and position; a sample that the API draws alike; nobody named in either."""
    registry = office.api.registry
    monkeypatch.setenv("DATABASE_URL", registry.database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", registry.database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(registry.settings.data_dir))
    monkeypatch.setattr(audit_events, "_PAGE", 2)
    for _ in range(3):
        office.api.approved()
    office.api.submit()
    stored = office.as_owner("SELECT position::text, topic FROM registry.events AS e ORDER BY e.position")
    told = json.loads(run("audit", "events", "--json").stdout)
    assert [(each["position"], each["type"]) for each in told] == stored
    assert {each["recordedAt"][-1] for each in told} == {"Z"}
    approved = [each for each in stored if each[1] == "recognition-case.approved"]
    file = tmp_path / "events.csv"
    run("audit", "events", "--type", "recognition-case.approved", "--after", approved[0][0], "-o", str(file))
    rows = list(csv.DictReader(StringIO(file.read_text("utf-8-sig"))))
    assert [(each["position"], each["type"]) for each in rows] == approved[1:]
    run("audit", "sample", "--seed", "2026 Q4", "--size", "3", "-o", str(tmp_path / "sample.xlsx"))
    sheet = load_workbook(tmp_path / "sample.xlsx").worksheets[0]
    drawn = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    ask = 'query { auditSample(seed: "2026 Q4", size: 3) { caseNumber } }'
    answer = office.api.ask(ask, None, office.api.token("AUDITOR"))
    assert drawn == [each["caseNumber"] for each in answer["auditSample"]]
    everything = json.dumps([told, rows, drawn], ensure_ascii=False)
    assert not [name for name in ("Wang", "王", "idNumber") if name in everything]
