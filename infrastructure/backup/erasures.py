"""The list of erasures outside the database, so that a backup from before one never brings the person back.

It holds no personal data: random references and the event of each erasure, which names its officer and the legal basis. Whoever
restores gives it beside the backup; the erasures that the backup does not know are then done again, under their officer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
from psycopg_pool import ConnectionPool
from pydantic import ValidationError

from domain.holder import Holder
from domain.identifiers import holder_stream
from domain.messages import tell
from domain.values import Provenance
from infrastructure.backup.errors import BackupError

ERASURES_FILE: Final = "erasures"
_ERASED: Final = (
    f"SELECT originator_id, state FROM registry.events WHERE topic = '{Holder.Erased.TOPIC}'"  # noqa: S608 - constants of this project
    " AND topic IN ('holder.erased', 'holder.destruction-completed')"
)


@dataclass(frozen=True, slots=True)
class ListedErasure:
    """An erasure of the list: whom, by whom, on what ground."""

    holder_ref: UUID
    by: Provenance
    legal_basis: str


class ErasureList:
    """The list in a data directory: a JSON line an erasure, only ever added to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, connection: psycopg.Connection[Any], holder_ref: UUID) -> None:
        """Add the erasure of a holder, durably, if it is on record; a repetition adds the line again, which does no harm."""
        statement = f"{_ERASED} AND originator_id = %s"
        row = connection.execute(statement.encode(), [holder_stream(holder_ref)]).fetchone()
        if row is not None:
            self._append([(holder_ref, row[1])])

    def complete(self, connection: psycopg.Connection[Any]) -> None:
        """Add every erasure on record that the list lacks, as those that another server made."""
        known = {each.holder_ref for each in self.read()}
        rows = connection.execute(_ERASED.encode()).fetchall()
        missing = [(UUID(state["holder_ref"]), text) for _, text in rows if (state := orjson.loads(text))]
        self._append([(ref, text) for ref, text in missing if ref not in known])

    def read(self) -> list[ListedErasure]:
        """The erasures of the list, none where there is no file. Raises ``BackupError`` for a spoilt one."""
        return read_erasures(self.path) if self.path.exists() else []

    def _append(self, erased: Iterable[tuple[UUID, bytes]]) -> None:
        lines = [_line(ref, state) for ref, state in erased]
        if not lines:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, b"".join(lines))
            os.fsync(handle)
        finally:
            os.close(handle)


def read_erasures(path: Path) -> list[ListedErasure]:
    """The erasures of a list. Raises ``BackupError`` for a malformed one, and ``OSError`` for one that can't be read."""
    return list(_parsed(path.read_bytes().splitlines(), str(path)))


def _parsed(lines: Iterable[bytes], name: str) -> Iterator[ListedErasure]:
    for number, line in enumerate(filter(None, lines), start=1):
        try:
            found: dict[str, Any] = orjson.loads(line)
            yield ListedErasure(UUID(found["holder"]), Provenance.model_validate(found["by"]), str(found["legalBasis"]))
        except (ValueError, KeyError, TypeError, ValidationError):
            raise BackupError(tell("backup.list_malformed", file=name, line=number)) from None


def _line(holder_ref: UUID, state: bytes) -> bytes:
    event: dict[str, Any] = orjson.loads(state)
    kept = {"holder": str(holder_ref), "by": event["by"], "legalBasis": event["legal_basis"]}
    return orjson.dumps(kept) + b"\n"


def noting(pool: ConnectionPool[Any], path: Path) -> ErasureListOver:
    """What notes erasures as they are made."""
    return ErasureListOver(pool, ErasureList(path))


@dataclass(frozen=True, slots=True)
class ErasureListOver:
    """The list, over connections to the events."""

    pool: ConnectionPool[Any]
    kept: ErasureList

    def __call__(self, holder_ref: UUID) -> None:
        """Note an erasure."""
        with self.pool.connection() as connection:
            self.kept.note(connection, holder_ref)
