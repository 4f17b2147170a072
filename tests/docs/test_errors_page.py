"""Every code is documented, given somewhere, and tested where the domain gives it."""

import ast
import itertools
import pickle
import re

import pytest

from catalog.faults import FaultCode
from domain.catalog.names import NoteCode
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from tests.docs.errors import FIXED, PAGE, codes_in, failures, page, places, spoken, write
from tests.docs.sentences import KINDS, class_codes, given, in_chinese, made_up, sentences
from tests.sources import ROOT, Module, all_modules, modules_of
from transport.errors import ApiError, ErrorCode

LISTS = (RefusalCode, ErrorCode, FaultCode, NoteCode)


def module(text):
    """A module of this text."""
    return Module("m", ast.parse(text))


def test_the_page_is_complete_and_current():
    """Each code stands on the page, with what it says and what helps; `python -m tests.docs.errors` prints it anew."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page()
    rows = re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE)
    assert rows == [code.value for code in (*RefusalCode, *ErrorCode, *RefusalCode, *ErrorCode, *FaultCode, *NoteCode)]
    assert len(RefusalCode) > 30
    assert len(ErrorCode) > 30


def test_a_code_stands_in_one_list_only():
    """What a program reads means one thing: refusals and errors share no code, and the page knows every list there is."""
    assert set(RefusalCode.__members__).isdisjoint(ErrorCode.__members__)
    assert {each.__name__ for each in LISTS} == KINDS
    declared = {
        node.name
        for each in all_modules()
        for node in ast.walk(each.tree)
        if isinstance(node, ast.ClassDef)
        and node.name.endswith("Code")
        and any(isinstance(base, ast.Name) and base.id.endswith(("Enum", "Documented")) for base in node.bases)
    }
    assert declared == KINDS


def test_every_code_is_given_somewhere_with_a_sentence():
    """A code that nothing answers with would be a promise without a rule; each comes with a sentence that ends."""
    for code in itertools.chain(*LISTS):
        assert places().get(code.name), code
        assert code.name in FIXED or re.search(r"[.?]$", spoken()[code.name]), code
    assert len(failures()) > 10


def test_no_code_is_made_up_from_a_text():
    """What is answered as a code is a member of a list: none is written as a text where it is given."""
    assert [(each.name, text) for each in all_modules() for text in made_up(each)] == []


def test_what_is_given_is_seen():
    """The search sees a code as an argument, chosen of two, in a table and beside the key, and no mere comparison."""
    either = module("Refused(RefusalCode.OWN_CASE if x else RefusalCode.CASE_CLOSED, 'x')")
    assert list(given(either)) == ["OWN_CASE", "CASE_CLOSED"]
    assert list(given(module("for c, w in ((ErrorCode.LIMIT_COST, 'x'),): pass"))) == ["LIMIT_COST"]
    assert list(given(module("x = {'code': ErrorCode.INTERNAL.value}"))) == ["INTERNAL"]
    assert list(given(module("if refused.code is RefusalCode.OWN_CASE: pass"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "raise ApiError('MADE_UP', 'It is so.')",
        "raise Refused(code='MADE_UP', message='It is so.')",
        "raise HttpRefusalError(400, 'MADE_UP', 'It is so.')",
        "error.extensions = {**known, 'code': 'MADE_UP'}",
        "raise GraphQLError('It is so.', extensions={'code': 'MADE_UP'})",
    ],
)
def test_a_made_up_code_is_found(text):
    """The search that must find nothing in the source finds every way to make one up."""
    assert list(made_up(module(text))) == ["MADE_UP"]


def test_a_sentence_is_found_by_way_of_variables():
    """The page's examples come from the source: literal, by a variable, worded by a limit, and of a class's own code."""
    text = """
def f():
    message = f"It has {n} cells; fill them in."
    code, advice = FaultCode.CELL_EXTRA, "x"
    faults.append(Fault(code, message))
    raise LimitExceededError(ErrorCode.LIMIT_COST, tell("limit.cost"), allowed=1, found=2, advice=tell("advice.send_less"))
"""
    assert sentences([module(text)]) == {
        "CELL_EXTRA": "It has … cells; fill them in.",
        "LIMIT_COST": "The cost of the operation in fields is … and may be at most …: send less in one request.",
    }
    own = module("class A(Exception):\n    'What it is.'\n    code = 'a-b'\ndef f():\n    raise A('It is broken.')")
    assert list(class_codes(own)) == [("A", "a-b", "What it is.")]
    assert sentences([own]) == {"A_B": "It is broken."}


def test_a_code_tells_its_status():
    """A refused request has the HTTP status that its code stands for."""
    assert {code.status for code in ErrorCode} <= {
        200,
        400,
        401,
        403,
        404,
        405,
        406,
        408,
        409,
        413,
        415,
        429,
        500,
        503,
        507,
    }
    assert ApiError(ErrorCode.UNAVAILABLE, tell("request.client_gone")).status == 503
    assert ApiError(RefusalCode.UNAUTHENTICATED, tell("token.send_bearer")).status == 401
    assert ApiError(RefusalCode.WRONG_STATE, tell("case.moved_once")).status == 400


def test_every_code_is_told_in_chinese():
    """Meaning, way out and the sentence given with each code of the API have Chinese, but what a protocol fixes."""
    for code in (*RefusalCode, *ErrorCode):
        if code.name in {*FIXED, "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "INTERNAL"}:
            continue
        assert re.search(r"[\u4e00-\u9fff]", in_chinese(spoken()[code.name])), (code, spoken()[code.name])


def test_writing_it_gives_the_page(tmp_path):
    """The command writes the page the test compares with."""
    write(tmp_path / "errors.md")
    assert (tmp_path / "errors.md").read_text(encoding="utf-8") == page()


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
        assert re.fullmatch(r"[A-Z][^\n|]{10,}\.", str(code.meaning))
        assert re.fullmatch(r"[A-Z][^\n|]{5,}\.", str(code.way_out))
    assert len({code.meaning for code in RefusalCode}) == len(RefusalCode)


def test_a_refusal_crosses_a_process_whole():
    """Code, sentence and field survive pickling."""
    refused = Refused(RefusalCode.WRONG_STATE, tell("case.moved_once"), "field")
    again = pickle.loads(pickle.dumps(refused))
    assert (again.code, again.message, again.field, str(again)) == (
        RefusalCode.WRONG_STATE,
        refused.message,
        "field",
        refused.message,
    )


def test_an_unknown_code_in_the_source_is_found():
    """The search sees every use of a code, and a code that does not exist stops it."""
    found = codes_in([Module("m", ast.parse("raise Refused(RefusalCode.OWN_CASE, 'x')"))])
    assert found[RefusalCode.OWN_CASE] == ["m"]
    assert sum(map(len, found.values())) == 1
    with pytest.raises(KeyError):
        codes_in([Module("m", ast.parse("RefusalCode.NO_SUCH_CODE"))])
