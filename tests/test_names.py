"""One name, one thing: no two classes of the project share a name, so that whoever reads one knows which is meant."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.sources import Module, all_modules

OF_THE_CONTRACT = {
    "AliasChange",
    "Amendment",
    "AuditEvent",
    "CaseEvent",
    "Catalog",
    "CatalogEntry",
    "CatalogProposal",
    "CatalogVersion",
    "EntryChange",
    "Holder",
    "IntegrityRecord",
    "MatchCandidate",
    "RecognitionCase",
    "WordChange",
}
"""Types of the schema, in ``registry_api.types`` alone: the contract calls them as the field calls what they show, and so does the domain."""
TWO_MEANINGS = {"Finding"}
"""What a name means to the matcher, and what an audit found: each is the word of its trade, and no module knows both."""


def shared_names(modules: list[Module]) -> dict[str, list[str]]:
    """The names that classes outside of classes share, with their modules; a class within another is told by its owner."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module.name)
    return {name: places for name, places in found.items() if len(places) > 1}


def test_no_two_classes_share_a_name():
    """From the domain to the console, but for the contract's types, each of which stands beside one class it shows."""
    shared = shared_names(list(all_modules()))
    assert shared.keys() == OF_THE_CONTRACT | TWO_MEANINGS
    for name in OF_THE_CONTRACT:
        own = [place for place in shared[name] if place.startswith("registry_api.types.")]
        assert (len(own), len(shared[name])) == (1, 2), name


def test_a_shared_name_is_seen():
    """Two classes at the top of two modules are found; those within classes are told apart by their owners."""
    one = Module("a", ast.parse("class X:\n    class Event: ...\nclass Y:\n    class Event: ..."))
    assert shared_names([one, Module("b", ast.parse("class X: ..."))]) == {"X": ["a", "b"]}
