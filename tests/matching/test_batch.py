"""Lists of certificates: read whatever heads an office chose, answered in order, reported whole or not at all."""

from __future__ import annotations

import csv
import json

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from catalog.faults import FileRefused
from catalog.files.certificates import CertificateRow, read_certificates
from console.cli import app
from infrastructure.composition import open_registry
from infrastructure.settings import Settings

ROWS = [
    ("AWS Certified Welding Inspector", "American Welding Society", None),
    ("振動分野の有限要素法解析技術者", "JSME", None),
    ("CCNP", "Cisco", None),
    ('=HYPERLINK("x")', "Cisco", None),
    ("振動分野の有限要素法解析技術者", "JSME", "1級"),
]
ANSWERS = [("CONFIDENT", "72"), ("CONFIDENT", "90"), ("AMBIGUOUS", ""), ("NONE", ""), ("CONFIDENT", "90")]


def certificates(rows=ROWS, first=2):
    return tuple(
        CertificateRow(row, name, issuer, grade) for row, (name, issuer, grade) in enumerate(rows, start=first)
    )


def write_csv(path, head, rows=ROWS, delimiter=",", encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(head)
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    "head", [("name", "issuer", "grade"), ("证书名称", "颁发机构", "等级"), ("Name ", "issuing_body", "LEVEL")]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_heads_and_delimiters_are_those_of_offices(tmp_path, head, delimiter):
    """A CSV file is read under any usual head and delimiter."""
    assert read_certificates(write_csv(tmp_path / "cases.csv", head, delimiter=delimiter)) == certificates()


def test_a_file_in_gb_18030_is_read(tmp_path):
    """A file saved by a Chinese office program in GB 18030 is read as it was meant."""
    file = write_csv(tmp_path / "cases.csv", ("证书名称", "颁发机构", "等级"), encoding="gb18030")
    assert read_certificates(file) == certificates()


def test_a_workbook_is_read_below_its_title(tmp_path):
    """XLSX is read too: the head may stand below a title, columns nobody asked for and blank rows are passed over."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["持证人员名单"])
    sheet.append(["序号", "等级", "证书名称", "颁发机构"])
    sheet.append([1, None, "CWI", "American Welding Society"])
    sheet.append([None, None, None, None])
    sheet.append([2, "1級", "振動分野の有限要素法解析技術者", "JSME"])
    workbook.save(tmp_path / "cases.xlsx")
    assert [(row.row, row.name, row.grade) for row in read_certificates(tmp_path / "cases.xlsx")] == [
        (3, "CWI", None),
        (5, "振動分野の有限要素法解析技術者", "1級"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("cases.csv", b"foo,bar\n1,2\n", "HEADER_MISSING"),
        ("cases.csv", b"name,issuer\n", "HEADER_MISSING"),
        ("cases.csv", b"name\n\xff\xfe\xff\n", "UNKNOWN_ENCODING"),
        ("cases.xlsx", b"PK broken", "UNREADABLE"),
        ("cases.json", b"[]", "UNKNOWN_FORMAT"),
        ("cases.csv", b"x" * (10 * 1024 * 1024 + 1), "TOO_LARGE"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path, name, data, code):
    """A file without certificates is refused with one stable code and a sentence that names the way out."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileRefused) as refused:
        read_certificates(tmp_path / name)
    assert [fault.code for fault in refused.value.faults] == [code]


@pytest.fixture
def match(database, tmp_path, monkeypatch):
    """``recognition match`` over a registry of the test's own, in a folder of the test's own."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(tmp_path / "var"))
    with open_registry(Settings()) as registry:  # made, as `recognition serve` makes it
        registry.projections.run_until_caught_up()
    return lambda *arguments: CliRunner().invoke(app, ["match", *map(str, arguments)])


def test_a_list_is_answered_row_by_row(match, tmp_path):
    """Each row has its outcome, entry, title, candidates and reasons in the report; the summary counts them."""
    file = write_csv(tmp_path / "cases.csv", ("name", "issuer", "grade"))
    done = match("--file", file, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["outcomes"] == {"EXACT": 0, "CONFIDENT": 3, "AMBIGUOUS": 1, "NONE": 1}
    assert (told["certificates"], told["openTitles"]) == (5, 1)
    with (tmp_path / "cases.matches.csv").open(encoding="utf-8-sig", newline="") as report:
        rows = list(csv.DictReader(report))
    assert [(row["outcome"], row["entry"]) for row in rows] == ANSWERS
    assert [row["title"] for row in rows] == ["工程师", "", "", "", "工程师"]
    assert rows[2]["candidates"] == "32 33 34 35 36"
    assert rows[0]["reasons"]
    assert rows[3]["name"].startswith("'=")
    assert {row["rule set"] for row in rows} == {"2026.1"}
    assert not list(tmp_path.glob("*.partial"))


def test_thousands_of_rows_are_answered(match, tmp_path):
    """A list of two thousand certificates is answered whole."""
    file = write_csv(tmp_path / "cases.csv", ("name", "issuer", "grade"), ROWS * 400)
    done = match("--file", file, "--json")
    assert json.loads(done.stdout)["certificates"] == 2000
    assert json.loads(done.stdout)["outcomes"]["CONFIDENT"] == 1200


def test_a_list_without_a_catalog_in_force_is_refused(match, tmp_path):
    """On a day before the catalog is in force nothing is answered, no report appears, and the exit code is 1."""
    file = write_csv(tmp_path / "cases.csv", ("name", "issuer", "grade"))
    done = match("--file", file, "--on", "2023-10-31")
    assert done.exit_code == 1
    assert not (tmp_path / "cases.matches.csv").exists()


@pytest.mark.parametrize(
    "arguments", [(), ("CWI", "--file", "x.csv"), ("--file", "missing.csv"), ("--file", "x.csv", "--issuer", "AWS")]
)
def test_a_call_that_cannot_be_meant_is_refused(match, arguments):
    """No name and no file, both, a file that is not there, or an issuer beside a file: exit code 2, one sentence."""
    done = match(*arguments)
    assert done.exit_code == 2
    assert done.output.count("error:") == 1


def test_the_report_never_replaces_the_list(match, tmp_path):
    """A report that would overwrite its own list is refused, and the list stays."""
    file = write_csv(tmp_path / "cases.csv", ("name", "issuer", "grade"))
    before = file.read_bytes()
    assert match("--file", file, "--report", file).exit_code == 2
    assert file.read_bytes() == before


def test_one_certificate_is_answered(match):
    """A single name answers with outcome, entry and candidates for programs."""
    done = match("CWI", "--issuer", "American Welding Society", "--json")
    told = json.loads(done.stdout)
    assert (told["outcome"], told["entry"]["number"]) == ("CONFIDENT", 72)
