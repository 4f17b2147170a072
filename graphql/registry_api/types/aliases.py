"""Aliases of a catalog: what a version holds, and what an amendment does to them."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from application.views import AliasChangeView, AliasView
from registry_api.pages import PageInfo
from registry_api.types.nodes import described, edge


@strawberry.type(name="CatalogAlias", description=described(AliasView))
class CatalogAlias(AliasView):
    """An alias, as the versions of its interval have it."""

    place: strawberry.Private[int]
    numbers: strawberry.Private[tuple[int, ...]]

    @edge(list[int], name="numbers")
    def entries_meant(self) -> Sequence[int]:
        """The numbers of the entries it may mean; none for a body, and for what the catalog is known not to list."""
        return self.numbers


@strawberry.type
class CatalogAliasEdge:
    """An alias in a list."""

    cursor: str
    node: CatalogAlias


@strawberry.type
class CatalogAliasConnection:
    """A page of aliases."""

    edges: list[CatalogAliasEdge]
    nodes: list[CatalogAlias]
    page_info: PageInfo
    total_count: int


@strawberry.type(name="AliasChange", description=described(AliasChangeView))
class AliasChange(AliasChangeView):
    """A change of an alias."""

    numbers: strawberry.Private[tuple[int, ...]]

    @edge(list[int], name="numbers")
    def entries_meant(self) -> Sequence[int]:
        """The numbers of the entries it may mean."""
        return self.numbers
