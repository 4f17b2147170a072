"""Every projection of the registry; another one is a file beside these and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from application.projections.projection import Projection, Table
from application.projections.registry import REGISTRY
from application.projections.statistics import STATISTICS

PROJECTIONS: Final[tuple[Projection, ...]] = (REGISTRY, STATISTICS)


def projections_of(tables: Iterable[Table[Any]]) -> tuple[Projection, ...]:
    """The projections that fill these tables."""
    schemas = {table.schema for table in tables}
    return tuple(each for each in PROJECTIONS if each.schema in schemas)
