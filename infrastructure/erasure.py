"""What is kept about a person outside the events, and its destruction in an order that a crash cannot make worse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from psycopg_pool import ConnectionPool

from application.projections.registry import REGISTRY
from application.projections.tables import CASES
from domain.case.imported import BEGINNINGS
from domain.holder import Holder
from domain.identifiers import title_id
from infrastructure.attestation.entries import forget
from infrastructure.drafts import erase_about, mark_of_holder, mark_of_number
from infrastructure.evidence import EvidenceStore
from infrastructure.locks import REBUILD
from infrastructure.sealing.directory import HolderDirectory
from infrastructure.sealing.errors import HolderKeyMissingError
from infrastructure.sealing.keyring import INDEX_REF, PostgresKeyring

# The topics stand in the text, so that the partial index of erasures answers.
_UNFINISHED: Final = (
    "SELECT DISTINCT convert_from(e.state, 'UTF8')::jsonb ->> 'holder_ref' FROM registry.events AS e"  # noqa: S608 - constants
    f" WHERE e.topic = '{Holder.Erased.TOPIC}' AND e.topic IN ('holder.erased', 'holder.destruction-completed')"
    " AND NOT EXISTS (SELECT FROM registry.events AS d WHERE d.originator_id = e.originator_id"
    f" AND d.topic = '{Holder.DestructionCompleted.TOPIC}')"
)
_PROJECTED_CASES: Final = f"SELECT case_id FROM {CASES.qualified} WHERE holder_ref = %(ref)s"  # noqa: S608 - a constant
_BEGUN: Final = ", ".join(f"'{each.TOPIC}'" for each in BEGINNINGS)
_ALL_CASES: Final = (
    f"SELECT originator_id FROM registry.events WHERE topic IN ({_BEGUN})"  # noqa: S608 - constants of this project
    " AND convert_from(state, 'UTF8')::jsonb ->> 'holder_ref' = %(text)s"
)
_LATER_CASES: Final = (
    f"{_ALL_CASES} AND position > coalesce("  # noqa: S608 - the same
    "(SELECT p.position FROM registry.projection_positions AS p WHERE p.name = %(name)s), 0)"
)
_PROJECTED: Final = f"SELECT to_regclass('{CASES.qualified}') IS NOT NULL"
ABOUT_HOLDERS: Final = ("cases", "titles", "integrity_records")
"""The tables of the read model with rows about persons."""


class StoredPersonalData:
    """``application.holders.PersonalDataStore``: the keyring, the holder index, the entries of attestations, drafts and the evidence store."""

    def __init__(
        self,
        pool: ConnectionPool[Any],
        keyring: PostgresKeyring,
        directory: HolderDirectory,
        evidence: EvidenceStore,
        note: Callable[[UUID], None],
        drafts: Path,
    ) -> None:
        """``note`` adds an erasure to the list outside the database, before anything is destroyed; ``drafts`` is the folder of drafts."""
        self._pool, self._keyring, self._directory, self._evidence = pool, keyring, directory, evidence
        self._note, self._drafts = note, drafts

    def knows(self, holder_ref: UUID) -> bool:
        """See ``PersonalDataStore``; a holder is known by their key or its tombstone."""
        if holder_ref == INDEX_REF:
            return False
        try:
            self._keyring.existing_key(holder_ref)
        except HolderKeyMissingError:
            return False
        return True

    def destroy(self, holder_ref: UUID) -> int:
        """See ``PersonalDataStore``. The key goes first: whatever is written by others from then on is noise.

        Drafts go before the index, which alone leads to those that somebody else saved about the person.
        """
        self._note(holder_ref)
        self._keyring.destroy(holder_ref)
        erase_about(
            self._drafts, [mark_of_holder(holder_ref), *map(mark_of_number, self._directory.numbers_of(holder_ref))]
        )
        self._directory.forget(holder_ref)
        forget(self._pool, list(map(title_id, self.cases_of(holder_ref))))
        self._scrub_leftovers(holder_ref)
        return self._evidence.forget(holder_ref)

    def unfinished(self) -> Iterable[UUID]:
        """See ``PersonalDataStore``."""
        with self._pool.connection() as connection:
            return [UUID(ref) for (ref,) in connection.execute(_UNFINISHED.encode()).fetchall()]

    def cases_of(self, holder_ref: UUID) -> Iterable[UUID]:
        """See ``PersonalDataStore``: what the read model holds, and what was submitted since."""
        with self._pool.connection() as connection:
            projected = (connection.execute(_PROJECTED.encode()).fetchone() or (False,))[0]
            statement = f"{_PROJECTED_CASES} UNION {_LATER_CASES}" if projected else _ALL_CASES
            named = {"ref": holder_ref, "text": str(holder_ref), "name": REGISTRY.name}
            return [case for (case,) in connection.execute(statement.encode(), named).fetchall()]

    def _scrub_leftovers(self, holder_ref: UUID) -> None:
        """Take the holder out of tables that a rebuild replaced, or that an interrupted one left; nothing else will.

        The tables of a rebuild under way are left to it: it projects the erasure like any event.
        """
        with self._pool.connection() as connection, connection.transaction():
            free = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [REBUILD]).fetchone()
            schemas = (REGISTRY.old_schema, REGISTRY.next_schema)
            for schema in schemas if free and free[0] else schemas[:1]:
                for table in ABOUT_HOLDERS:
                    there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{schema}.{table}"]).fetchone()
                    if there and there[0]:
                        statement = f"DELETE FROM {schema}.{table} WHERE holder_ref = %s"  # noqa: S608 - our own names
                        connection.execute(statement.encode(), [holder_ref])
