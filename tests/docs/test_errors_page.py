"""Every refusal is documented, given somewhere, and tested where the domain gives it."""

import ast
import pickle
import re

import pytest

from domain.refusals import RefusalCode, Refused
from registry_api.errors import ApiError, ErrorCode
from tests.docs.errors import LAYERS, PAGE, codes_in, error_sources, page, raised, write
from tests.sources import ROOT, Module, modules_of


def test_the_page_is_complete_and_current():
    """Each code stands on the page, with its meaning and what helps; `python -m tests.docs.errors` prints it anew."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page()
    rows = re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE)
    assert rows == [code.value for code in (*RefusalCode, *ErrorCode)]
    assert len(RefusalCode) > 30
    assert len(ErrorCode) > 30


def test_every_error_is_given_somewhere():
    """An error code that nothing answers with would be a promise without a rule."""
    assert {code for code, names in error_sources().items() if not names} == set()


def test_there_is_no_third_kind_of_code():
    """What the API answers as a code is a member of one of the two lists: nothing makes one up from a text."""
    made_up = [
        f"{module.name}:{node.lineno}"
        for module in modules_of("registry_api")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in {"ApiError", "HttpRefusalError", "LimitExceededError"}
        and any(
            isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value.isupper()
            for argument in node.args
        )
    ]
    assert made_up == []


def test_a_code_tells_its_status():
    """A refused request has the HTTP status that its code stands for."""
    assert {code.status for code in ErrorCode} <= {400, 401, 404, 405, 406, 408, 409, 413, 415, 429, 500, 503, 507}
    assert ApiError(ErrorCode.UNAVAILABLE, "x.").status == 503
    assert ApiError(RefusalCode.UNAUTHENTICATED, "x.").status == 401
    assert ApiError(RefusalCode.WRONG_STATE, "x.").status == 400


def test_writing_it_gives_the_page(tmp_path):
    """The command writes the page the test compares with."""
    write(tmp_path / "errors.md")
    assert (tmp_path / "errors.md").read_text(encoding="utf-8") == page()


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
    for code in (*RefusalCode, *ErrorCode):
        assert code.value == code.name
        assert re.fullmatch(r"[A-Z][^\n|]{10,}\.", code.meaning)
        assert re.fullmatch(r"[A-Z][^\n|]{5,}\.", code.way_out)
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
