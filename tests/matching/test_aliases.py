"""The shipped aliases and what their reader refuses."""

from __future__ import annotations

import pytest

from catalog.aliases import load_aliases, parse_aliases
from catalog.faults import SourceRefused
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher
from domain.values import Alias, AliasKind, MatchOutcome

ENTRIES = load_official_catalog().entries
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


def test_an_entry_without_a_readable_name_breaks_nothing():
    """An entry named after its body alone, or an alias of punctuation, leaves every other entry as it was."""
    odd = ENTRIES[0].model_copy(
        update={
            "number": 101,
            "qualification_name": "Amazon",
            "translated_name": "亚马逊",
            "issuing_body": "亚马逊（Amazon）",
        }
    )
    dash = Alias(kind=AliasKind.ISSUING_BODY, text="—", issuer="DIHK", numbers=(), ground="a dash")
    matcher = Matcher([*ENTRIES, odd], [*load_aliases(), dash], official_vocabulary())
    assert matcher.match("Amazon", "Amazon").outcome not in {MatchOutcome.EXACT, MatchOutcome.CONFIDENT}
    found = matcher.match("Mechatroniker/-in", "IHK Köln").entry
    assert found is not None
    assert found.number == 83
