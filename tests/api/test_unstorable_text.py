"""Text that neither UTF-8 nor the database can hold is bad input wherever it stands, named by its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from registry_api.http.execution import core_schema
from registry_api.schema import build_schema
from tests.api.conftest import Api

SCHEMA = core_schema(build_schema())
TEXTS = {"String", "ID"}
FILLED = {
    "Int": 1,
    "Boolean": True,
    "Float": 1.0,
    "Position": "1",
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T00:00:00Z",
}


def value_of(type_: Any, broken: tuple[str, ...] | None, path: tuple[str, ...] = ()) -> Any:
    """A value of an input type, with U+0000 at one place."""
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
    return "a\0b" if path == broken else FILLED.get(bare.name, "x")


def places(type_: Any, path: tuple[str, ...] = (), depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Every place for a text below an input type."""
    bare = get_named_type(type_)
    if isinstance(bare, GraphQLInputObjectType) and depth < 4:
        for name, each in bare.fields.items():
            yield from places(each.type, (*path, name), depth + 1)
    elif isinstance(bare, GraphQLScalarType) and bare.name in TEXTS:
        yield path


def operations() -> Iterator[tuple[str, str, GraphQLField, str, tuple[str, ...]]]:
    """Every argument of every query and mutation that takes a text somewhere."""
    for root, kind in ((SCHEMA.query_type, "query"), (SCHEMA.mutation_type, "mutation")):
        assert root is not None
        for name, definition in root.fields.items():
            for argument, each in definition.args.items():
                for place in places(each.type, (argument,)):
                    yield kind, name, definition, argument, place


def selection(field: GraphQLField) -> str:
    """The least that can be selected below a field."""
    named = get_named_type(field.type)
    return "" if is_leaf_type(named) else "{ __typename }"


def test_every_text_of_every_operation_refuses_what_cannot_be_stored(api: Api) -> None:
    """For each of some hundred places: BAD_USER_INPUT with the place in its sentence, as a variable and as a literal."""
    token, tried = api.token("ADMINISTRATOR"), 0
    for kind, name, definition, broken, place in operations():
        given = {
            argument: value_of(each.type, place if argument == broken else None, (argument,))
            for argument, each in definition.args.items()
            if argument == broken or each.type != get_nullable_type(each.type)
        }
        declared = ", ".join(f"${argument}: {definition.args[argument].type}" for argument in given)
        passed = ", ".join(f"{argument}: ${argument}" for argument in given)
        answer = api.post(f"{kind} ({declared}) {{ {name}({passed}) {selection(definition)} }}", given, token).json()
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT", (name, place, error)
        assert f"'${place[0]}" in error["message"]
        tried += 1
    assert tried > 80


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
    "raw", [b'{"query": "{ catalog(code: \\"\\ud800\\") { id } }"}', b'{"query": "{ catalogs { id } }\\u0000"}']
)
def test_whatever_else_is_no_text_is_refused(api: Api, raw: bytes) -> None:
    """Half a surrogate pair in JSON, and U+0000 outside a literal."""
    answer = api.client.post("/graphql", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 400}
    assert answer.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"}


def test_headers_and_paths_are_looked_at_too(api: Api) -> None:
    """A reason, a case and a digest with U+0000 are refused in words."""
    headers = {"Authorization": f"Bearer {api.token('AUDITOR')}"}
    found = api.client.get("/evidence/%00", params={"case": "case.%00"}, headers=headers | {"X-Access-Reason": "why"})
    assert found.status_code == 400
    assert found.json()["errors"][0]["extensions"]["code"] == "INVALID_ID"
    found = api.client.get("/graphql", params={"query": '{ catalog(code: "a\0") { id } }'})
    assert found.json()["errors"][0]["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"}
