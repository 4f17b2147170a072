"""The schema, whole: built once, printed to ``graphql/schema.graphql``, and the same at every start."""

from __future__ import annotations

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from registry_api.descriptions import describe
from registry_api.mutations import Mutation
from registry_api.queries import Query
from registry_api.scalars import SCALARS
from registry_api.subscriptions import Subscription
from registry_api.types.cases import RecognitionCase, RecognizedTitle
from registry_api.types.catalog import Amendment, Catalog, CatalogEntry, CatalogProposal, CatalogVersion
from transport.execution import core_schema


@cache
def build_schema() -> strawberry.Schema:
    """The schema of the API, which nothing alters once it is built; what `descriptions` does not describe, its resolver's docstring does."""
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Amendment, Catalog, CatalogEntry, CatalogProposal, CatalogVersion, RecognitionCase, RecognizedTitle],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    describe(core_schema(schema))
    return schema


def main() -> None:
    """Print the published contract."""
    print(build_schema().as_str())  # noqa: T201 - this is its output


if __name__ == "__main__":
    main()
