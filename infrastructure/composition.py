"""The composition root: opens everything the registry is made of, in order, and closes it in reverse.

Its arguments are the seams: settings and a clock. Nothing else in the project reads the environment or opens a connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from application.cases import REGISTRY_ITSELF, Cases
from application.catalogs import Catalogs, Shelf
from application.journal import Journal
from application.ports import Clock
from catalog.aliases import load_aliases
from catalog.authorities import load_directory
from catalog.notice import load_official_catalog
from domain.authorities import AuthorityDirectory
from domain.refusals import RefusalCode, Refused
from domain.values import Provenance
from infrastructure.mapper import EventMapper
from infrastructure.postgres.database import Database, open_database
from infrastructure.projections.runner import ProjectionRunner
from infrastructure.sealing.directory import HolderDirectory
from infrastructure.sealing.keyring import PostgresKeyring
from infrastructure.sealing.master import MasterKeys
from infrastructure.settings import Settings


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Registry:
    """An opened registry."""

    settings: Settings
    database: Database
    mapper: EventMapper
    journal: Journal
    shelf: Shelf
    cases: Cases
    catalogs: Catalogs
    holders: HolderDirectory
    authorities: AuthorityDirectory
    clock: Clock
