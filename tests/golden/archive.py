"""Stored events of every release, as files: what was written once must decode for ever.

A file holds one stored event, sealed under a key that only these files know, and the values it decodes to. Files are
written once, by ``python -m tests.golden.write``, and never again: ``SHA256SUMS`` beside them says what each was.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import pkgutil
from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
from eventsourcing.persistence import StoredEvent

import domain
from domain.base import Aggregate, Event
from infrastructure.mapper import EventMapper

FOLDER: Final = Path(__file__).parent / "events"
SUMS: Final = FOLDER / "SHA256SUMS"


class FixedKeyring:
    """One key for every holder, so that files written long ago still open."""

    _KEY: Final = hashlib.sha256(b"golden event files").digest()

    def key_for(self, _holder_ref: UUID) -> bytes:
        """The key to seal with."""
        return self._KEY

    def existing_key(self, _holder_ref: UUID) -> bytes | None:
        """The key to open with."""
        return self._KEY

    def warm(self, _holder_refs: Collection[UUID]) -> None:
        """There is nothing to fetch."""

    def destroy(self, _holder_ref: UUID) -> bool:
        """Golden files are about nobody, so that nobody can be erased."""
        raise NotImplementedError


MAPPER: Final = EventMapper(FixedKeyring())


def aggregates() -> list[type[Aggregate]]:
    """Every aggregate of the domain, found in its modules."""
    modules = [import_module(module.name) for module in pkgutil.walk_packages(domain.__path__, "domain.")]
    found = {
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Aggregate) and member is not Aggregate
    }
    return sorted(found, key=lambda aggregate: aggregate.__name__)


def event_classes() -> dict[str, type[Event]]:
    """Every event that an aggregate may record, by topic."""
    return {event_class.TOPIC: event_class for aggregate in aggregates() for event_class in aggregate.GUARDS}


def path_of(event_class: type[Event]) -> Path:
    """Where the golden file of today's version of an event class lies."""
    return FOLDER / f"{event_class.TOPIC}.v{event_class.class_version}.json"


def golden(event: Event) -> dict[str, Any]:
    """What a golden file says of an event: the stored event, and the values expected of it."""
    stored = MAPPER.to_stored_event(event)
    return {
        "topic": stored.topic,
        "originator_id": str(stored.originator_id),
        "originator_version": stored.originator_version,
        "state": orjson.loads(stored.state),
        "expected": event.model_dump(mode="json"),
    }


def stored_event(file: dict[str, Any]) -> StoredEvent:
    """The stored event of a golden file."""
    state = orjson.dumps(file["state"], option=orjson.OPT_SORT_KEYS)
    return StoredEvent(UUID(file["originator_id"]), file["originator_version"], file["topic"], state)


def files() -> dict[str, dict[str, Any]]:
    """The content of every golden file, by name."""
    return {path.name: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}


def sums() -> dict[str, str]:
    """The digests that ``SHA256SUMS`` states, by file name."""
    lines = SUMS.read_text(encoding="utf-8").splitlines() if SUMS.exists() else []
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def digest(path: Path) -> str:
    """The digest of a file as it lies there."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
