"""Connections as Relay's specification has them: forward and backward, and what is said of either side of a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.messages import tell
from graphql import GraphQLObjectType, get_named_type
from registry_api.schema import build_schema
from tests.api.conftest import XIHU, Api
from transport.execution import core_schema

SCHEMA = core_schema(build_schema())
ENTRIES, ALIASES, WORDS = (
    '{ catalog(code: "zj-2023-digital-equipment-materials") { version(number: 1) { list: ' + field + " } } }"
    for field in (
        'entries(field: "材料", %s) { %s }',
        "aliases(entryNumber: 58, %s) { %s }",
        "vocabulary(kind: COURSE, %s) { %s }",
    )
)
LISTS: dict[str, tuple[str, str, str]] = {
    "Query.cases": ("{ list: cases(%s) { %s } }", "REVIEWER", "id"),
    "Query.titleList": ("{ list: titleList(%s) { %s } }", "REVIEWER", "id"),
    "Query.auditLog": ("{ list: auditLog(%s) { %s } }", "AUDITOR", "position"),
    "Query.accessLog": ("{ list: accessLog(%s) { %s } }", "AUDITOR", "number"),
    "CatalogVersion.entries": (ENTRIES, "AUDITOR", "number"),
    "CatalogVersion.aliases": (ALIASES, "AUDITOR", "text"),
    "CatalogVersion.vocabulary": (WORDS, "AUDITOR", "text"),
}
"""A document of each connection, who may ask, and a field that tells rows apart."""

Edges = list[dict[str, Any]]


def test_every_connection_pages_both_ways() -> None:
    """A field that answers a connection takes `first`, `after`, `last` and `before`; the stories below walk each of them."""
    found = {}
    for name, kind in SCHEMA.type_map.items():
        for field, definition in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            if get_named_type(definition.type).name.endswith("Connection"):
                found[f"{name}.{field}"] = set(definition.args)
    assert set(found) - {"Query.integrityRecords", "Query.auditFindings", "Query.ownAccesses"} == set(
        LISTS
    )  # tests of their own fill those
    assert all(arguments >= {"first", "after", "last", "before"} for arguments in found.values())


def asker(api: Api, name: str) -> Callable[..., Any]:
    """Asks for a page of one list; its connection."""
    document, role, field = LISTS[name]
    token = api.token(role, XIHU if role == "REVIEWER" else None)

    def ask(**arguments: Any) -> Any:
        words = ", ".join(
            f"{key}: {value if isinstance(value, int) else _quoted(value)}" for key, value in arguments.items()
        )
        selected = f"edges {{ cursor node {{ {field} }} }} nodes {{ {field} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
        answer = api.ask(document % (words, selected), None, token)
        return answer["list"] if "list" in answer else answer["catalog"]["version"]["list"]

    return ask


def _quoted(text: str) -> str:
    return f'"{text}"'


def between(everything: Edges, after: str | None, before: str | None) -> Edges:
    """``ApplyCursorsToEdges``: Relay's specification of connections, section 4.4."""
    cursors = [edge["cursor"] for edge in everything]
    start = cursors.index(after) + 1 if after is not None else 0
    return everything[start : cursors.index(before) if before is not None else None]


def expected(everything: Edges, first: int | None, last: int | None, after: str | None, before: str | None) -> Any:
    """``EdgesToReturn``, ``HasPreviousPage`` and ``HasNextPage``, word for word: sections 4.4 and 5.1."""
    cursors, edges = [edge["cursor"] for edge in everything], between(everything, after, before)
    previous = after is not None and bool(everything[: cursors.index(after) + 1])
    following = before is not None and bool(everything[cursors.index(before) :])
    if last is not None:
        return edges[max(0, len(edges) - last) :], len(edges) > last, following
    assert first is not None
    return edges[:first], previous, len(edges) > first


@pytest.fixture(scope="module")
def filled(module_api: Api) -> Api:
    """A registry with some of everything that is listed, which nothing is added to while it is read."""
    done = [module_api.approved() for _ in range(4)][-1]
    document = "query ($at: Position) { cases(atLeast: $at) { nodes { holder { name } } } }"
    for _ in range(5):
        module_api.ask(document, {"at": done["position"]}, module_api.token("REVIEWER", XIHU))
    return module_api


def test_pages_are_those_of_the_specification(filled: Api) -> None:
    """Every list, every pair of cursors, forward and backward, sizes around the length: rows and both sides as Relay says."""
    for name in LISTS:
        ask = asker(filled, name)
        everything = ask(first=200)["edges"]
        assert 4 <= len(everything) < 100, name
        cursors = [None, everything[0]["cursor"], everything[len(everything) // 2]["cursor"], everything[-1]["cursor"]]
        for after in cursors:
            for before in cursors:
                if after and before and cursors.index(after) > cursors.index(before):
                    continue
                for size in (0, 1, 2, len(everything) - 1, len(everything), 200):
                    for way in ("first", "last"):
                        asked = {way: size, "after": after, "before": before}
                        page = ask(**{key: value for key, value in asked.items() if value is not None})
                        sizes = (size, None) if way == "first" else (None, size)
                        edges, previous, following = expected(everything, *sizes, after, before)
                        assert page["edges"] == edges, (name, asked)
                        assert page["nodes"] == [edge["node"] for edge in edges]
                        info = page["pageInfo"]
                        assert (info["hasPreviousPage"], info["hasNextPage"]) == (previous, following), (name, asked)
                        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
                        assert info["endCursor"] == (edges[-1]["cursor"] if edges else None)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_walked_from_its_end(filled: Api, name: str) -> None:
    """Page by page with `before: startCursor` while there is a page before: every row once, in the list's order."""
    ask = asker(filled, name)
    page = ask(last=3)
    rows, pages = page["nodes"], 1
    while page["pageInfo"]["hasPreviousPage"]:
        page = ask(last=3, before=page["pageInfo"]["startCursor"])
        assert page["pageInfo"]["hasNextPage"]
        rows, pages = page["nodes"] + rows, pages + 1
    assert rows == ask(first=200)["nodes"]
    assert pages > 1


def test_first_and_last_together_are_refused(filled: Api) -> None:
    """In one sentence, the usual size of `first` written out too; a variable that is not given is not written."""
    token = filled.token("REVIEWER", XIHU)
    document = "query ($first: Int, $last: Int) { cases(first: $first, last: $last) { nodes { id } } }"
    for size in (1, 50):
        answer = filled.post(document, {"first": size, "last": 2}, token).json()
        assert answer["errors"][0]["message"] == str(tell("page.both_ends"))
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert filled.code("{ cases(first: 50, last: 50) { nodes { id } } }", None, token) == "BAD_USER_INPUT"
    for variables in ({"last": 2}, {"first": None, "last": 2}, {"first": 2}, {"first": 2, "last": None}):
        assert len(filled.ask(document, variables, token)["cases"]["nodes"]) == 2
    assert filled.code(document, {"last": -1}, token) == "BAD_USER_INPUT"
    assert filled.code(document, {"last": 201}, token) == "PAGE_SIZE_TOO_LARGE"
    assert filled.code('{ cases(last: 1, before: "bm8") { nodes { id } } }', None, token) == "INVALID_CURSOR"
