"""Every limit refuses before harm is done, and says which it is, its value and what was found."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql import Lexer, Source, TokenKind, get_introspection_query, parse
from tests.transport.sample import sample_app, sample_schema
from tests.transport.test_transport import ask, code, send
from transport.documents import DocumentCache, InvalidDocumentError, prepare
from transport.errors import ApiError
from transport.execution import core_schema
from transport.limits import DEFAULT_LIMITS, Limits, page_size
from transport.scan import json_nesting, outline

SCHEMA = core_schema(sample_schema())


def cost(document: str, **variables: Any) -> int:
    operation = prepare(SCHEMA, document, DEFAULT_LIMITS).operation(None)
    return operation.measure.cost.value(variables, DEFAULT_LIMITS.page_size)


def nested(levels: int) -> str:
    return "{ book { " + "sibling { " * levels + "title" + " }" * levels + " } }"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (nested(20), "LIMIT_DEPTH"),
        (nested(5000), "LIMIT_NESTING"),
        ("{ length(text: " + "[" * 5000 + "]" * 5000 + ") }", "LIMIT_NESTING"),
        ("{ length(text: " + "{a: " * 5000 + "1" + "}" * 5000 + ") }", "LIMIT_NESTING"),
        ("query Q($a: " + "[" * 5000 + "Int" + "]" * 5000 + ") { actor }", "LIMIT_NESTING"),
        ("{" * 5000, "LIMIT_NESTING"),
        ("{ " + "actor " * 2001 + "}", "LIMIT_TOKENS"),
        ("{ actor } #" + "x" * 100_001, "LIMIT_DOCUMENT"),
        ("{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(101)), "LIMIT_FRAGMENTS"),
        ("{ " + " ".join(f"a{i}: actor" for i in range(51)) + " }", "LIMIT_ALIASES"),
        ("{ " + "actor " * 21 + "}", "LIMIT_ROOT_FIELDS"),
        ("{ books(first: 200) { others(first: 200) { others { title } } } }", "LIMIT_COST"),
        (
            "{ ...A } fragment A on Query { book { ...B } } fragment B on Book { "
            + "sibling { " * 20
            + "title"
            + " }" * 21,
            "LIMIT_DEPTH",
        ),
    ],
)
def test_a_document_beyond_a_limit_is_refused_by_name(document: str, expected: str) -> None:
    """However it is nested, a document is answered with its limit and never with an exhausted stack."""
    response = ask(document)
    assert (response.status_code, code(response)) == (400, expected)
    extensions = response.json()["errors"][0]["extensions"]
    assert extensions["found"] > extensions["allowed"]
    assert str(extensions["allowed"]) in response.json()["errors"][0]["message"]


def test_deep_json_is_refused_before_it_is_read() -> None:
    """Neither body nor variables may nest without end; brackets inside strings are text."""
    deep = '{"query": "{ actor }", "variables": {"a": ' + "[" * 5000 + "]" * 5000 + "}}"
    response = send(content=deep, headers={"Content-Type": "application/json"})
    assert (response.status_code, code(response)) == (400, "LIMIT_JSON_NESTING")
    assert ask("query Q($t: String) { length(text: $t) }", variables={"t": "[{" * 500}).json() == {
        "data": {"length": 1000}
    }


def test_long_strings_are_refused() -> None:
    """In variables and in literals."""
    app = sample_app(limits=Limits(string=50))
    variable = ask("query Q($t: String) { length(text: $t) }", variables={"t": "x" * 51}, app=app)
    literal = ask('{ length(text: "' + "x" * 51 + '") }', app=app)
    assert code(variable) == code(literal) == "LIMIT_STRING"


@pytest.mark.parametrize("digits", [1_001, 5_000, 90_000])
def test_long_names_and_numbers_are_refused(digits: int) -> None:
    """A number that Python itself would not convert is refused by its length, wherever it stands, as is a name."""
    for document in (
        f"{{ books(first: {'9' * digits}) {{ title }} }}",
        f"query ($n: Int = {'9' * digits}) {{ books(first: $n) {{ title }} }}",
        f"{{ length(text: {'9' * digits}.5) }}",
        f"{{ {'a' * digits} }}",
    ):
        assert code(ask(document)) == "LIMIT_STRING"


@pytest.mark.parametrize(
    "cycle",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { book { ...B } } fragment B on Book { sibling { ...C } } fragment C on Book { ...B }",
    ],
)
def test_cyclic_fragments_are_a_validation_error(cycle: str) -> None:
    """GraphQL specification §5.5.2.2; measuring them ends."""
    with pytest.raises(InvalidDocumentError) as caught:
        prepare(SCHEMA, cycle, DEFAULT_LIMITS)
    assert any("within itself" in error.message for error in caught.value.errors)


def test_introspection_of_every_common_tool_is_within_the_limits() -> None:
    """The largest introspection query there is passes with the defaults."""
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert "errors" not in ask(query).json()


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("{ actor }", {}, 1),
        ("{ books(first: 3) { title } }", {}, 1 + 3),
        ("{ books { title } }", {}, 1 + 50),
        ("{ books(first: null) { title } }", {}, 1 + 200),
        ("{ books(first: 3) { others(first: 5) { title } } }", {}, 1 + 3 * (1 + 5)),
        ("query Q($n: Int) { books(first: $n) { others(first: $n) { title } } }", {"n": 4}, 1 + 4 * (1 + 4)),
        ("query Q($n: Int = 7) { books(first: $n) { title } }", {}, 1 + 7),
        ("query Q($n: Int) { books(first: $n) { title } }", {}, 1 + 50),
        ("query Q($n: Int) { books(first: $n) { title } }", {"n": None}, 1 + 200),
        ("query Q($n: Int) { books(first: $n) { title } }", {"n": -5}, 1),
        ("{ ...F } fragment F on Query { books(first: 2) { ...G ...G } } fragment G on Book { title }", {}, 1 + 2 * 2),
        ("{ ... on Query { books(first: 2) { ... { title } } } }", {}, 1 + 2),
        ("{ books(last: 3) { title } }", {}, 1 + 3),
        ("{ books(first: null, last: 3) { title } }", {}, 1 + 3),
        ("query Q($f: Int, $l: Int) { books(first: $f, last: $l) { title } }", {"l": 120}, 1 + 120),
        ("query Q($f: Int, $l: Int) { books(first: $f, last: $l) { title } }", {"f": 5, "l": None}, 1 + 5),
        ("query Q($f: Int, $l: Int) { books(first: $f, last: $l) { title } }", {}, 1 + 50),
        ("query Q($n: Int = 150) { ...F } fragment F on Query { books(first: $n) { title } }", {}, 1 + 150),
        ('{ named(ids: ["a", "b", "a"]) { title } }', {}, 1 + 3),
        ('{ named(ids: "a") { title } }', {}, 1 + 1),
        ("query Q($i: [ID!]!) { named(ids: $i) { title } }", {"i": ["a"] * 70}, 1 + 70),
        ("query Q($i: [ID!]!) { named(ids: $i) { others(first: 2) { title } } }", {"i": ["a", "b"]}, 1 + 2 * (1 + 2)),
        ("query Q($i: [ID!]!) { named(ids: $i) { title } }", {"i": 7.5}, 1 + 200),
    ],
)
def test_cost_counts_what_stands_below_a_page_once_a_row(
    document: str, variables: dict[str, Any], expected: int
) -> None:
    """Literals, variables, their defaults and the schema's; unknown sizes count as the largest page."""
    assert cost(document, **variables) == expected


def test_a_number_of_five_thousand_digits_is_no_size() -> None:
    """A literal that the interpreter would not read is refused like any other that is no Int, by its length."""
    assert code(ask(f"{{ books(first: {'9' * 5000}) {{ title }} }}")) == "LIMIT_STRING"


def test_exponential_fragments_are_measured_in_linear_time() -> None:
    """Eighteen fragments that each spread the next twice stand for 10^18 fields and are refused at once."""
    steps = " ".join(
        f"fragment F{i} on Book {{ a: others(first: $n) {{ ...F{i + 1} }} b: sibling {{ ...F{i + 1} }} }}"
        for i in range(18)
    )
    document = f"query Q($n: Int) {{ book {{ ...F0 }} }} {steps} fragment F18 on Book {{ title }}"
    assert code(ask(document, variables={"n": 9})) in {"LIMIT_DEPTH", "LIMIT_ALIASES"}
    wide = Limits(depth=30, aliases=10**30, cost=10**9)
    assert code(ask(document, variables={"n": 9}, app=sample_app(limits=wide))) == "LIMIT_COST"


def test_page_sizes_are_checked_by_resolvers() -> None:
    """The helper answers a number within the limit or refuses with a code."""
    assert (page_size(None), page_size(None, default=500), page_size(0), page_size(200)) == (50, 200, 0, 200)
    for first, expected in ((201, "PAGE_SIZE_TOO_LARGE"), (-1, "BAD_USER_INPUT")):
        with pytest.raises(ApiError) as caught:
            page_size(first)
        assert caught.value.code == expected
    assert code(ask("{ books(first: 201) { title } }")) == "PAGE_SIZE_TOO_LARGE"


def test_a_document_is_prepared_once_and_the_cache_is_bounded() -> None:
    """The same text gives the same object until others push it out; refused documents take no room."""
    cache = DocumentCache(SCHEMA, DEFAULT_LIMITS, entries=2, characters=40)
    first = cache.get("{ actor }")
    assert cache.get("{ actor }") is first
    with pytest.raises(InvalidDocumentError):
        cache.get("{ nothing }")
    assert len(cache) == 1
    cache.get("{ broken }")
    cache.get("{ refused }")
    assert len(cache) == 2
    assert cache.get("{ actor }") is not first
    cache.get("{ actor } #" + "x" * 40)
    assert len(cache) == 1
    cache.clear()
    assert len(cache) == 0


PIECES = st.sampled_from(
    [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "name",
        " ",
        "\n",
        ",",
        '"a{b"',
        '"\\"["',
        '"""b{"x"\n\\""" """',
        "#c{\n",
        "...",
        "$",
        "!",
        "12",
        "-3.5e1",
        "@",
        ":",
        "=",
        "|",
        "&",
    ]
)


@given(st.lists(PIECES, max_size=40))
def test_the_outline_counts_what_the_lexer_counts(pieces: list[str]) -> None:
    """Tokens and nesting equal those of graphql-core's lexer, strings and comments aside."""
    text = " ".join(pieces)
    lexer = Lexer(Source(text))
    tokens = open_now = deepest = 0
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        tokens += 1
        open_now += (token.value or token.kind.value) in tuple("{[(") and token.value is None
        open_now -= (token.value or token.kind.value) in tuple("}])") and token.value is None
        deepest = max(deepest, open_now)
    assert outline(text)[:2] == (tokens, deepest)


@given(
    st.recursive(
        st.text(max_size=8) | st.integers(),
        lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=3), each, max_size=3),
    )
)
def test_json_nesting_is_that_of_the_value(value: Any) -> None:
    """Brackets in strings never count."""
    import json

    def depth(each: Any) -> int:
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert json_nesting(json.dumps(value, ensure_ascii=False).encode(), -1) == depth(value)


def test_parse_agrees_that_the_sample_documents_nest() -> None:
    """The document used against the depth limit is itself well-formed."""
    assert parse(nested(20)).definitions
