"""Every kind of stream the registry keeps, so that no event class is overlooked by what must know them all."""

from __future__ import annotations

from typing import Final

from domain.base import Aggregate, Event
from domain.catalog import Catalog
from domain.catalog_proposal import CatalogProposal
from domain.certificate_claim import CertificateClaim
from domain.holder import Holder
from domain.integrity_record import IntegrityRecord
from domain.recognition_case import RecognitionCase

AGGREGATES: Final[tuple[type[Aggregate], ...]] = (
    Catalog,
    CatalogProposal,
    RecognitionCase,
    CertificateClaim,
    Holder,
    IntegrityRecord,
)
"""The aggregates; importing this module makes every topic resolvable."""


def event_classes() -> tuple[type[Event], ...]:
    """The event classes of all aggregates, as they are recorded and decoded."""
    return tuple(
        member
        for aggregate in AGGREGATES
        for name, member in vars(aggregate).items()
        if name != "Event" and isinstance(member, type) and issubclass(member, Event)
    )
