"""Text that neither UTF-8 nor the database can hold is bad input wherever it stands, named by its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from registry_api.schema import build_schema
from tests.api.conftest import Api
from transport.execution import core_schema

pytestmark = pytest.mark.registry("shared")

SCHEMA = core_schema(build_schema())
TEXTS = frozenset({"String", "ID", "Position", "Date", "DateTime"})
UNSTORABLE = "�"
"""Stands for what is put into the finished request: U+0000, or half a surrogate pair, as JSON or as a document escapes it."""
FILLED = {
    "Int": 1,
    "Boolean": True,
    "Float": 1.0,
    "Position": "1",
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T00:00:00Z",
}


def value_of(type_: Any, broken: tuple[str, ...] | None, path: tuple[str, ...] = ()) -> Any:
    """A value of an input type, with ``UNSTORABLE`` at one place."""
    bare = get_nullable_type(type_)
    if is_list_type(bare):
        return [value_of(bare.of_type, broken, path)]
    if isinstance(bare, GraphQLInputObjectType):
        return {
            name: value_of(each.type, broken, (*path, name))
            for name, each in bare.fields.items()
            if (*path, name) == (broken or ())[: len(path) + 1] or each.type != get_nullable_type(each.type)
        }
    if isinstance(bare, GraphQLEnumType):
        return next(iter(bare.values))
    return f"a{UNSTORABLE}b" if path == broken else FILLED.get(bare.name, "x")


def places(type_: Any, path: tuple[str, ...] = (), among: frozenset[str] | None = TEXTS) -> Iterator[tuple[str, ...]]:
    """Every place below an input type for a value of one of these scalars; of any scalar or enumeration where None."""
    bare = get_named_type(type_)
    if isinstance(bare, GraphQLInputObjectType):
        for name, each in bare.fields.items():
            yield from places(each.type, (*path, name), among)
    elif among is None or bare.name in among:
        yield path


def fields() -> Iterator[tuple[str, str, str, GraphQLField]]:
    """Every field with arguments, once: kind of operation, what opens its document before it, its name, itself."""
    waiting = [("query {", SCHEMA.query_type), ("mutation {", SCHEMA.mutation_type)]
    seen: set[GraphQLObjectType] = set()
    while waiting:
        opening, type_ = waiting.pop(0)
        assert type_ is not None
        for name, definition in type_.fields.items():
            if definition.args:
                yield opening.partition(" ")[0], opening.partition(" ")[2], name, definition
            below = get_named_type(definition.type)
            if isinstance(below, GraphQLObjectType) and below not in seen:
                seen.add(below)
                required = {n: each for n, each in definition.args.items() if each.type != get_nullable_type(each.type)}
                written = ", ".join(
                    f"{n}: {literal(value_of(each.type, None), each.type)}" for n, each in required.items()
                )
                waiting.append((f"{opening} {name}{f'({written})' if written else ''} {{", below))


def operations() -> Iterator[tuple[str, str, str, GraphQLField, str, tuple[str, ...]]]:
    """Every argument of every field of the schema that takes a text somewhere."""
    for kind, opening, name, definition in fields():
        for argument, each in definition.args.items():
            for place in places(each.type, (argument,)):
                yield kind, opening, name, definition, argument, place


def selection(field: GraphQLField) -> str:
    """The least that can be selected below a field."""
    named = get_named_type(field.type)
    return "" if is_leaf_type(named) else "{ __typename }"


def literal(value: Any, type_: Any) -> str:
    """A value as a document writes it."""
    bare = get_nullable_type(type_)
    if is_list_type(bare):
        return "[" + ", ".join(literal(each, bare.of_type) for each in value) + "]"
    if isinstance(bare, GraphQLInputObjectType):
        return "{" + ", ".join(f"{name}: {literal(each, bare.fields[name].type)}" for name, each in value.items()) + "}"
    return str(value) if isinstance(bare, GraphQLEnumType) else json.dumps(value, ensure_ascii=False)


def send(api: Api, body: dict[str, Any], escaped: str, token: str) -> Any:
    """Send a request whose text has these very escapes where ``UNSTORABLE`` stands; its one error."""
    raw = json.dumps(body, ensure_ascii=False).replace(UNSTORABLE, escaped).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    (error,) = api.client.post("/graphql", content=raw, headers=headers).json()["errors"]
    return error


def test_every_text_of_every_operation_refuses_what_cannot_be_stored(api: Api) -> None:
    """For each of some hundred places: BAD_USER_INPUT with the place in its sentence, as a variable and as a literal."""
    token, tried = api.token("ADMINISTRATOR"), 0
    for kind, opening, name, definition, broken, place in operations():
        given = {
            argument: value_of(each.type, place if argument == broken else None, (argument,))
            for argument, each in definition.args.items()
            if argument == broken or each.type != get_nullable_type(each.type)
        }
        declared = ", ".join(f"${argument}: {definition.args[argument].type}" for argument in given)
        passed = ", ".join(f"{argument}: ${argument}" for argument in given)
        written = ", ".join(f"{each}: {literal(value, definition.args[each].type)}" for each, value in given.items())
        rest = f"{selection(definition)} {'}' * opening.count('{')}"
        by_variable = {"query": f"{kind} ({declared}) {opening} {name}({passed}) {rest}", "variables": given}
        by_literal = {"query": f"{kind} {opening} {name}({written}) {rest}"}
        for escaped in ("\\u0000", "\\ud800"):
            error = send(api, by_variable, escaped, token)
            assert error["extensions"]["code"] == "BAD_USER_INPUT", (name, place, error)
            assert re.search(rf"'\${'.*'.join(place)}\b", error["message"]), (name, place, error)
            error = send(api, by_literal, f"\\{escaped}", token)
            assert error["extensions"]["code"] == "BAD_USER_INPUT", (name, place, error)
            assert f"`{place[-1]}`" in error["message"], (name, place, error)
        tried += 1
    assert tried > 130


def test_a_whole_surrogate_pair_is_a_character(api: Api) -> None:
    """A pair of escapes, in a variable and in a document, is one character beyond the basic plane."""
    query = "query ($code: String!) { catalog(code: $code) { id } }"
    for body in (
        {"query": query, "variables": {"code": UNSTORABLE}},
        {"query": f'{{ catalog(code: "{UNSTORABLE}") {{ id }} }}'},
    ):
        raw = json.dumps(body).replace("\\ufffd", "\\ud83d\\ude00").encode()
        answer = api.client.post("/graphql", content=raw, headers={"Content-Type": "application/json"})
        assert answer.json() == {"data": {"catalog": None}}


@pytest.mark.parametrize(
    "document",
    [
        '{ catalog(code: "a\\u0000") { id } }',
        '{ catalog(code: "a\\u{0}") { id } }',
        '{ matchCertificate(certificate: {name: "\\u0000"}) { outcome } }',
        'query ($code: String = "\\u0000") { catalog(code: $code) { id } }',
    ],
)
def test_a_literal_is_no_way_around(api: Api, document: str) -> None:
    """A literal in a document, and the default of a variable, are looked at like variables."""
    assert api.code(document) == "BAD_USER_INPUT"


def test_a_block_string_means_what_it_says(api: Api) -> None:
    """In a block string a backslash is a backslash (GraphQL specification, section 2.9.4)."""
    assert api.ask('{ catalog(code: """a\\u0000""") { id } }') == {"catalog": None}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (rb'{"query": "{ catalog(code: \"\ud800\") { id } }"}', "The member 'query'"),
        (rb'{"query": "{ catalogs { id } }\u0000"}', "The document"),
        (rb'{"query": "{ catalogs { id } }", "operationName": "\udc00"}', "The member 'operationName'"),
        (rb'{"query": "{ catalogs { id } }", "variables": {"\ud800": 1}}', "The member 'variables'"),
        (rb'{"query": "{ catalogs { id } }", "extensions": {"a": ["\ud800"]}}', "The member 'extensions.a[0]'"),
    ],
)
def test_whatever_else_is_no_text_is_named(api: Api, raw: bytes, says: str) -> None:
    """Outside of the variables too the place is named: the document, the name of an operation, a name."""
    answer = api.client.post("/graphql", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith(says)


@pytest.mark.parametrize(
    "raw", [b'{"query": "\xed\xa0\x80"}', rb'{"query": NaN, "x": "\ud800"}', rb'{"query": "\ud8"}']
)
def test_what_is_no_json_stays_a_bad_request(api: Api, raw: bytes) -> None:
    """Only where half a surrogate pair is all that is wrong is it named."""
    answer = api.client.post("/graphql", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_headers_paths_and_parameters_are_looked_at_too(api: Api) -> None:
    """A reason, a holder, a case, a digest and the parameters of a URL with U+0000 are refused in words."""
    auditor, applicant = ({"Authorization": f"Bearer {api.token(role)}"} for role in ("AUDITOR", "APPLICANT"))
    case = api.submit()["case"]["id"]
    why = auditor | {"X-Access-Reason": "why"}

    def code(answer: Any) -> tuple[int, str]:
        return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]

    assert code(api.client.get("/evidence/%00", params={"case": "case.\0"}, headers=why)) == (400, "INVALID_ID")
    assert code(api.client.get("/evidence/%00", params={"case": case}, headers=why)) == (404, "EVIDENCE_MISSING")
    assert code(api.client.post("/evidence", params={"case": "case.%ED%A0%80"}, headers=applicant)) == (
        400,
        "INVALID_ID",
    )
    for name in ("query", "variables", "operationName"):
        parameters = {"query": "{ catalogs { id } }"} | {name: '{"a": "\\u0000"}' if name == "variables" else "a\0"}
        answer = api.client.get("/graphql", params=parameters, headers=auditor)
        assert code(answer)[0] == 400 or code(answer)[1] == "OPERATION_RESOLUTION_FAILURE"
        assert code(answer)[1] in {"BAD_USER_INPUT", "OPERATION_RESOLUTION_FAILURE"}
    half = {"query": "query ($a: String!) { catalog(code: $a) { id } }", "variables": r'{"a": "\ud800"}'}
    answer = api.client.get("/graphql", params=half)
    assert code(answer) == (400, "BAD_USER_INPUT")
    assert "'$a'" in answer.json()["errors"][0]["message"]
