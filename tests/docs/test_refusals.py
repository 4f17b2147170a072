"""Every refusal is documented, given somewhere, and tested where the domain gives it."""

import ast
import pickle
import re

import pytest

from domain.refusals import RefusalCode, Refused
from tests.docs.refusals import LAYERS, PAGE, codes_in, page, raised, write
from tests.sources import ROOT, Module, modules_of


def test_the_page_is_complete_and_current():
    """Each code stands on the page once, with its meaning; `python -m tests.docs.refusals` prints it anew."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| .+ \|$", text, re.MULTILINE)
    assert rows == [(code.value, code.meaning) for code in RefusalCode]
    assert text == page()
    assert len(rows) == len(RefusalCode) > 30


def test_writing_it_gives_the_page(tmp_path):
    """The command writes the page the test compares with."""
    write(tmp_path / "refusals.md")
    assert (tmp_path / "refusals.md").read_text(encoding="utf-8") == page()


def test_every_code_is_given_somewhere():
    """A code that nothing refuses with would be a promise without a rule."""
    assert all(modules_of(layer) for layer in LAYERS)
    assert {code for code, names in raised().items() if not names} == set()


def test_the_domains_codes_are_tested():
    """Each code that the domain gives is the expected answer of some scenario."""
    scenarios = [
        Module(path.stem, ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted((ROOT / "tests" / "domain").glob("test_*.py"))
    ]
    given = {code for code, names in codes_in(modules_of("domain")).items() if names}
    expected = {code for code, names in codes_in(scenarios).items() if names}
    assert len(given) > 25
    assert given - expected == set()


def test_codes_and_meanings_are_fit_for_programs_and_people():
    """A code is its own name in capitals; a meaning is one sentence, and no two read the same."""
    for code in RefusalCode:
        assert code.value == code.name
        assert re.fullmatch(r"[A-Z][^\n|]{10,}\.", code.meaning)
    assert len({code.meaning for code in RefusalCode}) == len(RefusalCode)


def test_a_refusal_crosses_a_process_whole():
    """Code, sentence and field survive pickling."""
    refused = Refused(RefusalCode.WRONG_STATE, "It does not fit.", "field")
    again = pickle.loads(pickle.dumps(refused))
    assert (again.code, again.message, again.field, str(again)) == (
        RefusalCode.WRONG_STATE,
        "It does not fit.",
        "field",
        "It does not fit.",
    )


def test_an_unknown_code_in_the_source_is_found():
    """The search sees every use of a code, and a code that does not exist stops it."""
    found = codes_in([Module("m", ast.parse("raise Refused(RefusalCode.OWN_CASE, 'x')"))])
    assert found[RefusalCode.OWN_CASE] == ["m"]
    assert sum(map(len, found.values())) == 1
    with pytest.raises(KeyError):
        codes_in([Module("m", ast.parse("RefusalCode.NO_SUCH_CODE"))])
