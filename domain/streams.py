"""Every kind of stream the registry keeps, so that no event class is overlooked by what must know them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.base import Aggregate, Event, make_resolvable
from domain.case.case import RecognitionCase
from domain.catalog.catalog import Catalog
from domain.catalog.proposal import CatalogProposal
from domain.claim import CertificateClaim
from domain.decision_import import DecisionImport
from domain.entry_claim import EntryClaim
from domain.holder import Holder
from domain.integrity import IntegrityRecord
from domain.officer import Officer

AGGREGATES: Final[tuple[type[Aggregate], ...]] = (
    Catalog,
    CatalogProposal,
    RecognitionCase,
    CertificateClaim,
    EntryClaim,
    Holder,
    IntegrityRecord,
    Officer,
    DecisionImport,
)
"""The aggregates; importing this module makes every topic resolvable."""


def event_classes() -> tuple[type[Event], ...]:
    """The event classes of all aggregates, as they are recorded and decoded: those with guards, which all have."""
    return tuple(kind for aggregate in AGGREGATES for kind in aggregate.GUARDS)


make_resolvable(event_classes())


def declared_event_classes() -> Iterator[type[Event]]:
    """Every class of the domain that declares a topic, whether or not an aggregate knows it; a test compares the two."""
    waiting: list[type[Event]] = [Event]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "TOPIC" in vars(kind) and kind.__module__.partition(".")[0] == "domain":
            yield kind
