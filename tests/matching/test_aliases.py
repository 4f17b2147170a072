"""The shipped aliases and what their reader refuses."""

from __future__ import annotations

import pytest

from catalog.aliases import load_aliases, parse_aliases
from catalog.faults import SourceRefused
from catalog.notice import load_official_catalog
from domain.values import AliasKind

HEAD = "kind,text,issuer,numbers,ground\n"


def test_every_alias_has_a_ground_and_names_entries_that_exist():
    """An alias says why it holds, and the entries it names are in the catalog."""
    numbers = {entry.number for entry in load_official_catalog().entries}
    aliases = load_aliases()
    assert {alias.kind for alias in aliases} == set(AliasKind)
    assert all(alias.ground and set(alias.numbers) <= numbers for alias in aliases)


@pytest.mark.parametrize(
    "row",
    [
        "QUALIFICATION,CWI,,x,why",
        "OTHER,CWI,,72,why",
        "QUALIFICATION,CWI,,72,",
        "ISSUING_BODY,AWS,,,why",
        "QUALIFICATION,CWI",
    ],
)
def test_malformed_rows_are_refused_by_file_and_line(row):
    """A malformed row is refused, naming the file and the line."""
    with pytest.raises(SourceRefused, match=r"(?s)some\.csv.*row 3"):
        parse_aliases(f"{HEAD}QUALIFICATION,CEng,,75,ground\n{row}\n", "some.csv")
