"""Work is bounded before it is done: lists count, histories are paged, comparisons and values are numbered."""

from __future__ import annotations

from typing import Any

import pytest

from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_leaf_type, is_list_type
from registry_api.list_sizes import LIST_SIZES
from registry_api.schema import build_schema
from tests.api.conftest import XIHU, Api
from transport.documents import prepare
from transport.errors import ErrorCode, LimitExceededError
from transport.execution import core_schema
from transport.limits import DEFAULT_LIMITS, check_values

pytestmark = pytest.mark.registry("shared")

SCHEMA = core_schema(build_schema())


def refused(document: str) -> str | None:
    """The limit that refuses a document, if one does, and the work it took to see that."""
    try:
        prepare(SCHEMA, document, DEFAULT_LIMITS)
    except LimitExceededError as error:
        return error.code.value
    return None


def test_every_list_counts() -> None:
    """A list of objects has a page, is a page's own rows, or stands in the table of sizes; and the table names nothing else."""
    lists = {
        f"{name}.{field}": definition
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__") and not name.endswith("Connection")
        for field, definition in kind.fields.items()
        if is_list_type(get_nullable_type(definition.type)) and not is_leaf_type(get_named_type(definition.type))
    }
    assert len(lists) > 20
    unpaged = {
        name for name, definition in lists.items() if not definition.args.keys() & {"first", "last", "ids", "questions"}
    }
    assert unpaged == set(LIST_SIZES)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('{ case(id: "x") { history { state { history { version } } } } }', "LIMIT_HISTORY"),
        ('{ case(id: "x") { ...H } } fragment H on RecognitionCase { history { state { ...S } } } fragment S on RecognitionCase { history { version } }', "LIMIT_HISTORY"),
        ("{ catalogs {" + " versions { number changes { kind } }" * 230 + "} }", "LIMIT_ALIKE"),
        ("{ " + "".join(f"...F{n} " for n in range(60)) + "} " + "".join(f"fragment F{n} on Query {{ catalogs {{ versions {{ number changes {{ kind number }} }} }} }} " for n in range(60)), "LIMIT_ALIKE"),
        ("{ catalogs { id" + " id" * 1500 + " } }", "LIMIT_ALIKE"),
        ("{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(90)) + " fragment F90 on Query { catalogs { id } }", "LIMIT_ROOT_FIELDS"),
    ],
)  # fmt: skip
def test_what_would_take_long_is_refused_by_its_syntax(document: str, code: str) -> None:
    """Histories inside histories, selections beside one another, fragments that double: refused, and never INTERNAL."""
    assert refused(document) in {code, "LIMIT_DEPTH", "LIMIT_ALIASES", "LIMIT_ALIKE", "LIMIT_ROOT_FIELDS"}


@pytest.mark.parametrize("pad", ["", "#"])
def test_a_bomb_of_fragments_is_a_limit_over_http(api: Api, pad: str) -> None:
    """2 to the power of 90 is no number for JSON; the answer says that it is more than allowed."""
    bomb = "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(90))
    answer = api.post(bomb + " fragment F90 on Query { catalogs { id } }" + pad).json()
    assert answer["errors"][0]["extensions"]["code"].startswith("LIMIT_")
    assert answer["errors"][0]["extensions"]["found"] is None


def test_ordinary_documents_pass() -> None:
    """Fragments of many components, each with the key, are what clients send."""
    parts = "".join(
        f"fragment P{n} on RecognitionCase {{ id caseNumber status holder {{ ref name }} }} " for n in range(12)
    )
    spread = " ".join(f"...P{n}" for n in range(12))
    assert refused(f"{{ cases(first: 20) {{ nodes {{ {spread} }} }} }} {parts}") is None


def test_variables_are_counted_before_anything_is_made_of_them() -> None:
    """Too long a list, and too many values in all, are refused with their place."""
    with pytest.raises(LimitExceededError) as found:
        check_values({"input": {"experience": [{"employer": "x"}] * 501}}, DEFAULT_LIMITS)
    assert found.value.code is ErrorCode.LIMIT_LIST
    assert "$input.experience" in str(found.value)
    with pytest.raises(LimitExceededError) as found:
        check_values({str(n): [1] * 400 for n in range(251)}, DEFAULT_LIMITS)
    assert found.value.code is ErrorCode.LIMIT_VARIABLES


def test_thirteen_thousand_periods_are_refused(api: Api) -> None:
    """A submission with more periods than a life has is refused before it is coerced."""
    period = {"employer": "A", "from": "2020-01-01", "to": "2020-02-01", "field": "x"}
    form: dict[str, Any] = {
        "idempotencyKey": "k", "holder": {"name": "王敏", "idNumber": "330106199003077013"}, "certificate": {"name": "CCNP"},
        "authorityCode": XIHU, "workField": "x", "experience": [period] * 13_000,
    }  # fmt: skip
    document = "mutation ($input: SubmitCaseInput!) { submitCase(input: $input) { position } }"
    assert api.code(document, {"input": form}, api.token("APPLICANT")) == "LIMIT_LIST"


def test_an_answer_is_bounded_whatever_its_lists_hold(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that are longer than a document lets expect end the answer, which is refused whole; others are as they were."""
    case = api.submit()["case"]["id"]
    reviewer = api.token("REVIEWER", XIHU)
    head = api.registry.journal.last_position()
    document = f'{{ case(id: "{case}", atLeast: "{head}") {{ history {{ type state {{ id status }} }} }} }}'
    assert len(api.ask(document, None, reviewer)["case"]["history"]) == 2
    counted = "transport.execution._Counting.executed"
    monkeypatch.setattr(counted, DEFAULT_LIMITS.cost - 8)
    assert api.code(document, None, reviewer) == "LIMIT_ANSWER"
    assert api.ask("{ catalogs { code } }")["catalogs"]


def test_a_history_is_paged(api: Api) -> None:
    """At most ``first`` events, those after a version; each with the state it left."""
    case = api.submit()["case"]["id"]
    for _ in range(3):
        api.decide("requestSupplement", case, reason="more")
        file = {"sha256": "a" * 64, "fileName": "a.pdf", "mediaType": "application/pdf", "size": 1, "kind": "X"}
        api.decide("supplementCase", case, evidence=[file])
    head = api.registry.journal.last_position()
    document = """query ($id: ID!, $first: Int!, $after: Int, $at: Position!) {
        case(id: $id, atLeast: $at) { version history(first: $first, after: $after) { version state { version status } } } }"""

    def page(first: int, after: int | None) -> list[int]:
        variables = {"id": case, "first": first, "after": after, "at": str(head)}
        found = api.ask(document, variables, api.token("REVIEWER", XIHU))["case"]["history"]
        assert [each["version"] for each in found] == [each["state"]["version"] for each in found]
        return [each["version"] for each in found]

    assert page(3, None) == [1, 2, 3]
    assert page(3, 3) == [4, 5, 6]
    assert page(200, 6) == [7, 8]
    assert page(2, 8) == []
    variables = {"id": case, "first": 201, "at": str(head)}
    assert api.code(document, variables, api.token("REVIEWER", XIHU)) == "PAGE_SIZE_TOO_LARGE"
