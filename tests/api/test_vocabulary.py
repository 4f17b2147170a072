"""The vocabulary over the API: looked up by version, amended like aliases, and read by matching from its day on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.catalogs import CODE, administrator, amend, amendment
from tests.api.conftest import Api
from tests.api.test_aliases import TODAY, matched, projected

CHANGE = "kind wordKind text meaning scope ground"
WORDS = """query ($code: String!, $version: Int!, $kind: WordKind, $search: String, $first: Int, $after: String) {
    catalog(code: $code) { version(number: $version) {
        vocabulary(kind: $kind, search: $search, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { kind text meaning scope ground } } } } }"""
VERSIONS = f"query ($code: String!) {{ catalog(code: $code) {{ versions {{ number wordChanges {{ {CHANGE} }} }} }} }}"
PREVIEW = f"""query ($input: AmendmentInput!) {{ previewAmendment(input: $input) {{
    wordChanges {{ {CHANGE} }} refusals {{ code message field }} }} }}"""
GURU = {"kind": "ADDED", "wordKind": "VARIANT", "text": "guru", "meaning": "professional", "ground": "house usage"}
HOUSE_NAME = {"name": "AWS Certified Solutions Architect - Guru", "issuingBody": "Amazon Web Services"}


def page(api: Api, version: int = 1, **which: Any) -> dict[str, Any]:
    """A page of the words of a version; anybody may read them."""
    projected(api)
    found: dict[str, Any] = api.ask(WORDS, {"code": CODE, "version": version} | which)["catalog"]["version"][
        "vocabulary"
    ]
    return found


@pytest.mark.registry("shared")
def test_the_words_of_a_version_are_paged(api: Api) -> None:
    """In their order, by kind and by a text in them or their meaning, each with its ground."""
    first = page(api, kind="COURSE", first=3)
    assert first["totalCount"] > 3
    assert first["pageInfo"]["hasNextPage"]
    second = page(api, kind="COURSE", first=100, after=first["pageInfo"]["endCursor"])
    assert len(first["nodes"]) + len(second["nodes"]) == first["totalCount"]
    assert all(node["kind"] == "COURSE" and node["ground"] for node in [*first["nodes"], *second["nodes"]])
    assert {"internetwork", "internetworking"} <= {node["text"] for node in page(api, search="internetwork")["nodes"]}


def test_words_are_amended_by_two_administrators(api: Api) -> None:
    """The preview shows the changes and what stands against them; from its day on the new version is read by its words."""
    assert matched(api, HOUSE_NAME)[0] is None
    form = amendment(1, TODAY, wordChanges=[GURU])
    shown = api.ask(PREVIEW, {"input": form}, administrator(api))["previewAmendment"]
    assert (shown["wordChanges"], shown["refusals"]) == ([GURU | {"scope": ""}], [])
    wrong = amendment(1, TODAY, wordChanges=[GURU | {"text": "Guru"}])
    refused = api.ask(PREVIEW, {"input": wrong}, administrator(api))["previewAmendment"]["refusals"]
    assert [(each["code"], each["field"]) for each in refused] == [("CHANGE_INVALID", "wordChanges")]
    amend(api, form)
    assert matched(api, HOUSE_NAME) == (58, 2)
    assert [page(api, version, search="guru")["nodes"] for version in (1, 2)] == [[], [_node(GURU)]]
    versions = api.ask(VERSIONS, {"code": CODE})["catalog"]["versions"]
    assert {each["number"]: each["wordChanges"] for each in versions} == {1: [], 2: [GURU | {"scope": ""}]}


def _node(change: dict[str, str]) -> dict[str, str]:
    return {
        "kind": change["wordKind"],
        "text": change["text"],
        "meaning": change["meaning"],
        "scope": "",
        "ground": change["ground"],
    }
