"""What is exported reads back as it was, in every format, for the official entries and for any others."""

import csv
import io
import string

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from catalog.files import export_entries, read_entries
from catalog.files.delimited import guarded, unguarded
from catalog.notice import load_official_catalog, official_text
from catalog.rows import join_list, split_list
from catalog.text import fold, visible
from domain.values import CatalogEntry, TitleAward, TitleLevel

OFFICIAL = load_official_catalog().entries
FORMATS = ("csv", "xlsx", "json")

characters = st.one_of(
    st.sampled_from("=+-@＝＋－＠'\"、，,；;/\\ \n{}[]|年级級（）—–ßüſ"),
    st.sampled_from(string.ascii_letters + string.digits),
    st.characters(exclude_categories=["C", "Z"]),
)
texts = (
    st.text(characters, min_size=1, max_size=40)
    .map(lambda text: visible(fold(text)))
    .filter(lambda text: text and "x005F_" not in text and "_x000D_" not in text)
)
awards = st.lists(
    st.builds(TitleAward, grade=st.none() | texts, title=texts, level=st.sampled_from(TitleLevel)),
    min_size=1,
    max_size=3,
    unique_by=lambda award: award.grade,
).map(tuple)
entries_of_any_kind = st.lists(
    st.builds(
        CatalogEntry,
        number=st.integers(1, 999_999),
        qualification_name=texts,
        translated_name=texts,
        issuing_body=texts,
        field=texts,
        awards=awards,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda entry: entry.number,
).map(tuple)


@pytest.mark.parametrize("fmt", FORMATS)
def test_official_entries_survive_every_format(fmt: str) -> None:
    """Export and import change nothing, for all 100 entries, whether the format is named or found out."""
    data = export_entries(OFFICIAL, fmt)
    assert read_entries(data, fmt) == OFFICIAL
    assert read_entries(data) == OFFICIAL


def test_the_notice_itself_reads_as_a_file() -> None:
    """The published text gives the 100 entries, with either kind of line end, with and without a mark at its start."""
    text = official_text()
    for data in (text.encode(), text.replace("\n", "\r\n").encode("utf-8-sig"), text.encode("gb18030")):
        assert read_entries(data, "txt") == OFFICIAL


@pytest.mark.parametrize("fmt", FORMATS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(entries=entries_of_any_kind)
def test_any_entries_survive_every_format(fmt: str, entries: tuple[CatalogEntry, ...]) -> None:
    """The law of the round trip: formulas, quotes, separators, escapes and line-breaking names included."""
    for entry in entries:
        assume(len(join_list(award.title for award in entry.awards)) <= 300)
    assert read_entries(export_entries(entries, fmt), fmt) == entries


@settings(deadline=None)
@given(st.text())
def test_guarding_against_formulas_is_undone(text: str) -> None:
    """What is guarded is unguarded to the same text, and never begins like a formula."""
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in set("=+-@＝＋－＠")


@settings(deadline=None)
@given(st.lists(texts, min_size=1))
def test_lists_in_a_cell_come_apart_as_they_were_joined(parts: list[str]) -> None:
    """Joining and splitting a cell's list are inverse, separators and backslashes inside the parts included."""
    assert split_list(join_list(parts)) == parts


def formula_entry() -> CatalogEntry:
    award = TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE)
    name = '=HYPERLINK("//example.org","x")'
    return CatalogEntry(
        number=1, qualification_name=name, translated_name="@SUM(A1)", issuing_body="-1", field="＝1", awards=(award,)
    )


def test_csv_holds_no_formula_and_opens_in_an_office() -> None:
    """CSV begins with the mark of UTF-8 and the official heads; what looks like a formula begins with an apostrophe."""
    data = export_entries([formula_entry()], "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    head, row = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert head[:6] == ["序号", "境外职业资格名称", "境外职业资格译名", "证书颁发机构", "比照认定职称", "专业领域"]
    assert [cell[:2] for cell in (row[1], row[2], row[3], row[5])] == ["'=", "'@", "'-", "'＝"]


def test_xlsx_holds_texts_and_no_formula() -> None:
    """In XLSX such a text is stored as text and marked as typed with an apostrophe."""
    sheet = load_workbook(io.BytesIO(export_entries([formula_entry()], "xlsx"))).worksheets[0]
    cells = [sheet.cell(2, column) for column in (2, 3, 4, 6)]
    assert [cell.data_type for cell in cells] == ["s"] * 4
    assert all(cell.quotePrefix for cell in cells)
    assert cells[0].value == '=HYPERLINK("//example.org","x")'


def test_nothing_else_is_written() -> None:
    """Another format is a mistake of the caller's."""
    with pytest.raises(ValueError, match="choose csv, xlsx or json"):
        export_entries(OFFICIAL, "pdf")
