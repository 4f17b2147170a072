"""The schema, whole: built once, printed to ``graphql/schema.graphql``, and the same at every start."""

from __future__ import annotations

import inspect
from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types import get_object_definition

from registry_api.mutations import Mutation
from registry_api.queries import Query
from registry_api.scalars import SCALARS
from registry_api.subscriptions import Subscription
from registry_api.types.cases import CaseEvent, Holder, RecognitionCase, RecognizedTitle
from registry_api.types.catalog import Amendment, Catalog, CatalogEntry, CatalogProposal, CatalogVersion, EntryChange

_DOCUMENTED: Final = (
    Query,
    Mutation,
    Subscription,
    Catalog,
    CatalogVersion,
    CatalogEntry,
    EntryChange,
    Amendment,
    CatalogProposal,
    RecognitionCase,
    RecognizedTitle,
    CaseEvent,
    Holder,
)


def build_schema() -> strawberry.Schema:
    """The schema of the API; resolvers' docstrings are the descriptions of their fields."""
    for documented in _DOCUMENTED:
        for field in get_object_definition(documented, strict=True).fields:
            if field.base_resolver and not field.description:
                field.description = inspect.cleandoc(field.base_resolver.wrapped_func.__doc__ or "") or None
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Amendment, Catalog, CatalogEntry, CatalogProposal, CatalogVersion, RecognitionCase, RecognizedTitle],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def main() -> None:
    """Print the published contract."""
    print(build_schema().as_str())  # noqa: T201 - this is its output


if __name__ == "__main__":
    main()
