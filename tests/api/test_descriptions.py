"""Who reads the schema finds every part of it described, in the words of the field and not in those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphql import GraphQLScalarType
from graphql import build_schema as build_core_schema
from registry_api.descriptions import DESCRIPTIONS, SHARED, describe, parts
from registry_api.schema import build_schema
from transport.execution import core_schema
from transport.limits import DEFAULT_LIMITS

PUBLISHED = build_core_schema((Path(__file__).resolve().parents[2] / "graphql" / "schema.graphql").read_text("utf-8"))
BUILT_IN = {"Boolean", "Float", "ID", "Int", "String"}
CODE_WORDS = re.compile(
    r"``|:[a-z]+:`|\b(?:None|True|False|self|cls|kwargs|docstring|dataclass|UUID)\b|\b[a-z]+_[a-z_]+\b"
)


def test_every_part_of_the_published_schema_is_described() -> None:
    """Types, fields, arguments, input fields and enum values: one whole sentence or more."""
    described = {coordinate: part.description for coordinate, _, part in parts(PUBLISHED)}
    assert len(described) > 500
    assert [name for name, text in described.items() if not text] == []
    assert [name for name, text in described.items() if not re.search(r"[.)]\Z", text or "")] == []


def test_no_description_speaks_of_the_code() -> None:
    """No name or value of the language that the server is written in, and no mark-up of its documentation."""
    found = {name: part.description for name, _, part in parts(PUBLISHED) if CODE_WORDS.search(part.description or "")}
    assert found == {}


@pytest.mark.parametrize(
    "text", ["``until_version``", "fields are None", "See :class:`Holder`.", "`submitted_to`", "the view ``self``"]
)
def test_words_of_the_code_are_told(text: str) -> None:
    """What the test above looks for is found where it stands."""
    assert CODE_WORDS.search(text)


def test_no_text_is_without_its_part() -> None:
    """A part that went takes its text with it."""
    assert describe(core_schema(build_schema())) >= DESCRIPTIONS.keys()
    shared = {name for _, name, _ in parts(PUBLISHED)}
    assert SHARED.keys() <= shared


def test_the_sizes_in_descriptions_are_the_limits() -> None:
    """What is said of the largest page is what is refused beyond."""
    for argument in ("(first:)", "(last:)"):
        assert f"{DEFAULT_LIMITS.page_size} at most" in SHARED[argument]


def test_every_scalar_of_its_own_says_what_specifies_it() -> None:
    """``@specifiedBy`` (GraphQL specification, section 3.13.4), so that generators know what to read it as."""
    own = [
        kind
        for name, kind in PUBLISHED.type_map.items()
        if isinstance(kind, GraphQLScalarType) and name not in BUILT_IN
    ]
    assert {kind.name for kind in own} == {"Date", "DateTime", "JSON", "Position"}
    assert all((kind.specified_by_url or "").startswith("https://") for kind in own)
