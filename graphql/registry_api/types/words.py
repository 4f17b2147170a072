"""The vocabulary of a catalog: the words that matching reads a version by, and what an amendment does to them."""

from __future__ import annotations

import strawberry

from application.views import WordChangeView, WordView
from domain.values import WordKind
from registry_api.pages import PageInfo
from registry_api.types.nodes import described

strawberry.enum(WordKind, name="WordKind", description=described(WordKind))


@strawberry.type(name="CatalogWord", description=described(WordView))
class CatalogWord(WordView):
    """A word, as a version has it."""

    place: strawberry.Private[int]


@strawberry.type
class CatalogWordEdge:
    """A word in a list."""

    cursor: str
    node: CatalogWord


@strawberry.type
class CatalogWordConnection:
    """A page of words."""

    edges: list[CatalogWordEdge]
    nodes: list[CatalogWord]
    page_info: PageInfo
    total_count: int


@strawberry.type(name="WordChange", description=described(WordChangeView))
class WordChange(WordChangeView):
    """A change of a word."""
